//! `GET /metrics`: what an operator's Prometheus reads (docs/routing.md names every line). It tells what models cost and
//! who serves them, so it wants a management key.

mod text;

use std::sync::atomic::{AtomicU64, Ordering};

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use canon::{Dialect, Kind};
use http::{HeaderMap, StatusCode, header};

use crate::{app::Core, clock, refusal};

/// Upper bounds of the buckets of durations, in milliseconds.
const DURATIONS_MS: [u64; 12] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 120_000, 300_000, 600_000,
];
/// Kinds of faults, and one to spare for what is not among them.
const KINDS: usize = 28;
/// Dialects, and some to spare.
const DIALECTS: usize = 16;

/// What is counted since the start, over all cores.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Answers, by dialect and by the hundred of their status.
    requests: [[AtomicU64; 4]; DIALECTS],
    /// Faults, of callers' requests as a whole and of single calls.
    faults: [[AtomicU64; KINDS]; 2],
    durations: [AtomicU64; DURATIONS_MS.len()],
    duration_sum_ms: AtomicU64,
    duration_count: AtomicU64,
}

/// What failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// A request: its caller heard of it.
    Request,
    /// A call of a vendor: perhaps another one answered.
    Call,
}

impl Metrics {
    /// A request was answered so, or refused so.
    pub(crate) fn answered(&self, dialect: Dialect, status: StatusCode) {
        let row = Dialect::ALL.iter().position(|one| *one == dialect);
        let row = row.and_then(|place| self.requests.get(place));
        let place = usize::from(status.as_u16() / 100).saturating_sub(2);
        if let Some(counter) = row.and_then(|row| row.get(place)) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Something failed.
    pub(crate) fn failed(&self, scope: Scope, kind: Kind) {
        let [requests, calls] = &self.faults;
        let row = match scope {
            Scope::Request => requests,
            Scope::Call => calls,
        };
        let place = Kind::ALL.iter().position(|one| *one == kind);
        if let Some(counter) = row.get(place.unwrap_or(KINDS - 1)) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A request that was planned took so long, to the end of its answer.
    pub(crate) fn took(&self, micros: i64) {
        let took_ms = micros.max(0).unsigned_abs() / 1_000;
        let place = DURATIONS_MS.iter().position(|bound| took_ms <= *bound);
        if let Some(counter) = place.and_then(|place| self.durations.get(place)) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
        self.duration_sum_ms.fetch_add(took_ms, Ordering::Relaxed);
        self.duration_count.fetch_add(1, Ordering::Relaxed);
    }
}

/// `GET /metrics`.
pub async fn show(State(core): State<Core>, headers: HeaderMap) -> Response {
    let app = core.app();
    if let Err(fault) = app.keyring.find_manager(&headers).await {
        return refusal::respond(&fault, Dialect::OpenAiChat, None);
    }
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    (
        [(header::CONTENT_TYPE, kind)],
        text::render(app, clock::now_micros()),
    )
        .into_response()
}
