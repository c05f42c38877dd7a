//! The Gemini form, as `generativelanguage.googleapis.com` answered in 2026: usage on every chunk,
//! calls whole.

use http::{HeaderMap, HeaderValue};
use serde_json::{Value, json};

use super::answer::{Answer, Call, Finish, Told};
use super::asked::{Asked, Choice, Tool, count, list, member, nothing, strings, text};
use super::wire::{Frame, Target};

const SIGNATURE: &str = "EqIBCp8BAQw51sdmYWtlIHZlbmRvciB0aG91Z2h0IHNpZ25hdHVyZQ==";
const WHOLE: &str = ":generateContent";
const STREAM: &str = ":streamGenerateContent";

/// Whether `path` asks a model to generate.
pub(super) fn is_generation(path: &str) -> bool {
    path.contains("/models/") && (path.ends_with(WHOLE) || path.ends_with(STREAM))
}

/// Reads a request; the model and the wish for a stream stand in its path.
pub(super) fn parse(body: &Value, target: Target<'_>) -> Result<Asked, String> {
    let (_, method) = target.path.rsplit_once("/models/").ok_or("unknown path")?;
    let (model, _) = method.rsplit_once(':').ok_or("unknown method")?;
    let stream = target.path.ends_with(STREAM);
    if stream && !target.query.split('&').any(|pair| pair == "alt=sse") {
        return Err("this fake vendor streams as events only: ask with alt=sse".to_owned());
    }
    if list(body, "contents").is_empty() {
        return Err("* GenerateContentRequest.contents: contents is not specified".to_owned());
    }
    let empty = nothing();
    let config = member(body, ["generationConfig", "generation_config"]).unwrap_or(&empty);
    let thinking = member(config, ["thinkingConfig", "thinking_config"]).unwrap_or(&empty);
    let mut asked = Asked {
        model: model.to_owned(),
        stream,
        include_usage: true,
        tools: list(body, "tools").iter().flat_map(parse_tools).collect(),
        choice: parse_choice(body),
        schema: parse_schema(config),
        output_tokens_max: count(config, "maxOutputTokens").or(count(config, "max_output_tokens")),
        stop: strings(member(config, ["stopSequences", "stop_sequences"])),
        thinking: member(thinking, ["includeThoughts", "include_thoughts"]) == Some(&json!(true)),
        ..Asked::default()
    };
    let system = member(body, ["systemInstruction", "system_instruction"]);
    if let Some(parts) = system.and_then(|system| system.get("parts")) {
        asked.take(parts, is_image);
    }
    for content in list(body, "contents") {
        let Some(parts) = content.get("parts") else {
            continue;
        };
        let words = asked.take(parts, is_image);
        let parts = list(content, "parts");
        asked.after_tool = parts
            .iter()
            .any(|part| member(part, ["functionResponse", "function_response"]).is_some());
        if text(content, "role").is_none_or(|role| role == "user") {
            asked.last_words = words;
        }
    }
    Ok(asked)
}

/// The answer in one piece.
pub(super) fn whole(answer: &Answer) -> Value {
    let mut parts = Vec::new();
    if !answer.reasoning.is_empty() {
        parts.push(json!({"text": answer.reasoning.concat(), "thought": true}));
    }
    if !answer.text.is_empty() {
        let mut part = json!({"text": answer.text.concat()});
        sign(&mut part, answer);
        parts.push(part);
    }
    parts.extend(call_parts(answer).into_iter().map(|(part, _)| part));
    let mut candidate = json!({});
    if !parts.is_empty() {
        candidate = json!({"content": {"parts": parts, "role": "model"}});
    }
    if let Some(members) = candidate.as_object_mut() {
        members.insert(
            "finishReason".to_owned(),
            json!(finish_reason(&answer.finish)),
        );
        members.insert("index".to_owned(), json!(0));
        if answer.finish == Finish::Tools {
            let said = json!("Model generated function call(s).");
            members.insert("finishMessage".to_owned(), said);
        }
    }
    body(answer, &candidate, answer.told())
}

/// The events of a streamed answer.
pub(super) fn stream(answer: &Answer) -> Vec<Frame> {
    let mut spoken = Spoken {
        answer,
        frames: Vec::new(),
        completion: 0,
        reasoning: 0,
    };
    for token in &answer.reasoning {
        spoken.part(&json!({"text": token, "thought": true}), 1, 1, None);
    }
    let calls = call_parts(answer);
    let signed_end = !answer.reasoning.is_empty() && calls.is_empty();
    let plain_end = answer.calls.is_empty() && !signed_end;
    for (index, token) in answer.text.iter().enumerate() {
        let last = plain_end && index + 1 == answer.text.len();
        let finish = last.then_some(&answer.finish);
        spoken.part(&json!({"text": token}), 1, 0, finish);
    }
    for (part, tokens) in calls {
        spoken.part(&part, tokens, 0, None);
    }
    if !plain_end || answer.text.is_empty() {
        let mut last = json!({"text": ""});
        if signed_end {
            sign(&mut last, answer);
        }
        spoken.part(&last, 0, 0, Some(&answer.finish));
    }
    spoken.frames
}

/// `GET /v1beta/models`.
pub(super) fn models(models: &[String]) -> Value {
    let models: Vec<Value> = models
        .iter()
        .map(|id| {
            json!({"name": format!("models/{id}"), "version": "001", "displayName": id,
                "inputTokenLimit": 1_048_576, "outputTokenLimit": 65_536,
                "supportedGenerationMethods": ["generateContent", "countTokens"]})
        })
        .collect();
    json!({"models": models})
}

/// The body of an error; the time to wait stands in it, not in a header.
pub(super) fn error(status: u16, message: Option<&str>, retry_after_s: Option<u64>) -> Value {
    let (name, said) = match status {
        400 => (
            "INVALID_ARGUMENT",
            "The input token count (1048577) exceeds the maximum number of tokens allowed \
             (1048576).",
        ),
        401 => (
            "UNAUTHENTICATED",
            "Request had invalid authentication credentials.",
        ),
        402 | 403 => ("PERMISSION_DENIED", "The caller does not have permission"),
        404 => (
            "NOT_FOUND",
            "models/model is not found for API version v1beta.",
        ),
        429 => (
            "RESOURCE_EXHAUSTED",
            "You exceeded your current quota, please check your plan and billing details.",
        ),
        503 | 529 => (
            "UNAVAILABLE",
            "The model is overloaded. Please try again later.",
        ),
        504 => (
            "DEADLINE_EXCEEDED",
            "Deadline expired before operation could complete.",
        ),
        500.. => (
            "INTERNAL",
            "An internal error has occurred. Please retry or report.",
        ),
        _ => ("FAILED_PRECONDITION", "The request was refused."),
    };
    let message = message.unwrap_or(said);
    let Some(seconds) = retry_after_s else {
        return json!({"error": {"code": status, "message": message, "status": name}});
    };
    let details = json!([{"@type": "type.googleapis.com/google.rpc.RetryInfo",
        "retryDelay": format!("{seconds}s")}]);
    json!({"error": {"code": status, "message": message, "status": name, "details": details}})
}

/// The headers of an answer.
pub(super) fn headers() -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(
        "server",
        HeaderValue::from_static("scaffolding on HTTPServer2"),
    );
    headers.insert("server-timing", HeaderValue::from_static("gfet4t7; dur=5"));
    headers
}

/// The chunks so far, and the tokens in them.
struct Spoken<'a> {
    answer: &'a Answer,
    frames: Vec<Frame>,
    completion: u64,
    reasoning: u64,
}

// === impl Spoken ===

impl Spoken<'_> {
    /// Says a part with so many tokens, so many of them thoughts; `finish` is set in the last.
    fn part(&mut self, part: &Value, tokens: u64, thoughts: u64, finish: Option<&Finish>) {
        self.completion += tokens;
        self.reasoning += thoughts;
        let mut candidate = json!({"content": {"parts": [part], "role": "model"}});
        if let Some(members) = candidate.as_object_mut() {
            if let Some(finish) = finish {
                members.insert("finishReason".to_owned(), json!(finish_reason(finish)));
            }
            members.insert("index".to_owned(), json!(0));
        }
        let told = self.answer.told_after(self.completion, self.reasoning);
        let body = body(self.answer, &candidate, told);
        let bytes = format!("data: {body}\r\n\r\n");
        self.frames.push(Frame {
            tokens,
            reasoning: thoughts,
            ..Frame::silent(bytes)
        });
    }
}

fn body(answer: &Answer, candidate: &Value, told: Option<Told>) -> Value {
    let mut body = json!({"candidates": [candidate]});
    if let Some(members) = body.as_object_mut() {
        if let Some(told) = told {
            members.insert("usageMetadata".to_owned(), usage(told));
        }
        members.insert("modelVersion".to_owned(), json!(answer.model));
        members.insert(
            "responseId".to_owned(),
            json!(format!("{:023}", answer.number)),
        );
    }
    body
}

/// Usage up to here; the candidates' tokens do not include the thoughts.
fn usage(told: Told) -> Value {
    let candidates = told.completion.saturating_sub(told.reasoning);
    let total = told.prompt.saturating_add(told.completion);
    let mut usage = json!({"promptTokenCount": told.prompt});
    let Some(members) = usage.as_object_mut() else {
        return usage;
    };
    let mut tell = |name: &str, value: Value| members.insert(name.to_owned(), value);
    if candidates != 0 {
        tell("candidatesTokenCount", json!(candidates));
    }
    tell("totalTokenCount", json!(total));
    if told.cached > 0 {
        tell("cachedContentTokenCount", json!(told.cached));
        tell(
            "cacheTokensDetails",
            json!([{"modality": "TEXT", "tokenCount": told.cached}]),
        );
    }
    tell(
        "promptTokensDetails",
        json!([{"modality": "TEXT", "tokenCount": told.prompt}]),
    );
    if told.reasoning != 0 {
        tell("thoughtsTokenCount", json!(told.reasoning));
    }
    tell("serviceTier", json!("standard"));
    usage
}

/// The calls and their tokens. Arguments cut short are no JSON; the vendor leaves such a call out.
fn call_parts(answer: &Answer) -> Vec<(Value, u64)> {
    let mut parts: Vec<(Value, u64)> = answer
        .calls
        .iter()
        .filter_map(|call| {
            let tokens = u64::try_from(call.tokens()).ok()?;
            Some((json!({"functionCall": function_call(call)?}), tokens))
        })
        .collect();
    if let Some((first, _)) = parts.first_mut() {
        sign(first, answer);
    }
    parts
}

fn function_call(call: &Call) -> Option<Value> {
    let arguments: Value = serde_json::from_str(&call.arguments()).ok()?;
    Some(json!({"name": call.name, "args": arguments, "id": call.id}))
}

/// Adds the signature of the thoughts, where there were any.
fn sign(part: &mut Value, answer: &Answer) {
    if let (false, Some(members)) = (answer.reasoning.is_empty(), part.as_object_mut()) {
        members.insert("thoughtSignature".to_owned(), json!(SIGNATURE));
    }
}

fn finish_reason(finish: &Finish) -> &'static str {
    match finish {
        Finish::Stop | Finish::StopSequence(_) | Finish::Tools => "STOP",
        Finish::Length => "MAX_TOKENS",
    }
}

fn is_image(part: &Value) -> bool {
    let data = member(part, ["inlineData", "inline_data"])
        .or_else(|| member(part, ["fileData", "file_data"]));
    data.and_then(|data| member(data, ["mimeType", "mime_type"]))
        .and_then(Value::as_str)
        .is_some_and(|kind| kind.starts_with("image/"))
}

fn parse_tools(tool: &Value) -> Vec<Tool> {
    let declared = member(tool, ["functionDeclarations", "function_declarations"]);
    let declared = declared
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    declared
        .iter()
        .filter_map(|function| {
            let schema = member(function, ["parameters", "parametersJsonSchema"]);
            let schema = schema.cloned().unwrap_or_else(nothing);
            Some(Tool {
                name: text(function, "name")?.to_owned(),
                schema,
            })
        })
        .collect()
}

fn parse_choice(body: &Value) -> Choice {
    let config = member(body, ["toolConfig", "tool_config"])
        .and_then(|config| member(config, ["functionCallingConfig", "function_calling_config"]));
    let Some(config) = config else {
        return Choice::Auto;
    };
    let mut allowed = strings(member(
        config,
        ["allowedFunctionNames", "allowed_function_names"],
    ));
    match text(config, "mode") {
        Some("NONE") => Choice::Never,
        Some("ANY") => match allowed.pop() {
            Some(name) if allowed.is_empty() => Choice::Named(name),
            _ => Choice::Any,
        },
        _ => Choice::Auto,
    }
}

fn parse_schema(config: &Value) -> Option<Value> {
    let schema = member(config, ["responseJsonSchema", "response_json_schema"])
        .or_else(|| member(config, ["responseSchema", "response_schema"]));
    let kind = member(config, ["responseMimeType", "response_mime_type"])?.as_str()?;
    let any = || json!({"type": "object", "properties": {"answer": {"type": "string"}}});
    (kind == "application/json").then(|| schema.cloned().unwrap_or_else(any))
}
