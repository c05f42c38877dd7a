//! The blocks of Anthropic's stream that are under way: what is kept of each until its end.

use serde_json::{Map, Value};

use super::steps::{push_arguments, push_other};
use crate::Step;

/// A block under way, by its number on the wire.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) index: u32,
    pub(super) kind: Kind,
}

#[derive(Debug)]
pub(super) enum Kind {
    Text,
    Thinking,
    /// Arguments of this call; what the start said of them, until a fragment comes.
    Call {
        call: u32,
        input: Option<Value>,
        has_fragments: bool,
    },
    /// A block that is passed on whole, and the text of its `input`.
    Other {
        block: Map<String, Value>,
        input: String,
    },
}

impl Open {
    /// What it says at its end.
    pub(super) fn stop(self, out: &mut Vec<Step>) {
        match self.kind {
            Kind::Text | Kind::Thinking => {}
            Kind::Call {
                has_fragments: true,
                ..
            } => {}
            Kind::Call { call, input, .. } => {
                // A call without arguments comes without fragments; the rest of the world expects an object.
                let input = input.map_or_else(|| "{}".to_owned(), |input| input.to_string());
                push_arguments(call, input, out);
            }
            Kind::Other { mut block, input } => {
                if !input.is_empty() {
                    let input = serde_json::from_str(&input).unwrap_or(Value::String(input));
                    block.insert("input".to_owned(), input);
                }
                push_other(block, out);
            }
        }
    }
}

/// Adds a delta of a kind of its own to the block it belongs to: texts grow, the rest is replaced.
pub(super) fn extend(block: &mut Map<String, Value>, raw: &str) {
    let Ok(Value::Object(delta)) = serde_json::from_str::<Value>(raw) else {
        return;
    };
    for (name, more) in delta {
        match (block.get_mut(&name), more) {
            _ if name == "type" => {}
            (_, Value::Null) => {}
            (Some(Value::String(text)), Value::String(more)) => text.push_str(&more),
            (_, more) => {
                block.insert(name, more);
            }
        }
    }
}
