//! The items of an answer, as they grow event by event, and the frames that tell of it.
//!
//! Every item and every part of one is bracketed: `added`, its pieces, `done`. Items follow each other, but for
//! calls: their arguments may come interleaved, so a call stays open until its arguments are whole JSON and something
//! else begins, or the answer ends.

mod frames;
mod item;
mod message;
mod thinking;
mod unfold;

use canon::{Event, FinishReason, Media, MediaKind};
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

pub(super) use self::frames::Frames;
use self::{
    frames::{Part, Place},
    item::{Body, Call, Item},
};
use super::{
    DIALECT,
    answer::State,
    item::{as_header, kind_of, made_up_id},
};
use crate::{json::Array, sound::as_words};

pub(super) use unfold::unfold;

/// The items so far.
#[derive(Debug)]
pub(super) struct Output {
    generation: String,
    items: Vec<Item>,
    /// The part under way, of the last item.
    open: Option<Open>,
    /// Which item each call is.
    calls: Vec<(u32, usize)>,
    /// What is known of the next picture beside itself.
    picture: Option<Map<String, Value>>,
    finish: Option<FinishReason>,
    frames: Frames,
}

/// A part under way: what more of the same would go on with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    Text(u32),
    Refusal,
    Thought(u32),
    /// A signature whose words may still come.
    Signed(u32),
    Summary(u32),
    Encrypted(u32),
}

impl Output {
    /// No items, told of in frames.
    pub(super) fn new(generation: &str) -> Self {
        Self {
            generation: generation.to_owned(),
            items: Vec::new(),
            open: None,
            calls: Vec::new(),
            picture: None,
            finish: None,
            frames: Frames::default(),
        }
    }

    /// No items, and nobody who wants to hear of them.
    pub(super) fn quiet(generation: &str) -> Self {
        Self {
            frames: Frames::quiet(),
            ..Self::new(generation)
        }
    }

    /// The frames, for what is told of the answer as a whole.
    pub(super) const fn frames(&mut self) -> &mut Frames {
        &mut self.frames
    }

    /// How an answer that came to its end stands.
    pub(super) const fn end(&self) -> State<'static> {
        match self.finish {
            None | Some(FinishReason::Stop | FinishReason::ToolCalls) => State::Completed,
            Some(FinishReason::Length) => State::Incomplete("max_output_tokens"),
            Some(FinishReason::ContentFilter) => State::Incomplete("content_filter"),
            Some(FinishReason::Error) => State::Failed(
                "server_error",
                "Provider returned error",
                "provider_unavailable",
            ),
        }
    }

    /// Writes all items. Those still open when an answer breaks off are incomplete.
    pub(super) fn render_items(&self, state: State<'_>, out: &mut Vec<u8>) {
        let is_cut = matches!(state, State::Incomplete(_) | State::Failed(..));
        let last = self.items.len().saturating_sub(1);
        let mut list = Array::open(out);
        for (number, item) in self.items.iter().enumerate() {
            let status = if is_cut && (number == last || !item.is_done) {
                "incomplete"
            } else {
                "completed"
            };
            item.render(status, list.next());
        }
        list.close();
    }

    /// Takes one step. There is one answer in this dialect: what belongs to another is left out.
    pub(super) fn event(&mut self, event: Event, out: &mut Vec<u8>) {
        let event = as_words(event);
        match event {
            Event::Text {
                choice: 0,
                block,
                text,
            } => self.text(block, &text, out),
            Event::Refusal { choice: 0, text } => self.refusal(&text, out),
            Event::Reasoning(delta) if delta.choice == 0 => self.reason(delta, out),
            Event::ToolCall { choice: 0, .. } => self.call(event, out),
            Event::ToolArguments {
                choice: 0,
                index,
                fragment,
            } => self.arguments(index, &fragment, out),
            Event::Citation {
                choice: 0,
                block,
                citation,
            } => self.cite(block, citation, out),
            Event::Media { choice: 0, media } => self.media(&media, out),
            Event::Logprobs {
                choice: 0,
                logprobs,
            } => self.logprobs(&logprobs),
            Event::Other {
                choice: 0,
                dialect,
                value,
            } if dialect == DIALECT => self.own(value, out),
            Event::Finish {
                choice: 0, reason, ..
            } => self.finish = Some(reason),
            Event::Start { .. }
            | Event::Text { .. }
            | Event::Refusal { .. }
            | Event::Reasoning(_)
            | Event::ToolCall { .. }
            | Event::ToolArguments { .. }
            | Event::Citation { .. }
            | Event::Media { .. }
            | Event::Logprobs { .. }
            | Event::Other { .. }
            | Event::Finish { .. }
            | Event::Usage(_)
            | Event::Fault(_) => {}
        }
    }

    /// Ends everything that is still open.
    pub(super) fn close(&mut self, out: &mut Vec<u8>) {
        self.close_part(out);
        let status = match self.end() {
            State::Incomplete(_) | State::Failed(..) => "incomplete",
            State::InProgress | State::Completed => "completed",
        };
        let last = self.items.len().saturating_sub(1);
        for (number, item) in self.items.iter_mut().enumerate() {
            let status = if number == last { status } else { "completed" };
            self.frames.close_item(number, item, status, out);
        }
    }

    // === calls ===

    fn call(&mut self, event: Event, out: &mut Vec<u8>) {
        let Event::ToolCall {
            index,
            id,
            name,
            custom,
            extras,
            ..
        } = event
        else {
            return;
        };
        let mut extras = extras.of(DIALECT).cloned().unwrap_or_default();
        let item_id = match extras.shift_remove("id") {
            Some(Value::String(id)) => Some(id),
            _ => None,
        };
        let call = Call {
            id,
            name,
            arguments: String::new(),
            custom,
            extras,
        };
        self.open_item(item_id, Body::Call(call), out);
        self.calls.push((index, self.items.len().saturating_sub(1)));
    }

    fn arguments(&mut self, index: u32, fragment: &str, out: &mut Vec<u8>) {
        let known = self.calls.iter().find(|(known, _)| *known == index);
        let Some(&(_, number)) = known else { return };
        if let Some(item) = self.items.get_mut(number)
            && let Body::Call(call) = &mut item.body
            && !item.is_done
            && !fragment.is_empty()
        {
            call.arguments.push_str(fragment);
            let part = if call.custom {
                Part::Input
            } else {
                Part::Arguments
            };
            self.frames
                .delta(Place::of(number, &item.id, 0), part, fragment, out);
        }
    }

    // === other items ===

    /// A picture, as an item of its own. Sound and video have no form in this dialect.
    fn media(&mut self, media: &Media, out: &mut Vec<u8>) {
        if media.kind != MediaKind::Image {
            return;
        }
        let mut fields = self.picture.take().unwrap_or_default();
        let id = match fields.shift_remove("id") {
            Some(Value::String(id)) => Some(id),
            _ => None,
        };
        self.open_item(id, Body::Picture(None, fields), out);
        let number = self.items.len().saturating_sub(1);
        if let Some(item) = self.items.last_mut() {
            let place = Place::of(number, &item.id, 0);
            self.frames.drawn(place, out);
            item.draw(media);
            self.frames.close_item(number, item, "completed", out);
        }
    }

    /// What only this dialect has: the header of a message, what is known of a picture, or an item.
    fn own(&mut self, value: Value, out: &mut Vec<u8>) {
        if let Some(header) = as_header(&value) {
            let mut header = header.clone();
            header.shift_remove("type");
            let id = match header.shift_remove("id") {
                Some(Value::String(id)) => Some(id),
                _ => None,
            };
            return self.open_item(id, Body::Message(Vec::new(), header), out);
        }
        let Value::Object(fields) = value else { return };
        if kind_of(&fields) == "image_generation_call" && !fields.contains_key("result") {
            self.picture = Some(fields);
            return;
        }
        let id = fields.get("id").and_then(Value::as_str).map(str::to_owned);
        self.open_item(id, Body::Own(fields), out);
        let number = self.items.len().saturating_sub(1);
        if let Some(item) = self.items.last_mut() {
            self.frames.close_item(number, item, "completed", out);
        }
    }

    // === brackets ===

    /// Begins an item; what can be ended before it is ended.
    fn open_item(&mut self, id: Option<String>, body: Body, out: &mut Vec<u8>) {
        self.close_part(out);
        for (number, item) in self.items.iter_mut().enumerate() {
            let is_whole = match &item.body {
                _ if item.is_done => continue,
                Body::Call(call) => {
                    !call.custom && serde_json::from_str::<IgnoredAny>(&call.arguments).is_ok()
                }
                Body::Message(..) | Body::Reasoning(_) | Body::Picture(..) | Body::Own(_) => true,
            };
            if is_whole {
                self.frames.close_item(number, item, "completed", out);
            }
        }
        let number = self.items.len();
        let id = id.unwrap_or_else(|| made_up_id(body.prefix(), &self.generation, number));
        let item = Item {
            id,
            is_done: false,
            body,
        };
        self.frames.item_added(number, &item, out);
        self.items.push(item);
    }

    /// Ends the part under way.
    fn close_part(&mut self, out: &mut Vec<u8>) {
        let Some(open) = self.open.take() else { return };
        let number = self.items.len().saturating_sub(1);
        // The part under way is of the last item that is no call.
        let part_of = |item: &&mut Item| !item.is_done && !matches!(item.body, Body::Call(_));
        let Some(item) = self.items.last_mut().filter(part_of) else {
            return;
        };
        match &mut item.body {
            Body::Message(parts, _) => {
                let place = Place::of(number, &item.id, parts.len().saturating_sub(1));
                if let Some(content) = parts.last() {
                    self.frames.part_done(place, content, out);
                }
            }
            Body::Reasoning(thinking) => {
                let (part, texts) = match open {
                    Open::Summary(_) => (Part::Summary, thinking.summary()),
                    Open::Thought(_) => (Part::Thought, thinking.content()),
                    Open::Text(_) | Open::Refusal | Open::Signed(_) | Open::Encrypted(_) => return,
                };
                let place = Place::of(number, &item.id, texts.len().saturating_sub(1));
                if let Some(text) = texts.last() {
                    self.frames.thought_done(place, part, text, out);
                }
            }
            Body::Call(_) | Body::Picture(..) | Body::Own(_) => {}
        }
    }
}
