//! One answer under way: which block a piece of text or thinking belongs to.

use canon::{Citation, Event, Media, Part, ReasoningBody, ReasoningDelta, ReasoningFormat};
use serde_json::{Map, Value};

use super::{
    calls::{Calls, older_call},
    other,
};
use crate::openai::{
    chat::{
        citation::parse_annotation,
        finish::parse_finish,
        reasoning::{parse_detail, words},
        wire::{Delta, Loose, Piece},
    },
    media::parse_image,
};
use crate::sound::Pieces;

/// Reads the pieces of one answer.
#[derive(Debug)]
pub(super) struct ChoiceReader {
    pub(super) index: u32,
    blocks: u32,
    /// What came last, where more of the same would go on with it.
    last: Last,
    reasoning: Option<OpenReasoning>,
    calls: Calls,
    sound: Pieces,
    is_cited: bool,
    is_finished: bool,
    /// Whether a delta said anything.
    has_deltas: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Last {
    Nothing,
    Text(u32),
    Reasoning,
    Call,
}

/// The piece of thinking under way.
#[derive(Debug)]
struct OpenReasoning {
    block: u32,
    kind: std::mem::Discriminant<ReasoningBody>,
    index: Option<u32>,
    id: Option<String>,
}

impl ChoiceReader {
    pub(super) const fn new(index: u32) -> Self {
        Self {
            index,
            blocks: 0,
            last: Last::Nothing,
            reasoning: None,
            calls: Calls::new(index),
            sound: Pieces::EMPTY,
            is_cited: false,
            is_finished: false,
            has_deltas: false,
        }
    }

    /// Whether its finish reason was seen.
    pub(super) const fn is_finished(&self) -> bool {
        self.is_finished
    }

    /// Reads one piece. `id` is the vendor's id of the answer; `sources` go with the text once it ends.
    pub(super) fn piece(
        &mut self,
        piece: Piece<'_>,
        id: &str,
        sources: &mut Vec<Citation>,
        out: &mut impl FnMut(Event),
    ) {
        // Perplexity and Writer repeat the whole message beside each delta, and Perplexity writes an empty delta
        // beside a whole message. MiniMax repeats it behind the deltas.
        self.has_deltas |= piece.delta.as_ref().is_some_and(|it| !it.says_nothing());
        let delta = match (piece.delta, piece.message) {
            (Some(delta), Some(message)) if delta.says_nothing() && self.is_untouched() => {
                Some(message)
            }
            (Some(delta), _) => Some(delta),
            (None, message) => message.filter(|_| !self.has_deltas || self.is_untouched()),
        };
        if let Some(delta) = delta {
            self.delta(*delta, id, out);
        }
        if let Loose::Object(logprobs) = piece.logprobs {
            out(Event::Logprobs {
                choice: self.index,
                logprobs: Value::Object(*logprobs),
            });
        }
        if let Some(word) = piece.finish_reason.text()
            && !self.is_finished
        {
            self.is_finished = true;
            self.flush(id, out);
            self.cite(sources, out);
            let native = piece.native_finish_reason.string();
            out(Event::Finish {
                choice: self.index,
                reason: parse_finish(&word),
                native: native.or_else(|| Some(word.into_owned())),
                stop_sequence: piece.stop_reason.string(),
            });
        }
    }

    /// Gives out what was held back.
    pub(super) fn flush(&mut self, answer_id: &str, out: &mut impl FnMut(Event)) {
        let sound = self.sound.end();
        if !sound.is_empty() {
            out(Event::Media {
                choice: self.index,
                media: Media::spoken(sound, None, None),
            });
        }
        self.calls.flush(answer_id, out);
    }

    fn is_untouched(&self) -> bool {
        self.last == Last::Nothing
    }

    fn delta(&mut self, mut delta: Delta<'_>, id: &str, out: &mut impl FnMut(Event)) {
        let plain = delta.reasoning.string();
        let plain = plain.or_else(|| delta.reasoning_content.string());
        self.reason(plain, delta.reasoning_details.list(), out);
        match delta.content {
            Loose::Text(text) => self.text(text.into_owned(), out),
            Loose::List(parts) => parts.into_iter().for_each(|part| self.part(part, out)),
            // Cloudflare answers a schema with the object itself.
            Loose::Object(object) => self.text(Value::Object(*object).to_string(), out),
            Loose::Number(number) => self.text(number.to_string(), out),
            Loose::Bool(yes) => self.text(yes.to_string(), out),
            Loose::Nothing => {}
        }
        if let Some(text) = delta.refusal.string() {
            out(Event::Refusal {
                choice: self.index,
                text,
            });
        }
        for annotation in delta.annotations.list() {
            self.annotation(annotation, out);
        }
        for image in delta.images.list() {
            out(match parse_image(&image) {
                Some(media) => Event::Media {
                    choice: self.index,
                    media,
                },
                None => other(self.index, field("images", vec![image].into())),
            });
        }
        for call in delta.tool_calls {
            self.last = Last::Call;
            self.calls.piece(call, id, out);
        }
        if let Some(call) = delta.rest.shift_remove("function_call") {
            self.last = Last::Call;
            self.calls.piece(older_call(call), id, out);
        }
        let audio = match delta.rest.shift_remove("audio") {
            Some(Value::Object(audio)) => Some(audio),
            _ => None,
        };
        if !delta.rest.is_empty() {
            out(other(self.index, Value::Object(delta.rest)));
        }
        if let Some(audio) = audio {
            self.speak(audio, out);
        }
    }

    /// A piece of sound, and what of it only this dialect has: its id, and until when that is good.
    fn speak(&mut self, mut audio: Map<String, Value>, out: &mut impl FnMut(Event)) {
        let mut take = |name: &str| match audio.shift_remove(name) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        };
        let (data, transcript) = (take("data"), take("transcript"));
        let mime = take("format");
        audio.retain(|_, value| !value.is_null());
        if !audio.is_empty() {
            out(other(self.index, field("audio", Value::Object(audio))));
        }
        if data.is_some() || transcript.is_some() {
            let data = data.map(|data| self.sound.add(data)).unwrap_or_default();
            out(Event::Media {
                choice: self.index,
                media: Media::spoken(data, transcript, mime),
            });
        }
    }

    fn text(&mut self, text: String, out: &mut impl FnMut(Event)) {
        if !text.is_empty() {
            let (choice, block) = (self.index, self.text_block());
            out(Event::Text {
                choice,
                block,
                text,
            });
        }
    }

    fn text_block(&mut self) -> u32 {
        if let Last::Text(block) = self.last {
            return block;
        }
        let block = self.next_block();
        self.last = Last::Text(block);
        block
    }

    fn next_block(&mut self) -> u32 {
        let block = self.blocks;
        self.blocks = block.saturating_add(1);
        block
    }

    /// A part of a content list (Mistral): text, or thinking that is itself a list of texts.
    fn part(&mut self, mut part: Value, out: &mut impl FnMut(Event)) {
        let text_of = |value: &mut Value| match value.get_mut("text").map(Value::take) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        };
        match part.get("type").and_then(Value::as_str) {
            Some("text") => {
                if let Some(text) = text_of(&mut part) {
                    self.text(text, out);
                }
            }
            Some("thinking") => match part.get_mut("thinking").map(Value::take) {
                Some(Value::Array(pieces)) => {
                    for mut piece in pieces {
                        self.reason(text_of(&mut piece), Vec::new(), out);
                    }
                }
                Some(Value::String(text)) => self.reason(Some(text), Vec::new(), out),
                _ => {}
            },
            _ => out(other(self.index, part)),
        }
    }

    /// Thinking: details where they say something in words, else the plain text beside them.
    pub(super) fn reason(
        &mut self,
        plain: Option<String>,
        details: Vec<Value>,
        out: &mut impl FnMut(Event),
    ) {
        let mut parts = Vec::with_capacity(details.len());
        let mut has_words = false;
        for detail in details {
            let Value::Object(detail) = detail else {
                continue;
            };
            let part = parse_detail(detail);
            if let Part::Reasoning(reasoning) = &part {
                has_words |= words(&reasoning.body).is_some_and(|words| !words.is_empty());
            }
            parts.push(part);
        }
        if let Some(text) = plain
            && !has_words
            && !text.is_empty()
        {
            let body = ReasoningBody::Text {
                text,
                signature: None,
            };
            self.think(body, None, ReasoningFormat::UNKNOWN, None, out);
        }
        for part in parts {
            match part {
                Part::Reasoning(part) => {
                    self.think(part.body, part.id, part.format, part.index, out);
                }
                Part::Other { value, .. } => out(other(self.index, value)),
                Part::Text(_)
                | Part::Media { .. }
                | Part::ToolCall(_)
                | Part::ToolResult(_)
                | Part::Refusal(_) => {}
            }
        }
    }

    fn think(
        &mut self,
        body: ReasoningBody,
        id: Option<String>,
        format: ReasoningFormat,
        index: Option<u32>,
        out: &mut impl FnMut(Event),
    ) {
        let kind = std::mem::discriminant(&body);
        let goes_on = self.reasoning.as_ref().filter(|open| {
            let same_id = id.is_none() || open.id.is_none() || open.id == id;
            // Without an index, only what directly follows belongs together.
            let near = index.is_some() || self.last == Last::Reasoning;
            open.kind == kind && open.index == index && same_id && near
        });
        let block = match goes_on {
            Some(open) => open.block,
            None => {
                let block = self.next_block();
                self.reasoning = Some(OpenReasoning {
                    block,
                    kind,
                    index,
                    id: id.clone(),
                });
                block
            }
        };
        self.last = Last::Reasoning;
        out(Event::Reasoning(ReasoningDelta {
            choice: self.index,
            block,
            body,
            id,
            format,
        }));
    }

    fn annotation(&mut self, annotation: Value, out: &mut impl FnMut(Event)) {
        match parse_annotation(annotation) {
            Ok(citation) => {
                self.is_cited = true;
                let (choice, block) = (self.index, self.text_block());
                out(Event::Citation {
                    choice,
                    block,
                    citation,
                });
            }
            Err(annotation) => out(other(
                self.index,
                field("annotations", vec![annotation].into()),
            )),
        }
    }

    /// Sources that stand beside the answer, where it did not cite them itself.
    fn cite(&mut self, sources: &mut Vec<Citation>, out: &mut impl FnMut(Event)) {
        if self.is_cited {
            return;
        }
        for citation in std::mem::take(sources) {
            let (choice, block) = (self.index, self.text_block());
            out(Event::Citation {
                choice,
                block,
                citation,
            });
        }
    }
}

fn field(name: &str, value: Value) -> Value {
    let mut object = Map::new();
    object.insert(name.to_owned(), value);
    Value::Object(object)
}

impl Delta<'_> {
    /// Whether nothing is said.
    fn says_nothing(&self) -> bool {
        let no_content = match &self.content {
            Loose::Nothing => true,
            Loose::Text(text) => text.is_empty(),
            Loose::Bool(_) | Loose::Number(_) | Loose::List(_) | Loose::Object(_) => false,
        };
        no_content && self.tool_calls.is_empty() && self.reasoning_content.is_nothing()
    }
}
