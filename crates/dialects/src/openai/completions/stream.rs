//! A streamed answer: chunks of text.

use std::collections::BTreeMap;

use canon::{Event, FinishReason};
use serde_json::Value;

use super::{
    logprobs::render_logprobs,
    response::{prompt, render_head, words},
};
use crate::{
    ErrorBody, Receipt, RenderStream, Stamp,
    json::Object,
    openrouter::{METADATA, WEIR, render_error_object, render_usage},
    sound::as_words,
};

const DONE: &[u8] = b"data: [DONE]\n\n";
const KEEP_ALIVE: &[u8] = b": OPENROUTER PROCESSING\n\n";
const FRAME_END: &[u8] = b"}\n\n";

/// Writes one streamed answer.
#[derive(Debug)]
pub(super) struct Renderer {
    /// `data: {"id":…,"object":…,"created":…,"model":…,"provider":…`, without what follows.
    head: Vec<u8>,
    /// What each answer begins with.
    prompt: String,
    /// How far each answer has come, in characters of tokens with known probabilities.
    answers: BTreeMap<u32, usize>,
}

/// What a chunk says of one answer.
#[derive(Default)]
struct Piece<'a> {
    text: &'a str,
    reasoning: Option<&'a str>,
    logprobs: Option<&'a Value>,
    finish: Option<FinishReason>,
    native: Option<&'a str>,
}

impl Renderer {
    pub(super) fn new(stamp: &Stamp) -> Self {
        let mut head = b"data: ".to_vec();
        render_head(stamp, &mut Object::open(&mut head));
        Self {
            head,
            prompt: prompt(stamp).to_owned(),
            answers: BTreeMap::new(),
        }
    }

    /// One chunk, and before the first of an answer the prompt, where it is to be repeated.
    fn piece(&mut self, choice: u32, piece: &Piece<'_>, out: &mut Vec<u8>) {
        let is_new = !self.answers.contains_key(&choice);
        let start = self.answers.entry(choice).or_default();
        if is_new && !self.prompt.is_empty() {
            let text = &self.prompt;
            let piece = Piece {
                text,
                ..Piece::default()
            };
            chunk(&self.head, choice, &piece, &mut 0, out);
        }
        chunk(&self.head, choice, piece, start, out);
    }
}

fn chunk(head: &[u8], choice: u32, piece: &Piece<'_>, start: &mut usize, out: &mut Vec<u8>) {
    out.extend_from_slice(head);
    out.extend_from_slice(b",\"choices\":[");
    let mut object = Object::open(out);
    object.field("index", &choice);
    object.field("text", piece.text);
    object.optional("reasoning", piece.reasoning);
    match piece.logprobs {
        Some(logprobs) => *start = render_logprobs(logprobs, *start, object.object("logprobs")),
        None => object.null("logprobs"),
    }
    object.field("finish_reason", &piece.finish.map(FinishReason::name));
    object.field("native_finish_reason", &piece.native);
    object.close();
    out.push(b']');
    out.extend_from_slice(FRAME_END);
}

impl RenderStream for Renderer {
    fn event(&mut self, event: Event, out: &mut Vec<u8>) {
        let nothing = Piece::default();
        match &as_words(event) {
            Event::Text { choice, text, .. } | Event::Refusal { choice, text } => {
                self.piece(*choice, &Piece { text, ..nothing }, out);
            }
            Event::Reasoning(delta) => {
                let reasoning = Some(words(&delta.body)).filter(|words| !words.is_empty());
                if reasoning.is_some() {
                    let piece = Piece {
                        reasoning,
                        ..nothing
                    };
                    self.piece(delta.choice, &piece, out);
                }
            }
            Event::Logprobs { choice, logprobs } => {
                let logprobs = Some(logprobs);
                self.piece(
                    *choice,
                    &Piece {
                        logprobs,
                        ..nothing
                    },
                    out,
                );
            }
            Event::Finish {
                choice,
                reason,
                native,
                ..
            } => {
                let piece = Piece {
                    finish: Some(*reason),
                    native: native.as_deref(),
                    ..nothing
                };
                self.piece(*choice, &piece, out);
            }
            Event::Start {
                system_fingerprint, ..
            } => {
                if let Some(fingerprint) = system_fingerprint {
                    Object::resume(&mut self.head).field("system_fingerprint", fingerprint);
                }
            }
            // Usage is written once, at the end; text completions offer no tools and ask for no pictures.
            Event::ToolCall { .. }
            | Event::ToolArguments { .. }
            | Event::Citation { .. }
            | Event::Media { .. }
            | Event::Other { .. }
            | Event::Usage(_)
            | Event::Fault(_) => {}
        }
    }

    fn finish(&mut self, receipt: &Receipt, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.head);
        let mut chunk = Object::resume(out);
        chunk.array("choices").close();
        render_usage(receipt, chunk.key("usage"));
        chunk.optional(METADATA, receipt.router.as_ref());
        chunk.optional(WEIR, receipt.weir.as_ref());
        out.extend_from_slice(FRAME_END);
        out.extend_from_slice(DONE);
    }

    fn fault(&mut self, error: &ErrorBody<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.head);
        let mut chunk = Object::resume(out);
        render_error_object(error, chunk.key("error"));
        let mut choices = chunk.array("choices");
        let mut choice = choices.object();
        choice.field("index", &0);
        choice.field("text", "");
        choice.null("logprobs");
        choice.field("finish_reason", FinishReason::Error.name());
        choice.null("native_finish_reason");
        choice.close();
        choices.close();
        chunk.optional(METADATA, error.router);
        out.extend_from_slice(FRAME_END);
        out.extend_from_slice(DONE);
    }

    fn keep_alive(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(KEEP_ALIVE);
    }
}
