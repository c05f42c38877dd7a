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

use crate::{app::Core, clock, refusal, routers::By};

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
    hedges: [AtomicU64; HedgeEnd::ALL.len()],
    continuations: [AtomicU64; ContinuationEnd::ALL.len()],
    drains: [AtomicU64; DrainEnd::ALL.len()],
    choices: [AtomicU64; By::ALL.len()],
}

/// What became of a request whose first token was late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HedgeEnd {
    /// A second endpoint was asked and answered first.
    Won,
    /// A second endpoint was asked in vain.
    Lost,
    /// None was asked: too many requests are already.
    Refused,
}

/// What became of an answer that broke off and was to be gone on with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ContinuationEnd {
    /// Somebody went on.
    Found,
    /// Nobody did.
    Nobody,
    /// Who went on said something else.
    Diverged,
}

/// What became of a stream that is paid for though its caller left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DrainEnd {
    /// It was read to its end.
    Finished,
    /// It was too long, or broke off.
    Aborted,
    /// Too many are read already.
    Refused,
}

impl HedgeEnd {
    const ALL: [(Self, &'static str); 3] = [
        (Self::Won, "won"),
        (Self::Lost, "lost"),
        (Self::Refused, "refused"),
    ];
}

impl ContinuationEnd {
    const ALL: [(Self, &'static str); 3] = [
        (Self::Found, "continued"),
        (Self::Nobody, "nobody"),
        (Self::Diverged, "diverged"),
    ];
}

impl DrainEnd {
    const ALL: [(Self, &'static str); 3] = [
        (Self::Finished, "finished"),
        (Self::Aborted, "aborted"),
        (Self::Refused, "refused"),
    ];
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

    /// A request whose first token was late.
    pub(crate) fn hedged(&self, end: HedgeEnd) {
        count(&self.hedges, &HedgeEnd::ALL, end);
    }

    /// An answer broke off and was to be gone on with.
    pub(crate) fn continued(&self, end: ContinuationEnd) {
        count(&self.continuations, &ContinuationEnd::ALL, end);
    }

    /// A stream is paid for though its caller left.
    pub(crate) fn drained(&self, end: DrainEnd) {
        count(&self.drains, &DrainEnd::ALL, end);
    }

    /// A router chose a model.
    pub(crate) fn chose(&self, by: By) {
        count(&self.choices, &By::ALL, by);
    }

    /// The counts of streams that went another way than usual: name, help, and the count of each outcome.
    fn unusual(&self) -> [(&'static str, &'static str, Counted); 4] {
        [
            (
                "weir_hedges_total",
                "Requests whose first token was late, by what became of the second call.",
                counted(&self.hedges, &HedgeEnd::ALL),
            ),
            (
                "weir_continuations_total",
                "Streams that broke off and were to be gone on with, by what became of them.",
                counted(&self.continuations, &ContinuationEnd::ALL),
            ),
            (
                "weir_drains_total",
                "Streams that are paid for though their caller left, by what became of them.",
                counted(&self.drains, &DrainEnd::ALL),
            ),
            (
                "weir_router_choices_total",
                "Requests whose model a router chose, by what chose it.",
                counted(&self.choices, &By::ALL),
            ),
        ]
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

/// The count of each of three outcomes.
type Counted = Vec<(&'static str, u64)>;

fn count<End: PartialEq>(row: &[AtomicU64], all: &[(End, &'static str)], end: End) {
    let place = all.iter().position(|(one, _)| *one == end);
    if let Some(counter) = place.and_then(|place| row.get(place)) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

fn counted<End>(row: &[AtomicU64], all: &[(End, &'static str)]) -> Counted {
    let counts = row.iter().map(|counter| counter.load(Ordering::Relaxed));
    all.iter().map(|(_, name)| *name).zip(counts).collect()
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
