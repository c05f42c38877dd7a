//! How a fake vendor behaves: one [`Mood`] a request, set in code, in a script file or over the
//! admin routes.
//!
//! In JSON every field may be left out; `{}` is a vendor in good health. A field nobody knows is
//! refused, so that a misspelt mood cannot pass for a healthy one.

use serde::{Deserialize, Serialize};
use serde_json::Value;

mod storm;

/// The behaviour of a vendor towards one request. The default answers at once, honestly and in
/// full.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mood {
    /// What kind of answer is given.
    pub reply: Reply,

    /// Milliseconds before the status line.
    pub latency_ms: u64,
    /// Milliseconds between the headers and the first token. What says only that an answer begins
    /// (Anthropic's `message_start`, `response.created`, `messageStart`, `message-start`) is sent
    /// before the wait; in the other forms nothing but comments is.
    pub first_token_ms: u64,
    /// Milliseconds between two writes of the body.
    pub between_ms: u64,
    /// Comment lines sent before the first event of a stream, spread over `first_token_ms`; only
    /// event streams of text have them.
    pub comments: u32,
    /// How the body is cut into writes.
    pub writes: Writes,
    /// Where the connection breaks; a body shorter than that breaks at its end, before the end is
    /// announced.
    pub cut: Option<Cut>,

    /// What is said instead of the vendor's configured text.
    pub text: Option<String>,
    /// Say what the last user message said; wins over `text`.
    pub echo: bool,
    /// Go on with the beginning of the answer, where the conversation has it: as its last turn, or
    /// before a demand to go on. Left out: say all of it again.
    pub goes_on: Option<GoOn>,
    /// The number of nearly equal pieces that the text is cut into, each one token; no more than it
    /// has characters. Left out: one a word.
    pub chunks: Option<usize>,
    /// Call the first offered tool though the request does not force it.
    pub tool_call: bool,
    /// Call this many of the offered tools in parallel, in the order offered, again from the first
    /// when exhausted.
    pub tools: usize,
    /// Think before answering, though the request does not ask for it.
    pub reasoning: bool,
    /// Hide a part of the thoughts behind a seal; only Anthropic's form and Bedrock's can.
    pub redacts: bool,
    /// Name a source for the text; Ollama and Replicate name none.
    pub cites: bool,
    /// Decline to answer, in the words that are otherwise the answer. Cohere, Ollama and Replicate
    /// have no sign for it and just say the words.
    pub refuses: bool,

    /// Keep a prompt cache: what earlier requests of `messages` began with is read from it, whatever `cached` says.
    pub caches: bool,
    /// Prompt tokens read from the cache, which Ollama does not tell. The prompt counts at least
    /// `cached + cache_written` tokens.
    pub cached: u64,
    /// Prompt tokens written to the cache.
    pub cache_written: u64,
    /// What the vendor says that it used; its bill is honest whatever it says.
    pub usage: UsageClaim,
}

/// What kind of answer is given. Kinds that only a stream can show have a near relative for whole
/// answers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// A full answer.
    #[default]
    Answer,
    /// An HTTP error.
    Fail(Failure),
    /// 200 with no body; a stream with no event.
    EmptyBody,
    /// A stream that says at once that it is done; a whole answer has no body.
    DoneOnly,
    /// A well-formed completion that says nothing.
    NoContent,
    /// 200 with an HTML page.
    GarbageBody,
    /// A frame that is no JSON after this many events, then the rest; a whole answer is an HTML
    /// page. In an AWS event stream the frame itself is sound.
    GarbageAfter(usize),
    /// A stream whose first event is an error; a whole answer is the error's body under status 200.
    FirstEventError,
    /// An error event after this many events, then the end; a whole answer is the error's body
    /// under status 200. A stream of Responses also says that the response failed.
    ErrorAfter(usize),
    /// Takes the request and never answers.
    Hang,
    /// Closes the connection without a word: at once where it is new, after the request where it
    /// was kept alive.
    Refuse,
}

/// An HTTP error in the vendor's own form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// The status, 400 to 599. 400 says that the prompt is too long for the model.
    pub status: u16,
    /// Seconds after which the vendor wants to be asked again: a `Retry-After` header, Google's
    /// `RetryInfo`, or, for Anthropic's form at Vertex AI, both.
    #[serde(default)]
    pub retry_after_s: Option<u64>,
    /// A body instead of the vendor's own; a JSON string is sent as plain text.
    #[serde(default)]
    pub body: Option<Value>,
}

/// How a body is cut into writes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Writes {
    /// One write an event.
    #[default]
    PerEvent,
    /// Everything in one write.
    AllAtOnce,
    /// A write every so many bytes, through events and characters alike; 0 counts as 1.
    Bytes(usize),
}

/// Where the connection breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cut {
    /// After this many bytes of the body.
    Bytes(usize),
    /// After this many events; a whole answer is one event.
    Events(usize),
}

/// How an answer is gone on with that the conversation has the beginning of, where that is not its
/// last turn: then it is gone on with exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GoOn {
    /// The words with which the demand ends come again, and what is behind them.
    AsAsked,
    /// So many words come again.
    Words(usize),
    /// All of it comes again.
    Over,
}

/// What the vendor says that it used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UsageClaim {
    /// The truth.
    #[default]
    Honest,
    /// Nothing at all.
    None,
    /// Two numbers, however absurd.
    Claimed {
        /// Prompt tokens.
        prompt: i64,
        /// Completion tokens.
        completion: i64,
    },
}

// === impl Mood ===

impl Mood {
    /// Fails with `status` in the vendor's own form.
    #[must_use]
    pub fn fail(status: u16) -> Self {
        Self::replying(Reply::Fail(Failure {
            status,
            retry_after_s: None,
            body: None,
        }))
    }

    /// Fails with 429 and asks for `seconds` of peace.
    #[must_use]
    pub fn rate_limited(seconds: u64) -> Self {
        Self::replying(Reply::Fail(Failure {
            status: 429,
            retry_after_s: Some(seconds),
            body: None,
        }))
    }

    /// Answers with `reply`.
    #[must_use]
    pub fn replying(reply: Reply) -> Self {
        Self {
            reply,
            ..Self::default()
        }
    }

    /// Says `text`.
    #[must_use]
    pub fn saying(text: &str) -> Self {
        Self {
            text: Some(text.to_owned()),
            ..Self::default()
        }
    }

    /// Breaks the connection at `cut`.
    #[must_use]
    pub fn cutting(cut: Cut) -> Self {
        Self {
            cut: Some(cut),
            ..Self::default()
        }
    }

    /// Says that it used `prompt` and `completion` tokens.
    #[must_use]
    pub fn claiming(prompt: i64, completion: i64) -> Self {
        Self {
            usage: UsageClaim::Claimed { prompt, completion },
            ..Self::default()
        }
    }

    /// Sends one byte at a time, `between_ms` apart.
    #[must_use]
    pub fn slow(between_ms: u64) -> Self {
        Self {
            writes: Writes::Bytes(1),
            between_ms,
            ..Self::default()
        }
    }

    /// Takes the request and never answers.
    #[must_use]
    pub fn hang() -> Self {
        Self::replying(Reply::Hang)
    }

    /// Closes the connection without a word.
    #[must_use]
    pub fn refuse() -> Self {
        Self::replying(Reply::Refuse)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mood_reads_as_a_person_would_write_it() {
        let mood: Mood = serde_json::from_str(
            r#"{"first_token_ms": 5, "writes": {"bytes": 3}, "cut": {"events": 2}, "tools": 2,
                "usage": {"claimed": {"prompt": -1, "completion": 9}}}"#,
        )
        .unwrap();
        assert_eq!(mood.writes, Writes::Bytes(3));
        assert_eq!(mood.cut, Some(Cut::Events(2)));
        assert_eq!(
            mood.usage,
            UsageClaim::Claimed {
                prompt: -1,
                completion: 9
            }
        );
        let mood: Mood =
            serde_json::from_str(r#"{"reply": {"fail": {"status": 429, "retry_after_s": 7}}}"#)
                .unwrap();
        assert_eq!(mood, Mood::rate_limited(7));
        assert_eq!(
            serde_json::from_str::<Mood>(r#"{"reply": "hang"}"#).unwrap(),
            Mood::hang()
        );
        assert_eq!(serde_json::from_str::<Mood>("{}").unwrap(), Mood::default());
    }

    #[test]
    fn a_misspelt_mood_is_refused() {
        let refused = serde_json::from_str::<Mood>(r#"{"latency": 5}"#).unwrap_err();
        assert!(refused.to_string().contains("latency"), "{refused}");
    }
}
