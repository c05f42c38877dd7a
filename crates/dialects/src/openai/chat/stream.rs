//! Reading answers: a stream chunk by chunk. A whole answer is a stream of one chunk, so both are read here.
//!
//! Chunks of this dialect have no blocks: what belongs together is found by what came last, by the `index` of
//! tool calls and by the `index` of reasoning details.

mod calls;
mod choice;
mod render;

use canon::{Citation, Dialect, Event, Extras, FinishReason, Fold, Part, Usage};
use serde_json::Value;

use self::choice::ChoiceReader;
use super::{
    citation,
    finish::parse_finish,
    usage::Stated,
    wire::{Chunk, Loose, Piece, Rare},
};
use crate::{
    Error, ParseStream, Step, VendorError,
    framing::Frame,
    openai::error::{from_field, parse_error},
};

pub(super) use render::{Renderer, render_audio, words_of_call};

/// Reads one streamed answer.
#[derive(Debug, Default)]
pub(super) struct Reader {
    is_started: bool,
    has_ended: bool,
    /// The vendor's id of the answer; ids of calls that have none are made from it.
    id: String,
    service_tier: Option<String>,
    /// Sources that stand beside the answer, until it ends.
    sources: Vec<Citation>,
    choices: Vec<ChoiceReader>,
}

impl ParseStream for Reader {
    fn frame(&mut self, frame: &Frame<'_>, out: &mut Vec<Step>) -> Result<(), Error> {
        let data = frame.data.trim_ascii();
        if data.is_empty() {
            return Ok(());
        }
        if data == b"[DONE]" {
            self.has_ended = true;
            self.flush(&mut |event| out.push(Step::Event(event)));
            out.push(Step::End);
            return Ok(());
        }
        let chunk = Chunk::parse(data)?;
        if frame.event == Some("error") && chunk.error.is_nothing() || is_bare_error(&chunk) {
            out.push(Step::Error(parse_error(data)));
            return Ok(());
        }
        let error = self.chunk(chunk, &mut |event| out.push(Step::Event(event)));
        out.extend(error.map(Step::Error));
        Ok(())
    }

    fn is_complete(&self) -> bool {
        let finished = |choice: &ChoiceReader| choice.is_finished();
        self.has_ended || (!self.choices.is_empty() && self.choices.iter().all(finished))
    }
}

impl Reader {
    /// Reads one chunk; says what error it states, if any.
    pub(super) fn chunk(
        &mut self,
        chunk: Chunk<'_>,
        out: &mut impl FnMut(Event),
    ) -> Option<VendorError> {
        if let Some(tier) = chunk.service_tier.text()
            && self.service_tier.as_deref() != Some(&tier)
        {
            self.service_tier = Some(tier.into_owned());
        }
        let rare = chunk.rare.map(|rare| *rare).unwrap_or_default();
        if self.sources.is_empty() {
            let (addresses, results) = (rare.citations.list(), rare.search_results.list());
            self.sources = citation::parse_sources(&addresses, &results);
        }
        let pieces = chunk.choices.unwrap_or_default();
        if !self.is_started && (!pieces.is_empty() || !chunk.usage.is_nothing()) {
            self.is_started = true;
            self.id = chunk.id.text().unwrap_or_default().into_owned();
            out(Event::Start {
                id: Some(self.id.clone()).filter(|id| !id.is_empty()),
                model: chunk.model.string(),
                created: seconds(&chunk.created),
                usage: None,
                system_fingerprint: chunk.system_fingerprint.string(),
                extras: Extras::NONE,
            });
        }
        let (mut failure, mut usage) = (chunk.error, chunk.usage);
        for (place, mut piece) in pieces.into_iter().enumerate() {
            if failure.is_nothing() {
                failure = std::mem::take(&mut piece.error);
            }
            // An answer that breaks off does not end as well: the error says it.
            if !failure.is_nothing() && piece.is_broken() {
                piece.finish_reason = Loose::Nothing;
            }
            if usage.is_nothing() {
                usage = std::mem::take(&mut piece.usage);
            }
            self.piece(place, piece, out);
        }
        self.count(usage, rare.groq, out);
        (!failure.is_nothing()).then(|| from_field(&failure.into_value(), None))
    }

    /// What is still held back when nothing more comes.
    pub(super) fn flush(&mut self, out: &mut impl FnMut(Event)) {
        for choice in &mut self.choices {
            choice.flush(&self.id, out);
        }
    }

    fn piece(&mut self, place: usize, piece: Piece<'_>, out: &mut impl FnMut(Event)) {
        let stated = piece
            .index
            .u64()
            .and_then(|index| u32::try_from(index).ok());
        let index = stated.unwrap_or_else(|| u32::try_from(place).unwrap_or(u32::MAX));
        let known = self.choices.iter().position(|known| known.index == index);
        let position = known.unwrap_or_else(|| {
            self.choices.push(ChoiceReader::new(index));
            self.choices.len() - 1
        });
        let Some(choice) = self.choices.get_mut(position) else {
            return;
        };
        choice.piece(piece, &self.id, &mut self.sources, out);
    }

    fn count(&mut self, usage: Stated, groq: Option<Box<Usage>>, out: &mut impl FnMut(Event)) {
        let usage = match usage {
            Stated::Usage(usage) => usage,
            Stated::Nothing | Stated::Odd => groq,
        };
        if let Some(mut usage) = usage {
            if usage.service_tier.is_none() {
                usage.service_tier.clone_from(&self.service_tier);
            }
            out(Event::Usage(usage));
        }
    }
}

impl Piece<'_> {
    /// Whether its finish reason is that the vendor failed.
    fn is_broken(&self) -> bool {
        matches!(&self.finish_reason, Loose::Text(word) if parse_finish(word) == FinishReason::Error)
    }
}

/// The thinking of a whole message, read as all of it is.
pub(super) fn parse_thinking(plain: Option<String>, details: Vec<Value>) -> Vec<Part> {
    let mut fold = Fold::default();
    ChoiceReader::new(0).reason(plain, details, &mut |event| fold.add(event));
    let response = fold.finish().unwrap_or_else(|broken| broken.response);
    let choices = response.choices.into_iter();
    choices.flat_map(|choice| choice.parts).collect()
}

/// An error that stands at the top of a chunk: no choices, no usage, a message.
fn is_bare_error(chunk: &Chunk<'_>) -> bool {
    let is_told = |rare: &Rare<'_>| {
        matches!(rare.message, Loose::Text(_))
            || matches!(rare.detail, Loose::Text(_) | Loose::List(_))
    };
    let says_error = matches!(&chunk.object, Loose::Text(object) if object == "error")
        || chunk.rare.as_deref().is_some_and(is_told);
    says_error && chunk.choices.is_none() && chunk.usage.is_nothing() && chunk.error.is_nothing()
}

/// Seconds since 1970; some vendors write them as text.
fn seconds(created: &Loose<'_>) -> Option<i64> {
    match created {
        Loose::Number(number) => number.as_i64(),
        Loose::Text(text) => text.parse().ok(),
        Loose::Nothing | Loose::Bool(_) | Loose::List(_) | Loose::Object(_) => None,
    }
}

/// Something that only this dialect has, as a step of the answer.
fn other(choice: u32, value: Value) -> Event {
    Event::Other {
        choice,
        dialect: Dialect::OpenAiChat,
        value,
    }
}
