//! A stream cut at any byte says the same.

use canon::Event;
use dialects::{Call, Dialect, Step, called};
use proptest::prelude::*;
use testbed::corpus;

use crate::corpus::{WIRES, stream_bytes};
use crate::fixtures;
use crate::replay::replay;

/// Our own streams up to this size are cut at every byte, larger ones at every [`STEP`]th: a prime meets line breaks,
/// quotes and characters in all their places.
const EVERY_BYTE_MAX: usize = 1 << 10;
/// See [`EVERY_BYTE_MAX`].
const STEP: usize = 7;
/// Recorded streams up to this size are cut at every byte, larger ones at [`CUTS`] places.
const SMALL_BYTES: usize = 600;
/// How many places of a large stream are tried.
const CUTS: usize = 4;
/// Streams up to this size are also fed byte by byte.
const SINGLE_BYTES_MAX: usize = 16 << 10;

fn assert_cuts_do_not_matter(call: &dyn Call, bytes: &[u8], cuts: &[usize], label: &str) {
    let whole = replay(call, [bytes]).map(|replay| replay.transcript());
    for &cut in cuts {
        let (before, behind) = bytes.split_at(cut);
        let pieces = replay(call, [before, behind]).map(|replay| replay.transcript());
        assert!(pieces == whole, "{label}: cut at byte {cut}");
    }
    if bytes.len() <= SINGLE_BYTES_MAX {
        let single = replay(call, bytes.chunks(1)).map(|replay| replay.transcript());
        assert!(single == whole, "{label}: byte by byte");
    }
}

#[test]
fn our_own_streams_say_the_same_cut_at_every_byte() {
    for fixture in fixtures::streams() {
        let call = called(fixture.dialect).unwrap();
        let cuts: Vec<usize> = places(fixture.bytes.len()).collect();
        assert_cuts_do_not_matter(call, &fixture.bytes, &cuts, &fixture.case);
    }
}

#[test]
fn our_own_streams_say_the_same_with_any_line_break() {
    for fixture in fixtures::with_file("stream.sse") {
        let call = called(fixture.dialect).unwrap();
        let text = String::from_utf8(fixture.bytes).unwrap();
        let whole = replay(call, [text.as_bytes()]).unwrap().transcript();
        for line_break in ["\r\n", "\r"] {
            let other = text.replace('\n', line_break) + line_break;
            let other = replay(call, [other.as_bytes()]).unwrap().transcript();
            assert!(other == whole, "{}: {line_break:?}", fixture.case);
        }
    }
}

#[test]
fn a_stream_that_is_cut_never_counts_as_complete() {
    for fixture in fixtures::streams() {
        let call = called(fixture.dialect).unwrap();
        let whole = replay(call, [fixture.bytes.as_slice()]).unwrap();
        assert_eq!(
            whole.is_complete,
            fixture.case != "broken",
            "{}",
            fixture.case
        );
        // Up to the last word of the answer, it has not ended.
        let last = whole
            .steps
            .iter()
            .rposition(|step| matches!(step, Step::Event(Event::Text { .. })));
        for cut in places(fixture.bytes.len() - 1) {
            let part = replay(call, [&fixture.bytes[..cut]]).unwrap();
            let is_early = last.is_some_and(|last| part.steps.len() <= last);
            assert!(!(is_early && part.is_complete), "{} at {cut}", fixture.case);
        }
    }
}

/// Where our own streams are cut, the beginning and the end included.
fn places(bytes: usize) -> impl Iterator<Item = usize> {
    let step = if bytes > EVERY_BYTE_MAX { STEP } else { 1 };
    (0..bytes).step_by(step).chain([bytes])
}

/// Places spread over the whole stream, always the same.
fn spread(bytes: usize) -> Vec<usize> {
    if bytes <= SMALL_BYTES {
        return (0..=bytes).collect();
    }
    // A prime step visits line breaks, quotes and the middle of characters alike.
    (0..CUTS)
        .map(|number| (number * 7_919 + 1) % bytes)
        .collect()
}

fn recorded_streams_say_the_same(dialect: Dialect, at_least: usize) {
    if !corpus::available() {
        println!("skipped: the corpus is not at hand");
        return;
    }
    let call = called(dialect).unwrap();
    let wire = WIRES.iter().find(|wire| wire.dialect == dialect).unwrap();
    let mut streams = 0;
    for exchange in wire.streams() {
        let bytes = stream_bytes(&exchange);
        assert_cuts_do_not_matter(call, &bytes, &spread(bytes.len()), &exchange.label());
        streams += 1;
    }
    println!("{dialect}: {streams} recorded streams");
    assert!(
        streams >= at_least,
        "{dialect}: only {streams} recorded streams"
    );
}

#[test]
fn recorded_openai_chat_streams_say_the_same_wherever_they_are_cut() {
    recorded_streams_say_the_same(Dialect::OpenAiChat, 80);
}

#[test]
fn recorded_anthropic_streams_say_the_same_wherever_they_are_cut() {
    recorded_streams_say_the_same(Dialect::Anthropic, 80);
}

#[test]
fn recorded_gemini_streams_say_the_same_wherever_they_are_cut() {
    recorded_streams_say_the_same(Dialect::Gemini, 80);
}

#[test]
fn recorded_openai_responses_streams_say_the_same_wherever_they_are_cut() {
    recorded_streams_say_the_same(Dialect::OpenAiResponses, 80);
}

#[test]
fn recorded_bedrock_streams_say_the_same_wherever_they_are_cut() {
    recorded_streams_say_the_same(Dialect::Bedrock, 42);
}

#[test]
fn recorded_cohere_streams_say_the_same_wherever_they_are_cut() {
    recorded_streams_say_the_same(Dialect::Cohere, 26);
}

#[test]
fn recorded_ollama_streams_say_the_same_wherever_they_are_cut() {
    recorded_streams_say_the_same(Dialect::Ollama, 16);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_number_of_cuts_does_not_matter(
        seed in any::<prop::sample::Index>(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 1..12),
    ) {
        let fixtures = fixtures::streams();
        let fixture = seed.get(&fixtures);
        let call = called(fixture.dialect).unwrap();
        let mut places: Vec<usize> = cuts
            .iter()
            .map(|cut| cut.index(fixture.bytes.len() + 1))
            .collect();
        places.extend([0, fixture.bytes.len()]);
        places.sort_unstable();
        let pieces = places.windows(2).map(|pair| &fixture.bytes[pair[0]..pair[1]]);
        let cut = replay(call, pieces).unwrap().transcript();
        let whole = replay(call, [fixture.bytes.as_slice()]).unwrap().transcript();
        prop_assert_eq!(cut, whole);
    }

    #[test]
    fn garbage_never_panics(
        seed in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        garbage in prop::collection::vec(any::<u8>(), 0..24),
    ) {
        let fixtures = fixtures::streams();
        let fixture = seed.get(&fixtures);
        let call = called(fixture.dialect).unwrap();
        let (before, behind) = fixture.bytes.split_at(place.index(fixture.bytes.len()));
        let behind = behind.get(garbage.len()..).unwrap_or_default();
        // An error or events: either is an answer, a panic is none.
        let _either = replay(call, [before, &garbage, behind]);
        let _either = call.parse_response(&garbage);
        let said = call.parse_error(500, &garbage);
        prop_assert!(said.retry_after_ms.is_none());
    }
}
