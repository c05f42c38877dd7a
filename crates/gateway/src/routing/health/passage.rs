//! One request's way past the board: a seat at each endpoint that it asks, given back whatever happens.

use std::{sync::Arc, time::Duration};

use canon::{Again, Blame, Fault, Kind, NanoUsd, Usage};
use policy::health::{Heard, Outcome, Pass, Permit, RETRY_WAIT_MS, Tries};

use super::{Count, Sheet, Verdict};
use crate::{
    app::App,
    clock,
    telemetry::metrics::Scope,
    terms::{Places, View},
};

/// For how long an endpoint that refuses this account alone is left alone: somebody must act.
const REFUSED_MS: u64 = 60_000;

/// One request's way past the board.
#[derive(Debug)]
pub(crate) struct Passage {
    app: Arc<App>,
    tries: Tries,
    /// Under whose terms it asks, and for so many tokens.
    terms: (View, u64),
    came_at: i64,
}

/// How an answer ended, for the figures.
#[derive(Debug)]
pub(crate) struct Ended<'a> {
    pub(crate) usage: &'a Usage,
    pub(crate) charged: NanoUsd,
    /// Whether what it called and promised has its form; only of whole answers.
    pub(crate) form: Option<Form>,
    /// Whether the vendor counted its tokens, so that its speed is known.
    pub(crate) is_counted: bool,
}

/// Whether an answer has the form it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    /// Its tool calls, where it made any.
    pub(crate) tools: Option<bool>,
    /// Its text, where that was to be JSON.
    pub(crate) structured: Option<bool>,
}

/// A call under way: a place at its endpoint and its account. Dropping it gives them back.
#[derive(Debug)]
pub(crate) struct Seat {
    app: Arc<App>,
    endpoint: usize,
    of_endpoint: Pass,
    of_account: Pass,
    is_retry: bool,
    /// Its places under the operator's caps.
    places: Places,
    began: i64,
    /// Something was heard of it.
    is_judged: bool,
    /// It was answered, and did not break off.
    is_answered: bool,
}

/// Whether the next endpoint of a plan may be asked.
#[derive(Debug)]
pub(crate) enum Entry {
    /// It may.
    Go(Seat),
    /// Another one may.
    Skip,
    /// None may any more.
    Stop,
}

impl Passage {
    /// A request comes in.
    #[must_use]
    pub(crate) fn new(app: Arc<App>, terms: (View, u64)) -> Self {
        app.health.traffic.came();
        app.health.extra.came();
        let tries = Tries::new(app.config.upstream.attempts_max);
        Self {
            app,
            tries,
            terms,
            came_at: clock::now_micros(),
        }
    }

    /// Whether this endpoint may be asked; one that rests is the last resort. May wait up to a second for a place
    /// among the retries.
    pub(crate) async fn enter(&mut self, endpoint: usize, rests: bool) -> Entry {
        loop {
            if let Some(entry) = self.try_enter(endpoint, rests) {
                return entry;
            }
            tokio::time::sleep(Duration::from_millis(RETRY_WAIT_MS)).await;
        }
    }

    /// The same without a wait: `None` where there is no place among the retries at the moment.
    pub(crate) fn try_enter(&mut self, endpoint: usize, rests: bool) -> Option<Entry> {
        let now = clock::now_micros();
        let (terms, tokens) = &self.terms;
        // First, for what the board permits is begun.
        let Ok(places) = terms.take(endpoint, *tokens, now) else {
            return Some(Entry::Skip);
        };
        let permit = self
            .app
            .health
            .permit(&mut self.tries, (endpoint, rests), now);
        match permit {
            Permit::Skip => Some(Entry::Skip),
            Permit::Stop => Some(Entry::Stop),
            Permit::Wait => None,
            Permit::Go {
                endpoint: of_endpoint,
                account: of_account,
                is_retry,
            } => Some(Entry::Go(Seat {
                app: Arc::clone(&self.app),
                endpoint,
                of_endpoint,
                of_account,
                is_retry,
                places: places.asked(),
                began: now,
                is_judged: false,
                is_answered: false,
            })),
        }
    }
}

impl Seat {
    /// The call was answered: its first token is here, or all of it. The vendor may have asked for a rest beforehand.
    pub(crate) fn answered(&mut self, rest_ms: Option<u64>, streamed: bool) {
        self.judge((Outcome::Success, Outcome::Success), rest_ms);
        if let Some(sheet) = self.sheet()
            && streamed
        {
            let now = clock::now_micros();
            sheet.measures.first_token(now - self.began, now);
        }
        self.is_answered = true;
    }

    /// The answer is over, however it ended.
    pub(crate) fn ended(&mut self, ended: &Ended<'_>) {
        let now = clock::now_micros();
        let Usage {
            prompt_tokens,
            completion_tokens,
            ..
        } = ended.usage;
        self.places
            .used(prompt_tokens.saturating_add(*completion_tokens));
        let Some(sheet) = self.sheet() else { return };
        sheet.totals.used(ended.usage, ended.charged);
        if !self.is_answered {
            return;
        }
        sheet.measures.called(true, now);
        sheet.totals.called(Count::Answered);
        let tokens = ended.usage.completion_tokens;
        if ended.is_counted && tokens > 0 {
            sheet.measures.answered(tokens, now - self.began, now);
        }
        if let Some(good) = ended.form.and_then(|form| form.tools) {
            sheet.measures.called_tools(good, now);
        }
        if let Some(good) = ended.form.and_then(|form| form.structured) {
            sheet.measures.structured(good, now);
        }
    }

    /// The sheet of its endpoint.
    fn sheet(&self) -> Option<&Sheet> {
        self.app.health.open_sheet(self.endpoint)
    }

    /// Counts a call that was not answered, or not to its end.
    fn count(&self, outcomes: (Outcome, Outcome)) {
        let Some(sheet) = self.sheet() else { return };
        let count = match outcomes {
            (Outcome::Failure, _) | (_, Outcome::Failure) => Count::Failed,
            (Outcome::Limited, _) | (_, Outcome::Limited) => Count::Limited,
            (Outcome::Success | Outcome::Neutral, Outcome::Success | Outcome::Neutral) => {
                Count::Refused
            }
        };
        sheet.totals.called(count);
        if count == Count::Failed {
            sheet.measures.called(false, clock::now_micros());
        }
    }

    /// The answer broke off after its first token.
    pub(crate) fn broke(&mut self) {
        let outcomes = (Outcome::Failure, Outcome::Neutral);
        self.judge(outcomes, None);
        self.count(outcomes);
        self.app
            .metrics
            .failed(Scope::Call, Kind::ProviderUnavailable);
        self.is_answered = false;
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
        // Of an endpoint that was not asked nothing is known: a probe that could not be written is none.
        let was_asked = status.is_some() || matches!(fault.blame, Blame::Upstream(_));
        if was_asked {
            self.judge(outcomes, rest_ms);
        }
        self.count(outcomes);
        self.app.metrics.failed(Scope::Call, fault.kind);
    }

    fn judge(&mut self, (endpoint, account): (Outcome, Outcome), rest_ms: Option<u64>) {
        self.is_judged = true;
        let now = clock::now_micros();
        let of_endpoint = Heard {
            outcome: endpoint,
            pass: self.of_endpoint,
            rest_ms,
            took: now.saturating_sub(self.began),
        };
        let of_account = Heard {
            outcome: account,
            pass: self.of_account,
            rest_ms: None,
            ..of_endpoint
        };
        let verdict = Verdict {
            endpoint: of_endpoint,
            account: of_account,
        };
        self.app.health.judge(self.endpoint, verdict, now);
        // A probe is heard once; what comes after is usual.
        (self.of_endpoint, self.of_account) = (Pass::Usual, Pass::Usual);
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let board = &self.app.health;
        let now = clock::now_micros();
        let unheard = |pass| !self.is_judged && pass == Pass::Probe;
        if let Some((endpoint, account)) = board.vitals(self.endpoint) {
            endpoint.end(unheard(self.of_endpoint), now);
            account.end(unheard(self.of_account), now);
        }
        if self.is_retry {
            board.traffic.retried();
        }
    }
}

impl Drop for Passage {
    fn drop(&mut self) {
        self.app.health.traffic.went();
        let took = clock::now_micros().saturating_sub(self.came_at);
        self.app.metrics.took(took);
    }
}
