//! A whole answer.

use serde_json::Value;

use crate::{Extras, Part, Usage};

/// What a vendor answered, in no particular wire format.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Response {
    /// The vendor's id of the answer.
    pub id: Option<String>,
    /// The model as the vendor names it.
    pub model: Option<String>,
    /// When, in seconds since 1970, where the vendor says.
    pub created: Option<i64>,
    /// The answers; nearly always one.
    pub choices: Vec<Choice>,
    /// What it used, where the vendor says.
    pub usage: Option<Usage>,
    /// The vendor's fingerprint of its configuration.
    pub system_fingerprint: Option<String>,
    /// Fields that only one dialect has.
    pub extras: Extras,
}

/// One of the answers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Choice {
    /// Its number, from 0.
    pub index: u32,
    /// What is said, in order.
    pub parts: Vec<Part>,
    /// Why it ended.
    pub finish: Option<FinishReason>,
    /// Why it ended, in the vendor's word.
    pub native_finish: Option<String>,
    /// Which stop sequence ended it.
    pub stop_sequence: Option<String>,
    /// Probabilities of its tokens, as OpenAI has them.
    pub logprobs: Option<Value>,
    /// Fields that only one dialect has; of the message and of the choice.
    pub extras: Extras,
}

/// Why an answer ended, in OpenRouter's five words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FinishReason {
    /// It came to its end, or to a stop sequence.
    Stop,
    /// It reached the limit of tokens.
    Length,
    /// It calls tools.
    ToolCalls,
    /// It was cut off, or declined, for its content.
    ContentFilter,
    /// The vendor failed.
    Error,
}

impl FinishReason {
    /// Its name on OpenRouter's wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Length => "length",
            Self::ToolCalls => "tool_calls",
            Self::ContentFilter => "content_filter",
            Self::Error => "error",
        }
    }
}
