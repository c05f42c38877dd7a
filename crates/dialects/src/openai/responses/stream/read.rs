//! Reading a streamed answer. A whole answer is a stream whose items are all done at once, so both are read here.
//!
//! What belongs together is found by `output_index`: some vendors give every event of an item another `item_id`.
//! Of an item that is done, the parts of which no piece came before are given out whole: so nothing is lost of
//! vendors that leave the pieces out.

use canon::{Event, Extras, FinishReason};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::item::{OpenItem, Sink};
use crate::{
    Error, ParseStream, Step, VendorError,
    fields::json_error,
    framing::Frame,
    openai::{
        error::{from_field, parse_error},
        loose::Loose,
        responses::usage::parse_usage,
    },
};

/// Reads one streamed answer.
#[derive(Debug, Default)]
pub(in crate::openai::responses) struct Reader {
    is_started: bool,
    has_ended: bool,
    /// It broke off; what follows only repeats that.
    is_broken: bool,
    has_items: bool,
    sink: Sink,
    /// Items under way, by their place.
    open: Vec<(u64, OpenItem)>,
}

/// One event as it stands on the wire, as far as any kind of event needs it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wire<'a> {
    #[serde(borrow, rename = "type")]
    kind: Loose<'a>,
    output_index: Loose<'a>,
    content_index: Loose<'a>,
    summary_index: Loose<'a>,
    #[serde(borrow)]
    item_id: Loose<'a>,
    #[serde(borrow)]
    delta: Loose<'a>,
    #[serde(borrow)]
    text: Loose<'a>,
    logprobs: Loose<'a>,
    annotation: Loose<'a>,
    item: Loose<'a>,
    response: Loose<'a>,
}

/// An object, where it is one.
fn object(value: Loose<'_>) -> Map<String, Value> {
    match value {
        Loose::Object(fields) => *fields,
        Loose::Nothing | Loose::Bool(_) | Loose::Number(_) | Loose::Text(_) | Loose::List(_) => {
            Map::new()
        }
    }
}

impl ParseStream for Reader {
    fn frame(&mut self, frame: &Frame<'_>, out: &mut Vec<Step>) -> Result<(), Error> {
        let data = frame.data.trim_ascii();
        if data.is_empty() || self.has_ended {
            return Ok(());
        }
        if data == b"[DONE]" {
            out.push(Step::End);
            return Ok(());
        }
        let wire: Wire<'_> =
            serde_json::from_slice(data).map_err(|error| json_error(data, &error))?;
        let kind = match &wire.kind {
            Loose::Text(kind) => kind.clone(),
            Loose::Nothing
            | Loose::Bool(_)
            | Loose::Number(_)
            | Loose::List(_)
            | Loose::Object(_) => frame.event.unwrap_or("error").into(),
        };
        match &*kind {
            "error" => self.break_off(parse_error(data), out),
            "response.created" | "response.in_progress" | "response.queued" => {
                let response = object(wire.response);
                self.start(&response, &mut |event| out.push(Step::Event(event)));
            }
            "response.completed" | "response.incomplete" | "response.failed" => {
                let response = Value::Object(object(wire.response));
                let error = self.end(response, &mut |event| out.push(Step::Event(event)));
                match error {
                    Some(error) => self.break_off(error, out),
                    None => out.push(Step::End),
                }
            }
            kind => self.step(kind, wire, &mut |event| out.push(Step::Event(event))),
        }
        Ok(())
    }

    fn is_complete(&self) -> bool {
        self.has_ended && !self.is_broken
    }
}

impl Reader {
    /// Reads a whole answer; says what error it states, if any.
    pub(in crate::openai::responses) fn whole(
        response: Value,
        out: &mut impl FnMut(Event),
    ) -> Option<VendorError> {
        let mut reader = Self::default();
        if let Some(fields) = response.as_object() {
            reader.start(fields, out);
        }
        reader.end(response, out)
    }

    fn start(&mut self, response: &Map<String, Value>, out: &mut impl FnMut(Event)) {
        if self.is_started {
            return;
        }
        self.is_started = true;
        let text = |name| response.get(name).and_then(Value::as_str);
        let created = response.get("created_at");
        out(Event::Start {
            id: text("id").filter(|id| !id.is_empty()).map(str::to_owned),
            model: text("model").map(str::to_owned),
            created: created.and_then(seconds),
            usage: None,
            system_fingerprint: text("system_fingerprint").map(str::to_owned),
            extras: Extras::NONE,
        });
    }

    fn break_off(&mut self, error: VendorError, out: &mut Vec<Step>) {
        if !self.is_broken {
            self.is_broken = true;
            out.push(Step::Error(error));
        }
    }

    /// One event of an item.
    fn step(&mut self, kind: &str, wire: Wire<'_>, out: &mut impl FnMut(Event)) {
        let place = self.place_of(&wire);
        match kind {
            "response.output_item.added" => {
                let item = OpenItem::begin(object(wire.item), &mut self.sink, out);
                self.open.retain(|(known, _)| *known != place);
                self.open.push((place, item));
                self.has_items = true;
            }
            "response.output_item.done" => self.item_done(place, object(wire.item), out),
            _ => {
                let item = self.open.iter_mut().find(|(known, _)| *known == place);
                let Some((_, item)) = item else { return };
                let index = |index: &Loose<'_>| index.u64().unwrap_or(0);
                let (part, summary) = (index(&wire.content_index), index(&wire.summary_index));
                let sink = &mut self.sink;
                match kind {
                    "response.output_text.delta" => {
                        item.text(part, text(wire.delta), sink, out);
                        item.logprobs(wire.logprobs.list(), out);
                    }
                    "response.refusal.delta" => item.refusal(part, text(wire.delta), out),
                    "response.output_text.annotation.added" => {
                        item.cite(part, wire.annotation.into_value(), sink, out);
                    }
                    "response.reasoning_text.delta" => {
                        item.thought(part, text(wire.delta), sink, out);
                    }
                    "response.reasoning_summary_text.delta" => {
                        item.summary(summary, text(wire.delta), sink, out);
                    }
                    "response.function_call_arguments.delta"
                    | "response.custom_tool_call_input.delta" => {
                        item.arguments(text(wire.delta), out);
                    }
                    // The others only repeat what the pieces said or the whole item will say.
                    _ => {}
                }
            }
        }
    }

    /// The number of the item; where a vendor leaves it out, the item of that id or the last.
    fn place_of(&self, wire: &Wire<'_>) -> u64 {
        if let Some(place) = wire.output_index.u64() {
            return place;
        }
        let id = match &wire.item {
            Loose::Object(item) => item.get("id").and_then(Value::as_str),
            Loose::Nothing
            | Loose::Bool(_)
            | Loose::Number(_)
            | Loose::Text(_)
            | Loose::List(_) => match &wire.item_id {
                Loose::Text(id) => Some(&**id),
                Loose::Nothing
                | Loose::Bool(_)
                | Loose::Number(_)
                | Loose::List(_)
                | Loose::Object(_) => None,
            },
        };
        let of_id = self.open.iter().find(|(_, item)| item.id() == id);
        let last = self.open.last();
        of_id.or(last).map_or(0, |(place, _)| *place)
    }

    fn item_done(&mut self, place: u64, item: Map<String, Value>, out: &mut impl FnMut(Event)) {
        self.has_items = true;
        let known = self.open.iter().position(|(known, _)| *known == place);
        let open = match known {
            Some(position) => self.open.remove(position).1,
            None => OpenItem::begin(item.clone(), &mut self.sink, out),
        };
        open.done(item, &mut self.sink, out);
    }

    /// The answer as a whole: what its items did not say before, its counts and its end.
    fn end(&mut self, mut response: Value, out: &mut impl FnMut(Event)) -> Option<VendorError> {
        self.has_ended = true;
        if let Some(fields) = response.as_object() {
            self.start(fields, out);
        }
        if let Some(usage) = parse_usage(&response) {
            out(Event::Usage(Box::new(usage)));
        }
        if !self.has_items
            && let Some(Value::Array(items)) = response.get_mut("output").map(Value::take)
        {
            for (place, item) in (0..).zip(items) {
                if let Value::Object(item) = item {
                    self.item_done(place, item, out);
                }
            }
        }
        let failure = response.get("error").filter(|error| !error.is_null());
        let status = response.get("status").and_then(Value::as_str);
        if let Some(error) = failure {
            return Some(from_field(error, response.as_object()));
        }
        if let Some(status @ ("failed" | "cancelled")) = status {
            return Some(VendorError {
                code: Some(status.to_owned()),
                ..VendorError::default()
            });
        }
        let details = response.pointer("/incomplete_details/reason");
        let details = details.and_then(Value::as_str);
        let (reason, native) = match (status, details) {
            (_, Some("content_filter")) => (FinishReason::ContentFilter, details),
            (_, Some(_)) | (Some("incomplete"), None) => (FinishReason::Length, details.or(status)),
            _ if self.sink.has_calls() => (FinishReason::ToolCalls, status),
            _ => (FinishReason::Stop, status),
        };
        out(Event::Finish {
            choice: 0,
            reason,
            native: native.map(str::to_owned),
            stop_sequence: None,
        });
        None
    }
}

fn text(value: Loose<'_>) -> String {
    value.string().unwrap_or_default()
}

/// Seconds since 1970; some vendors write fractions.
fn seconds(created: &Value) -> Option<i64> {
    let whole = || crate::fields::whole(created).and_then(|it| i64::try_from(it).ok());
    created.as_i64().or_else(whole)
}
