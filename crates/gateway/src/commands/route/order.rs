//! Who would serve a request, as a table or as JSON.

use canon::{NanoUsd, Request};
use policy::{
    catalog::{Endpoint, Unit},
    routing::{Excluded, Target, Why},
};
use serde_json::{Value, json};

use super::figures::{self, Figures};
use crate::{
    commands::{
        models::{per_million, price_of},
        terminal,
    },
    explain::{why, why_not},
    relay::{self, Plan},
    snapshot::Snapshot,
};

/// Tokens of the request whose cost is shown: so many in, so many out.
const SAMPLE_TOKENS: u64 = 1_000;

/// What a running gateway shows of an endpoint.
const FIGURES: [&str; 6] = [
    "status",
    "uptime_last_5m",
    "uptime_last_30m",
    "uptime_last_1d",
    "latency_last_30m",
    "throughput_last_30m",
];

/// An endpoint of the catalogue.
pub(super) fn endpoint(snapshot: &Snapshot, index: usize) -> Option<&Endpoint> {
    snapshot.catalog.all_endpoints().get(index)
}

/// What the sample costs, where prices are known.
fn cost_of(endpoint: &Endpoint) -> Option<NanoUsd> {
    let sheet = endpoint.prices.as_ref()?;
    let price = |unit| sheet.price(unit).unwrap_or_default();
    let tokens =
        price(Unit::Prompt).times(SAMPLE_TOKENS) + price(Unit::Completion).times(SAMPLE_TOKENS);
    Some(NanoUsd::from_pico_ceil(
        tokens + price(Unit::Request).times(1),
    ))
}

/// Why an endpoint has its place, with what the operator's terms do to it.
fn why_of(plan: &Plan, target: &Target) -> String {
    let term = plan.term_of(target.endpoint);
    let mut text = why(target.why);
    if term.weight != 1 {
        text.push_str(&format!(", with weight {}", term.weight));
    }
    if term.prefer {
        text.push_str(", preferred here");
    }
    text
}

/// The endpoints in their order; with `explain` why, what a running gateway has measured, and who is left out.
pub(super) fn table_of(
    snapshot: &Snapshot,
    plan: &Plan,
    (explain, figures): (bool, Option<&Figures>),
) -> String {
    let heads = [
        "",
        "ENDPOINT",
        "MODEL",
        "IN $/M",
        "OUT $/M",
        "$ FOR 1000+1000",
        "WHY",
    ];
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    let order = plan.order();
    for (place, target) in order.targets.iter().enumerate() {
        let Some(endpoint) = endpoint(snapshot, target.endpoint) else {
            continue;
        };
        let cost = cost_of(endpoint).map_or_else(|| "?".to_owned(), |cost| cost.to_string());
        rows.push(vec![
            (place + 1).to_string(),
            endpoint.tag.to_string(),
            endpoint.model.to_string(),
            per_million(price_of(endpoint, Unit::Prompt)),
            per_million(price_of(endpoint, Unit::Completion)),
            cost,
            why_of(plan, target),
        ]);
    }
    if let Some(figures) = figures {
        add_figures(&mut rows, heads.len() - 1, figures);
    }
    if !explain {
        for row in &mut rows {
            row.truncate(heads.len() - 1);
        }
    }
    let mut text = String::new();
    if let Some(ranking) = plan.ranking.as_deref().filter(|_| explain) {
        text.push_str(&ranking.headline());
        text.push_str("\n\n");
        let right = [true, false, true, true, true, true];
        text.push_str(&terminal::table(&ranking.table(), &right));
        text.push_str("\n\n");
    }
    text.push_str(&terminal::table(
        &rows,
        &[true, false, false, true, true, true],
    ));
    if explain && !order.excluded.is_empty() {
        text.push_str("\n\nMay not serve:\n");
        text.push_str(&excluded_table(snapshot, &order.excluded));
    }
    text
}

/// Puts what a running gateway has measured into these columns.
fn add_figures(rows: &mut [Vec<String>], column: usize, figures: &Figures) {
    for (place, row) in rows.iter_mut().enumerate() {
        let cells = match row.as_slice() {
            [_, tag, model, ..] if place > 0 => figures.cells(model, tag),
            _ => figures::HEADS.map(str::to_owned),
        };
        row.splice(column..column, cells);
    }
}

fn excluded_table(snapshot: &Snapshot, excluded: &[Excluded]) -> String {
    let rows = excluded.iter().filter_map(|excluded| {
        let endpoint = endpoint(snapshot, excluded.endpoint)?;
        Some(vec![
            endpoint.tag.to_string(),
            endpoint.model.to_string(),
            why_not(&excluded.reason, excluded.by_house),
        ])
    });
    terminal::table(&rows.collect::<Vec<_>>(), &[])
}

/// What is shown of a plan: with `explain` what its caller could see, too (`openrouter_metadata`), and who is left out.
pub(super) fn json_of(
    (snapshot, request): (&Snapshot, &Request),
    plan: &Plan,
    (explain, figures): (bool, Option<&Figures>),
) -> Value {
    let order = plan.order();
    let targets = order.targets.iter().filter_map(|target| {
        let endpoint = endpoint(snapshot, target.endpoint)?;
        let price = |unit| price_of(endpoint, unit).map(|price| price.to_string());
        let mut shown = json!({
            "endpoint": endpoint.tag,
            "provider": endpoint.provider,
            "model": endpoint.model,
            "upstream_id": endpoint.upstream_id,
            "price": { "prompt": price(Unit::Prompt), "completion": price(Unit::Completion) },
            "cost_of_1000_in_1000_out": cost_of(endpoint).map(|cost| cost.to_string()),
        });
        if explain && let Value::Object(shown) = &mut shown {
            shown.insert("why".to_owned(), json!(why_of(plan, target)));
            if let Some(figures) = figures {
                let found = figures.of(endpoint.model.as_str(), &endpoint.tag);
                for name in FIGURES {
                    let value = found.get(name).cloned().unwrap_or_default();
                    shown.insert(name.to_owned(), value);
                }
            }
            if let Why::Drawn { per_mille } = target.why {
                shown.insert("share_per_mille".to_owned(), json!(per_mille));
            }
        }
        Some(shown)
    });
    let mut shown = json!({ "requested": plan.requested, "order": targets.collect::<Vec<_>>() });
    if explain && let Value::Object(shown) = &mut shown {
        if let Some(ranking) = plan.ranking.as_deref() {
            shown.insert("ranking".to_owned(), ranking.json());
        }
        let excluded = order.excluded.iter().filter_map(|excluded| {
            let endpoint = endpoint(snapshot, excluded.endpoint)?;
            let (field, advice) = excluded.reason.constraint();
            Some(json!({
                "endpoint": endpoint.tag,
                "model": endpoint.model,
                "excluded_by": excluded.reason.vocabulary(),
                "field": field,
                "advice": advice,
                "by_house": excluded.by_house,
            }))
        });
        shown.insert("excluded".to_owned(), excluded.collect());
        let metadata = json!(relay::preview(plan, request));
        shown.insert("openrouter_metadata".to_owned(), metadata);
    }
    shown
}
