//! Events into OpenRouter's form of Anthropic's stream (spec/inference.md §5.3).
//!
//! One block is open at a time, and blocks are numbered without gaps. Some vendors send the arguments of several
//! calls in turns; then what comes for later blocks is held until the call under way is whole, so nothing is lost
//! and everything else is passed on as it comes.

mod frames;
mod thinking;

use std::collections::VecDeque;

use canon::{Event, Extras, FinishReason, Part, ReasoningDelta, Usage};
use serde_json::{Map, Value};

use self::{frames::Frames, thinking::OpenThinking};
use super::scan::Scan;
use crate::{
    ErrorBody, Receipt, RenderStream, Stamp,
    anthropic::{
        error,
        response::{extend_own, message_fields},
        wire::{DIALECT, Ending, is_sayable},
    },
    sound::as_words,
};

/// Writes one streamed answer.
#[derive(Debug)]
pub(in crate::anthropic) struct Renderer {
    stamp: Stamp,
    is_started: bool,
    frames: Frames,
    open: Option<Open>,
    /// Events that wait until the call under way is whole; pieces of one call are joined.
    held: VecDeque<Event>,
    has_calls: bool,
    has_refusal: bool,
    finish: Option<Finish>,
    /// Fields of the message that only this dialect has.
    own: Map<String, Value>,
}

/// The block under way.
#[derive(Debug)]
enum Open {
    Text(u32),
    Refusal,
    Thinking(OpenThinking),
    Call { index: u32, scan: Scan },
}

#[derive(Debug)]
struct Finish {
    reason: FinishReason,
    native: Option<String>,
    stop_sequence: Option<String>,
}

impl RenderStream for Renderer {
    fn event(&mut self, event: Event, out: &mut Vec<u8>) {
        let event = as_words(event);
        match event {
            Event::Start { usage, extras, .. } => self.start(usage.as_deref(), &extras, out),
            Event::Finish {
                choice: 0,
                reason,
                native,
                stop_sequence,
            } => {
                self.finish = Some(Finish {
                    reason,
                    native,
                    stop_sequence,
                });
            }
            // Usage is written at the end, from the receipt; a fault comes by its own way; and callers of
            // this dialect cannot ask for probabilities.
            Event::Usage(_) | Event::Fault(_) | Event::Logprobs { .. } | Event::Finish { .. } => {}
            Event::Text { choice, .. }
            | Event::Refusal { choice, .. }
            | Event::ToolCall { choice, .. }
            | Event::ToolArguments { choice, .. }
            | Event::Citation { choice, .. }
            | Event::Media { choice, .. }
            | Event::Other { choice, .. }
                if choice != 0 => {}
            Event::Reasoning(delta) if delta.choice != 0 => {}
            Event::Text { .. }
            | Event::Refusal { .. }
            | Event::Reasoning(_)
            | Event::ToolCall { .. }
            | Event::ToolArguments { .. }
            | Event::Citation { .. }
            | Event::Media { .. }
            | Event::Other { .. } => {
                self.ensure_started(out);
                self.take(event, out);
            }
        }
    }

    fn finish(&mut self, receipt: &Receipt, out: &mut Vec<u8>) {
        self.ensure_started(out);
        self.close(out);
        self.drain(true, out);
        self.close(out);
        let finish = self.finish.as_ref();
        let ending = Ending {
            finish: Some(finish.map_or(FinishReason::Stop, |finish| finish.reason)),
            native: finish.and_then(|finish| finish.native.as_deref()),
            stop_sequence: finish.and_then(|finish| finish.stop_sequence.as_deref()),
            has_calls: self.has_calls,
            has_refusal: self.has_refusal,
        };
        let own = std::mem::take(&mut self.own);
        frames::message_delta(ending, own, receipt, out);
        frames::message_stop(receipt, out);
    }

    fn fault(&mut self, error: &ErrorBody<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(b"event: error\ndata: ");
        error::render(error, out);
        out.extend_from_slice(b"\n\n");
    }

    fn keep_alive(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"event: ping\ndata: {\"type\":\"ping\"}\n\n");
    }
}

impl Renderer {
    /// A stream of which nothing is written yet.
    pub(in crate::anthropic) fn new(stamp: Stamp) -> Self {
        Self {
            stamp,
            is_started: false,
            frames: Frames::default(),
            open: None,
            held: VecDeque::new(),
            has_calls: false,
            has_refusal: false,
            finish: None,
            own: Map::new(),
        }
    }

    fn ensure_started(&mut self, out: &mut Vec<u8>) {
        self.start(None, &Extras::NONE, out);
    }

    fn start(&mut self, usage: Option<&Usage>, extras: &Extras, out: &mut Vec<u8>) {
        if self.is_started {
            return;
        }
        self.is_started = true;
        frames::message_start(&self.stamp, usage, extras, out);
    }

    /// Writes what an event says, now or when its turn comes.
    fn take(&mut self, event: Event, out: &mut Vec<u8>) {
        let Some(Open::Call { index: open, scan }) = &mut self.open else {
            self.place(event, out);
            return;
        };
        if let Event::ToolArguments {
            index, fragment, ..
        } = &event
            && index == open
        {
            scan.add(fragment);
            let is_whole = scan.is_whole();
            self.frames.arguments(fragment, out);
            if is_whole && !self.held.is_empty() {
                self.close(out);
                self.drain(false, out);
            }
        } else if scan.is_whole() {
            self.close(out);
            self.place(event, out);
        } else {
            self.hold(event);
        }
    }

    fn hold(&mut self, event: Event) {
        let Event::ToolArguments {
            index, fragment, ..
        } = &event
        else {
            self.held.push_back(event);
            return;
        };
        for held in self.held.iter_mut().rev() {
            if let Event::ToolArguments {
                index: known,
                fragment: held,
                ..
            } = held
                && known == index
            {
                held.push_str(fragment);
                return;
            }
        }
        self.held.push_back(event);
    }

    /// Writes what was held, up to a call that is not whole yet; to the end where nothing more will come.
    fn drain(&mut self, is_last: bool, out: &mut Vec<u8>) {
        while let Some(event) = self.held.pop_front() {
            let Event::ToolCall { index: call, .. } = event else {
                self.place(event, out);
                continue;
            };
            self.place(event, out);
            let is_own = |event: &Event| matches!(event, Event::ToolArguments { index, .. } if *index == call);
            while let Some(place) = self.held.iter().position(is_own) {
                if let Some(arguments) = self.held.remove(place) {
                    self.place(arguments, out);
                }
            }
            let is_whole = matches!(self.open, Some(Open::Call { scan, .. }) if scan.is_whole());
            if !is_whole && !is_last {
                return;
            }
            self.close(out);
        }
    }

    /// Writes an event that need not wait.
    fn place(&mut self, event: Event, out: &mut Vec<u8>) {
        match event {
            Event::Text { block, text, .. } => {
                self.open_text(block, out);
                self.frames.text(&text, out);
            }
            Event::Refusal { text, .. } => self.refuse(&text, out),
            Event::Reasoning(delta) => self.think(delta, out),
            Event::ToolCall {
                index,
                id,
                name,
                extras,
                ..
            } => {
                self.close(out);
                self.has_calls = true;
                self.frames.start_call(&id, &name, &extras, out);
                let scan = Scan::default();
                self.open = Some(Open::Call { index, scan });
            }
            Event::ToolArguments {
                index, fragment, ..
            } => {
                // Of a call that was whole already there is nothing more to say.
                if let Some(Open::Call { index: open, scan }) = &mut self.open
                    && *open == index
                {
                    scan.add(&fragment);
                    self.frames.arguments(&fragment, out);
                }
            }
            Event::Citation {
                block, citation, ..
            } => {
                if is_sayable(&citation) {
                    self.open_text(block, out);
                    self.frames.citation(&citation, out);
                }
            }
            // There is no block for sound; its words came as text.
            Event::Media { media, .. } if media.is_sound() => {}
            Event::Media { media, .. } => {
                self.close(out);
                let part = Part::Media {
                    media,
                    cache: None,
                    extras: Extras::NONE,
                };
                self.frames.whole(&part, out);
            }
            Event::Other { dialect, value, .. } if dialect == DIALECT => self.other(value, out),
            Event::Other { .. }
            | Event::Start { .. }
            | Event::Finish { .. }
            | Event::Usage(_)
            | Event::Logprobs { .. }
            | Event::Fault(_) => {}
        }
    }

    fn refuse(&mut self, text: &str, out: &mut Vec<u8>) {
        if !matches!(self.open, Some(Open::Refusal)) {
            self.close(out);
            self.frames.start_text(out);
            self.open = Some(Open::Refusal);
        }
        self.has_refusal |= !text.is_empty();
        self.frames.text(text, out);
    }

    fn think(&mut self, delta: ReasoningDelta, out: &mut Vec<u8>) {
        if !matches!(&self.open, Some(Open::Thinking(open)) if open.is_continued(&delta)) {
            self.close(out);
            let thinking = OpenThinking::start(&delta, &mut self.frames, out);
            self.open = Some(Open::Thinking(thinking));
        }
        if let Some(Open::Thinking(open)) = &mut self.open {
            open.add(delta, &self.frames, out);
        }
    }

    /// A block that only this dialect has, or fields of the message itself.
    fn other(&mut self, value: Value, out: &mut Vec<u8>) {
        if let Some(fields) = message_fields(&value) {
            extend_own(&mut self.own, fields);
            return;
        }
        self.close(out);
        self.frames.own(value, out);
    }

    fn open_text(&mut self, block: u32, out: &mut Vec<u8>) {
        if !matches!(self.open, Some(Open::Text(open)) if open == block) {
            self.close(out);
            self.frames.start_text(out);
            self.open = Some(Open::Text(block));
        }
    }

    fn close(&mut self, out: &mut Vec<u8>) {
        match self.open.take() {
            None => {}
            Some(Open::Thinking(open)) => open.close(&mut self.frames, out),
            Some(Open::Text(_) | Open::Refusal | Open::Call { .. }) => self.frames.stop(out),
        }
    }
}
