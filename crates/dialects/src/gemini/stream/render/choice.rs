//! One candidate of a stream that is written: what is held back, and what is remembered for the last frame.

use std::borrow::Cow;
use std::collections::BTreeMap;

use canon::{
    Citation, Dialect, Event, FinishReason, ReasoningBody, ReasoningDelta, ReasoningFormat,
};
use serde_json::Value;

use super::Frames;
use crate::gemini::grounding::{Cited, Grounding};
use crate::gemini::logprobs;
use crate::gemini::metadata::Metadata;
use crate::gemini::reply::{self, Candidate};
use crate::gemini::signature::{Place, Waiting};
use crate::gemini::wire::{Body, Piece};

/// A candidate under way.
#[derive(Debug)]
pub(super) struct Choice {
    is_shown: bool,
    /// Calls whose arguments may still grow, by number.
    calls: BTreeMap<u32, Call>,
    /// Signatures that wait for their call: its id, the signature.
    signatures: Vec<(String, String)>,
    /// And for their text or picture.
    waiting: Waiting<String>,
    /// Another vendor's thinking whose signature may still come.
    thought: Option<Thought>,
    /// All the text, and where each block of it begins: sources name places in it.
    text: String,
    blocks: Vec<(u32, usize)>,
    citations: Vec<(u32, Citation)>,
    probabilities: Vec<Value>,
    finish: Option<(FinishReason, Option<String>)>,
    has_parts: bool,
    pub(super) metadata: Metadata,
}

/// A call that is held back.
#[derive(Debug)]
struct Call {
    id: String,
    name: String,
    arguments: String,
    is_custom: bool,
}

/// Thinking under way whose words went out already, or are kept for its signature where they are hidden.
#[derive(Debug)]
struct Thought {
    block: u32,
    body: ReasoningBody,
    id: Option<String>,
    format: ReasoningFormat,
}

impl Choice {
    pub(super) fn new(is_shown: bool) -> Self {
        Self {
            is_shown,
            calls: BTreeMap::new(),
            signatures: Vec::new(),
            waiting: Waiting::default(),
            thought: None,
            text: String::new(),
            blocks: Vec::new(),
            citations: Vec::new(),
            probabilities: Vec::new(),
            finish: None,
            has_parts: false,
            metadata: Metadata::default(),
        }
    }

    /// One step of this candidate.
    pub(super) fn event(&mut self, event: Event, frames: &mut Frames<'_>) {
        match event {
            Event::Text { block, text, .. } => {
                self.begin(frames);
                if self.blocks.last().is_none_or(|(last, _)| *last != block) {
                    self.blocks.push((block, self.text.len()));
                }
                self.text.push_str(&text);
                self.text(&text, frames);
            }
            Event::Refusal { text, .. } => {
                self.begin(frames);
                self.text.push_str(&text);
                self.text(&text, frames);
            }
            Event::Reasoning(delta) => self.reason(delta, frames),
            Event::ToolCall {
                index,
                id,
                name,
                custom,
                ..
            } => {
                self.begin(frames);
                let call = Call {
                    id,
                    name,
                    arguments: String::new(),
                    is_custom: custom,
                };
                self.calls.insert(index, call);
            }
            Event::ToolArguments {
                index, fragment, ..
            } => {
                // A call that is gone was whole when the next one began; nothing can be behind a whole object.
                if let Some(call) = self.calls.get_mut(&index) {
                    call.arguments.push_str(&fragment);
                }
            }
            Event::Citation {
                block, citation, ..
            } => self.citations.push((block, citation)),
            Event::Media { media, .. } => {
                self.begin(frames);
                let mut signature = self.waiting.media();
                let mut pieces: Vec<_> = reply::media_pieces(&media).collect();
                if let Some(last) = pieces.last_mut() {
                    last.signature = signature.take().map(Cow::Owned);
                }
                for piece in pieces {
                    self.push(&piece, frames);
                }
            }
            Event::Logprobs { logprobs, .. } => self.add_probabilities(logprobs),
            Event::Other { dialect, value, .. } => {
                if dialect == Dialect::Gemini && value.is_object() && !self.metadata.add(&value) {
                    self.begin(frames);
                    self.push(&Piece::new(Body::Native(&value)), frames);
                }
            }
            Event::Finish { reason, native, .. } => self.finish = Some((reason, native)),
            Event::Start { .. } | Event::Usage(_) | Event::Fault(_) => {}
        }
    }

    /// Nothing more comes: what was held back goes out.
    pub(super) fn flush(&mut self, frames: &mut Frames<'_>) {
        self.end_thought(frames);
        while let Some((_, call)) = self.calls.pop_first() {
            self.call(&call, frames);
        }
        for signature in self.waiting.rest() {
            self.signed_text("", Some(signature), frames);
        }
        // What signed a call that is not there comes back as it came.
        for (id, data) in std::mem::take(&mut self.signatures) {
            let (body, format) = (ReasoningBody::Encrypted(data), &ReasoningFormat::GEMINI);
            if let Some(piece) = reply::thought(&body, Some(&id), format, self.is_shown) {
                self.push(&piece, frames);
            }
        }
    }

    /// A prompt that was not answered at all: Google gives a reason instead of a candidate.
    pub(super) fn is_blocked(&self) -> bool {
        !self.metadata.answer.is_empty() && !self.has_parts
    }

    /// What the last frame says of it.
    pub(super) fn ending(&self, index: u32) -> Candidate<'_> {
        let mut grounding = Grounding::default();
        for (block, citation) in &self.citations {
            let begins = |(known, start): &(u32, usize)| (known == block).then_some(*start);
            let offset = self.blocks.iter().find_map(begins).unwrap_or(0);
            let text = self.text.get(offset..).unwrap_or_default();
            let part = 0;
            grounding.add(citation, Cited { text, offset, part });
        }
        let probabilities = (!self.probabilities.is_empty())
            .then(|| serde_json::json!({ "content": self.probabilities }))
            .and_then(|whole| logprobs::render_logprobs(&whole));
        Candidate {
            index,
            // Clients look into the first part of every frame.
            pieces: vec![Piece::new(Body::Text(""))],
            finish: self
                .finish
                .as_ref()
                .map(|(reason, native)| (*reason, native.as_deref())),
            beside: reply::beside(&self.metadata, grounding.into_value(), probabilities),
        }
    }

    fn push(&mut self, piece: &Piece<'_>, frames: &mut Frames<'_>) {
        self.has_parts = true;
        frames.push(piece);
    }

    fn text(&mut self, text: &str, frames: &mut Frames<'_>) {
        for (text, signature) in self.waiting.text(text) {
            if !text.is_empty() || signature.is_some() {
                self.signed_text(text, signature, frames);
            }
        }
        // Text that comes in other pieces than it was signed in.
        for signature in self.waiting.missed() {
            self.signed_text("", Some(signature), frames);
        }
    }

    fn signed_text(&mut self, text: &str, signature: Option<String>, frames: &mut Frames<'_>) {
        let piece = Piece {
            signature: signature.map(Cow::Owned),
            ..Piece::new(Body::Text(text))
        };
        self.push(&piece, frames);
    }

    /// Another part begins: thinking is at its end, and calls that are whole go out.
    fn begin(&mut self, frames: &mut Frames<'_>) {
        self.end_thought(frames);
        while let Some(first) = self.calls.first_entry() {
            if !reply::is_object(&first.get().arguments) {
                return;
            }
            let call = first.remove();
            self.call(&call, frames);
        }
    }

    fn call(&mut self, call: &Call, frames: &mut Frames<'_>) {
        let place = self.signatures.iter().position(|(id, _)| *id == call.id);
        let signature = place.map(|place| self.signatures.remove(place).1);
        let piece = Piece {
            signature: signature.map(Cow::Owned),
            ..Piece::new(Body::Call {
                id: &call.id,
                name: &call.name,
                args: reply::args(&call.arguments, call.is_custom),
            })
        };
        self.push(&piece, frames);
    }

    fn add_probabilities(&mut self, logprobs: Value) {
        let Value::Object(mut fields) = logprobs else {
            return;
        };
        if let Some(Value::Array(list)) = fields.remove("content") {
            self.probabilities.extend(list);
        }
    }

    fn reason(&mut self, delta: ReasoningDelta, frames: &mut Frames<'_>) {
        if delta.format != ReasoningFormat::GEMINI {
            self.reason_foreign(delta, frames);
            return;
        }
        match (delta.body, delta.id) {
            (ReasoningBody::Encrypted(data), Some(id)) => match Place::of(&id) {
                // On an empty part: nothing has to come for it.
                Some(Place::Text(range)) if range.is_empty() => {
                    self.begin(frames);
                    self.signed_text("", Some(data), frames);
                }
                Some(place) => self.waiting.add(place, data),
                None => self.signatures.push((id, data)),
            },
            (ReasoningBody::Encrypted(data), None) => {
                self.begin(frames);
                self.signed_text("", Some(data), frames);
            }
            (body, _) => {
                self.begin(frames);
                if let Some(piece) = reply::thought(&body, None, &delta.format, self.is_shown) {
                    self.push(&piece, frames);
                }
            }
        }
    }

    /// Words go out as they come; whose they are and what signs them goes out when they end.
    fn reason_foreign(&mut self, delta: ReasoningDelta, frames: &mut Frames<'_>) {
        if self
            .thought
            .as_ref()
            .is_none_or(|open| !open.is_continued_by(&delta))
        {
            self.begin(frames);
            self.thought = Some(Thought::new(&delta));
        }
        let words = match &delta.body {
            ReasoningBody::Text { text, .. } | ReasoningBody::Summary(text) => text.as_str(),
            ReasoningBody::Encrypted(_) => "",
        };
        if self.is_shown && !words.is_empty() {
            self.push(&Piece::new(Body::Thought(words)), frames);
        }
        if let Some(thought) = &mut self.thought {
            thought.add(&delta, !self.is_shown);
        }
    }

    fn end_thought(&mut self, frames: &mut Frames<'_>) {
        let Some(thought) = self.thought.take() else {
            return;
        };
        let id = thought.id.as_deref();
        if let Some(piece) = reply::thought(&thought.body, id, &thought.format, self.is_shown) {
            self.push(&piece, frames);
        }
    }
}

impl Thought {
    fn new(delta: &ReasoningDelta) -> Self {
        Self {
            block: delta.block,
            body: match &delta.body {
                ReasoningBody::Text { .. } => ReasoningBody::Text {
                    text: String::new(),
                    signature: None,
                },
                ReasoningBody::Summary(_) => ReasoningBody::Summary(String::new()),
                ReasoningBody::Encrypted(_) => ReasoningBody::Encrypted(String::new()),
            },
            id: None,
            format: delta.format.clone(),
        }
    }

    fn is_continued_by(&self, delta: &ReasoningDelta) -> bool {
        let is_same_kind =
            std::mem::discriminant(&self.body) == std::mem::discriminant(&delta.body);
        self.block == delta.block && self.format == delta.format && is_same_kind
    }

    /// Adds a fragment; words only where they are hidden, since others went out.
    fn add(&mut self, delta: &ReasoningDelta, is_hidden: bool) {
        if delta.id.is_some() {
            self.id.clone_from(&delta.id);
        }
        match (&mut self.body, &delta.body) {
            (
                ReasoningBody::Text { text, signature },
                ReasoningBody::Text {
                    text: words,
                    signature: more,
                },
            ) => {
                if is_hidden {
                    text.push_str(words);
                }
                if let Some(more) = more {
                    signature.get_or_insert_default().push_str(more);
                }
            }
            (ReasoningBody::Summary(text), ReasoningBody::Summary(words)) => {
                if is_hidden {
                    text.push_str(words);
                }
            }
            (ReasoningBody::Encrypted(data), ReasoningBody::Encrypted(more)) => data.push_str(more),
            (
                ReasoningBody::Text { .. }
                | ReasoningBody::Summary(_)
                | ReasoningBody::Encrypted(_),
                _,
            ) => debug_assert!(false, "another kind is another piece"),
        }
    }
}
