//! The request's half of emulation: one wish after the other put in other words.

use canon::{Dialect, Format, Message, Part, Request, Role, Tool, ToolCall, ToolChoice, ToolKind};
use serde_json::{Value, json};

use super::{INPUT, Lacks};
use crate::Loss;

/// What a model is told where some JSON object is wanted.
const JSON_ONLY: &str =
    "Answer with one JSON object and nothing else: no words around it and no code fence.";

/// The form of an answer in words, where the vendor has none for it; and what is to be said of that.
pub(super) fn in_words(lacks: Lacks, format: &Format) -> Option<(String, &'static str)> {
    const JSON: &str = "JSON is asked for in words and not guaranteed";
    match format {
        Format::JsonObject if lacks.json_object => Some((JSON_ONLY.to_owned(), JSON)),
        Format::JsonSchema { schema, .. } if lacks.json_schema => {
            let words = schema.as_ref().map_or_else(
                || JSON_ONLY.to_owned(),
                |schema| format!("{JSON_ONLY}\nIt must follow this JSON Schema:\n{schema}"),
            );
            Some((words, JSON))
        }
        Format::Grammar(grammar) if lacks.grammar => Some((
            format!(
                "Answer with text of this grammar and nothing else: no words around it and no code fence.\n{grammar}"
            ),
            "the grammar is asked for in words and not guaranteed",
        )),
        Format::Python if lacks.grammar => Some((
            "Answer with Python code and nothing else: no words around it and no code fence."
                .to_owned(),
            "Python is asked for in words and not guaranteed",
        )),
        Format::Text
        | Format::JsonObject
        | Format::JsonSchema { .. }
        | Format::Grammar(_)
        | Format::Python => None,
    }
}

/// Whether the model said something aloud in this turn that this vendor can only be told in words.
pub(super) fn is_spoken(lacks: Lacks, message: &Message) -> bool {
    let is_voice = |part: &Part| is_voice(lacks, part);
    message.role == Role::Assistant && message.parts.iter().any(is_voice)
}

/// Who keeps voices knows them by id.
fn is_voice(lacks: Lacks, part: &Part) -> bool {
    match part {
        Part::Media { media, extras, .. } => {
            let known = extras.of(Dialect::OpenAiChat);
            let is_known = known.is_some_and(|fields| fields.contains_key("id"));
            media.is_sound() && (lacks.voices || !is_known)
        }
        Part::Text(_)
        | Part::Reasoning(_)
        | Part::ToolCall(_)
        | Part::ToolResult(_)
        | Part::Refusal(_)
        | Part::Other { .. } => false,
    }
}

/// What the model said aloud, as the words of it.
pub(super) fn voices_as_words(lacks: Lacks, request: &mut Request, loss: &mut Vec<Loss>) {
    for (turn, message) in request.messages.iter_mut().enumerate() {
        if message.role != Role::Assistant {
            continue;
        }
        for (place, part) in message.parts.iter_mut().enumerate() {
            if !is_voice(lacks, part) {
                continue;
            }
            let words = match part {
                Part::Media { media, .. } => media.transcript.take().unwrap_or_default(),
                Part::Text(_)
                | Part::Reasoning(_)
                | Part::ToolCall(_)
                | Part::ToolResult(_)
                | Part::Refusal(_)
                | Part::Other { .. } => String::new(),
            };
            *part = Part::text(words);
            loss.push(Loss::new(
                format!("messages[{turn}].content[{place}]"),
                "what the model said aloud is sent as its words",
            ));
        }
    }
}

/// Offers only the tools that may be called.
pub(super) fn leave_out_others(request: &mut Request) {
    let Some(ToolChoice::Allowed { required, names }) = request.tool_choice.take() else {
        return;
    };
    let is_allowed = |tool: &Tool| match &tool.kind {
        ToolKind::Function { name, .. } | ToolKind::Custom { name, .. } => names.contains(name),
        ToolKind::Native { .. } => false,
    };
    request.tools.retain(is_allowed);
    request.tool_choice = Some(if required {
        ToolChoice::Required
    } else {
        ToolChoice::Auto
    });
}

pub(super) fn has_custom_call(message: &Message) -> bool {
    let is_custom = |part: &Part| matches!(part, Part::ToolCall(ToolCall { custom: true, .. }));
    message.parts.iter().any(is_custom)
}

/// Whether it says who speaks. (What a tool's turn is called is the tool's name, which the call says, too.)
pub(super) fn is_named(message: &Message) -> bool {
    message.name.is_some() && message.role != Role::Tool
}

/// `Ada: hello` (spec/inference.md §2.2).
pub(super) fn name_before_text(turn: usize, message: &mut Message, loss: &mut Vec<Loss>) {
    if !is_named(message) {
        return;
    }
    let first = message.parts.iter_mut().find_map(|part| match part {
        Part::Text(text) => Some(&mut text.text),
        Part::Refusal(text) => Some(text),
        Part::Media { .. }
        | Part::Reasoning(_)
        | Part::ToolCall(_)
        | Part::ToolResult(_)
        | Part::Other { .. } => None,
    });
    match (message.name.take(), first) {
        (Some(name), Some(first)) => first.insert_str(0, &format!("{name}: ")),
        _ => loss.push(Loss::new(
            format!("messages[{turn}].name"),
            "there is no text to put it before",
        )),
    }
}

/// Offers custom tools as functions, in the history as well; gives their names.
pub(super) fn tools_as_functions(request: &mut Request, loss: &mut Vec<Loss>) -> Vec<String> {
    let mut names = Vec::new();
    for (index, tool) in request.tools.iter_mut().enumerate() {
        let ToolKind::Custom {
            name,
            description,
            format,
        } = &mut tool.kind
        else {
            continue;
        };
        names.push(name.clone());
        let grammar = format.as_ref().and_then(grammar_of);
        if grammar.is_some() {
            loss.push(Loss::new(
                format!("tools[{index}].format"),
                "the grammar is asked for in words and not guaranteed",
            ));
        }
        let about = grammar.map_or_else(
            || "The tool's input, as free text.".to_owned(),
            |grammar| format!("The tool's input, as free text of this grammar:\n{grammar}"),
        );
        tool.kind = ToolKind::Function {
            name: std::mem::take(name),
            description: description.take(),
            parameters: Some(json!({
                "type": "object",
                "properties": {INPUT: {"type": "string", "description": about}},
                "required": [INPUT],
                "additionalProperties": false,
            })),
            strict: None,
        };
    }
    let parts = request
        .messages
        .iter_mut()
        .flat_map(|message| &mut message.parts);
    for part in parts {
        if let Part::ToolCall(call) = part
            && call.custom
        {
            call.custom = false;
            call.arguments = json!({ INPUT: call.arguments }).to_string();
        }
    }
    if let Some(ToolChoice::Custom(name)) = &mut request.tool_choice {
        request.tool_choice = Some(ToolChoice::Function(std::mem::take(name)));
    }
    names
}

/// The grammar that a custom tool's input must have.
fn grammar_of(format: &Value) -> Option<&str> {
    format.get("definition").and_then(Value::as_str)
}
