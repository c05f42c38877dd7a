//! `weir route --replay`: recorded requests through another configuration, beside what happened and beside a third one.

mod house;
mod table;

use std::{path::Path, process::ExitCode};

use anyhow::bail;
use policy::replay::{Report, Rules, replay};
use serde_json::{Value, json};

use self::house::House;
use super::{
    Room,
    recording::{self, Line, micros},
};
use crate::commands::terminal;

/// What is shown of one policy, or of what happened.
#[derive(Debug)]
struct Column {
    name: String,
    outcome: Outcome,
}

/// What came of the requests.
#[derive(Debug, Default)]
struct Outcome {
    requests: u64,
    answered: u64,
    unplanned: u64,
    refused: u64,
    calls: u64,
    /// Microseconds.
    latency: [Option<i64>; 2],
    first_token: Option<i64>,
    cost: canon::NanoUsd,
    /// By tag and model, most answers first.
    endpoints: Vec<Share>,
}

/// What an endpoint did.
#[derive(Clone, Debug, Default)]
struct Share {
    endpoint: String,
    model: String,
    calls: u64,
    answered: u64,
    assumed: u64,
    unpriced: u64,
}

/// Replays a recording through the room's configuration, and through another one where that is given.
pub(super) fn run(
    path: &Path,
    (room, against): (Room, Option<Room>),
    (seed, as_json): (u64, bool),
) -> anyhow::Result<ExitCode> {
    let lines = recording::read(path)?;
    let (Some(first), Some(last)) = (lines.first(), lines.last()) else {
        bail!("{} has no requests", path.display());
    };
    let span = (first.at, last.at);
    let mut columns = vec![Column {
        name: "recorded".to_owned(),
        outcome: recorded(&lines),
    }];
    for room in against.iter().chain([&room]) {
        let outcome = played(&lines, room, seed);
        let name = room.name.clone();
        columns.push(Column { name, outcome });
    }
    if as_json {
        let shown = json_of(&columns, span, seed);
        terminal::say(&serde_json::to_string_pretty(&shown)?)?;
    } else {
        terminal::say(&table::of(&columns, span, seed))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn played(lines: &[Line], room: &Room, seed: u64) -> Outcome {
    let house = House::of(room, lines);
    let rules = Rules {
        attempts_max: room.config.upstream.attempts_max,
        outage_window: micros(room.config.routing.outage_window_ms),
        seed,
    };
    let report = replay(&house.requests(), &house, rules);
    outcome_of(&report, room)
}

fn outcome_of(report: &Report, room: &Room) -> Outcome {
    let shares = report.endpoints.iter().filter_map(|(index, served)| {
        let endpoint = room.snapshot.catalog.all_endpoints().get(*index)?;
        Some(Share {
            endpoint: endpoint.tag.to_string(),
            model: endpoint.model.to_string(),
            calls: served.calls,
            answered: served.answered,
            assumed: served.assumed,
            unpriced: served.unpriced,
        })
    });
    Outcome {
        requests: report.requests,
        answered: report.answered,
        unplanned: report.unplanned,
        refused: report.refused,
        calls: report.calls,
        latency: [report.latency(50), report.latency(90)],
        first_token: report.first_token(50),
        cost: report.cost,
        endpoints: sorted(shares.collect()),
    }
}

/// What happened, as it is recorded.
fn recorded(lines: &[Line]) -> Outcome {
    let mut outcome = Outcome::default();
    let (mut latencies, mut first_tokens) = (Vec::new(), Vec::new());
    let mut shares: Vec<Share> = Vec::new();
    for line in lines {
        if line.is_at_fault() {
            outcome.refused += 1;
            continue;
        }
        outcome.requests += 1;
        outcome.cost = outcome.cost.saturating_add(line.cost);
        for call in &line.calls {
            outcome.calls += 1;
            let own =
                |share: &&mut Share| share.endpoint == call.endpoint && share.model == call.model;
            let is_answer = line.is_answered() && line.answering() == Some(call);
            if let Some(share) = shares.iter_mut().find(own) {
                share.calls += 1;
                share.answered += u64::from(is_answer);
            } else {
                shares.push(Share {
                    endpoint: call.endpoint.clone(),
                    model: call.model.clone(),
                    calls: 1,
                    answered: u64::from(is_answer),
                    ..Share::default()
                });
            }
        }
        if line.is_answered() {
            outcome.answered += 1;
            latencies.push(micros(line.latency_ms));
            first_tokens.extend(line.first_token_ms.filter(|_| line.streamed).map(micros));
        }
    }
    let at = |values: &mut Vec<i64>, percent: usize| {
        values.sort_unstable();
        let place = (values.len() * percent).div_ceil(100).checked_sub(1)?;
        values.get(place).copied()
    };
    outcome.latency = [at(&mut latencies, 50), at(&mut latencies, 90)];
    outcome.first_token = at(&mut first_tokens, 50);
    outcome.endpoints = sorted(shares);
    outcome
}

fn sorted(mut shares: Vec<Share>) -> Vec<Share> {
    shares.sort_by(|one, other| {
        let name = |share: &Share| (share.model.clone(), share.endpoint.clone());
        other
            .answered
            .cmp(&one.answered)
            .then_with(|| name(one).cmp(&name(other)))
    });
    shares
}

impl Outcome {
    /// What a thousand answers cost.
    fn cost_per_1000(&self) -> canon::NanoUsd {
        let nano = i128::from(self.cost.get()) * 1_000 / i128::from(self.answered.max(1));
        canon::NanoUsd::new(i64::try_from(nano).unwrap_or(i64::MAX))
    }
}

fn json_of(columns: &[Column], (from, to): (i64, i64), seed: u64) -> Value {
    let policies = columns.iter().map(|Column { name, outcome }| {
        let endpoints = outcome.endpoints.iter().map(|share| {
            json!({
                "endpoint": share.endpoint,
                "model": share.model,
                "calls": share.calls,
                "answered": share.answered,
                "assumed": share.assumed,
                "unpriced": share.unpriced,
            })
        });
        let ms = |micros: Option<i64>| micros.map(|micros| micros / 1_000);
        let [p50, p90] = outcome.latency;
        json!({
            "name": name,
            "requests": outcome.requests,
            "answered": outcome.answered,
            "nobody_may_serve": outcome.unplanned,
            "at_fault": outcome.refused,
            "calls": outcome.calls,
            "latency_ms": { "p50": ms(p50), "p90": ms(p90) },
            "first_token_ms": { "p50": ms(outcome.first_token) },
            "cost": outcome.cost.to_json_number(),
            "cost_per_1000_answers": outcome.cost_per_1000().to_json_number(),
            "endpoints": endpoints.collect::<Vec<_>>(),
        })
    });
    json!({ "from": from, "to": to, "seed": seed, "policies": policies.collect::<Vec<_>>() })
}
