//! The breaker: closed, open, half-open with one probe, then a ramp (spec/trust.md R4, R5).
//!
//! A value of 64 bits and pure steps from one to the next, so that it lives in one atomic.

/// Whether an endpoint is asked, and since when that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Breaker {
    phase: Phase,
    /// Failures without a success between them; at most 15.
    failures: u8,
    /// How often it opened without getting well between; at most 15.
    level: u8,
    /// Lengthens or shortens the wait; 0 to 63.
    jitter: u8,
    /// When the phase began, in milliseconds since 1970; 48 bits last for 8,900 years.
    since_ms: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// All may ask.
    Closed,
    /// Nobody may, for a while.
    Open,
    /// One asks, and all others wait for what it hears.
    Probing,
    /// It answered: more and more may ask.
    Ramping,
}

/// What a call says about whom it went to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It answered.
    Success,
    /// It did not, and it was to blame: 5xx, a wait that ended, nothing or garbage.
    Failure,
    /// It asked for less (429): that lowers its rate of success and fails a probe, but does not count as one of the
    /// failures in a row.
    Limited,
    /// The request was at fault: whoever says so is alive.
    Neutral,
}

/// A permission to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// Like everybody.
    Usual,
    /// As the only one; what it hears decides.
    Probe,
}

/// When a breaker opens, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tuning {
    /// Failures in a row that open it.
    pub failures_max: u8,
    /// The rate of success below which it opens, in percent, of so many calls at least.
    pub success_percent_min: u32,
    /// See above.
    pub calls_min: u32,
    /// How long it stays open: this, times how often it has opened.
    pub open_ms: u64,
    /// At most so long.
    pub open_ms_max: u64,
    /// How long the ramp is.
    pub ramp_ms: u64,
    /// A probe of which nothing was heard for so long is lost.
    pub probe_ms: u64,
}

impl Tuning {
    /// Of an endpoint.
    pub const ENDPOINT: Self = Self {
        failures_max: 5,
        success_percent_min: 80,
        calls_min: 20,
        open_ms: 30_000,
        open_ms_max: 300_000,
        ramp_ms: 30_000,
        probe_ms: 15_000,
    };
    /// Of an account: what is wrong with it stays so until somebody acts.
    pub const ACCOUNT: Self = Self {
        failures_max: 1,
        open_ms: 60_000,
        // A key that works again works at once.
        ramp_ms: 0,
        ..Self::ENDPOINT
    };
}

/// In place of the failures of one that is probed before its time.
const EARLY: u8 = 1;
/// In place of the failures of one that did not fail, but asked for peace.
const DISTURBED: u8 = 2;

impl Default for Breaker {
    fn default() -> Self {
        Self {
            phase: Phase::Closed,
            failures: 0,
            level: 0,
            jitter: 0,
            since_ms: 0,
        }
    }
}

impl Breaker {
    /// The state after a call. `success_percent` is the rate of late, of how many calls; `chance` spreads the waits.
    #[must_use]
    pub fn after(
        self,
        (outcome, pass): (Outcome, Pass),
        recent: super::Tally,
        now_ms: u64,
        (tuning, chance): (&Tuning, u64),
    ) -> Self {
        let alive = matches!(outcome, Outcome::Success | Outcome::Neutral);
        match self.phase {
            // What was sent before says nothing new; only the probe does.
            Phase::Open => self,
            Phase::Probing if pass == Pass::Usual => self,
            Phase::Probing if alive => Self {
                phase: Phase::Ramping,
                failures: 0,
                since_ms: now_ms,
                ..self
            },
            // Who was asked before its time is not left alone for longer because of it.
            Phase::Probing if self.failures == EARLY => Self {
                phase: Phase::Open,
                since_ms: now_ms,
                ..self
            },
            Phase::Probing => self.opened(now_ms, chance),
            Phase::Closed | Phase::Ramping if alive => {
                let failures = if outcome == Outcome::Success {
                    0
                } else {
                    self.failures
                };
                let well = self.phase == Phase::Ramping && self.has_ramped(now_ms, tuning);
                if well {
                    return Self::default();
                }
                Self { failures, ..self }
            }
            Phase::Closed | Phase::Ramping => {
                let counts = outcome == Outcome::Failure;
                let failures = (self.failures + u8::from(counts)).min(15);
                let fresh = self.phase == Phase::Ramping && !self.has_ramped(now_ms, tuning);
                // Who was ill a moment ago has less credit.
                let most = if fresh {
                    tuning.failures_max.min(2)
                } else {
                    tuning.failures_max
                };
                let failed = Self { failures, ..self };
                if (counts && failures >= most) || (!fresh && recent.is_below(tuning)) {
                    failed.opened(now_ms, chance)
                } else {
                    failed
                }
            }
        }
    }

    fn opened(self, now_ms: u64, chance: u64) -> Self {
        Self {
            phase: Phase::Open,
            failures: 0,
            level: (self.level + 1).min(15),
            jitter: u8::try_from(chance & 63).unwrap_or(0),
            since_ms: now_ms,
        }
    }

    /// A permission to ask now, and the state with it; `None` where others must be asked. The last resort is who has
    /// nobody else to ask: it need not wait for the end of the wait, but is a probe too.
    #[must_use]
    pub fn admit(self, now_ms: u64, last_resort: bool, tuning: &Tuning) -> Option<(Self, Pass)> {
        let probe = |failures| {
            let probing = Self {
                phase: Phase::Probing,
                since_ms: now_ms,
                failures,
                ..self
            };
            Some((probing, Pass::Probe))
        };
        match self.phase {
            Phase::Closed | Phase::Ramping => Some((self, Pass::Usual)),
            Phase::Open if now_ms >= self.open_until_ms(tuning) => probe(0),
            Phase::Open if last_resort => probe(EARLY),
            Phase::Probing if now_ms >= self.since_ms.saturating_add(tuning.probe_ms) => {
                probe(self.failures)
            }
            Phase::Open | Phase::Probing => None,
        }
    }

    /// The probe was never heard of again (its caller left): the next one may probe at once. Of one that did not fail
    /// nothing new is known: all may ask, as before.
    #[must_use]
    pub fn abandoned(self, now_ms: u64, tuning: &Tuning) -> Self {
        if self.phase != Phase::Probing {
            return self;
        }
        if self.failures == DISTURBED {
            return Self {
                phase: Phase::Closed,
                failures: 0,
                ..self
            };
        }
        let open = Self {
            phase: Phase::Open,
            ..self
        };
        Self {
            since_ms: now_ms.saturating_sub(open.wait_ms(tuning)),
            ..open
        }
    }

    /// Puts everybody off until one has probed, where all may ask now.
    #[must_use]
    pub fn to_probe(self, now_ms: u64) -> Option<Self> {
        let failures = if self.is_closed() { DISTURBED } else { 0 };
        matches!(self.phase, Phase::Closed | Phase::Ramping).then_some(Self {
            phase: Phase::Probing,
            failures,
            since_ms: now_ms,
            ..self
        })
    }

    /// Until when nobody may ask, in milliseconds since 1970; `None` where somebody may now.
    #[must_use]
    pub fn rests_until_ms(self, now_ms: u64, tuning: &Tuning) -> Option<u64> {
        /// Nobody knows when a probe ends.
        const PROBE_GUESS_MS: u64 = 1_000;
        let until = match self.phase {
            Phase::Closed | Phase::Ramping => return None,
            Phase::Open => self.open_until_ms(tuning),
            Phase::Probing if now_ms >= self.since_ms.saturating_add(tuning.probe_ms) => now_ms,
            Phase::Probing => now_ms.saturating_add(PROBE_GUESS_MS),
        };
        (until > now_ms).then_some(until)
    }

    /// Whether it is open; then what it was told to wait for stays in force.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self.phase, Phase::Open)
    }

    /// Whether all may ask.
    #[must_use]
    pub const fn is_closed(self) -> bool {
        matches!(self.phase, Phase::Closed)
    }

    /// How many may ask at once, within the ramp; `usual` is how many did before, 0 where nobody knows.
    #[must_use]
    pub fn allowance(self, usual: u32, now_ms: u64, tuning: &Tuning) -> Option<u32> {
        /// So few are no herd.
        const ALWAYS: u64 = 4;
        /// Where nobody knows what is usual, the number doubles so often.
        const DOUBLING_MS: u64 = 5_000;
        if self.phase != Phase::Ramping || self.has_ramped(now_ms, tuning) {
            return None;
        }
        let elapsed = now_ms.saturating_sub(self.since_ms);
        let allowed = if usual == 0 {
            ALWAYS << (elapsed / DOUBLING_MS).min(16)
        } else {
            // From a tenth to all of it.
            let per_mille = 100 + 900 * elapsed / tuning.ramp_ms.max(1);
            (u64::from(usual) * per_mille / 1_000).max(ALWAYS)
        };
        Some(u32::try_from(allowed).unwrap_or(u32::MAX))
    }

    fn has_ramped(self, now_ms: u64, tuning: &Tuning) -> bool {
        now_ms >= self.since_ms.saturating_add(tuning.ramp_ms)
    }

    fn open_until_ms(self, tuning: &Tuning) -> u64 {
        self.since_ms.saturating_add(self.wait_ms(tuning))
    }

    /// Three to five quarters of the wait, so that those that failed together do not come back together.
    fn wait_ms(self, tuning: &Tuning) -> u64 {
        let wait = (tuning.open_ms * u64::from(self.level.max(1))).min(tuning.open_ms_max);
        wait * 3 / 4 + wait * u64::from(self.jitter) / 126
    }

    /// As one number.
    #[must_use]
    pub const fn pack(self) -> u64 {
        let phase = match self.phase {
            Phase::Closed => 0,
            Phase::Open => 1,
            Phase::Probing => 2,
            Phase::Ramping => 3,
        };
        phase
            | ((self.failures as u64) << 2)
            | ((self.level as u64) << 6)
            | ((self.jitter as u64) << 10)
            | ((self.since_ms & ((1 << 48) - 1)) << 16)
    }

    /// From that number.
    #[must_use]
    pub fn unpack(number: u64) -> Self {
        let bits = |from: u32, mask: u64| u8::try_from((number >> from) & mask).unwrap_or(0);
        let phase = match number & 3 {
            0 => Phase::Closed,
            1 => Phase::Open,
            2 => Phase::Probing,
            _ => Phase::Ramping,
        };
        Self {
            phase,
            failures: bits(2, 15),
            level: bits(6, 15),
            jitter: bits(10, 63),
            since_ms: number >> 16,
        }
    }
}
