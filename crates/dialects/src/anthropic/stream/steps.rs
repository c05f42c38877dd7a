//! Steps of an answer, as the parser pushes them.

use canon::{Dialect, Event, ReasoningBody, ReasoningDelta, ReasoningFormat};
use serde_json::{Map, Value};

use crate::{Step, anthropic::foreign};

pub(super) fn push_text(block: u32, text: String, out: &mut Vec<Step>) {
    if !text.is_empty() {
        out.push(Step::Event(Event::Text {
            choice: 0,
            block,
            text,
        }));
    }
}

pub(super) fn push_thinking(
    block: u32,
    text: String,
    signature: Option<String>,
    out: &mut Vec<Step>,
) {
    push_reasoning(
        block,
        ReasoningBody::Text { text, signature },
        None,
        ReasoningFormat::ANTHROPIC,
        out,
    );
}

pub(super) fn push_redacted(block: u32, data: String, out: &mut Vec<Step>) {
    match foreign::unpack(&data, "") {
        Some(part) => push_reasoning(block, part.body, part.id, part.format, out),
        None => {
            let body = ReasoningBody::Encrypted(data);
            push_reasoning(block, body, None, ReasoningFormat::ANTHROPIC, out);
        }
    }
}

fn push_reasoning(
    block: u32,
    body: ReasoningBody,
    id: Option<String>,
    format: ReasoningFormat,
    out: &mut Vec<Step>,
) {
    out.push(Step::Event(Event::Reasoning(ReasoningDelta {
        choice: 0,
        block,
        body,
        id,
        format,
    })));
}

pub(super) fn push_arguments(index: u32, fragment: String, out: &mut Vec<Step>) {
    out.push(Step::Event(Event::ToolArguments {
        choice: 0,
        index,
        fragment,
    }));
}

pub(super) fn push_other(value: Map<String, Value>, out: &mut Vec<Step>) {
    out.push(Step::Event(Event::Other {
        choice: 0,
        dialect: Dialect::Anthropic,
        value: Value::Object(value),
    }));
}
