//! What is known of one endpoint, or of one account, in atomics.

use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};

use super::{Breaker, Outcome, Pass, Recent, Standing, Tuning};

/// What is known of one endpoint or account. Every core reads and writes it without a lock.
#[derive(Debug)]
pub struct Vitals {
    tuning: Tuning,
    /// A [`Breaker`].
    breaker: AtomicU64,
    /// It asked to be left alone until then; microseconds since 1970.
    cool_until: AtomicI64,
    /// When it last failed.
    failed_at: AtomicI64,
    recent: Recent,
    /// How long a failure counts, in microseconds.
    window: i64,
    /// Since when a call waits, with no word of any call since; `i64::MAX` where none does.
    waits_since: AtomicI64,
    /// About how long the slowest answers take, in microseconds.
    slowest: AtomicI64,
    /// Calls under way.
    flights: AtomicU32,
    /// How many usually are, in 256ths.
    usual: AtomicU32,
}

/// What was heard of a call that was permitted.
#[derive(Clone, Copy, Debug)]
pub struct Heard {
    /// What it says about whom it went to.
    pub outcome: Outcome,
    /// The permission it was made with.
    pub pass: Pass,
    /// For how long they asked to be left alone, in milliseconds.
    pub rest_ms: Option<u64>,
    /// How long it took, in microseconds.
    pub took: i64,
}

/// Vitals of an endpoint; `window` is how long a failure counts, in microseconds.
#[must_use]
pub fn endpoint(window: i64) -> Vitals {
    Vitals::new(Tuning::ENDPOINT, window)
}

/// Vitals of an account.
#[must_use]
pub fn account(window: i64) -> Vitals {
    Vitals::new(Tuning::ACCOUNT, window)
}

impl Vitals {
    fn new(tuning: Tuning, window: i64) -> Self {
        Self {
            tuning,
            breaker: AtomicU64::new(Breaker::default().pack()),
            cool_until: AtomicI64::new(i64::MIN),
            failed_at: AtomicI64::new(i64::MIN),
            recent: Recent::new(window),
            window,
            waits_since: AtomicI64::new(i64::MAX),
            slowest: AtomicI64::new(0),
            flights: AtomicU32::new(0),
            usual: AtomicU32::new(0),
        }
    }

    /// How it is doing.
    #[must_use]
    pub fn standing(&self, now: i64) -> Standing {
        let rests = self.breaker().rests_until_ms(millis(now), &self.tuning);
        let rests = rests.map(|ms| i64::try_from(ms).unwrap_or(i64::MAX).saturating_mul(1_000));
        let cools = Some(self.cool_until.load(Ordering::Relaxed)).filter(|until| *until > now);
        if let Some(until) = rests.max(cools) {
            return Standing::Resting { until };
        }
        let failed_at = self.failed_at.load(Ordering::Relaxed);
        let failed = failed_at > now.saturating_sub(self.window) && self.fails_often(now);
        if failed || self.has_stalled(now) {
            Standing::Shaky
        } else {
            Standing::Well
        }
    }

    /// One failure among few calls counts; among many, more than one in twenty do.
    fn fails_often(&self, now: i64) -> bool {
        let tally = self.recent.tally(now);
        let all = u64::from(tally.good) + u64::from(tally.bad);
        all < u64::from(self.tuning.calls_min) || u64::from(tally.good) * 100 < all * 95
    }

    /// Calls wait for so long that something is wrong, though the first of them may wait on: so those that come now
    /// need not find out for themselves.
    #[must_use]
    pub fn has_stalled(&self, now: i64) -> bool {
        /// Two may both be slow; three are a sign.
        const WAITING_MIN: u32 = 3;
        let slowest = self.slowest.load(Ordering::Relaxed);
        let patience = if slowest == 0 {
            10_000_000
        } else {
            slowest.saturating_mul(4).max(2_000_000)
        };
        let waited = now.saturating_sub(self.waits_since.load(Ordering::Relaxed));
        waited > patience && self.flights() >= WAITING_MIN
    }

    /// After how many milliseconds it makes sense to come again, for who may not ask now.
    #[must_use]
    pub fn again_ms(&self, now: i64) -> u64 {
        /// While nobody else is left, one caller at a time asks, so the end of a wait may come early.
        const SOON_MS: u64 = 5_000;
        let cools = self.cool_until.load(Ordering::Relaxed).saturating_sub(now);
        if cools > 0 {
            return millis(cools).max(1);
        }
        let now_ms = millis(now);
        let rests = self.breaker().rests_until_ms(now_ms, &self.tuning);
        rests.map_or(1_000, |until| (until - now_ms).min(SOON_MS))
    }

    /// Whether it asked to be left alone, and for longer than until now.
    #[must_use]
    pub fn cools(&self, now: i64) -> bool {
        self.cool_until.load(Ordering::Relaxed) > now
    }

    /// A permission to ask now, which ends with [`Vitals::end`]. The last resort is who has nobody else to ask.
    #[must_use]
    pub fn begin(&self, now: i64, last_resort: bool) -> Option<Pass> {
        let now_ms = millis(now);
        let cools = self.cools(now);
        if cools && !last_resort {
            return None;
        }
        let mut pass = None;
        let admitted = self.update(|breaker| {
            let (next, given) = if cools {
                // Who asked for peace is disturbed once, and not again after a no.
                (breaker.to_probe(now_ms)?, Pass::Probe)
            } else {
                breaker.admit(now_ms, last_resort, &self.tuning)?
            };
            pass = Some(given);
            Some(next)
        });
        let pass = pass.filter(|_| admitted)?;
        let usual = self.usual.load(Ordering::Relaxed).div_ceil(256);
        let allowance = self.breaker().allowance(usual, now_ms, &self.tuning);
        let before = self.flights.fetch_add(1, Ordering::Relaxed);
        if allowance.is_some_and(|most| pass == Pass::Usual && before >= most) {
            self.flights.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        self.waits_since.fetch_min(now, Ordering::Relaxed);
        Some(pass)
    }

    /// Takes in what was heard of a call that was permitted.
    pub fn judge(&self, heard: Heard, now: i64, chance: u64) {
        let Heard {
            outcome,
            pass,
            rest_ms,
            took,
        } = heard;
        self.waits_since.store(i64::MAX, Ordering::Relaxed);
        match outcome {
            Outcome::Success => {
                self.recent.add(true, now);
                let slowest = self.slowest.load(Ordering::Relaxed);
                self.slowest
                    .store(took.max(slowest - slowest / 64), Ordering::Relaxed);
                if pass == Pass::Probe {
                    self.cool_until.store(i64::MIN, Ordering::Relaxed);
                    // Where nothing has to be loaded slowly, a good probe is all there is to know.
                    if self.tuning.ramp_ms == 0 {
                        self.failed_at.store(i64::MIN, Ordering::Relaxed);
                    }
                } else if self.breaker().is_closed() {
                    self.learn_usual();
                }
            }
            Outcome::Failure | Outcome::Limited => {
                self.recent.add(false, now);
                self.failed_at.fetch_max(now, Ordering::Relaxed);
            }
            Outcome::Neutral => {}
        }
        if let Some(rest_ms) = rest_ms {
            self.rest(rest_ms, now);
        }
        let tally = self.recent.tally(now);
        let tuning = (&self.tuning, chance);
        self.update(|breaker| Some(breaker.after((outcome, pass), tally, millis(now), tuning)));
    }

    /// It asks to be left alone for so long; the longest wish counts.
    pub fn rest(&self, rest_ms: u64, now: i64) {
        let rest = i64::try_from(rest_ms.saturating_mul(1_000)).unwrap_or(i64::MAX);
        self.cool_until
            .fetch_max(now.saturating_add(rest), Ordering::Relaxed);
    }

    /// A permitted call is over. `unheard` is a probe that nobody judged, because its caller left.
    pub fn end(&self, unheard: bool, now: i64) {
        if self.flights.fetch_sub(1, Ordering::Relaxed) == 1 {
            // Nobody waits any more, though nothing may have been heard of who left.
            self.waits_since.store(i64::MAX, Ordering::Relaxed);
        }
        if unheard {
            self.update(|breaker| Some(breaker.abandoned(millis(now), &self.tuning)));
        }
    }

    /// Calls under way.
    #[must_use]
    pub fn flights(&self) -> u32 {
        self.flights.load(Ordering::Relaxed)
    }

    /// A moving mean of the calls under way when one succeeds: calls that hang do not count.
    fn learn_usual(&self) {
        let flights = self.flights().min(1 << 20) * 256;
        let usual = self.usual.load(Ordering::Relaxed);
        let next = if flights > usual {
            usual + (flights - usual).div_ceil(16)
        } else {
            usual - (usual - flights) / 16
        };
        self.usual.store(next, Ordering::Relaxed);
    }

    fn breaker(&self) -> Breaker {
        Breaker::unpack(self.breaker.load(Ordering::Acquire))
    }

    /// Steps to another state; `false` where the step declines.
    fn update(&self, mut step: impl FnMut(Breaker) -> Option<Breaker>) -> bool {
        let stepped = |packed| step(Breaker::unpack(packed)).map(Breaker::pack);
        let updated = self
            .breaker
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, stepped);
        updated.is_ok()
    }
}

fn millis(micros: i64) -> u64 {
    micros.div_euclid(1_000).max(0).unsigned_abs()
}
