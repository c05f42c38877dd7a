//! Calls whose arguments come in turns: blocks stay one after the other, and nothing is lost.

use std::collections::BTreeMap;

use canon::{Event, Extras, FinishReason, Part};
use dialects::{Receipt, anthropic::Anthropic};
use proptest::prelude::*;

use super::streams::{check_grammar, copies, render};
use crate::replay::replay;

fn call(index: u32) -> Event {
    Event::ToolCall {
        choice: 0,
        index,
        id: format!("call_{index}"),
        name: format!("f{index}"),
        custom: false,
        extras: Extras::NONE,
    }
}

fn arguments(index: u32, fragment: &str) -> Event {
    Event::ToolArguments {
        choice: 0,
        index,
        fragment: fragment.to_owned(),
    }
}

fn text(text: &str) -> Event {
    Event::Text {
        choice: 0,
        block: 0,
        text: text.to_owned(),
    }
}

fn finish() -> Event {
    Event::Finish {
        choice: 0,
        reason: FinishReason::ToolCalls,
        native: Some("tool_use".to_owned()),
        stop_sequence: None,
    }
}

/// Arguments by name of the function, in the order of the blocks; and all the text.
fn read(bytes: &[u8]) -> (Vec<(String, String)>, String) {
    let response = replay(&Anthropic, [bytes])
        .unwrap()
        .into_response()
        .unwrap();
    let mut calls = Vec::new();
    let mut said = String::new();
    for part in &response.choices[0].parts {
        match part {
            Part::ToolCall(call) => calls.push((call.name.clone(), call.arguments.clone())),
            Part::Text(text) => said.push_str(&text.text),
            other => panic!("{other:?}"),
        }
    }
    (calls, said)
}

#[test]
fn arguments_that_come_in_turns_end_in_their_own_blocks() {
    let events = [
        text("let me see"),
        call(0),
        call(1),
        arguments(0, r#"{"a":"#),
        arguments(1, r#"{"b":"#),
        arguments(1, r#""}"}"#),
        arguments(0, "1}"),
        finish(),
    ];
    let bytes = render(events, &Receipt::default());
    check_grammar(&bytes);
    let (calls, said) = read(&bytes);
    let expected = [("f0", r#"{"a":1}"#), ("f1", r#"{"b":"}"}"#)];
    let expected = expected.map(|(name, arguments)| (name.to_owned(), arguments.to_owned()));
    assert_eq!(calls, expected);
    assert_eq!(said, "let me see");
}

#[test]
fn a_call_that_follows_a_whole_one_is_passed_on_at_once() {
    let mut stream = dialects::Serve::stream(&Anthropic, dialects::Stamp::default());
    let mut out = Vec::new();
    for event in [call(0), arguments(0, "{}"), call(1)] {
        stream.event(event, &mut out);
    }
    out.clear();
    stream.event(arguments(1, "{"), &mut out);
    assert!(!out.is_empty(), "the fragment waits for nothing");
}

#[test]
fn calls_without_arguments_have_an_empty_object() {
    let bytes = render([call(0), call(1), finish()], &Receipt::default());
    check_grammar(&bytes);
    let (calls, _) = read(&bytes);
    assert!(
        calls.iter().all(|(_, arguments)| arguments == "{}"),
        "{calls:?}"
    );
    assert_eq!(calls.len(), 2);
}

#[test]
fn a_vendor_that_ends_calls_with_stop_is_corrected() {
    let stop = Event::Finish {
        choice: 0,
        reason: FinishReason::Stop,
        native: Some("stop".to_owned()),
        stop_sequence: None,
    };
    let bytes = render([call(0), arguments(0, "{}"), stop], &Receipt::default());
    let frames = super::frames(&bytes);
    let (_, delta) = &frames[frames.len() - 2];
    assert_eq!(delta["delta"]["stop_reason"], "tool_use");
}

/// Several calls, each cut into pieces, the pieces of all dealt out in any order that keeps each call's own.
fn interleaved() -> impl Strategy<Value = (BTreeMap<u32, String>, Vec<Event>)> {
    let arguments_text = "[a-z{}\"\\\\\\[\\]]{0,12}";
    let pieces = (arguments_text, 1usize..6);
    (prop::collection::vec(pieces, 1..5), any::<u64>()).prop_map(|(calls, seed)| {
        let mut texts = BTreeMap::new();
        let mut queues: Vec<Vec<Event>> = Vec::new();
        for (index, (content, size)) in (0u32..).zip(calls) {
            let text = serde_json::json!({ "x": content }).to_string();
            let mut queue = vec![call(index)];
            let characters: Vec<char> = text.chars().collect();
            for piece in characters.chunks(size) {
                queue.push(arguments(index, &piece.iter().collect::<String>()));
            }
            queue.reverse();
            queues.push(queue);
            texts.insert(index, text);
        }
        let mut events = Vec::new();
        let mut seed = seed;
        // Calls begin in their order, as vendors number them; then anything goes.
        for queue in &mut queues {
            events.extend(queue.pop());
        }
        while queues.iter().any(|queue| !queue.is_empty()) {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let alive = queues.iter_mut().filter(|queue| !queue.is_empty());
            let mut alive: Vec<_> = alive.collect();
            let place = usize::try_from(seed >> 33).unwrap() % alive.len();
            events.extend(alive[place].pop());
        }
        events.push(finish());
        (texts, events)
    })
}

proptest! {
    #[test]
    fn nothing_is_lost_however_calls_are_interleaved((texts, events) in interleaved()) {
        let bytes = render(copies(&events), &Receipt::default());
        check_grammar(&bytes);
        let (calls, _) = read(&bytes);
        let expected: Vec<_> = texts
            .into_iter()
            .map(|(index, text)| (format!("f{index}"), text))
            .collect();
        prop_assert_eq!(calls, expected);
    }
}
