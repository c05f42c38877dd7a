//! How endpoints and accounts are doing, and who may be asked now.
//!
//! An endpoint that fails is left alone for a while; then one request probes it, and it is loaded again slowly. State
//! is kept in atomics, so that every core reads and writes without a lock; time and chance are arguments, so that a
//! storm of faults is simulated in milliseconds.

mod breaker;
mod budget;
mod deadline;
mod extra;
mod recent;
mod vitals;

pub use breaker::{Breaker, Outcome, Pass, Tuning};
pub use budget::{Permit, RETRY_WAIT_MS, Traffic, Tries, may_retry};
pub use deadline::Class;
pub use extra::Extra;
pub use recent::{Recent, Tally};
pub use vitals::{Heard, Vitals, account, endpoint};

/// How an endpoint is doing, for its place in the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It serves.
    Well,
    /// It failed a moment ago, or fails often.
    Shaky,
    /// It is left alone until then, in microseconds since 1970.
    Resting {
        /// When it may be asked again.
        until: i64,
    },
}

impl Standing {
    /// The worse of two: an endpoint does no better than its account.
    #[must_use]
    pub fn worse(self, other: Self) -> Self {
        match (self, other) {
            (Self::Resting { until: one }, Self::Resting { until: other }) => Self::Resting {
                until: one.max(other),
            },
            (resting @ Self::Resting { .. }, _) | (_, resting @ Self::Resting { .. }) => resting,
            (Self::Shaky, _) | (_, Self::Shaky) => Self::Shaky,
            (Self::Well, Self::Well) => Self::Well,
        }
    }
}
