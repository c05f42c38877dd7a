//! pi-ai's lists, one a vendor: OpenRouter's slugs and names, efforts, limits; USD a million tokens.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use super::PI_AI;
use crate::catalog::{
    quote::{Prices, Quote, Reasoning, STANDARD, Sheet, modality},
    raw::Row,
};

/// Every chat and image model, by the list's file name.
pub(in crate::catalog) fn parse(text: &str) -> Result<BTreeMap<String, Vec<Quote>>> {
    let mut quotes: BTreeMap<String, Vec<Quote>> = BTreeMap::new();
    for (file, lists) in Row::parse(text)?.members() {
        for (_, list) in Row::parse(lists)?.members() {
            // Beside the lists stands a manifest of digests, whose members are no objects.
            let Ok(list) = Row::parse(list) else { continue };
            for (_, row) in list.members() {
                let Ok(row) = Row::parse(row) else { continue };
                quotes
                    .entry(file.to_owned())
                    .or_default()
                    .extend(quote(&row));
            }
        }
    }
    Ok(quotes)
}

fn quote(row: &Row) -> Option<Quote> {
    let kind = row.text("type")?;
    let mut quote = Quote::new(PI_AI, &row.text("id")?);
    match kind.as_str() {
        "chat" => quote.output.insert("text"),
        "image" => {
            quote
                .output
                .extend(row.texts("output").iter().filter_map(|word| modality(word)));
            quote.output.insert("image")
        }
        // Classifiers answer on an interface of their own.
        _ => return None,
    };
    quote.name = row.text("name");
    quote
        .input
        .extend(row.texts("input").iter().filter_map(|word| modality(word)));
    quote.context = row.count("contextWindow");
    quote.output_max = row.count("maxTokens");
    let compat = row.row("compat").unwrap_or_default();
    quote.abilities.sampling = compat.flag("supportsTemperature");
    // The list of chat models is made for agents: every one of them takes tools.
    quote.abilities.tools = (kind == "chat").then_some(true);
    quote.abilities.reasoning = row.flag("reasoning");
    if quote.abilities.reasoning == Some(true) {
        quote.reasoning = Some(reasoning(row, &compat));
    }
    if let Some(cost) = row.row("cost") {
        *quote.sheet(STANDARD) = sheet(&cost);
    }
    Some(quote)
}

fn reasoning(row: &Row, compat: &Row) -> Reasoning {
    let adaptive = compat.flag("forceAdaptiveThinking");
    let Some(levels) = row.row("thinkingLevelMap") else {
        return Reasoning {
            adaptive,
            ..Reasoning::default()
        };
    };
    let named: BTreeSet<&str> = levels.members().map(|(level, _)| level).collect();
    let efforts: BTreeSet<String> = ["minimal", "low", "medium", "high", "xhigh", "max"]
        .into_iter()
        .filter(|level| levels.raw(level).is_some())
        .map(str::to_owned)
        .collect();
    Reasoning {
        // A map that speaks of few levels leaves the others to the vendor's habit: unknown to us.
        efforts: if named.len() >= 5 {
            efforts
        } else {
            BTreeSet::new()
        },
        mandatory: named.contains("off").then(|| levels.raw("off").is_none()),
        adaptive,
        ..Reasoning::default()
    }
}

fn sheet(cost: &Row) -> Sheet {
    let mut sheet = Sheet {
        base: prices(cost),
        tiers: BTreeMap::new(),
    };
    for tier in cost.rows("tiers") {
        if let Some(over) = tier.count("inputTokensAbove") {
            sheet.tiers.insert(over, prices(&tier));
        }
    }
    sheet.tidy();
    sheet
}

fn prices(cost: &Row) -> Prices {
    [
        ("input", "prompt"),
        ("output", "completion"),
        ("cacheRead", "cache_read"),
        ("cacheWrite", "cache_write"),
    ]
    .into_iter()
    .filter_map(|(field, unit)| Some((unit, cost.scaled(field, 6)?)))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn efforts_are_known_only_where_the_map_is_whole() {
        let text = r#"{"manifest": {"files": {"a": "digest"}, "at": "2026"},
            "openrouter": {"openai-completions": {
              "chat:a/b": {"type": "chat", "id": "a/b", "name": "A: B", "reasoning": true, "input": ["text"],
                "thinkingLevelMap": {"off": null, "minimal": null, "low": "low", "medium": "medium", "high": "high"},
                "cost": {"input": 2, "output": 10, "cacheRead": 0.2, "cacheWrite": 0,
                         "tiers": [{"inputTokensAbove": 100000, "input": 4, "output": 20}]}},
              "chat:a/c": {"type": "chat", "id": "a/c", "reasoning": true, "thinkingLevelMap": {"off": null},
                "cost": {"input": -1, "output": -1}},
              "classifier:a/d": {"type": "classifier", "id": "a/d"}}}}"#;
        let quotes = parse(text).unwrap();
        let [whole, partial] = quotes["openrouter"].as_slice() else {
            panic!("{quotes:?}")
        };
        let reasoning = whole.reasoning.as_ref().unwrap();
        assert_eq!(
            reasoning.efforts.iter().collect::<Vec<_>>(),
            ["high", "low", "medium"]
        );
        assert_eq!(reasoning.mandatory, Some(true));
        let sheet = &whole.sheets[STANDARD];
        assert_eq!(
            sheet.base,
            [
                ("cache_read", 200_000),
                ("completion", 10_000_000),
                ("prompt", 2_000_000)
            ]
            .into()
        );
        assert_eq!(sheet.tiers[&100_000]["prompt"], 4_000_000);
        let reasoning = partial.reasoning.as_ref().unwrap();
        assert!(reasoning.efforts.is_empty() && reasoning.mandatory == Some(true));
        assert!(
            partial.sheets[STANDARD].is_empty(),
            "a router has no price of its own"
        );
    }
}
