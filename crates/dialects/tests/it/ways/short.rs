//! The short way says what the long way says.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use dialects::{CALLED, Call, Dialect, Error, Form, Frame, ParseStream, Short, Step, called};
use proptest::prelude::*;
use serde_json::json;
use testbed::corpus;

use crate::corpus::{WIRES, stream_bytes};
use crate::fixtures;
use crate::replay::{replay, replay_short};

fn assert_both_ways_equal(call: &dyn Call, bytes: &[u8], label: &str) {
    let long = replay(call, [bytes]).map(|replay| replay.transcript());
    let short = replay_short(call, [bytes]).map(|replay| replay.transcript());
    assert!(short == long, "{label}:\nshort {short:?}\nlong  {long:?}");
}

#[test]
fn our_own_streams_say_the_same_both_ways() {
    let mut dialects = BTreeSet::new();
    for fixture in fixtures::streams() {
        dialects.insert(fixture.dialect);
        assert_both_ways_equal(
            called(fixture.dialect).unwrap(),
            &fixture.bytes,
            &fixture.case,
        );
    }
    // All that are called, but for the one whose answers come whole.
    let called: BTreeSet<_> = CALLED.iter().map(|call| call.dialect()).collect();
    let missing: Vec<_> = called.difference(&dialects).collect();
    assert_eq!(missing, Vec::<&Dialect>::new(), "no stream of these");
}

#[test]
fn recorded_streams_say_the_same_both_ways() {
    if !corpus::available() {
        println!("skipped: the corpus is not at hand");
        return;
    }
    let mut total = 0;
    for wire in WIRES {
        let mut streams = 0;
        for exchange in wire.streams() {
            assert_both_ways_equal(
                called(wire.dialect).unwrap(),
                &stream_bytes(&exchange),
                &exchange.label(),
            );
            streams += 1;
        }
        println!("{}: {streams} recorded streams", wire.dialect.name());
        assert!(streams >= 2, "{}: {streams}", wire.dialect.name());
        total += streams;
    }
    assert!(total > 600, "{total} recorded streams");
}

/// A frame of mere text.
fn text_frame(dialect: Dialect, text: &str) -> Option<String> {
    let (event, data) = match dialect {
        Dialect::OpenAiChat => (
            None,
            json!({"id": "a", "model": "m", "choices": [{"index": 0, "delta": {"content": text}}]}),
        ),
        Dialect::Anthropic => (
            Some("content_block_delta"),
            json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}),
        ),
        Dialect::Gemini => (
            None,
            json!({"candidates": [{"index": 0, "content": {"role": "model", "parts": [{"text": text}]}}]}),
        ),
        Dialect::Cohere => (
            Some("content-delta"),
            json!({"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": text}}}}),
        ),
        // Not server-sent events.
        Dialect::Bedrock | Dialect::Ollama | Dialect::Replicate => return None,
        Dialect::OpenAiResponses | Dialect::OpenAiCompletions => return None,
    };
    let event = event.map_or_else(String::new, |event| format!("event: {event}\n"));
    Some(format!("{event}data: {data}\n\n"))
}

proptest! {
    #[test]
    fn any_texts_in_any_order_say_the_same_both_ways(
        texts in prop::collection::vec(prop_oneof!["[a-z ]{0,6}", ".{0,4}", Just("index".to_owned()), Just("m".to_owned())], 0..12),
    ) {
        for call in CALLED {
            let dialect = call.dialect();
            let mut bytes = match dialect {
                Dialect::Anthropic => "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n".to_owned(),
                Dialect::OpenAiChat
                | Dialect::Gemini
                | Dialect::OpenAiResponses
                | Dialect::OpenAiCompletions
                | Dialect::Bedrock
                | Dialect::Cohere
                | Dialect::Ollama
                | Dialect::Replicate => String::new(),
            };
            let Some(frames) = texts.iter().map(|text| text_frame(dialect, text)).collect::<Option<String>>() else {
                continue;
            };
            bytes.push_str(&frames);
            assert_both_ways_equal(*call, bytes.as_bytes(), dialect.name());
        }
    }
}

#[test]
fn places_of_sources_count_text_that_was_read_the_short_way() {
    // Vertex states no counts before the end: its chunks differ in nothing but the text.
    let mut stream = String::new();
    for text in ["Gr\u{fc}\u{df}e ", "aus K\u{f6}ln ", "von ", "heute."] {
        stream.push_str(&format!(
            "data: {{\"candidates\":[{{\"content\":{{\"parts\":[{{\"text\":\"{text}\"}}]}}}}],\"responseId\":\"r\"}}\n\n"
        ));
    }
    stream.push_str(
        r#"data: {"candidates":[{"finishReason":"STOP","groundingMetadata":{"groundingChunks":[{"web":{"uri":"https://e.example"}}],"groundingSupports":[{"segment":{"startIndex":22,"endIndex":28,"text":"heute."},"groundingChunkIndices":[0]}]}}]}"#,
    );
    stream.push_str("\n\n");
    let call = called(Dialect::Gemini).unwrap();
    assert_both_ways_equal(call, stream.as_bytes(), "sources");
    let said = replay(call, [stream.as_bytes()]).unwrap().transcript();
    assert!(said.contains("start: Some(19)"), "{said}");
}

/// A parser that counts the frames it is shown.
struct Counting {
    parser: Box<dyn ParseStream>,
    frames: Arc<AtomicU32>,
}

impl ParseStream for Counting {
    fn frame(&mut self, frame: &Frame<'_>, out: &mut Vec<Step>) -> Result<(), Error> {
        self.frames.fetch_add(1, Ordering::Relaxed);
        self.parser.frame(frame, out)
    }

    fn is_complete(&self) -> bool {
        self.parser.is_complete()
    }
}

#[test]
fn only_the_first_of_like_frames_goes_the_long_way() {
    let call = called(Dialect::OpenAiChat).unwrap();
    let frames = Arc::new(AtomicU32::new(0));
    let mut short = Short::new(Box::new(Counting {
        parser: call.stream(&Form::default()),
        frames: Arc::clone(&frames),
    }));
    let mut steps = Vec::new();
    // An escape sends its own frame and the one behind it the long way.
    let words = ["word", "another", "\u{e4}\u{1f600}", r#"quote\""#, "again"];
    for (number, word) in words.iter().enumerate() {
        // Number and padding differ in each frame of some vendors. The first frame is there twice: it also begins the
        // answer.
        let data = format!(
            r#"{{"created":{},"choices":[{{"index":0,"delta":{{"content":"{word}"}}}}],"obfuscation":"{}"}}"#,
            number + 9,
            "p".repeat(number),
        );
        for _ in 0..if number == 0 { 2 } else { 1 } {
            let frame = Frame {
                event: None,
                data: data.as_bytes().into(),
            };
            short.frame(&frame, &mut steps).unwrap();
        }
    }
    assert_eq!(frames.load(Ordering::Relaxed), 4);
}
