//! Step 8: what it was, what it used, what it cost. The meter runs along with the answer and ends its money whatever
//! happens: at the end, at an error, or when the caller hangs up (its drop).

use std::sync::Arc;

use canon::{
    Attempt, AttemptId, Event, Fault, FinishReason, Generation, Kind, NanoUsd, Record, Request,
    Response, Usage,
};
use dialects::{Receipt, Stamp};
use policy::ledger::ReasonForEstimate;
use providers::Sent;

use super::{
    Admitted,
    hold::{Most, hold},
    plan::Target,
    price, record,
    seen::Seen,
};
use crate::{
    app::App,
    books::{Hold, Settlement},
    clock,
    health::{Ended, Passage},
};

/// Runs along with one request, from the first attempt on. It owns the request, for the record of it.
#[derive(Debug)]
pub(super) struct Meter {
    app: Arc<App>,
    admitted: Box<Admitted>,
    target: Target,
    hold: Option<Hold>,
    attempts: Vec<Attempt>,
    /// When the attempt that is under way began; none is once it has answered or failed.
    trying_since: Option<i64>,
    clamped_to: Option<u64>,
    most: Most,
    seen: Seen,
    /// Its place at the endpoint.
    passage: Passage,
}

/// How an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Complete,
    BrokenOff,
    CallerLeft,
}

impl Meter {
    pub(super) fn new(app: &Arc<App>, admitted: Box<Admitted>, first: Target) -> Self {
        let app = Arc::clone(app);
        let seen = Seen::of(&admitted.request);
        Self {
            passage: Passage::new(Arc::clone(&app)),
            app,
            admitted,
            target: first,
            hold: None,
            attempts: Vec::new(),
            trying_since: None,
            clamped_to: None,
            most: Most::default(),
            seen,
        }
    }

    /// Sets money aside for the next attempt, at this target.
    ///
    /// # Errors
    /// The key cannot pay for it, or the books cannot be written; nothing may be sent then.
    pub(super) async fn reserve(&mut self, target: Target) -> Result<(), Fault> {
        self.target = target;
        let number = u8::try_from(self.attempts.len()).unwrap_or(u8::MAX);
        let held = hold(&self.app, &self.admitted, &self.target, number)?;
        self.clamped_to = held.clamped_to;
        self.most = held.most;
        let durable = self.hold.insert(held.hold).durable().await;
        if durable.is_err() {
            self.void();
        }
        durable
    }

    /// An attempt begins: from here on it can have cost something.
    pub(super) fn try_now(&mut self) {
        self.trying_since = Some(clock::now_micros());
    }

    /// The attempt under way has answered or failed: writes it down for the record.
    pub(super) fn tried(&mut self, status: Option<u16>, error: Option<Kind>) {
        let now = clock::now_micros();
        let started = self.trying_since.take().unwrap_or(now);
        let model = self.target.endpoint();
        let model = model.map(|endpoint| endpoint.model.to_string());
        self.attempts.push(Attempt {
            number: u8::try_from(self.attempts.len()).unwrap_or(u8::MAX),
            provider: self.target.upstream.name().to_owned(),
            model: model.unwrap_or_default(),
            status,
            error: error.map(|kind| kind.name().to_owned()),
            latency_ms: record::millis(now, started),
        });
    }

    /// Ends the money of an attempt that failed before its first token: the caller pays nothing for it. Nobody bills
    /// for an error status; where the vendor may have worked, what was set aside waits in suspense for its bill.
    /// The last one brings the record of the request.
    pub(super) fn failed(&mut self, sent: Sent, was_last: bool) {
        let now = clock::now_micros();
        let Some(hold) = self.hold.take() else { return };
        let generation = was_last.then(|| {
            let (admitted, target) = (&self.admitted, &self.target);
            written(&record::of_failure(admitted, target, &self.attempts, now))
        });
        let generation = generation.flatten();
        match sent {
            Sent::Nothing if generation.is_none() => hold.void(now),
            Sent::Maybe if !self.was_refused() => {
                let reason = ReasonForEstimate::NoUsage;
                hold.provisional(NanoUsd::ZERO, reason, generation, now);
            }
            Sent::Nothing | Sent::Maybe => hold.settle(
                Settlement {
                    generation,
                    ..Settlement::default()
                },
                now,
            ),
        }
    }

    /// No further attempt can be paid for: brings the record of the request, where an attempt was made.
    pub(super) fn gave_up(&self) {
        let Some(last) = self.attempts.last() else {
            return;
        };
        let attempt = AttemptId {
            generation: self.admitted.generation.clone(),
            number: last.number,
        };
        let now = clock::now_micros();
        let record = record::of_failure(&self.admitted, &self.target, &self.attempts, now);
        self.app.books.record(&attempt, written(&record), now);
    }

    /// Whether the last attempt was answered with an error status.
    fn was_refused(&self) -> bool {
        let last = self.attempts.last();
        last.and_then(|attempt| attempt.status)
            .is_some_and(|status| status >= 400)
    }

    fn void(&mut self) {
        if let Some(hold) = self.hold.take() {
            hold.void(clock::now_micros());
        }
    }

    /// Its way past the board of health.
    pub(super) const fn passage(&mut self) -> &mut Passage {
        &mut self.passage
    }

    /// The request it runs for.
    pub(super) fn admitted(&self) -> &Admitted {
        &self.admitted
    }

    /// The same, to be fitted to a target.
    pub(super) const fn request_mut(&mut self) -> &mut Request {
        &mut self.admitted.request
    }

    /// Who is tried, or answers.
    pub(super) const fn target(&self) -> &Target {
        &self.target
    }

    /// What was tried so far.
    pub(super) fn attempts(&self) -> &[Attempt] {
        &self.attempts
    }

    /// The answer's limit where it was made shorter for want of money.
    pub(super) const fn clamped_to(&self) -> Option<u64> {
        self.clamped_to
    }

    /// What is ours in the answer.
    pub(super) fn stamp(&self) -> Stamp {
        Stamp {
            generation: self.admitted.generation.as_str().to_owned(),
            created: self.admitted.arrived_at.div_euclid(1_000_000),
            model: self
                .target
                .endpoint()
                .map(|endpoint| endpoint.model.to_string())
                .unwrap_or_default(),
            provider: self.target.upstream.name().to_owned(),
            echo: self.admitted.echo.clone(),
        }
    }

    /// Looks at one step of the answer, before it goes out.
    pub(super) fn see(&mut self, event: &Event) {
        self.seen.see(event);
    }

    /// Looks at a whole answer.
    pub(super) fn see_whole(&mut self, response: &Response) {
        self.seen.see_whole(response);
    }

    /// The attempt under way has answered.
    pub(super) fn answered(&mut self) {
        self.tried(Some(200), None);
        self.seen.is_answering = true;
    }

    /// The answer came to its end: settles it, written down before the caller sees the end.
    pub(super) fn complete(&mut self) -> Receipt {
        self.end(End::Complete)
    }

    /// The vendor broke off: what was delivered is charged.
    pub(super) fn broken_off(&mut self) {
        self.passage.broke();
        self.end(End::BrokenOff);
    }

    fn end(&mut self, end: End) -> Receipt {
        let Some(hold) = self.hold.take() else {
            return Receipt::default();
        };
        let now = clock::now_micros();
        let stated = self.seen.usage.take().filter(|_| end == End::Complete);
        let estimated = || price::counted(&self.admitted, self.seen.bytes);
        let (usage, estimate) = match stated {
            Some(usage) if price::is_possible(&usage, self.most, self.seen.bytes) => (usage, None),
            Some(_) => (estimated(), Some(ReasonForEstimate::AbsurdUsage)),
            None if end == End::CallerLeft => (estimated(), Some(ReasonForEstimate::ClientLeft)),
            None => (estimated(), Some(ReasonForEstimate::NoUsage)),
        };
        let mut cost = price::cost(&self.target, &usage);
        if estimate.is_some() {
            // We count on the safe side, but it cannot have cost more than the worst.
            cost = price::at_most(cost, hold.amount());
        }
        let nothing_came =
            self.seen.bytes == 0 && self.seen.pictures == 0 && usage.completion_tokens == 0;
        let blank = self
            .seen
            .finish
            .is_none_or(|finish| finish == FinishReason::Error);
        // Zero-completion insurance; who hangs up is not insured.
        let insured = end != End::CallerLeft && nothing_came && blank;
        let charged = if insured { NanoUsd::ZERO } else { cost.total };
        let receipt = Receipt {
            usage: usage.clone(),
            cost: charged,
            upstream_cost: cost.total,
            upstream_prompt_cost: cost.prompt,
            upstream_completion_cost: cost.completion,
            is_byok: false,
            completed_at: Some(now.div_euclid(1_000_000)),
            router: None,
        };
        let form = self.seen.form(&self.admitted.request);
        self.passage.ended(&Ended {
            usage: &receipt.usage,
            charged,
            form: form.filter(|_| end == End::Complete),
            is_counted: end == End::Complete && estimate.is_none(),
        });
        let generation =
            written(&self.record(usage, charged, cost.total, (end, estimate.is_some()), now));
        match estimate {
            None => hold.settle(
                Settlement {
                    charged,
                    upstream_cost: cost.total,
                    generation,
                },
                now,
            ),
            Some(reason) => hold.provisional(charged, reason, generation, now),
        }
        receipt
    }

    fn record(
        &self,
        usage: Usage,
        charged: NanoUsd,
        upstream_cost: NanoUsd,
        (end, usage_estimated): (End, bool),
        now: i64,
    ) -> Generation {
        let first = self.seen.first_token_at;
        let arrived = self.admitted.arrived_at;
        let mut record = record::of(&self.admitted, &self.target, &self.attempts, now);
        record.provider = Some(self.target.upstream.name().to_owned());
        record.upstream_id.clone_from(&self.seen.upstream_id);
        record.cancelled = end == End::CallerLeft;
        record.finish_reason = self.seen.finish.map(|finish| finish.name().to_owned());
        record
            .native_finish_reason
            .clone_from(&self.seen.native_finish);
        record.first_token_ms = first.map(|first| record::millis(first, arrived));
        record.generation_ms = first.map(|first| record::millis(now, first));
        record.cache_discount = price::cache_discount(&self.target, &usage);
        record.usage = usage;
        record.usage_estimated = usage_estimated;
        record.cost = charged;
        record.upstream_cost = upstream_cost;
        record.media_completion = self.seen.pictures;
        record.error = (end == End::BrokenOff).then(|| "provider_unavailable".to_owned());
        record
    }
}

/// The record in its stored form, written here so that nobody waits for it at the books.
fn written(generation: &Generation) -> Option<Box<Record>> {
    let record = Record::of(generation).map(Box::new);
    debug_assert!(record.is_some(), "every record has a JSON form");
    record
}

impl Drop for Meter {
    /// The caller hung up, or the process is stopping: what was delivered is charged, at least the prompt; nothing
    /// where nothing was sent yet.
    fn drop(&mut self) {
        if self.trying_since.is_some() {
            self.tried(None, None);
            self.end(End::CallerLeft);
        } else if self.seen.is_answering {
            self.end(End::CallerLeft);
        } else {
            self.void();
        }
    }
}
