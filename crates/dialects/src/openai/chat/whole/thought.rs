//! The thinking of a message, for a caller of the same dialect.
//!
//! Where it is one text, that goes on as it stands. Pieces (`reasoning_details`) are read and written by the readers
//! and writers of the long way: which of them are one, and what their fields mean, is known once.

use canon::{Part, ReasoningFormat};
use serde_json::{Value, value::RawValue};

use crate::{
    Whole,
    json::Object,
    openai::chat::{response::Sorted, stream::parse_thinking},
    short::whole::Plain,
};

/// What a model thought before it spoke.
pub(super) enum Thought<'a> {
    Nothing,
    Words(Plain<'a>),
    Pieces(Vec<Part>),
}

impl<'a> Thought<'a> {
    /// Reads it; `plain` are the fields it may stand in as one text, the one that counts first.
    pub(super) fn parse(plain: [Option<&'a RawValue>; 2], details: Vec<Value>) -> Option<Self> {
        let mut words = None;
        for field in plain.into_iter().flatten() {
            let text = Plain::of(field)?;
            if words.is_none() && text.bytes > 0 {
                words = Some(text);
            }
        }
        if details.is_empty() {
            return Some(words.map_or(Self::Nothing, Self::Words));
        }
        let words = match words {
            Some(words) => Some(words.text()?),
            None => None,
        };
        Some(Self::Pieces(parse_thinking(words, details)))
    }

    /// Appends what of it callers may read.
    pub(super) fn render_words(&self, whole: &mut Whole, message: &mut Object<'_>) -> Option<()> {
        match self {
            Self::Nothing => message.null("reasoning"),
            Self::Words(words) => {
                whole.hear(words);
                message.raw("reasoning", words.json);
            }
            Self::Pieces(parts) => {
                let words = Sorted::thinking(parts)?.reasoning();
                let bytes = words.as_ref().map_or(0, |words| words.len());
                whole.bytes = whole.bytes.saturating_add(u64::try_from(bytes).ok()?);
                message.field("reasoning", &words);
            }
        }
        Some(())
    }

    /// Appends its pieces.
    pub(super) fn render_details(&self, message: &mut Object<'_>) -> Option<()> {
        match self {
            Self::Nothing => {}
            Self::Words(words) => {
                let mut details = message.array("reasoning_details");
                let mut detail = details.object();
                detail.field("type", "reasoning.text");
                detail.raw("text", words.json);
                detail.field("format", ReasoningFormat::UNKNOWN.name());
                detail.field("index", &0);
                detail.close();
                details.close();
            }
            Self::Pieces(parts) => Sorted::thinking(parts)?.render_details(message),
        }
        Some(())
    }
}
