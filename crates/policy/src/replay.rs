//! What if: recorded requests, planned anew by another policy, and answered as their endpoints answered at that time.
//!
//! Pure, as all of what decides: time is a number and chance comes from a seed, so an hour takes milliseconds and the
//! same seed gives the same result. What is drawn for a request does not depend on what is drawn for others, so that two
//! policies meet the same luck and differ by what they decide.
//!
//! What cannot be known is assumed, and counted: an endpoint that was never asked answers as the others of its model
//! did, and never fails. That conversations stay with an endpoint is not replayed.

mod history;
mod report;
mod run;

use canon::NanoUsd;

use crate::routing::Plan;

pub use report::{Report, Served};
pub use run::{Known, replay};

/// One recorded request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// When it came in, in microseconds since 1970.
    pub at: i64,
    /// Whether its answer came in pieces.
    pub streamed: bool,
    /// Tokens of its answer: an endpoint that is half as fast takes twice as long for them.
    pub completion_tokens: u64,
    /// The request itself was at fault: nobody would have answered it.
    pub is_refused: bool,
    /// Who was asked for it, in order.
    pub calls: Vec<Call>,
}

/// One recorded call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// The endpoint, by its index in the catalogue that plans.
    pub endpoint: usize,
    /// When it was made, in microseconds since 1970.
    pub at: i64,
    /// Microseconds until it answered or failed.
    pub took: i64,
    /// Which of the two.
    pub end: End,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// With an answer.
    Answered {
        /// Microseconds from its beginning to its end.
        rest: i64,
        /// Tokens that came in them.
        tokens: u64,
    },
    /// The vendor failed.
    Failed,
    /// The vendor asked for less (429).
    Limited,
    /// The account is out of order (401, 402).
    AccountFailed,
}

/// What is asked of a policy.
pub trait Policy {
    /// Who is tried for this request, in order; `None` where nobody may serve it.
    fn plan(&self, request: usize, known: &Known<'_>, seed: u64) -> Option<Plan>;

    /// The account behind an endpoint.
    fn account(&self, endpoint: usize) -> usize;

    /// The endpoints of the same model.
    fn kin(&self, endpoint: usize) -> Vec<usize>;

    /// What the answer to this request costs at an endpoint; `None` where its price is not known.
    fn cost(&self, request: usize, endpoint: usize) -> Option<NanoUsd>;

    /// For how long this request waits for a first token, in microseconds.
    fn patience(&self, request: usize) -> i64;
}

/// What holds for all requests.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Endpoints that one request asks at most.
    pub attempts_max: u8,
    /// How long a failure counts, in microseconds.
    pub outage_window: i64,
    /// What chance is drawn from.
    pub seed: u64,
}
