//! One stream, framed in every way that its framing allows, says the same.

use std::fmt::Write as _;

use dialects::framing::{Framing, Reader};
use dialects::{CALLED, Call, Form};
use serde_json::Value;

use super::{OddFrame, read, streams_of};
use crate::replay::replay;

/// The end markers of the dialects that have one.
const END: &str = "[DONE]";
const STOP: &str = "\"message_stop\"";

/// A way of writing frames.
type Write = fn(&[OddFrame]) -> String;

/// Every way of server-sent events.
const EVENTS: &[(&str, Write)] = &[
    ("plainly", |frames| events(frames, "\n")),
    ("with CRLF", |frames| events(frames, "\r\n")),
    ("with CR", |frames| events(frames, "\r")),
    ("behind a BOM", |frames| {
        format!("\u{feff}{}", events(frames, "\n"))
    }),
    ("behind a BOM and a comment", |frames| {
        format!("\u{feff}: hello\n\n{}", events(frames, "\n"))
    }),
    ("with comments between", |frames| {
        events(frames, "\n").replace("\n\n", "\n\n: keep-alive\n\n:\n\n")
    }),
    ("with comments inside", |frames| {
        events(frames, "\n").replace("data: ", ": OPENROUTER PROCESSING\ndata: ")
    }),
    ("with empty lines between", |frames| {
        events(frames, "\n").replace("\n\n", "\n\n\n\n\n")
    }),
    ("with ids and delays", |frames| {
        events(frames, "\n").replace("data: ", "id: 7\nretry: 1000\nacme: x\ndata: ")
    }),
    ("without spaces", |frames| {
        events(frames, "\n").replace("data: ", "data:")
    }),
    ("without event names", |frames| {
        let nameless = frames.iter().map(|frame| OddFrame {
            event: None,
            ..frame.clone()
        });
        events(&nameless.collect::<Vec<_>>(), "\n")
    }),
    ("without the last line breaks", |frames| {
        events(frames, "\n").trim_end().to_owned()
    }),
    ("without the last empty line", |frames| {
        let text = events(frames, "\n");
        text.strip_suffix('\n').unwrap_or_default().to_owned()
    }),
    ("with data over several lines", |frames| {
        let spread = frames.iter().map(|frame| OddFrame {
            data: match serde_json::from_str::<Value>(&frame.data) {
                Ok(value) => serde_json::to_string_pretty(&value).unwrap(),
                Err(_) => frame.data.clone(),
            },
            ..frame.clone()
        });
        events(&spread.collect::<Vec<_>>(), "\n")
    }),
];

/// Every way of JSON lines.
const LINES: &[(&str, Write)] = &[
    ("plainly", |frames| lines(frames, "\n")),
    ("with CRLF", |frames| lines(frames, "\r\n")),
    ("with empty lines between", |frames| {
        lines(frames, "\n\n \n")
    }),
    ("without the last line break", |frames| {
        lines(frames, "\n").trim_end().to_owned()
    }),
];

fn events(frames: &[OddFrame], line_break: &str) -> String {
    let mut text = String::new();
    for frame in frames {
        if let Some(event) = &frame.event {
            write!(text, "event: {event}{line_break}").unwrap();
        }
        for line in frame.data.split('\n') {
            write!(text, "data: {line}{line_break}").unwrap();
        }
        text.push_str(line_break);
    }
    text
}

fn lines(frames: &[OddFrame], line_break: &str) -> String {
    frames
        .iter()
        .fold(String::new(), |text, frame| text + &frame.data + line_break)
}

/// Every way of a whole body.
const BODIES: &[(&str, Write)] = &[
    ("plainly", |frames| lines(frames, "")),
    ("with white space around", |frames| {
        format!("\r\n {} \n", lines(frames, ""))
    }),
    ("over several lines", |frames| {
        let text = lines(frames, "");
        let value = serde_json::from_str::<Value>(&text);
        value.map_or(text, |value| format!("{value:#}"))
    }),
];

fn ways_of(call: &dyn Call) -> &'static [(&'static str, Write)] {
    match call.framing(&Form::default()) {
        Framing::Sse => EVENTS,
        Framing::JsonLines => LINES,
        Framing::Whole => BODIES,
        // Its only freedom is where it is cut; framing/aws.rs has the tests.
        Framing::AwsEventStream => &[],
    }
}

#[test]
fn streams_say_the_same_in_every_way_of_their_framing() {
    let mut wrong = Vec::new();
    for call in CALLED {
        for odd in streams_of(call.dialect()) {
            // What is behind the end is never read.
            let is_end = |frame: &OddFrame| frame.data == END || frame.data.contains(STOP);
            let end = odd.frames.iter().position(is_end);
            let frames = &odd.frames[..end.map_or(odd.frames.len(), |end| end + 1)];
            let Ok(bare) = read(*call, frames).map(|replay| replay.transcript()) else {
                continue;
            };
            for (way, write) in ways_of(*call) {
                let text = write(frames);
                let whole = replay(*call, [text.as_bytes()]).map(|replay| replay.transcript());
                let single = replay(*call, text.as_bytes().chunks(1));
                let single = single.map(|replay| replay.transcript());
                if whole.as_ref() != Ok(&bare) || single.as_ref() != Ok(&bare) {
                    wrong.push(format!("{}: {}, {way}", call.dialect(), odd.name));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong: {wrong:#?}", wrong.len());
}

#[test]
fn a_line_above_the_limit_is_an_error_that_names_the_limit() {
    const LIMIT: usize = 1024;
    for framing in [Framing::Sse, Framing::JsonLines] {
        let mut reader = Reader::new(framing, LIMIT);
        let line = format!("data: {{\"text\":\"{}\"", "x".repeat(4 * LIMIT));
        let error = line
            .as_bytes()
            .chunks(100)
            .find_map(|piece| reader.push(piece).err())
            .unwrap();
        assert!(error.to_string().contains("1024"), "{error}");
    }
}

#[test]
fn bytes_that_are_no_text_are_an_error_or_are_replaced_and_never_vanish() {
    for call in CALLED.iter().filter(|call| !ways_of(**call).is_empty()) {
        let odd = streams_of(call.dialect()).into_iter().next().unwrap();
        let (way, write) = ways_of(*call)[0];
        let text = write(&odd.frames);
        let place = text.find("lo\"").unwrap();
        let bytes = [
            &text.as_bytes()[..place],
            b"\xff\xfe",
            &text.as_bytes()[place..],
        ]
        .concat();
        match replay(*call, [bytes.as_slice()]) {
            Err(error) => assert!(!error.is_empty(), "{}", call.dialect()),
            // A body that cannot be read counts as cut.
            Ok(replay) if replay.steps.is_empty() => assert!(!replay.is_complete),
            Ok(replay) => {
                let said = replay.transcript();
                assert!(
                    said.contains('\u{fffd}'),
                    "{} {way}: {said}",
                    call.dialect()
                );
            }
        }
    }
}
