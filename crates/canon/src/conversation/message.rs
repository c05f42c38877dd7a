//! One turn of a conversation and the parts it is made of.

use serde_json::Value;

use super::{Extras, ReasoningPart, ToolCall, ToolResult};
use crate::{Dialect, Media};

/// One turn.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said, in order. May be empty (an assistant turn whose content is null).
    pub parts: Vec<Part>,
    /// Name of the speaker, where several share a role.
    pub name: Option<String>,
    /// Fields that only one dialect has.
    pub extras: Extras,
}

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Standing instructions.
    System,
    /// Standing instructions, in OpenAI's newer word.
    Developer,
    /// The person, or the program.
    User,
    /// The model.
    Assistant,
    /// A tool; every part is a [`Part::ToolResult`].
    Tool,
}

/// A piece of a turn. The same pieces make up answers.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// Text.
    Text(TextPart),
    /// An image, sound, video or file.
    Media {
        /// The thing itself.
        media: Media,
        /// Prompt cache breakpoint behind this part.
        cache: Option<CacheMark>,
        /// Fields that only one dialect has.
        extras: Extras,
    },
    /// The model's thinking, to be sent back unchanged.
    Reasoning(ReasoningPart),
    /// The model calls a tool.
    ToolCall(ToolCall),
    /// What the tool said.
    ToolResult(ToolResult),
    /// The model declines; text of its own.
    Refusal(String),
    /// A part that only one dialect has, whole. Replayed to the same dialect, lost to others.
    Other {
        /// The dialect it is from.
        dialect: Dialect,
        /// The part as it came.
        value: Value,
    },
}

/// Text with what may hang on it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TextPart {
    /// The text.
    pub text: String,
    /// What it was taken from.
    pub citations: Vec<Citation>,
    /// Prompt cache breakpoint behind this part.
    pub cache: Option<CacheMark>,
    /// Fields that only one dialect has.
    pub extras: Extras,
}

/// Where a piece of an answer comes from. Offsets count characters of the text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Citation {
    /// Address of the source.
    pub url: Option<String>,
    /// Title of the source.
    pub title: Option<String>,
    /// The words cited.
    pub content: Option<String>,
    /// First character it supports.
    pub start: Option<u64>,
    /// One behind the last character it supports.
    pub end: Option<u64>,
    /// The citation as its own dialect has it, whole; rendered instead of the fields above to that dialect.
    pub native: Extras,
}

/// "Cache the prompt up to here."
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct CacheMark {
    /// How long; the vendor's default where absent.
    pub ttl: Option<CacheTtl>,
}

/// Lifetime of a prompt cache entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CacheTtl {
    /// `5m`.
    FiveMinutes,
    /// `1h`.
    OneHour,
}

impl Part {
    /// Plain text without anything hanging on it.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(TextPart {
            text: text.into(),
            ..TextPart::default()
        })
    }
}

impl Message {
    /// A turn of one plain text.
    #[must_use]
    pub fn text(role: Role, text: impl Into<String>) -> Self {
        Self {
            role,
            parts: vec![Part::text(text)],
            name: None,
            extras: Extras::NONE,
        }
    }

    /// All its text, in order, without the rest.
    #[must_use]
    pub fn plain_text(&self) -> String {
        let texts = self.parts.iter().filter_map(|part| match part {
            Part::Text(text) => Some(text.text.as_str()),
            Part::Refusal(text) => Some(text.as_str()),
            Part::Media { .. }
            | Part::Reasoning(_)
            | Part::ToolCall(_)
            | Part::ToolResult(_)
            | Part::Other { .. } => None,
        });
        texts.collect()
    }
}
