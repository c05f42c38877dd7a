//! Cohere chat, version 2.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Answer, Facts, Tokens, arguments, items, push};

pub(super) fn whole(body: &Value) -> Facts {
    let mut answer = Answer::default();
    let message = &body["message"];
    push(&mut answer.thoughts, &message["tool_plan"]);
    for block in items(&message["content"]) {
        push(&mut answer.text, &block["text"]);
        push(&mut answer.thoughts, &block["thinking"]);
    }
    for call in items(&message["tool_calls"]) {
        let function = &call["function"];
        let name = function["name"].as_str().unwrap().to_owned();
        let text = function["arguments"].as_str().unwrap_or_default();
        answer.calls.push((name, called_with(text)));
    }
    answer.finish = body["finish_reason"].as_str().map(finish);
    facts(answer, &body["usage"])
}

pub(super) fn stream(frames: &[Value]) -> Facts {
    let mut answer = Answer::default();
    let mut calls: BTreeMap<u64, (String, String)> = BTreeMap::new();
    let mut usage = json!(null);
    for frame in frames {
        let index = frame["index"].as_u64().unwrap_or(0);
        let message = &frame["delta"]["message"];
        match frame["type"].as_str().unwrap_or_default() {
            "content-start" | "content-delta" => {
                push(&mut answer.text, &message["content"]["text"]);
                push(&mut answer.thoughts, &message["content"]["thinking"]);
            }
            "tool-plan-delta" => push(&mut answer.thoughts, &message["tool_plan"]),
            "tool-call-start" | "tool-call-delta" => {
                let function = &message["tool_calls"]["function"];
                let (name, args) = calls.entry(index).or_default();
                push(name, &function["name"]);
                push(args, &function["arguments"]);
            }
            "message-end" => {
                answer.finish = frame["delta"]["finish_reason"].as_str().map(finish);
                usage = frame["delta"]["usage"].clone();
            }
            _ => {}
        }
    }
    let calls = calls.into_values();
    answer.calls = calls
        .map(|(name, text)| (name, called_with(&text)))
        .collect();
    facts(answer, &usage)
}

/// No arguments are written `null`.
fn called_with(text: &str) -> Value {
    let arguments = arguments(text);
    if arguments.is_null() {
        json!({})
    } else {
        arguments
    }
}

/// What is billed counts.
fn facts(answer: Answer, usage: &Value) -> Facts {
    let billed = &usage["billed_units"];
    let tokens = billed["output_tokens"].as_u64().map(|completion| Tokens {
        prompt: billed["input_tokens"].as_u64().unwrap_or(0),
        completion,
        cached: 0,
        reasoning: usage["tokens"]["reasoning_tokens"].as_u64().unwrap_or(0),
    });
    Facts {
        answers: BTreeMap::from([(0, answer)]),
        tokens,
    }
}

fn finish(reason: &str) -> &'static str {
    match reason {
        "COMPLETE" | "STOP_SEQUENCE" => "stop",
        "MAX_TOKENS" => "length",
        "TOOL_CALL" => "tool_calls",
        "ERROR" => "error",
        other => panic!("a finish reason that the reader does not know: {other}"),
    }
}
