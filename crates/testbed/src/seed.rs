//! One number from which a storm of random events follows, so that a failed run can be run again.
//!
//! The generator is splitmix64 (Steele, Lea, Flood 2014): eight bytes of state, no dependency, good
//! enough to choose among moods; never used for secrets.

use std::hash::{BuildHasher as _, RandomState};

/// The variable that fixes the seed of a run.
pub const VARIABLE: &str = "WEIR_TEST_SEED";

/// The seed of a run. While it is alive, a panic of its thread prints how to run the same again.
#[derive(Debug)]
pub struct Seed(u64);

/// A small deterministic generator.
#[derive(Debug, Clone)]
pub struct Rng(u64);

// === impl Seed ===

impl Seed {
    /// The value of `WEIR_TEST_SEED` (decimal, or hexadecimal after `0x`), else a random one.
    ///
    /// A value that is not a number is said on standard error and a random seed is used, so a
    /// typing error is seen.
    #[must_use]
    pub fn from_environment() -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "a test's own variable, not the product's"
        )]
        let given = std::env::var(VARIABLE).ok();
        match given.as_deref().map(|text| (text, parse(text))) {
            Some((_, Some(seed))) => Self(seed),
            Some((text, None)) => {
                say(&format!(
                    "{VARIABLE}={text} is not a number, taking a random seed"
                ));
                Self::random()
            }
            None => Self::random(),
        }
    }

    /// A given seed.
    #[must_use]
    pub fn fixed(seed: u64) -> Self {
        Self(seed)
    }

    /// The number.
    #[must_use]
    pub fn value(&self) -> u64 {
        self.0
    }

    /// A generator that starts at this seed.
    #[must_use]
    pub fn rng(&self) -> Rng {
        Rng::new(self.0)
    }

    fn random() -> Self {
        Self(RandomState::new().hash_one(std::process::id()))
    }
}

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            say(&format!("run this again with {VARIABLE}={}", self.0));
        }
    }
}

// === impl Rng ===

impl Rng {
    /// A generator whose sequence is a function of `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; 0 when `bound` is 0. The bias, below 2^-32 for bounds under 2^32,
    /// does not matter here.
    pub fn below(&mut self, bound: u64) -> u64 {
        let wide = u128::from(self.bits()) * u128::from(bound);
        u64::try_from(wide >> 64).unwrap_or_default()
    }

    /// True in `percent` of a hundred cases.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of `choices`; none when there are none.
    pub fn choose<'a, T>(&mut self, choices: &'a [T]) -> Option<&'a T> {
        let index = self.below(u64::try_from(choices.len()).unwrap_or(u64::MAX));
        choices.get(usize::try_from(index).unwrap_or_default())
    }

    /// A generator of its own for a part of the run, so that one part's draws do not shift
    /// another's.
    #[must_use]
    pub fn fork(&mut self) -> Self {
        Self(self.bits())
    }
}

fn parse(text: &str) -> Option<u64> {
    let text = text.trim();
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

#[expect(
    clippy::print_stderr,
    reason = "a test's output is where the seed is looked for"
)]
fn say(line: &str) {
    eprintln!("{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_is_that_of_the_published_generator() {
        let mut rng = Rng::new(1_234_567);
        let drawn: Vec<u64> = (0..3).map(|_| rng.bits()).collect();
        assert_eq!(
            drawn,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn draws_stay_below_their_bound_and_reach_every_value() {
        let mut rng = Rng::new(7);
        let mut seen = [0_u32; 6];
        for _ in 0..600 {
            seen[usize::try_from(rng.below(6)).unwrap()] += 1;
        }
        assert!(seen.iter().all(|count| *count > 50), "{seen:?}");
        assert_eq!(rng.below(0), 0);
        assert_eq!(rng.choose::<u8>(&[]), None);
    }

    #[test]
    fn seeds_are_read_in_decimal_and_hexadecimal() {
        assert_eq!(parse("42"), Some(42));
        assert_eq!(parse(" 0xff "), Some(255));
        assert_eq!(parse("many"), None);
    }
}
