//! One attempt: the call of one endpoint, the money set aside for it, its place there, and what was seen of its answer.
//!
//! A request may have several that cost something: one that broke off and one that went on with it, or two that were
//! asked at once. Each is reserved and settled for itself; what they have in common is the [`Meter`](super::meter).

use std::sync::Arc;

use canon::{Attempt, Cause, Fault, FinishReason, Kind, NanoUsd, Record, Request, Usage};
use policy::{ledger::ReasonForEstimate, pricing::Cost};
use providers::Sent;

use super::{
    Admitted,
    hold::{Asked, Most, hold},
    plan::Target,
    price, record,
    seen::Seen,
};
use crate::{
    app::App,
    books::{Hold, Posted, Settlement},
    clock,
    health::{Ended, Seat},
};

/// One attempt.
#[derive(Debug)]
pub(super) struct Leg {
    /// Its number within the request, from 0.
    pub(super) number: u8,
    /// Why it is made, where it is not simply the next in turn.
    pub(super) cause: Option<Cause>,
    pub(super) target: Target,
    pub(super) clamped_to: Option<u64>,
    pub(super) seen: Seen,
    /// Its place at the endpoint.
    pub(super) seat: Option<Seat>,
    hold: Option<Hold>,
    most: Most,
    /// The operator bears what it costs.
    on_the_house: bool,
    /// When the call began; none is under way once it has answered or failed.
    since: Option<i64>,
}

/// How an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// By itself.
    Complete,
    /// The vendor broke off.
    BrokenOff,
    /// The caller left.
    CallerLeft,
    /// The caller left, and what the vendor had still to say was read all the same.
    Drained,
}

/// What an attempt used, cost, and costs its caller.
#[derive(Debug)]
pub(super) struct Bill {
    hold: Hold,
    pub(super) usage: Usage,
    pub(super) cost: Cost,
    pub(super) charged: NanoUsd,
    pub(super) estimate: Option<ReasonForEstimate>,
    /// Nothing came, so that the caller pays nothing, not even the prompt.
    pub(super) is_insured: bool,
}

impl Leg {
    /// At this target; nothing is set aside yet.
    pub(super) fn new(number: u8, target: Target, request: &Request) -> Self {
        Self {
            number,
            cause: None,
            target,
            clamped_to: None,
            seen: Seen::of(request),
            seat: None,
            hold: None,
            most: Most::default(),
            on_the_house: false,
            since: None,
        }
    }

    /// Sets its money aside.
    ///
    /// # Errors
    /// The key cannot pay for it, or the books cannot be written; nothing may be sent then.
    pub(super) async fn reserve(
        &mut self,
        app: &Arc<App>,
        admitted: &Admitted,
        asked: Asked<'_>,
    ) -> Result<(), Fault> {
        let held = hold(app, admitted, asked, (&self.target, self.number))?;
        self.clamped_to = held.clamped_to;
        self.most = held.most;
        self.on_the_house = admitted.on_the_house;
        let durable = self.hold.insert(held.hold).durable().await;
        if durable.is_err() {
            self.void();
        }
        durable
    }

    /// The call begins: from here on it can have cost something.
    pub(super) fn try_now(&mut self) {
        self.since = Some(clock::now_micros());
    }

    /// Whether a call is under way that has not answered yet.
    pub(super) const fn is_trying(&self) -> bool {
        self.since.is_some()
    }

    /// The call has answered or failed: the line about it for the record.
    pub(super) fn tried(&mut self, status: Option<u16>, error: Option<Kind>) -> Attempt {
        let now = clock::now_micros();
        let started = self.since.take().unwrap_or(now);
        let endpoint = self.target.endpoint().ok();
        let model = endpoint.map(|endpoint| endpoint.model.to_string());
        Attempt {
            number: self.number,
            provider: self.target.upstream.name().to_owned(),
            model: model.unwrap_or_default(),
            endpoint: endpoint.map(|endpoint| endpoint.tag.to_string()),
            status,
            error: error.map(|kind| kind.name().to_owned()),
            latency_ms: record::millis(now, started),
            cause: self.cause,
            insured: NanoUsd::ZERO,
        }
    }

    /// Ends the money of a call that failed before its first token: the caller pays nothing for it. Nobody bills for
    /// an error status; where the vendor may have worked, what was set aside waits in suspense for its bill.
    pub(super) fn failed(
        &mut self,
        (status, sent): (Option<u16>, Sent),
        record: Option<Box<Record>>,
    ) {
        let now = clock::now_micros();
        self.seat = None;
        let Some(hold) = self.hold.take() else { return };
        let was_refused = status.is_some_and(|status| status >= 400);
        match sent {
            Sent::Nothing if record.is_none() => hold.void(now),
            Sent::Maybe if !was_refused => {
                hold.provisional(NanoUsd::ZERO, ReasonForEstimate::NoUsage, record, now);
            }
            Sent::Nothing | Sent::Maybe => hold.settle(
                Settlement {
                    generation: record,
                    ..Settlement::default()
                },
                now,
            ),
        }
    }

    /// Another endpoint was faster, or is asked no more: the caller pays nothing for this one, and what it may cost is
    /// the operator's. Gives what that is thought to be.
    pub(super) fn lost(&mut self, request: &Request) -> NanoUsd {
        self.seat = None;
        let Some(hold) = self.hold.take() else {
            return NanoUsd::ZERO;
        };
        let usage = price::counted(request, self.seen.bytes);
        let cost = price::at_most(price::cost(&self.target, &usage), hold.amount());
        let now = clock::now_micros();
        hold.provisional(NanoUsd::ZERO, ReasonForEstimate::Hedge, None, now);
        cost.total
    }

    /// Nothing was sent.
    pub(super) fn void(&mut self) {
        self.seat = None;
        if let Some(hold) = self.hold.take() {
            hold.void(clock::now_micros());
        }
    }

    /// What it used and cost, once it is over; none where that was asked before. `goes_on` says that the prompt was
    /// paid for with an earlier attempt, which this one goes on with.
    pub(super) fn bill(&mut self, end: End, request: &Request, goes_on: bool) -> Option<Bill> {
        let hold = self.hold.take()?;
        let seen = &mut self.seen;
        let stated = seen
            .usage
            .take()
            .filter(|_| matches!(end, End::Complete | End::Drained));
        let estimated = || price::counted(request, seen.bytes);
        let (usage, estimate) = match stated {
            Some(usage) if price::is_possible(&usage, self.most, seen.bytes) => (usage, None),
            Some(_) => (estimated(), Some(ReasonForEstimate::AbsurdUsage)),
            None if matches!(end, End::CallerLeft | End::Drained) => {
                (estimated(), Some(ReasonForEstimate::ClientLeft))
            }
            None => (estimated(), Some(ReasonForEstimate::NoUsage)),
        };
        let mut cost = price::cost(&self.target, &usage);
        if estimate.is_some() {
            // We count on the safe side, but it cannot have cost more than the worst.
            cost = price::at_most(cost, hold.amount());
        }
        let nothing_came = seen.bytes == 0 && seen.pictures == 0 && usage.completion_tokens == 0;
        let blank = seen
            .finish
            .is_none_or(|finish| finish == FinishReason::Error);
        // Zero-completion insurance; who hangs up is not insured.
        let left = matches!(end, End::CallerLeft | End::Drained);
        let insured = !left && nothing_came && blank;
        let charged = match (insured || self.on_the_house, goes_on) {
            (true, _) => NanoUsd::ZERO,
            (false, false) => cost.total,
            (false, true) => price::share(cost.completion, seen.delivered()),
        };
        Some(Bill {
            hold,
            usage,
            cost,
            charged,
            estimate,
            is_insured: insured,
        })
    }

    /// Tells the figures of the endpoint how the answer ended; the request, where what it demands can be judged.
    pub(super) fn tell(&mut self, bill: &Bill, is_complete: bool, whole: Option<&Request>) {
        let form = whole.and_then(|request| self.seen.form(request));
        if let Some(seat) = &mut self.seat {
            seat.ended(&Ended {
                usage: &bill.usage,
                charged: bill.charged,
                form,
                is_counted: is_complete && bill.estimate.is_none(),
            });
        }
    }
}

impl Bill {
    /// Writes down what was paid; `generation` is the record of the request, where this attempt ended it.
    /// Written down when what it gives was awaited or dropped.
    pub(super) fn settle(self, generation: Option<Box<Record>>, now: i64) -> Posted {
        match self.estimate {
            None => self.hold.settling(
                Settlement {
                    charged: self.charged,
                    upstream_cost: self.cost.total,
                    generation,
                },
                now,
            ),
            Some(reason) => self.hold.estimating(self.charged, reason, generation, now),
        }
    }

    /// What of its cost the operator bears.
    pub(super) fn insured(&self) -> NanoUsd {
        self.cost.total.saturating_sub(self.charged)
    }
}
