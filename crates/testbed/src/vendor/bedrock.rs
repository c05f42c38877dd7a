//! The Bedrock `Converse` form, as `bedrock-runtime` answered in 2026, and Anthropic's form in
//! Bedrock's frames.

use serde_json::{Value, json};

use super::answer::{Answer, Call, Finish, Told};
use super::asked::nothing;
use super::source::web_location;

mod framing;
mod invoke;
mod refusals;
mod request;
mod stream;

pub(super) use invoke::{done as invoke_done, stream as invoke_stream};
pub(super) use refusals::{error, error_event, error_type, headers};
pub(super) use request::parse;
pub(super) use stream::{done, garbage_event, stream};

const REDACTED: &str = "ZmFrZSB2ZW5kb3IgaGlkZGVuIHRob3VnaHQ=";
const SIGNATURE: &str = "EpUBCkgIDBABGAIqQGZha2UgdmVuZG9yIHRob3VnaHQgc2lnbmF0dXJl";
/// How long every answer is said to have taken.
const LATENCY_MS: u64 = 5;

/// The answer in one piece.
pub(super) fn whole(answer: &Answer) -> Value {
    let mut content = Vec::new();
    if !answer.reasoning.is_empty() {
        let thought = json!({"text": answer.reasoning.concat(), "signature": SIGNATURE});
        content.push(json!({"reasoningContent": {"reasoningText": thought}}));
    }
    if answer.redacted {
        content.push(json!({"reasoningContent": {"redactedContent": REDACTED}}));
    }
    if answer.cited {
        let said = json!([{"text": answer.text.concat()}]);
        let cited = json!({"content": said, "citations": [web_location()]});
        content.push(json!({"citationsContent": cited}));
    } else if !answer.text.is_empty() {
        content.push(json!({"text": answer.text.concat()}));
    }
    content.extend(answer.calls.iter().map(tool_use));
    let mut body = json!({
        "metrics": {"latencyMs": LATENCY_MS},
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": stop_reason(&answer.finish),
    });
    if let (Some(told), Some(members)) = (answer.told(), body.as_object_mut()) {
        members.insert("usage".to_owned(), usage(told));
    }
    tell_tier(&mut body, answer);
    body
}

/// Adds the tier that served, where one was asked for.
fn tell_tier(body: &mut Value, answer: &Answer) {
    if let (Some(tier), Some(members)) = (&answer.tier, body.as_object_mut()) {
        members.insert("serviceTier".to_owned(), json!({"type": tier}));
    }
}

/// The answer to the question how many tokens a prompt has.
pub(super) fn counted(answer: &Answer) -> Value {
    answer
        .told()
        .map_or_else(nothing, |told| json!({"inputTokens": told.prompt}))
}

/// Arguments cut short by the token limit are no JSON; the vendor then shows an empty input.
fn tool_use(call: &Call) -> Value {
    let input: Value = serde_json::from_str(&call.arguments()).unwrap_or_else(|_| nothing());
    json!({"toolUse": {"toolUseId": tool_use_id(call), "name": call.name, "input": input}})
}

fn tool_use_id(call: &Call) -> String {
    format!("tooluse_{}", call.id)
}

fn stop_reason(finish: &Finish) -> &'static str {
    match finish {
        Finish::Stop => "end_turn",
        Finish::StopSequence(_) => "stop_sequence",
        Finish::Length => "max_tokens",
        Finish::Tools => "tool_use",
        Finish::Refusal => "content_filtered",
    }
}

/// Usage; the input is what the cache had no part in, and thoughts are not told apart.
fn usage(told: Told) -> Value {
    let fresh = told
        .prompt
        .saturating_sub(told.cached)
        .saturating_sub(told.cache_written);
    json!({
        "inputTokens": fresh,
        "outputTokens": told.completion,
        "totalTokens": told.prompt.saturating_add(told.completion),
        "cacheReadInputTokens": told.cached,
        "cacheReadInputTokenCount": told.cached,
        "cacheWriteInputTokens": told.cache_written,
        "cacheWriteInputTokenCount": told.cache_written,
        "serverToolUsage": {},
    })
}
