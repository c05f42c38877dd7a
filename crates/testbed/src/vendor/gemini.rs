//! The Gemini form, as `generativelanguage.googleapis.com` and Vertex AI answered in 2026: usage on
//! every chunk, calls whole.

use serde_json::{Value, json};

use super::answer::{Answer, Call, Finish, Told};
use super::asked::nothing;
use super::openai::{PICTURE, SOUND};
use super::place::Host;
use super::source::grounding;

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
    if !answer.text.is_empty() && !answer.spoken {
        let mut part = json!({"text": answer.text.concat()});
        sign(&mut part, answer);
        parts.push(part);
    }
    parts.extend(media(answer));
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
        if host == Host::Own && answer.finish == Finish::Tools {
            let said = json!("Model generated function call(s).");
            members.insert("finishMessage".to_owned(), said);
        }
    }
    tell_beside(&mut candidate, answer, &answer.text, true);
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
    let numbered = |index: usize| {
        let mut candidate = candidate.clone();
        if let (true, Some(members)) = (host == Host::Own, candidate.as_object_mut()) {
            members.insert("index".to_owned(), json!(index));
        }
        candidate
    };
    let candidates: Vec<Value> = (0..answer.choices).map(numbered).collect();
    let mut body = json!({"candidates": candidates});
    if let Some(members) = body.as_object_mut() {
        if let Some(told) = told {
            members.insert("usageMetadata".to_owned(), usage(answer, told, host));
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
fn usage(answer: &Answer, told: Told, host: Host) -> Value {
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
        tell(
            "serviceTier",
            json!(answer.tier.as_deref().unwrap_or("standard")),
        );
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

/// The sound and the picture of an answer.
fn media(answer: &Answer) -> Vec<Value> {
    let inline = |kind: &str, data: &str| json!({"inlineData": {"mimeType": kind, "data": data}});
    let sound = answer.spoken.then(|| inline("audio/L16;rate=24000", SOUND));
    let picture = answer.pictured.then(|| inline("image/png", PICTURE));
    sound.into_iter().chain(picture).collect()
}

/// Adds what stands beside the words: how probable they were, and at the end their source.
fn tell_beside(candidate: &mut Value, answer: &Answer, words: &[String], ends: bool) {
    let Some(members) = candidate.as_object_mut() else {
        return;
    };
    if let Some(top) = answer.logprobs {
        let chosen = |word: &String| json!({"token": word, "tokenId": 1, "logProbability": -0.25});
        let chosen: Vec<Value> = words.iter().map(chosen).collect();
        let others = |one: &Value| json!({"candidates": vec![one.clone(); top]});
        let others: Vec<Value> = chosen.iter().map(others).collect();
        let result = json!({"chosenCandidates": chosen, "topCandidates": others});
        members.insert("logprobsResult".to_owned(), result);
    }
    if ends && answer.cited {
        members.insert("groundingMetadata".to_owned(), grounding(answer));
    }
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
        Finish::Refusal => "SAFETY",
    }
}
