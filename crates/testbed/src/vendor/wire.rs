//! The wires that a fake vendor speaks, and what differs between them where one answer becomes
//! bytes.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answer::Answer;
use super::asked::Asked;
use super::place::Host;
use super::{anthropic, bedrock, cohere, gemini, ollama, openai, replicate, responses};

/// A vendor's wire form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wire {
    /// `POST /v1/chat/completions`.
    OpenAiChat,
    /// `POST /v1/responses`.
    OpenAiResponses,
    /// `POST /v1/messages`, and `/v1/messages/count_tokens`.
    Anthropic,
    /// Anthropic's form at Bedrock: `POST /model/{model}/invoke` and
    /// `/invoke-with-response-stream`.
    BedrockAnthropic,
    /// Anthropic's form at Vertex AI: `POST …/publishers/anthropic/models/{model}:rawPredict` and
    /// `:streamRawPredict`; the model `count-tokens` counts.
    VertexAnthropic,
    /// `POST /v1beta/models/{model}:generateContent`, `:streamGenerateContent` and `:countTokens`.
    Gemini,
    /// Gemini's form at Vertex AI: the same at `…/publishers/google/models/{model}`.
    VertexGemini,
    /// `POST /model/{model}/converse`, `/converse-stream` and `/count-tokens`, which also counts in
    /// Anthropic's form.
    Bedrock,
    /// `POST /v2/chat`.
    Cohere,
    /// `POST /api/chat`.
    Ollama,
    /// `POST /v1/models/{owner}/{name}/predictions` and `/v1/predictions`; answers come whole.
    Replicate,
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

/// What an error's body says beside the error.
#[derive(Debug, Clone, Copy)]
pub(crate) struct About {
    pub(crate) number: u64,
    pub(crate) retry_after_s: Option<u64>,
}

// === impl Wire ===

impl Wire {
    /// Every wire, in the order of documentation.
    pub const ALL: [Self; 11] = [
        Self::OpenAiChat,
        Self::OpenAiResponses,
        Self::Anthropic,
        Self::BedrockAnthropic,
        Self::VertexAnthropic,
        Self::Gemini,
        Self::VertexGemini,
        Self::Bedrock,
        Self::Cohere,
        Self::Ollama,
        Self::Replicate,
    ];

    /// Whether the vendor streams in the request that asks.
    #[must_use]
    pub fn streams(self) -> bool {
        self != Self::Replicate
    }

    /// What a client of this wire is configured with in front of its paths.
    #[must_use]
    pub fn prefix(self) -> &'static str {
        match self {
            Self::OpenAiChat | Self::OpenAiResponses | Self::Anthropic | Self::Replicate => "/v1",
            Self::Gemini => "/v1beta",
            Self::VertexAnthropic | Self::VertexGemini => "/v1/projects/lab/locations/global",
            Self::BedrockAnthropic | Self::Bedrock | Self::Ollama => "",
            Self::Cohere => "/v2",
        }
    }

    /// Whether streams are `text/event-stream`, which may carry comments.
    #[must_use]
    pub fn is_sse(self) -> bool {
        self.stream_type().starts_with("text/event-stream")
    }

    /// Whether requests may be signed for AWS in place of carrying a key.
    pub(crate) fn is_signed(self) -> bool {
        matches!(self, Self::Bedrock | Self::BedrockAnthropic)
    }

    /// Reads a request; what is wrong with it is said as the vendor would.
    pub(crate) fn parse(self, body: &Value, target: Target<'_>) -> Result<Asked, String> {
        match self {
            Self::OpenAiChat => openai::parse(body),
            Self::OpenAiResponses => responses::parse(body),
            Self::Anthropic => anthropic::parse(body, target, Host::Own),
            Self::BedrockAnthropic => anthropic::parse(body, target, Host::Bedrock),
            Self::VertexAnthropic => anthropic::parse(body, target, Host::Vertex),
            Self::Gemini | Self::VertexGemini => gemini::parse(body, target),
            Self::Bedrock => bedrock::parse(body, target),
            Self::Cohere => cohere::parse(body),
            Self::Ollama => ollama::parse(body),
            Self::Replicate => replicate::parse(body, target),
        }
    }

    /// The events of a streamed answer.
    pub(crate) fn stream(self, answer: &Answer) -> Vec<Frame> {
        match self {
            Self::OpenAiChat => openai::stream(answer),
            Self::OpenAiResponses => responses::stream(answer),
            Self::Anthropic => anthropic::stream(answer, Host::Own),
            Self::BedrockAnthropic => bedrock::invoke_stream(answer),
            Self::VertexAnthropic => anthropic::stream(answer, Host::Vertex),
            Self::Gemini => gemini::stream(answer, Host::Own),
            Self::VertexGemini => gemini::stream(answer, Host::Vertex),
            Self::Bedrock => bedrock::stream(answer),
            Self::Cohere => cohere::stream(answer),
            Self::Ollama => ollama::stream(answer),
            Self::Replicate => Vec::new(),
        }
    }

    /// The body of an answer in one piece.
    pub(crate) fn whole(self, answer: &Answer) -> Value {
        match self {
            Self::OpenAiChat => openai::whole(answer),
            Self::OpenAiResponses => responses::whole(answer),
            Self::Anthropic => anthropic::whole(answer, Host::Own),
            Self::BedrockAnthropic => anthropic::whole(answer, Host::Bedrock),
            Self::VertexAnthropic => anthropic::whole(answer, Host::Vertex),
            Self::Gemini => gemini::whole(answer, Host::Own),
            Self::VertexGemini => gemini::whole(answer, Host::Vertex),
            Self::Bedrock => bedrock::whole(answer),
            Self::Cohere => cohere::whole(answer),
            Self::Ollama => ollama::whole(answer),
            Self::Replicate => replicate::whole(answer),
        }
    }

    /// The body that says how many tokens a prompt has; null on a wire that has no such question.
    pub(crate) fn counted(self, answer: &Answer) -> Value {
        match self {
            Self::Anthropic | Self::VertexAnthropic => anthropic::counted(answer),
            Self::Gemini => gemini::counted(answer, Host::Own),
            Self::VertexGemini => gemini::counted(answer, Host::Vertex),
            Self::Bedrock => bedrock::counted(answer),
            Self::OpenAiChat
            | Self::OpenAiResponses
            | Self::BedrockAnthropic
            | Self::Cohere
            | Self::Ollama
            | Self::Replicate => Value::Null,
        }
    }

    /// The stream that only says that it is over.
    pub(crate) fn done(self, answer: &Answer) -> Vec<Frame> {
        match self {
            Self::OpenAiChat => vec![openai::done()],
            Self::OpenAiResponses => responses::done(answer),
            Self::Anthropic | Self::VertexAnthropic => {
                vec![Frame::silent(super::sse::event(&anthropic::done()))]
            }
            Self::BedrockAnthropic => vec![bedrock::invoke_done()],
            Self::Gemini | Self::VertexGemini | Self::Replicate => Vec::new(),
            Self::Bedrock => vec![bedrock::done()],
            Self::Cohere => vec![cohere::done()],
            Self::Ollama => vec![ollama::done(answer)],
        }
    }

    /// The error that ends a stream of which `sent` events are out.
    pub(crate) fn error_frames(self, answer: &Answer, sent: usize) -> Vec<Frame> {
        let frame = match self {
            Self::OpenAiResponses => return responses::error_frames(answer, sent),
            Self::Replicate => return Vec::new(),
            Self::OpenAiChat => Frame::silent(format!("data: {}\n\n", openai::error(500, None))),
            Self::Anthropic => anthropic::error_event(answer.number, Host::Own),
            Self::VertexAnthropic => anthropic::error_event(answer.number, Host::Vertex),
            Self::Gemini | Self::VertexGemini => {
                Frame::silent(format!("data: {}\r\n\r\n", gemini::error(503, None, None)))
            }
            Self::BedrockAnthropic | Self::Bedrock => bedrock::error_event(),
            Self::Cohere => cohere::error_event(),
            Self::Ollama => ollama::error_event(),
        };
        vec![frame]
    }

    /// A frame that looks like an event and is not one.
    pub(crate) fn garbage_event(self) -> Frame {
        Frame::silent(match self {
            Self::OpenAiChat => "data: {\"id\":\"chatcmpl-0\",\"choices\":[{\"del\n\n",
            Self::OpenAiResponses => {
                "event: response.output_text.delta\ndata: {\"type\":\"resp\n\n"
            }
            Self::Anthropic | Self::VertexAnthropic => {
                "event: content_block_delta\ndata: {\"type\":\"content_blo\n\n"
            }
            Self::Gemini | Self::VertexGemini => "data: {\"candidates\": [{\"content\"\r\n\r\n",
            Self::BedrockAnthropic => return bedrock::garbage_event("chunk"),
            Self::Bedrock => return bedrock::garbage_event("contentBlockDelta"),
            Self::Cohere => "event: content-delta\ndata: {\"type\":\"content-de\n\n",
            Self::Ollama => "{\"model\":\"m\",\"message\":{\"role\":\"assi\n",
            Self::Replicate => "{\"id\":\"0\",\"output\":[\"",
        })
    }

    /// The body of an error in the vendor's form, with its own words or `message`.
    pub(crate) fn error(self, status: u16, message: Option<&str>, about: About) -> Value {
        match self {
            Self::OpenAiChat => openai::error(status, message),
            Self::OpenAiResponses => responses::error(status, message),
            Self::Anthropic => anthropic::error(status, message, about.number, Host::Own),
            Self::VertexAnthropic => anthropic::vertex_error(status, message, about),
            Self::Gemini | Self::VertexGemini => {
                gemini::error(status, message, about.retry_after_s)
            }
            Self::BedrockAnthropic | Self::Bedrock => bedrock::error(status, message),
            Self::Cohere => cohere::error(status, message, about.number),
            Self::Ollama => ollama::error(status, message),
            Self::Replicate => replicate::error(status, message, about.retry_after_s),
        }
    }

    /// The status that a wrong key is answered with; the error is still the one of 401.
    pub(crate) fn wrong_key(self) -> StatusCode {
        if self.is_signed() {
            StatusCode::FORBIDDEN
        } else {
            StatusCode::UNAUTHORIZED
        }
    }

    /// The status of an answer: Replicate creates a prediction.
    pub(crate) fn answered(self) -> StatusCode {
        if self == Self::Replicate {
            StatusCode::CREATED
        } else {
            StatusCode::OK
        }
    }

    /// The headers of an answer, and those that only an error of `status` has.
    pub(crate) fn headers(self, about: About, status: Option<u16>) -> HeaderMap {
        let About {
            number,
            retry_after_s,
        } = about;
        let mut headers = match self {
            Self::OpenAiChat | Self::OpenAiResponses => openai::headers(number, retry_after_s),
            Self::Anthropic => anthropic::headers(number, retry_after_s, Host::Own),
            Self::VertexAnthropic => anthropic::headers(number, retry_after_s, Host::Vertex),
            Self::Gemini | Self::VertexGemini => gemini::headers(),
            Self::BedrockAnthropic | Self::Bedrock => bedrock::headers(number, retry_after_s),
            Self::Cohere => cohere::headers(retry_after_s),
            Self::Ollama => ollama::headers(retry_after_s),
            Self::Replicate => replicate::headers(),
        };
        let kind = status
            .filter(|_| self.is_signed())
            .and_then(bedrock::error_type);
        if let Some(kind) = kind {
            headers.insert("x-amzn-errortype", kind);
        }
        let content_type = HeaderValue::from_static(self.whole_type());
        headers.insert(header::CONTENT_TYPE, content_type);
        headers
    }

    /// The type of a streamed answer.
    pub(crate) fn stream_type(self) -> &'static str {
        match self {
            Self::OpenAiChat | Self::OpenAiResponses | Self::Anthropic | Self::VertexAnthropic => {
                "text/event-stream; charset=utf-8"
            }
            Self::Gemini | Self::VertexGemini | Self::Cohere => "text/event-stream",
            Self::BedrockAnthropic | Self::Bedrock => "application/vnd.amazon.eventstream",
            Self::Ollama => "application/x-ndjson",
            Self::Replicate => self.whole_type(),
        }
    }

    /// The type of a whole answer and of an error.
    fn whole_type(self) -> &'static str {
        match self {
            Self::Gemini | Self::VertexGemini => "application/json; charset=UTF-8",
            Self::Ollama | Self::Replicate => "application/json; charset=utf-8",
            Self::OpenAiChat
            | Self::OpenAiResponses
            | Self::Anthropic
            | Self::BedrockAnthropic
            | Self::VertexAnthropic
            | Self::Bedrock
            | Self::Cohere => "application/json",
        }
    }
}

// === impl About ===

impl About {
    /// An answer that asks for no peace.
    pub(crate) fn answer(number: u64) -> Self {
        Self {
            number,
            retry_after_s: None,
        }
    }
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
