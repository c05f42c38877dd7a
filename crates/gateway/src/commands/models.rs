//! `weir models`: the catalogue, with what each endpoint costs.

use std::process::ExitCode;

use canon::PicoUsd;
use clap::Args;
use policy::catalog::{Endpoint, Model, Unit};
use serde_json::{Value, json};

use super::{ConfigFile, block_on, terminal};
use crate::snapshot::{self, Snapshot};

/// Print the catalogue: models, endpoints, prices.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  weir models --search claude
  weir models --json | jq '.[].model'")]
pub(super) struct Models {
    /// Only models whose name or slug has this in it.
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// As JSON: a list of models with their endpoints.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    file: ConfigFile,
}

impl Models {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let config = self.file.load()?;
        let snapshot = block_on(async {
            let found = snapshot::discover(&config).await;
            Ok(Snapshot::of(&config, found)?)
        })?;
        let text = self.search.unwrap_or_default().to_lowercase();
        let is_wanted = |model: &&Model| {
            model.slug.as_str().to_lowercase().contains(&text)
                || model.name.to_lowercase().contains(&text)
        };
        let models: Vec<&Model> = snapshot.catalog.models().iter().filter(is_wanted).collect();
        if self.json {
            let list: Vec<Value> = models
                .iter()
                .map(|model| json_of(&snapshot, model))
                .collect();
            terminal::say(&serde_json::to_string_pretty(&list)?)?;
        } else {
            terminal::say(&table_of(&snapshot, &models))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// One line an endpoint. Those of providers without a key are marked.
fn table_of(snapshot: &Snapshot, models: &[&Model]) -> String {
    let heads = ["MODEL", "CONTEXT", "IN $/M", "OUT $/M", "ENDPOINT", ""];
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    for model in models {
        for endpoint in snapshot.catalog.endpoints(model) {
            let context = endpoint.context_length.or(model.context_length);
            let enabled = snapshot.upstream(endpoint).is_some();
            rows.push(vec![
                model.slug.to_string(),
                context.map_or_else(|| "?".to_owned(), |tokens| tokens.to_string()),
                per_million(price_of(endpoint, Unit::Prompt)),
                per_million(price_of(endpoint, Unit::Completion)),
                endpoint.tag.to_string(),
                if enabled { "enabled" } else { "" }.to_owned(),
            ]);
        }
    }
    terminal::table(&rows, &[false, true, true, true])
}

fn json_of(snapshot: &Snapshot, model: &Model) -> Value {
    let endpoints = snapshot.catalog.endpoints(model).iter().map(|endpoint| {
        let prices = endpoint.prices.iter().flat_map(|sheet| sheet.prices());
        let prices = prices.map(|(unit, price)| (unit.name().to_owned(), json!(price.to_string())));
        json!({
            "endpoint": endpoint.tag,
            "provider": endpoint.provider,
            "enabled": snapshot.upstream(endpoint).is_some(),
            "upstream_id": endpoint.upstream_id,
            "lane": endpoint.lane.name(),
            "context_length": endpoint.context_length,
            "max_output_tokens": endpoint.max_output_tokens,
            "price": prices.collect::<serde_json::Map<_, _>>(),
        })
    });
    json!({
        "model": model.slug,
        "name": model.name,
        "context_length": model.context_length,
        "endpoints": endpoints.collect::<Vec<_>>(),
    })
}

/// What an endpoint charges for a unit, where that is known.
pub(super) fn price_of(endpoint: &Endpoint, unit: Unit) -> Option<PicoUsd> {
    endpoint
        .prices
        .as_ref()
        .map(|sheet| sheet.price(unit).unwrap_or_default())
}

/// A price a token as USD for a million of them.
pub(super) fn per_million(price: Option<PicoUsd>) -> String {
    match price {
        None => "?".to_owned(),
        Some(price) => match price.get().checked_mul(1_000_000) {
            Some(pico) => PicoUsd::new(pico).to_string(),
            None => "?".to_owned(),
        },
    }
}
