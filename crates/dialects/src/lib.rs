//! Bytes to canon and back: pure codecs, one folder a wire format.
//!
//! A dialect has two sides. [`Serve`] is spoken with callers: parse a request, render an answer, a stream,
//! an error. [`Call`] is spoken with vendors: render a request, parse an answer, a stream, an error. The two
//! stand side by side in a folder (`wire`, `request`, `response`, `stream`), so that what one writes the other reads:
//! `parse(render(x)) == x`, up to a [`Loss`] that is declared and never silent.
//!
//! Nothing here waits, reads a clock or knows a vendor's address.

pub mod anthropic;
pub mod bedrock;
pub mod cohere;
mod count;
mod error;
pub mod framing;
pub mod gemini;
mod json;
pub mod loss;
pub mod ollama;
pub mod openai;
pub mod openrouter;
pub mod replicate;
mod search;
mod short;
mod sound;
mod tier;
mod vendor;
mod worded;

use std::borrow::Cow;

pub use canon::Dialect;
use canon::{Availability, Event, Kind, NanoUsd, Request, Response, RouterMetadata, Usage};
pub use count::{CallCount, ServeCount};
pub use error::Error;
pub use fields::Fields;
pub use framing::{Frame, Framing};
use json::{fields, raw};
pub use loss::Loss;
pub use search::SEARCHES_MOST;
use serde_json::{Map, Value};
pub use short::{
    Short,
    whole::{Called, Whole},
};
use vendor::{attachment, body, path, said, tools, turns, unsaid};
pub use worded::{Emulation, Lacks, render, render_count};

/// The callers' side of a wire format.
pub trait Serve: Sync {
    /// Which wire format.
    fn dialect(&self) -> Dialect;

    /// Reads a request. What the address says (Gemini: the model, and whether to stream) is the route's to fill in.
    ///
    /// # Errors
    /// Bad JSON (the byte and the path), a wrong type (the field and what is allowed), a missing field.
    fn parse_request(&self, body: &[u8]) -> Result<Request, Error>;

    /// The fields of the request that this dialect repeats in its answers (Responses); they come back in
    /// [`Stamp::echo`].
    fn echo(&self, _request: &Request) -> Option<Box<Map<String, Value>>> {
        None
    }

    /// Appends a whole answer to `out`, as one JSON object.
    fn render_response(
        &self,
        response: &Response,
        stamp: &Stamp,
        receipt: &Receipt,
        out: &mut Vec<u8>,
    );

    /// Starts a streamed answer.
    fn stream(&self, stamp: Stamp) -> Box<dyn RenderStream>;

    /// Appends an error body to `out`.
    fn render_error(&self, error: &ErrorBody<'_>, out: &mut Vec<u8>);

    /// How callers ask for the tokens of a prompt to be counted, where the dialect has words for it.
    fn counting(&self) -> Option<&dyn ServeCount> {
        None
    }
}

/// Writes one streamed answer. Every method appends complete frames to `out`, or nothing.
pub trait RenderStream: Send {
    /// One step of the answer. [`Event::Usage`] is only remembered ([`RenderStream::finish`] writes it);
    /// [`Event::Fault`] is not given here ([`RenderStream::fault`] is called).
    fn event(&mut self, event: Event, out: &mut Vec<u8>);

    /// The answer is complete: usage with its cost, once, and the end marker.
    fn finish(&mut self, receipt: &Receipt, out: &mut Vec<u8>);

    /// The answer breaks off here: exactly one error in the caller's dialect, and the end marker where there is one.
    fn fault(&mut self, error: &ErrorBody<'_>, out: &mut Vec<u8>);

    /// A sign of life while nothing comes: `: OPENROUTER PROCESSING` or the dialect's own ping.
    fn keep_alive(&self, out: &mut Vec<u8>);
}

/// The vendors' side of a wire format.
pub trait Call: Sync {
    /// Which wire format.
    fn dialect(&self) -> Dialect;

    /// The path behind the vendor's base address (`/chat/completions`), query included. Borrowed where the model is
    /// no part of it.
    fn path(&self, upstream_model: &str, form: &Form, stream: bool) -> Cow<'static, str>;

    /// How the frames of a streamed answer are cut out of its bytes.
    fn framing(&self, _form: &Form) -> Framing {
        Framing::Sse
    }

    /// What this vendor lacks and [`render`] puts in other words.
    fn lacks(&self, _target: &Target<'_>) -> Lacks {
        Lacks::default()
    }

    /// Writes a request for this vendor as it stands; what the dialect cannot say is added to `loss`.
    ///
    /// # Errors
    /// The request asks for something that cannot be left out without answering another question
    /// (a document to a dialect without documents).
    fn render_request(
        &self,
        request: &Request,
        target: &Target<'_>,
        loss: &mut Vec<Loss>,
    ) -> Result<Vec<u8>, Error>;

    /// Reads a whole answer.
    ///
    /// # Errors
    /// It is no answer of this dialect.
    fn parse_response(&self, body: &[u8]) -> Result<Response, Error>;

    /// Starts reading a streamed answer.
    fn stream(&self, form: &Form) -> Box<dyn ParseStream>;

    /// Reads an error body, of whatever form; never fails.
    fn parse_error(&self, status: u16, body: &[u8]) -> VendorError;

    /// How the vendor is asked to count the tokens of a prompt, where the dialect has words for it.
    fn counting(&self) -> Option<&dyn CallCount> {
        None
    }
}

/// Reads one streamed answer.
pub trait ParseStream: Send {
    /// One frame, already cut out of the bytes; appends what it says to `out`.
    ///
    /// # Errors
    /// The frame is garbage. An error that the vendor states in a frame is not garbage: it is
    /// reported as [`Step::Error`].
    fn frame(&mut self, frame: &Frame<'_>, out: &mut Vec<Step>) -> Result<(), Error>;

    /// Text that came in a frame which was read the short way ([`Short`]) and not given here: for who needs the words
    /// of an answer again behind them.
    fn heard(&mut self, _choice: u32, _text: &str) {}

    /// The bytes are at their end: whether the answer had come to its own end before (a finish reason or
    /// an end marker was seen). A stream that is cut says no.
    fn is_complete(&self) -> bool;
}

/// What a frame says.
#[derive(Debug)]
pub enum Step {
    /// A step of the answer.
    Event(Event),
    /// The vendor breaks off with an error.
    Error(VendorError),
    /// The end marker. Nothing follows.
    End,
}

/// What a vendor says went wrong, in its own words; `providers::verdict` judges it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VendorError {
    /// The vendor's code or type (`insufficient_quota`, `overloaded_error`, `RESOURCE_EXHAUSTED`).
    pub code: Option<String>,
    /// Its message. Only for the log and for kinds that are the caller's to hear.
    pub message: Option<String>,
    /// The field it blames.
    pub param: Option<String>,
    /// The HTTP status it states in the body, where it does.
    pub status: Option<u16>,
    /// Seconds after which it may be asked again, where the body says so.
    pub retry_after_ms: Option<u64>,
}

/// Whom a request is written for.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The model as this vendor names it.
    pub upstream_model: &'a str,
    /// The model as the catalogue names it (`author/slug`).
    pub model: &'a str,
    /// How this vendor differs from the reference of its dialect.
    pub form: &'a Form,
    /// The most tokens an answer may have here, for dialects that demand a limit.
    pub max_output_tokens: Option<u64>,
    /// How this model is told to think.
    pub thinking: Thinking,
}

/// How a model is told to think.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Thinking {
    /// It does not, or nobody knows.
    #[default]
    Unknown,
    /// By a level (OpenAI, Grok, Gemini 3).
    Effort,
    /// By a budget of tokens (Claude before 4.6, Gemini 2.5).
    Budget,
    /// It decides; a level may steer (Claude from 4.6 on).
    Adaptive,
}

/// The ways in which vendors of one dialect differ in what they are sent: a closed list of facts,
/// set by `providers::quirks`. The default is the dialect's reference vendor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// Top-level request fields this vendor refuses; left out, and reported as lost.
    pub drops: &'static [&'static str],
    /// OpenAI chat: the limit is called `max_completion_tokens`.
    pub max_completion_tokens: bool,
    /// OpenAI chat: reasoning is asked for by OpenRouter's `reasoning` object, and router fields
    /// (`provider`, `models`, `plugins` …) are understood.
    pub openrouter: bool,
    /// OpenAI chat: reasoning comes back under this name in requests (`reasoning_content`); left out where absent.
    pub reasoning_field: Option<&'static str>,
    /// OpenAI chat: a seed is called `random_seed` (Mistral).
    pub random_seed: bool,
    /// OpenAI chat: `developer` turns are understood; else they become `system`.
    pub developer_role: bool,
    /// OpenAI chat: a usage chunk comes only when `stream_options.include_usage` asks for it.
    pub ask_for_usage: bool,
    /// OpenAI chat: tool choice `required` is called `any` (Mistral).
    pub required_is_any: bool,
    /// Cache breakpoints (`cache_control`) are understood inside OpenAI chat parts.
    pub cache_marks: bool,
    /// OpenAI chat: tools that take free text are understood.
    pub custom_tools: bool,
    /// The vendor searches the web by itself on this wire where it is asked to.
    pub searches: bool,
    /// On whose platform the dialect is spoken, where that changes paths, bodies or framing.
    pub platform: Platform,
}

/// A cloud that hosts another vendor's models behind its own addresses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Platform {
    /// The vendor's own, or one that changes nothing.
    #[default]
    Own,
    /// Google Vertex AI: the model stands in the path (`/publishers/…/models/{model}:rawPredict`).
    Vertex,
    /// Amazon Bedrock `InvokeModel`: the model stands in the path, streams are AWS event streams of base64 chunks.
    Bedrock,
    /// Azure: the deployment stands in the path or the body, `api-version` in the query.
    Azure,
}

/// What is ours in an answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stamp {
    /// `gen-…`.
    pub generation: String,
    /// Seconds since 1970.
    pub created: i64,
    /// The concrete model that serves, `author/slug`.
    pub model: String,
    /// Display name of the provider that serves.
    pub provider: String,
    /// The fields of the request that the caller's dialect repeats ([`Serve::echo`]).
    pub echo: Option<Box<Map<String, Value>>>,
}

/// What an answer used and cost, known at its end.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Receipt {
    /// What it used.
    pub usage: Usage,
    /// What the caller pays.
    pub cost: NanoUsd,
    /// What the vendor charges.
    pub upstream_cost: NanoUsd,
    /// Of it, for the prompt.
    pub upstream_prompt_cost: NanoUsd,
    /// Of it, for the answer.
    pub upstream_completion_cost: NanoUsd,
    /// Whether the caller's own provider key was used.
    pub is_byok: bool,
    /// When the answer was whole, in seconds since 1970, where that is known.
    pub completed_at: Option<i64>,
    /// How the request was routed, where the caller asked to see it.
    pub router: Option<Box<RouterMetadata>>,
    /// What only Weir has to say of the answer, where it has.
    pub weir: Option<Box<Weir>>,
}

/// What only Weir has to say of an answer: `weir` beside the usage, in every dialect.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Weir {
    /// Who went on with an answer that broke off, in order.
    pub continued: Vec<Continued>,
}

/// Somebody went on with an answer that broke off.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Continued {
    /// Display name of the provider.
    pub provider: String,
    /// The model, `author/slug`.
    pub model: String,
    /// Behind how many characters of the text.
    pub at: u64,
}

/// An error as callers see it, ready to be put into a dialect's form.
#[derive(Clone, Debug)]
pub struct ErrorBody<'a> {
    /// HTTP status, also `code` in the body.
    pub status: u16,
    /// `error_type`.
    pub kind: Kind,
    /// What the caller may hear.
    pub message: &'a str,
    /// The vendor's own code.
    pub provider_code: Option<&'a str>,
    /// More that the caller may read.
    pub metadata: Option<&'a Map<String, Value>>,
    /// Why no endpoint could serve.
    pub availability: Option<&'a Availability>,
    /// `gen-…`, where one was given out.
    pub generation: Option<&'a str>,
    /// How the request was routed, where the caller asked to see it.
    pub router: Option<&'a RouterMetadata>,
}

/// The callers' side of each dialect that is served.
pub const SERVED: &[&dyn Serve] = &[
    &openai::chat::Chat,
    &openai::responses::Responses,
    &openai::completions::Completions,
    &anthropic::Anthropic,
    &gemini::Gemini,
];

/// The vendors' side of each dialect that is called.
pub const CALLED: &[&dyn Call] = &[
    &openai::chat::Chat,
    &openai::responses::Responses,
    &anthropic::Anthropic,
    &gemini::Gemini,
    &bedrock::Bedrock,
    &cohere::Cohere,
    &ollama::Ollama,
    &replicate::Replicate,
];

/// The callers' side of a dialect, where it is served.
#[must_use]
pub fn served(dialect: Dialect) -> Option<&'static dyn Serve> {
    SERVED
        .iter()
        .copied()
        .find(|serve| serve.dialect() == dialect)
}

/// The vendors' side of a dialect, where it is called.
#[must_use]
pub fn called(dialect: Dialect) -> Option<&'static dyn Call> {
    CALLED
        .iter()
        .copied()
        .find(|call| call.dialect() == dialect)
}
