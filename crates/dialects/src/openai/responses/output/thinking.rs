//! Reasoning items as they grow: words, summaries, signatures and what only the vendor can read.

use canon::{ReasoningBody, ReasoningDelta, ReasoningFormat};

use super::{
    Open, Output,
    frames::{Part, Place},
    item::Body,
};
use crate::openai::responses::reasoning::Thinking;

impl Output {
    pub(super) fn reason(&mut self, delta: ReasoningDelta, out: &mut Vec<u8>) {
        let open = match &delta.body {
            ReasoningBody::Text { .. } => Open::Thought(delta.block),
            ReasoningBody::Summary(_) => Open::Summary(delta.block),
            ReasoningBody::Encrypted(_) => Open::Encrypted(delta.block),
        };
        let is_signed = self.open == Some(Open::Signed(delta.block));
        let goes_on = self.open == Some(open) || is_signed;
        if !goes_on {
            self.close_part(out);
            self.think(delta.id, delta.format, out);
        }
        match delta.body {
            ReasoningBody::Encrypted(data) => {
                self.open = Some(open);
                self.thinking(|item| item.encrypt(&data));
            }
            ReasoningBody::Text { text, signature } => {
                let signature = signature.filter(|signature| !signature.is_empty());
                if !text.is_empty() || (!goes_on && signature.is_none()) {
                    self.words(open, &text, out);
                } else if !goes_on {
                    self.open = Some(Open::Signed(delta.block));
                }
                if let Some(signature) = signature {
                    self.thinking(|item| item.sign(&signature));
                }
            }
            ReasoningBody::Summary(text) => self.words(open, &text, out),
        }
    }

    /// Begins a reasoning item, where the piece does not belong to the one under way.
    fn think(&mut self, id: Option<String>, format: ReasoningFormat, out: &mut Vec<u8>) {
        let goes_on = self.items.last().is_some_and(|item| {
            !item.is_done
                && matches!(&item.body, Body::Reasoning(item) if item.takes(id.as_deref(), &format))
        });
        if !goes_on {
            let item = Thinking::new(id.clone().map(Into::into), format);
            self.open_item(id, Body::Reasoning(item), out);
        }
    }

    fn thinking(&mut self, change: impl FnOnce(&mut Thinking<'static>)) {
        if let Some(item) = self.items.last_mut()
            && let Body::Reasoning(item) = &mut item.body
        {
            change(item);
        }
    }

    fn words(&mut self, open: Open, text: &str, out: &mut Vec<u8>) {
        let is_summary = matches!(open, Open::Summary(_));
        let part = if is_summary {
            Part::Summary
        } else {
            Part::Thought
        };
        let number = self.items.len().saturating_sub(1);
        let Some(item) = self.items.last_mut() else {
            return;
        };
        let Body::Reasoning(thinking) = &mut item.body else {
            return;
        };
        let texts = if is_summary {
            thinking.summary()
        } else {
            thinking.content()
        };
        if self.open != Some(open) {
            self.open = Some(open);
            let place = Place::of(number, &item.id, texts.len());
            self.frames.thought_added(place, part, out);
            texts.push(String::new().into());
        }
        let index = texts.len().saturating_sub(1);
        if let Some(words) = texts.last_mut()
            && !text.is_empty()
        {
            words.to_mut().push_str(text);
            self.frames
                .delta(Place::of(number, &item.id, index), part, text, out);
        }
    }
}
