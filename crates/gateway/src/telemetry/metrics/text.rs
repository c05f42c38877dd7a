//! The lines themselves, in Prometheus' text form 0.0.4.

use std::{
    fmt::Write as _,
    sync::atomic::{AtomicU64, Ordering},
};

use canon::{Dialect, Kind};
use policy::{
    catalog::Endpoint,
    health::Standing,
    measure::Listing,
    routing::{Quantiles, Ratio},
};

use super::{DURATIONS_MS, Metrics};
use crate::{app::App, health::Sheet};

/// An endpoint that was asked, with what is known of it.
struct Row<'a> {
    /// Its labels, ready to stand in braces.
    labels: String,
    sheet: &'a Sheet,
    listing: Listing,
    standing: Standing,
}

pub(super) fn render(app: &App, now: i64) -> String {
    let mut out = String::with_capacity(4_096);
    whole(&app.metrics, app.health.under_way(), &mut out);
    let snapshot = app.snapshot.load();
    let rows = snapshot
        .catalog
        .all_endpoints()
        .iter()
        .filter_map(|endpoint| {
            let sheet = app.health.sheet(endpoint.index)?;
            Some(Row {
                labels: labels(endpoint),
                sheet,
                listing: sheet.measures.listing(now),
                standing: app.health.standing(endpoint.index, now),
            })
        });
    let rows: Vec<Row<'_>> = rows.collect();
    totals(&rows, &mut out);
    states(&rows, &mut out);
    figures(&rows, &mut out);
    out
}

fn labels(endpoint: &Endpoint) -> String {
    // Slugs and tags have neither quotes nor backslashes.
    let (provider, model, tag) = (&endpoint.provider, &endpoint.model, &endpoint.tag);
    format!("provider=\"{provider}\",model=\"{model}\",endpoint=\"{tag}\"")
}

fn head(name: &str, kind: &str, help: &str, out: &mut String) {
    let _written = write!(out, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
}

fn line(name: &str, labels: &str, value: impl std::fmt::Display, out: &mut String) {
    let _written = if labels.is_empty() {
        writeln!(out, "{name} {value}")
    } else {
        writeln!(out, "{name}{{{labels}}} {value}")
    };
}

fn whole(metrics: &Metrics, under_way: u32, out: &mut String) {
    let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    head(
        "weir_requests_total",
        "counter",
        "Answers, by dialect and status.",
        out,
    );
    for (dialect, row) in Dialect::ALL.iter().zip(&metrics.requests) {
        for (class, counter) in (2..).zip(row) {
            let count = load(counter);
            if count > 0 {
                let labels = format!("dialect=\"{}\",status=\"{class}xx\"", dialect.name());
                line("weir_requests_total", &labels, count, out);
            }
        }
    }
    head(
        "weir_faults_total",
        "counter",
        "Faults of requests and of single calls, by kind.",
        out,
    );
    for (scope, row) in ["request", "call"].iter().zip(&metrics.faults) {
        for (kind, counter) in Kind::ALL.iter().zip(row) {
            let count = load(counter);
            if count > 0 {
                let labels = format!("scope=\"{scope}\",kind=\"{}\"", kind.name());
                line("weir_faults_total", &labels, count, out);
            }
        }
    }
    for (name, help, counts) in metrics.unusual() {
        head(name, "counter", help, out);
        for (outcome, count) in counts {
            line(name, &format!("outcome=\"{outcome}\""), count, out);
        }
    }
    durations(metrics, under_way, out);
}

fn durations(metrics: &Metrics, under_way: u32, out: &mut String) {
    let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let name = "weir_request_duration_seconds";
    head(
        name,
        "histogram",
        "From the plan of a request to the end of its answer.",
        out,
    );
    let mut sum = 0;
    for (bound, counter) in DURATIONS_MS.iter().zip(&metrics.durations) {
        sum += load(counter);
        let labels = format!("le=\"{}\"", thousandths(*bound));
        line(&format!("{name}_bucket"), &labels, sum, out);
    }
    let count = load(&metrics.duration_count);
    line(&format!("{name}_bucket"), "le=\"+Inf\"", count, out);
    line(
        &format!("{name}_sum"),
        "",
        thousandths(load(&metrics.duration_sum_ms)),
        out,
    );
    line(&format!("{name}_count"), "", count, out);
    head(
        "weir_requests_under_way",
        "gauge",
        "Requests that are planned and not over.",
        out,
    );
    line("weir_requests_under_way", "", under_way, out);
}

fn totals(rows: &[Row<'_>], out: &mut String) {
    head(
        "weir_attempts_total",
        "counter",
        "Calls of an endpoint, by how they ended.",
        out,
    );
    for row in rows {
        for (outcome, count) in row.sheet.totals.calls() {
            let labels = format!("{},outcome=\"{outcome}\"", row.labels);
            line("weir_attempts_total", &labels, count, out);
        }
    }
    head("weir_tokens_total", "counter", "Tokens, as charged.", out);
    for row in rows {
        for (kind, count) in row.sheet.totals.tokens() {
            let labels = format!("{},kind=\"{kind}\"", row.labels);
            line("weir_tokens_total", &labels, count, out);
        }
    }
    head(
        "weir_cost_usd_total",
        "counter",
        "What callers were charged.",
        out,
    );
    for row in rows {
        line(
            "weir_cost_usd_total",
            &row.labels,
            row.sheet.totals.charged(),
            out,
        );
    }
}

fn states(rows: &[Row<'_>], out: &mut String) {
    head(
        "weir_endpoint_state",
        "gauge",
        "1 for the state an endpoint is in.",
        out,
    );
    for row in rows {
        let state = match row.standing {
            Standing::Well => "well",
            Standing::Shaky => "shaky",
            Standing::Resting { .. } => "resting",
        };
        let labels = format!("{},state=\"{state}\"", row.labels);
        line("weir_endpoint_state", &labels, 1, out);
    }
}

fn figures(rows: &[Row<'_>], out: &mut String) {
    type Take = fn(&Listing) -> Option<Quantiles>;
    let quantiles: [(&str, &str, Take); 2] = [
        (
            "weir_endpoint_first_token_seconds",
            "Time to the first token over half an hour.",
            |listing| listing.latency_30m,
        ),
        (
            "weir_endpoint_tokens_per_second",
            "Speed over half an hour; of the share `percentile` it is at least so high.",
            |listing| listing.throughput_30m,
        ),
    ];
    for (name, help, take) in quantiles {
        head(name, "gauge", help, out);
        for row in rows {
            let Some(of) = take(&row.listing) else {
                continue;
            };
            for (percent, value) in [(50, of.p50), (75, of.p75), (90, of.p90), (99, of.p99)] {
                let labels = format!("{},percentile=\"{percent}\"", row.labels);
                line(name, &labels, thousandths(u64::from(value)), out);
            }
        }
    }
    type Share = fn(&Listing) -> Option<Ratio>;
    let shares: [(&str, &str, Share); 3] = [
        (
            "weir_endpoint_uptime_ratio",
            "Calls answered over half an hour.",
            |it| it.uptime_30m,
        ),
        (
            "weir_endpoint_tool_success_ratio",
            "Answers whose tool calls were all good, two hours.",
            |it| it.tools_2h,
        ),
        (
            "weir_endpoint_structured_ratio",
            "Answers that had the form they should, two hours.",
            |it| it.structured_2h,
        ),
    ];
    for (name, help, take) in shares {
        head(name, "gauge", help, out);
        for row in rows {
            if let Some(ratio) = take(&row.listing) {
                line(
                    name,
                    &row.labels,
                    thousandths(u64::from(ratio.per_mille())),
                    out,
                );
            }
        }
    }
}

/// Thousandths as a decimal number.
fn thousandths(number: u64) -> String {
    format!("{}.{:03}", number / 1_000, number % 1_000)
}
