//! Bands of cost: which part of the candidates, from the cheapest to the dearest, may be chosen from.

use std::ops::Range;

/// A part of the candidates in the order of their cost, in hundredths of their number.
///
/// Each of `n` candidates takes the n-th part of the way from 0 to 100, and belongs to a band where the two overlap. So
/// a band of twenty hundredths has a fifth of many candidates, and never less than one of few.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Band {
    from: u32,
    to: u32,
}

impl Band {
    /// The band of that name: `low`, `medium`, `high`, `xhigh`, `max`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        const NAMES: [&str; 5] = ["low", "medium", "high", "xhigh", "max"];
        let place = NAMES.iter().position(|own| *own == name)?;
        let from = u32::try_from(place).ok()? * 20;
        Some(Self {
            from,
            to: from + 20,
        })
    }

    /// The deprecated dial from 0 to 10: a ceiling, the 90th hundredth at 0 and the 10th at 10.
    #[must_use]
    pub const fn below(tradeoff: u32) -> Self {
        let tradeoff = if tradeoff > 10 { 10 } else { tradeoff };
        Self {
            from: 0,
            to: 90 - 8 * tradeoff,
        }
    }

    /// Which of so many candidates, cheapest first, belong to it. Never empty where there is any.
    #[must_use]
    pub fn of(self, count: usize) -> Range<usize> {
        let part = |hundredths: u32| usize::try_from(hundredths).unwrap_or(100) * count;
        let from = part(self.from) / 100;
        let to = part(self.to).div_ceil(100);
        from..to.min(count)
    }
}

impl Default for Band {
    /// What holds where nothing is said: the dial at 9.
    fn default() -> Self {
        Self::below(9)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn named(name: &str) -> Band {
        Band::named(name).unwrap()
    }

    #[test]
    fn bands_share_many_candidates_without_gap_or_overlap() {
        let bands = ["low", "medium", "high", "xhigh", "max"].map(|name| named(name).of(100));
        assert_eq!(bands, [0..20, 20..40, 40..60, 60..80, 80..100]);
        assert_eq!(named("low").of(5), 0..1);
        assert_eq!(named("max").of(5), 4..5);
        assert_eq!(Band::named("ultra"), None);
    }

    #[test]
    fn of_few_candidates_each_band_has_one_at_least() {
        assert_eq!(named("medium").of(1), 0..1);
        assert_eq!(named("low").of(2), 0..1);
        assert_eq!(named("high").of(2), 0..2);
        assert_eq!(named("max").of(2), 1..2);
        assert_eq!(named("max").of(0), 0..0);
    }

    #[test]
    fn the_old_dial_is_a_ceiling() {
        assert_eq!(Band::below(10).of(100), 0..10);
        assert_eq!(Band::below(0).of(100), 0..90);
        assert_eq!(Band::below(11), Band::below(10));
        assert_eq!(Band::default().of(100), 0..18);
    }

    proptest! {
        #[test]
        fn no_band_is_empty_and_together_they_hold_all(count in 1_usize..600) {
            let mut end = 0;
            for name in ["low", "medium", "high", "xhigh", "max"] {
                let band = named(name).of(count);
                prop_assert!(!band.is_empty() && band.start <= end && band.end <= count);
                end = band.end;
            }
            prop_assert_eq!(end, count);
            for tradeoff in 0..=10 {
                prop_assert!(!Band::below(tradeoff).of(count).is_empty());
            }
        }
    }
}
