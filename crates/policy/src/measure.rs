//! How fast and how reliable an endpoint is: rolling windows in fixed memory, in atomics that every core writes without
//! a lock. The time is an argument.
//!
//! A window is a ring of slots; a slot whose time is over is cleared by the first who writes into it anew. Who writes at
//! that very moment may be forgotten: these are figures, not money. One endpoint takes some 40 KiB, once it is asked.

mod histogram;
mod rings;

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use self::rings::{Minutes, Shares};
use crate::routing::{Figures, Quantiles, Ratio};

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
/// Fewer calls than that make no figure.
const SAMPLES_MIN: u32 = 5;

/// What is measured of one endpoint.
#[derive(Debug)]
pub struct Measures {
    minutes: Minutes,
    /// Answers in half hours, for a day.
    day: Shares<48>,
    /// Tool calls, and answers of a promised form, in five minutes, for two hours.
    tools: Shares<24>,
    structured: Shares<24>,
    cache: Cache,
}

/// What the endpoints page shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Answers, and calls that were answered or failed, over five minutes.
    pub uptime_5m: Option<Ratio>,
    /// The same over half an hour.
    pub uptime_30m: Option<Ratio>,
    /// The same over a day.
    pub uptime_1d: Option<Ratio>,
    /// Milliseconds to the first token, over half an hour.
    pub latency_30m: Option<Quantiles>,
    /// Thousandths of a token a second, over half an hour.
    pub throughput_30m: Option<Quantiles>,
    /// Answers with tool calls of which all were good, over two hours.
    pub tools_2h: Option<Ratio>,
    /// Answers that were to have a form and had it, over two hours.
    pub structured_2h: Option<Ratio>,
}

/// The figures that routing reads, a second old at most: packed, so that reading them costs a handful of loads.
#[derive(Debug)]
struct Cache {
    /// When they were made.
    made_at: AtomicI64,
    latency: [AtomicU64; 2],
    throughput: [AtomicU64; 2],
    tools: AtomicU64,
    requests: AtomicU64,
}

impl Default for Measures {
    fn default() -> Self {
        Self {
            minutes: Minutes::default(),
            day: Shares::new(30 * MINUTE),
            tools: Shares::new(5 * MINUTE),
            structured: Shares::new(5 * MINUTE),
            cache: Cache {
                made_at: AtomicI64::new(i64::MIN),
                latency: Default::default(),
                throughput: Default::default(),
                tools: AtomicU64::new(0),
                requests: AtomicU64::new(0),
            },
        }
    }
}

impl Measures {
    /// A call was answered, or failed by the vendor's fault; a limited rate is neither.
    pub fn called(&self, good: bool, now: i64) {
        self.minutes.called(good, now);
        self.day.add(good, now);
    }

    /// The first token came after so many microseconds.
    pub fn first_token(&self, took: i64, now: i64) {
        self.minutes.latency(clamp(took / 1_000), now);
    }

    /// An answer of so many tokens took so many microseconds, from the request to its end.
    pub fn answered(&self, tokens: u64, took: i64, now: i64) {
        let took = i128::from(took.max(1));
        let rate = i128::from(tokens) * 1_000 * i128::from(SECOND) / took;
        self.minutes
            .throughput(clamp(i64::try_from(rate).unwrap_or(i64::MAX)), now);
    }

    /// An answer called tools; whether all calls were good.
    pub fn called_tools(&self, good: bool, now: i64) {
        self.tools.add(good, now);
    }

    /// An answer was to have a form; whether it had it.
    pub fn structured(&self, good: bool, now: i64) {
        self.structured.add(good, now);
    }

    /// The figures for routing, over five minutes; a second old at most.
    #[must_use]
    pub fn figures(&self, now: i64) -> Figures {
        let cache = &self.cache;
        let made_at = cache.made_at.load(Ordering::Relaxed);
        let is_old = now.saturating_sub(made_at) >= SECOND || made_at > now;
        let mine = || {
            let (order, relaxed) = (Ordering::Relaxed, Ordering::Relaxed);
            cache
                .made_at
                .compare_exchange(made_at, now, order, relaxed)
                .is_ok()
        };
        // One caller a second makes them anew; those beside it read the old ones.
        if is_old && mine() {
            self.refresh(now);
        }
        let quantiles = |packed: &[AtomicU64; 2]| {
            let [low, high] = packed
                .each_ref()
                .map(|half| unpack(half.load(Ordering::Relaxed)));
            (low != (0, 0)).then_some(Quantiles {
                p50: low.0,
                p75: low.1,
                p90: high.0,
                p99: high.1,
            })
        };
        let (good, all) = unpack(cache.tools.load(Ordering::Relaxed));
        Figures {
            latency: quantiles(&cache.latency),
            throughput: quantiles(&cache.throughput),
            tools: (all > 0).then_some(Ratio { good, all }),
            requests: unpack(cache.requests.load(Ordering::Relaxed)).0,
        }
    }

    fn refresh(&self, now: i64) {
        let cache = &self.cache;
        let store = |into: &[AtomicU64; 2], of: Option<Quantiles>| {
            let of = of.unwrap_or_default();
            // Zero stands for "not known", so a figure is at least one.
            let halves = [(of.p50, of.p75), (of.p90, of.p99)];
            for (half, (one, other)) in into.iter().zip(halves) {
                half.store(pack(one, other), Ordering::Relaxed);
            }
        };
        store(&cache.latency, self.minutes.latencies(5, now));
        store(&cache.throughput, self.minutes.throughputs(5, now));
        let tools = self.tools.sum(24, now);
        cache
            .tools
            .store(pack(tools.good, tools.all), Ordering::Relaxed);
        let requests = self.minutes.calls(30, now).all;
        cache.requests.store(pack(requests, 0), Ordering::Relaxed);
    }

    /// What the endpoints page shows. Reads all windows: microseconds.
    #[must_use]
    pub fn listing(&self, now: i64) -> Listing {
        let enough = |ratio: Ratio| (ratio.all >= SAMPLES_MIN).then_some(ratio);
        Listing {
            uptime_5m: enough(self.minutes.calls(5, now)),
            uptime_30m: enough(self.minutes.calls(30, now)),
            uptime_1d: enough(self.day.sum(48, now)),
            latency_30m: self.minutes.latencies(30, now),
            throughput_30m: self.minutes.throughputs(30, now),
            tools_2h: enough(self.tools.sum(24, now)),
            structured_2h: enough(self.structured.sum(24, now)),
        }
    }
}

fn clamp(number: i64) -> u32 {
    u32::try_from(number.max(0)).unwrap_or(u32::MAX)
}

const fn pack(high: u32, low: u32) -> u64 {
    (high as u64) << 32 | low as u64
}

fn unpack(packed: u64) -> (u32, u32) {
    let half = |number: u64| u32::try_from(number & 0xffff_ffff).unwrap_or(0);
    (half(packed >> 32), half(packed))
}
