//! The fakes against the recordings: every member that a fake sends was seen in a real vendor's
//! answer.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use testbed::{Mood, Reply, Wire, corpus};

use crate::client::{WIRES, hello, moody, path, post};
use crate::eventstream;
use crate::tools::offering;

/// Documented by OpenAI, and recorded in streams only.
const DOCUMENTED: &str = "/choices/0/logprobs/refusal";
const LOGPROBS: &str = "message.output_text.logprobs";

/// The paths of all members in `value`; lists count as one element. Arguments of calls are free.
fn members(value: &Value, at: &str, found: &mut BTreeSet<String>) {
    if at.ends_with("/args") || at.ends_with("/input") {
        return;
    }
    if let Some(list) = value.as_array() {
        for element in list {
            members(element, &format!("{at}/0"), found);
        }
    }
    for (name, inner) in value.as_object().into_iter().flatten() {
        let at = format!("{at}/{name}");
        members(inner, &at, found);
        found.insert(at);
    }
}

fn members_of(bodies: impl IntoIterator<Item = Value>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for body in bodies {
        members(&body, "", &mut found);
    }
    found
}

fn events(text: &str) -> Vec<Value> {
    text.lines()
        .filter_map(|line| line.strip_prefix("data:"))
        .filter_map(|data| serde_json::from_str(data.trim()).ok())
        .collect()
}

/// Where a wire was recorded: providers and kind.
fn recorded(wire: Wire, stream: bool) -> (&'static [&'static str], &'static str) {
    match (wire, stream) {
        (Wire::OpenAiChat, false) => (&["openai", "deepseek"], "chat"),
        (Wire::OpenAiChat, true) => (&["openai", "deepseek"], "chat_stream"),
        (Wire::OpenAiResponses, false) => (&["openai"], "responses"),
        (Wire::OpenAiResponses, true) => (&["openai"], "responses_stream"),
        (Wire::Anthropic, false) => (&["anthropic"], "messages"),
        (Wire::Anthropic, true) => (&["anthropic"], "messages_stream"),
        (Wire::BedrockAnthropic, false) => (&["bedrock"], "invoke"),
        (Wire::BedrockAnthropic, true) => (&["bedrock"], "invoke_stream"),
        (Wire::VertexAnthropic, false) => (&["vertex"], "raw_predict"),
        (Wire::VertexAnthropic, true) => (&["vertex"], "raw_predict_stream"),
        (Wire::Gemini, false) => (&["gemini"], "generate_content"),
        (Wire::Gemini, true) => (&["gemini"], "generate_content_stream"),
        (Wire::VertexGemini, false) => (&["vertex"], "generate_content"),
        (Wire::VertexGemini, true) => (&["vertex"], "generate_content_stream"),
        (Wire::Bedrock, false) => (&["bedrock"], "converse"),
        (Wire::Bedrock, true) => (&["bedrock"], "converse_stream"),
        (Wire::Cohere, false) => (&["cohere"], "chat"),
        (Wire::Cohere, true) => (&["cohere"], "chat_stream"),
        (Wire::Ollama, false) => (&["ollama"], "chat"),
        (Wire::Ollama, true) => (&["ollama"], "chat_stream"),
        (Wire::Replicate, _) => (&["replicate"], "predictions"),
    }
}

fn real_members(wire: Wire, stream: bool) -> BTreeSet<String> {
    let (providers, kind) = recorded(wire, stream);
    let exchanges = providers
        .iter()
        .flat_map(|name| corpus::exchanges(Some(name), kind));
    let mut found = members_of(exchanges.flat_map(|exchange| said(&exchange.unwrap().response)));
    if wire == Wire::OpenAiResponses && !stream {
        // A stream ends with the same object.
        let streams = corpus::exchanges(Some("openai"), "responses_stream");
        let events = streams.flat_map(|exchange| said(&exchange.unwrap().response));
        let ends = events.filter_map(|event| event.get("response").cloned());
        found.extend(members_of(ends));
    }
    if stream && [Wire::VertexGemini, Wire::Ollama].contains(&wire) {
        // Every piece looks like a whole answer.
        found.extend(real_members(wire, false));
    }
    found
}

/// Everything that was said in a recorded answer.
fn said(response: &corpus::Response) -> Vec<Value> {
    if response.sse.is_some() {
        return events(&String::from_utf8(response.wire_bytes()).unwrap());
    }
    if response.base64.is_some() {
        let messages = eventstream::read(&response.wire_bytes());
        let texts = messages.iter().map(eventstream::Message::text);
        return texts
            .filter_map(|text| serde_json::from_str(&text).ok())
            .collect();
    }
    match response.body.as_str() {
        Some(lines) => lines
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect(),
        None => vec![response.body.clone()],
    }
}

async fn fake_members(wire: Wire, stream: bool) -> BTreeSet<String> {
    let mut bodies = Vec::new();
    // Anthropic's thoughts were not recorded at hosts.
    let hosted = [Wire::BedrockAnthropic, Wire::VertexAnthropic].contains(&wire);
    let thinking = Mood {
        reasoning: !hosted,
        cached: 2,
        ..Mood::default()
    };
    let calling = Mood {
        tools: 2,
        ..thinking.clone()
    };
    for mood in [
        Mood::default(),
        thinking,
        calling,
        Mood::replying(Reply::NoContent),
    ] {
        let vendor = moody(mood).await;
        let schema = json!({"type": "object"});
        let mut body = offering(wire, hello(wire, stream), &[("f", schema)]);
        if wire == Wire::OpenAiChat {
            body["logprobs"] = true.into();
        }
        if wire == Wire::OpenAiResponses {
            body["include"] = json!(["reasoning.encrypted_content", LOGPROBS]);
        }
        let heard = post(&vendor, path(wire, stream), &body).await.unwrap();
        if stream {
            bodies.extend(heard.values());
        } else {
            bodies.push(heard.json());
        }
    }
    members_of(bodies)
}

#[tokio::test]
async fn every_member_a_fake_sends_was_seen_in_a_recording() {
    if !corpus::available() {
        println!("skipped: no recordings at {}", corpus::root().display());
        return;
    }
    let mut faults = Vec::new();
    for wire in WIRES {
        for stream in [false, true] {
            let fake = fake_members(wire, stream).await;
            let real = real_members(wire, stream);
            let invented: Vec<_> = fake
                .difference(&real)
                .filter(|path| *path != DOCUMENTED)
                .collect();
            if !invented.is_empty() {
                faults.push(format!("{wire:?} stream {stream}: {invented:?}"));
            }
            assert!(fake.len() > 12, "{fake:?}");
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[tokio::test]
async fn an_anthropic_stream_has_its_events_in_the_real_order() {
    let vendor = moody(Mood {
        reasoning: true,
        text: Some("a b".to_owned()),
        ..Mood::default()
    });
    let body = hello(Wire::Anthropic, true);
    let heard = post(&vendor.await, path(Wire::Anthropic, true), &body)
        .await
        .unwrap();
    let text = heard.text();
    let mut names: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("event: "))
        .collect();
    names.dedup();
    let block = [
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
    ];
    let first = ["message_start", block[0], "ping", block[1], block[2]];
    let expected = [&first[..], &block[..], &["message_delta", "message_stop"]].concat();
    assert_eq!(names, expected);
}

#[tokio::test]
async fn thoughts_and_their_signatures_come_before_the_words() {
    for (wire, thought, signature) in [
        (Wire::OpenAiChat, "reasoning_content", None),
        (Wire::Anthropic, "thinking_delta", Some("signature_delta")),
        (
            Wire::BedrockAnthropic,
            "thinking_delta",
            Some("signature_delta"),
        ),
        (
            Wire::VertexAnthropic,
            "thinking_delta",
            Some("signature_delta"),
        ),
        (Wire::Gemini, "\"thought\":true", Some("thoughtSignature")),
        (
            Wire::VertexGemini,
            "\"thought\":true",
            Some("thoughtSignature"),
        ),
        (Wire::OpenAiResponses, "reasoning_summary_text.delta", None),
        (Wire::Bedrock, "reasoningContent", Some("signature")),
        (Wire::Cohere, "\"thinking\"", None),
        (Wire::Ollama, "\"thinking\"", None),
    ] {
        let vendor = moody(Mood {
            reasoning: true,
            ..Mood::default()
        })
        .await;
        let heard = post(&vendor, path(wire, true), &hello(wire, true))
            .await
            .unwrap();
        let text = heard.events().concat();
        assert!(text.find(thought).unwrap() < text.find("fox").unwrap());
        assert!(signature.is_none_or(|signature| text.contains(signature)));
        let entry = &vendor.bill()[0];
        assert_eq!((entry.reasoning_tokens, entry.completion_tokens), (12, 21));
    }
}
