//! Every stream that we write and every stream that was recorded obeys the grammar.

use dialects::{Call, Dialect, called, openai::responses::Responses};
use serde_json::Value;
use testbed::corpus;

use super::{Rules, check};
use crate::corpus::{WIRES, frames_of, stream_bytes};
use crate::fixtures;
use crate::golden::serve_steps;
use crate::replay::replay;

/// What a caller of Responses reads of a vendor's stream; `None` where the vendor's bytes are none.
pub(super) fn served(call: &dyn Call, bytes: &[u8]) -> Option<Vec<Value>> {
    let steps = replay(call, [bytes]).ok()?.steps;
    let out = serve_steps(&Responses, steps);
    assert!(out.ends_with(b"data: [DONE]\n\n"));
    Some(frames_of(&out))
}

#[test]
fn our_own_streams_obey_the_grammar_when_served_as_responses() {
    for fixture in fixtures::with_file("stream.sse") {
        let call = called(fixture.dialect).unwrap();
        let frames = served(call, &fixture.bytes).unwrap();
        if let Err(why) = check(&frames, Rules::OURS) {
            panic!("{} {}: {why}", fixture.dialect, fixture.case);
        }
    }
}

#[test]
fn recorded_streams_of_every_wire_obey_the_grammar_when_served_as_responses() {
    if !corpus::available() {
        println!("skipped: the corpus is not at hand");
        return;
    }
    let mut failures = Vec::new();
    for wire in WIRES {
        let call = called(wire.dialect).unwrap();
        let mut streams = 0;
        for exchange in wire.streams() {
            let Some(frames) = served(call, &stream_bytes(&exchange)) else {
                continue;
            };
            streams += 1;
            if let Err(why) = check(&frames, Rules::OURS) {
                failures.push(format!("{}: {why}", exchange.label()));
            }
        }
        println!("{}: {streams} streams served as Responses", wire.dialect);
        // Ollama's own wire has the fewest recordings.
        assert!(streams >= 16, "{}: only {streams} streams", wire.dialect);
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

/// Recorded streams that break the grammar, by a part of the name: why.
const EXCEPTIONS: &[(&str, &str)] = &[
    (
        "azure-reasoning-encrypted-content.1",
        "four answers in one recording",
    ),
    ("openai-phase.1", "a recording with gaps"),
    (
        "openai-stream-multiple-output-items-1",
        "made by hand: items without their place, no end",
    ),
    (
        "background_mode_streaming_starting_after",
        "a stream taken up again in the middle: it begins with number 1",
    ),
];

/// What the recorders and the vendors are known to do otherwise.
fn rules_of(provider: &str, frames: &[Value]) -> Rules {
    Rules {
        is_numbered: frames
            .first()
            .is_some_and(|frame| frame["sequence_number"].is_u64()),
        has_stable_ids: provider != "copilot",
        repeats_items: false,
    }
}

#[test]
fn recorded_openai_streams_obey_the_grammar_themselves() {
    if !corpus::available() {
        println!("skipped: the corpus is not at hand");
        return;
    }
    let wire = WIRES
        .iter()
        .find(|wire| wire.dialect == Dialect::OpenAiResponses)
        .unwrap();
    let (mut streams, mut excepted) = (0, 0);
    let mut failures = Vec::new();
    for exchange in wire.streams() {
        let frames = frames_of(&stream_bytes(&exchange));
        let rules = rules_of(&exchange.provider, &frames);
        streams += 1;
        let Err(why) = check(&frames, rules) else {
            continue;
        };
        if EXCEPTIONS
            .iter()
            .any(|(name, _)| exchange.name.contains(name))
        {
            excepted += 1;
        } else {
            failures.push(format!("{}: {why}", exchange.label()));
        }
    }
    println!("{streams} recorded streams, {excepted} excepted");
    assert_eq!(excepted, EXCEPTIONS.len(), "an exception is used up");
    assert!(failures.is_empty(), "{failures:#?}");
    assert!(streams >= 140, "only {streams} streams");
}
