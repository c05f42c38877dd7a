//! The usage object with its cost (spec/inference.md §9). Amounts are written as the exact decimal text of an
//! integer; no float is ever made of money.

use std::io::Write as _;

use canon::{NanoUsd, Usage};

use crate::{Receipt, json::write};

/// Appends OpenRouter's usage object, in its order of fields. Every answer ends with it and nothing in it needs
/// an escape, so it is written as text between numbers.
pub fn render_usage(receipt: &Receipt, out: &mut Vec<u8>) {
    let usage = &receipt.usage;
    count(out, r#"{"prompt_tokens":"#, usage.prompt_tokens);
    count(out, r#","completion_tokens":"#, usage.completion_tokens);
    count(out, r#","total_tokens":"#, usage.total());
    out.push(b',');
    render_price(receipt, out);
    render_prompt_details(usage, out);
    out.push(b',');
    render_cost_details(receipt, out);
    render_completion_details(usage, out);
    if usage.web_searches > 0 {
        let name = r#","server_tool_use_details":{"web_search_requests":"#;
        count(out, name, usage.web_searches);
        out.push(b'}');
    }
    out.push(b'}');
}

/// Appends `"cost":…,"is_byok":…,"cost_details":{…}` without braces, for usage objects of other dialects.
pub fn render_cost(receipt: &Receipt, out: &mut Vec<u8>) {
    render_price(receipt, out);
    out.push(b',');
    render_cost_details(receipt, out);
}

fn render_price(receipt: &Receipt, out: &mut Vec<u8>) {
    amount(out, r#""cost":"#, receipt.cost);
    text(out, r#","is_byok":"#);
    text(out, if receipt.is_byok { "true" } else { "false" });
}

fn render_prompt_details(usage: &Usage, out: &mut Vec<u8>) {
    let cache_write_tokens = usage
        .cache_write_tokens
        .saturating_add(usage.cache_write_1h_tokens);
    text(out, r#","prompt_tokens_details":{"#);
    count(out, r#""cached_tokens":"#, usage.cached_tokens);
    count(out, r#","cache_write_tokens":"#, cache_write_tokens);
    count(out, r#","audio_tokens":"#, usage.audio_prompt_tokens);
    text(out, r#","video_tokens":0}"#);
}

fn render_cost_details(receipt: &Receipt, out: &mut Vec<u8>) {
    let (prompt, completion) = (
        receipt.upstream_prompt_cost,
        receipt.upstream_completion_cost,
    );
    text(out, r#""cost_details":{"#);
    amount(out, r#""upstream_inference_cost":"#, receipt.upstream_cost);
    amount(out, r#","upstream_inference_prompt_cost":"#, prompt);
    amount(
        out,
        r#","upstream_inference_completions_cost":"#,
        completion,
    );
    out.push(b'}');
}

fn render_completion_details(usage: &Usage, out: &mut Vec<u8>) {
    let accepted = usage.accepted_prediction_tokens;
    let rejected = usage.rejected_prediction_tokens;
    text(out, r#","completion_tokens_details":{"#);
    count(out, r#""reasoning_tokens":"#, usage.reasoning_tokens);
    count(out, r#","image_tokens":"#, usage.image_completion_tokens);
    count(out, r#","audio_tokens":"#, usage.audio_completion_tokens);
    if accepted > 0 || rejected > 0 {
        count(out, r#","accepted_prediction_tokens":"#, accepted);
        count(out, r#","rejected_prediction_tokens":"#, rejected);
    }
    out.push(b'}');
}

fn text(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
}

fn count(out: &mut Vec<u8>, name: &str, tokens: u64) {
    text(out, name);
    write(out, &tokens);
}

/// An amount in USD, as the decimal text of its integer: always a JSON number.
fn amount(out: &mut Vec<u8>, name: &str, amount: NanoUsd) {
    text(out, name);
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

    #[test]
    fn searches_and_predictions_are_said_where_there_were_any() {
        let read = |usage| {
            let receipt = Receipt {
                usage,
                ..Receipt::default()
            };
            let mut out = Vec::new();
            render_usage(&receipt, &mut out);
            serde_json::from_slice::<serde_json::Value>(&out).unwrap()
        };
        let said = read(Usage {
            prompt_tokens: 9,
            cache_write_tokens: 2,
            cache_write_1h_tokens: 3,
            rejected_prediction_tokens: 4,
            web_searches: 5,
            ..Usage::default()
        });
        assert_eq!(said["prompt_tokens_details"]["cache_write_tokens"], 5);
        let completion = &said["completion_tokens_details"];
        assert_eq!(completion["accepted_prediction_tokens"], 0);
        assert_eq!(completion["rejected_prediction_tokens"], 4);
        assert_eq!(said["server_tool_use_details"]["web_search_requests"], 5);
        let quiet = read(Usage::default());
        assert_eq!(quiet.get("server_tool_use_details"), None);
        let completion = &quiet["completion_tokens_details"];
        assert_eq!(completion.get("accepted_prediction_tokens"), None);
    }
}
