//! Weighted sampling without replacement with weight 1/price² of the blended price (prompt + completion); the spec
//! leaves "which price" and "who takes part" open (§7.3), see docs/decisions.

/// What a place in a draw weighs: 1/price², scaled so that the dearest real endpoint (some 10⁻³ USD a token) still has a
/// weight. What is free weighs as if it cost a millionth of a dollar per million tokens, so that it nearly always wins;
/// what has no known price weighs as little as can be.
pub(super) fn weight(blended: Option<i64>) -> u128 {
    const SCALE: u128 = 1 << 100;
    let Some(blended) = blended else { return 1 };
    let price = u128::from(blended.max(1).unsigned_abs());
    (SCALE / (price * price)).max(1)
}

/// Puts the items in the order in which they are drawn; `place` hears each with its share among those left, in
/// thousandths.
pub(super) fn draw<T>(
    items: &mut [T],
    chance: &mut Chance,
    weight: impl Fn(&T) -> u128,
    mut place: impl FnMut(&mut T, u32),
) {
    let mut total: u128 = items.iter().map(&weight).sum();
    for at in 0..items.len() {
        let Some(left) = items.get_mut(at..) else {
            return;
        };
        let mut mark = chance.below(total);
        let drawn = left
            .iter()
            .position(|item| match mark.checked_sub(weight(item)) {
                Some(rest) => {
                    mark = rest;
                    false
                }
                None => true,
            });
        // The rest keep their order, so that what is drawn next depends on weights and seed alone.
        if let Some(passed) = left.get_mut(..=drawn.unwrap_or(0)) {
            passed.rotate_right(1);
        }
        if let Some(item) = left.first_mut() {
            let own = weight(item);
            place(item, per_mille(own, total));
            total = total.saturating_sub(own);
        }
    }
}

/// In 64 bits, which is quicker and exact enough for people.
fn per_mille(part: u128, whole: u128) -> u32 {
    let shift = (128 - whole.leading_zeros()).saturating_sub(50);
    let narrow = |number: u128| u64::try_from(number >> shift).unwrap_or(u64::MAX);
    let share = narrow(part).saturating_mul(1_000) / narrow(whole).max(1);
    u32::try_from(share).unwrap_or(1_000)
}

/// SplitMix64: the seed is an argument, so that a draw can be replayed.
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`: a 64-bit fraction of it, so no number is more than 2⁻⁶⁴ too likely.
    fn below(&mut self, bound: u128) -> u128 {
        let fraction = u128::from(self.next());
        let low = u128::from(u64::MAX) & bound;
        (bound >> 64) * fraction + ((low * fraction) >> 64)
    }
}
