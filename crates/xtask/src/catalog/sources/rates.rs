//! The ledger of `rates`: models.dev fused with other lists; USD a million tokens, modalities, lifecycle.

use std::collections::BTreeMap;

use anyhow::Result;

use super::RATES;
use crate::catalog::{
    quote::{Prices, Quote, Reasoning, STANDARD, modality},
    raw::Row,
};

/// Every active row, by the ledger's name of its vendor.
pub(in crate::catalog) fn parse(text: &str) -> Result<BTreeMap<String, Vec<Quote>>> {
    let mut quotes: BTreeMap<String, Vec<Quote>> = BTreeMap::new();
    for row in Row::parse(text)?.rows("models") {
        let (Some(vendor), Some(id)) = (row.text("provider"), row.text("id")) else {
            continue;
        };
        let lifecycle = row.row("lifecycle").unwrap_or_default();
        if lifecycle
            .text("status")
            .is_some_and(|status| status == "deprecated")
        {
            continue;
        }
        let Some(mut quote) = quote(&id, &row) else {
            continue;
        };
        quote.created = lifecycle
            .text("release_date")
            .filter(|date| date.len() == 10);
        quote.expires = lifecycle
            .text("deprecation_date")
            .filter(|date| date.len() == 10);
        quotes.entry(vendor).or_default().push(quote);
    }
    Ok(quotes)
}

fn quote(id: &str, row: &Row) -> Option<Quote> {
    let mut quote = Quote::new(RATES, id);
    let modalities = row.row("modalities").unwrap_or_default();
    quote.input.extend(
        modalities
            .texts("input")
            .iter()
            .filter_map(|word| modality(word)),
    );
    quote.output.extend(
        modalities
            .texts("output")
            .iter()
            .filter_map(|word| modality(word)),
    );
    match row.text("type").as_deref() {
        Some("embedding") => quote.output = ["embeddings"].into(),
        Some("audio_speech") => quote.output = ["speech"].into(),
        Some("audio_transcription") => quote.output = ["transcription"].into(),
        Some("realtime") => return None,
        _ => {}
    }
    let context = row.row("context").unwrap_or_default();
    quote.context = context.count("input");
    quote.output_max = context.count("output");
    quote.abilities.tools = row.flag("tool_call");
    quote.abilities.schema = row.flag("structured_output");
    if let Some(facts) = row.row("reasoning") {
        quote.abilities.reasoning = Some(true);
        quote.reasoning = Some(reasoning(&facts));
    }
    let sheet = quote.sheet(STANDARD);
    sheet.base = prices(&row.row("price").unwrap_or_default());
    for tier in row.rows("price_tiers") {
        let (Some(when), Some(price)) = (tier.row("when"), tier.row("price")) else {
            continue;
        };
        if when.text("dimension").as_deref() == Some("context")
            && let Some(over) = when.count("over")
        {
            sheet.tiers.insert(over, prices(&price));
        }
    }
    sheet.tidy();
    Some(quote)
}

fn reasoning(facts: &Row) -> Reasoning {
    let control = facts.text("control");
    Reasoning {
        efforts: facts
            .rows("levels")
            .iter()
            .filter_map(|level| level.text("label"))
            .collect(),
        default: None,
        // Its "cannot be disabled" often means "nobody said": only the permission is a fact.
        mandatory: (facts.flag("can_disable_reasoning") == Some(true)).then_some(false),
        budget: (control.as_deref() == Some("budget_tokens") || facts.raw("budget").is_some())
            .then_some(true),
        adaptive: None,
    }
}

fn prices(price: &Row) -> Prices {
    [
        ("input_mtok", "prompt", 6),
        ("output_mtok", "completion", 6),
        ("cache_read_mtok", "cache_read", 6),
        ("cache_write_mtok", "cache_write", 6),
        ("cache_write_1h_mtok", "cache_write_1h", 6),
        ("reasoning_mtok", "reasoning", 6),
        ("input_audio_mtok", "audio", 6),
        ("output_audio_mtok", "audio_output", 6),
        ("cache_audio_read_mtok", "audio_cache", 6),
        ("requests_kcount", "request", 9),
        ("kchar", "character", 9),
    ]
    .into_iter()
    .filter_map(|(field, unit, places)| Some((unit, price.scaled(field, places)?)))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_a_million_tokens_become_pico_usd_a_token() {
        let text = r#"{"models": [
            {"provider": "openai", "id": "a", "type": "chat", "modalities": {"input": ["text", "pdf"], "output": ["text"]},
             "context": {"input": 1000, "output": 10}, "tool_call": true,
             "price": {"currency": "USD", "input_mtok": 0.0375, "output_mtok": 1.2, "reasoning_mtok": 1.2},
             "price_tiers": [{"when": {"dimension": "context", "over": 200000}, "price": {"input_mtok": 0.075}}],
             "reasoning": {"control": "budget_tokens", "can_disable_reasoning": false, "levels": []},
             "lifecycle": {"status": "active", "release_date": "2026-01-02"}},
            {"provider": "openai", "id": "b", "lifecycle": {"status": "deprecated"}}]}"#;
        let quotes = parse(text).unwrap();
        let [quote] = quotes["openai"].as_slice() else {
            panic!("{quotes:?}")
        };
        let sheet = &quote.sheets[STANDARD];
        assert_eq!(
            sheet.base,
            [("completion", 1_200_000), ("prompt", 37_500)].into()
        );
        assert_eq!(sheet.tiers, [(200_000, [("prompt", 75_000)].into())].into());
        assert!(quote.input.contains("file"));
        let reasoning = quote.reasoning.as_ref().unwrap();
        assert_eq!((reasoning.budget, reasoning.mandatory), (Some(true), None));
        assert_eq!(quote.created.as_deref(), Some("2026-01-02"));
    }
}
