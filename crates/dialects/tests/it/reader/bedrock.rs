//! Bedrock Converse.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Answer, Facts, Tokens, arguments, items, push};

pub(super) fn whole(body: &Value) -> Facts {
    let mut answer = Answer::default();
    for block in items(&body["output"]["message"]["content"]) {
        push(&mut answer.text, &block["text"]);
        for cited in items(&block["citationsContent"]["content"]) {
            push(&mut answer.text, &cited["text"]);
        }
        push(
            &mut answer.thoughts,
            &block["reasoningContent"]["reasoningText"]["text"],
        );
        let call = &block["toolUse"];
        if call.is_object() && call["type"] != "server_tool_use" {
            let name = call["name"].as_str().unwrap().to_owned();
            answer.calls.push((name, call["input"].clone()));
        }
    }
    answer.finish = body["stopReason"].as_str().map(finish);
    facts(answer, &body["usage"])
}

pub(super) fn stream(messages: &[Value]) -> Facts {
    let mut answer = Answer::default();
    let mut inputs: BTreeMap<u64, (String, String)> = BTreeMap::new();
    let mut usage = json!(null);
    for message in messages {
        let start = &message["contentBlockStart"];
        let call = &start["start"]["toolUse"];
        if call.is_object() && call["type"] != "server_tool_use" {
            let name = call["name"].as_str().unwrap().to_owned();
            let block = start["contentBlockIndex"].as_u64().unwrap();
            inputs.insert(block, (name, String::new()));
        }
        let more = &message["contentBlockDelta"];
        let delta = &more["delta"];
        push(&mut answer.text, &delta["text"]);
        push(&mut answer.thoughts, &delta["reasoningContent"]["text"]);
        let block = more["contentBlockIndex"].as_u64().unwrap_or(u64::MAX);
        if let Some((_, input)) = inputs.get_mut(&block) {
            push(input, &delta["toolUse"]["input"]);
        }
        if let Some(reason) = message["messageStop"]["stopReason"].as_str() {
            answer.finish = Some(finish(reason));
        }
        if message["metadata"]["usage"].is_object() {
            usage = message["metadata"]["usage"].clone();
        }
    }
    let calls = inputs.into_values();
    answer.calls = calls.map(|(name, json)| (name, arguments(&json))).collect();
    facts(answer, &usage)
}

fn facts(answer: Answer, usage: &Value) -> Facts {
    let count = |name: &str| usage[name].as_u64().unwrap_or(0);
    let tokens = usage["outputTokens"].as_u64().map(|completion| Tokens {
        prompt: count("inputTokens")
            + count("cacheReadInputTokens")
            + count("cacheWriteInputTokens"),
        completion,
        cached: count("cacheReadInputTokens"),
        reasoning: 0,
    });
    Facts {
        answers: BTreeMap::from([(0, answer)]),
        tokens,
    }
}

fn finish(reason: &str) -> &'static str {
    match reason {
        "end_turn" | "stop_sequence" => "stop",
        "tool_use" => "tool_calls",
        "max_tokens" => "length",
        "guardrail_intervened" | "content_filtered" => "content_filter",
        other => panic!("a stop reason that the reader does not know: {other}"),
    }
}
