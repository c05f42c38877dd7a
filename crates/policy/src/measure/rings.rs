//! Rings of slots: the last half hour by the minute, and counts of good and bad over longer times.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use super::{
    MINUTE, SAMPLES_MIN,
    histogram::{self, BUCKETS, Counts, add, bucket},
};
use crate::routing::{Quantiles, Ratio};

const MINUTES: usize = 30;

/// The last half hour, by the minute.
#[derive(Debug)]
pub(super) struct Minutes {
    slots: Box<[Slot; MINUTES]>,
}

#[derive(Debug)]
struct Slot {
    /// The minute since 1970 that is counted here.
    minute: AtomicU32,
    good: AtomicU32,
    bad: AtomicU32,
    latency: [AtomicU32; BUCKETS],
    throughput: [AtomicU32; BUCKETS],
}

impl Default for Minutes {
    fn default() -> Self {
        Self {
            slots: Box::new(std::array::from_fn(|_| Slot {
                minute: AtomicU32::new(0),
                good: AtomicU32::new(0),
                bad: AtomicU32::new(0),
                latency: std::array::from_fn(|_| AtomicU32::new(0)),
                throughput: std::array::from_fn(|_| AtomicU32::new(0)),
            })),
        }
    }
}

impl Minutes {
    pub(super) fn called(&self, good: bool, now: i64) {
        if let Some(slot) = self.slot(now) {
            let count = if good { &slot.good } else { &slot.bad };
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn latency(&self, value: u32, now: i64) {
        let slot = self.slot(now);
        if let Some(count) = slot.and_then(|slot| slot.latency.get(bucket(value))) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn throughput(&self, value: u32, now: i64) {
        let slot = self.slot(now);
        if let Some(count) = slot.and_then(|slot| slot.throughput.get(bucket(value))) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The calls of the last minutes.
    pub(super) fn calls(&self, minutes: u32, now: i64) -> Ratio {
        let mut ratio = Ratio::default();
        for slot in self.last(minutes, now) {
            let good = slot.good.load(Ordering::Relaxed);
            ratio.good += good;
            ratio.all += good + slot.bad.load(Ordering::Relaxed);
        }
        ratio
    }

    pub(super) fn latencies(&self, minutes: u32, now: i64) -> Option<Quantiles> {
        let mut counts: Counts = [0; BUCKETS];
        self.last(minutes, now)
            .for_each(|slot| add(&mut counts, &slot.latency));
        histogram::quantiles(&counts, false, SAMPLES_MIN)
    }

    pub(super) fn throughputs(&self, minutes: u32, now: i64) -> Option<Quantiles> {
        let mut counts: Counts = [0; BUCKETS];
        self.last(minutes, now)
            .for_each(|slot| add(&mut counts, &slot.throughput));
        histogram::quantiles(&counts, true, SAMPLES_MIN)
    }

    fn last(&self, minutes: u32, now: i64) -> impl Iterator<Item = &Slot> {
        let current = minute_of(now);
        self.slots.iter().filter(move |slot| {
            let minute = slot.minute.load(Ordering::Acquire);
            minute <= current && current - minute < minutes
        })
    }

    /// The slot of this minute, cleared by the first who comes.
    fn slot(&self, now: i64) -> Option<&Slot> {
        let current = minute_of(now);
        let slot = self.slots.get(usize::try_from(current).ok()? % MINUTES)?;
        let found = slot.minute.load(Ordering::Acquire);
        let mine = || {
            let (order, failed) = (Ordering::AcqRel, Ordering::Relaxed);
            slot.minute
                .compare_exchange(found, current, order, failed)
                .is_ok()
        };
        if found != current && mine() {
            let counts = slot.latency.iter().chain(&slot.throughput);
            for count in counts.chain([&slot.good, &slot.bad]) {
                count.store(0, Ordering::Relaxed);
            }
        }
        Some(slot)
    }
}

fn minute_of(now: i64) -> u32 {
    u32::try_from(now.div_euclid(MINUTE)).unwrap_or(0)
}

/// Good and bad, in slots of so many microseconds. A slot is one atomic, so nothing is ever lost: its number (24 bits),
/// good and bad (20 bits each).
#[derive(Debug)]
pub(super) struct Shares<const SLOTS: usize> {
    slots: [AtomicU64; SLOTS],
    width: i64,
}

impl<const SLOTS: usize> Shares<SLOTS> {
    const MOST: u64 = (1 << 20) - 1;

    pub(super) fn new(width: i64) -> Self {
        Self {
            slots: std::array::from_fn(|_| AtomicU64::new(0)),
            width,
        }
    }

    pub(super) fn add(&self, good: bool, now: i64) {
        let number = self.number(now);
        let place = usize::try_from(number).unwrap_or(0) % SLOTS;
        let Some(slot) = self.slots.get(place) else {
            return;
        };
        let added = slot.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |old| {
            let (found, goods, bads) = open(old);
            let (goods, bads) = if found == number {
                (goods, bads)
            } else {
                (0, 0)
            };
            let goods = (goods + u64::from(good)).min(Self::MOST);
            let bads = (bads + u64::from(!good)).min(Self::MOST);
            Some(number << 40 | goods << 20 | bads)
        });
        debug_assert!(added.is_ok(), "the update never declines");
    }

    /// Over the last slots.
    pub(super) fn sum(&self, slots: u64, now: i64) -> Ratio {
        let current = self.number(now);
        let mut ratio = Ratio::default();
        for slot in &self.slots {
            let (number, good, bad) = open(slot.load(Ordering::Relaxed));
            if number <= current && current - number < slots {
                ratio.good += u32::try_from(good).unwrap_or(0);
                ratio.all += u32::try_from(good + bad).unwrap_or(0);
            }
        }
        ratio
    }

    fn number(&self, now: i64) -> u64 {
        now.div_euclid(self.width).unsigned_abs() & 0xff_ffff
    }
}

const fn open(slot: u64) -> (u64, u64, u64) {
    (slot >> 40, (slot >> 20) & 0xf_ffff, slot & 0xf_ffff)
}
