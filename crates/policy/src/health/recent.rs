//! How calls went within the last while: ten slots, each a tenth of the window, each one atomic.

use std::sync::atomic::{AtomicU64, Ordering};

use super::Tuning;

const SLOTS: usize = 10;

/// How calls went within the last while.
#[derive(Debug)]
pub struct Recent {
    /// The number of its tenth since 1970 (32 bits), good and bad calls (16 bits each).
    slots: [AtomicU64; SLOTS],
    /// The length of a slot, in microseconds.
    width: i64,
}

/// How many calls went well, and how many did not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Those that were answered.
    pub good: u32,
    /// Those that were not.
    pub bad: u32,
}

impl Tally {
    /// Whether too few went well, of enough to tell.
    #[must_use]
    pub fn is_below(self, tuning: &Tuning) -> bool {
        let all = u64::from(self.good) + u64::from(self.bad);
        all >= u64::from(tuning.calls_min)
            && u64::from(self.good) * 100 < all * u64::from(tuning.success_percent_min)
    }
}

impl Recent {
    /// Nothing yet; the window in microseconds.
    #[must_use]
    pub fn new(window: i64) -> Self {
        Self {
            slots: Default::default(),
            width: (window / 10).max(1),
        }
    }

    /// One more call.
    pub fn add(&self, good: bool, now: i64) {
        let number = self.number(now);
        let place = usize::try_from(number % 10).unwrap_or(0);
        let Some(slot) = self.slots.get(place) else {
            return;
        };
        let added = slot.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |old| {
            let (found, good_before, bad_before) = open(old);
            let (goods, bads) = if found == number {
                (good_before, bad_before)
            } else {
                (0, 0)
            };
            // A slot holds 65,535 of each: the rate of more than that is known well enough.
            let goods = (goods + u64::from(good)).min(0xffff);
            let bads = (bads + u64::from(!good)).min(0xffff);
            Some(number << 32 | goods << 16 | bads)
        });
        debug_assert!(added.is_ok(), "the update never declines");
    }

    /// What went how, within the window before `now`.
    #[must_use]
    pub fn tally(&self, now: i64) -> Tally {
        let last = self.number(now);
        let mut tally = Tally::default();
        for slot in &self.slots {
            let (number, good, bad) = open(slot.load(Ordering::Relaxed));
            if number <= last && last - number < 10 {
                tally.good += u32::try_from(good).unwrap_or(0);
                tally.bad += u32::try_from(bad).unwrap_or(0);
            }
        }
        tally
    }

    fn number(&self, now: i64) -> u64 {
        now.div_euclid(self.width).unsigned_abs() & 0xffff_ffff
    }
}

const fn open(slot: u64) -> (u64, u64, u64) {
    (slot >> 32, (slot >> 16) & 0xffff, slot & 0xffff)
}
