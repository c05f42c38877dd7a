//! The Cohere v2 chat form, as `api.cohere.com` answered in 2026.
//!
//! Of the two counts of usage, `billed_units` and `tokens`, the real one lets the second include
//! the model's own template; a fake model has none, so they are equal. Nor does it say a plan before
//! it calls tools.
//!
//! Errors within a stream: the `error` of `message-end` in Cohere's OpenAPI, by way of
//! <https://github.com/tryAGI/Cohere/pull/178> (read 2026-11-22).

use http::{HeaderMap, HeaderValue, header};
use serde_json::{Value, json};

use super::answer::{Answer, Call, Finish, Told};
use super::asked::{Asked, Choice, Tool, count, list, nothing, strings, text};
use super::source::document;

mod stream;

pub(super) use stream::{done, error_event, stream};

/// Reads a request as the vendor does.
pub(super) fn parse(body: &Value) -> Result<Asked, String> {
    let model = text(body, "model")
        .ok_or("invalid request: model is a required field. Please provide a model.")?;
    let messages = list(body, "messages");
    if messages.is_empty() {
        return Err("invalid request: messages must be a non-empty list.".to_owned());
    }
    let thinking = body.pointer("/thinking/type").and_then(Value::as_str);
    let mut asked = Asked {
        model: model.to_owned(),
        stream: body.get("stream") == Some(&json!(true)),
        include_usage: true,
        tools: list(body, "tools").iter().filter_map(parse_tool).collect(),
        choice: match text(body, "tool_choice") {
            Some("NONE") => Choice::Never,
            Some("REQUIRED") => Choice::Any,
            _ => Choice::Auto,
        },
        schema: parse_schema(body.get("response_format")),
        output_tokens_max: count(body, "max_tokens"),
        stop: strings(body.get("stop_sequences")),
        logprobs: (body.get("logprobs") == Some(&json!(true))).then_some(0),
        thinking: thinking == Some("enabled"),
        ..Asked::default()
    };
    for message in messages {
        let content = message.get("content").unwrap_or(&Value::Null);
        let words = asked.take(content, is_image);
        let role = text(message, "role");
        asked.after_tool = role == Some("tool");
        if role == Some("user") {
            asked.last_words = words;
        }
    }
    Ok(asked)
}

/// The answer in one piece.
pub(super) fn whole(answer: &Answer) -> Value {
    let mut content = Vec::new();
    if !answer.reasoning.is_empty() {
        content.push(json!({"type": "thinking", "thinking": answer.reasoning.concat()}));
    }
    if !answer.text.is_empty() {
        content.push(json!({"type": "text", "text": answer.text.concat()}));
    }
    let calls: Vec<Value> = answer.calls.iter().map(render_call).collect();
    let mut message = json!({"role": "assistant"});
    if let Some(members) = message.as_object_mut() {
        for (name, list) in [("content", content), ("tool_calls", calls)] {
            if !list.is_empty() {
                members.insert(name.to_owned(), json!(list));
            }
        }
        if answer.cited {
            members.insert("citations".to_owned(), json!([document(answer)]));
        }
    }
    let mut body = json!({"id": id(answer.number), "message": message,
        "finish_reason": finish_reason(&answer.finish)});
    if let (Some(told), Some(members)) = (answer.told(), body.as_object_mut()) {
        members.insert("usage".to_owned(), usage(told));
    }
    if let (Some(_), Some(members)) = (answer.logprobs, body.as_object_mut()) {
        let probable: Vec<Value> = answer.text.iter().map(|word| logprob(word)).collect();
        members.insert("logprobs".to_owned(), json!(probable));
    }
    body
}

/// The body of an error.
pub(super) fn error(status: u16, message: Option<&str>, number: u64) -> Value {
    let said = match status {
        400 => {
            "too many tokens: size limit exceeded by 25836 tokens. Try using shorter or fewer \
             inputs. The limit for this model is 288000 tokens."
        }
        401 => "Incorrect API key provided. You can find your API key at the dashboard.",
        402 => "Please add or update your payment method to continue.",
        403 => "Your API key does not have permission to use this model.",
        404 => "model not found, make sure the correct model ID was used.",
        429 => "You are past the per minute request limit, please wait and try again later.",
        503 | 529 => "The service is temporarily overloaded.",
        504 => "request timed out",
        500.. => "internal server error",
        _ => "The request was refused.",
    };
    let mut body = json!({"id": id(number), "message": message.unwrap_or(said)});
    if let (400, None, Some(members)) = (status, message, body.as_object_mut()) {
        members.insert("error_type".to_owned(), json!("TOO_MANY_TOKENS"));
    }
    body
}

/// The headers of an answer.
pub(super) fn headers(retry_after_s: Option<u64>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(
        "x-envoy-upstream-service-time",
        HeaderValue::from_static("5"),
    );
    headers.insert(header::SERVER, HeaderValue::from_static("envoy"));
    if let Some(seconds) = retry_after_s {
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    headers
}

/// How probable a piece was.
fn logprob(word: &str) -> Value {
    json!({"token_ids": [1], "text": word, "logprobs": [-0.25]})
}

fn id(number: u64) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

fn call_id(call: &Call) -> String {
    format!("{}_{}", call.name, call.id)
}

fn render_call(call: &Call) -> Value {
    json!({"id": call_id(call), "type": "function",
        "function": {"name": call.name, "arguments": call.arguments()}})
}

fn finish_reason(finish: &Finish) -> &'static str {
    match finish {
        Finish::Stop | Finish::Refusal => "COMPLETE",
        Finish::StopSequence(_) => "STOP_SEQUENCE",
        Finish::Length => "MAX_TOKENS",
        Finish::Tools => "TOOL_CALL",
    }
}

fn usage(told: Told) -> Value {
    let mut tokens = json!({"input_tokens": told.prompt, "output_tokens": told.completion});
    let billed = tokens.clone();
    if let (true, Some(members)) = (told.reasoning > 0, tokens.as_object_mut()) {
        members.insert("reasoning_tokens".to_owned(), json!(told.reasoning));
    }
    json!({"billed_units": billed, "tokens": tokens, "cached_tokens": told.cached})
}

fn is_image(part: &Value) -> bool {
    text(part, "type") == Some("image_url")
}

fn parse_tool(tool: &Value) -> Option<Tool> {
    let function = tool.get("function")?;
    Some(Tool {
        name: text(function, "name")?.to_owned(),
        schema: function.get("parameters").cloned().unwrap_or_else(nothing),
        custom: false,
    })
}

/// The schema is under its newer or its older name.
fn parse_schema(format: Option<&Value>) -> Option<Value> {
    let format = format.filter(|format| text(format, "type") == Some("json_object"))?;
    let schema = format.get("json_schema").or_else(|| format.get("schema"));
    let any = || json!({"type": "object", "properties": {"answer": {"type": "string"}}});
    Some(schema.cloned().unwrap_or_else(any))
}
