//! Writing a whole answer.

use std::borrow::Cow;

use canon::{
    Choice, Dialect, Part, ReasoningBody, ReasoningFormat, ReasoningPart, Response, ToolCall,
};

use super::super::grounding::{Cited, Grounding};
use super::super::metadata::Metadata;
use super::super::reply::{self, Candidate};
use super::super::signature::{Place, Waiting};
use super::super::wire::{Body, Piece};
use super::super::{logprobs, usage};
use crate::json::Object;
use crate::{Receipt, Stamp};

/// Appends the answer as one object.
pub(in crate::gemini) fn render_response(
    response: &Response,
    stamp: &Stamp,
    receipt: &Receipt,
    out: &mut Vec<u8>,
) {
    let is_shown = reply::is_thinking_shown(stamp);
    let metadata: Vec<Metadata> = response
        .choices
        .iter()
        .map(|choice| Metadata::among(&choice.parts))
        .collect();
    let choices = || response.choices.iter().zip(&metadata);
    let mut answer = Object::open(out);
    let mut answered = choices()
        .filter(|(choice, metadata)| !is_blocked(choice, metadata))
        .peekable();
    if answered.peek().is_some() {
        let mut candidates = answer.array("candidates");
        for (choice, metadata) in answered {
            candidate(choice, metadata, is_shown).render(&mut candidates);
        }
        candidates.close();
    }
    for (name, value) in choices().flat_map(|(_, metadata)| &metadata.answer) {
        answer.field(name, value);
    }
    usage::render_usage(&receipt.usage, answer.key("usageMetadata"));
    reply::render_names(stamp, &mut answer);
    let own = response.extras.of(Dialect::Gemini);
    for (name, value) in own.into_iter().flatten() {
        answer.field(name, value);
    }
    reply::render_receipt(stamp, receipt, &mut answer);
    answer.close();
}

/// A prompt that was not answered at all: Google gives a reason instead of a candidate.
fn is_blocked(choice: &Choice, metadata: &Metadata) -> bool {
    let is_answer = |part: &Part| !matches!(part, Part::Other { .. });
    !metadata.answer.is_empty() && !choice.parts.iter().any(is_answer)
}

fn candidate<'a>(choice: &'a Choice, metadata: &'a Metadata, is_shown: bool) -> Candidate<'a> {
    let mut writer = Writer {
        is_shown,
        ..Writer::default()
    };
    for part in &choice.parts {
        writer.wait(part);
    }
    for part in &choice.parts {
        writer.part(part);
    }
    let Writer {
        mut pieces,
        signatures,
        mut waiting,
        grounding,
        ..
    } = writer;
    pieces.extend(waiting.rest().into_iter().map(signed_nothing));
    // What signed a call that is not there comes back as it came.
    pieces.extend(
        signatures.into_iter().filter_map(|part| {
            reply::thought(&part.body, part.id.as_deref(), &part.format, is_shown)
        }),
    );
    let probabilities = choice.logprobs.as_ref().and_then(logprobs::render_logprobs);
    Candidate {
        index: choice.index,
        pieces,
        finish: choice
            .finish
            .map(|reason| (reason, choice.native_finish.as_deref())),
        beside: reply::beside(metadata, grounding.into_value(), probabilities),
    }
}

/// The parts of one answer, as they are put into Google's shape.
#[derive(Default)]
struct Writer<'a> {
    is_shown: bool,
    pieces: Vec<Piece<'a>>,
    /// Signatures that wait for their call.
    signatures: Vec<&'a ReasoningPart>,
    /// And for their text or picture.
    waiting: Waiting<&'a str>,
    grounding: Grounding,
}

impl<'a> Writer<'a> {
    /// Remembers a signature, which may stand before or behind what it signs.
    fn wait(&mut self, part: &'a Part) {
        if let Part::Reasoning(part) = part
            && part.format == ReasoningFormat::GEMINI
            && let ReasoningBody::Encrypted(signature) = &part.body
            && let Some(id) = part.id.as_deref()
        {
            match Place::of(id) {
                Some(place) => self.waiting.add(place, signature),
                None => self.signatures.push(part),
            }
        }
    }

    fn part(&mut self, part: &'a Part) {
        match part {
            Part::Text(text) => {
                for citation in &text.citations {
                    let (offset, part) = (0, self.pieces.len());
                    let text = text.text.as_str();
                    self.grounding.add(citation, Cited { text, offset, part });
                }
                self.text(&text.text);
            }
            Part::Refusal(text) => self.text(text),
            Part::Reasoning(part) => self.reason(part),
            Part::ToolCall(call) => self.call(call),
            Part::Media { media, .. } => {
                self.pieces.extend(reply::media_pieces(media));
                if let (Some(signature), Some(last)) =
                    (self.waiting.media(), self.pieces.last_mut())
                {
                    last.signature = Some(Cow::Borrowed(signature));
                }
            }
            Part::Other { dialect, value } => {
                let is_part = *dialect == Dialect::Gemini
                    && value.is_object()
                    && !Metadata::default().add(value);
                if is_part {
                    self.pieces.push(Piece::new(Body::Native(value)));
                }
            }
            // What a tool said is no part of an answer in this dialect.
            Part::ToolResult(_) => {}
        }
    }

    fn text(&mut self, text: &'a str) {
        for (text, signature) in self.waiting.text(text) {
            if !text.is_empty() || signature.is_some() {
                self.pieces.push(Piece {
                    signature: signature.map(Cow::Borrowed),
                    ..Piece::new(Body::Text(text))
                });
            }
        }
    }

    fn reason(&mut self, part: &'a ReasoningPart) {
        if part.format != ReasoningFormat::GEMINI {
            let thought =
                reply::thought(&part.body, part.id.as_deref(), &part.format, self.is_shown);
            self.pieces.extend(thought);
            return;
        }
        match (&part.body, &part.id) {
            (ReasoningBody::Encrypted(_), Some(_)) => {}
            (ReasoningBody::Encrypted(signature), None) => self.sign(signature),
            (ReasoningBody::Text { .. } | ReasoningBody::Summary(_), _) => {
                self.pieces.extend(reply::thought(
                    &part.body,
                    None,
                    &part.format,
                    self.is_shown,
                ));
            }
        }
    }

    /// A signature of the text or picture before it, or of a part of its own.
    fn sign(&mut self, signature: &'a str) {
        let signature = Some(Cow::Borrowed(signature));
        match self.pieces.last_mut() {
            Some(last) if last.takes_signature() => last.signature = signature,
            _ => self.pieces.push(Piece {
                signature,
                ..Piece::new(Body::Text(""))
            }),
        }
    }

    fn call(&mut self, call: &'a ToolCall) {
        let is_its = |part: &&ReasoningPart| part.id.as_deref() == Some(call.id.as_str());
        let place = self.signatures.iter().position(is_its);
        let signature = place.map(|place| self.signatures.remove(place));
        let signature = signature.and_then(|part| match &part.body {
            ReasoningBody::Encrypted(data) => Some(Cow::Borrowed(data.as_str())),
            ReasoningBody::Text { .. } | ReasoningBody::Summary(_) => None,
        });
        self.pieces.push(Piece {
            signature,
            ..Piece::new(Body::Call {
                id: &call.id,
                name: &call.name,
                args: reply::args(&call.arguments, call.custom),
            })
        });
    }
}

/// A signature whose part is not there, on an empty one.
fn signed_nothing(signature: &str) -> Piece<'_> {
    Piece {
        signature: Some(Cow::Borrowed(signature)),
        ..Piece::new(Body::Text(""))
    }
}
