//! litellm's price table, and tokencostauto's, which has the same fields: USD a unit, flat names.

use std::collections::BTreeMap;

use anyhow::Result;

use crate::catalog::{
    quote::{Lane, Prices, Quote, Reasoning, STANDARD, modality},
    raw::{Row, scaled},
};

/// Every row that is a model we can serve, by litellm's name of its vendor.
pub(in crate::catalog) fn parse(
    text: &str,
    source: &'static str,
) -> Result<BTreeMap<String, Vec<Quote>>> {
    let mut quotes: BTreeMap<String, Vec<Quote>> = BTreeMap::new();
    for (id, value) in Row::parse(text)?.members() {
        let Ok(row) = Row::parse(value) else { continue };
        let (Some(vendor), Some(quote)) = (row.text("litellm_provider"), quote(source, id, &row))
        else {
            continue;
        };
        quotes.entry(vendor).or_default().push(quote);
    }
    Ok(quotes)
}

fn quote(source: &'static str, id: &str, row: &Row) -> Option<Quote> {
    let output = match row.text("mode")?.as_str() {
        "chat" | "responses" | "completion" => "text",
        "embedding" => "embeddings",
        "image_generation" => "image",
        "audio_speech" => "speech",
        "audio_transcription" => "transcription",
        "rerank" => "rerank",
        "video_generation" => "video",
        _ => return None,
    };
    let mut quote = Quote::new(source, id);
    quote.output.insert(output);
    outputs(row, &mut quote);
    inputs(row, output, &mut quote);
    quote.prompt_max = row.count("max_input_tokens");
    quote.context = quote.prompt_max;
    quote.output_max = row.count("max_output_tokens");
    quote.expires = row.text("deprecation_date").filter(|date| date.len() == 10);
    quote.abilities.tools = row.flag("supports_function_calling");
    quote.abilities.tool_choice = row.flag("supports_tool_choice");
    quote.abilities.parallel_tools = row.flag("supports_parallel_function_calling");
    quote.abilities.schema = row.flag("supports_response_schema");
    quote.abilities.reasoning = row.flag("supports_reasoning");
    quote.abilities.web_search = row.flag("supports_web_search");
    quote.abilities.sampling = row.flag("supports_sampling_params");
    quote.reasoning = reasoning(row);
    quote.cited = row.text("source").is_some();
    let endpoints = row.texts("supported_endpoints");
    quote.responses_only = row.text("mode").as_deref() == Some("responses")
        || (endpoints.iter().any(|path| path == "/v1/responses")
            && !endpoints.iter().any(|path| path == "/v1/chat/completions"));
    prices(row, output, &mut quote);
    for (field, area) in FACTORS {
        quote
            .factors
            .extend(row.scaled(field, 2).map(|percent| (area, percent)));
    }
    Some(quote)
}

/// Some rows say that a model draws when it may only call a tool that does: a drawing has a price.
fn outputs(row: &Row, quote: &mut Quote) {
    let priced = |start: &str| row.members().any(|(name, _)| name.starts_with(start));
    let words = row.texts("supported_output_modalities");
    quote
        .output
        .extend(
            words
                .iter()
                .filter_map(|word| modality(word))
                .filter(|word| match *word {
                    "image" => priced("output_cost_per_image") || priced("input_cost_per_image"),
                    _ => true,
                }),
        );
}

fn inputs(row: &Row, output: &str, quote: &mut Quote) {
    quote.input.insert(if output == "transcription" {
        "audio"
    } else {
        "text"
    });
    quote.input.extend(
        row.texts("supported_modalities")
            .iter()
            .filter_map(|word| modality(word)),
    );
    for (flag, word) in [
        ("supports_vision", "image"),
        ("supports_pdf_input", "file"),
        ("supports_audio_input", "audio"),
        ("supports_video_input", "video"),
    ] {
        if row.flag(flag) == Some(true) {
            quote.input.insert(word);
        }
    }
}

fn reasoning(row: &Row) -> Option<Reasoning> {
    if row.flag("supports_reasoning") != Some(true) {
        return None;
    }
    let mut reasoning = Reasoning {
        default: row.text("default_reasoning_effort"),
        mandatory: row.flag("thinking_always_on"),
        adaptive: row.flag("supports_adaptive_thinking"),
        budget: row.flag("supports_legacy_thinking"),
        ..Reasoning::default()
    };
    reasoning
        .efforts
        .extend(row.texts("reasoning_effort_levels"));
    Some(reasoning)
}

/// Fields whose name is a price and nothing else, with our unit. Longer names before their beginnings.
const STEMS: [(&str, &str); 18] = [
    (
        "cache_creation_input_token_cost_above_1hr",
        "cache_write_1h",
    ),
    ("cache_creation_input_token_cost", "cache_write"),
    ("cache_read_input_audio_token_cost", "audio_cache"),
    ("cache_read_input_token_cost", "cache_read"),
    ("input_cost_per_token_cache_hit", "cache_read"),
    ("input_cost_per_token", "prompt"),
    ("output_cost_per_token", "completion"),
    ("output_cost_per_reasoning_token", "reasoning"),
    ("input_cost_per_audio_token", "audio"),
    ("output_cost_per_audio_token", "audio_output"),
    ("input_cost_per_image_token", "image_token"),
    ("output_cost_per_image_token", "image_output"),
    ("output_cost_per_image", "picture"),
    ("input_cost_per_image", "image"),
    ("input_cost_per_character", "character"),
    ("input_cost_per_second", "audio_second"),
    ("output_cost_per_second", "video_second"),
    ("input_cost_per_query", "request"),
];

/// Fields that say what tokens cost where an answer stays in an area.
const FACTORS: [(&str, &str); 3] = [
    ("regional_endpoint_uplift_multiplier", "regional"),
    ("regional_processing_uplift_multiplier_eu", "eu"),
    ("regional_processing_uplift_multiplier_us", "us"),
];

fn prices(row: &Row, output: &str, quote: &mut Quote) {
    for (name, value) in row.members() {
        let Some((unit, lane, over)) = price_field(name) else {
            continue;
        };
        let Some(price) = scaled(value, 12) else {
            continue;
        };
        let unit = match (unit, output) {
            // Older rows give a drawn picture's price as an input price.
            ("image", "image") if row.raw("output_cost_per_image").is_none() => "picture",
            // Whisper's row repeats the price of heard audio as if it were spoken.
            ("video_second", "transcription") => continue,
            ("video_second", "speech") => "audio_second",
            _ => unit,
        };
        let sheet = quote.sheet(lane);
        let prices = if over == 0 {
            &mut sheet.base
        } else {
            sheet.tiers.entry(over).or_default()
        };
        prices.entry(unit).or_insert(price);
    }
    if let Some(search) = row.row("search_context_cost_per_query")
        && let Some(price) = search.scaled("search_context_size_medium", 12)
    {
        quote.sheet(STANDARD).base.insert("web_search", price);
    }
    for sheet in quote.sheets.values_mut() {
        once(&mut sheet.base, output);
        sheet.tidy();
    }
}

/// Keeps one of two prices for one thing: where tokens are counted, what a piece of them costs is only
/// an illustration. Embeddings count a shown image by the piece.
fn once(prices: &mut Prices, output: &str) {
    let costs = |unit: &str| prices.get(unit).is_some_and(|price| *price > 0);
    let counted = costs("prompt");
    if costs("image_output") || costs("completion") {
        prices.remove("picture");
    }
    if counted && output != "embeddings" {
        prices.remove("image");
    }
    if counted || prices.contains_key("audio") || prices.contains_key("audio_output") {
        prices.remove("audio_second");
    }
}

/// Splits `input_cost_per_token_above_200k_tokens_priority` into unit, lane and threshold.
fn price_field(name: &str) -> Option<(&'static str, Lane, u64)> {
    let (name, lane) = [
        ("_batches", "batch"),
        ("_flex", "flex"),
        ("_priority", "priority"),
    ]
    .into_iter()
    .find_map(|(suffix, lane)| Some((name.strip_suffix(suffix)?, lane)))
    .unwrap_or((name, STANDARD));
    let (stem, unit) = STEMS.iter().find(|(stem, _)| name.starts_with(stem))?;
    let rest = name.strip_prefix(stem)?;
    if rest.is_empty() {
        return Some((unit, lane, 0));
    }
    let thousands: u64 = rest
        .strip_prefix("_above_")?
        .strip_suffix("k_tokens")?
        .parse()
        .ok()?;
    Some((unit, lane, thousands * 1_000))
}

#[cfg(test)]
mod tests {
    use super::price_field;

    #[test]
    fn a_price_field_is_a_unit_a_lane_and_a_threshold() {
        for (name, expected) in [
            ("input_cost_per_token", Some(("prompt", "standard", 0))),
            (
                "output_cost_per_token_batches",
                Some(("completion", "batch", 0)),
            ),
            (
                "cache_read_input_token_cost_above_272k_tokens_flex",
                Some(("cache_read", "flex", 272_000)),
            ),
            (
                "cache_creation_input_token_cost_above_1hr_above_100k_tokens",
                Some(("cache_write_1h", "standard", 100_000)),
            ),
            ("cache_creation_input_token_cost_above_12hr", None),
            ("input_cost_per_token_ultrafast", None),
            ("max_input_tokens", None),
        ] {
            assert_eq!(price_field(name), expected, "{name}");
        }
    }

    #[test]
    fn a_piece_is_not_priced_beside_its_tokens() {
        let text = r#"{"gpt-image": {"litellm_provider": "openai", "mode": "image_generation",
            "input_cost_per_token": 5e-06, "output_cost_per_image_token": 3.2e-05,
            "output_cost_per_image": 0.04, "input_cost_per_image": 0.001, "deprecation_date": "2027-01-01"},
          "old-image": {"litellm_provider": "openai", "mode": "image_generation", "input_cost_per_image": 0.02},
          "sample_spec": {"litellm_provider": "one of many", "mode": "one of many"}}"#;
        let quotes = super::parse(text, "litellm").unwrap();
        let [image, old] = quotes["openai"].as_slice() else {
            panic!("{quotes:?}")
        };
        assert_eq!(
            image.sheets["standard"].base,
            [("image_output", 32_000_000), ("prompt", 5_000_000)].into()
        );
        assert_eq!(
            old.sheets["standard"].base,
            [("picture", 20_000_000_000)].into()
        );
        assert_eq!(image.expires.as_deref(), Some("2027-01-01"));
        assert!(!quotes.contains_key("one of many"));
    }
}
