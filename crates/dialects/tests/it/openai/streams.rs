//! Streams as callers see them: which chunks, byte for byte, and in which order.

use canon::{
    Event, Extras, FinishReason, NanoUsd, ReasoningBody, ReasoningDelta, ReasoningFormat, Usage,
};
use dialects::{Receipt, RenderStream, Serve, openai::chat::Chat};
use serde_json::Value;

use super::{broken, stamp};

const HEAD: &str = r#"data: {"id":"gen-1","object":"chat.completion.chunk","created":7,"model":"a/b","provider":"Acme""#;

fn frames(out: &[u8]) -> Vec<String> {
    let text = std::str::from_utf8(out).unwrap();
    assert!(text.is_empty() || text.ends_with("\n\n"), "{text:?}");
    text.split_terminator("\n\n")
        .map(|frame| frame.replace(HEAD, "…"))
        .collect()
}

fn serve(events: Vec<Event>) -> (Box<dyn RenderStream>, Vec<String>) {
    let mut stream = Chat.stream(stamp());
    let mut out = Vec::new();
    for event in events {
        stream.event(event, &mut out);
    }
    (stream, frames(&out))
}

fn text(text: &str) -> Event {
    Event::Text {
        choice: 0,
        block: 0,
        text: text.to_owned(),
    }
}

fn thought(block: u32, body: ReasoningBody) -> Event {
    Event::Reasoning(ReasoningDelta {
        choice: 0,
        block,
        body,
        id: None,
        format: ReasoningFormat::ANTHROPIC,
    })
}

fn finish() -> Event {
    Event::Finish {
        choice: 0,
        reason: FinishReason::Stop,
        native: Some("end_turn".to_owned()),
        stop_sequence: None,
    }
}

#[test]
fn every_step_is_one_chunk_of_openrouters_form() {
    let words = |text: &str, signature: Option<&str>| ReasoningBody::Text {
        text: text.to_owned(),
        signature: signature.map(str::to_owned),
    };
    let (_, found) = serve(vec![
        thought(0, words("h", None)),
        thought(0, words("", Some("sig"))),
        thought(1, ReasoningBody::Encrypted("x".to_owned())),
        text("Hi \"you\""),
        Event::Refusal {
            choice: 0,
            text: "no".to_owned(),
        },
        Event::ToolCall {
            choice: 0,
            index: 0,
            id: "c".to_owned(),
            name: "f".to_owned(),
            custom: false,
            extras: Extras::NONE,
        },
        Event::ToolArguments {
            choice: 0,
            index: 0,
            fragment: "{\"a".to_owned(),
        },
        finish(),
    ]);
    let chunk = |delta: &str| {
        format!(
            r#"…,"choices":[{{"index":0,"delta":{delta},"finish_reason":null,"native_finish_reason":null}}]}}"#
        )
    };
    assert_eq!(
        found,
        [
            chunk(r#"{"content":"","role":"assistant","reasoning":"h","reasoning_details":[{"type":"reasoning.text","text":"h","format":"anthropic-claude-v1","index":0}]}"#),
            chunk(r#"{"content":"","role":"assistant","reasoning":null,"reasoning_details":[{"type":"reasoning.text","signature":"sig","format":"anthropic-claude-v1","index":0}]}"#),
            chunk(r#"{"content":"","role":"assistant","reasoning":null,"reasoning_details":[{"type":"reasoning.encrypted","data":"x","format":"anthropic-claude-v1","index":1}]}"#),
            chunk(r#"{"content":"Hi \"you\"","role":"assistant"}"#),
            chunk(r#"{"content":"","role":"assistant","refusal":"no"}"#),
            chunk(r#"{"content":null,"role":"assistant","tool_calls":[{"index":0,"id":"c","type":"function","function":{"name":"f","arguments":""}}]}"#),
            chunk(r#"{"content":null,"role":"assistant","tool_calls":[{"index":0,"function":{"arguments":"{\"a"}}]}"#),
            r#"…,"choices":[{"index":0,"delta":{"content":"","role":"assistant"},"finish_reason":"stop","native_finish_reason":"end_turn"}]}"#.to_owned(),
        ]
    );
}

#[test]
fn usage_comes_once_in_the_last_chunk_whatever_the_vendor_sends() {
    let usage = || Event::Usage(Box::default());
    let (mut stream, before) = serve(vec![usage(), text("a"), usage(), finish(), usage()]);
    assert_eq!(before.len(), 2);
    assert!(before.iter().all(|frame| !frame.contains("usage")));
    let receipt = Receipt {
        usage: Usage {
            prompt_tokens: 3,
            completion_tokens: 2,
            ..Usage::default()
        },
        cost: NanoUsd::new(1),
        ..Receipt::default()
    };
    let mut out = Vec::new();
    stream.finish(&receipt, &mut out);
    let last = frames(&out);
    assert_eq!(last.len(), 2);
    assert!(
        last[0].starts_with(r#"…,"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5,"cost":0.000000001,"#),
        "{last:?}"
    );
    assert_eq!(last[1], "data: [DONE]");
}

#[test]
fn a_fault_is_one_error_chunk_and_the_end_marker() {
    let (mut stream, _) = serve(vec![text("a")]);
    let mut out = Vec::new();
    stream.fault(&broken("Provider returned error"), &mut out);
    assert_eq!(
        frames(&out),
        [
            r#"…,"error":{"code":502,"message":"Provider returned error","metadata":{"error_type":"provider_unavailable","provider_code":"overloaded"}},"choices":[{"index":0,"delta":{"content":"","role":"assistant"},"finish_reason":"error","native_finish_reason":null}]}"#,
            "data: [DONE]",
        ]
    );
}

#[test]
fn a_fingerprint_is_a_text_in_every_chunk_or_in_none() {
    let start = |system_fingerprint: Option<&str>| Event::Start {
        id: None,
        model: None,
        created: None,
        usage: None,
        system_fingerprint: system_fingerprint.map(str::to_owned),
        extras: Extras::NONE,
    };
    let (mut stream, found) = serve(vec![start(Some("fp")), text("a"), finish()]);
    let mut out = Vec::new();
    stream.finish(&Receipt::default(), &mut out);
    assert_eq!(found.len(), 2);
    for frame in found.iter().chain(frames(&out).iter().take(1)) {
        assert!(
            frame.starts_with(r#"…,"system_fingerprint":"fp","#),
            "{frame}"
        );
    }
    let (_, found) = serve(vec![start(None), text("a")]);
    assert!(!found[0].contains("system_fingerprint"));
}

#[test]
fn a_sign_of_life_is_openrouters_comment() {
    let mut out = Vec::new();
    Chat.stream(stamp()).keep_alive(&mut out);
    assert_eq!(out, b": OPENROUTER PROCESSING\n\n");
}

#[test]
fn each_answer_of_several_has_its_own_number() {
    let (_, found) = serve(vec![Event::Text {
        choice: 2,
        block: 0,
        text: "x".to_owned(),
    }]);
    let chunk: Value = serde_json::from_str(&found[0].replace('…', "{\"x\":1")).unwrap();
    assert_eq!(chunk["choices"][0]["index"], 2);
}
