//! `weir route --generation`: why a request that was served went where it went. Asked of the gateway at `WEIR_URL`,
//! where that is set, else looked up in the data folder.

use std::path::Path;

use anyhow::{Context as _, bail};
use canon::GenerationId;
use serde_json::Value;

use super::{ask, recording};
use crate::{
    commands::terminal,
    config::env::{self, Variables as _},
    explain,
};

/// Finds the explanation of a generation.
pub(super) async fn find(id: &str, data: &Path) -> anyhow::Result<Value> {
    let found = match env::Process.get(env::URL) {
        Some(url) => ask::gateway(&url, &format!("generation?id={id}"))
            .await?
            .pointer("/data/weir/route")
            .cloned(),
        None => {
            let store = recording::open(data).await?;
            let found = store.generations().by_id(&GenerationId::new(id)).await?;
            let Some(generation) = found else {
                bail!(
                    "there is no generation {id} in {}; a running gateway keeps the newest for a moment (WEIR_URL)",
                    data.display()
                );
            };
            explain::of_generation(&generation)
        }
    };
    let found = found.filter(|found| !found.is_null());
    found.with_context(|| format!("how {id} was routed is not on record"))
}

/// The explanation as tables.
pub(super) fn table_of(explained: &Value) -> String {
    let word = |value: &Value, name: &str| match value.get(name) {
        Some(Value::String(text)) => text.clone(),
        None | Some(Value::Null) => "-".to_owned(),
        Some(other) => other.to_string(),
    };
    let list = |name: &str| explained.get(name).and_then(Value::as_array);
    let metadata = explained.get("openrouter_metadata").unwrap_or(&Value::Null);
    let mut text = format!(
        "{} ({}): {}\n\n",
        word(metadata, "requested"),
        word(metadata, "strategy"),
        word(metadata, "summary")
    );
    let mut rows = vec![["", "ENDPOINT", "MODEL", "WHY"].map(str::to_owned).to_vec()];
    for (place, step) in list("order").into_iter().flatten().enumerate() {
        let cells = ["endpoint", "model", "why"].map(|name| word(step, name));
        let mut row = vec![(place + 1).to_string()];
        row.extend(cells);
        rows.push(row);
    }
    text.push_str(&terminal::table(&rows, &[true]));
    let excluded = list("excluded").into_iter().flatten().map(|step| {
        let by_house = step.get("by_house").and_then(Value::as_bool) == Some(true);
        let whose = if by_house {
            " (this gateway's settings)"
        } else {
            ""
        };
        let why = format!("{}: {}{whose}", word(step, "field"), word(step, "advice"));
        vec![word(step, "endpoint"), word(step, "model"), why]
    });
    let excluded: Vec<Vec<String>> = excluded.collect();
    if !excluded.is_empty() {
        text.push_str("\n\nCould not serve:\n");
        text.push_str(&terminal::table(&excluded, &[]));
    }
    let heads = ["", "ASKED", "ENDPOINT", "STATUS", "MS", "FAULT", "CAUSE"];
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    for (place, call) in list("attempts").into_iter().flatten().enumerate() {
        let names = [
            "provider",
            "endpoint",
            "status",
            "latency_ms",
            "error",
            "cause",
        ];
        let mut row = vec![(place + 1).to_string()];
        row.extend(names.map(|name| word(call, name)));
        rows.push(row);
    }
    text.push_str("\n\n");
    text.push_str(&terminal::table(&rows, &[true, false, false, true, true]));
    text
}
