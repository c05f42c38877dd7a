//! A second reader of vendors' bodies, written from their documentation and sharing nothing with
//! the codecs: it finds the text, the calls, the reason of the end and the counts in raw JSON. The
//! corpus tests hold the codecs against it.

mod bedrock;
mod cohere;
mod completions;
mod ollama;
mod replicate;
mod responses;

use std::collections::BTreeMap;

use canon::{Part, Response};
use dialects::Dialect;
use serde_json::{Value, json};

/// What an answer says, as far as both readers must agree.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Facts {
    /// By number of the choice.
    pub(crate) answers: BTreeMap<u64, Answer>,
    /// The counts, where the vendor states them.
    pub(crate) tokens: Option<Tokens>,
}

/// One of the choices.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Answer {
    /// All its text, refusals included.
    pub(crate) text: String,
    /// All its thinking in words.
    pub(crate) thoughts: String,
    /// The callers' functions it calls: name and arguments.
    pub(crate) calls: Vec<(String, Value)>,
    /// Why it ended, in canon's words.
    pub(crate) finish: Option<&'static str>,
}

/// Counts, as canon defines them.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Tokens {
    pub(crate) prompt: u64,
    pub(crate) completion: u64,
    pub(crate) cached: u64,
    pub(crate) reasoning: u64,
}

impl Facts {
    /// Where two readers disagree, in a few lines.
    pub(crate) fn differences(&self, wanted: &Self) -> String {
        let mut lines = Vec::new();
        let mut note = |what: &str, found: String, wanted: String| {
            if found != wanted {
                let short = |text: &str| text.chars().take(300).collect::<String>();
                lines.push(format!(
                    "{what}: codec {}, reader {}",
                    short(&found),
                    short(&wanted)
                ));
            }
        };
        note(
            "tokens",
            format!("{:?}", self.tokens),
            format!("{:?}", wanted.tokens),
        );
        let none = Answer::default();
        for number in self.answers.keys().chain(wanted.answers.keys()) {
            let found = self.answers.get(number).unwrap_or(&none);
            let wanted = wanted.answers.get(number).unwrap_or(&none);
            note(
                "text",
                format!("{:?}", found.text),
                format!("{:?}", wanted.text),
            );
            note(
                "thoughts",
                format!("{:?}", found.thoughts),
                format!("{:?}", wanted.thoughts),
            );
            note(
                "calls",
                format!("{:?}", found.calls),
                format!("{:?}", wanted.calls),
            );
            note(
                "finish",
                format!("{:?}", found.finish),
                format!("{:?}", wanted.finish),
            );
        }
        if lines.is_empty() {
            lines.push(format!(
                "choices: {:?}, {:?}",
                self.answers.keys(),
                wanted.answers.keys()
            ));
        }
        lines.join("; ")
    }
}

/// What the codec made of it.
pub(crate) fn facts_of(response: &Response) -> Facts {
    let mut facts = Facts::default();
    for choice in &response.choices {
        let answer = facts.answers.entry(choice.index.into()).or_default();
        answer.finish = choice.finish.map(canon::FinishReason::name);
        for part in &choice.parts {
            match part {
                Part::Text(text) => answer.text.push_str(&text.text),
                Part::Refusal(text) => answer.text.push_str(text),
                Part::ToolCall(call) => {
                    let args = arguments(&call.arguments);
                    answer.calls.push((call.name.clone(), args));
                }
                Part::Reasoning(part) => match &part.body {
                    canon::ReasoningBody::Text { text, .. }
                    | canon::ReasoningBody::Summary(text) => answer.thoughts.push_str(text),
                    canon::ReasoningBody::Encrypted(_) => {}
                },
                Part::Media { .. } | Part::ToolResult(_) | Part::Other { .. } => {}
            }
        }
    }
    facts.tokens = response.usage.as_ref().map(|usage| Tokens {
        prompt: usage.prompt_tokens,
        completion: usage.completion_tokens,
        cached: usage.cached_tokens,
        reasoning: usage.reasoning_tokens,
    });
    facts
}

/// Arguments compare as values: whitespace is nobody's.
fn arguments(text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(value) => value,
        Err(_) if text.is_empty() => json!({}),
        Err(_) => Value::from(text),
    }
}

/// Reads a whole answer.
pub(crate) fn read_whole(dialect: Dialect, body: &Value) -> Facts {
    match dialect {
        Dialect::OpenAiChat => chat(std::slice::from_ref(body), "message"),
        Dialect::Anthropic => anthropic_whole(body),
        Dialect::Gemini => gemini(std::slice::from_ref(body)),
        Dialect::OpenAiResponses => responses::whole(body),
        Dialect::OpenAiCompletions => completions::read(std::slice::from_ref(body)),
        Dialect::Bedrock => bedrock::whole(body),
        Dialect::Cohere => cohere::whole(body),
        Dialect::Ollama => ollama::lines(std::slice::from_ref(body)),
        Dialect::Replicate => replicate::prediction(body),
    }
}

/// Reads the data of a stream's frames.
pub(crate) fn read_stream(dialect: Dialect, frames: &[Value]) -> Facts {
    match dialect {
        Dialect::OpenAiChat => chat(frames, "delta"),
        Dialect::Anthropic => anthropic_stream(frames),
        Dialect::Gemini => gemini(frames),
        Dialect::OpenAiResponses => responses::stream(frames),
        Dialect::OpenAiCompletions => completions::read(frames),
        Dialect::Bedrock => bedrock::stream(frames),
        Dialect::Cohere => cohere::stream(frames),
        Dialect::Ollama => ollama::lines(frames),
        Dialect::Replicate => frames
            .first()
            .map(replicate::prediction)
            .unwrap_or_default(),
    }
}

// === OpenAI chat ===

/// Calls under way: by index, or in the order of arrival where there is none.
#[derive(Default)]
struct Calls(Vec<(Option<u64>, String, String)>);

impl Calls {
    fn add(&mut self, index: Option<u64>, call: &Value) {
        let (function, arguments) = if call["function"].is_object() {
            (&call["function"], "arguments")
        } else {
            (&call["custom"], "input")
        };
        let known = index.and_then(|index| {
            let mut calls = self.0.iter_mut();
            calls.find(|(known, ..)| *known == Some(index))
        });
        let (_, name, args) = match known {
            Some(call) => call,
            None => {
                self.0.push((index, String::new(), String::new()));
                self.0.last_mut().unwrap()
            }
        };
        if name.is_empty() {
            name.push_str(function["name"].as_str().unwrap_or_default());
        }
        let piece = &function[arguments];
        match piece.as_str() {
            Some(piece) => args.push_str(piece),
            None if piece.is_null() => {}
            None => args.push_str(&piece.to_string()),
        }
    }
}

fn chat(pieces: &[Value], holder: &str) -> Facts {
    let mut facts = Facts::default();
    let mut calls: BTreeMap<u64, Calls> = BTreeMap::new();
    for piece in pieces {
        for choice in items(&piece["choices"]) {
            let number = choice["index"].as_u64().unwrap_or(0);
            let answer = facts.answers.entry(number).or_default();
            let message = &choice[holder];
            chat_message(message, answer);
            for (place, call) in items(&message["tool_calls"]).iter().enumerate() {
                // In a whole message every call stands for itself, whatever index it states
                // (Ollama: 0 for all).
                let index = match holder {
                    "message" => u64::try_from(place).ok(),
                    _ => call["index"].as_u64(),
                };
                calls.entry(number).or_default().add(index, call);
            }
            if message["function_call"].is_object() {
                let call = json!({"function": message["function_call"]});
                calls.entry(number).or_default().add(Some(u64::MAX), &call);
            }
            if let Some(reason) = choice["finish_reason"].as_str() {
                answer.finish = chat_finish(reason).or(answer.finish);
            }
        }
        // Groq states it in a place of its own in streams.
        for usage in [&piece["x_groq"]["usage"], &piece["usage"]] {
            facts.tokens = chat_tokens(usage).or(facts.tokens.take());
        }
    }
    for (number, calls) in calls {
        let answer = facts.answers.entry(number).or_default();
        // Snowflake fills messages without calls with one that is blank.
        let is_blank = |call: &(_, String, String)| call.1.is_empty() && call.2.is_empty();
        let all = calls.0.into_iter().filter(|call| !is_blank(call));
        answer.calls = all
            .map(|(_, name, args)| (name, arguments(&args)))
            .collect();
    }
    facts
}

fn chat_message(message: &Value, answer: &mut Answer) {
    let content = &message["content"];
    push(&mut answer.text, content);
    if content.is_object() {
        // Cloudflare: the JSON that was asked for, as an object.
        answer.text.push_str(&content.to_string());
    }
    // Mistral: a list of text and thinking.
    for part in items(content) {
        match part["type"].as_str() {
            Some("text") => push(&mut answer.text, &part["text"]),
            Some("thinking") => {
                let thoughts = items(&part["thinking"]).iter();
                thoughts.for_each(|thought| push(&mut answer.thoughts, &thought["text"]));
            }
            _ => {}
        }
    }
    push(&mut answer.text, &message["refusal"]);
    // The same thinking under several names: the first that says something counts.
    let details = &message["reasoning_details"];
    let mut from_details = String::new();
    for detail in items(details) {
        push(&mut from_details, &detail["text"]);
        push(&mut from_details, &detail["summary"]);
    }
    let plain = ["reasoning", "reasoning_content"]
        .into_iter()
        .find_map(|name| message[name].as_str().filter(|text| !text.is_empty()));
    if from_details.is_empty() {
        answer.thoughts.push_str(plain.unwrap_or_default());
    } else {
        answer.thoughts.push_str(&from_details);
    }
}

fn chat_finish(reason: &str) -> Option<&'static str> {
    match reason {
        "stop" | "eos" => Some("stop"),
        "length" => Some("length"),
        "tool_calls" | "function_call" => Some("tool_calls"),
        "content_filter" => Some("content_filter"),
        "error" => Some("error"),
        "" => None,
        other => panic!("a finish reason that the reader does not know: {other}"),
    }
}

/// Counts of one usage object. Vendors name cached tokens in five ways; xAI counts reasoning beside
/// the answer and says so by its total. Counts whose parts are larger than their wholes say
/// nothing.
fn chat_tokens(usage: &Value) -> Option<Tokens> {
    let count = |value: &Value| value.as_u64().unwrap_or(0);
    let prompt = usage["prompt_tokens"].as_u64()?;
    let mut completion = usage["completion_tokens"].as_u64()?;
    let cached = [
        &usage["prompt_tokens_details"]["cached_tokens"],
        &usage["prompt_cache_hit_tokens"],
        &usage["cached_tokens"],
        &usage["num_cached_tokens"],
        &usage["prompt_token_details"]["cached_tokens"],
    ];
    let cached = cached.into_iter().map(count).max().unwrap_or(0);
    let reasoning = count(&usage["completion_tokens_details"]["reasoning_tokens"])
        .max(count(&usage["reasoning_tokens"]));
    if count(&usage["total_tokens"]) == prompt + completion + reasoning {
        completion += reasoning;
    }
    let written = count(&usage["prompt_tokens_details"]["cache_write_tokens"]);
    (cached + written <= prompt && reasoning <= completion).then_some(Tokens {
        prompt,
        completion,
        cached,
        reasoning,
    })
}

// === Anthropic messages ===

fn anthropic_whole(body: &Value) -> Facts {
    let mut answer = Answer::default();
    for block in items(&body["content"]) {
        match block["type"].as_str() {
            Some("text") => push(&mut answer.text, &block["text"]),
            Some("thinking") => push(&mut answer.thoughts, &block["thinking"]),
            Some("tool_use") => {
                let name = block["name"].as_str().unwrap().to_owned();
                answer.calls.push((name, block["input"].clone()));
            }
            _ => {}
        }
    }
    answer.finish = body["stop_reason"].as_str().map(anthropic_finish);
    Facts {
        tokens: anthropic_tokens(&body["usage"]),
        answers: BTreeMap::from([(0, answer)]),
    }
}

fn anthropic_stream(frames: &[Value]) -> Facts {
    let mut answer = Answer::default();
    let mut inputs: BTreeMap<u64, (String, String)> = BTreeMap::new();
    let mut usage = json!({});
    for frame in frames {
        let index = frame["index"].as_u64().unwrap_or(0);
        match frame["type"].as_str().unwrap_or_default() {
            // One recording holds two answers, one behind the other; the first is the answer.
            "message_stop" => break,
            "message_start" => usage = frame["message"]["usage"].clone(),
            "content_block_start" => {
                let block = &frame["content_block"];
                push(&mut answer.text, &block["text"]);
                push(&mut answer.thoughts, &block["thinking"]);
                if block["type"] == "tool_use" {
                    let name = block["name"].as_str().unwrap().to_owned();
                    inputs.insert(index, (name, String::new()));
                }
            }
            "content_block_delta" => {
                let delta = &frame["delta"];
                push(&mut answer.text, &delta["text"]);
                push(&mut answer.thoughts, &delta["thinking"]);
                if let Some((_, json)) = inputs.get_mut(&index) {
                    push(json, &delta["partial_json"]);
                }
            }
            "message_delta" => {
                let reason = frame["delta"]["stop_reason"].as_str();
                answer.finish = reason.map(anthropic_finish).or(answer.finish);
                for (name, value) in frame["usage"].as_object().into_iter().flatten() {
                    if !value.is_null() {
                        usage[name] = value.clone();
                    }
                }
            }
            _ => {}
        }
    }
    let calls = inputs.into_values();
    answer.calls = calls.map(|(name, json)| (name, arguments(&json))).collect();
    Facts {
        tokens: anthropic_tokens(&usage),
        answers: BTreeMap::from([(0, answer)]),
    }
}

fn anthropic_finish(reason: &str) -> &'static str {
    match reason {
        "end_turn" | "stop_sequence" | "pause_turn" => "stop",
        "max_tokens" | "model_context_window_exceeded" => "length",
        "tool_use" => "tool_calls",
        "refusal" => "content_filter",
        other => panic!("a stop reason that the reader does not know: {other}"),
    }
}

fn anthropic_tokens(usage: &Value) -> Option<Tokens> {
    let count = |name: &str| usage[name].as_u64().unwrap_or(0);
    usage["output_tokens"].as_u64().map(|completion| Tokens {
        prompt: count("input_tokens")
            + count("cache_creation_input_tokens")
            + count("cache_read_input_tokens"),
        completion,
        cached: count("cache_read_input_tokens"),
        reasoning: usage["output_tokens_details"]["thinking_tokens"]
            .as_u64()
            .unwrap_or(0),
    })
}

// === Gemini ===

fn gemini(pieces: &[Value]) -> Facts {
    let mut facts = Facts::default();
    for piece in pieces {
        for candidate in items(&piece["candidates"]) {
            let number = candidate["index"].as_u64().unwrap_or(0);
            let answer = facts.answers.entry(number).or_default();
            for part in items(&candidate["content"]["parts"]) {
                if part["thought"] == true {
                    push(&mut answer.thoughts, &part["text"]);
                } else {
                    push(&mut answer.text, &part["text"]);
                }
                let call = &part["functionCall"];
                if let Some(name) = call["name"].as_str() {
                    let args = call.get("args").cloned().unwrap_or_else(|| json!({}));
                    answer.calls.push((name.to_owned(), args));
                }
            }
            let has_calls = !answer.calls.is_empty();
            let reason = &candidate["finishReason"];
            if !reason.is_null() {
                answer.finish = Some(gemini_finish(reason, has_calls));
            }
        }
        if !piece["promptFeedback"]["blockReason"].is_null() {
            // A prompt that was not answered: there is a reason instead of a candidate.
            let answer = facts.answers.entry(0).or_default();
            answer.finish = answer.finish.or(Some("content_filter"));
        }
        let usage = &piece["usageMetadata"];
        let stated = [
            "promptTokenCount",
            "candidatesTokenCount",
            "totalTokenCount",
        ];
        if stated.into_iter().any(|name| usage[name].is_u64()) {
            let count = |name: &str| usage[name].as_u64().unwrap_or(0);
            facts.tokens = Some(Tokens {
                prompt: count("promptTokenCount") + count("toolUsePromptTokenCount"),
                completion: count("candidatesTokenCount") + count("thoughtsTokenCount"),
                cached: count("cachedContentTokenCount"),
                reasoning: count("thoughtsTokenCount"),
            });
        }
    }
    facts
}

fn gemini_finish(reason: &Value, has_calls: bool) -> &'static str {
    // Some clients have enums sent as numbers.
    let name = if *reason == 1 {
        Some("STOP")
    } else {
        reason.as_str()
    };
    match name {
        Some("STOP") if has_calls => "tool_calls",
        Some("STOP") => "stop",
        Some("MAX_TOKENS") => "length",
        Some("SAFETY" | "PROHIBITED_CONTENT") => "content_filter",
        Some("UNEXPECTED_TOOL_CALL" | "MALFORMED_FUNCTION_CALL" | "OTHER") => "error",
        _ => panic!("a finish reason that the reader does not know: {reason}"),
    }
}

// === values ===

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn push(text: &mut String, piece: &Value) {
    text.push_str(piece.as_str().unwrap_or_default());
}
