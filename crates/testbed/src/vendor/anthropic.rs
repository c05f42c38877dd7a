//! The Anthropic messages form, as `api.anthropic.com` answered in 2026, and as Bedrock and Vertex
//! AI hosted it: with less about the usage and other marks in the ids.

use serde_json::{Map, Value, json};

use super::answer::{Answer, Call, Finish, Told};
use super::asked::nothing;
use super::place::Host;
use super::source::web_search_location;

mod refusals;
mod request;
mod stream;

pub(super) use refusals::{error, headers, vertex_error};
pub(super) use request::parse;
pub(super) use stream::{done, error_event, events, stream};

const REDACTED: &str = "EmwKAhgBEgxmYWtlIHZlbmRvciBoaWRkZW4gdGhvdWdodA==";
const SIGNATURE: &str = "EqQBCkYIBRgCKkBmYWtlIHZlbmRvciB0aG91Z2h0IHNpZ25hdHVyZQ==";

/// The answer in one piece.
pub(super) fn whole(answer: &Answer, host: Host) -> Value {
    let mut content = Vec::new();
    if !answer.reasoning.is_empty() {
        let thought = answer.reasoning.concat();
        content.push(json!({"type": "thinking", "thinking": thought, "signature": SIGNATURE}));
    }
    if answer.redacted {
        content.push(redacted());
    }
    if !answer.text.is_empty() {
        let mut block = json!({"type": "text", "text": answer.text.concat()});
        if let (true, Some(members)) = (answer.cited, block.as_object_mut()) {
            members.insert("citations".to_owned(), json!([web_search_location()]));
        }
        content.push(block);
    }
    for call in &answer.calls {
        // Arguments cut short by the token limit are no JSON; the vendor then shows an empty input.
        let input = serde_json::from_str(&call.arguments()).unwrap_or_else(|_| nothing());
        content.push(tool_use(call, &input, host));
    }
    let (reason, sequence) = stop_reason(&answer.finish);
    let mut message = opening(answer, host);
    message.insert("content".to_owned(), json!(content));
    message.insert("stop_reason".to_owned(), json!(reason));
    message.insert("stop_sequence".to_owned(), json!(sequence));
    if let Some(told) = answer.told() {
        message.insert("usage".to_owned(), whole_usage(answer, told, host));
    }
    Value::Object(message)
}

/// `GET /v1/models`, as asked with an `anthropic-version`.
pub(super) fn models(models: &[String]) -> Value {
    let data: Vec<Value> = models
        .iter()
        .map(|id| {
            let created_at = "2026-01-01T00:00:00Z";
            json!({"type": "model", "id": id, "display_name": id, "created_at": created_at})
        })
        .collect();
    let (first, last) = (models.first(), models.last());
    json!({"data": data, "has_more": false, "first_id": first, "last_id": last})
}

/// The answer to the question how many tokens a prompt has.
pub(super) fn counted(answer: &Answer) -> Value {
    answer
        .told()
        .map_or_else(nothing, |told| json!({"input_tokens": told.prompt}))
}

/// What hosts put into ids, after the prefix.
fn mark(host: Host) -> &'static str {
    match host {
        Host::Own => "",
        Host::Bedrock => "bdrk_",
        Host::Vertex => "vrtx_",
    }
}

/// The message before anything was said.
fn opening(answer: &Answer, host: Host) -> Map<String, Value> {
    let id = format!("msg_{}011C{:020}", mark(host), answer.number);
    let mut message = Map::new();
    let members = [
        ("model", json!(answer.model)),
        ("id", json!(id)),
        ("type", json!("message")),
        ("role", json!("assistant")),
        ("content", json!([])),
        ("stop_reason", Value::Null),
        ("stop_sequence", Value::Null),
    ];
    message.extend(members.map(|(name, value)| (name.to_owned(), value)));
    if host == Host::Own {
        message.insert("stop_details".to_owned(), Value::Null);
    }
    message
}

fn tool_use(call: &Call, input: &Value, host: Host) -> Value {
    let id = format!("toolu_{}{}", mark(host), call.id);
    let mut block = json!({"type": "tool_use", "id": id, "name": call.name, "input": input});
    if let (Host::Own, Some(members)) = (host, block.as_object_mut()) {
        members.insert("caller".to_owned(), json!({"type": "direct"}));
    }
    block
}

/// The tier that served: the better one for those who leave the choice.
fn tier(answer: &Answer) -> &'static str {
    match answer.tier.as_deref() {
        Some("auto") => "priority",
        Some(_) | None => "standard",
    }
}

/// The block of thoughts that nobody else may read.
fn redacted() -> Value {
    json!({"type": "redacted_thinking", "data": REDACTED})
}

fn stop_reason(finish: &Finish) -> (&'static str, Option<&str>) {
    match finish {
        Finish::Stop => ("end_turn", None),
        Finish::StopSequence(sequence) => ("stop_sequence", Some(sequence)),
        Finish::Length => ("max_tokens", None),
        Finish::Tools => ("tool_use", None),
        Finish::Refusal => ("refusal", None),
    }
}

/// Usage as a whole answer tells it. The input is what the cache had no part in.
fn whole_usage(answer: &Answer, told: Told, host: Host) -> Value {
    let mut usage = opening_usage(answer, told, host);
    if let (Host::Own, Some(members)) = (host, usage.as_object_mut()) {
        let details = json!({"thinking_tokens": told.reasoning});
        members.insert("output_tokens_details".to_owned(), details);
    }
    usage
}

/// Usage as `message_start` tells it.
fn opening_usage(answer: &Answer, told: Told, host: Host) -> Value {
    let mut usage = json!({
        "input_tokens": fresh(told),
        "cache_creation_input_tokens": told.cache_written,
        "cache_read_input_tokens": told.cached,
        "output_tokens": told.completion,
    });
    let Some(members) = usage.as_object_mut() else {
        return usage;
    };
    if host != Host::Vertex {
        let for_an_hour = answer.used.cache_written_1h > 0;
        let (minutes, hour) = if for_an_hour {
            (0, told.cache_written)
        } else {
            (told.cache_written, 0)
        };
        let lasting =
            json!({"ephemeral_5m_input_tokens": minutes, "ephemeral_1h_input_tokens": hour});
        members.insert("cache_creation".to_owned(), lasting);
    }
    if host == Host::Own {
        members.insert("service_tier".to_owned(), json!(tier(answer)));
        members.insert("inference_geo".to_owned(), json!("global"));
    }
    usage
}

/// Usage as `message_delta` tells it: everything up to the end, or, at hosts, the output only.
fn closing_usage(told: Told, host: Host) -> Value {
    if host != Host::Own {
        return json!({"output_tokens": told.completion});
    }
    json!({
        "input_tokens": fresh(told),
        "cache_creation_input_tokens": told.cache_written,
        "cache_read_input_tokens": told.cached,
        "output_tokens": told.completion,
        "output_tokens_details": {"thinking_tokens": told.reasoning},
    })
}

fn fresh(told: Told) -> i64 {
    told.prompt
        .saturating_sub(told.cached)
        .saturating_sub(told.cache_written)
}
