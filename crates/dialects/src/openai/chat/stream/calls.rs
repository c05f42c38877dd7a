//! The tool calls of one answer under way: which of them a fragment belongs to.
//!
//! The wire has an `index` for that, but vendors leave it out, give every call the same one, or name the function
//! only later. Callers get numbers from 0 without gaps, an id and a name with each beginning.

use canon::{Dialect, Event, Extras};
use serde_json::{Map, Value};

use crate::openai::chat::wire::{CallPiece, FunctionPiece, Loose};

/// The calls of one answer.
#[derive(Debug)]
pub(super) struct Calls {
    choice: u32,
    calls: Vec<Call>,
}

/// A call: begun, or waiting for its name.
#[derive(Debug)]
struct Call {
    wire_index: Option<u64>,
    id: Option<String>,
    /// Whether its tool takes text.
    is_custom: bool,
    is_begun: bool,
    /// Arguments that came before the name.
    held: String,
    extras: Map<String, Value>,
}

impl Calls {
    pub(super) const fn new(choice: u32) -> Self {
        Self {
            choice,
            calls: Vec::new(),
        }
    }

    /// Reads one piece of a call.
    pub(super) fn piece(
        &mut self,
        piece: CallPiece<'_>,
        answer_id: &str,
        out: &mut impl FnMut(Event),
    ) {
        let choice = self.choice;
        let id = piece.id.string();
        let is_custom = piece.function.is_none() && !piece.custom.is_nothing();
        let (name, arguments) = if is_custom {
            read_custom(piece.custom)
        } else {
            read_function(piece.function.unwrap_or_default())
        };
        let place = self.place_of(piece.index.u64(), id.as_deref(), name.is_some());
        let position = place.unwrap_or(self.calls.len());
        if place.is_none() {
            self.calls.push(Call {
                wire_index: piece.index.u64(),
                id: None,
                is_custom,
                is_begun: false,
                held: String::new(),
                extras: piece.rest,
            });
        }
        let Some(call) = self.calls.get_mut(position) else {
            return;
        };
        if !call.is_begun {
            call.id = id.or_else(|| call.id.take());
            if let Some(name) = name {
                call.begin((choice, position), answer_id, name, out);
            }
        }
        match arguments {
            Some(fragment) if call.is_begun => out(Event::ToolArguments {
                choice,
                index: number(position),
                fragment,
            }),
            Some(fragment) => call.held.push_str(&fragment),
            None => {}
        }
    }

    /// Begins the calls that still wait for a name: none will come.
    pub(super) fn flush(&mut self, answer_id: &str, out: &mut impl FnMut(Event)) {
        let choice = self.choice;
        for (position, call) in self.calls.iter_mut().enumerate() {
            if !call.is_begun {
                call.begin((choice, position), answer_id, String::new(), out);
            }
        }
    }

    /// Which call a piece belongs to; `None` where it begins a new one.
    fn place_of(&self, index: Option<u64>, id: Option<&str>, is_named: bool) -> Option<usize> {
        if let Some(index) = index {
            let has_index = |call: &Call| call.wire_index == Some(index);
            let place = self.calls.iter().rposition(has_index)?;
            // Some vendors give every call of an answer the index 0.
            let known = self.calls.get(place)?.id.as_deref();
            let is_another = is_named && id.is_some() && known.is_some() && id != known;
            return (!is_another).then_some(place);
        }
        match id {
            Some(id) => self
                .calls
                .iter()
                .position(|call| call.id.as_deref() == Some(id)),
            // A piece without index and id goes on with the last call, unless it names a function.
            None if is_named => None,
            None => self.calls.len().checked_sub(1),
        }
    }
}

impl Call {
    fn begin(
        &mut self,
        (choice, position): (u32, usize),
        answer_id: &str,
        name: String,
        out: &mut impl FnMut(Event),
    ) {
        self.is_begun = true;
        let index = number(position);
        let id = self
            .id
            .get_or_insert_with(|| made_up_id(answer_id, choice, index))
            .clone();
        out(Event::ToolCall {
            choice,
            index,
            id,
            name,
            custom: self.is_custom,
            extras: Extras::new(Dialect::OpenAiChat, std::mem::take(&mut self.extras)),
        });
        if !self.held.is_empty() {
            out(Event::ToolArguments {
                choice,
                index,
                fragment: std::mem::take(&mut self.held),
            });
        }
    }
}

/// The only call of an answer, as it was written before there could be several.
pub(super) fn older_call(mut call: Value) -> CallPiece<'static> {
    let mut take = |name: &str| match call.get_mut(name).map(Value::take) {
        Some(Value::String(text)) => Loose::Text(text.into()),
        Some(Value::Object(object)) => Loose::Object(Box::new(object)),
        _ => Loose::Nothing,
    };
    CallPiece {
        function: Some(FunctionPiece {
            name: take("name"),
            arguments: take("arguments"),
        }),
        ..CallPiece::default()
    }
}

/// Name and arguments. Some vendors write arguments as the object itself, or null for none.
fn read_function(function: FunctionPiece<'_>) -> (Option<String>, Option<String>) {
    let arguments = match function.arguments {
        Loose::Text(text) => Some(text.into_owned()).filter(|text| !text.is_empty()),
        Loose::Nothing => None,
        value @ (Loose::Bool(_) | Loose::Number(_) | Loose::List(_) | Loose::Object(_)) => {
            Some(value.into_value().to_string())
        }
    };
    (function.name.string(), arguments)
}

/// Name and input of a tool that takes text.
fn read_custom(custom: Loose<'_>) -> (Option<String>, Option<String>) {
    let mut custom = custom.into_value();
    let mut take = |name: &str| match custom.get_mut(name).map(Value::take) {
        Some(Value::String(text)) if !text.is_empty() => Some(text),
        _ => None,
    };
    (take("name"), take("input"))
}

/// An id for a call whose vendor gives none: results must refer to something. Stable for the same answer.
fn made_up_id(answer_id: &str, choice: u32, index: u32) -> String {
    // FNV-1a: the id only has to differ from answer to answer.
    let hash = answer_id
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    format!("call_{hash:016x}_{choice}_{index}")
}

fn number(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}
