//! In which order: what the caller ordered, then a draw by price among the stable, then the unstable.
//!
//! The draw is weighted sampling without replacement with weight 1/price² of the blended price (prompt + completion);
//! the spec leaves "which price" and "who takes part" open (§7.3 [AMB]), see docs/decisions.

use std::cmp::Reverse;

use super::{Ask, Candidate, Target, Why, eligible::is_named};

pub(super) fn order(
    ask: &Ask<'_>,
    mut candidates: Vec<Candidate<'_>>,
    now: i64,
    seed: u64,
) -> Vec<Target> {
    let preferences = ask.preferences;
    let mut targets = Vec::with_capacity(candidates.len());
    // Without `partition: none` all endpoints of one model come before the next model's.
    let across = preferences.across_models && preferences.sort.is_some();
    let last_rank = candidates
        .iter()
        .map(|candidate| candidate.rank)
        .max()
        .unwrap_or(0);
    let mut chance = Chance(seed);
    for rank in 0..=if across { 0 } else { last_rank } {
        let (mut model, others): (Vec<_>, Vec<_>) = candidates
            .into_iter()
            .partition(|candidate| across || candidate.rank == rank);
        candidates = others;
        take_ordered(&preferences.order, &mut model, &mut targets);
        if preferences.allow_fallbacks == Some(false) && !preferences.order.is_empty() {
            continue;
        }
        let (unstable, stable): (Vec<_>, Vec<_>) = model
            .into_iter()
            .partition(|candidate| candidate.health.is_unstable(now, ask.outage_window));
        let ordered = !preferences.order.is_empty();
        let before = targets.len();
        match preferences.sort {
            Some(canon::Sort::Price) => by_price(stable, Why::Cheapest, &mut targets),
            Some(_) => by_price(stable, Why::Unmeasured, &mut targets),
            // `order` switches load balancing off: the rest follow by price.
            None if ordered => by_price(stable, Why::Cheapest, &mut targets),
            None => draw(stable, &mut chance, &mut targets),
        }
        by_price(unstable, Why::Unstable, &mut targets);
        if preferences.allow_fallbacks == Some(false) {
            targets.truncate(before + 1);
        }
    }
    targets
}

/// The endpoints named in `provider.order`, in that order; among several of one name the cheapest first.
fn take_ordered(names: &[String], model: &mut Vec<Candidate<'_>>, targets: &mut Vec<Target>) {
    for name in names {
        let (mut named, others): (Vec<_>, Vec<_>) = std::mem::take(model)
            .into_iter()
            .partition(|candidate| is_named(name, candidate));
        *model = others;
        named.sort_by_key(|candidate| (blended(candidate), candidate.endpoint));
        targets.extend(
            named
                .iter()
                .map(|candidate| target(candidate, Why::Ordered)),
        );
    }
}

fn by_price(mut candidates: Vec<Candidate<'_>>, why: Why, targets: &mut Vec<Target>) {
    candidates.sort_by_key(|candidate| (blended(candidate), candidate.endpoint));
    targets.extend(candidates.iter().map(|candidate| target(candidate, why)));
}

/// Parameters that an endpoint is better left for, where another of the model supports them (§7.3); any other
/// that it lacks is left out towards it.
const PREFERRED: &[&str] = &[
    "tools",
    "response_format",
    "structured_outputs",
    "verbosity",
];

/// Weighted sampling without replacement: every next place is drawn among those left.
fn draw(candidates: Vec<Candidate<'_>>, chance: &mut Chance, targets: &mut Vec<Target>) {
    let (complete, lacking): (Vec<_>, Vec<_>) = candidates
        .into_iter()
        .partition(|candidate| !candidate.lacks.iter().any(|name| PREFERRED.contains(name)));
    for mut left in [complete, lacking] {
        // A draw is by place, so the places must not depend on where the candidates came from.
        left.sort_by_key(|candidate| Reverse((blended(candidate), candidate.endpoint)));
        while !left.is_empty() {
            let weights: Vec<u128> = left.iter().map(weight).collect();
            let total: u128 = weights.iter().sum();
            let mut mark = chance.below(total.max(1));
            let place = weights
                .iter()
                .position(|weight| match mark.checked_sub(*weight) {
                    Some(rest) => {
                        mark = rest;
                        false
                    }
                    None => true,
                });
            let place = place.unwrap_or(0);
            let share = weights
                .get(place)
                .map_or(0, |weight| weight * 1_000 / total.max(1));
            let per_mille = u32::try_from(share).unwrap_or(1_000);
            targets.push(target(&left.remove(place), Why::Drawn { per_mille }));
        }
    }
}

fn target(candidate: &Candidate<'_>, why: Why) -> Target {
    Target {
        endpoint: candidate.endpoint,
        rank: candidate.rank,
        why,
    }
}

/// Prompt and completion price together, in pico-USD a token.
fn blended(candidate: &Candidate<'_>) -> i64 {
    candidate
        .price
        .prompt
        .get()
        .saturating_add(candidate.price.completion.get())
        .max(0)
}

/// 1/price², scaled so that the dearest real endpoint (some 10⁻³ USD a token) still has a weight; what is free
/// weighs as if it cost a millionth of a dollar per million tokens, so that it nearly always wins.
fn weight(candidate: &Candidate<'_>) -> u128 {
    const SCALE: u128 = 1 << 100;
    let price = u128::from(blended(candidate).max(1).unsigned_abs());
    (SCALE / (price * price)).max(1)
}

/// SplitMix64: the seed is an argument, so that a draw can be replayed.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; the bias of the remainder is below 2⁻²⁴ for every bound that occurs.
    fn below(&mut self, bound: u128) -> u128 {
        (u128::from(self.next()) << 64 | u128::from(self.next())) % bound
    }
}
