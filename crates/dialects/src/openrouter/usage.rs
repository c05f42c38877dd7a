//! The usage object with its cost (spec/inference.md §9). Amounts are written as the exact decimal text of an
//! integer; no float is ever made of money.

use std::io::Write as _;

use canon::{NanoUsd, Usage};

use crate::{Receipt, json::Object};

/// Appends OpenRouter's usage object, in its order of fields.
pub fn render_usage(receipt: &Receipt, out: &mut Vec<u8>) {
    let usage = &receipt.usage;
    let mut object = Object::open(out);
    object.field("prompt_tokens", &usage.prompt_tokens);
    object.field("completion_tokens", &usage.completion_tokens);
    object.field("total_tokens", &usage.total());
    let cache_write_tokens = usage
        .cache_write_tokens
        .saturating_add(usage.cache_write_1h_tokens);
    render_price(receipt, &mut object);
    let mut prompt = object.object("prompt_tokens_details");
    prompt.field("cached_tokens", &usage.cached_tokens);
    prompt.field("cache_write_tokens", &cache_write_tokens);
    prompt.field("audio_tokens", &usage.audio_prompt_tokens);
    prompt.field("video_tokens", &0);
    prompt.close();
    render_cost_details(receipt, &mut object);
    render_completion_details(usage, &mut object);
    if usage.web_searches > 0 {
        let mut searches = object.object("server_tool_use_details");
        searches.field("web_search_requests", &usage.web_searches);
        searches.close();
    }
    object.close();
}

/// Appends `"cost":…,"is_byok":…,"cost_details":{…}` without braces, for usage objects of other dialects.
pub fn render_cost(receipt: &Receipt, out: &mut Vec<u8>) {
    out.extend_from_slice(b"\"cost\":");
    write_amount(out, receipt.cost);
    let mut object = Object::resume(out);
    object.field("is_byok", &receipt.is_byok);
    render_cost_details(receipt, &mut object);
}

fn render_price(receipt: &Receipt, object: &mut Object<'_>) {
    amount(object, "cost", receipt.cost);
    object.field("is_byok", &receipt.is_byok);
}

fn render_cost_details(receipt: &Receipt, object: &mut Object<'_>) {
    let mut details = object.object("cost_details");
    amount(
        &mut details,
        "upstream_inference_cost",
        receipt.upstream_cost,
    );
    amount(
        &mut details,
        "upstream_inference_prompt_cost",
        receipt.upstream_prompt_cost,
    );
    amount(
        &mut details,
        "upstream_inference_completions_cost",
        receipt.upstream_completion_cost,
    );
    details.close();
}

fn render_completion_details(usage: &Usage, object: &mut Object<'_>) {
    let mut details = object.object("completion_tokens_details");
    details.field("reasoning_tokens", &usage.reasoning_tokens);
    details.field("image_tokens", &usage.image_completion_tokens);
    details.field("audio_tokens", &usage.audio_completion_tokens);
    if usage.accepted_prediction_tokens > 0 || usage.rejected_prediction_tokens > 0 {
        details.field(
            "accepted_prediction_tokens",
            &usage.accepted_prediction_tokens,
        );
        details.field(
            "rejected_prediction_tokens",
            &usage.rejected_prediction_tokens,
        );
    }
    details.close();
}

/// An amount in USD, as the decimal text of its integer: always a JSON number.
fn amount(object: &mut Object<'_>, name: &str, amount: NanoUsd) {
    write_amount(object.key(name), amount);
}

fn write_amount(out: &mut Vec<u8>, amount: NanoUsd) {
    // Writing to memory cannot fail.
    let _infallible = write!(out, "{amount}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cost_is_the_exact_decimal_of_its_integer() {
        let receipt = Receipt {
            usage: Usage {
                prompt_tokens: 607,
                completion_tokens: 143,
                ..Usage::default()
            },
            cost: NanoUsd::new(1_322_001),
            upstream_cost: NanoUsd::new(1),
            upstream_prompt_cost: NanoUsd::new(9_007_199_254_740_993),
            ..Receipt::default()
        };
        let mut out = Vec::new();
        render_usage(&receipt, &mut out);
        let text = String::from_utf8(out).unwrap();
        assert!(
            text.starts_with(
                r#"{"prompt_tokens":607,"completion_tokens":143,"total_tokens":750,"cost":0.001322001,"is_byok":false,"#
            ),
            "{text}"
        );
        assert!(text.contains(r#""upstream_inference_cost":0.000000001,"#));
        assert!(
            text.contains(r#""upstream_inference_prompt_cost":9007199.254740993,"#),
            "{text}"
        );
        assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
        let mut fields = b"{".to_vec();
        render_cost(&receipt, &mut fields);
        fields.push(b'}');
        let cost: serde_json::Value = serde_json::from_slice(&fields).unwrap();
        assert_eq!(cost["is_byok"], false);
    }
}
