//! What is counted of one endpoint since the start, beside what is measured of late.

use std::sync::atomic::{AtomicU64, Ordering};

use canon::{NanoUsd, Usage};
use policy::measure::Measures;

/// Figures and counts of one endpoint. Made when it is first asked.
#[derive(Debug, Default)]
pub(crate) struct Sheet {
    pub(crate) measures: Measures,
    pub(crate) totals: Totals,
}

/// Counts since the start.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    answered: AtomicU64,
    failed: AtomicU64,
    limited: AtomicU64,
    refused: AtomicU64,
    prompt_tokens: AtomicU64,
    completion_tokens: AtomicU64,
    charged_nano: AtomicU64,
}

/// How a call ended, for the counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Count {
    Answered,
    Failed,
    Limited,
    /// The request was at fault.
    Refused,
}

impl Totals {
    pub(crate) fn called(&self, count: Count) {
        let counter = match count {
            Count::Answered => &self.answered,
            Count::Failed => &self.failed,
            Count::Limited => &self.limited,
            Count::Refused => &self.refused,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn used(&self, usage: &Usage, charged: NanoUsd) {
        let add = |counter: &AtomicU64, more: u64| counter.fetch_add(more, Ordering::Relaxed);
        add(&self.prompt_tokens, usage.prompt_tokens);
        add(&self.completion_tokens, usage.completion_tokens);
        add(&self.charged_nano, charged.get().max(0).unsigned_abs());
    }

    /// The calls by how they ended.
    pub(crate) fn calls(&self) -> [(&'static str, u64); 4] {
        [
            ("answered", &self.answered),
            ("failed", &self.failed),
            ("limited", &self.limited),
            ("refused", &self.refused),
        ]
        .map(|(name, counter)| (name, counter.load(Ordering::Relaxed)))
    }

    /// The tokens by kind.
    pub(crate) fn tokens(&self) -> [(&'static str, u64); 2] {
        [
            ("prompt", &self.prompt_tokens),
            ("completion", &self.completion_tokens),
        ]
        .map(|(name, counter)| (name, counter.load(Ordering::Relaxed)))
    }

    /// What callers paid.
    pub(crate) fn charged(&self) -> NanoUsd {
        let nano = self.charged_nano.load(Ordering::Relaxed);
        NanoUsd::new(i64::try_from(nano).unwrap_or(i64::MAX))
    }
}
