//! Streams that are broken on purpose: the machine must notice each.

use dialects::{Dialect, called};
use serde_json::{Value, json};

use super::streams::served;
use super::{Rules, check};
use crate::fixtures;

/// A stream of ours with thinking, text that cites, and a call.
fn sound() -> Vec<Value> {
    let fixture = fixtures::with_file("stream.sse")
        .into_iter()
        .find(|it| it.dialect == Dialect::OpenAiResponses && it.case == "everything")
        .unwrap();
    served(called(fixture.dialect).unwrap(), &fixture.bytes).unwrap()
}

/// The place of the first event of this kind.
fn place(frames: &[Value], kind: &str) -> usize {
    let found = frames.iter().position(|frame| frame["type"] == kind);
    found.unwrap_or_else(|| panic!("no {kind}"))
}

fn renumber(frames: &mut [Value]) {
    for (number, frame) in frames.iter_mut().enumerate() {
        frame["sequence_number"] = json!(number);
    }
}

/// A way to break a stream: what is done to it, and what the machine must say.
type Mutant = (&'static str, fn(&mut Vec<Value>), &'static str);

/// Takes out the first event of this kind, and closes the gap in the numbers.
fn without(frames: &mut Vec<Value>, kind: &str) {
    frames.remove(place(frames, kind));
    renumber(frames);
}

const MUTANTS: &[Mutant] = &[
    (
        "a number is left out",
        |frames| drop(frames.remove(5)),
        "has number",
    ),
    (
        "the beginning is missing",
        |frames| without(frames, "response.created"),
        "before the beginning",
    ),
    (
        "an item never begins",
        |frames| without(frames, "response.output_item.added"),
        "never began",
    ),
    (
        "a part never begins",
        |frames| without(frames, "response.content_part.added"),
        "a part that never began",
    ),
    (
        "a part is never done",
        |frames| without(frames, "response.content_part.done"),
        "not done",
    ),
    (
        "an item is never done",
        |frames| without(frames, "response.output_item.done"),
        "open",
    ),
    (
        "a piece is lost",
        |frames| without(frames, "response.output_text.delta"),
        "something else",
    ),
    (
        "a piece of the arguments is lost",
        |frames| without(frames, "response.function_call_arguments.delta"),
        "other arguments",
    ),
    (
        "a piece names another item",
        |frames| {
            let place = place(frames, "response.output_text.delta");
            frames[place]["item_id"] = json!("msg_other");
        },
        "names another item",
    ),
    (
        "an annotation is told and not kept",
        |frames| {
            let place = place(frames, "response.output_text.annotation.added");
            frames.remove(place);
            renumber(frames);
        },
        "out of turn",
    ),
    (
        "two items have one place",
        |frames| {
            let place = place(frames, "response.output_item.added");
            let again = frames[place].clone();
            frames.insert(place, again);
            renumber(frames);
        },
        "out of turn",
    ),
    (
        "the end leaves an item out",
        |frames| {
            let end = frames.last_mut().unwrap();
            end["response"]["output"].as_array_mut().unwrap().pop();
        },
        "another number of items",
    ),
    (
        "the end has another text",
        |frames| {
            let end = frames.last_mut().unwrap();
            end["response"]["output"][1]["content"][0]["text"] = json!("something else");
        },
        "repeats another item",
    ),
    (
        "the end says another status",
        |frames| {
            let end = frames.last_mut().unwrap();
            end["response"]["status"] = json!("in_progress");
        },
        "says",
    ),
    ("there is no end", |frames| drop(frames.pop()), "no end"),
    (
        "something follows the end",
        |frames| {
            let again = frames[2].clone();
            frames.push(again);
            renumber(frames);
        },
        "behind the end",
    ),
    (
        "a summary is never done",
        |frames| without(frames, "response.reasoning_summary_part.done"),
        "inside another part",
    ),
];

#[test]
fn every_broken_stream_is_refused_for_what_is_broken() {
    let frames = sound();
    check(&frames, Rules::OURS).unwrap();
    for (name, mutate, wanted) in MUTANTS {
        let mut broken = frames.clone();
        mutate(&mut broken);
        match check(&broken, Rules::OURS) {
            Ok(()) => panic!("{name}: nobody noticed"),
            Err(why) => assert!(why.contains(wanted), "{name}: {why}"),
        }
    }
}

/// Whatever single event is taken out, the machine notices.
#[test]
fn no_event_can_be_taken_out_unnoticed() {
    let frames = sound();
    for place in 0..frames.len() {
        let kind = frames[place]["type"].as_str().unwrap();
        // These only repeat: OpenAI's own followers leave them out.
        if matches!(kind, "response.in_progress")
            || kind.ends_with("_text.done")
            || kind.ends_with("arguments.done")
            || kind.ends_with("input.done")
            || kind.starts_with("response.image_generation_call")
        {
            continue;
        }
        let mut broken = frames.clone();
        broken.remove(place);
        renumber(&mut broken);
        assert!(
            check(&broken, Rules::OURS).is_err(),
            "without {kind} at {place}"
        );
    }
}
