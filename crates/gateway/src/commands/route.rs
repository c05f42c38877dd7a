//! `weir route`: who would serve a request, in which order, why, and for what price. Nothing is sent.

mod figures;

use std::{process::ExitCode, sync::Arc};

use anyhow::{Context as _, anyhow};
use canon::{Dialect, NanoUsd, Request, Sort};
use clap::Args;
use policy::{
    catalog::{Endpoint, Unit},
    routing::{Excluded, Why},
};
use serde_json::{Value, json};

use self::figures::Figures;
use super::{
    ConfigFile, block_on,
    models::{per_million, price_of},
    terminal,
};
use crate::{
    health::Board,
    relay::{self, Plan},
    snapshot::{self, Snapshot},
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

/// Show which endpoints would serve a request, in which order and why. Sends nothing.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  weir route openai/gpt-4o --explain
  weir route deepseek/deepseek-chat:floor
  weir route meta-llama/llama-3.3-70b-instruct --prefs '{\"only\":[\"groq\"],\"zdr\":true}' --json")]
pub(super) struct Route {
    /// The model, author/name, suffixes and all.
    model: String,
    /// The `provider` object of the request.
    #[arg(long, value_name = "JSON")]
    prefs: Option<String>,
    /// Also say why each has its place, who may not serve and why, and, where WEIR_URL names a running gateway, what that
    /// one has measured.
    #[arg(long)]
    explain: bool,
    /// As JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    file: ConfigFile,
}

impl Route {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let request = request(&self.model, self.prefs.as_deref())?;
        let config = self.file.load()?;
        let snapshot = block_on(async {
            let found = snapshot::discover(&config).await;
            Ok(Arc::new(Snapshot::of(&config, found)?))
        })?;
        // Nobody has been called, so nobody has failed.
        let board = Board::new(&snapshot.catalog, config.routing.outage_window_ms);
        let plan = match relay::plan_in(Arc::clone(&snapshot), &board, &config, &request) {
            Ok(plan) => plan,
            Err(fault) => {
                terminal::complain(&format!("weir: {fault}"));
                return Ok(ExitCode::FAILURE);
            }
        };
        let figures = if self.explain {
            let targets = plan.order().targets.iter();
            let found = targets.filter_map(|target| endpoint(&snapshot, target.endpoint));
            let mut models: Vec<&str> = found.map(|endpoint| endpoint.model.as_str()).collect();
            models.dedup();
            // The order stands without them.
            block_on(Figures::read(&models)).unwrap_or_else(|error| {
                terminal::complain(&format!("weir: without measured figures: {error:#}"));
                None
            })
        } else {
            None
        };
        let figures = figures.as_ref();
        if self.json {
            let shown = json_of(&snapshot, &plan, (self.explain, figures));
            terminal::say(&serde_json::to_string_pretty(&shown)?)?;
        } else {
            terminal::say(&table_of(&snapshot, &plan, (self.explain, figures)))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The request that is asked about, read as if it had come in.
fn request(model: &str, prefs: Option<&str>) -> anyhow::Result<Request> {
    let prefs: Value = match prefs {
        Some(text) => serde_json::from_str(text).context("--prefs is not JSON")?,
        None => json!({}),
    };
    let body = json!({
        "model": model,
        "messages": [{ "role": "user", "content": "Hello" }],
        "provider": prefs,
    });
    let serve = dialects::served(Dialect::OpenAiChat)
        .ok_or_else(|| anyhow!("the dialect of the request is not served"))?;
    Ok(serve.parse_request(body.to_string().as_bytes())?)
}

fn endpoint(snapshot: &Snapshot, index: usize) -> Option<&Endpoint> {
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

fn why(why: Why) -> String {
    match why {
        Why::Ordered => "named in provider.order".to_owned(),
        Why::Drawn { per_mille } => {
            let (percent, tenth) = (per_mille / 10, per_mille % 10);
            format!("drawn by one over price squared, {percent}.{tenth} % of those left")
        }
        Why::Sorted(Sort::Price) => "by price".to_owned(),
        Why::Sorted(Sort::Throughput) => "by throughput".to_owned(),
        Why::Sorted(Sort::Latency) => "by latency".to_owned(),
        Why::Sorted(Sort::Exacto) => "by how well it calls tools".to_owned(),
        Why::Unmeasured(_) => "not measured yet, so by price".to_owned(),
        Why::Slow => "misses a preferred throughput or latency".to_owned(),
        Why::Shaky => "failed a moment ago, so behind those that did not".to_owned(),
        Why::Resting => "left alone for now, so behind all others".to_owned(),
    }
}

fn table_of(
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
            why(target.why),
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
    let mut text = terminal::table(&rows, &[true, false, false, true, true, true]);
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
        let (field, advice) = excluded.reason.constraint();
        let whose = if excluded.by_house {
            " (this gateway's settings)"
        } else {
            ""
        };
        Some(vec![
            endpoint.tag.to_string(),
            endpoint.model.to_string(),
            format!("{field}: {advice}{whose}"),
        ])
    });
    terminal::table(&rows.collect::<Vec<_>>(), &[])
}

fn json_of(
    snapshot: &Snapshot,
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
            shown.insert("why".to_owned(), json!(why(target.why)));
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
    }
    shown
}
