//! Step 8: what it was, what it used, what it cost. The meter runs along with a request and ends its money whatever
//! happens: at the end, at an error, or when the caller hangs up (its drop). What is one attempt's is its [`Leg`]'s.

mod asked;
mod before;
mod rival;

use std::sync::Arc;

use canon::{
    Attempt, AttemptId, Cause, Event, Fault, Generation, Kind, Record, Response, RouterMetadata,
};
use dialects::{Continued, Receipt, Stamp, Weir, Whole};
use providers::Failure;

use self::{asked::asked, before::Before};
use super::{
    Admitted,
    continuation::Sequel,
    leg::{Bill, End, Leg},
    plan::Target,
    price, record,
};
use crate::{
    app::App,
    books::Posted,
    clock,
    health::{Passage, Seat},
};

/// Runs along with one request, from the first attempt on. It owns the request, for the record of it.
#[derive(Debug)]
pub(super) struct Meter {
    app: Arc<App>,
    admitted: Box<Admitted>,
    /// What is asked instead, to go on with an answer that broke off.
    sequel: Option<Box<Sequel>>,
    passage: Passage,
    /// The attempt under way, or the one that answers.
    leg: Leg,
    /// The one that is asked at the same time.
    rival: Option<Box<Leg>>,
    /// How many attempts were begun.
    made: u8,
    attempts: Vec<Attempt>,
    /// What the attempts before this one brought, where it goes on with them.
    before: Option<Box<Before>>,
    /// Who went on with an answer that broke off.
    continued: Vec<Continued>,
    is_answering: bool,
    /// The end of its money, not yet written down.
    posted: Option<Posted>,
}

impl Meter {
    pub(super) fn new(app: &Arc<App>, admitted: Box<Admitted>, first: Target) -> Self {
        let app = Arc::clone(app);
        let terms = app.terms.in_workspace(admitted.key.workspace.as_str());
        let passage = Passage::new(Arc::clone(&app), (terms, first.tokens));
        let leg = Leg::new(0, first, &admitted.request);
        Self {
            passage,
            app,
            admitted,
            sequel: None,
            leg,
            rival: None,
            made: 0,
            attempts: Vec::new(),
            before: None,
            continued: Vec::new(),
            is_answering: false,
            posted: None,
        }
    }

    /// Sets money aside for the next attempt, at this target.
    ///
    /// # Errors
    /// The key cannot pay for it, or the books cannot be written; nothing may be sent then.
    pub(super) async fn reserve(&mut self, target: Target, seat: Seat) -> Result<(), Fault> {
        self.leg = Leg::new(self.made, target, &self.admitted.request);
        self.leg.seat = Some(seat);
        self.leg.cause = self.before.is_some().then_some(Cause::Continuation);
        self.made += 1;
        let asked = asked(&self.admitted, self.sequel.as_deref());
        self.leg.reserve(&self.app, &self.admitted, asked).await
    }

    /// Writes the line about an attempt; they stand in the order in which they were begun.
    fn note(&mut self, attempt: Attempt) {
        let place = self
            .attempts
            .partition_point(|other| other.number < attempt.number);
        self.attempts.insert(place, attempt);
    }

    /// The attempt under way has failed before its first token: ends its money. The last one brings the record of the
    /// request.
    pub(super) fn failed(&mut self, failure: &Failure, was_last: bool) {
        let (status, sent) = (failure.status, failure.sent);
        let attempt = self.leg.tried(status, Some(failure.fault.kind));
        self.note(attempt);
        if !was_last || self.before.is_some() {
            self.leg.failed((status, sent), None);
            if was_last {
                self.gave_up(false);
            }
            return;
        }
        let (admitted, target) = (&self.admitted, &self.leg.target);
        let record = record::of_failure(admitted, target, &self.attempts, clock::now_micros());
        self.leg.failed((status, sent), written(&record));
    }

    /// No further attempt is made, for want of money or of a caller: brings the record of the request, where an attempt
    /// was made.
    pub(super) fn gave_up(&mut self, cancelled: bool) {
        let Some(last) = self.attempts.last() else {
            return;
        };
        let attempt = AttemptId {
            generation: self.admitted.generation.clone(),
            number: last.number,
        };
        let now = clock::now_micros();
        let before = self.before.take();
        let target = before.as_deref().map_or(&self.leg.target, |it| &it.first);
        let mut record = record::of_failure(&self.admitted, target, &self.attempts, now);
        record.cancelled = cancelled;
        if let Some(before) = before {
            before.add_to(&mut record, self.admitted.arrived_at, now);
        }
        self.app.books.record(&attempt, written(&record), now);
    }

    /// Its way past the board of health.
    pub(super) const fn passage(&mut self) -> &mut Passage {
        &mut self.passage
    }

    /// What everything shares.
    pub(super) fn app(&self) -> &App {
        &self.app
    }

    /// The request it runs for.
    pub(super) fn admitted(&self) -> &Admitted {
        &self.admitted
    }

    /// The attempt under way, or the one that answers.
    pub(super) const fn leg(&mut self) -> &mut Leg {
        &mut self.leg
    }

    /// Who is tried, or answers.
    pub(super) const fn target(&self) -> &Target {
        &self.leg.target
    }

    /// How many attempts were begun.
    pub(super) const fn made(&self) -> u8 {
        self.made
    }

    /// What was tried so far and is over.
    pub(super) fn attempts(&self) -> &[Attempt] {
        &self.attempts
    }

    /// How the request was routed, for the caller who asked to see it; whether somebody answers.
    pub(super) fn routed(&self, is_answered: bool) -> Option<Box<RouterMetadata>> {
        let selected = is_answered.then(|| self.leg.target.index());
        self.admitted.routed.shown(&self.attempts, selected)
    }

    /// The answer's limit where it was made shorter for want of money.
    pub(super) const fn clamped_to(&self) -> Option<u64> {
        self.leg.clamped_to
    }

    /// What is ours in the answer.
    pub(super) fn stamp(&self) -> Stamp {
        let endpoint = self.leg.target.endpoint();
        Stamp {
            generation: self.admitted.generation.as_str().to_owned(),
            created: self.admitted.arrived_at.div_euclid(1_000_000),
            model: endpoint
                .map(|endpoint| endpoint.model.to_string())
                .unwrap_or_default(),
            provider: self.leg.target.upstream.name().to_owned(),
            echo: self.admitted.echo.clone(),
        }
    }

    /// Looks at one step of the answer, before it goes out.
    pub(super) fn see(&mut self, event: &Event) {
        self.leg.seen.see(event);
    }

    /// Of what was seen, so many bytes did not go out: the caller had them already.
    pub(super) const fn withhold(&mut self, bytes: u64) {
        self.leg.seen.withheld += bytes;
    }

    /// Looks at a whole answer.
    pub(super) fn see_whole(&mut self, response: &Response) {
        self.leg.seen.see_whole(response);
    }

    /// Looks at a whole answer that is passed on.
    pub(super) fn see_short(&mut self, whole: &Whole) {
        self.leg.seen.see_short(whole);
    }

    /// The attempt under way has answered.
    pub(super) fn answered(&mut self, rest_ms: Option<u64>, streamed: bool) {
        let attempt = self.leg.tried(Some(200), None);
        if let (Some(_), Some(sequel)) = (&self.before, &self.sequel) {
            self.continued.push(Continued {
                provider: attempt.provider.clone(),
                model: attempt.model.clone(),
                at: sequel.told,
            });
        }
        self.note(attempt);
        self.is_answering = true;
        if let Some(seat) = &mut self.leg.seat {
            seat.answered(rest_ms, streamed);
        }
    }

    /// The end of its money: to be awaited before the caller sees the end. Dropped with the meter, it is written at once.
    pub(super) const fn take_posted(&mut self) -> Option<Posted> {
        self.posted.take()
    }

    /// The answer came to its end: settles it.
    pub(super) fn complete(&mut self) -> Receipt {
        self.end(End::Complete)
    }

    /// The vendor broke off: what was delivered is charged.
    pub(super) fn broken_off(&mut self, kind: Kind) {
        self.broke(kind);
        self.end(End::BrokenOff);
    }

    /// The vendor broke off, and somebody else shall go on: what was delivered is charged, and the record waits.
    pub(super) fn pause(&mut self, kind: Kind) {
        self.broke(kind);
        let now = clock::now_micros();
        if let Some(bill) = self.bill(End::BrokenOff) {
            match &mut self.before {
                Some(before) => before.add(&bill, &self.leg),
                None => self.before = Some(Box::new(Before::of(&bill, &self.leg))),
            }
            drop(bill.settle(None, now));
        }
        self.leg.seat = None;
        self.is_answering = false;
    }

    /// The caller left, and the rest of the answer was read for its counts.
    pub(super) fn drained(&mut self) {
        self.end(End::Drained);
    }

    /// The vendor broke off: it counts against the endpoint.
    pub(super) fn broke(&mut self, kind: Kind) {
        if let Some(seat) = &mut self.leg.seat {
            seat.broke();
        }
        let number = self.leg.number;
        let mut own = self.attempts.iter_mut();
        if let Some(own) = own.find(|attempt| attempt.number == number) {
            own.error = Some(kind.name().to_owned());
        }
    }

    fn bill(&mut self, end: End) -> Option<Bill> {
        let is_paid = self.before.as_ref().is_some_and(|it| it.is_prompt_paid);
        let asked = asked(&self.admitted, self.sequel.as_deref());
        let bill = self.leg.bill(end, asked.request, is_paid)?;
        let is_whole = end == End::Complete && self.before.is_none();
        let whole = is_whole.then_some(&self.admitted.request);
        self.leg.tell(&bill, end == End::Complete, whole);
        let number = self.leg.number;
        let mut own = self.attempts.iter_mut();
        if let Some(own) = own.find(|attempt| attempt.number == number) {
            own.insured = bill.insured();
        }
        Some(bill)
    }

    fn end(&mut self, end: End) -> Receipt {
        self.is_answering = false;
        let Some(bill) = self.bill(end) else {
            return Receipt::default();
        };
        let now = clock::now_micros();
        if end == End::Complete && self.before.is_none() {
            self.remember(&bill, now);
        }
        let receipt = self.receipt(&bill, now);
        let generation = written(&self.record(&bill, &receipt, end, now));
        self.posted = Some(bill.settle(generation, now));
        self.before = None;
        receipt
    }

    /// The conversation stays with whoever answered it, where that pays. Not with who only went on with an answer.
    fn remember(&self, bill: &Bill, now: i64) {
        let target = &self.leg.target;
        if let (Some(kept), Ok(endpoint)) = (&target.kept, target.endpoint()) {
            let answer = (endpoint, &bill.usage);
            self.app.affinity.answered(kept, answer, now);
        }
    }

    /// What the caller pays for all of it, and for what.
    fn receipt(&self, bill: &Bill, now: i64) -> Receipt {
        let mut receipt = Receipt {
            usage: bill.usage.clone(),
            cost: bill.charged,
            upstream_cost: bill.cost.total,
            upstream_prompt_cost: bill.cost.prompt,
            upstream_completion_cost: bill.cost.completion,
            is_byok: false,
            completed_at: Some(now.div_euclid(1_000_000)),
            router: self.routed(true),
            weir: (!self.continued.is_empty()).then(|| {
                Box::new(Weir {
                    continued: self.continued.clone(),
                })
            }),
        };
        if let Some(before) = &self.before {
            receipt = before.and(receipt, self.leg.seen.delivered());
        }
        receipt
    }

    fn record(&self, bill: &Bill, receipt: &Receipt, end: End, now: i64) -> Generation {
        let (leg, before) = (&self.leg, self.before.as_deref());
        let seen = &leg.seen;
        let first = before.map_or(seen.first_token_at, |before| before.first_token_at);
        let arrived = self.admitted.arrived_at;
        let target = before.map_or(&leg.target, |before| &before.first);
        let mut record = record::of(&self.admitted, target, &self.attempts, now);
        record.provider = Some(target.upstream.name().to_owned());
        record.upstream_id.clone_from(&seen.upstream_id);
        record.cancelled = matches!(end, End::CallerLeft | End::Drained);
        record.finish_reason = seen.finish.map(|finish| finish.name().to_owned());
        record.native_finish_reason.clone_from(&seen.native_finish);
        record.first_token_ms = first.map(|first| record::millis(first, arrived));
        record.generation_ms = first.map(|first| record::millis(now, first));
        record.cache_discount = price::cache_discount(&leg.target, &bill.usage);
        record.usage = receipt.usage.clone();
        record.usage_estimated =
            bill.estimate.is_some() || before.is_some_and(|before| before.is_estimated);
        record.cost = receipt.cost;
        record.upstream_cost = receipt.upstream_cost;
        record.media_completion = seen.pictures + before.map_or(0, |before| before.pictures);
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
        self.drop_rival();
        if self.leg.is_trying() {
            let attempt = self.leg.tried(Some(CALLER_LEFT), None);
            self.note(attempt);
            self.end(End::CallerLeft);
        } else if self.is_answering {
            self.end(End::CallerLeft);
        } else {
            self.leg.void();
            // Between two attempts at one answer.
            if self.before.is_some() {
                self.gave_up(true);
            }
        }
    }
}

/// The status of a call whose caller left before it was answered.
const CALLER_LEFT: u16 = 499;
