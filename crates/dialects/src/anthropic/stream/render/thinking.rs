//! A block of thinking under way. Its signature is written once, at its end: clients replace, they don't append.

use canon::{Extras, Part, ReasoningBody, ReasoningDelta, ReasoningFormat, ReasoningPart};

use super::frames::Frames;
use crate::anthropic::foreign;

#[derive(Debug)]
pub(super) struct OpenThinking {
    block: u32,
    /// What there is besides words; the words went out as they came.
    body: ReasoningBody,
    id: Option<String>,
    format: ReasoningFormat,
}

impl OpenThinking {
    /// Begins a block; encrypted thinking is written whole, at its end.
    pub(super) fn start(delta: &ReasoningDelta, frames: &mut Frames, out: &mut Vec<u8>) -> Self {
        let body = match &delta.body {
            ReasoningBody::Text { .. } => ReasoningBody::Text {
                text: String::new(),
                signature: None,
            },
            ReasoningBody::Summary(_) => ReasoningBody::Summary(String::new()),
            ReasoningBody::Encrypted(_) => ReasoningBody::Encrypted(String::new()),
        };
        if !matches!(body, ReasoningBody::Encrypted(_)) {
            frames.start_thinking(out);
        }
        Self {
            block: delta.block,
            body,
            id: None,
            format: delta.format.clone(),
        }
    }

    /// Whether a fragment belongs to this block.
    pub(super) fn is_continued(&self, delta: &ReasoningDelta) -> bool {
        let same_kind = std::mem::discriminant(&self.body) == std::mem::discriminant(&delta.body);
        self.block == delta.block && same_kind
    }

    /// Takes in a fragment.
    pub(super) fn add(&mut self, delta: ReasoningDelta, frames: &Frames, out: &mut Vec<u8>) {
        if delta.id.is_some() {
            self.id = delta.id;
        }
        match (&mut self.body, delta.body) {
            (
                ReasoningBody::Text { signature, .. },
                ReasoningBody::Text {
                    text,
                    signature: more,
                },
            ) => {
                if let Some(more) = more {
                    signature.get_or_insert_default().push_str(&more);
                }
                if !text.is_empty() {
                    frames.thinking(&text, out);
                }
            }
            (ReasoningBody::Summary(_), ReasoningBody::Summary(text)) => {
                frames.thinking(&text, out);
            }
            (ReasoningBody::Encrypted(data), ReasoningBody::Encrypted(more)) => {
                data.push_str(&more);
            }
            // `is_continued` keeps the kinds apart.
            (
                ReasoningBody::Text { .. }
                | ReasoningBody::Summary(_)
                | ReasoningBody::Encrypted(_),
                _,
            ) => {}
        }
    }

    /// Ends the block.
    pub(super) fn close(self, frames: &mut Frames, out: &mut Vec<u8>) {
        if matches!(self.body, ReasoningBody::Encrypted(_)) {
            let part = Part::Reasoning(ReasoningPart {
                body: self.body,
                id: self.id,
                format: self.format,
                index: None,
                extras: Extras::NONE,
            });
            frames.whole(&part, out);
            return;
        }
        let packed = foreign::pack(&self.body, self.id.as_deref(), &self.format);
        let signature = match self.body {
            ReasoningBody::Text { signature, .. } if self.format == ReasoningFormat::ANTHROPIC => {
                signature.unwrap_or_default()
            }
            ReasoningBody::Text { .. }
            | ReasoningBody::Summary(_)
            | ReasoningBody::Encrypted(_) => packed,
        };
        if !signature.is_empty() {
            frames.signature(&signature, out);
        }
        frames.stop(out);
    }
}
