//! The Anthropic messages form, as `api.anthropic.com` answered in 2026.

use http::{HeaderMap, HeaderValue, header};
use serde_json::{Map, Value, json};

use super::answer::{Answer, Call, Finish, Told};
use super::asked::{Asked, Choice, Tool, count, list, member, nothing, strings, text};

mod stream;

pub(super) use stream::{done, stream};

const SIGNATURE: &str = "EqQBCkYIBRgCKkBmYWtlIHZlbmRvciB0aG91Z2h0IHNpZ25hdHVyZQ==";

/// Reads a request as the vendor does.
pub(super) fn parse(body: &Value) -> Result<Asked, String> {
    let model = text(body, "model").ok_or("model: Field required")?;
    let output_tokens_max = count(body, "max_tokens").ok_or("max_tokens: Field required")?;
    if !body.get("messages").is_some_and(Value::is_array) {
        return Err("messages: Field required".to_owned());
    }
    let schema = body
        .pointer("/output_config/format/schema")
        .or_else(|| body.pointer("/output_format/schema"));
    let mut asked = Asked {
        model: model.to_owned(),
        stream: body.get("stream").is_some_and(|on| *on == json!(true)),
        include_usage: true,
        tools: list(body, "tools").iter().filter_map(parse_tool).collect(),
        choice: parse_choice(body.get("tool_choice")),
        schema: schema.cloned(),
        output_tokens_max: Some(output_tokens_max),
        stop: strings(body.get("stop_sequences")),
        thinking: body
            .get("thinking")
            .and_then(|thinking| text(thinking, "type"))
            == Some("enabled"),
        user: body
            .pointer("/metadata/user_id")
            .and_then(Value::as_str)
            .map(str::to_owned),
        ..Asked::default()
    };
    if let Some(system) = member(body, ["system", "system"]) {
        asked.take(system, is_image);
    }
    for message in list(body, "messages") {
        let Some(content) = message.get("content") else {
            continue;
        };
        let words = asked.take(content, is_image);
        let parts = content.as_array().map_or(&[][..], Vec::as_slice);
        asked.after_tool = parts
            .iter()
            .any(|part| text(part, "type") == Some("tool_result"));
        if text(message, "role") == Some("user") {
            asked.last_words = words;
        }
    }
    Ok(asked)
}

/// The answer in one piece.
pub(super) fn whole(answer: &Answer) -> Value {
    let mut content = Vec::new();
    if !answer.reasoning.is_empty() {
        let thought = answer.reasoning.concat();
        content.push(json!({"type": "thinking", "thinking": thought, "signature": SIGNATURE}));
    }
    if !answer.text.is_empty() {
        content.push(json!({"type": "text", "text": answer.text.concat()}));
    }
    for call in &answer.calls {
        // Arguments cut short by the token limit are no JSON; the vendor then shows an empty input.
        let input = serde_json::from_str(&call.arguments()).unwrap_or_else(|_| nothing());
        content.push(tool_use(call, &input));
    }
    let (reason, sequence) = stop_reason(&answer.finish);
    let mut message = opening(answer);
    message.insert("content".to_owned(), json!(content));
    message.insert("stop_reason".to_owned(), json!(reason));
    message.insert("stop_sequence".to_owned(), json!(sequence));
    if let Some(told) = answer.told() {
        message.insert("usage".to_owned(), whole_usage(told));
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

/// The body of an error.
pub(super) fn error(status: u16, message: Option<&str>, number: u64) -> Value {
    let (kind, said) = match status {
        400 => (
            "invalid_request_error",
            "prompt is too long: 200001 tokens > 200000 maximum",
        ),
        401 => ("authentication_error", "invalid x-api-key"),
        402 => (
            "billing_error",
            "Your credit balance is too low to access the Anthropic API.",
        ),
        403 => (
            "permission_error",
            "Your API key does not have permission to use this model.",
        ),
        404 => ("not_found_error", "model: not found"),
        413 => ("request_too_large", "Request exceeds the maximum size"),
        429 => (
            "rate_limit_error",
            "This request would exceed your organization's rate limit of 50 requests per minute.",
        ),
        503 | 529 => ("overloaded_error", "Overloaded"),
        504 => ("timeout_error", "Request timed out"),
        500.. => ("api_error", "Internal server error"),
        _ => ("invalid_request_error", "The request was refused."),
    };
    json!({"type": "error", "error": {"type": kind, "message": message.unwrap_or(said)},
        "request_id": request_id(number)})
}

/// The headers of an answer.
pub(super) fn headers(number: u64, retry_after_s: Option<u64>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Ok(id) = HeaderValue::try_from(request_id(number)) {
        headers.insert("request-id", id);
    }
    if let Some(seconds) = retry_after_s {
        headers.insert(header::RETRY_AFTER, seconds.into());
        headers.insert("x-should-retry", HeaderValue::from_static("true"));
    }
    headers
}

fn request_id(number: u64) -> String {
    format!("req_011C{number:020}")
}

/// The message before anything was said.
fn opening(answer: &Answer) -> Map<String, Value> {
    let mut message = Map::new();
    let members = [
        ("model", json!(answer.model)),
        ("id", json!(format!("msg_011C{:020}", answer.number))),
        ("type", json!("message")),
        ("role", json!("assistant")),
        ("content", json!([])),
        ("stop_reason", Value::Null),
        ("stop_sequence", Value::Null),
        ("stop_details", Value::Null),
    ];
    message.extend(members.map(|(name, value)| (name.to_owned(), value)));
    message
}

fn tool_use(call: &Call, input: &Value) -> Value {
    json!({"type": "tool_use", "id": format!("toolu_{}", call.id), "name": call.name,
        "input": input, "caller": {"type": "direct"}})
}

fn stop_reason(finish: &Finish) -> (&'static str, Option<&str>) {
    match finish {
        Finish::Stop => ("end_turn", None),
        Finish::StopSequence(sequence) => ("stop_sequence", Some(sequence)),
        Finish::Length => ("max_tokens", None),
        Finish::Tools => ("tool_use", None),
    }
}

/// Usage as a whole answer tells it. The input is what the cache had no part in.
fn whole_usage(told: Told) -> Value {
    let mut usage = opening_usage(told);
    if let Some(members) = usage.as_object_mut() {
        let details = json!({"thinking_tokens": told.reasoning});
        members.insert("output_tokens_details".to_owned(), details);
    }
    usage
}

/// Usage as `message_start` tells it.
fn opening_usage(told: Told) -> Value {
    json!({
        "input_tokens": fresh(told),
        "cache_creation_input_tokens": told.cache_written,
        "cache_read_input_tokens": told.cached,
        "cache_creation": {
            "ephemeral_5m_input_tokens": told.cache_written,
            "ephemeral_1h_input_tokens": 0,
        },
        "output_tokens": told.completion,
        "service_tier": "standard",
        "inference_geo": "global",
    })
}

/// Usage as `message_delta` tells it: everything up to the end.
fn closing_usage(told: Told) -> Value {
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

fn is_image(part: &Value) -> bool {
    text(part, "type") == Some("image")
}

fn parse_tool(tool: &Value) -> Option<Tool> {
    let schema = tool.get("input_schema")?.clone();
    Some(Tool {
        name: text(tool, "name")?.to_owned(),
        schema,
    })
}

fn parse_choice(choice: Option<&Value>) -> Choice {
    let Some(choice) = choice else {
        return Choice::Auto;
    };
    match (text(choice, "type"), text(choice, "name")) {
        (Some("tool"), Some(name)) => Choice::Named(name.to_owned()),
        (Some("any"), _) => Choice::Any,
        (Some("none"), _) => Choice::Never,
        _ => Choice::Auto,
    }
}
