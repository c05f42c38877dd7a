//! The Gemini form, as `generativelanguage.googleapis.com` and Vertex AI answered in 2026: usage on
//! every chunk, calls whole.

use serde_json::{Value, json};

use super::answer::{Answer, Call, Finish, Told};
use super::asked::nothing;
use super::place::Host;

mod refusals;
mod request;
mod stream;

pub(super) use refusals::{error, headers};
pub(super) use request::parse;
pub(super) use stream::stream;

const SIGNATURE: &str = "EqIBCp8BAQw51sdmYWtlIHZlbmRvciB0aG91Z2h0IHNpZ25hdHVyZQ==";
/// When every answer on Vertex AI was made.
const CREATED: &str = "2026-01-01T00:00:00.000000Z";

/// The answer in one piece.
pub(super) fn whole(answer: &Answer, host: Host) -> Value {
    let mut parts = Vec::new();
    if !answer.reasoning.is_empty() {
        parts.push(json!({"text": answer.reasoning.concat(), "thought": true}));
    }
    if !answer.text.is_empty() {
        let mut part = json!({"text": answer.text.concat()});
        sign(&mut part, answer);
        parts.push(part);
    }
    parts.extend(call_parts(answer, host).into_iter().map(|(part, _)| part));
    let mut candidate = json!({});
    if !parts.is_empty() {
        candidate = json!({"content": {"parts": parts, "role": "model"}});
    }
    if let Some(members) = candidate.as_object_mut() {
        members.insert(
            "finishReason".to_owned(),
            json!(finish_reason(&answer.finish)),
        );
        if host == Host::Own {
            members.insert("index".to_owned(), json!(0));
        }
        if host == Host::Own && answer.finish == Finish::Tools {
            let said = json!("Model generated function call(s).");
            members.insert("finishMessage".to_owned(), said);
        }
    }
    body(answer, &candidate, answer.told(), host)
}

/// The answer to the question how many tokens a prompt has.
pub(super) fn counted(answer: &Answer, host: Host) -> Value {
    let Some(told) = answer.told() else {
        return nothing();
    };
    let mut counted =
        json!({"totalTokens": told.prompt, "promptTokensDetails": text_only(told.prompt)});
    if let (Host::Vertex, Some(members)) = (host, counted.as_object_mut()) {
        let characters = told.prompt.saturating_mul(4);
        members.insert("totalBillableCharacters".to_owned(), json!(characters));
    }
    counted
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

fn body(answer: &Answer, candidate: &Value, told: Option<Told>, host: Host) -> Value {
    let mut body = json!({"candidates": [candidate]});
    if let Some(members) = body.as_object_mut() {
        if let Some(told) = told {
            members.insert("usageMetadata".to_owned(), usage(told, host));
        }
        members.insert("modelVersion".to_owned(), json!(answer.model));
        members.insert(
            "responseId".to_owned(),
            json!(format!("{:023}", answer.number)),
        );
        if host == Host::Vertex {
            members.insert("createTime".to_owned(), json!(CREATED));
        }
    }
    body
}

/// Usage up to here; the candidates' tokens do not include the thoughts.
fn usage(told: Told, host: Host) -> Value {
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
        tell("cacheTokensDetails", text_only(told.cached));
    }
    tell("promptTokensDetails", text_only(told.prompt));
    if told.reasoning != 0 {
        tell("thoughtsTokenCount", json!(told.reasoning));
    }
    if host == Host::Vertex {
        tell("candidatesTokensDetails", text_only(candidates));
        tell("trafficType", json!("ON_DEMAND"));
    } else {
        tell("serviceTier", json!("standard"));
    }
    usage
}

/// Tokens by what they stand for: all for text.
fn text_only(tokens: i64) -> Value {
    json!([{"modality": "TEXT", "tokenCount": tokens}])
}

/// The calls and their tokens. Arguments cut short are no JSON; the vendor leaves such a call out.
fn call_parts(answer: &Answer, host: Host) -> Vec<(Value, u64)> {
    let mut parts: Vec<(Value, u64)> = answer
        .calls
        .iter()
        .filter_map(|call| {
            let tokens = u64::try_from(call.tokens()).ok()?;
            Some((json!({"functionCall": function_call(call, host)?}), tokens))
        })
        .collect();
    if let Some((first, _)) = parts.first_mut() {
        sign(first, answer);
    }
    parts
}

/// Only the vendor's own platform gives calls ids.
fn function_call(call: &Call, host: Host) -> Option<Value> {
    let arguments: Value = serde_json::from_str(&call.arguments()).ok()?;
    let mut function = json!({"name": call.name, "args": arguments});
    if let (Host::Own, Some(members)) = (host, function.as_object_mut()) {
        members.insert("id".to_owned(), json!(call.id));
    }
    Some(function)
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
