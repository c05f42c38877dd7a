//! Counts of an answer, in both directions. What cannot be true is treated as not stated.

use canon::Usage;
use serde_json::Value;

use crate::{Receipt, json::Object};

/// More tokens than any answer has.
const TOKENS_MAX: u64 = 1_000_000_000;

/// Reads the usage of a finished answer; `None` where it states no prompt and answer, or something impossible.
pub(super) fn parse_usage(response: &Value) -> Option<Usage> {
    let stated = response.get("usage")?;
    let required = |name| count(stated.get(name)).filter(|_| stated.get(name).is_some());
    let detail = |group: &str, name: &str| count(stated.get(group).and_then(|it| it.get(name)));
    let (input, output) = ("input_tokens_details", "output_tokens_details");
    let mut usage = Usage {
        prompt_tokens: required("input_tokens")?,
        completion_tokens: required("output_tokens")?,
        cached_tokens: detail(input, "cached_tokens")?,
        cache_write_tokens: detail(input, "cache_write_tokens")?,
        audio_prompt_tokens: detail(input, "audio_tokens")?,
        image_prompt_tokens: detail(input, "image_tokens")?,
        reasoning_tokens: detail(output, "reasoning_tokens")?,
        audio_completion_tokens: detail(output, "audio_tokens")?,
        image_completion_tokens: detail(output, "image_tokens")?,
        web_searches: searches(response),
        service_tier: response
            .get("service_tier")
            .and_then(Value::as_str)
            .map(str::to_owned),
        ..Usage::default()
    };
    let total = count(stated.get("total_tokens"))?;
    if total > 0 && total != usage.total() {
        usage.total_tokens = Some(total);
    }
    usage.is_plausible().then_some(usage)
}

/// A count: 0 where it is absent, `None` where it is nonsense.
fn count(value: Option<&Value>) -> Option<u64> {
    match value {
        None | Some(Value::Null) => Some(0),
        Some(value) => value
            .as_u64()
            .or_else(|| crate::fields::whole(value))
            .filter(|count| *count <= TOKENS_MAX),
    }
}

/// Searches the vendor ran: as it states them, or as its items show them.
fn searches(response: &Value) -> u64 {
    let stated = response
        .pointer("/tool_usage/web_search/num_requests")
        .or_else(|| response.pointer("/usage/server_tool_use_details/web_search_requests"))
        .and_then(Value::as_u64);
    let is_search = |item: &&Value| {
        let action = item.pointer("/action/type").and_then(Value::as_str);
        let kind = item.get("type").and_then(Value::as_str);
        // Opening and reading a page found before is no search.
        kind == Some("web_search_call") && action.is_none_or(|action| action == "search")
    };
    let items = response.get("output").and_then(Value::as_array);
    let shown = items.into_iter().flatten().filter(is_search).count();
    stated.unwrap_or_else(|| u64::try_from(shown).unwrap_or(u64::MAX))
}

/// Writes the usage object with its cost.
pub(super) fn render_usage(receipt: &Receipt, mut object: Object<'_>) {
    let usage = &receipt.usage;
    object.field("input_tokens", &usage.prompt_tokens);
    let mut input = object.object("input_tokens_details");
    input.field("cached_tokens", &usage.cached_tokens);
    let written = usage
        .cache_write_tokens
        .saturating_add(usage.cache_write_1h_tokens);
    input.field("cache_write_tokens", &written);
    input.close();
    object.field("output_tokens", &usage.completion_tokens);
    let mut output = object.object("output_tokens_details");
    output.field("reasoning_tokens", &usage.reasoning_tokens);
    output.close();
    object.field("total_tokens", &usage.total());
    // Amounts are the exact decimal text of an integer: always a JSON number, never a float on the way.
    object.raw("cost", &receipt.cost.to_string());
    object.field("is_byok", &receipt.is_byok);
    let mut details = object.object("cost_details");
    for (name, amount) in [
        ("upstream_inference_cost", receipt.upstream_cost),
        (
            "upstream_inference_input_cost",
            receipt.upstream_prompt_cost,
        ),
        (
            "upstream_inference_output_cost",
            receipt.upstream_completion_cost,
        ),
    ] {
        details.raw(name, &amount.to_string());
    }
    details.close();
    if usage.web_searches > 0 {
        let mut tools = object.object("server_tool_use_details");
        tools.field("web_search_requests", &usage.web_searches);
        tools.close();
    }
    object.close();
}
