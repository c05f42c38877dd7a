//! `instructions` and `input`: items become turns.

use std::collections::HashSet;

use canon::{Extras, Item, Message, Part, Places, Role, ToolCall, ToolResult};
use serde_json::{Map, Value};

use super::part::parse_content;
use crate::{
    Error, Fields,
    openai::responses::{
        DIALECT,
        item::{as_header, extras, header, picture, rest},
        reasoning::parse_reasoning,
    },
};

const INPUT: &str = "a string or an array of at least one item";
const ROLES: &str = "\"system\", \"developer\", \"user\" or \"assistant\"";

/// Takes the conversation.
pub(super) fn take_messages(fields: &mut Fields) -> Result<(Vec<Message>, Places), Error> {
    let mut conversation = Conversation::default();
    let instructions = fields.string("instructions")?;
    let has_instructions = instructions.is_some();
    if let Some(text) = instructions.filter(|text| !text.is_empty()) {
        conversation.turns.push(Message::text(Role::System, text));
        conversation.note("instructions", None, false);
    }
    match fields.peek("input") {
        Some(Value::String(_)) => {
            let text = fields.required_string("input")?;
            conversation.turns.push(Message::text(Role::User, text));
            conversation.note("input", None, false);
        }
        Some(Value::Array(items)) if items.is_empty() => {
            return Err(fields.wrong("input", INPUT, &Value::Array(Vec::new())));
        }
        Some(Value::Array(_)) => {
            let items = fields.objects("input")?.unwrap_or_default();
            for (number, item) in items.into_iter().enumerate() {
                let has_parts = item.peek("content").is_some_and(Value::is_array);
                conversation.item(item)?;
                conversation.note("input", Some(number), has_parts);
            }
        }
        Some(other) => return Err(fields.wrong("input", INPUT, other)),
        None => return Err(fields.missing("input", INPUT)),
    }
    if !has_instructions {
        conversation.mark_first();
    }
    Ok((conversation.turns, conversation.places))
}

/// The turns so far.
#[derive(Default)]
struct Conversation {
    turns: Vec<Message>,
    places: Places,
    /// Ids of calls of tools that take text.
    customs: HashSet<String>,
}

impl Conversation {
    /// Notes where what was added last stands.
    fn note(&mut self, list: &'static str, number: Option<usize>, has_parts: bool) {
        let parts = has_parts.then_some("content");
        let item = Item {
            list,
            number,
            parts,
        };
        let is_header =
            |part: &Part| matches!(part, Part::Other { value, .. } if as_header(value).is_some());
        self.places.note(&self.turns, item, is_header);
    }

    /// A first turn of the system that came as an item goes back as one, and not as `instructions`.
    fn mark_first(&mut self) {
        if let Some(first) = self.turns.first_mut()
            && first.role == Role::System
        {
            first.extras.insert(DIALECT, "type", "message".into());
        }
    }

    /// Adds an item.
    fn item(&mut self, item: Fields) -> Result<(), Error> {
        let kind = match item.peek("type") {
            Some(Value::String(kind)) => kind.clone(),
            Some(other) => return Err(item.wrong("type", "a string", other)),
            None if item.has("role") => "message".to_owned(),
            None => return Err(item.missing("type", "the kind of item")),
        };
        match kind.as_str() {
            "message" => self.message(item),
            "reasoning" => {
                self.assistant(parse_reasoning(item.into_map()));
                Ok(())
            }
            "function_call" => self.call(item, "arguments", false),
            "custom_tool_call" => self.call(item, "input", true),
            "function_call_output" => self.result(item, false),
            "custom_tool_call_output" => self.result(item, true),
            "image_generation_call" => {
                self.assistant(picture(item.into_map()));
                Ok(())
            }
            "item_reference" => {
                let expected = "an item itself: this server stores none that could be referred to";
                Err(item.wrong("type", expected, &kind.into()))
            }
            _ => {
                let value = Value::Object(item.into_map());
                let dialect = DIALECT;
                self.assistant([Part::Other { dialect, value }]);
                Ok(())
            }
        }
    }

    /// Adds parts to the assistant's turn, which they begin where it is not under way.
    fn assistant(&mut self, parts: impl IntoIterator<Item = Part>) {
        match self.turns.last_mut() {
            Some(turn) if turn.role == Role::Assistant => turn.parts.extend(parts),
            _ => self.push(Role::Assistant, parts.into_iter().collect(), Extras::NONE),
        }
    }

    fn push(&mut self, role: Role, parts: Vec<Part>, extras: Extras) {
        self.turns.push(Message {
            role,
            parts,
            name: None,
            extras,
        });
    }

    fn message(&mut self, mut item: Fields) -> Result<(), Error> {
        item.value("type");
        let Some(role) = item.string("role")? else {
            return Err(item.missing("role", ROLES));
        };
        let path = item.path_of("content");
        let Some(content) = item.value("content") else {
            return Err(item.missing("content", "a string or an array of parts"));
        };
        let parts = parse_content(content, &path)?;
        let role = match role.as_str() {
            "system" => Role::System,
            "developer" => Role::Developer,
            "user" => Role::User,
            "assistant" => {
                let fields = rest(item.into_map());
                self.answer(parts, fields);
                return Ok(());
            }
            other => return Err(item.wrong("role", ROLES, &other.into())),
        };
        self.push(role, parts, extras(item.into_map()));
        Ok(())
    }

    /// A message of the assistant's. It needs a header where it says more than its content, or where its content
    /// would run into that of the message before.
    fn answer(&mut self, parts: Vec<Part>, fields: Map<String, Value>) {
        let before = self
            .turns
            .last()
            .filter(|turn| turn.role == Role::Assistant);
        let runs_on = match before.and_then(|turn| turn.parts.last()) {
            Some(Part::Text(_) | Part::Refusal(_) | Part::Media { .. }) => true,
            Some(Part::Other { value, .. }) => as_header(value).is_some(),
            Some(Part::Reasoning(_) | Part::ToolCall(_) | Part::ToolResult(_)) | None => false,
        };
        if runs_on || parts.is_empty() || !fields.is_empty() {
            let (dialect, value) = (DIALECT, header(fields));
            self.assistant([Part::Other { dialect, value }]);
        }
        self.assistant(parts);
    }

    fn call(&mut self, mut item: Fields, arguments: &str, custom: bool) -> Result<(), Error> {
        item.value("type");
        let id = item.required_string("call_id")?;
        let name = item.required_string("name")?;
        let arguments = item.required_string(arguments)?;
        if custom {
            self.customs.insert(id.clone());
        }
        self.assistant([Part::ToolCall(ToolCall {
            id,
            name,
            arguments,
            custom,
            cache: None,
            extras: extras(item.into_map()),
        })]);
        Ok(())
    }

    fn result(&mut self, mut item: Fields, custom: bool) -> Result<(), Error> {
        let call_id = item.required_string("call_id")?;
        // Which kind of result it is follows from the call, where that is here.
        if !custom || self.customs.contains(&call_id) {
            item.value("type");
        }
        let path = item.path_of("output");
        let parts = match item.value("output") {
            Some(output) => parse_content(output, &path)?,
            None => return Err(item.missing("output", "a string or an array of parts")),
        };
        let result = Part::ToolResult(ToolResult {
            call_id,
            parts,
            is_error: false,
            cache: None,
            extras: extras(item.into_map()),
        });
        self.push(Role::Tool, vec![result], Extras::NONE);
        Ok(())
    }
}
