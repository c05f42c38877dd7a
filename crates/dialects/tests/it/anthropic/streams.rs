//! Streams: the grammar of blocks, and events that come back as they were.

use canon::{
    Citation, Event, Extras, FinishReason, NanoUsd, ReasoningBody, ReasoningDelta, ReasoningFormat,
    Usage, fold,
};
use dialects::{Call, Receipt, Serve, Stamp, Step, anthropic::Anthropic, framing::Frame};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::frames;
use crate::replay::replay;

/// The bytes of a stream of these events.
pub(crate) fn render(events: impl IntoIterator<Item = Event>, receipt: &Receipt) -> Vec<u8> {
    let stamp = Stamp {
        generation: "gen-1".to_owned(),
        created: 7,
        model: "author/model".to_owned(),
        provider: "Lab".to_owned(),
        echo: None,
    };
    let mut stream = Serve::stream(&Anthropic, stamp);
    let mut out = Vec::new();
    for event in events {
        stream.event(event, &mut out);
        stream.keep_alive(&mut out);
    }
    stream.finish(receipt, &mut out);
    out
}

/// Every stream is a start, blocks numbered from 0 one after the other, a delta with the reason, a stop.
pub(crate) fn check_grammar(bytes: &[u8]) {
    let mut frames = frames(bytes);
    for (name, data) in &frames {
        assert_eq!(data["type"], *name);
    }
    frames.retain(|(name, _)| name != "ping");
    let names: Vec<_> = frames.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names.first(), Some(&"message_start"));
    assert_eq!(names[names.len() - 2..], ["message_delta", "message_stop"]);
    let mut next = 0;
    let mut open: Option<String> = None;
    for (name, data) in &frames[1..frames.len() - 2] {
        match name.as_str() {
            "content_block_start" => {
                assert_eq!((&data["index"], &open), (&json!(next), &None));
                next += 1;
                open = data["content_block"]["type"].as_str().map(str::to_owned);
            }
            "content_block_delta" => {
                assert_eq!(data["index"], next - 1);
                let fits = match open.as_deref() {
                    Some("text") => &["text_delta", "citations_delta"][..],
                    Some("thinking") => &["thinking_delta", "signature_delta"],
                    Some("tool_use" | "server_tool_use") => &["input_json_delta"],
                    _ => &[],
                };
                let delta = data["delta"]["type"].as_str().unwrap();
                assert!(fits.contains(&delta), "{delta} inside of {open:?}");
            }
            "content_block_stop" => {
                assert_eq!(data["index"], next - 1);
                assert!(open.take().is_some());
            }
            other => panic!("{other} between blocks"),
        }
    }
    assert_eq!(open, None);
}

fn finish(reason: FinishReason, native: &str) -> Event {
    Event::Finish {
        choice: 0,
        reason,
        native: Some(native.to_owned()),
        stop_sequence: None,
    }
}

fn text(block: u32, text: &str) -> Event {
    Event::Text {
        choice: 0,
        block,
        text: text.to_owned(),
    }
}

fn thinking(block: u32, body: ReasoningBody, format: ReasoningFormat) -> Event {
    Event::Reasoning(ReasoningDelta {
        choice: 0,
        block,
        body,
        id: None,
        format,
    })
}

#[test]
fn usage_and_cost_come_once_in_the_last_delta() {
    let receipt = Receipt {
        usage: Usage {
            prompt_tokens: 100,
            completion_tokens: 16,
            cached_tokens: 50,
            cache_write_tokens: 10,
            cache_write_1h_tokens: 20,
            reasoning_tokens: 5,
            service_tier: Some("default".to_owned()),
            ..Usage::default()
        },
        cost: NanoUsd::new(112_000),
        ..Receipt::default()
    };
    let start = Event::Start {
        id: Some("msg_1".to_owned()),
        model: Some("theirs".to_owned()),
        created: None,
        usage: Some(Box::new(Usage {
            prompt_tokens: 100,
            cached_tokens: 50,
            ..Usage::default()
        })),
        system_fingerprint: None,
        extras: Extras::NONE,
    };
    let usage = Event::Usage(Box::new(receipt.usage.clone()));
    let events = [
        start,
        text(0, "hi"),
        usage,
        finish(FinishReason::Length, "length"),
    ];
    let bytes = render(events, &receipt);
    check_grammar(&bytes);
    let frames = frames(&bytes);
    let of = |wanted: &str| -> Vec<&Value> {
        let found = frames.iter().filter(|(name, _)| name == wanted);
        found.map(|(_, data)| data).collect()
    };
    let start = &of("message_start")[0]["message"];
    assert_eq!(start["id"], "gen-1");
    assert_eq!(start["model"], "author/model");
    assert_eq!(start["provider"], "Lab");
    assert_eq!(start["usage"]["input_tokens"], 50);
    assert_eq!(start["usage"].get("cost"), None);
    let [delta] = of("message_delta")[..] else {
        panic!("one delta")
    };
    assert_eq!(delta["delta"]["stop_reason"], "max_tokens");
    let usage = &delta["usage"];
    assert_eq!(usage["input_tokens"], 20);
    assert_eq!(usage["cache_read_input_tokens"], 50);
    assert_eq!(usage["cache_creation_input_tokens"], 30);
    assert_eq!(usage["cache_creation"]["ephemeral_1h_input_tokens"], 20);
    assert_eq!(usage["output_tokens_details"]["thinking_tokens"], 5);
    assert_eq!(usage["service_tier"], "standard");
    assert_eq!(usage["cost"], json!(0.000112));
    let read = replay(&Anthropic, [bytes.as_slice()])
        .unwrap()
        .into_response();
    let mut read = read.unwrap().usage.unwrap();
    assert_eq!(read.service_tier.take().as_deref(), Some("default"));
    let mut expected = receipt.usage;
    expected.service_tier = None;
    assert_eq!(read, expected);
}

#[test]
fn a_refusal_is_text_that_ends_as_one() {
    let refusal = |text: &str| Event::Refusal {
        choice: 0,
        text: text.to_owned(),
    };
    let events = [
        refusal("I "),
        refusal("won't"),
        finish(FinishReason::Stop, "stop"),
    ];
    let bytes = render(events, &Receipt::default());
    check_grammar(&bytes);
    let (_, delta) = frames(&bytes).into_iter().rev().nth(1).unwrap();
    assert_eq!(delta["delta"]["stop_reason"], "refusal");
    assert_eq!(delta["delta"]["stop_details"]["type"], "refusal");
    let read = replay(&Anthropic, [bytes.as_slice()])
        .unwrap()
        .into_response()
        .unwrap();
    assert_eq!(read.choices[0].finish, Some(FinishReason::ContentFilter));
    assert_eq!(
        read.choices[0].parts.first(),
        Some(&canon::Part::text("I won't"))
    );
}

#[test]
fn what_anthropic_says_besides_reaches_callers_of_its_dialect() {
    let stream = [
        r#"{"type":"message_start","message":{"id":"m","usage":{"input_tokens":3,"inference_geo":"eu"}}}"#,
        r#"{"type":"message_delta","delta":{"stop_reason":"end_turn","container":{"id":"c"}},
            "usage":{"output_tokens":2,"iterations":[{"type":"message"}],
                "server_tool_use":{"web_search_requests":1,"web_fetch_requests":4}},
            "context_management":{"applied_edits":[]}}"#,
        r#"{"type":"message_stop"}"#,
    ];
    let stream: String = stream
        .iter()
        .map(|data| format!("data: {}\n\n", data.replace('\n', " ")))
        .collect();
    let read = || replay(&Anthropic, [stream.as_bytes()]).unwrap();
    let receipt = Receipt {
        usage: read().into_response().unwrap().usage.unwrap(),
        ..Receipt::default()
    };
    assert_eq!(receipt.usage.web_searches, 1);
    let bytes = render(read().into_events().0, &receipt);
    let (_, delta) = frames(&bytes).into_iter().rev().nth(1).unwrap();
    let mut whole = Vec::new();
    let response = read().into_response().unwrap();
    Anthropic.render_response(&response, &Stamp::default(), &receipt, &mut whole);
    let whole: Value = serde_json::from_slice(&whole).unwrap();
    assert_eq!(whole["usage"]["inference_geo"], "eu");
    assert_eq!(whole["content"], json!([]));
    for (container, said) in [
        (&delta["delta"]["container"], &delta),
        (&whole["container"], &whole),
    ] {
        assert_eq!(container["id"], "c");
        assert_eq!(said["context_management"], json!({"applied_edits": []}));
        assert_eq!(said["usage"]["iterations"], json!([{"type": "message"}]));
        assert_eq!(said["usage"]["server_tool_use"]["web_fetch_requests"], 4);
    }
}

#[test]
fn an_answer_without_events_is_still_a_message() {
    check_grammar(&render([], &Receipt::default()));
    check_grammar(&render(
        [finish(FinishReason::Error, "x")],
        &Receipt::default(),
    ));
}

#[test]
fn a_fault_is_one_error_frame_and_the_rest_of_the_stream_stays() {
    let mut stream = Serve::stream(&Anthropic, Stamp::default());
    let mut out = Vec::new();
    stream.event(text(0, "half"), &mut out);
    let error = dialects::ErrorBody {
        status: 502,
        kind: canon::Kind::ProviderUnavailable,
        message: "Provider returned error",
        provider_code: None,
        metadata: None,
        availability: None,
        generation: Some("gen-9"),
        router: None,
    };
    stream.fault(&error, &mut out);
    let frames = frames(&out);
    let names: Vec<_> = frames.iter().map(|(name, _)| name.as_str()).collect();
    let expected = [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "error",
    ];
    assert_eq!(names, expected);
    assert_eq!(frames[3].1["error"]["type"], "api_error");
    assert_eq!(frames[3].1["request_id"], "gen-9");
    // Read again, it is an answer that broke off, and why.
    let replay = replay(&Anthropic, [out.as_slice()]).unwrap();
    assert!(!replay.is_complete);
    let (_, error) = replay.into_events();
    assert_eq!(error.unwrap().code.as_deref(), Some("api_error"));
}

#[test]
fn other_vendors_thinking_comes_back_from_a_caller_unchanged() {
    let gemini = ReasoningFormat::GEMINI;
    let signed = ReasoningBody::Text {
        text: "hm".to_owned(),
        signature: Some("sig+/=".to_owned()),
    };
    let bodies = [
        signed,
        ReasoningBody::Encrypted("data==".to_owned()),
        ReasoningBody::Summary("in short".to_owned()),
    ];
    let events = (0..)
        .zip(bodies.clone())
        .map(|(block, body)| thinking(block, body, gemini.clone()));
    let bytes = render(events, &Receipt::default());
    check_grammar(&bytes);
    // What a client of this dialect collects from the stream, and sends back.
    let mut blocks: Vec<Value> = Vec::new();
    for (name, data) in frames(&bytes) {
        match name.as_str() {
            "content_block_start" => blocks.push(data["content_block"].clone()),
            "content_block_delta" => {
                let block = blocks.last_mut().unwrap();
                for name in ["thinking", "signature"] {
                    if let Some(more) = data["delta"][name].as_str() {
                        block[name] = json!(block[name].as_str().unwrap().to_owned() + more);
                    }
                }
            }
            _ => {}
        }
    }
    let request = super::parse(&json!({"model": "m", "messages": [
        {"role": "user", "content": "hi"}, {"role": "assistant", "content": blocks}]}));
    let parts = request.messages[1].parts.iter();
    let read: Vec<_> = parts
        .map(|part| match part {
            canon::Part::Reasoning(part) => {
                assert_eq!(part.format, gemini);
                part.body.clone()
            }
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(read, bodies);
}

#[test]
fn garbage_is_an_error_and_news_are_not() {
    let read = |data: &str| {
        let mut steps = Vec::new();
        let mut stream = Call::stream(&Anthropic, &dialects::Form::default());
        let frame = Frame {
            event: None,
            data: data.as_bytes().into(),
        };
        stream.frame(&frame, &mut steps).map(|()| steps)
    };
    for garbage in [
        "",
        "{",
        "[]",
        r#"{"type":1}"#,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"1"}}"#,
    ] {
        assert!(read(garbage).is_err(), "{garbage}");
    }
    // A count that cannot be costs the count, not the answer.
    for impossible in [
        r#"{"type":"message_start","message":{"usage":{"input_tokens":-1}}}"#,
        r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":1.5}}"#,
    ] {
        let steps = read(impossible).unwrap();
        let counted = steps
            .iter()
            .any(|step| matches!(step, Step::Event(Event::Usage(_))));
        assert!(!steps.is_empty() && !counted, "{impossible}: {steps:?}");
    }
    for news in [
        r#"{"type":"ping"}"#,
        r#"{"type":"something_new","index":1}"#,
    ] {
        assert!(read(news).unwrap().is_empty(), "{news}");
    }
    // Text whose block was not announced is text.
    let said = read(
        r#"{"type":"content_block_delta","index":7,"delta":{"type":"text_delta","text":"hi"}}"#,
    );
    assert!(matches!(
        &said.unwrap()[..],
        [Step::Event(Event::Text { block: 7, text, .. })] if text == "hi"
    ));
    let steps =
        read(r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#);
    let steps = steps.unwrap();
    assert!(
        matches!(&steps[..], [Step::Error(error)] if error.code.as_deref() == Some("overloaded_error"))
    );
}

/// Events of an answer as a vendor might send it: blocks one after the other, fragments of any size.
fn answer() -> impl Strategy<Value = Vec<Event>> {
    let words = || "[a-z\"\\\\\u{e4}\u{1f600}\n]{1,8}";
    let citation = words().prop_map(|title| Citation {
        url: Some("https://example.org/".to_owned()),
        title: Some(title),
        content: Some("cited".to_owned()),
        ..Citation::default()
    });
    let block = prop_oneof![
        (
            prop::collection::vec(words(), 1..4),
            prop::option::of(citation)
        )
            .prop_map(|(texts, citation)| {
                let mut events: Vec<Event> = texts.iter().map(|piece| text(0, piece)).collect();
                events.extend(citation.map(|citation| Event::Citation {
                    choice: 0,
                    block: 0,
                    citation,
                }));
                events
            }),
        (prop::collection::vec(words(), 1..4), words()).prop_map(|(texts, signature)| {
            let mut events: Vec<Event> = Vec::new();
            for piece in texts {
                let body = ReasoningBody::Text {
                    text: piece,
                    signature: None,
                };
                events.push(thinking(0, body, ReasoningFormat::ANTHROPIC));
            }
            let body = ReasoningBody::Text {
                text: String::new(),
                signature: Some(signature),
            };
            events.push(thinking(0, body, ReasoningFormat::ANTHROPIC));
            events
        }),
        (words(), prop::bool::ANY).prop_map(|(data, ours)| {
            let format = if ours {
                ReasoningFormat::ANTHROPIC
            } else {
                ReasoningFormat::OPENAI
            };
            vec![thinking(0, ReasoningBody::Encrypted(data), format)]
        }),
        words().prop_map(|query| vec![Event::Other {
            choice: 0,
            dialect: dialects::Dialect::Anthropic,
            value: json!({"type": "server_tool_use", "id": "s", "name": "web_search",
                "input": {"query": query}}),
        }]),
    ];
    prop::collection::vec(block, 0..5).prop_map(|blocks| {
        let mut events = Vec::new();
        for (number, block) in (0u32..).zip(blocks) {
            for mut event in block {
                match &mut event {
                    Event::Text { block, .. } | Event::Citation { block, .. } => *block = number,
                    Event::Reasoning(delta) => delta.block = number,
                    _ => {}
                }
                events.push(event);
            }
        }
        events.push(finish(FinishReason::Stop, "end_turn"));
        events
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(events in answer()) {
        let bytes = render(copies(&events), &Receipt::default());
        check_grammar(&bytes);
        let read = replay(&Anthropic, [bytes.as_slice()]).unwrap();
        prop_assert!(read.is_complete);
        let mut read = read.into_response().unwrap().choices;
        let mut expected = fold(events).unwrap().choices;
        for choice in read.iter_mut().chain(&mut expected) {
            for part in &mut choice.parts {
                if let canon::Part::Text(text) = part {
                    // Citations of other vendors get this dialect's form.
                    text.citations.iter_mut().for_each(|citation| citation.native = Extras::NONE);
                }
            }
        }
        prop_assert_eq!(read, expected);
    }
}

/// Events are not `Clone`: a fault holds a source that cannot be.
pub(crate) fn copies(events: &[Event]) -> Vec<Event> {
    let copy = |event: &Event| match event {
        Event::Text { block, text, .. } => self::text(*block, text),
        Event::Reasoning(delta) => Event::Reasoning(delta.clone()),
        Event::Citation {
            block, citation, ..
        } => Event::Citation {
            choice: 0,
            block: *block,
            citation: citation.clone(),
        },
        Event::ToolCall {
            index, id, name, ..
        } => Event::ToolCall {
            choice: 0,
            index: *index,
            id: id.clone(),
            name: name.clone(),
            custom: false,
            extras: Extras::NONE,
        },
        Event::ToolArguments {
            index, fragment, ..
        } => Event::ToolArguments {
            choice: 0,
            index: *index,
            fragment: fragment.clone(),
        },
        Event::Other { dialect, value, .. } => Event::Other {
            choice: 0,
            dialect: *dialect,
            value: value.clone(),
        },
        Event::Finish { reason, native, .. } => finish(*reason, native.as_deref().unwrap()),
        other => panic!("{other:?}"),
    };
    events.iter().map(copy).collect()
}
