//! Counts of values in buckets whose width grows with the value: eight to a doubling, so a quantile is off by a
//! sixteenth at most.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::routing::Quantiles;

/// Values up to 2²² have buckets of their own; greater ones fall into the last.
pub(super) const BUCKETS: usize = 160;

/// Counts, bucket by bucket.
pub(super) type Counts = [u32; BUCKETS];

/// The bucket of a value.
pub(super) fn bucket(value: u32) -> usize {
    let value = value.min((1 << 22) - 1);
    let exponent = 31 - value.max(1).leading_zeros();
    let place = if exponent < 3 {
        value
    } else {
        (exponent - 2) * 8 + ((value >> (exponent - 3)) & 7)
    };
    usize::try_from(place).unwrap_or(0)
}

/// The middle of a bucket; never zero.
fn middle(place: usize) -> u32 {
    let place = u32::try_from(place).unwrap_or(0);
    if place < 8 {
        return place.max(1);
    }
    let (exponent, eighth) = (place / 8 + 2, place % 8);
    let width = 1 << (exponent - 3);
    (1 << exponent) + eighth * width + width / 2
}

/// Adds what a slot holds.
pub(super) fn add(into: &mut Counts, slot: &[AtomicU32; BUCKETS]) {
    for (sum, count) in into.iter_mut().zip(slot) {
        *sum = sum.saturating_add(count.load(Ordering::Relaxed));
    }
}

/// How good so many in a hundred are at least; `None` where there are fewer than `least` values. Where more is better
/// (`rises`), the tail is the low end.
pub(super) fn quantiles(counts: &Counts, rises: bool, least: u32) -> Option<Quantiles> {
    let all: u64 = counts.iter().map(|count| u64::from(*count)).sum();
    if all < u64::from(least.max(1)) {
        return None;
    }
    let of = |percent: u64| {
        let share = if rises { 100 - percent } else { percent };
        // The value at this place in the sorted row, from the first on.
        let mut left = (all * share).div_ceil(100).clamp(1, all);
        let found = counts
            .iter()
            .position(|count| match left.checked_sub(u64::from(*count)) {
                Some(rest) if rest > 0 => {
                    left = rest;
                    false
                }
                Some(_) | None => true,
            });
        middle(found.unwrap_or(BUCKETS - 1))
    };
    Some(Quantiles {
        p50: of(50),
        p75: of(75),
        p90: of(90),
        p99: of(99),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_within_a_sixteenth_of_its_bucket_and_buckets_rise() {
        let mut last = 0;
        for value in (1..100_000).chain((17..22).map(|power| (1 << power) - 1)) {
            let place = bucket(value);
            assert!(place < BUCKETS && place >= last, "{value}");
            last = place;
            let off = middle(place).abs_diff(value);
            assert!(off * 16 <= value.max(16), "{value} is {}", middle(place));
        }
        assert_eq!(bucket(u32::MAX), BUCKETS - 1);
        assert_eq!(bucket(0), 0);
    }
}
