//! Recorded answers of Gemini's, served to Gemini's own callers: every field is kept.

use dialects::{Dialect, called, served};
use serde_json::{Value, json};
use testbed::corpus::{self, Exchange};

use crate::corpus::{frames_of, stream_bytes};
use crate::golden::{receipt_of, serve_steps, stamp};
use crate::replay::replay;

/// One of the forms that say the same, of an answer.
fn normal(mut answer: Value) -> Value {
    let fields = answer.as_object_mut().unwrap();
    // Weir's own: what names the answer, and what it cost. Counts have a reader of their own (`served`).
    for name in ["modelVersion", "responseId", "usageMetadata", "weir"] {
        fields.remove(name);
    }
    let candidates = fields.get_mut("candidates").and_then(Value::as_array_mut);
    for (number, candidate) in candidates.into_iter().flatten().enumerate() {
        let candidate = candidate.as_object_mut().unwrap();
        candidate.entry("index").or_insert_with(|| number.into());
        // One client of old had enums sent as numbers.
        if candidate.get("finishReason") == Some(&json!(1)) {
            candidate.insert("finishReason".to_owned(), "STOP".into());
        }
        candidate.retain(|_, value| !value.is_null());
        let content = candidate.entry("content").or_insert_with(|| json!({}));
        content["role"] = "model".into();
        if content["parts"].is_null() {
            content["parts"] = json!([]);
        }
        let parts = content["parts"].as_array_mut().unwrap();
        for part in parts.iter_mut() {
            if let Some(Value::Object(call)) = part.get_mut("functionCall") {
                // Older models give calls no ids.
                call.remove("id");
                call.entry("args").or_insert_with(|| json!({}));
            }
            if part["thought"] == false {
                part.as_object_mut().unwrap().remove("thought");
            }
        }
        // An empty text says nothing, unless it is signed.
        parts.retain(|part| *part != json!({"text": ""}));
    }
    answer
}

fn served_again(exchange: &Exchange) -> Value {
    let call = called(Dialect::Gemini).unwrap();
    let serve = served(Dialect::Gemini).unwrap();
    let response = call
        .parse_response(&exchange.response.wire_bytes())
        .unwrap();
    let receipt = receipt_of(response.usage.clone().unwrap_or_default());
    let mut out = Vec::new();
    serve.render_response(&response, &stamp(), &receipt, &mut out);
    serde_json::from_slice(&out).unwrap()
}

#[test]
fn recorded_answers_keep_every_field_towards_their_own_callers() {
    if !corpus::available() {
        println!("skipped: the corpus is not at hand");
        return;
    }
    let mut failures = Vec::new();
    let mut checked = 0;
    for exchange in corpus::exchanges(None, "generate_content") {
        let exchange = exchange.unwrap();
        let wanted = normal(exchange.response.body.clone());
        let found = normal(served_again(&exchange));
        if found != wanted {
            failures.push(format!("{}:\n{wanted}\nbecame\n{found}", exchange.label()));
        }
        checked += 1;
    }
    println!("{checked} answers, {} changed", failures.len());
    let shown: Vec<&String> = failures.iter().take(5).collect();
    assert!(shown.is_empty(), "{} failures: {shown:#?}", failures.len());
    assert!(checked >= 115, "only {checked}");
}

/// What frames say besides mere text, one behind the other: the last word on every field beside the parts, and every
/// part that is signed, calls or is Google's own.
fn beside_text(frames: &[Value]) -> Value {
    let mut beside = json!({"fields": {}, "parts": []});
    for frame in frames {
        let frame = normal(frame.clone());
        for name in ["promptFeedback", "createTime"] {
            if !frame[name].is_null() {
                beside["fields"][name] = Value::from("stated");
            }
        }
        for candidate in frame["candidates"].as_array().into_iter().flatten() {
            for (name, value) in candidate.as_object().unwrap() {
                if name != "content" {
                    beside["fields"][name] = value.clone();
                }
            }
            for part in candidate["content"]["parts"].as_array().unwrap() {
                let mut part = part.clone();
                let fields = part.as_object_mut().unwrap();
                if fields.remove("text").is_some() {
                    // Text before a signature may go ahead of it.
                    fields.remove("thought");
                }
                if !fields.is_empty() {
                    beside["parts"].as_array_mut().unwrap().push(part);
                }
            }
        }
    }
    beside
}

#[test]
fn recorded_streams_keep_every_field_towards_their_own_callers() {
    if !corpus::available() {
        println!("skipped: the corpus is not at hand");
        return;
    }
    let call = called(Dialect::Gemini).unwrap();
    let serve = served(Dialect::Gemini).unwrap();
    let mut failures = Vec::new();
    let mut checked = 0;
    for exchange in corpus::exchanges(None, "generate_content_stream") {
        let exchange = exchange.unwrap();
        if exchange
            .name
            .contains("array-arguments-missing-terminal-function-call")
        {
            // Arguments come as JSON paths with values (`corpus::EXCEPTIONS`).
            continue;
        }
        let bytes = stream_bytes(&exchange);
        let steps = replay(call, [bytes.as_slice()]).unwrap().steps;
        let served = frames_of(&serve_steps(serve, steps));
        let (found, wanted) = (beside_text(&served), beside_text(&frames_of(&bytes)));
        if found != wanted {
            failures.push(format!("{}:\n{wanted}\nbecame\n{found}", exchange.label()));
        }
        checked += 1;
    }
    println!("{checked} streams, {} changed", failures.len());
    let shown: Vec<&String> = failures.iter().take(5).collect();
    assert!(shown.is_empty(), "{} failures: {shown:#?}", failures.len());
    assert!(checked >= 95, "only {checked}");
}
