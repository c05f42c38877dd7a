//! What attempts brought that broke off, and how the one that went on with them adds to it: the caller pays the prompt
//! once, and each token of the answer that it was given.

use canon::{Generation, NanoUsd, Usage};
use dialects::Receipt;

use crate::relay::{
    leg::{Bill, Leg},
    plan::Target,
    record,
};

/// What attempts brought that broke off.
#[derive(Debug)]
pub(super) struct Before {
    /// Who began the answer.
    pub(super) first: Target,
    pub(super) usage: Usage,
    /// Whether the prompt is paid: not where nothing came of it so far.
    pub(super) is_prompt_paid: bool,
    pub(super) charged: NanoUsd,
    pub(super) upstream_cost: NanoUsd,
    pub(super) prompt_cost: NanoUsd,
    pub(super) completion_cost: NanoUsd,
    pub(super) first_token_at: Option<i64>,
    pub(super) is_estimated: bool,
    pub(super) pictures: u64,
}

impl Before {
    pub(super) fn of(bill: &Bill, leg: &Leg) -> Self {
        Self {
            first: leg.target.clone(),
            usage: bill.usage.clone(),
            is_prompt_paid: !bill.is_insured,
            charged: bill.charged,
            upstream_cost: bill.cost.total,
            prompt_cost: bill.cost.prompt,
            completion_cost: bill.cost.completion,
            first_token_at: leg.seen.first_token_at,
            is_estimated: bill.estimate.is_some(),
            pictures: leg.seen.pictures,
        }
    }

    pub(super) fn add(&mut self, bill: &Bill, leg: &Leg) {
        let (part, whole) = leg.seen.delivered();
        if !self.is_prompt_paid && !bill.is_insured {
            (self.usage, self.is_prompt_paid) = (prompt_of(&bill.usage), true);
        }
        self.usage.completion_tokens += scaled(bill.usage.completion_tokens, part, whole);
        self.usage.reasoning_tokens += bill.usage.reasoning_tokens;
        self.charged = self.charged.saturating_add(bill.charged);
        self.upstream_cost = self.upstream_cost.saturating_add(bill.cost.total);
        self.prompt_cost = self.prompt_cost.saturating_add(bill.cost.prompt);
        self.completion_cost = self.completion_cost.saturating_add(bill.cost.completion);
        self.is_estimated |= bill.estimate.is_some();
        self.pictures += leg.seen.pictures;
    }

    /// The prompt once, and every token of the answer that the caller was given.
    pub(super) fn and(&self, last: Receipt, (part, whole): (u64, u64)) -> Receipt {
        let mut usage = if self.is_prompt_paid {
            self.usage.clone()
        } else {
            prompt_of(&last.usage)
        };
        usage.completion_tokens += scaled(last.usage.completion_tokens, part, whole);
        usage.reasoning_tokens += last.usage.reasoning_tokens;
        usage.reasoning_tokens = usage.reasoning_tokens.min(usage.completion_tokens);
        let completion = last.upstream_completion_cost;
        Receipt {
            usage,
            cost: self.charged.saturating_add(last.cost),
            upstream_cost: self.upstream_cost.saturating_add(last.upstream_cost),
            upstream_prompt_cost: self.prompt_cost.saturating_add(last.upstream_prompt_cost),
            upstream_completion_cost: self.completion_cost.saturating_add(completion),
            ..last
        }
    }

    /// Nobody could go on: what there was is the answer.
    pub(super) fn add_to(self: Box<Self>, record: &mut Generation, arrived: i64, now: i64) {
        record.provider = Some(self.first.upstream.name().to_owned());
        record.first_token_ms = self.first_token_at.map(|at| record::millis(at, arrived));
        record.generation_ms = self.first_token_at.map(|at| record::millis(now, at));
        record.usage = self.usage;
        record.usage_estimated = self.is_estimated;
        record.cost = self.charged;
        record.upstream_cost = self.upstream_cost;
        record.media_completion = self.pictures;
    }
}

/// What was used before a word of the answer.
fn prompt_of(usage: &Usage) -> Usage {
    Usage {
        completion_tokens: 0,
        reasoning_tokens: 0,
        ..usage.clone()
    }
}

/// The part of so many tokens that was given to the caller, rounded up.
fn scaled(tokens: u64, part: u64, whole: u64) -> u64 {
    if part >= whole {
        return tokens;
    }
    let scaled = (u128::from(tokens) * u128::from(part)).div_ceil(u128::from(whole));
    u64::try_from(scaled).unwrap_or(tokens)
}
