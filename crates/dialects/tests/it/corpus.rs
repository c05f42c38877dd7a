//! The codecs against recorded traffic: every answer parses, and says what an independent reader
//! finds in its raw bytes.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use dialects::{Call, Dialect, called};
use serde_json::{Map, Value};
use testbed::corpus::{self, Exchange};

use crate::reader::{self, Facts};
use crate::replay::replay;
use crate::ways::events;

/// The recordings of one wire.
#[derive(Debug)]
pub(crate) struct Wire {
    pub(crate) dialect: Dialect,
    /// Kind of the whole answers; the streams' has `_stream` behind it.
    kind: &'static str,
    /// Which of the recordings of that kind are of this wire.
    speaks: fn(&Exchange) -> bool,
}

pub(crate) const WIRES: &[Wire] = &[
    Wire {
        dialect: Dialect::OpenAiChat,
        kind: "chat",
        speaks: |exchange| exchange.provider != "cohere" && !speaks_ollama(exchange),
    },
    Wire {
        dialect: Dialect::Anthropic,
        kind: "messages",
        speaks: |_| true,
    },
    Wire {
        dialect: Dialect::Gemini,
        kind: "generate_content",
        speaks: |_| true,
    },
    Wire {
        dialect: Dialect::OpenAiResponses,
        kind: "responses",
        speaks: |_| true,
    },
    Wire {
        dialect: Dialect::Bedrock,
        kind: "converse",
        // One stream was filed among the whole answers.
        speaks: |exchange| exchange.kind != "converse" || exchange.response.base64.is_none(),
    },
    Wire {
        dialect: Dialect::Cohere,
        kind: "chat",
        // The first version of the wire is not called.
        speaks: |exchange| exchange.provider == "cohere" && !asks(exchange, "/v1/"),
    },
    Wire {
        dialect: Dialect::Ollama,
        kind: "chat",
        speaks: speaks_ollama,
    },
];

/// Recordings in which the two readers rightly differ, by a part of the name: why.
const EXCEPTIONS: &[(&str, &str)] = &[
    (
        "array-arguments-missing-terminal-function-call",
        "arguments come as JSON paths with values; the reader does not put them together \
         (the codec does: gemini/partial.rs has the test)",
    ),
    (
        "azure-reasoning-encrypted-content.1",
        "four answers in one recording; the first one ends the stream",
    ),
    (
        "openai-phase.1",
        "a recording with gaps: most pieces of the text are left out of it",
    ),
];

fn is_excepted(exchange: &Exchange) -> bool {
    EXCEPTIONS
        .iter()
        .any(|(name, _)| exchange.name.contains(name))
}

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
            .filter(self.speaks)
            .filter(|exchange| !is_beside_responses(exchange))
    }
}

/// Ollama's own wire (`/api/chat`), told from its OpenAI one by its first field.
fn speaks_ollama(exchange: &Exchange) -> bool {
    let response = &exchange.response;
    let first_frame = response.sse.as_ref().and_then(|frames| frames.first());
    exchange.provider == "ollama"
        && !asks(exchange, "/v1/")
        && match first_frame {
            Some(frame) => !frame.contains("chat.completion.chunk"),
            None => response.body.get("choices").is_none(),
        }
}

/// Whether the address that was asked has this in it.
fn asks(exchange: &Exchange, part: &str) -> bool {
    let request = exchange.request.as_ref();
    request.is_some_and(|request| request.url.contains(part))
}

/// What else is done under the address of Responses: answers deleted, tokens counted, histories
/// made compact.
fn is_beside_responses(exchange: &Exchange) -> bool {
    exchange.kind == "responses" && exchange.response.body["object"] != "response"
}

/// The bytes of a stream. Gemini without `alt=sse` answers one list; each element is what a frame
/// would be.
pub(crate) fn stream_bytes(exchange: &Exchange) -> Vec<u8> {
    if let ("converse_stream", Some(frames)) = (exchange.kind.as_str(), &exchange.response.sse) {
        // Taken down without their binary frames: `{NAME: PAYLOAD}`.
        let payloads = frames
            .iter()
            .filter_map(|frame| frame.strip_prefix("data: "));
        let messages = payloads.map(|data| serde_json::from_str(data).unwrap());
        let encode = |message: Map<String, Value>| {
            let (name, payload) = message.into_iter().next().unwrap();
            events::encode("event", &name, &payload.to_string())
        };
        return messages.flat_map(encode).collect();
    }
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

/// The JSON of the frames of a dialect's stream, found without the codec's framing.
fn frames_in(dialect: Dialect, bytes: &[u8]) -> Vec<Value> {
    match dialect {
        Dialect::Bedrock => events::decode(bytes),
        Dialect::Ollama => {
            let text = std::str::from_utf8(bytes).unwrap();
            let lines = text.lines().filter(|line| !line.is_empty());
            lines
                .map(|line| serde_json::from_str(line).unwrap())
                .collect()
        }
        Dialect::Replicate => vec![serde_json::from_slice(bytes).unwrap()],
        Dialect::OpenAiChat
        | Dialect::Anthropic
        | Dialect::Gemini
        | Dialect::OpenAiResponses
        | Dialect::OpenAiCompletions
        | Dialect::Cohere => frames_of(bytes),
    }
}

/// What came of the recordings of one vendor and kind.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) exchanges: usize,
    pub(crate) parsed: usize,
    pub(crate) equal: usize,
    pub(crate) excepted: usize,
    /// The vendor states an error in the body of a 200.
    pub(crate) broken: usize,
}

/// Adds up outcomes and prints the table.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// By vendor and kind.
    pub(crate) tallies: BTreeMap<(String, String), Tally>,
    /// Recordings in which the two readers rightly differ: which, and why.
    pub(crate) excepted: Vec<(String, &'static str)>,
    failures: Vec<String>,
}

impl Report {
    fn tally(&mut self, exchange: &Exchange) -> &mut Tally {
        let row = (exchange.provider.clone(), exchange.kind.clone());
        self.tallies.entry(row).or_default()
    }

    fn compare(&mut self, exchange: &Exchange, found: &Facts, wanted: &Facts) {
        let exception = EXCEPTIONS
            .iter()
            .find(|(name, _)| exchange.name.contains(name));
        let tally = self.tally(exchange);
        tally.parsed += 1;
        if found == wanted {
            tally.equal += 1;
        } else if let Some((_, why)) = exception {
            tally.excepted += 1;
            self.excepted.push((exchange.label(), why));
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
    let frames = frames_in(wire.dialect, &bytes);
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
            if says_its_end && !is_complete && !is_excepted(exchange) {
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

/// Reads every recording of a wire with both readers.
pub(crate) fn report_of(wire: &Wire) -> Report {
    let call = called(wire.dialect).unwrap();
    let mut report = Report::default();
    for exchange in wire.wholes() {
        read_whole(call, wire, &exchange, &mut report);
    }
    for exchange in wire.streams() {
        read_stream(call, wire, &exchange, &mut report);
    }
    report
}

fn every_answer_says_what_the_raw_bytes_say(dialect: Dialect, at_least: usize) {
    if !corpus::available() {
        println!("skipped: the corpus is not at hand");
        return;
    }
    let wire = WIRES.iter().find(|wire| wire.dialect == dialect).unwrap();
    report_of(wire).print_and_assert(at_least);
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
fn recorded_openai_responses_answers_say_what_their_raw_bytes_say() {
    every_answer_says_what_the_raw_bytes_say(Dialect::OpenAiResponses, 290);
}

#[test]
fn recorded_bedrock_answers_say_what_their_raw_bytes_say() {
    every_answer_says_what_the_raw_bytes_say(Dialect::Bedrock, 95);
}

#[test]
fn recorded_cohere_answers_say_what_their_raw_bytes_say() {
    every_answer_says_what_the_raw_bytes_say(Dialect::Cohere, 60);
}

#[test]
fn recorded_ollama_answers_say_what_their_raw_bytes_say() {
    every_answer_says_what_the_raw_bytes_say(Dialect::Ollama, 22);
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
        let is_spoken = |wire: &&Wire| wire.kind == exchange.endpoint && (wire.speaks)(&exchange);
        let Some(wire) = WIRES.iter().find(is_spoken) else {
            continue;
        };
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
    assert!(errors[&Dialect::Bedrock].0 >= 14);
    assert!(errors[&Dialect::Cohere].0 >= 2);
    assert!(errors[&Dialect::OpenAiResponses].0 >= 28);
}
