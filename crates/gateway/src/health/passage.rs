//! One request's way past the board: a seat at the endpoint that it asks, given back whatever happens.

use std::{sync::Arc, time::Duration};

use canon::{Again, Blame, Fault, Kind};
use policy::health::{Heard, Outcome, Pass, Permit, RETRY_WAIT_MS, Tries};

use super::Verdict;
use crate::{app::App, clock};

/// For how long an endpoint that refuses this account alone is left alone: somebody must act.
const REFUSED_MS: u64 = 60_000;

/// One request's way past the board. Dropping it gives back what it holds.
#[derive(Debug)]
pub(crate) struct Passage {
    app: Arc<App>,
    tries: Tries,
    seat: Option<Seat>,
}

/// A call under way.
#[derive(Clone, Copy, Debug)]
struct Seat {
    endpoint: usize,
    of_endpoint: Pass,
    of_account: Pass,
    is_retry: bool,
    began: i64,
    /// Something was heard of it.
    is_judged: bool,
}

/// Whether the next endpoint of a plan may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// It may.
    Go,
    /// Another one may.
    Skip,
    /// None may any more.
    Stop,
}

impl Passage {
    /// A request comes in.
    #[must_use]
    pub(crate) fn new(app: Arc<App>) -> Self {
        app.health.traffic.came();
        let tries = Tries::new(app.config.upstream.attempts_max);
        Self {
            app,
            tries,
            seat: None,
        }
    }

    /// Whether this endpoint may be asked; one that rests is the last resort. May wait up to a second for a place
    /// among the retries.
    pub(crate) async fn enter(&mut self, endpoint: usize, rests: bool) -> Entry {
        self.leave();
        loop {
            let now = clock::now_micros();
            let board = &self.app.health;
            match board.permit(&mut self.tries, (endpoint, rests), now) {
                Permit::Skip => return Entry::Skip,
                Permit::Stop => return Entry::Stop,
                Permit::Wait => {
                    tokio::time::sleep(Duration::from_millis(RETRY_WAIT_MS)).await;
                }
                Permit::Go {
                    endpoint: of_endpoint,
                    account: of_account,
                    is_retry,
                } => {
                    self.seat = Some(Seat {
                        endpoint,
                        of_endpoint,
                        of_account,
                        is_retry,
                        began: now,
                        is_judged: false,
                    });
                    return Entry::Go;
                }
            }
        }
    }

    /// The call was answered: its first token is here, or all of it. The vendor may have asked for a rest beforehand.
    pub(crate) fn answered(&mut self, rest_ms: Option<u64>) {
        self.judge((Outcome::Success, Outcome::Success), rest_ms);
    }

    /// The answer broke off after its first token.
    pub(crate) fn broke(&mut self) {
        self.judge((Outcome::Failure, Outcome::Neutral), None);
    }

    /// The call failed before its first token.
    pub(crate) fn failed(&mut self, fault: &Fault, status: Option<u16>) {
        let (outcomes, rest_ms) = match (&fault.blame, fault.again) {
            (Blame::Caller | Blame::Us, _) | (Blame::Upstream(_), Again::Never) => {
                ((Outcome::Neutral, Outcome::Neutral), None)
            }
            // A vendor refuses single models with 403 too: that says nothing about the account's other models.
            (Blame::Upstream(_), Again::OtherAccount) if status == Some(403) => {
                ((Outcome::Failure, Outcome::Neutral), Some(REFUSED_MS))
            }
            (Blame::Upstream(_), Again::OtherAccount) => {
                ((Outcome::Neutral, Outcome::Failure), None)
            }
            (Blame::Upstream(_), Again::Elsewhere { after_ms }) => {
                let endpoint = if fault.kind == Kind::RateLimitExceeded {
                    Outcome::Limited
                } else {
                    Outcome::Failure
                };
                ((endpoint, Outcome::Neutral), after_ms)
            }
        };
        self.judge(outcomes, rest_ms);
    }

    fn judge(&mut self, (endpoint, account): (Outcome, Outcome), rest_ms: Option<u64>) {
        let Some(seat) = &mut self.seat else { return };
        seat.is_judged = true;
        let now = clock::now_micros();
        let of_endpoint = Heard {
            outcome: endpoint,
            pass: seat.of_endpoint,
            rest_ms,
            took: now.saturating_sub(seat.began),
        };
        let of_account = Heard {
            outcome: account,
            pass: seat.of_account,
            rest_ms: None,
            ..of_endpoint
        };
        let verdict = Verdict {
            endpoint: of_endpoint,
            account: of_account,
        };
        self.app.health.judge(seat.endpoint, verdict, now);
        // A probe is heard once; what comes after is usual.
        (seat.of_endpoint, seat.of_account) = (Pass::Usual, Pass::Usual);
    }

    /// The call is over.
    fn leave(&mut self) {
        let Some(seat) = self.seat.take() else { return };
        let board = &self.app.health;
        let now = clock::now_micros();
        let unheard = |pass| !seat.is_judged && pass == Pass::Probe;
        if let Some((endpoint, account)) = board.vitals(seat.endpoint) {
            endpoint.end(unheard(seat.of_endpoint), now);
            account.end(unheard(seat.of_account), now);
        }
        if seat.is_retry {
            board.traffic.retried();
        }
    }
}

impl Drop for Passage {
    fn drop(&mut self) {
        self.leave();
        self.app.health.traffic.went();
    }
}
