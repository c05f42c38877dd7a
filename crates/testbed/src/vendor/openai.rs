//! The OpenAI chat form, as `api.openai.com` answered in 2025 and 2026; thoughts in DeepSeek's
//! `reasoning_content`.

use serde_json::{Value, json};

use super::answer::{Answer, Call, Finish, Told};
use super::asked::{Asked, Choice, Tool, count, list, member, nothing, strings, text};
use super::source::annotation;

pub(super) mod refusals;
mod stream;

pub(super) use refusals::{error, headers};
pub(super) use stream::{done, stream};

const FINGERPRINT: &str = "fp_5eed5eed5e";
/// Four samples of silence, and one red pixel.
pub(super) const SOUND: &str = "AAAAAAAAAAA=";
pub(super) const PICTURE: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";
/// The second of the first answer; each later one is a second older, so that a run can be repeated
/// to the byte.
const EPOCH_S: u64 = 1_760_000_000;

/// Reads a request as the vendor does, which refuses little.
pub(super) fn parse(body: &Value) -> Result<Asked, String> {
    let model = text(body, "model").ok_or("you must provide a model parameter")?;
    if !body.get("messages").is_some_and(Value::is_array) {
        return Err("Missing required parameter: 'messages'.".to_owned());
    }
    let flag = |object: &Value, name: &str| object.get(name).is_some_and(|on| *on == json!(true));
    let tools = list(body, "tools").iter().filter_map(parse_tool).collect();
    let (tools, choice) = parse_choice(body.get("tool_choice"), tools);
    let mut asked = Asked {
        model: model.to_owned(),
        stream: flag(body, "stream"),
        include_usage: body
            .get("stream_options")
            .is_some_and(|it| flag(it, "include_usage")),
        tools,
        choice,
        schema: parse_schema(body.get("response_format")),
        output_tokens_max: count(body, "max_completion_tokens").or(count(body, "max_tokens")),
        stop: strings(body.get("stop")),
        choices: count(body, "n").unwrap_or_default(),
        predicted: body.get("prediction").map(predicted).unwrap_or_default(),
        tier: text(body, "service_tier").map(str::to_owned),
        spoken: list(body, "modalities").contains(&json!("audio")),
        pictured: list(body, "modalities").contains(&json!("image")),
        logprobs: flag(body, "logprobs").then(|| count(body, "top_logprobs").unwrap_or_default()),
        user: text(body, "user").map(str::to_owned),
        ..Asked::default()
    };
    for message in list(body, "messages") {
        let words = message
            .get("content")
            .map(|content| asked.take(content, is_image));
        let role = text(message, "role");
        asked.after_tool = role == Some("tool");
        if role == Some("user") {
            asked.last_words = words.unwrap_or_default();
        }
    }
    Ok(asked)
}

/// The answer in one piece.
pub(super) fn whole(answer: &Answer) -> Value {
    let said = json!(answer.text.concat());
    let silent = !answer.calls.is_empty() || answer.spoken;
    let (content, refusal) = if answer.finish == Finish::Refusal {
        (Value::Null, said)
    } else if silent {
        (Value::Null, Value::Null)
    } else {
        (said, Value::Null)
    };
    let mut message = json!({"role": "assistant", "content": content});
    if !answer.reasoning.is_empty() {
        insert(
            &mut message,
            "reasoning_content",
            json!(answer.reasoning.concat()),
        );
    }
    if !answer.calls.is_empty() {
        let calls: Vec<Value> = answer.calls.iter().map(render_call).collect();
        insert(&mut message, "tool_calls", json!(calls));
    }
    insert(&mut message, "refusal", refusal);
    let sources = answer.cited.then(|| annotation(answer));
    insert(&mut message, "annotations", json!(Vec::from_iter(sources)));
    if answer.spoken {
        insert(&mut message, "audio", sound(answer));
    }
    if answer.pictured {
        insert(&mut message, "images", json!([picture()]));
    }
    let logprobs = answer.logprobs.map(|top| {
        let tokens: Vec<Value> = answer
            .text
            .iter()
            .map(|token| logprob(token, top))
            .collect();
        json!({"content": tokens, "refusal": null})
    });
    let choice = |index: usize| {
        json!({"index": index, "message": message, "logprobs": logprobs,
            "finish_reason": finish_reason(answer)})
    };
    let choices: Vec<Value> = (0..answer.choices).map(choice).collect();
    let mut body = json!({
        "id": completion_id(answer.number), "object": "chat.completion",
        "created": EPOCH_S + answer.number, "model": answer.model, "choices": choices,
    });
    if let Some(told) = answer.told() {
        insert(&mut body, "usage", usage(answer, told));
    }
    insert(&mut body, "service_tier", json!(tier(answer)));
    insert(&mut body, "system_fingerprint", json!(FINGERPRINT));
    body
}

/// `GET /v1/models`.
pub(super) fn models(models: &[String]) -> Value {
    let data: Vec<Value> = models
        .iter()
        .map(|id| json!({"id": id, "object": "model", "created": EPOCH_S, "owned_by": "system"}))
        .collect();
    json!({"object": "list", "data": data})
}

fn insert(object: &mut Value, name: &str, value: Value) {
    if let Some(members) = object.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}

fn completion_id(number: u64) -> String {
    format!("chatcmpl-{number:029}")
}

fn call_id(call: &Call) -> String {
    format!("call_{}", call.id)
}

fn render_call(call: &Call) -> Value {
    if call.custom {
        return json!({"id": call_id(call), "type": "custom",
            "custom": {"name": call.name, "input": call.arguments()}});
    }
    json!({"id": call_id(call), "type": "function",
        "function": {"name": call.name, "arguments": call.arguments()}})
}

pub(super) fn logprob(token: &str, top: usize) -> Value {
    let bytes = token.as_bytes();
    let others: Vec<Value> = (1_u32..)
        .take(top.min(20))
        .map(|rank| json!({"token": token, "logprob": -0.25 * f64::from(rank), "bytes": bytes}))
        .collect();
    json!({"token": token, "logprob": -0.25, "bytes": bytes, "top_logprobs": others})
}

/// The tier that served: the one asked for, or the one that all get.
pub(super) fn tier(answer: &Answer) -> &str {
    let named = answer.tier.as_deref().filter(|tier| *tier != "auto");
    named.unwrap_or("default")
}

/// What was said, as sound.
fn sound(answer: &Answer) -> Value {
    json!({"id": sound_id(answer), "data": SOUND, "expires_at": EPOCH_S, "transcript": answer.text.concat()})
}

fn sound_id(answer: &Answer) -> String {
    format!("audio_{:032}", answer.number)
}

/// A picture, in the form of those who give pictures out in chats.
fn picture() -> Value {
    let url = format!("data:image/png;base64,{PICTURE}");
    json!({"type": "image_url", "image_url": {"url": url}})
}

/// The text of a prediction, which is a string or parts.
fn predicted(prediction: &Value) -> String {
    let content = prediction.get("content").unwrap_or(&Value::Null);
    Asked::default().take(content, is_image)
}

fn finish_reason(answer: &Answer) -> &'static str {
    match answer.finish {
        Finish::Stop | Finish::StopSequence(_) | Finish::Refusal => "stop",
        Finish::Length => "length",
        Finish::Tools if answer.named => "stop",
        Finish::Tools => "tool_calls",
    }
}

fn usage(answer: &Answer, told: Told) -> Value {
    let mut prompt = json!({"cached_tokens": told.cached, "audio_tokens": 0});
    if told.cache_written > 0 {
        // OpenAI has no name for it; this is OpenRouter's.
        insert(&mut prompt, "cache_write_tokens", json!(told.cache_written));
    }
    json!({
        "prompt_tokens": told.prompt,
        "completion_tokens": told.completion,
        "total_tokens": told.prompt.saturating_add(told.completion),
        "prompt_tokens_details": prompt,
        "completion_tokens_details": {"reasoning_tokens": told.reasoning, "audio_tokens": 0,
            "accepted_prediction_tokens": answer.predicted, "rejected_prediction_tokens": 0},
    })
}

fn is_image(part: &Value) -> bool {
    matches!(text(part, "type"), Some("image_url" | "input_image"))
}

fn parse_tool(tool: &Value) -> Option<Tool> {
    let custom = text(tool, "type") == Some("custom");
    let about = tool.get(if custom { "custom" } else { "function" })?;
    let schema = about.get("parameters").cloned().unwrap_or_else(nothing);
    Some(Tool {
        name: text(about, "name")?.to_owned(),
        schema,
        custom,
    })
}

/// The tools that may be called, and whether they must be.
fn parse_choice(choice: Option<&Value>, mut tools: Vec<Tool>) -> (Vec<Tool>, Choice) {
    let Some(choice) = choice else {
        return (tools, Choice::Auto);
    };
    if let Some(name) = tool_name(choice) {
        return (tools, Choice::Named(name.to_owned()));
    }
    let mut mode = choice.as_str();
    if let Some(allowed) = choice.get("allowed_tools") {
        let names: Vec<_> = list(allowed, "tools")
            .iter()
            .filter_map(tool_name)
            .collect();
        tools.retain(|tool| names.contains(&tool.name.as_str()));
        mode = text(allowed, "mode");
    }
    let choice = match mode {
        Some("none") => Choice::Never,
        Some("required") => Choice::Any,
        _ => Choice::Auto,
    };
    (tools, choice)
}

/// The name of a tool, as a list or a choice refers to it.
fn tool_name(tool: &Value) -> Option<&str> {
    let places = ["/function/name", "/custom/name"];
    places
        .iter()
        .find_map(|place| tool.pointer(place)?.as_str())
}

fn parse_schema(format: Option<&Value>) -> Option<Value> {
    let format = format?;
    if text(format, "type") == Some("json_object") {
        return Some(json!({"type": "object", "properties": {"answer": {"type": "string"}}}));
    }
    member(format.get("json_schema")?, ["schema", "schema"]).cloned()
}
