//! Streams that are cut at random bytes, on every wire and in every dialect: each ends in exactly one error of the
//! caller's dialect, or is whole. `WEIR_CUTS` says how many (docs/routing.md has the figures of 1,000).

use std::collections::BTreeMap;

use futures_util::future::join_all;
use http::StatusCode;
use serde_json::{Value, json};
use testbed::{
    Cut, Mood, Wire, Writes,
    seed::{Rng, Seed},
};

use crate::stage::{Answer, MODEL, Stage};

/// What every vendor says, in some twenty pieces.
pub(crate) const TEXT: &str = "Once upon a time a gateway stood between many callers and many models; größer wurde \
    sie jeden Tag, and every answer that broke on its way was told as broken. Nobody mistook a half for the whole.";
/// Every wire that streams, with a vendor's id.
pub(crate) const WIRES: [(&str, Wire); 8] = [
    ("of-chat", Wire::OpenAiChat),
    ("of-responses", Wire::OpenAiResponses),
    ("of-messages", Wire::Anthropic),
    ("of-gemini", Wire::Gemini),
    ("of-bedrock", Wire::Bedrock),
    ("of-cohere", Wire::Cohere),
    ("of-ollama", Wire::Ollama),
    ("of-replicate", Wire::Replicate),
];

/// How a caller asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    Chat,
    Responses,
    Messages,
    Gemini,
    Completions,
}

pub(crate) const DOORS: [Door; 5] = [
    Door::Chat,
    Door::Responses,
    Door::Messages,
    Door::Gemini,
    Door::Completions,
];

/// What a caller was told.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) text: String,
    /// Errors in the caller's dialect.
    pub(crate) errors: usize,
    /// Events that say that the answer is whole.
    pub(crate) ends: usize,
    /// Something came behind the last word.
    pub(crate) trailing: bool,
}

impl Door {
    /// Asks for a stream from this provider alone, or from all where it is empty.
    pub(crate) async fn ask(self, stage: &Stage, model: &str, more: &Value) -> Answer {
        let words = "What stands between callers and models?";
        let turns = json!([{"role": "user", "content": words}]);
        let (path, mut body) = match self {
            Self::Chat => (
                "/api/v1/chat/completions".to_owned(),
                json!({"messages": turns}),
            ),
            Self::Responses => ("/api/v1/responses".to_owned(), json!({"input": words})),
            Self::Messages => (
                "/api/v1/messages".to_owned(),
                json!({"messages": turns, "max_tokens": 500}),
            ),
            Self::Completions => ("/api/v1/completions".to_owned(), json!({"prompt": words})),
            Self::Gemini => (
                format!("/v1beta/models/{model}:streamGenerateContent?alt=sse"),
                json!({"contents": [{"role": "user", "parts": [{"text": words}]}]}),
            ),
        };
        let object = body.as_object_mut().unwrap();
        if self != Self::Gemini {
            object.insert("model".to_owned(), json!(model));
            object.insert("stream".to_owned(), json!(true));
        }
        object.extend(more.as_object().unwrap().clone());
        stage.post(&path, body.to_string()).await
    }

    /// What the caller was told by a stream.
    pub(crate) fn read(self, answer: &Answer) -> Told {
        let mut told = Told::default();
        for (name, data) in answer.events() {
            told.trailing |= told.errors > 0 && data != "[DONE]";
            if data == "[DONE]" {
                continue;
            }
            let event: Value = serde_json::from_str(&data).unwrap();
            let text = match self {
                Self::Chat => event["choices"][0]["delta"]["content"].as_str(),
                Self::Completions => event["choices"][0]["text"].as_str(),
                Self::Responses => (event["type"] == "response.output_text.delta")
                    .then(|| event["delta"].as_str())
                    .flatten(),
                Self::Messages => event["delta"]["text"].as_str(),
                Self::Gemini => event["candidates"][0]["content"]["parts"][0]["text"].as_str(),
            };
            told.text.push_str(text.unwrap_or_default());
            let (error, end) = match self {
                Self::Chat | Self::Completions => (
                    event["error"].is_object(),
                    event["choices"][0]["finish_reason"].as_str() == Some("stop"),
                ),
                Self::Responses => (
                    event["type"] == "response.failed" || event["type"] == "error",
                    event["type"] == "response.completed",
                ),
                Self::Messages => (name == "error", name == "message_stop"),
                Self::Gemini => (
                    event["error"].is_object(),
                    event["candidates"][0]["finishReason"].as_str() == Some("STOP"),
                ),
            };
            told.errors += usize::from(error);
            told.ends += usize::from(end);
        }
        told
    }
}

/// How many streams are cut: so many, unless the figures are wanted.
pub(crate) fn cuts(usual: usize) -> usize {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test's own variable, not the product's"
    )]
    let wanted = std::env::var("WEIR_CUTS").ok();
    wanted
        .and_then(|wanted| wanted.parse().ok())
        .unwrap_or(usual)
}

/// How one stream is cut.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) door: Door,
    pub(crate) writes: Writes,
    pub(crate) cut: Cut,
}

impl Job {
    pub(crate) fn drawn(number: usize, rng: &mut Rng) -> Self {
        let writes = match rng.below(3) {
            0 => Writes::PerEvent,
            1 => Writes::AllAtOnce,
            _ => Writes::Bytes(1 + usize::try_from(rng.below(60)).unwrap()),
        };
        // Bodies are some 1,000 to 8,000 bytes long; half of all cuts are in the first thousand.
        let reach = if rng.chance(50) { 1_000 } else { 9_000 };
        Self {
            door: DOORS[number % DOORS.len()],
            writes,
            cut: Cut::Bytes(usize::try_from(rng.below(reach)).unwrap()),
        }
    }

    pub(crate) fn mood(&self) -> Mood {
        Mood {
            text: Some(TEXT.to_owned()),
            writes: self.writes,
            cut: Some(self.cut),
            ..Mood::default()
        }
    }
}

/// Cuts so many streams of one vendor, one after the other: while its breaker is open it is asked one at a time.
async fn cut_all(id: &'static str, wire: Wire, streams: usize, mut rng: Rng) -> Counts {
    let stage = Stage::open(&[(id, wire)], "").await;
    let mut counts = Counts::new();
    for number in 0..streams {
        let job = Job::drawn(number, &mut rng);
        stage.vendor(id).script([job.mood()]);
        let answer = job.door.ask(&stage, MODEL, &json!({})).await;
        let outcome = judge(job.door, &answer, &format!("{id} {job:?}"));
        *counts.entry(outcome).or_default() += 1;
    }
    counts
}

/// How many streams ended how.
pub(crate) type Counts = BTreeMap<&'static str, usize>;

#[tokio::test]
async fn a_stream_that_is_cut_anywhere_ends_in_exactly_one_error_or_is_whole() {
    let seed = Seed::from_environment();
    let mut rng = seed.rng();
    let streams = cuts(320);
    let each = streams.div_ceil(WIRES.len());
    let jobs = WIRES.map(|(id, wire)| cut_all(id, wire, each, rng.fork()));
    let mut counts = Counts::new();
    for (outcome, count) in join_all(jobs).await.into_iter().flatten() {
        *counts.entry(outcome).or_default() += count;
    }
    let all: usize = counts.values().sum();
    println!("{all} streams cut: {counts:?}");
    let errors = counts.get("error").copied().unwrap_or(0);
    assert!(errors > all / 4, "{counts:?}");
}

/// What became of a stream; it says so itself.
fn judge(door: Door, answer: &Answer, case: &str) -> &'static str {
    if answer.status != StatusCode::OK {
        assert!(answer.status.is_server_error(), "{case}: {}", answer.text);
        assert!(!answer.text.contains("data:"), "{case}: {}", answer.text);
        return "refused before the first word";
    }
    let told = door.read(answer);
    let case = format!("{case}: {told:?}\n{}", answer.text);
    assert!(TEXT.starts_with(&told.text), "{case}");
    assert!(!told.trailing, "{case}");
    if told.errors == 0 {
        // Cut behind the end of what had to be said.
        assert_eq!((told.text.as_str(), told.ends), (TEXT, 1), "{case}");
        return "whole";
    }
    assert_eq!(told.errors, 1, "{case}");
    if matches!(door, Door::Chat | Door::Completions) {
        assert!(answer.text.trim_end().ends_with("data: [DONE]"), "{case}");
    }
    "error"
}
