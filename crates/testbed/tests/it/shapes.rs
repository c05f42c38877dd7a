//! The fakes against the recordings: every member that a fake sends was seen in a real vendor's
//! answer.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use testbed::{Mood, Reply, Wire, corpus};

use crate::client::{WIRES, hello, moody, path, post};

/// Documented by OpenAI, and recorded in streams only.
const DOCUMENTED: &str = "/choices/0/logprobs/refusal";

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
        (Wire::Anthropic, false) => (&["anthropic"], "messages"),
        (Wire::Anthropic, true) => (&["anthropic"], "messages_stream"),
        (Wire::Gemini, false) => (&["gemini"], "generate_content"),
        (Wire::Gemini, true) => (&["gemini"], "generate_content_stream"),
    }
}

fn real_members(wire: Wire, stream: bool) -> BTreeSet<String> {
    let (providers, kind) = recorded(wire, stream);
    let exchanges = providers
        .iter()
        .flat_map(|name| corpus::exchanges(Some(name), kind));
    let bodies = exchanges.flat_map(|exchange| {
        let response = exchange.unwrap().response;
        match response.sse {
            Some(_) => events(&String::from_utf8(response.wire_bytes()).unwrap()),
            None => vec![response.body],
        }
    });
    members_of(bodies)
}

async fn fake_members(wire: Wire, stream: bool) -> BTreeSet<String> {
    let mut bodies = Vec::new();
    let thinking = Mood {
        reasoning: true,
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
        let mut body = hello(wire, stream);
        let schema = json!({"type": "object"});
        body["tools"] = match wire {
            Wire::OpenAiChat => {
                json!([{"type": "function", "function": {"name": "f", "parameters": schema}}])
            }
            Wire::Anthropic => json!([{"name": "f", "input_schema": schema}]),
            Wire::Gemini => {
                json!([{"functionDeclarations": [{"name": "f", "parameters": schema}]}])
            }
        };
        if wire == Wire::OpenAiChat {
            body["logprobs"] = true.into();
        }
        let heard = post(&vendor, path(wire, stream), &body).await.unwrap();
        if stream {
            bodies.extend(events(&heard.text()));
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
    for wire in WIRES {
        for stream in [false, true] {
            let fake = fake_members(wire, stream).await;
            let real = real_members(wire, stream);
            let invented: Vec<_> = fake
                .difference(&real)
                .filter(|path| *path != DOCUMENTED)
                .collect();
            assert!(
                invented.is_empty(),
                "{wire:?} stream {stream}: {invented:?}"
            );
            assert!(fake.len() > 20, "{fake:?}");
        }
    }
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
        (Wire::Gemini, "\"thought\":true", Some("thoughtSignature")),
    ] {
        let vendor = moody(Mood {
            reasoning: true,
            ..Mood::default()
        })
        .await;
        let heard = post(&vendor, path(wire, true), &hello(wire, true))
            .await
            .unwrap();
        let text = heard.text();
        assert!(text.find(thought).unwrap() < text.find("fox").unwrap());
        assert!(signature.is_none_or(|signature| text.contains(signature)));
        let entry = &vendor.bill()[0];
        assert_eq!((entry.reasoning_tokens, entry.completion_tokens), (12, 21));
    }
}
