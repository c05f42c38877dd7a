//! `cargo x catalog`: writes `crates/policy/data/` from price and model lists that others keep.
//!
//! Downloads the pinned packages by their ordinary clients, takes the facts out, joins them and writes
//! one row a line, so that a change of a price is a change of a line. With `--check` it writes nothing
//! and fails where the data is not what the pinned packages give.

mod clouds;
mod fetch;
mod gather;
mod latest;
mod listing;
mod naming;
mod parameters;
mod quote;
mod raw;
mod regions;
mod review;
mod rows;
mod scores;
mod sources;
mod vendors;
mod wording;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use anyhow::{Context, Result, bail};
use serde::Serialize;

use self::{
    fetch::Lock,
    gather::{Gathered, Sources},
    rows::Rows,
};

/// The fewest models that data may have: a source that changed its shape must not empty the catalogue.
const MODELS_MIN: usize = 400;

/// Runs the command. `--check` compares instead of writing.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let check = match args {
        [] => false,
        [flag] if flag == "--check" => true,
        _ => bail!("usage: cargo x catalog [--check]"),
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let lock = Lock::read()?;
    let facts = fetch::fetch(&lock, &root.join("target/catalog"))?;
    let sources = read(&lock, &facts)?;
    let gathered = gather::gather(&sources)?;
    let rows = Rows {
        regions: regions::rows(&gathered, &sources),
        ..rows::rows(&gathered)
    };
    print(&report(&rows, &gathered));
    if rows.models.len() < MODELS_MIN {
        bail!(
            "{} models are fewer than {MODELS_MIN}: a source has changed its shape",
            rows.models.len()
        );
    }
    let data = root.join("crates/policy/data");
    let arena = fs::read_to_string(facts.join("arena.json")).context("reading arena.json")?;
    let named = rows
        .models
        .iter()
        .map(|row| (row.model.as_str(), row.aliases.as_slice()));
    let scores = lines(&scores::rows(&arena, named)?)?;
    let written = files(&lock, &rows)?
        .into_iter()
        .chain([("scores.jsonl", scores)]);
    for (name, content) in written {
        let path = data.join(name);
        if check {
            let found = fs::read_to_string(&path).unwrap_or_default();
            if found != content {
                bail!("{} is not current: run `cargo x catalog`", path.display());
            }
        } else {
            fs::create_dir_all(&data)?;
            fs::write(&path, &content).with_context(|| format!("writing {}", path.display()))?;
        }
    }
    Ok(())
}

fn read(lock: &Lock, facts: &Path) -> Result<Sources> {
    let text = |name: &str| {
        let path = facts.join(name);
        fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))
    };
    Ok(Sources {
        litellm: sources::litellm::parse(&text("litellm.json")?, sources::LITELLM)?,
        tokencost: sources::litellm::parse(&text("tokencostauto.json")?, sources::TOKENCOST)?,
        rates: sources::rates::parse(&text("rates.json")?)?,
        pi_ai: sources::pi_ai::parse(&text("pi-ai.json")?)?,
        genai: sources::genai::parse(&text("genai-prices.json")?, &lock.as_of)?,
        as_of: lock.as_of.clone(),
    })
}

fn files(lock: &Lock, rows: &Rows) -> Result<Vec<(&'static str, String)>> {
    Ok(vec![
        ("models.jsonl", lines(&rows.models)?),
        ("endpoints.jsonl", lines(&rows.endpoints)?),
        ("regions.jsonl", lines(&rows.regions)?),
        ("parameters.jsonl", lines(&rows.sets)?),
        ("sources.jsonl", lines(&lock.sources())?),
        (
            "review.jsonl",
            lines(&rows.review.iter().collect::<Vec<_>>())?,
        ),
        ("review.md", rows.review.render()),
        ("NOTICE.md", lock.notice()),
    ])
}

fn lines<T: Serialize>(rows: &[T]) -> Result<String> {
    let mut text = String::new();
    for row in rows {
        text.push_str(&serde_json::to_string(row)?);
        text.push('\n');
    }
    Ok(text)
}

fn report(rows: &Rows, gathered: &Gathered) -> String {
    let mut by_provider: BTreeMap<&str, (BTreeSet<&str>, usize, usize)> = BTreeMap::new();
    for endpoint in &rows.endpoints {
        let (models, endpoints, priced) = by_provider.entry(endpoint.provider).or_default();
        models.insert(&endpoint.model);
        *endpoints += 1;
        *priced += usize::from(endpoint.prices.is_some());
    }
    let authors: BTreeSet<&str> = rows
        .models
        .iter()
        .filter_map(|row| Some(row.model.split_once('/')?.0))
        .collect();
    let mut text = format!(
        "{} models of {} authors, {} endpoints, {} of them otherwise in some area, {} differences to review\n",
        rows.models.len(),
        authors.len(),
        rows.endpoints.len(),
        rows.regions.len(),
        rows.review.len(),
    );
    for (provider, (models, endpoints, priced)) in by_provider {
        let unnamed = gathered.unnamed.get(provider).copied().unwrap_or_default();
        text.push_str(&format!("{provider:18} {:4} models  {endpoints:4} endpoints  {priced:4} priced  {unnamed:4} ids without a model\n",
            models.len(),
        ));
    }
    text
}

#[expect(
    clippy::print_stdout,
    reason = "the report is what the command is asked for"
)]
fn print(text: &str) {
    print!("{text}");
}
