//! The wires that a fake vendor speaks, and what differs between them where one answer becomes
//! bytes.

use bytes::Bytes;
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answer::Answer;
use super::asked::Asked;
use super::{anthropic, gemini, openai};

/// A vendor's wire form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wire {
    /// `POST /v1/chat/completions`.
    OpenAiChat,
    /// `POST /v1/messages`.
    Anthropic,
    /// `POST /v1beta/models/{model}:generateContent` and `:streamGenerateContent`.
    Gemini,
}

/// A request's address, as far as a wire needs it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target<'a> {
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
}

/// One event of an answer; a whole answer is one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) bytes: Bytes,
    /// Output tokens in it, reasoning included.
    pub(crate) tokens: u64,
    /// Of these, reasoning.
    pub(crate) reasoning: u64,
    /// Sent before the wait for the first token.
    pub(crate) early: bool,
}

// === impl Wire ===

impl Wire {
    /// What a client of this wire is configured with in front of its paths.
    #[must_use]
    pub fn prefix(self) -> &'static str {
        match self {
            Self::OpenAiChat | Self::Anthropic => "/v1",
            Self::Gemini => "/v1beta",
        }
    }

    /// The wire that is spoken at `path`, whatever stands in front of the known end.
    pub(crate) fn at(path: &str) -> Option<Self> {
        if path.ends_with("/chat/completions") {
            Some(Self::OpenAiChat)
        } else if path.ends_with("/messages") {
            Some(Self::Anthropic)
        } else if gemini::is_generation(path) {
            Some(Self::Gemini)
        } else {
            None
        }
    }

    /// Reads a request; what is wrong with it is said as the vendor would.
    pub(crate) fn parse(self, body: &Value, target: Target<'_>) -> Result<Asked, String> {
        match self {
            Self::OpenAiChat => openai::parse(body),
            Self::Anthropic => anthropic::parse(body),
            Self::Gemini => gemini::parse(body, target),
        }
    }

    /// The events of a streamed answer.
    pub(crate) fn stream(self, answer: &Answer) -> Vec<Frame> {
        match self {
            Self::OpenAiChat => openai::stream(answer),
            Self::Anthropic => anthropic::stream(answer),
            Self::Gemini => gemini::stream(answer),
        }
    }

    /// The body of an answer in one piece.
    pub(crate) fn whole(self, answer: &Answer) -> Value {
        match self {
            Self::OpenAiChat => openai::whole(answer),
            Self::Anthropic => anthropic::whole(answer),
            Self::Gemini => gemini::whole(answer),
        }
    }

    /// The stream that only says that it is over.
    pub(crate) fn done(self) -> Vec<Frame> {
        match self {
            Self::OpenAiChat => vec![openai::done()],
            Self::Anthropic => vec![anthropic::done()],
            Self::Gemini => Vec::new(),
        }
    }

    /// The error event that ends a stream.
    pub(crate) fn error_event(self, number: u64) -> Frame {
        let frame = match self {
            Self::OpenAiChat => format!("data: {}\n\n", openai::error(500, None)),
            Self::Anthropic => {
                format!(
                    "event: error\ndata: {}\n\n",
                    anthropic::error(529, None, number)
                )
            }
            Self::Gemini => format!("data: {}\r\n\r\n", gemini::error(503, None, None)),
        };
        Frame::silent(frame)
    }

    /// A frame that looks like an event and is not one.
    pub(crate) fn garbage_event(self) -> Frame {
        Frame::silent(match self {
            Self::OpenAiChat => "data: {\"id\":\"chatcmpl-0\",\"choices\":[{\"del\n\n",
            Self::Anthropic => "event: content_block_delta\ndata: {\"type\":\"content_blo\n\n",
            Self::Gemini => "data: {\"candidates\": [{\"content\"\r\n\r\n",
        })
    }

    /// The body of an error in the vendor's form, with its own words or `message`.
    pub(crate) fn error(self, status: u16, message: Option<&str>, about: About) -> Value {
        match self {
            Self::OpenAiChat => openai::error(status, message),
            Self::Anthropic => anthropic::error(status, message, about.number),
            Self::Gemini => gemini::error(status, message, about.retry_after_s),
        }
    }

    /// The headers of an answer beside its type.
    pub(crate) fn headers(self, number: u64, retry_after_s: Option<u64>) -> HeaderMap {
        match self {
            Self::OpenAiChat => openai::headers(number, retry_after_s),
            Self::Anthropic => anthropic::headers(number, retry_after_s),
            Self::Gemini => gemini::headers(),
        }
    }

    /// The type of a streamed answer.
    pub(crate) fn stream_type(self) -> &'static str {
        match self {
            Self::OpenAiChat | Self::Anthropic => "text/event-stream; charset=utf-8",
            Self::Gemini => "text/event-stream",
        }
    }

    /// The type of a whole answer and of an error.
    pub(crate) fn whole_type(self) -> &'static str {
        match self {
            Self::OpenAiChat | Self::Anthropic => "application/json",
            Self::Gemini => "application/json; charset=UTF-8",
        }
    }
}

/// What an error's body says beside the error.
#[derive(Debug, Clone, Copy)]
pub(crate) struct About {
    pub(crate) number: u64,
    pub(crate) retry_after_s: Option<u64>,
}

// === impl Frame ===

impl Frame {
    /// A frame without tokens.
    pub(crate) fn silent(bytes: impl Into<Bytes>) -> Self {
        Self {
            bytes: bytes.into(),
            tokens: 0,
            reasoning: 0,
            early: false,
        }
    }

    /// A frame with one output token.
    pub(crate) fn token(bytes: impl Into<Bytes>) -> Self {
        Self {
            tokens: 1,
            ..Self::silent(bytes)
        }
    }

    /// A frame with one token of reasoning.
    pub(crate) fn thought(bytes: impl Into<Bytes>) -> Self {
        Self {
            tokens: 1,
            reasoning: 1,
            ..Self::silent(bytes)
        }
    }
}
