//! A stream that breaks off goes on at another endpoint, where its caller wants that (`weir.on_break: "continue"`).
//!
//! Who goes on is shown what the caller was told: as the beginning of its own answer, where the model takes one
//! ([`prefill`]); else as its last turn, with the demand to go on from its last words. Where the answer was to have a
//! form, it is asked the same again, and what it repeats word for word is left out: so what the caller has is always one
//! document. How the two are joined is the [`Seam`]'s. docs/decisions/2026-11-22-continuation.md has what is not gone on
//! with, and why.

mod prefill;
mod seam;

use canon::{Again, Blame, Citation, Event, Fault, Format, Message, OnBreak, Part, Role};

use seam::Manner;
pub(super) use seam::{Diverged, Seam};

use super::{Admitted, plan::Target, record};
use crate::app::Core;

/// Longer answers are not kept to be gone on with.
const TOLD_BYTES_MAX: usize = 1 << 20;
/// Text has about so many bytes a token: what was told is taken from the caller's limit of the answer.
const BYTES_A_TOKEN: u64 = 4;
/// An answer is given at least this room for its rest.
const TOKENS_LEFT_MIN: u64 = 16;

/// What the caller was told so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    text: String,
    block: u32,
    /// The block of the last thought that was shown.
    thought: Option<u32>,
    is_finished: bool,
    /// Something that no two models can say together.
    is_unfit: bool,
}

/// The story so far, while somebody may have to go on with it.
#[derive(Debug, Default)]
pub(super) struct Story {
    told: Told,
    join: Option<Join>,
    /// Bytes of thoughts that the caller is not to hear.
    withheld: u64,
}

/// Somebody else goes on.
#[derive(Debug)]
struct Join {
    seam: Seam,
    /// The number of the first block of text that it writes.
    first_block: Option<u32>,
    /// What its thoughts' blocks are numbered from.
    thoughts_from: u32,
}

/// What is asked of who goes on.
#[derive(Debug)]
pub(super) struct Sequel {
    pub(super) request: canon::Request,
    /// Bytes that it has more than the caller's request.
    pub(super) added_bytes: u64,
    /// Characters of the text that the caller has.
    pub(super) told: u64,
    pub(super) seam: Option<Seam>,
}

impl Story {
    /// Of a request whose answer shall be gone on with; none of one that shall or can not. Several answers at once
    /// and probabilities of tokens have no one text that could be gone on with.
    pub(super) fn of(core: &Core, admitted: &Admitted) -> Option<Box<Self>> {
        let request = &admitted.request;
        let house = core.app().config.routing.on_break;
        let wanted = request.routing.on_break.unwrap_or(house) == OnBreak::Continue;
        let one_text = request.sampling.n.unwrap_or(1) <= 1
            && request.sampling.logprobs != Some(true)
            && request.modalities.iter().all(|kind| kind == "text");
        (wanted && one_text).then(Box::default)
    }

    /// Takes in what a vendor says; what of it the caller is to hear is added to `out`.
    ///
    /// # Errors
    /// What is said does not go on with what was told.
    pub(super) fn hear(&mut self, event: Event, out: &mut Vec<Event>) -> Result<(), Diverged> {
        let Some(join) = &mut self.join else {
            self.told.note(&event);
            out.push(event);
            return Ok(());
        };
        match event {
            Event::Start { .. } => {}
            Event::Reasoning(delta) if !self.told.text.is_empty() => {
                self.withheld += record::reasoning_bytes(&delta.body);
            }
            Event::Reasoning(mut delta) => {
                delta.block = delta.block.saturating_add(join.thoughts_from);
                self.say(Event::Reasoning(delta), out);
            }
            Event::Text {
                choice,
                block,
                text,
            } => {
                let first = *join.first_block.get_or_insert(block);
                let text = join.seam.push(text)?;
                let block = self.told.block_of(block, first);
                self.say_text((choice, block), text, out);
            }
            Event::Citation {
                choice,
                block,
                citation,
            } => {
                // Its places count the text of one vendor alone.
                let citation = Citation {
                    start: None,
                    end: None,
                    ..citation
                };
                let block = self.told.block_of(block, join.first_block.unwrap_or(block));
                self.say(
                    Event::Citation {
                        choice,
                        block,
                        citation,
                    },
                    out,
                );
            }
            Event::Usage(_) | Event::Other { .. } | Event::Logprobs { .. } | Event::Fault(_) => {
                out.push(event);
            }
            // What follows the text: it is known now.
            Event::Finish { .. }
            | Event::Refusal { .. }
            | Event::ToolCall { .. }
            | Event::ToolArguments { .. }
            | Event::Media { .. } => {
                self.join_up(out)?;
                self.say(event, out);
            }
        }
        Ok(())
    }

    /// The answer is over: what is still held back goes out.
    ///
    /// # Errors
    /// What was said does not go on with what was told.
    pub(super) fn end(&mut self, out: &mut Vec<Event>) -> Result<(), Diverged> {
        self.join_up(out)
    }

    fn join_up(&mut self, out: &mut Vec<Event>) -> Result<(), Diverged> {
        if let Some(join) = &mut self.join {
            let text = join.seam.finish()?;
            let block = self.told.block;
            self.say_text((0, block), text, out);
        }
        Ok(())
    }

    fn say_text(&mut self, (choice, block): (u32, u32), text: String, out: &mut Vec<Event>) {
        if !text.is_empty() {
            let event = Event::Text {
                choice,
                block,
                text,
            };
            self.say(event, out);
        }
    }

    fn say(&mut self, event: Event, out: &mut Vec<Event>) {
        self.told.note(&event);
        out.push(event);
    }

    /// How many bytes were left out since this was last asked.
    pub(super) fn take_withheld(&mut self) -> u64 {
        let left_out = |join: &mut Join| join.seam.take_withheld();
        std::mem::take(&mut self.withheld) + self.join.as_mut().map_or(0, left_out)
    }

    /// What is still held back never goes out. Gives how many bytes were left out since that was last asked.
    pub(super) fn abandon(&mut self) -> u64 {
        if let Some(join) = &mut self.join {
            join.seam.abandon();
        }
        self.take_withheld()
    }

    /// Whether the model had said that it is finished: nothing is missing but the vendor's own end.
    pub(super) const fn is_finished(&self) -> bool {
        self.told.is_finished && !self.told.is_unfit
    }

    /// What the caller was told, where somebody else can go on after this fault. A call of a tool can not be gone on
    /// with: its arguments would be of two models, and of those that are whole nobody knows whether they are all.
    pub(super) fn told(&self, fault: &Fault) -> Option<Told> {
        let elsewhere = matches!(fault.again, Again::Elsewhere { .. } | Again::OtherAccount);
        let upstream = matches!(fault.blame, Blame::Upstream(_));
        let fit = !self.told.is_unfit && !self.told.is_finished;
        (elsewhere && upstream && fit).then(|| self.told.clone())
    }

    /// Somebody else goes on.
    pub(super) fn go_on(&mut self, seam: Seam) {
        self.join = Some(Join {
            seam,
            first_block: None,
            thoughts_from: self.told.thought.map_or(0, |last| last + 1),
        });
    }
}

impl Told {
    fn note(&mut self, event: &Event) {
        match event {
            Event::Text {
                choice,
                block,
                text,
            } => {
                self.is_unfit |= *choice != 0 || self.text.len() + text.len() > TOLD_BYTES_MAX;
                if !self.is_unfit {
                    self.text.push_str(text);
                }
                self.block = *block;
            }
            Event::Reasoning(delta) => self.thought = self.thought.max(Some(delta.block)),
            Event::Finish { .. } => self.is_finished = true,
            Event::Refusal { .. }
            | Event::ToolCall { .. }
            | Event::ToolArguments { .. }
            | Event::Media { .. }
            | Event::Logprobs { .. } => self.is_unfit = true,
            Event::Start { .. }
            | Event::Citation { .. }
            | Event::Other { .. }
            | Event::Usage(_)
            | Event::Fault(_) => {}
        }
    }

    /// The number that a block of the next vendor's text has for the caller: its first one goes on with the last.
    const fn block_of(&self, block: u32, first: u32) -> u32 {
        self.block.saturating_add(block.saturating_sub(first))
    }
}

/// What is asked of a target so that it goes on with what was told.
///
/// # Errors
/// As of [`Target::endpoint`].
pub(super) fn sequel(
    admitted: &Admitted,
    told: &Told,
    target: &Target,
    max_tokens: Option<u64>,
) -> Result<Sequel, Fault> {
    let mut request = admitted.request.clone();
    let formed = matches!(
        request.format,
        Some(Format::JsonObject | Format::JsonSchema { .. })
    );
    let is_blank = told.text.trim().is_empty();
    let manner = if is_blank {
        // Only white space is to be joined.
        Manner::Prefilled
    } else if formed {
        Manner::Anew
    } else if prefill::is_taken(target, target.way(admitted.dialect)?, &request) {
        Manner::Prefilled
    } else {
        Manner::Asked
    };
    let seam = Seam::new(&told.text, manner);
    let before = bytes(&request.messages);
    match manner {
        _ if is_blank => {}
        Manner::Anew => {}
        Manner::Prefilled => begin_answer(&mut request.messages, told.text.trim_end()),
        Manner::Asked => {
            begin_answer(&mut request.messages, &told.text);
            let demand = demand(seam.anchor());
            request.messages.push(Message::text(Role::User, demand));
        }
    }
    request.sampling.max_tokens = match manner {
        Manner::Anew => max_tokens,
        Manner::Prefilled | Manner::Asked => max_tokens.map(|most| {
            let told = u64::try_from(told.text.len()).unwrap_or(u64::MAX) / BYTES_A_TOKEN;
            most.saturating_sub(told).max(TOKENS_LEFT_MIN.min(most))
        }),
    };
    Ok(Sequel {
        added_bytes: bytes(&request.messages).saturating_sub(before),
        told: u64::try_from(told.text.chars().count()).unwrap_or(u64::MAX),
        request,
        seam: Some(seam),
    })
}

/// Puts the beginning of an answer behind the conversation; behind the caller's own beginning, where there is one.
fn begin_answer(messages: &mut Vec<Message>, text: &str) {
    if let Some(last) = messages.last_mut()
        && last.role == Role::Assistant
        && let Some(Part::Text(part)) = last.parts.last_mut()
    {
        part.text.push_str(text);
        return;
    }
    messages.push(Message::text(Role::Assistant, text));
}

/// How a model is asked to go on that does not take the beginning of its answer. It repeats the last words, so that
/// the place where the two join is known to the letter.
fn demand(last_words: &str) -> String {
    format!(
        "Your answer above was cut off by a technical fault while it was being sent. Go on with it from exactly where \
         it stops, so that both parts together read as one answer. Do not apologise, do not explain, do not start \
         over. Begin with the last words that arrived, repeated exactly, and write on behind them in the same \
         language, form and tone. The last words that arrived:\n\n{last_words}"
    )
}

fn bytes(messages: &[Message]) -> u64 {
    let parts = messages.iter().flat_map(|message| &message.parts);
    let text = parts.filter_map(|part| match part {
        Part::Text(text) => Some(text.text.len()),
        Part::Media { .. }
        | Part::Reasoning(_)
        | Part::ToolCall(_)
        | Part::ToolResult(_)
        | Part::Refusal(_)
        | Part::Other { .. } => None,
    });
    // Quotes, escapes and names of fields around what is added.
    u64::try_from(text.sum::<usize>() + messages.len() * 64).unwrap_or(u64::MAX)
}
