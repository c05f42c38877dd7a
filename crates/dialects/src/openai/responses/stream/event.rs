//! Items as events of canon: what is told at once, and not piece by piece.

use canon::{Event, Extras, Part};
use serde_json::{Map, Value};

use crate::openai::responses::{
    DIALECT,
    item::{kind_of, picture, rest},
};

/// A call begins. What else its item says stays for its own dialect.
pub(super) fn call(mut item: Map<String, Value>, custom: bool, index: u32) -> Event {
    let mut text = |name: &str| match item.shift_remove(name) {
        Some(Value::String(text)) if !text.is_empty() => Some(text),
        _ => None,
    };
    let (call_id, name) = (text("call_id"), text("name"));
    for name in ["type", "status", "arguments", "input"] {
        text(name);
    }
    let id = item.get("id").and_then(Value::as_str);
    Event::ToolCall {
        choice: 0,
        index,
        id: call_id
            .or_else(|| id.map(str::to_owned))
            .unwrap_or_default(),
        name: name.unwrap_or_default(),
        custom,
        extras: Extras::new(DIALECT, rest(item)),
    }
}

/// An item that canon has no word for, but for pictures: those are for everybody.
pub(super) fn own_done(item: Map<String, Value>, out: &mut impl FnMut(Event)) {
    if kind_of(&item) != "image_generation_call" {
        return out(other(Value::Object(item)));
    }
    for part in picture(item) {
        match part {
            Part::Media { media, .. } => out(Event::Media { choice: 0, media }),
            Part::Other { value, .. } => out(other(value)),
            Part::Text(_)
            | Part::Reasoning(_)
            | Part::ToolCall(_)
            | Part::ToolResult(_)
            | Part::Refusal(_) => {}
        }
    }
}

/// Something that only this dialect has.
pub(super) fn other(value: Value) -> Event {
    Event::Other {
        choice: 0,
        dialect: DIALECT,
        value,
    }
}
