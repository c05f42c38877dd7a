//! Ollama's own chat form, as version 0.12 answered in 2026: a line of JSON for every piece, the
//! last with the counts. What the cache spared is not told, nor are thoughts counted apart.
//!
//! Errors: <https://docs.ollama.com/api/errors> (read 2026-11-22).

use http::{HeaderMap, header};
use serde_json::{Map, Value, json};

use super::answer::{Answer, Call, Finish};
use super::asked::{Asked, Tool, count, list, nothing, strings, text};
use super::openai::logprob;
use super::wire::Frame;

/// When every answer was made.
const CREATED: &str = "2026-01-01T00:00:00.000000Z";
/// How long everything is said to have taken, in nanoseconds.
const DURATION_NS: u64 = 5_000_000;

/// Reads a request as the server does: a stream unless told otherwise.
pub(super) fn parse(body: &Value) -> Result<Asked, String> {
    let model = text(body, "model").ok_or("model is required")?;
    if !body.get("messages").is_some_and(Value::is_array) {
        return Err("messages is required".to_owned());
    }
    let empty = nothing();
    let options = body.get("options").unwrap_or(&empty);
    let think = body.get("think").unwrap_or(&Value::Null);
    let mut asked = Asked {
        model: model.to_owned(),
        stream: body.get("stream") != Some(&json!(false)),
        include_usage: true,
        tools: list(body, "tools").iter().filter_map(parse_tool).collect(),
        schema: parse_schema(body.get("format"))?,
        output_tokens_max: count(options, "num_predict"),
        stop: strings(options.get("stop")),
        logprobs: (body.get("logprobs") == Some(&json!(true)))
            .then(|| count(body, "top_logprobs").unwrap_or_default()),
        thinking: think.is_string() || *think == json!(true),
        ..Asked::default()
    };
    for message in list(body, "messages") {
        let content = message.get("content").unwrap_or(&Value::Null);
        if !content.is_string() && !content.is_null() {
            // The server's own words: its messages carry text only, images stand beside it.
            return Err(
                "json: cannot unmarshal into Go struct field ChatRequest.messages.content \
                        of type string"
                    .to_owned(),
            );
        }
        let words = asked.take(content, |_| false);
        let images = list(message, "images").len();
        asked.images += u64::try_from(images).unwrap_or(u64::MAX);
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
    let mut message = message(&answer.text.concat());
    if !answer.reasoning.is_empty() {
        message.insert("thinking".to_owned(), json!(answer.reasoning.concat()));
    }
    let calls: Vec<Value> = calls(answer).into_iter().map(|(call, _)| call).collect();
    if !calls.is_empty() {
        message.insert("tool_calls".to_owned(), json!(calls));
    }
    let mut body = last(answer, message);
    tell_probable(&mut body, answer, &answer.text);
    Value::Object(body)
}

/// The lines of a streamed answer.
pub(super) fn stream(answer: &Answer) -> Vec<Frame> {
    let mut frames = Vec::new();
    for token in &answer.reasoning {
        let mut message = message("");
        message.insert("thinking".to_owned(), json!(token));
        frames.push(Frame::thought(line(answer, message)));
    }
    for token in &answer.text {
        let mut piece = piece(answer, message(token));
        tell_probable(&mut piece, answer, std::slice::from_ref(token));
        frames.push(Frame::token(format!("{}\n", Value::Object(piece))));
    }
    for (call, tokens) in calls(answer) {
        let mut message = message("");
        message.insert("tool_calls".to_owned(), json!([call]));
        frames.push(Frame {
            tokens,
            ..Frame::silent(line(answer, message))
        });
    }
    let last = Value::Object(last(answer, message("")));
    frames.push(Frame::silent(format!("{last}\n")));
    frames
}

/// The stream that only says that it is over.
pub(super) fn done(answer: &Answer) -> Frame {
    let mut done = piece(answer, message(""));
    done.insert("done".to_owned(), json!(true));
    done.insert("done_reason".to_owned(), json!("stop"));
    Frame::silent(format!("{}\n", Value::Object(done)))
}

/// The line of an error that ends a stream.
pub(super) fn error_event() -> Frame {
    Frame::silent(format!("{}\n", error(500, None)))
}

/// The body of an error.
pub(super) fn error(status: u16, message: Option<&str>) -> Value {
    let said = match status {
        400 => "the input length exceeds the context length",
        401 => "unauthorized",
        402 => "this model requires a subscription",
        403 => "forbidden",
        404 => "model 'model' not found",
        429 => "too many requests",
        503 | 529 => "server busy, please try again. maximum pending requests exceeded",
        500.. => "model runner has unexpectedly stopped",
        _ => "the request was refused",
    };
    json!({"error": message.unwrap_or(said)})
}

/// The headers of an answer.
pub(super) fn headers(retry_after_s: Option<u64>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Some(seconds) = retry_after_s {
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    headers
}

fn message(content: &str) -> Map<String, Value> {
    let members = [("role", "assistant"), ("content", content)];
    members
        .map(|(name, value)| (name.to_owned(), json!(value)))
        .into_iter()
        .collect()
}

fn piece(answer: &Answer, message: Map<String, Value>) -> Map<String, Value> {
    let members = [
        ("model", json!(answer.model)),
        ("created_at", json!(CREATED)),
        ("message", Value::Object(message)),
        ("done", json!(false)),
    ];
    members
        .map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .collect()
}

/// Adds how probable the words were, where that was asked for.
fn tell_probable(piece: &mut Map<String, Value>, answer: &Answer, words: &[String]) {
    if let Some(top) = answer.logprobs {
        let probable: Vec<Value> = words.iter().map(|word| logprob(word, top)).collect();
        piece.insert("logprobs".to_owned(), json!(probable));
    }
}

fn line(answer: &Answer, message: Map<String, Value>) -> String {
    format!("{}\n", Value::Object(piece(answer, message)))
}

/// The piece that ends an answer.
fn last(answer: &Answer, message: Map<String, Value>) -> Map<String, Value> {
    let mut last = piece(answer, message);
    let mut tell = |name: &str, value: Value| last.insert(name.to_owned(), value);
    tell("done", json!(true));
    tell("done_reason", json!(done_reason(&answer.finish)));
    for name in [
        "total_duration",
        "load_duration",
        "prompt_eval_duration",
        "eval_duration",
    ] {
        tell(name, json!(DURATION_NS));
    }
    if let Some(told) = answer.told() {
        tell("prompt_eval_count", json!(told.prompt));
        tell("eval_count", json!(told.completion));
    }
    last
}

fn done_reason(finish: &Finish) -> &'static str {
    match finish {
        Finish::Stop | Finish::StopSequence(_) | Finish::Tools | Finish::Refusal => "stop",
        Finish::Length => "length",
    }
}

/// The calls and their tokens. Arguments cut short are no JSON; the server leaves such a call out.
fn calls(answer: &Answer) -> Vec<(Value, u64)> {
    let call = |(index, call): (usize, &Call)| {
        let arguments: Value = serde_json::from_str(&call.arguments()).ok()?;
        let function = json!({"index": index, "name": call.name, "arguments": arguments});
        let rendered = json!({"id": format!("call_{}", call.id), "function": function});
        Some((rendered, u64::try_from(call.tokens()).ok()?))
    };
    answer.calls.iter().enumerate().filter_map(call).collect()
}

fn parse_tool(tool: &Value) -> Option<Tool> {
    let function = tool.get("function")?;
    Some(Tool {
        name: text(function, "name")?.to_owned(),
        schema: function.get("parameters").cloned().unwrap_or_else(nothing),
        custom: false,
    })
}

/// `json`, or the schema itself.
fn parse_schema(format: Option<&Value>) -> Result<Option<Value>, String> {
    match format {
        None | Some(Value::Null) => Ok(None),
        Some(schema) if schema.is_object() => Ok(Some(schema.clone())),
        Some(name) if matches!(name.as_str(), Some("")) => Ok(None),
        Some(name) if *name == json!("json") => Ok(Some(
            json!({"type": "object", "properties": {"answer": {"type": "string"}}}),
        )),
        Some(other) => Err(format!(
            "invalid format: {other}; expected \"json\" or a valid JSON Schema object"
        )),
    }
}
