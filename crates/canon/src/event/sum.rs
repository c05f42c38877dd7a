//! `fold(events) == response`: what a caller who waits gets is the sum of what a caller who streams gets.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Event, ReasoningDelta};
use crate::{
    Choice, Extras, Fault, Media, Part, ReasoningBody, ReasoningPart, Response, TextPart, ToolCall,
};

/// Adds up events.
#[derive(Debug, Default)]
pub struct Fold {
    response: Response,
    open: BTreeMap<u32, OpenChoice>,
    fault: Option<Box<Fault>>,
}

/// An answer that a fault ended.
#[derive(Debug)]
pub struct Broken {
    /// What had come before.
    pub response: Response,
    /// What ended it.
    pub fault: Box<Fault>,
}

/// An answer under way: where the parts stand that may still grow.
#[derive(Debug, Default)]
struct OpenChoice {
    choice: Choice,
    text: Option<(u32, usize)>,
    reasoning: Option<(u32, usize)>,
    calls: BTreeMap<u32, usize>,
    sound: Option<usize>,
}

/// Adds up all events of one answer; a fault among them ends it.
///
/// # Errors
/// The fault, with what had come before it.
pub fn fold(events: impl IntoIterator<Item = Event>) -> Result<Response, Box<Broken>> {
    let mut fold = Fold::default();
    for event in events {
        fold.add(event);
    }
    fold.finish()
}

impl Fold {
    /// Adds one event.
    pub fn add(&mut self, event: Event) {
        match event {
            Event::Start {
                id,
                model,
                created,
                usage,
                system_fingerprint,
                extras,
            } => {
                self.response.id = id;
                self.response.model = model;
                self.response.created = created;
                self.response.usage = usage.map(|usage| *usage);
                self.response.system_fingerprint = system_fingerprint;
                self.response.extras = extras;
            }
            Event::Usage(usage) => self.response.usage = Some(*usage),
            Event::Fault(fault) => self.fault = Some(fault),
            Event::Text { choice, .. }
            | Event::Refusal { choice, .. }
            | Event::Reasoning(ReasoningDelta { choice, .. })
            | Event::ToolCall { choice, .. }
            | Event::ToolArguments { choice, .. }
            | Event::Citation { choice, .. }
            | Event::Media { choice, .. }
            | Event::Logprobs { choice, .. }
            | Event::Other { choice, .. }
            | Event::Finish { choice, .. } => self.choice(choice).add(event),
        }
    }

    /// The whole answer.
    ///
    /// # Errors
    /// The fault that ended it, with what had come before.
    pub fn finish(mut self) -> Result<Response, Box<Broken>> {
        self.response.choices = self.open.into_values().map(|open| open.choice).collect();
        match self.fault {
            None => Ok(self.response),
            Some(fault) => Err(Box::new(Broken {
                response: self.response,
                fault,
            })),
        }
    }

    fn choice(&mut self, index: u32) -> &mut OpenChoice {
        self.open.entry(index).or_insert_with(|| OpenChoice {
            choice: Choice {
                index,
                ..Choice::default()
            },
            ..OpenChoice::default()
        })
    }
}

impl OpenChoice {
    fn add(&mut self, event: Event) {
        let is_beside = matches!(
            event,
            Event::Media { .. } | Event::Other { .. } | Event::Logprobs { .. }
        );
        if !is_beside {
            self.sound = None;
        }
        match event {
            Event::Text { block, text, .. } => self.text(block, |part| part.text.push_str(&text)),
            Event::Refusal { text, .. } => self.refusal(&text),
            Event::Reasoning(delta) => self.reason(delta),
            Event::ToolCall {
                index,
                id,
                name,
                custom,
                extras,
                ..
            } => {
                self.calls.insert(index, self.choice.parts.len());
                self.choice.parts.push(Part::ToolCall(ToolCall {
                    id,
                    name,
                    arguments: String::new(),
                    custom,
                    cache: None,
                    extras,
                }));
            }
            Event::ToolArguments {
                index, fragment, ..
            } => self.arguments(index, &fragment),
            Event::Citation {
                block, citation, ..
            } => {
                self.text(block, |part| part.citations.push(citation));
            }
            Event::Media { media, .. } => self.media(media),
            Event::Logprobs { logprobs, .. } => {
                append_logprobs(&mut self.choice.logprobs, logprobs);
            }
            Event::Other { dialect, value, .. } => {
                self.choice.parts.push(Part::Other { dialect, value });
            }
            Event::Finish {
                reason,
                native,
                stop_sequence,
                ..
            } => {
                self.choice.finish = Some(reason);
                self.choice.native_finish = native;
                self.choice.stop_sequence = stop_sequence;
            }
            Event::Start { .. } | Event::Usage(_) | Event::Fault(_) => {}
        }
    }

    /// Changes the text part of this block: the one under way, or a new one.
    fn text(&mut self, block: u32, change: impl FnOnce(&mut TextPart)) {
        let open = self
            .text
            .filter(|(open, _)| *open == block)
            .map(|(_, place)| place);
        if let Some(Part::Text(text)) = open.and_then(|place| self.choice.parts.get_mut(place)) {
            change(text);
            return;
        }
        self.text = Some((block, self.choice.parts.len()));
        let mut text = TextPart::default();
        change(&mut text);
        self.choice.parts.push(Part::Text(text));
    }

    /// A picture, a sound, or more of the sound under way.
    fn media(&mut self, more: Media) {
        let open = self
            .sound
            .and_then(|place| self.choice.parts.get_mut(place));
        if let Some(Part::Media { media, .. }) = open
            && media.go_on(&more)
        {
            return;
        }
        self.sound = more.is_sound().then_some(self.choice.parts.len());
        self.choice.parts.push(Part::Media {
            media: more,
            cache: None,
            extras: Extras::NONE,
        });
    }

    fn refusal(&mut self, text: &str) {
        if let Some(Part::Refusal(refusal)) = self.choice.parts.last_mut() {
            refusal.push_str(text);
        } else {
            self.choice.parts.push(Part::Refusal(text.to_owned()));
        }
    }

    fn reason(&mut self, delta: ReasoningDelta) {
        let open = self
            .reasoning
            .filter(|(block, _)| *block == delta.block)
            .map(|(_, place)| place);
        if let Some(Part::Reasoning(part)) = open.and_then(|place| self.choice.parts.get_mut(place))
            && extend_reasoning(&mut part.body, &delta.body)
        {
            part.id = delta.id.or_else(|| part.id.take());
            return;
        }
        self.reasoning = Some((delta.block, self.choice.parts.len()));
        self.choice.parts.push(Part::Reasoning(ReasoningPart {
            body: delta.body,
            id: delta.id,
            format: delta.format,
            index: None,
            extras: Extras::NONE,
        }));
    }

    fn arguments(&mut self, index: u32, fragment: &str) {
        let place = self.calls.get(&index).copied();
        if let Some(Part::ToolCall(call)) = place.and_then(|place| self.choice.parts.get_mut(place))
        {
            call.arguments.push_str(fragment);
        } else {
            debug_assert!(false, "arguments of a call that never began");
        }
    }
}

/// Adds a fragment to a piece of the same kind; says no where the kinds differ.
fn extend_reasoning(body: &mut ReasoningBody, more: &ReasoningBody) -> bool {
    match (body, more) {
        (
            ReasoningBody::Text { text, signature },
            ReasoningBody::Text {
                text: more,
                signature: more_signature,
            },
        ) => {
            text.push_str(more);
            if let Some(more) = more_signature {
                signature.get_or_insert_default().push_str(more);
            }
            true
        }
        (ReasoningBody::Summary(text), ReasoningBody::Summary(more))
        | (ReasoningBody::Encrypted(text), ReasoningBody::Encrypted(more)) => {
            text.push_str(more);
            true
        }
        (
            ReasoningBody::Text { .. } | ReasoningBody::Summary(_) | ReasoningBody::Encrypted(_),
            _,
        ) => false,
    }
}

/// Logprobs of a stream come as objects of lists; the whole is the object of the joined lists.
fn append_logprobs(whole: &mut Option<Value>, piece: Value) {
    let (Some(Value::Object(whole)), Value::Object(piece)) = (whole.as_mut(), &piece) else {
        *whole = Some(piece);
        return;
    };
    for (name, value) in piece {
        match (whole.get_mut(name), value) {
            (Some(Value::Array(list)), Value::Array(more)) => list.extend(more.iter().cloned()),
            (Some(known), _) if !known.is_null() && value.is_null() => {}
            _ => {
                whole.insert(name.clone(), value.clone());
            }
        }
    }
}
