//! The codecs against recorded traffic: every answer parses, and says what an independent reader
//! finds in its raw bytes.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use dialects::{Call, Dialect, called};
use serde_json::Value;
use testbed::corpus::{self, Exchange};

use crate::reader::{self, Facts};
use crate::replay::replay;

/// The recordings of one wire.
#[derive(Debug)]
pub(crate) struct Wire {
    pub(crate) dialect: Dialect,
    /// Kind of the whole answers; the streams' has `_stream` behind it.
    kind: &'static str,
    /// Providers recorded under that kind that speak another wire.
    others: &'static [&'static str],
}

pub(crate) const WIRES: &[Wire] = &[
    Wire {
        dialect: Dialect::OpenAiChat,
        kind: "chat",
        // Cohere's own wire, v1 and v2.
        others: &["cohere"],
    },
    Wire {
        dialect: Dialect::Anthropic,
        kind: "messages",
        others: &[],
    },
    Wire {
        dialect: Dialect::Gemini,
        kind: "generate_content",
        others: &[],
    },
];

/// Recordings in which the two readers rightly differ, by a part of the name: why.
const EXCEPTIONS: &[(&str, &str)] = &[(
    "array-arguments-missing-terminal-function-call",
    "arguments come as JSON paths with values; the reader does not put them together \
     (the codec does: gemini/partial.rs has the test)",
)];

impl Wire {
    /// The recorded streams.
    pub(crate) fn streams(&self) -> impl Iterator<Item = Exchange> + '_ {
        self.recorded(format!("{}_stream", self.kind))
    }

    /// The recorded whole answers.
    pub(crate) fn wholes(&self) -> impl Iterator<Item = Exchange> + '_ {
        self.recorded(self.kind.to_owned())
    }

    fn recorded(&self, kind: String) -> impl Iterator<Item = Exchange> + '_ {
        corpus::exchanges(None, &kind)
            .map(|exchange| exchange.unwrap())
            .filter(|exchange| !self.others.contains(&exchange.provider.as_str()))
            .filter(|exchange| !speaks_ollama(exchange))
    }
}

/// Ollama's own wire (`/api/chat`), told from its OpenAI one by its first field.
fn speaks_ollama(exchange: &Exchange) -> bool {
    let response = &exchange.response;
    let first_frame = response.sse.as_ref().and_then(|frames| frames.first());
    exchange.provider == "ollama"
        && match first_frame {
            Some(frame) => !frame.contains("chat.completion.chunk"),
            None => response.body.get("choices").is_none(),
        }
}

/// The bytes of a stream. Gemini without `alt=sse` answers one list; each element is what a frame
/// would be.
pub(crate) fn stream_bytes(exchange: &Exchange) -> Vec<u8> {
    match exchange.response.body.as_array() {
        Some(list) => list
            .iter()
            .fold(String::new(), |mut text, element| {
                write!(text, "data: {element}\n\n").unwrap();
                text
            })
            .into_bytes(),
        None => exchange.response.wire_bytes(),
    }
}

/// The JSON of the frames, found without the codec's framing.
pub(crate) fn frames_of(bytes: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(bytes).unwrap();
    text.lines()
        .filter_map(|line| line.strip_prefix("data:"))
        .filter_map(|data| serde_json::from_str(data.trim()).ok())
        .collect()
}

/// What came of the recordings of one vendor and kind.
#[derive(Debug, Default)]
struct Tally {
    exchanges: usize,
    parsed: usize,
    equal: usize,
    excepted: usize,
    /// The vendor states an error in the body of a 200.
    broken: usize,
}

/// Adds up outcomes and prints the table.
#[derive(Debug, Default)]
struct Report {
    tallies: BTreeMap<(String, String), Tally>,
    failures: Vec<String>,
}

impl Report {
    fn tally(&mut self, exchange: &Exchange) -> &mut Tally {
        let row = (exchange.provider.clone(), exchange.kind.clone());
        self.tallies.entry(row).or_default()
    }

    fn compare(&mut self, exchange: &Exchange, found: &Facts, wanted: &Facts) {
        let is_excepted = EXCEPTIONS
            .iter()
            .any(|(name, _)| exchange.name.contains(name));
        let tally = self.tally(exchange);
        tally.parsed += 1;
        if found == wanted {
            tally.equal += 1;
        } else if is_excepted {
            tally.excepted += 1;
        } else {
            self.fail(exchange, found.differences(wanted));
        }
    }

    fn fail(&mut self, exchange: &Exchange, why: String) {
        self.failures.push(format!("{}: {why}", exchange.label()));
    }

    fn print_and_assert(&self, at_least: usize) {
        println!(
            "vendor            kind                      exchanges  parsed  equal  excepted  broken"
        );
        let mut sum = Tally::default();
        for ((provider, kind), tally) in &self.tallies {
            println!(
                "{provider:<17} {kind:<25} {:>9}  {:>6}  {:>5}  {:>8}  {:>6}",
                tally.exchanges, tally.parsed, tally.equal, tally.excepted, tally.broken
            );
            sum.exchanges += tally.exchanges;
            sum.parsed += tally.parsed;
            sum.equal += tally.equal;
            sum.excepted += tally.excepted;
            sum.broken += tally.broken;
        }
        println!("sum: {sum:?}");
        let shown: Vec<&String> = self.failures.iter().take(12).collect();
        assert!(
            shown.is_empty(),
            "{} failures, the first: {shown:#?}",
            self.failures.len()
        );
        assert_eq!(sum.parsed + sum.broken, sum.exchanges);
        assert_eq!(sum.equal + sum.excepted, sum.parsed);
        assert!(
            sum.exchanges >= at_least,
            "only {} exchanges",
            sum.exchanges
        );
    }
}

fn read_whole(call: &dyn Call, wire: &Wire, exchange: &Exchange, report: &mut Report) {
    let body = &exchange.response.body;
    report.tally(exchange).exchanges += 1;
    if body.get("error").is_some_and(|error| !error.is_null()) {
        // An answer and an error in one: the codec may take either, but must not invent a third.
        let said = call.parse_error(exchange.response.status, &exchange.response.wire_bytes());
        report.tally(exchange).broken += 1;
        if said.message.is_none() {
            report.fail(exchange, "the error in the body says nothing".to_owned());
        }
        return;
    }
    match call.parse_response(&exchange.response.wire_bytes()) {
        Ok(response) => {
            let wanted = reader::read_whole(wire.dialect, body);
            report.compare(exchange, &reader::facts_of(&response), &wanted);
        }
        Err(error) => report.fail(exchange, error.to_string()),
    }
}

fn read_stream(call: &dyn Call, wire: &Wire, exchange: &Exchange, report: &mut Report) {
    let bytes = stream_bytes(exchange);
    let frames = frames_of(&bytes);
    report.tally(exchange).exchanges += 1;
    let replay = match replay(call, [bytes.as_slice()]) {
        Ok(replay) => replay,
        Err(error) => return report.fail(exchange, error),
    };
    let is_complete = replay.is_complete;
    match replay.into_response() {
        Ok(response) => {
            let wanted = reader::read_stream(wire.dialect, &frames);
            let says_its_end = wanted
                .answers
                .values()
                .any(|answer| answer.finish.is_some());
            if says_its_end && !is_complete {
                return report.fail(exchange, "an ended answer counts as cut".to_owned());
            }
            report.compare(exchange, &reader::facts_of(&response), &wanted);
        }
        Err(error) => {
            report.tally(exchange).broken += 1;
            if !frames.iter().any(|frame| frame.get("error").is_some()) {
                report.fail(exchange, format!("an error out of nowhere: {error:?}"));
            }
        }
    }
}

fn every_answer_says_what_the_raw_bytes_say(dialect: Dialect, at_least: usize) {
    if !corpus::available() {
        println!("skipped: the corpus is not at hand");
        return;
    }
    let call = called(dialect).unwrap();
    let wire = WIRES.iter().find(|wire| wire.dialect == dialect).unwrap();
    let mut report = Report::default();
    for exchange in wire.wholes() {
        read_whole(call, wire, &exchange, &mut report);
    }
    for exchange in wire.streams() {
        read_stream(call, wire, &exchange, &mut report);
    }
    report.print_and_assert(at_least);
}

#[test]
fn recorded_openai_chat_answers_say_what_their_raw_bytes_say() {
    every_answer_says_what_the_raw_bytes_say(Dialect::OpenAiChat, 900);
}

#[test]
fn recorded_anthropic_answers_say_what_their_raw_bytes_say() {
    every_answer_says_what_the_raw_bytes_say(Dialect::Anthropic, 170);
}

#[test]
fn recorded_gemini_answers_say_what_their_raw_bytes_say() {
    every_answer_says_what_the_raw_bytes_say(Dialect::Gemini, 225);
}

#[test]
fn every_recorded_error_says_something() {
    if !corpus::available() {
        println!("skipped: the corpus is not at hand");
        return;
    }
    let mut errors: BTreeMap<Dialect, (usize, usize)> = BTreeMap::new();
    for exchange in corpus::exchanges(None, "error") {
        let exchange = exchange.unwrap();
        let Some(wire) = WIRES.iter().find(|wire| wire.kind == exchange.endpoint) else {
            continue;
        };
        if wire.others.contains(&exchange.provider.as_str()) {
            continue;
        }
        let bytes = exchange.response.wire_bytes();
        let call = called(wire.dialect).unwrap();
        let said = call.parse_error(exchange.response.status, &bytes);
        let (all, empty) = errors.entry(wire.dialect).or_default();
        *all += 1;
        if bytes.is_empty() {
            // Recorded without a body: there is nothing to be read.
            *empty += 1;
        } else {
            let is_said = said.message.as_ref().is_some_and(|text| !text.is_empty());
            assert!(is_said, "{}: {said:?}", exchange.label());
        }
    }
    println!("errors read, of them empty: {errors:?}");
    assert!(errors[&Dialect::OpenAiChat].0 >= 50);
    assert!(errors[&Dialect::Anthropic].0 >= 30);
    assert!(errors[&Dialect::Gemini].0 >= 14);
}
