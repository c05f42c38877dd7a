//! A null, or nothing, in every place of a stream: what else is said is still said, or it is one clear error.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use dialects::{CALLED, Call, Dialect};
use serde_json::Value;

use crate::pages::Sheet;

use super::{Ending, Odd, OddFrame, Wanted, ending, read, streams_of};

/// Fields that say what the rest of their object is; without one, nobody can read the rest.
const KINDS: &[&str] = &["type", "event"];

/// Fields that say which of several pieces is meant; a piece without one may be taken for another.
const PLACES: &[&str] = &[
    "index",
    "output_index",
    "content_index",
    "contentBlockIndex",
    "item_id",
];

/// Said of a path that is not null but absent.
const LEFT_OUT: &str = " left out";

/// The whole streams of a dialect that nulls are put into.
fn whole_streams(dialect: Dialect) -> impl Iterator<Item = Odd> {
    streams_of(dialect).into_iter().filter(|odd| {
        let is_plain = [
            "as it should be",
            "tool call as it should be",
            "tool use",
            "tool call",
        ];
        matches!(odd.wanted, Wanted::Says(_))
            && (is_plain.contains(&odd.name.as_str()) || odd.name.starts_with("function call"))
    })
}

#[test]
fn a_null_costs_what_it_stands_for_or_is_one_clear_error() {
    let mut found = Found::default();
    for call in CALLED {
        for odd in whole_streams(call.dialect()) {
            try_every_null(*call, &odd, &mut found);
        }
    }
    assert!(found.silent.is_empty(), "{:#?}", found.silent);
    let mut page = String::new();
    for (path, error) in found.fatal {
        writeln!(page, "{path}: {error}").unwrap();
    }
    insta::with_settings!({ omit_expression => true }, {
        insta::assert_snapshot!("nulls_that_are_fatal", page);
    });
}

/// What nulls did, by dialect and field.
#[derive(Default)]
struct Found {
    /// The stream became an error: which.
    fatal: BTreeMap<String, String>,
    /// The answer lost something else than what was taken away.
    silent: Vec<String>,
}

fn try_every_null(call: &dyn Call, odd: &Odd, found: &mut Found) {
    let whole = said(&ending(read(call, &odd.frames))).unwrap();
    for (number, frame) in odd.frames.iter().enumerate() {
        let Ok(data) = serde_json::from_str::<Value>(&frame.data) else {
            continue;
        };
        for (path, lost, changed) in changes(&data) {
            let mut frames = odd.frames.clone();
            frames[number] = OddFrame {
                event: frame.event.clone(),
                data: changed.to_string(),
            };
            let label = format!("{} {path}", call.dialect());
            match said(&ending(read(call, &frames))) {
                Ok(same) if same == whole => {}
                Ok(_) if says_something(&lost) || is_told_by(&path) => {}
                Ok(_) => found.silent.push(format!("{}: {label}", odd.name)),
                Err(error) => {
                    assert!(!error.is_empty(), "{label}");
                    found.fatal.entry(label).or_insert(error);
                }
            }
        }
    }
}

/// The text and the calls of an answer, or why there is none.
fn said(ending: &Ending) -> Result<(String, Vec<(String, Value)>), String> {
    match ending {
        Ending::Answer(facts) => {
            let answer = facts.answers.get(&0);
            let said = answer.map(|answer| (answer.text.clone(), answer.calls.clone()));
            Ok(said.unwrap_or_default())
        }
        Ending::Error(error) => Err(error.clone()),
        Ending::Cut => Err("the stream counts as cut".to_owned()),
    }
}

/// The same of whole answers, every feature of `fixtures/features/answers`; numbers as texts and texts as numbers, too.
#[test]
fn a_spoilt_field_of_an_answer_costs_that_field_or_is_one_clear_error() {
    let mut page = String::new();
    for call in CALLED {
        let sheet = Sheet::read("answers", call.dialect()).unwrap();
        let mut fatal: BTreeMap<String, String> = BTreeMap::new();
        let bodies = sheet.pairs().map(|(_, with, _)| with);
        for body in bodies.chain([sheet.base.clone()]) {
            for (path, _, changed) in changes(&body).into_iter().chain(swaps(&body)) {
                // The number of an element says nothing.
                let path = path.replace(|digit: char| digit.is_ascii_digit(), "#");
                if let Err(error) = call.parse_response(changed.to_string().as_bytes()) {
                    let error = error.to_string();
                    assert!(!error.is_empty(), "{}: {path}", call.dialect());
                    fatal.entry(path).or_insert(error);
                }
            }
        }
        for (path, error) in fatal {
            writeln!(page, "{} {path}: {error}", call.dialect()).unwrap();
        }
    }
    insta::with_settings!({ omit_expression => true }, {
        insta::assert_snapshot!("spoilt_fields_that_are_fatal", page);
    });
}

/// Every number as a text and with a fraction, every text as a number.
fn swaps(body: &Value) -> Vec<(String, Value, Value)> {
    let mut paths = Vec::new();
    collect(body, "", &mut paths);
    let mut swaps = Vec::new();
    for pointer in paths {
        let path = pointer.replace('/', ".");
        let mut put = |how: &str, value: Value| {
            let mut changed = body.clone();
            *changed.pointer_mut(&pointer).unwrap() = value;
            swaps.push((format!("{path} {how}"), Value::Null, changed));
        };
        match body.pointer(&pointer).unwrap() {
            Value::Number(number) => {
                put("as a text", Value::from(number.to_string()));
                put(
                    "with a fraction",
                    Value::from(number.as_f64().unwrap() + 0.5),
                );
            }
            Value::String(_) => put("as a number", Value::from(7)),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {}
        }
    }
    swaps
}

/// Whether what was taken away is a part of the answer itself.
fn says_something(lost: &Value) -> bool {
    let text = lost.to_string();
    ["Hel", "lo", "get_weather", "city", "Oslo", "{}", "now"]
        .iter()
        .any(|piece| text.contains(piece))
}

fn is_told_by(path: &str) -> bool {
    let path = path.trim_end_matches(LEFT_OUT);
    let name = path.rsplit('.').next().unwrap_or_default();
    KINDS.contains(&name) || PLACES.contains(&name)
}

/// Every value of a frame replaced by null, and taken out: where, what it was, and the frame without it.
fn changes(data: &Value) -> Vec<(String, Value, Value)> {
    let mut paths = Vec::new();
    collect(data, "", &mut paths);
    let mut changes = Vec::new();
    for pointer in paths {
        let lost = data.pointer(&pointer).unwrap().clone();
        let mut nulled = data.clone();
        *nulled.pointer_mut(&pointer).unwrap() = Value::Null;
        let path = pointer.replace('/', ".");
        changes.push((path.clone(), lost.clone(), nulled));
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let mut without = data.clone();
        if let Some(Value::Object(object)) = without.pointer_mut(parent) {
            object.shift_remove(name);
            changes.push((format!("{path}{LEFT_OUT}"), lost, without));
        }
    }
    changes
}

fn collect(value: &Value, pointer: &str, paths: &mut Vec<String>) {
    let mut visit = |name: &str, value: &Value| {
        let pointer = format!("{pointer}/{name}");
        paths.push(pointer.clone());
        collect(value, &pointer, paths);
    };
    match value {
        Value::Object(object) => object.iter().for_each(|(name, value)| visit(name, value)),
        Value::Array(list) => {
            let numbered = list.iter().enumerate();
            numbered.for_each(|(number, value)| visit(&number.to_string(), value));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
