//! Messages as they grow: texts, what hangs on them, and refusals.

use canon::Citation;
use serde_json::{Map, Value};

use super::{
    Open, Output,
    frames::{Part, Place},
    item::{Body, Content, Words},
};
use crate::openai::responses::annotation::is_renderable;

impl Output {
    pub(super) fn text(&mut self, block: u32, text: &str, out: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        self.open_text(block, out);
        let number = self.items.len().saturating_sub(1);
        if let Some(item) = self.items.last_mut()
            && let Body::Message(parts, _) = &mut item.body
        {
            let index = parts.len().saturating_sub(1);
            if let Some(Content::Text(words)) = parts.last_mut() {
                words.text.push_str(text);
                self.frames
                    .delta(Place::of(number, &item.id, index), Part::Text, text, out);
            }
        }
    }

    pub(super) fn refusal(&mut self, text: &str, out: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        if self.open != Some(Open::Refusal) {
            self.open_content(Content::Refusal(String::new()), Open::Refusal, out);
        }
        let number = self.items.len().saturating_sub(1);
        if let Some(item) = self.items.last_mut()
            && let Body::Message(parts, _) = &mut item.body
        {
            let index = parts.len().saturating_sub(1);
            if let Some(Content::Refusal(refusal)) = parts.last_mut() {
                refusal.push_str(text);
                self.frames
                    .delta(Place::of(number, &item.id, index), Part::Refusal, text, out);
            }
        }
    }

    fn open_text(&mut self, block: u32, out: &mut Vec<u8>) {
        if self.open != Some(Open::Text(block)) {
            let words = Content::Text(Words::default());
            self.open_content(words, Open::Text(block), out);
        }
    }

    /// Begins a part of a message, and the message where none is under way.
    fn open_content(&mut self, content: Content, open: Open, out: &mut Vec<u8>) {
        self.close_part(out);
        let is_under_way = self
            .items
            .last()
            .is_some_and(|item| !item.is_done && matches!(item.body, Body::Message(..)));
        if !is_under_way {
            self.open_item(None, Body::Message(Vec::new(), Map::new()), out);
        }
        self.open = Some(open);
        let number = self.items.len().saturating_sub(1);
        if let Some(item) = self.items.last_mut()
            && let Body::Message(parts, _) = &mut item.body
        {
            let place = Place::of(number, &item.id, parts.len());
            self.frames.part_added(place, &content, out);
            parts.push(content);
        }
    }

    pub(super) fn cite(&mut self, block: u32, citation: Citation, out: &mut Vec<u8>) {
        if !is_renderable(&citation) {
            return;
        }
        self.open_text(block, out);
        let number = self.items.len().saturating_sub(1);
        if let Some(item) = self.items.last_mut()
            && let Body::Message(parts, _) = &mut item.body
        {
            let index = parts.len().saturating_sub(1);
            if let Some(Content::Text(words)) = parts.last_mut() {
                let place = Place::of(number, &item.id, index);
                self.frames
                    .cited(place, words.citations.len(), &citation, out);
                words.citations.push(citation);
            }
        }
    }

    /// Probabilities of the text under way; they stand in its end and not in its pieces.
    pub(super) fn logprobs(&mut self, logprobs: &Value) {
        let pieces = logprobs.get("content").and_then(Value::as_array);
        if let Some(item) = self.items.last_mut()
            && let Body::Message(parts, _) = &mut item.body
            && let Some(Content::Text(words)) = parts.last_mut()
            && !item.is_done
        {
            words.logprobs.extend(pieces.into_iter().flatten().cloned());
        }
    }
}
