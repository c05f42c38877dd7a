//! What vendors really send: odd streams (`fixtures/odd/<dialect>.json`), framed in every way that their framing
//! allows. Each says what it says, or becomes one clear error; never a panic, never silence.

mod framed;
mod nulls;

use std::fs;
use std::path::Path;

use canon::fold;
use dialects::{CALLED, Call, Dialect, Form, Frame, ParseStream, SERVED, Short, Step, called};
use serde_json::{Value, json};

use crate::corpus::frames_of;
use crate::golden::serve_steps;
use crate::reader;
use crate::replay::{Replay, replay, replay_short};

/// An odd stream and what it must be read as.
#[derive(Debug)]
struct Odd {
    name: String,
    frames: Vec<OddFrame>,
    wanted: Wanted,
}

/// What an odd stream must be read as.
#[derive(Debug)]
enum Wanted {
    /// This answer, as far as it is stated: `text`, `calls`, `finish`, `tokens`.
    Says(Value),
    /// One error with these words in it.
    Error(String),
    /// An answer that has not come to its end.
    Cut,
}

/// A frame, not yet in any framing.
#[derive(Clone, Debug)]
struct OddFrame {
    event: Option<String>,
    data: String,
}

/// How a stream ended.
#[derive(Debug)]
enum Ending {
    Answer(Box<reader::Facts>),
    Cut,
    Error(String),
}

fn streams_of(dialect: Dialect) -> Vec<Odd> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/odd");
    let path = path.join(format!("{dialect}.json"));
    let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let cases: Vec<Value> = serde_json::from_slice(&bytes).unwrap();
    cases.iter().map(odd_of).collect()
}

fn odd_of(case: &Value) -> Odd {
    let wanted = match (&case["error"], &case["cut"]) {
        (Value::String(words), _) => Wanted::Error(words.clone()),
        (_, Value::Bool(true)) => Wanted::Cut,
        _ => Wanted::Says(case["says"].clone()),
    };
    Odd {
        name: case["name"].as_str().unwrap().to_owned(),
        frames: case["frames"]
            .as_array()
            .unwrap()
            .iter()
            .map(frame_of)
            .collect(),
        wanted,
    }
}

/// A text is raw data; an object with `event` and `data` states both; any other object is data, whose `type` is the
/// event.
fn frame_of(frame: &Value) -> OddFrame {
    let text = |value: &Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    match (&frame["event"], &frame["data"]) {
        (Value::String(event), data) => OddFrame {
            event: Some(event.clone()),
            data: text(data),
        },
        _ => OddFrame {
            event: frame["type"].as_str().map(str::to_owned),
            data: text(frame),
        },
    }
}

/// Reads the odd stream of this name, where the dialect has one.
pub(crate) fn read_odd(call: &dyn Call, name: &str) -> Option<Replay> {
    let mut streams = streams_of(call.dialect()).into_iter();
    let odd = streams.find(|odd| odd.name == name)?;
    read(call, &odd.frames).ok()
}

/// Reads frames that stand in no framing.
fn read(call: &dyn Call, frames: &[OddFrame]) -> Result<Replay, String> {
    read_by(call.stream(&Form::default()), frames)
}

/// The same by this reader.
fn read_by(mut stream: Box<dyn ParseStream>, frames: &[OddFrame]) -> Result<Replay, String> {
    let mut steps = Vec::new();
    // An event without data is none.
    for frame in frames.iter().filter(|frame| !frame.data.is_empty()) {
        let frame = Frame {
            event: frame.event.as_deref(),
            data: frame.data.as_bytes().into(),
        };
        stream
            .frame(&frame, &mut steps)
            .map_err(|error| error.to_string())?;
        if steps.iter().any(|step| matches!(step, Step::End)) {
            break;
        }
    }
    Ok(Replay {
        steps,
        is_complete: stream.is_complete(),
    })
}

fn ending(replay: Result<Replay, String>) -> Ending {
    let replay = match replay {
        Ok(replay) => replay,
        Err(error) => return Ending::Error(error),
    };
    let is_complete = replay.is_complete;
    match replay.into_events() {
        (_, Some(error)) => {
            let words = [error.message, error.code].into_iter().flatten();
            Ending::Error(words.collect::<Vec<_>>().join(" "))
        }
        (events, None) if is_complete => {
            let response = fold(events).expect("a vendor's events hold no fault");
            Ending::Answer(Box::new(reader::facts_of(&response)))
        }
        (_, None) => Ending::Cut,
    }
}

/// What we serve of an odd stream is no longer odd: in every served dialect the independent reader finds the same.
#[test]
fn odd_streams_are_served_straight() {
    let mut wrong = Vec::new();
    for call in CALLED {
        for odd in streams_of(call.dialect()) {
            let Ending::Answer(facts) = ending(read(*call, &odd.frames)) else {
                continue;
            };
            for serve in SERVED
                .iter()
                .filter(|serve| serve.dialect() != Dialect::OpenAiCompletions)
            {
                let steps = read(*call, &odd.frames).unwrap().steps;
                let out = serve_steps(*serve, steps);
                let found = reader::read_stream(serve.dialect(), &frames_of(&out));
                let (found, wanted) = (found.answers.get(&0), facts.answers.get(&0));
                let said = |answer: &reader::Answer| (answer.text.clone(), answer.calls.clone());
                if found.map(said) != wanted.map(said) {
                    let pair = format!("{} as {}", call.dialect(), serve.dialect());
                    wrong.push(format!("{pair}: {}: {found:?}", odd.name));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn odd_streams_say_the_same_the_short_way() {
    let mut streams = 0;
    for call in CALLED {
        for odd in streams_of(call.dialect()) {
            let short = Short::new(call.stream(&Form::default()));
            let short = read_by(Box::new(short), &odd.frames).map(|replay| replay.transcript());
            let long = read(*call, &odd.frames).map(|replay| replay.transcript());
            assert_eq!(short, long, "{}: {}", call.dialect(), odd.name);
            streams += 1;
        }
    }
    println!("{streams} odd streams");
    assert!(streams > 100, "{streams}");
}

/// What of the wanted is not so.
fn unmet(wanted: &Wanted, ending: &Ending) -> Option<String> {
    match (wanted, ending) {
        (Wanted::Cut, Ending::Cut) => None,
        (Wanted::Error(words), Ending::Error(error))
            if !error.is_empty() && error.contains(words) =>
        {
            None
        }
        (Wanted::Says(says), Ending::Answer(facts)) => {
            let answer = facts.answers.get(&0)?;
            let tokens = facts.tokens.as_ref();
            let found = json!({
                "text": answer.text,
                "calls": answer.calls,
                "finish": answer.finish,
                "tokens": tokens.map(|tokens| [tokens.prompt, tokens.completion]),
            });
            let stated = says.as_object().unwrap().iter();
            let wrong: Vec<String> = stated
                .filter(|(name, value)| found[name.as_str()] != **value)
                .map(|(name, value)| format!("{name} should be {value}, is {}", found[name]))
                .collect();
            (!wrong.is_empty()).then(|| wrong.join("; "))
        }
        (wanted, ending) => Some(format!("should be {wanted:?}, is {ending:?}")),
    }
}

#[test]
fn odd_streams_say_what_they_say_or_end_in_one_clear_error() {
    let mut wrong = Vec::new();
    let mut checked = 0;
    for call in CALLED {
        for odd in streams_of(call.dialect()) {
            checked += 1;
            if let Some(why) = unmet(&odd.wanted, &ending(read(*call, &odd.frames))) {
                wrong.push(format!("{}: {}: {why}", call.dialect(), odd.name));
            }
        }
    }
    println!("{checked} odd streams");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Found by the fuzzer: arguments behind a call that was whole when the next one began.
#[test]
fn arguments_behind_a_whole_call_break_no_caller() {
    let call = called(Dialect::Cohere).unwrap();
    let start = |index: u64, name: &str| {
        json!({"type": "tool-call-start", "index": index, "delta": {"message": {"tool_calls":
            {"id": name, "type": "function", "function": {"name": name, "arguments": ""}}}}})
    };
    let more = |fragment: &str| {
        json!({"type": "tool-call-delta", "index": 0, "delta": {"message": {"tool_calls":
            {"function": {"arguments": fragment}}}}})
    };
    let frames =
        [start(0, "a"), more("{}"), start(1, "b"), more("{}")].map(|frame| frame_of(&frame));
    for serve in SERVED {
        let out = serve_steps(*serve, read(call, &frames).unwrap().steps);
        assert!(!out.is_empty(), "{}", serve.dialect());
    }
}

/// Found by the fuzzer: numbers that are none, and padding that is no text, beside a text that goes the short way.
#[test]
fn what_is_no_json_is_refused_the_short_way_too() {
    let call = called(Dialect::OpenAiChat).unwrap();
    let chunk = |created: &str, padding: &[u8]| {
        let before = format!(
            r#"data: {{"created":{created},"choices":[{{"index":0,"delta":{{"content":"hi"}}}}],"obfuscation":""#
        );
        [before.as_bytes(), padding, b"\"}\n\n"].concat()
    };
    let good = chunk("1760000000", b"ab");
    for (created, padding) in [
        ("01", &b"ab"[..]),
        ("99999999999999999999999999", b"ab"),
        ("1760000000", b"\xff"),
    ] {
        let bytes = [good.clone(), good.clone(), chunk(created, padding)].concat();
        let long = replay(call, [bytes.as_slice()]).map(|replay| replay.transcript());
        let short = replay_short(call, [bytes.as_slice()]).map(|replay| replay.transcript());
        assert_eq!(short, long, "{created} {padding:?}");
    }
}
