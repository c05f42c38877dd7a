//! The turns of a request, taken apart into items again.

use canon::{
    MediaKind, Message, Part, ReasoningFormat, Request, Role, Source, ToolCall, ToolResult,
};
use serde_json::{Map, Value};

use super::{Body, part::Content};
use crate::{
    Error,
    json::Array,
    openai::responses::{
        DIALECT,
        item::as_header,
        reasoning::{Thinking, is_returnable},
    },
};

/// Which kinds of part a vendor's own part must be of to stand inside a message.
const CONTENT_PREFIXES: [&str; 2] = ["input_", "output_"];

impl Body<'_> {
    /// Writes `instructions` and `input`.
    pub(super) fn conversation(&mut self, request: &Request) -> Result<(), Error> {
        let mut turns = request.messages.as_slice();
        let mut first = 0;
        if let [system, rest @ ..] = turns
            && let Some(text) = instructions(system)
            && !rest.is_empty()
            && self.takes("instructions")
        {
            self.object.field("instructions", text);
            turns = rest;
            first = 1;
        }
        let customs = custom_calls(turns);
        let mut list = self.object.array("input");
        for (place, message) in turns.iter().enumerate() {
            let mut items = Items {
                content: Content {
                    form: self.form,
                    loss: self.loss,
                    turn: place + first,
                },
                customs: &customs,
                list: &mut list,
            };
            items.turn(message)?;
        }
        list.close();
        Ok(())
    }
}

/// The standing instructions, where a turn of the system's is nothing but one text.
fn instructions(message: &Message) -> Option<&str> {
    match message.parts.as_slice() {
        [Part::Text(text)]
            if message.role == Role::System
                && message.name.is_none()
                && message.extras.is_empty()
                && text.cache.is_none()
                && text.extras.is_empty()
                && !text.text.is_empty() =>
        {
            Some(&text.text)
        }
        _ => None,
    }
}

/// Ids of the calls of tools that take text: their results are items of another kind.
fn custom_calls(turns: &[Message]) -> Vec<&str> {
    let mut ids = Vec::new();
    for part in turns.iter().flat_map(|turn| &turn.parts) {
        if let Part::ToolCall(call) = part
            && call.custom
        {
            ids.push(call.id.as_str());
        }
    }
    ids
}

/// The items of one turn.
struct Items<'a, 'l> {
    content: Content<'a>,
    customs: &'a [&'a str],
    list: &'a mut Array<'l>,
}

impl Items<'_, '_> {
    fn turn(&mut self, message: &Message) -> Result<(), Error> {
        if message.role == Role::Assistant {
            self.assistant(message)?;
        } else {
            self.caller(message)?;
        }
        if message.name.is_some() {
            self.content
                .lose("name", "this dialect has no names of speakers");
        }
        if message
            .extras
            .any()
            .is_some_and(|(dialect, _)| dialect != DIALECT)
        {
            self.content.lose("(other fields)", super::FOREIGN);
        }
        Ok(())
    }

    /// A turn of the caller's side: results of tools first, then what is said.
    fn caller(&mut self, message: &Message) -> Result<(), Error> {
        let mut said = Vec::with_capacity(message.parts.len());
        for part in &message.parts {
            match part {
                Part::ToolResult(result) => self.result(result)?,
                Part::Text(_)
                | Part::Media { .. }
                | Part::Reasoning(_)
                | Part::ToolCall(_)
                | Part::Refusal(_)
                | Part::Other { .. } => said.push(part),
            }
        }
        if said.is_empty() && !message.parts.is_empty() {
            return Ok(());
        }
        let role = match message.role {
            Role::System => "system",
            Role::Developer => "developer",
            // A tool's turn that holds no result can only be the user's.
            Role::User | Role::Tool | Role::Assistant => "user",
        };
        let extras = message.extras.of(DIALECT);
        self.message(role, &said, extras)
    }

    /// The assistant's turn: thinking, messages, calls and the vendor's own items, in their order.
    fn assistant(&mut self, message: &Message) -> Result<(), Error> {
        let mut parts = message.parts.iter().peekable();
        if message.parts.is_empty() {
            return self.message("assistant", &[], None);
        }
        while let Some(part) = parts.next() {
            match part {
                Part::Reasoning(piece) => {
                    let mut item = Thinking::of(piece);
                    while let Some(Part::Reasoning(next)) = parts.next_if(|next| {
                        matches!(next, Part::Reasoning(next)
                            if item.takes(next.id.as_deref(), &next.format))
                    }) {
                        item.push(next);
                    }
                    self.thinking(&item, &piece.format);
                }
                Part::ToolCall(call) => self.call(call),
                Part::ToolResult(result) => self.result(result)?,
                Part::Other { value, .. } if header_of(part).is_none() && !is_content(part) => {
                    let is_picture = |next: &&Part| is_drawn(value) && as_picture(next).is_some();
                    let picture = parts.next_if(is_picture).and_then(as_picture);
                    self.own(value, picture);
                }
                Part::Text(_) | Part::Refusal(_) | Part::Media { .. } | Part::Other { .. } => {
                    let header = header_of(part);
                    let first = header.is_none().then_some(part);
                    let mut said: Vec<&Part> = first.into_iter().collect();
                    while let Some(next) = parts.next_if(|next| is_content(next)) {
                        said.push(next);
                    }
                    self.message("assistant", &said, header)?;
                }
            }
        }
        Ok(())
    }

    /// An item that only this dialect has, with the picture that belongs into it.
    fn own(&mut self, item: &Value, picture: Option<&str>) {
        let mut object = self.list.object();
        for (name, value) in item.as_object().into_iter().flatten() {
            object.field(name, value);
        }
        object.optional("result", picture);
        object.close();
    }

    fn thinking(&mut self, item: &Thinking<'_>, format: &ReasoningFormat) {
        if is_returnable(format) {
            item.render(item.id(), self.list.object());
        } else {
            let why = "this provider takes no thinking of another vendor";
            self.content.lose("reasoning", why);
        }
    }

    fn message(
        &mut self,
        role: &str,
        parts: &[&Part],
        header: Option<&Map<String, Value>>,
    ) -> Result<(), Error> {
        let is_answer = role == "assistant";
        // A message of nothing but what cannot be said here is no message.
        let said = self.content.sayable(parts, is_answer)?;
        if said.is_empty() && !parts.is_empty() {
            return Ok(());
        }
        let mut object = self.list.object();
        for (name, value) in header.into_iter().flatten() {
            object.field(name, value);
        }
        object.field("role", role);
        self.content
            .render("content", &said, is_answer, &mut object);
        object.close();
        Ok(())
    }

    fn call(&mut self, call: &ToolCall) {
        self.content.report(call.cache, &call.extras);
        let mut object = self.list.object();
        let (kind, arguments) = if call.custom {
            ("custom_tool_call", "input")
        } else {
            ("function_call", "arguments")
        };
        object.field("type", kind);
        object.field("call_id", &call.id);
        object.field("name", &call.name);
        let is_nothing = call.arguments.is_empty() && !call.custom;
        // No arguments at all are an object without fields: vendors parse the text.
        let text = if is_nothing { "{}" } else { &call.arguments };
        object.field(arguments, text);
        for (name, value) in call.extras.of(DIALECT).into_iter().flatten() {
            object.field(name, value);
        }
        object.close();
    }

    fn result(&mut self, result: &ToolResult) -> Result<(), Error> {
        if result.is_error {
            let why = "this dialect does not say that a tool failed";
            self.content.lose("is_error", why);
        }
        self.content.report(result.cache, &result.extras);
        let parts: Vec<&Part> = result.parts.iter().collect();
        let said = self.content.sayable(&parts, false)?;
        let extras = result.extras.of(DIALECT);
        let mut object = self.list.object();
        if extras.is_none_or(|extras| !extras.contains_key("type")) {
            let kind = if self.customs.contains(&result.call_id.as_str()) {
                "custom_tool_call_output"
            } else {
                "function_call_output"
            };
            object.field("type", kind);
        }
        object.field("call_id", &result.call_id);
        self.content.render("output", &said, false, &mut object);
        for (name, value) in extras.into_iter().flatten() {
            object.field(name, value);
        }
        object.close();
        Ok(())
    }
}

/// Whether an item is that of a picture which stands behind it.
fn is_drawn(item: &Value) -> bool {
    let is_kind = item
        .get("type")
        .is_some_and(|kind| kind == "image_generation_call");
    is_kind && item.get("result").is_none()
}

/// The bytes or the address of a picture.
fn as_picture(part: &Part) -> Option<&str> {
    match part {
        Part::Media { media, .. } if media.kind == MediaKind::Image => match &media.source {
            Source::Base64(data) => Some(data),
            Source::Url(url) => Some(url),
            Source::Text(_) | Source::Upload(_) => None,
        },
        Part::Text(_)
        | Part::Media { .. }
        | Part::Reasoning(_)
        | Part::ToolCall(_)
        | Part::ToolResult(_)
        | Part::Refusal(_)
        | Part::Other { .. } => None,
    }
}

/// The header of a message, where the part is one.
fn header_of(part: &Part) -> Option<&Map<String, Value>> {
    match part {
        Part::Other { dialect, value } if *dialect == DIALECT => as_header(value),
        Part::Text(_)
        | Part::Media { .. }
        | Part::Reasoning(_)
        | Part::ToolCall(_)
        | Part::ToolResult(_)
        | Part::Refusal(_)
        | Part::Other { .. } => None,
    }
}

/// Whether a part stands inside a message, and is no item of its own.
fn is_content(part: &Part) -> bool {
    match part {
        Part::Text(_) | Part::Refusal(_) | Part::Media { .. } => true,
        Part::Other { dialect, value } => {
            let kind = value
                .get("type")
                .and_then(Value::as_str)
                .unwrap_or_default();
            *dialect != DIALECT
                || CONTENT_PREFIXES
                    .iter()
                    .any(|prefix| kind.starts_with(prefix))
        }
        Part::Reasoning(_) | Part::ToolCall(_) | Part::ToolResult(_) => false,
    }
}
