//! One candidate of an answer, read piece by piece: its parts, its sources and why it ended.

mod call;

use canon::{
    Dialect, Event, FinishReason, Media, MediaKind, ReasoningBody, ReasoningDelta, ReasoningFormat,
    Source,
};
use serde_json::Value;

use super::partial::Arguments;
use super::signature::Place;
use super::{grounding, logprobs, media, metadata, wire};
use crate::sound::Pieces;
use crate::{Error, Fields, Step};

/// The longest beginning of the answer's id that goes into ids of calls: other vendors take 40
/// characters at most.
const ID_CHARS_MAX: usize = 24;

/// A candidate under way.
#[derive(Debug)]
pub(super) struct Candidate {
    number: u32,
    /// How ids of calls begin that come without.
    id_stem: String,
    /// How many blocks there are.
    blocks: u32,
    /// The block that text or thinking goes on in.
    open: Option<(Kind, u32)>,
    /// The text of the last text block, for places of sources; and the block.
    text: String,
    text_block: Option<u32>,
    /// How much text there was so far in all blocks, in bytes, and how many pictures and the like.
    said: usize,
    media: usize,
    calls: u32,
    /// Arguments that come in pieces.
    partial: Option<Arguments>,
    searches: u64,
    sound: Pieces,
    finish: Option<FinishReason>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Thought,
}

impl Candidate {
    pub(super) fn new(number: u32, response_id: Option<&str>) -> Self {
        Self {
            number,
            id_stem: id_stem(number, response_id),
            blocks: 0,
            open: None,
            text: String::new(),
            text_block: None,
            said: 0,
            media: 0,
            calls: 0,
            partial: None,
            searches: 0,
            sound: Pieces::EMPTY,
            finish: None,
        }
    }

    pub(super) const fn is_finished(&self) -> bool {
        self.finish.is_some()
    }

    pub(super) const fn searches(&self) -> u64 {
        self.searches
    }

    /// Reads what a frame has of this candidate.
    ///
    /// # Errors
    /// Something in it is not what it should be.
    pub(super) fn read(&mut self, mut fields: Fields, out: &mut Vec<Step>) -> Result<(), Error> {
        if let Some(mut content) = fields.object("content")? {
            for part in content.objects("parts")?.unwrap_or_default() {
                self.part(part, out)?;
            }
        }
        let probabilities = fields.peek("logprobsResult");
        if let Some(logprobs) = probabilities.and_then(logprobs::parse_logprobs) {
            push(
                out,
                Event::Logprobs {
                    choice: self.number,
                    logprobs,
                },
            );
        }
        for name in ["groundingMetadata", "citationMetadata"] {
            if let Some(value) = fields.peek(name) {
                self.cite(value, out);
            }
        }
        let reason = fields.value("finishReason");
        // Sources and probabilities are kept whole besides: only Gemini's own callers can read all of it.
        let rest = fields.into_map();
        if !rest.is_empty() {
            let (choice, dialect) = (self.number, Dialect::Gemini);
            let value = metadata::of_candidate(rest);
            push(
                out,
                Event::Other {
                    choice,
                    dialect,
                    value,
                },
            );
        }
        if let Some(reason) = reason {
            self.finish(&reason, out);
        }
        Ok(())
    }

    /// More of the text block under way, which was told elsewhere: places of sources count it.
    pub(super) fn heard(&mut self, text: &str) {
        self.text.push_str(text);
        self.said = self.said.saturating_add(text.len());
    }

    fn part(&mut self, mut part: Fields, out: &mut Vec<Step>) -> Result<(), Error> {
        let has_text = part.peek("text").is_some_and(Value::is_string);
        if has_text {
            let text = part.string("text")?.unwrap_or_default();
            let is_thought = part.bool("thought")? == Some(true);
            let signature = part.string("thoughtSignature")?;
            self.text(text, is_thought, signature, out);
        } else if part.has("functionCall") {
            let signature = part.string("thoughtSignature")?;
            if let Some(call) = part.object("functionCall")? {
                self.call(call, signature, out)?;
            }
        } else if part.has("inlineData") || part.has("fileData") {
            if part.peek("thought") == Some(&Value::Bool(true)) {
                // A draft of the picture to come: only Google's own callers are shown how it came about.
                self.own(part, out);
                return Ok(());
            }
            let signature = part.string("thoughtSignature")?;
            let place = Place::Media(self.media);
            self.media = self.media.saturating_add(1);
            self.sign(|| place.id(), signature, out);
            self.media(part, out)?;
        } else {
            self.own(part, out);
        }
        Ok(())
    }

    /// A part that only Gemini has.
    fn own(&mut self, part: Fields, out: &mut Vec<Step>) {
        self.open = None;
        let fields = part.into_map();
        if !fields.is_empty() {
            let (choice, dialect) = (self.number, Dialect::Gemini);
            let value = Value::Object(fields);
            push(
                out,
                Event::Other {
                    choice,
                    dialect,
                    value,
                },
            );
        }
    }

    fn text(
        &mut self,
        text: String,
        is_thought: bool,
        signature: Option<String>,
        out: &mut Vec<Step>,
    ) {
        let choice = self.number;
        if is_thought {
            // A thought that is signed is a part of its own, and its signature ends it.
            if signature.is_some() {
                self.open = None;
            }
            let block = self.block(Kind::Thought);
            if signature.is_some() {
                self.open = None;
            }
            let body = ReasoningBody::Text { text, signature };
            self.think(body, block, None, out);
            return;
        }
        let start = self.said;
        self.said = start.saturating_add(text.len());
        let place = Place::Text(start..self.said);
        self.sign(|| place.id(), signature, out);
        if !text.is_empty() {
            let block = self.block(Kind::Text);
            self.text.push_str(&text);
            push(
                out,
                Event::Text {
                    choice,
                    block,
                    text,
                },
            );
        }
    }

    /// The signature of the part that follows; its id says which that is.
    fn sign(
        &mut self,
        id: impl FnOnce() -> String,
        signature: Option<String>,
        out: &mut Vec<Step>,
    ) {
        if let Some(signature) = signature {
            let block = self.next_block();
            self.think(ReasoningBody::Encrypted(signature), block, Some(id()), out);
        }
    }

    fn think(&self, body: ReasoningBody, block: u32, id: Option<String>, out: &mut Vec<Step>) {
        push(
            out,
            Event::Reasoning(ReasoningDelta {
                choice: self.number,
                block,
                body,
                id,
                format: ReasoningFormat::GEMINI,
            }),
        );
    }

    fn media(&mut self, mut part: Fields, out: &mut Vec<Step>) -> Result<(), Error> {
        self.open = None;
        let (mut media, _) = media::parse(&mut part)?;
        if let (MediaKind::Audio, Source::Base64(data)) = (media.kind, &mut media.source) {
            *data = self.sound.add(std::mem::take(data));
        } else {
            self.end_sound(out);
        }
        let choice = self.number;
        push(out, Event::Media { choice, media });
        Ok(())
    }

    /// The sound under way is whole.
    pub(super) fn end_sound(&mut self, out: &mut Vec<Step>) {
        let rest = self.sound.end();
        if !rest.is_empty() {
            let (choice, media) = (self.number, Media::spoken(rest, None, None));
            push(out, Event::Media { choice, media });
        }
    }

    fn cite(&mut self, metadata: &Value, out: &mut Vec<Step>) {
        let queries = metadata.get("webSearchQueries").and_then(Value::as_array);
        let queries = queries.map_or(0, Vec::len);
        self.searches = self.searches.max(queries.try_into().unwrap_or(u64::MAX));
        let Some(block) = self.text_block else {
            return;
        };
        for citation in grounding::parse_citations(metadata, &self.text) {
            push(
                out,
                Event::Citation {
                    choice: self.number,
                    block,
                    citation,
                },
            );
        }
    }

    /// The first reason counts: some models repeat it.
    fn finish(&mut self, reason: &Value, out: &mut Vec<Step>) {
        if self.finish.is_some() {
            return;
        }
        self.end_partial(out);
        self.end_sound(out);
        let native = wire::finish_name(reason);
        let reason = wire::finish(&native, self.calls > 0);
        self.finish = Some(reason);
        push(
            out,
            Event::Finish {
                choice: self.number,
                reason,
                native: Some(native),
                stop_sequence: None,
            },
        );
    }

    /// The block under way where it is of this kind, or a new one.
    fn block(&mut self, kind: Kind) -> u32 {
        if let Some((open, block)) = self.open
            && open == kind
        {
            return block;
        }
        let block = self.next_block();
        self.open = Some((kind, block));
        if kind == Kind::Text {
            self.text.clear();
            self.text_block = Some(block);
        }
        block
    }

    fn next_block(&mut self) -> u32 {
        let block = self.blocks;
        self.blocks = self.blocks.saturating_add(1);
        block
    }
}

/// How ids of calls begin that come without: those of this candidate of this answer.
pub(super) fn id_stem(number: u32, response_id: Option<&str>) -> String {
    let is_plain = |letter: &char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    let mut stem = String::from("call_");
    let id = response_id.unwrap_or_default();
    stem.extend(id.chars().filter(is_plain).take(ID_CHARS_MAX));
    if stem.len() > "call_".len() {
        stem.push('_');
    }
    if number > 0 {
        stem.push_str(&format!("{number}_"));
    }
    stem
}

fn push(out: &mut Vec<Step>, event: Event) {
    out.push(Step::Event(event));
}
