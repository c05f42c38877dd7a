//! One step of a streamed answer, and the sum of many steps.

mod sum;

use serde_json::Value;

pub use sum::{Broken, Fold, fold};

use crate::{
    Citation, Dialect, Extras, Fault, FinishReason, Media, ReasoningBody, ReasoningFormat, Usage,
};

/// One step of a streamed answer. `choice` is the number of the answer it belongs to (nearly always 0);
/// `block` numbers the content blocks of one answer, so that two texts in a row stay two.
#[derive(Debug)]
pub enum Event {
    /// The vendor has begun. At most once, first.
    Start {
        /// The vendor's id of the answer.
        id: Option<String>,
        /// The model as the vendor names it.
        model: Option<String>,
        /// When, in seconds since 1970.
        created: Option<i64>,
        /// What is known of the usage so far (Anthropic states the prompt's tokens here).
        usage: Option<Box<Usage>>,
        /// The vendor's fingerprint of its configuration.
        system_fingerprint: Option<String>,
        /// Fields that only one dialect has.
        extras: Extras,
    },
    /// More text.
    Text {
        /// Which answer.
        choice: u32,
        /// Which block.
        block: u32,
        /// The piece.
        text: String,
    },
    /// More of a refusal.
    Refusal {
        /// Which answer.
        choice: u32,
        /// The piece.
        text: String,
    },
    /// More thinking.
    Reasoning(ReasoningDelta),
    /// A tool call begins.
    ToolCall {
        /// Which answer.
        choice: u32,
        /// The number of the call within the answer, from 0 without gaps.
        index: u32,
        /// The id its result will refer to.
        id: String,
        /// The function.
        name: String,
        /// Whether it is a custom tool, whose arguments are free text.
        custom: bool,
        /// Fields that only one dialect has.
        extras: Extras,
    },
    /// More of a call's arguments.
    ToolArguments {
        /// Which answer.
        choice: u32,
        /// The number of the call.
        index: u32,
        /// The piece of JSON text, as it came.
        fragment: String,
    },
    /// A source of the text of this block.
    Citation {
        /// Which answer.
        choice: u32,
        /// Which block.
        block: u32,
        /// The source.
        citation: Citation,
    },
    /// A whole picture; or a piece of a sound. Pieces that follow each other, with nothing of the answer between them,
    /// are one sound. Each holds whole groups of base64, unpadded but for the last, so that they can be decoded one by
    /// one as well as joined; data or transcript may be empty.
    Media {
        /// Which answer.
        choice: u32,
        /// The picture, or the piece.
        media: Media,
    },
    /// Probabilities of the tokens of the last text, as OpenAI has them.
    Logprobs {
        /// Which answer.
        choice: u32,
        /// The object as it came.
        logprobs: Value,
    },
    /// Something that only one dialect has: a whole block or a field of a delta.
    Other {
        /// Which answer.
        choice: u32,
        /// The dialect it is from.
        dialect: Dialect,
        /// As it came; what it stands for is between the two halves of that dialect.
        value: Value,
    },
    /// The answer ended.
    Finish {
        /// Which answer.
        choice: u32,
        /// Why.
        reason: FinishReason,
        /// Why, in the vendor's word.
        native: Option<String>,
        /// Which stop sequence ended it.
        stop_sequence: Option<String>,
    },
    /// What it used so far; the last one counts.
    Usage(Box<Usage>),
    /// The vendor failed in mid stream. Nothing follows.
    Fault(Box<Fault>),
}

/// More thinking: a fragment of a piece.
#[derive(Clone, Debug, PartialEq)]
pub struct ReasoningDelta {
    /// Which answer.
    pub choice: u32,
    /// Which piece; fragments of the same block belong together.
    pub block: u32,
    /// The fragment. A signature comes with an empty text.
    pub body: ReasoningBody,
    /// The vendor's id of the piece.
    pub id: Option<String>,
    /// Whose form it has.
    pub format: ReasoningFormat,
}
