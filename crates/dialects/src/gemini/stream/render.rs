//! Writing a streamed answer.
//!
//! Every frame is an answer in small. Gemini never sends a call in pieces: a call is held back until its arguments
//! are whole. The reasons of the end, what stands beside the parts, and the counts come in one last frame.

use std::collections::BTreeMap;

use canon::{Dialect, Event};
use serde_json::{Map, Value};

use super::super::reply;
use super::super::wire::{Body, Piece};
use super::super::{error, usage};
use crate::json::Object;
use crate::{ErrorBody, Receipt, RenderStream, Stamp};

mod choice;

use choice::Choice;

/// One streamed answer.
pub(in crate::gemini) struct Renderer {
    stamp: Stamp,
    is_shown: bool,
    /// Fields of the answer that only Gemini has.
    own: Map<String, Value>,
    choices: BTreeMap<u32, Choice>,
}

impl Renderer {
    pub(in crate::gemini) fn new(stamp: Stamp) -> Self {
        Self {
            is_shown: reply::is_thinking_shown(&stamp),
            stamp,
            own: Map::new(),
            choices: BTreeMap::new(),
        }
    }
}

impl RenderStream for Renderer {
    fn event(&mut self, event: Event, out: &mut Vec<u8>) {
        let number = match &event {
            Event::Start { extras, .. } => {
                if let Some(own) = extras.of(Dialect::Gemini) {
                    self.own.clone_from(own);
                }
                return;
            }
            Event::Usage(_) | Event::Fault(_) => return,
            Event::Reasoning(delta) => delta.choice,
            Event::Text { choice, .. }
            | Event::Refusal { choice, .. }
            | Event::ToolCall { choice, .. }
            | Event::ToolArguments { choice, .. }
            | Event::Citation { choice, .. }
            | Event::Media { choice, .. }
            | Event::Logprobs { choice, .. }
            | Event::Other { choice, .. }
            | Event::Finish { choice, .. } => *choice,
        };
        let choice = self
            .choices
            .entry(number)
            .or_insert_with(|| Choice::new(self.is_shown));
        let mut frames = Frames {
            stamp: &self.stamp,
            number,
            out,
        };
        choice.event(event, &mut frames);
    }

    fn finish(&mut self, receipt: &Receipt, out: &mut Vec<u8>) {
        for (&number, choice) in &mut self.choices {
            let stamp = &self.stamp;
            choice.flush(&mut Frames { stamp, number, out });
        }
        frame(out, |answer| {
            let mut answered = self
                .choices
                .iter()
                .filter(|(_, choice)| !choice.is_blocked())
                .peekable();
            if answered.peek().is_some() {
                let mut candidates = answer.array("candidates");
                for (number, choice) in answered {
                    choice.ending(*number).render(&mut candidates);
                }
                candidates.close();
            }
            for (name, value) in self
                .choices
                .values()
                .flat_map(|choice| &choice.metadata.answer)
            {
                answer.field(name, value);
            }
            usage::render_usage(&receipt.usage, answer.key("usageMetadata"));
            reply::render_names(&self.stamp, answer);
            for (name, value) in &self.own {
                answer.field(name, value);
            }
            reply::render_receipt(&self.stamp, receipt, answer);
        });
    }

    /// There is no end marker.
    fn fault(&mut self, body: &ErrorBody<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(b"data: ");
        error::render_error(body, out);
        out.extend_from_slice(b"\n\n");
    }

    /// A text without a letter: Google has no ping, and some of its clients take a comment for a broken stream.
    fn keep_alive(&self, out: &mut Vec<u8>) {
        let (stamp, number) = (&self.stamp, 0);
        Frames { stamp, number, out }.push(&Piece::new(Body::Text("")));
    }
}

/// Where the parts of one candidate go: a frame each.
struct Frames<'a> {
    stamp: &'a Stamp,
    number: u32,
    out: &'a mut Vec<u8>,
}

impl Frames<'_> {
    fn push(&mut self, piece: &Piece<'_>) {
        frame(self.out, |answer| {
            let mut candidates = answer.array("candidates");
            let mut candidate = candidates.object();
            let mut content = candidate.object("content");
            let mut parts = content.array("parts");
            piece.render(&mut parts);
            parts.close();
            content.field("role", "model");
            content.close();
            candidate.field("index", &self.number);
            candidate.close();
            candidates.close();
            reply::render_names(self.stamp, answer);
        });
    }
}

fn frame(out: &mut Vec<u8>, write: impl FnOnce(&mut Object<'_>)) {
    out.extend_from_slice(b"data: ");
    let start = out.len();
    let mut answer = Object::open(out);
    write(&mut answer);
    answer.close();
    // Arguments go on as they were written, and may have line breaks between their tokens: one would end the frame.
    for byte in out.iter_mut().skip(start) {
        if matches!(byte, b'\n' | b'\r') {
            *byte = b' ';
        }
    }
    out.extend_from_slice(b"\n\n");
}
