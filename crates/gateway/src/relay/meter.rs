//! Step 6: what it was, what it used, what it cost. The meter runs along with the answer and ends its money whatever
//! happens: at the end, at an error, or when the caller hangs up (its drop).

use std::sync::Arc;

use canon::{Attempt, Event, FinishReason, Generation, NanoUsd, Part, Response, Usage};
use dialects::{Receipt, Stamp};
use policy::{
    catalog::Unit,
    ledger::ReasonForEstimate,
    pricing::{self, Cost},
};

use super::{Admitted, hold::Held, plan::Target, record};
use crate::{
    app::App,
    books::{Hold, Settlement},
    clock,
};

/// Runs along with one answer.
#[derive(Debug)]
pub(super) struct Meter {
    app: Arc<App>,
    admitted: Admitted,
    target: Target,
    hold: Option<Hold>,
    attempts: Vec<Attempt>,
    clamped_to: Option<u64>,
    seen: Seen,
}

/// What was seen of the answer.
#[derive(Debug, Default)]
struct Seen {
    usage: Option<Usage>,
    bytes: u64,
    pictures: u64,
    finish: Option<FinishReason>,
    native_finish: Option<String>,
    upstream_id: Option<String>,
    first_token_at: Option<i64>,
}

/// How an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Complete,
    BrokenOff,
    CallerLeft,
}

/// Bytes of text that count as one token where the vendor counted none: an estimate on the safe side
/// (spec/money.md §3.3: bytes/2).
const BYTES_A_TOKEN_LEAST: u64 = 2;

impl Meter {
    pub(super) fn new(
        app: &Arc<App>,
        admitted: Admitted,
        target: Target,
        held: Held,
        attempts: Vec<Attempt>,
    ) -> Self {
        let Held { hold, clamped_to } = held;
        let app = Arc::clone(app);
        Self {
            app,
            admitted,
            target,
            hold: Some(hold),
            attempts,
            clamped_to,
            seen: Seen::default(),
        }
    }

    /// The request it runs for.
    pub(super) const fn admitted(&self) -> &Admitted {
        &self.admitted
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
        }
    }

    /// Looks at one step of the answer, before it goes out.
    pub(super) fn see(&mut self, event: &Event) {
        let length = |text: &str| u64::try_from(text.len()).unwrap_or(u64::MAX);
        let mut bytes = 0;
        match event {
            Event::Start { id, usage, .. } => {
                self.seen.upstream_id.clone_from(id);
                self.seen.usage = usage.as_deref().cloned();
                return;
            }
            Event::Usage(usage) => {
                self.seen.usage = Some(Usage::clone(usage));
                return;
            }
            Event::Finish { reason, native, .. } => {
                self.seen.finish = Some(*reason);
                self.seen.native_finish.clone_from(native);
                return;
            }
            Event::Text { text, .. } | Event::Refusal { text, .. } => bytes = length(text),
            Event::Reasoning(delta) => bytes = record::reasoning_bytes(&delta.body),
            Event::ToolCall { name, .. } => bytes = length(name),
            Event::ToolArguments { fragment, .. } => bytes = length(fragment),
            Event::Media { .. } => self.seen.pictures += 1,
            Event::Citation { .. }
            | Event::Logprobs { .. }
            | Event::Other { .. }
            | Event::Fault(_) => {}
        }
        self.seen.bytes = self.seen.bytes.saturating_add(bytes);
        if self.seen.first_token_at.is_none() {
            self.seen.first_token_at = Some(clock::now_micros());
        }
    }

    /// Looks at a whole answer.
    pub(super) fn see_whole(&mut self, response: &Response) {
        self.seen.upstream_id.clone_from(&response.id);
        self.seen.usage.clone_from(&response.usage);
        self.seen.first_token_at = Some(clock::now_micros());
        for choice in &response.choices {
            self.seen.finish = self.seen.finish.or(choice.finish);
            if self.seen.native_finish.is_none() {
                self.seen.native_finish.clone_from(&choice.native_finish);
            }
            for part in &choice.parts {
                let length = |text: &str| u64::try_from(text.len()).unwrap_or(u64::MAX);
                self.seen.bytes += match part {
                    Part::Text(text) => length(&text.text),
                    Part::Refusal(text) => length(text),
                    Part::Reasoning(part) => record::reasoning_bytes(&part.body),
                    Part::ToolCall(call) => length(&call.arguments),
                    Part::Media { .. } | Part::ToolResult(_) | Part::Other { .. } => 0,
                };
                self.seen.pictures += u64::from(matches!(part, Part::Media { .. }));
            }
        }
    }

    /// The answer came to its end: settles it, durably, before the caller sees the end.
    pub(super) fn complete(&mut self) -> Receipt {
        self.end(End::Complete)
    }

    /// The vendor broke off: what was delivered is charged.
    pub(super) fn broken_off(&mut self) {
        let endpoint = self.target.index();
        self.app.health.failed(endpoint, clock::now_micros(), None);
        self.end(End::BrokenOff);
    }

    fn end(&mut self, end: End) -> Receipt {
        let Some(hold) = self.hold.take() else {
            return Receipt::default();
        };
        let now = clock::now_micros();
        let stated = self.seen.usage.take().filter(|_| end == End::Complete);
        let absurd = stated.as_ref().is_some_and(|usage| !usage.is_plausible());
        let (usage, estimate) = match stated {
            Some(usage) if !absurd => (usage, None),
            Some(_) => (self.estimate(), Some(ReasonForEstimate::AbsurdUsage)),
            None if end == End::CallerLeft => {
                (self.estimate(), Some(ReasonForEstimate::ClientLeft))
            }
            None => (self.estimate(), Some(ReasonForEstimate::NoUsage)),
        };
        let cost = self.cost(&usage);
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
        };
        let generation =
            Box::new(self.record(usage, charged, cost.total, (end, estimate.is_some()), now));
        match estimate {
            None => hold.settle(
                Settlement {
                    charged,
                    upstream_cost: cost.total,
                    generation: Some(generation),
                },
                now,
            ),
            Some(reason) => hold.provisional(charged, reason, Some(generation), now),
        }
        receipt
    }

    fn cost(&self, usage: &Usage) -> Cost {
        let endpoint = self.target.endpoint().ok();
        let sheet = endpoint.and_then(|endpoint| endpoint.prices.as_ref());
        sheet.map_or_else(Cost::default, |sheet| pricing::cost(sheet, usage))
    }

    /// Tokens by our own count, where the vendor's is missing or impossible.
    fn estimate(&self) -> Usage {
        let prompt = record::prompt_bytes(&self.admitted).div_ceil(BYTES_A_TOKEN_LEAST);
        let completion = self.seen.bytes.div_ceil(BYTES_A_TOKEN_LEAST);
        Usage {
            prompt_tokens: prompt,
            completion_tokens: completion,
            ..Usage::default()
        }
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
        record.cache_discount = self.cache_discount(&usage);
        record.usage = usage;
        record.usage_estimated = usage_estimated;
        record.cost = charged;
        record.upstream_cost = upstream_cost;
        record.media_completion = self.seen.pictures;
        record.error = (end == End::BrokenOff).then(|| "provider_unavailable".to_owned());
        record
    }

    /// What reading from the prompt cache saved, less what writing it cost more than plain tokens.
    fn cache_discount(&self, usage: &Usage) -> NanoUsd {
        let endpoint = self.target.endpoint().ok();
        let Some(sheet) = endpoint.and_then(|endpoint| endpoint.prices.as_ref()) else {
            return NanoUsd::ZERO;
        };
        let at = |unit| sheet.price_at(unit, usage.prompt_tokens);
        let Some(plain) = at(Unit::Prompt) else {
            return NanoUsd::ZERO;
        };
        let saved = [
            (Unit::CacheRead, usage.cached_tokens),
            (Unit::CacheWrite, usage.cache_write_tokens),
            (Unit::CacheWrite1h, usage.cache_write_1h_tokens),
        ]
        .into_iter()
        .map(|(unit, tokens)| plain.times(tokens) - at(unit).unwrap_or(plain).times(tokens));
        NanoUsd::from_pico_ceil(saved.sum())
    }
}

impl Drop for Meter {
    /// The caller hung up, or the process is stopping: what was delivered is charged.
    fn drop(&mut self) {
        if self.hold.is_some() {
            self.end(End::CallerLeft);
        }
    }
}
