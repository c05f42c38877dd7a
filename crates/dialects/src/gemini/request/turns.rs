//! Reading `systemInstruction` and `contents`: turns of `user` and `model`, and which result answers which call.

use canon::{Dialect, Extras, Item, Message, Part, Places, ReasoningBody, ReasoningPart, Role};

use super::super::spelling;
use super::part;
use crate::{Error, Fields};

/// Takes the conversation.
///
/// # Errors
/// There is none, or something in it is not what it should be.
pub(super) fn parse_messages(outer: &mut Fields) -> Result<(Vec<Message>, Places), Error> {
    let mut calls = Calls::default();
    let mut messages = Vec::new();
    let mut places = Places::default();
    if let Some(mut system) = spelling::object(outer, "systemInstruction")? {
        let mut parts = Vec::new();
        for piece in spelling::objects(&mut system, "parts")? {
            part::parse(piece, String::new, &mut calls, &mut parts)?;
        }
        parts.retain(|part| !matches!(part, Part::Text(text) if text.text.is_empty()));
        if !parts.is_empty() {
            messages.push(message(Role::System, parts));
            places.note(&messages, item("systemInstruction", None), is_made);
        }
    }
    let contents = spelling::objects(outer, "contents")?;
    if contents.is_empty() {
        return Err(outer.missing("contents", "an array of at least one content"));
    }
    for (turn, content) in contents.into_iter().enumerate() {
        parse_content(turn, content, &mut calls, &mut messages)?;
        places.note(&messages, item("contents", Some(turn)), is_made);
    }
    Ok((messages, places))
}

const fn item(list: &'static str, number: Option<usize>) -> Item {
    Item {
        list,
        number,
        parts: Some("parts"),
    }
}

/// Signatures stand on parts here, and are parts of their own in canon.
const fn is_made(part: &Part) -> bool {
    matches!(
        part,
        Part::Reasoning(ReasoningPart {
            body: ReasoningBody::Encrypted(_),
            ..
        })
    )
}

fn parse_content(
    turn: usize,
    mut content: Fields,
    calls: &mut Calls,
    messages: &mut Vec<Message>,
) -> Result<(), Error> {
    let role = content.string("role")?;
    let role = match role.as_deref() {
        // `function` is the older word for a turn of results.
        None | Some("user" | "function" | "") => Role::User,
        Some("model") => Role::Assistant,
        Some(other) => {
            let found = other.to_owned().into();
            return Err(content.wrong("role", "\"user\" or \"model\"", &found));
        }
    };
    let mut parts = Vec::new();
    for (place, piece) in spelling::objects(&mut content, "parts")?
        .into_iter()
        .enumerate()
    {
        part::parse(piece, || format!("call_{turn}_{place}"), calls, &mut parts)?;
    }
    let first = messages.len();
    if role == Role::Assistant {
        messages.push(message(role, parts));
    } else {
        push_parts(parts, messages);
    }
    if let Some(first) = messages.get_mut(first) {
        first.extras = content.rest(Dialect::Gemini);
    }
    Ok(())
}

/// Results of tools stand in a user's turn here, and are turns of their own in canon.
fn push_parts(parts: Vec<Part>, messages: &mut Vec<Message>) {
    let first = messages.len();
    for part in parts {
        let is_result = matches!(part, Part::ToolResult(_));
        let role = if is_result { Role::Tool } else { Role::User };
        match messages.get_mut(first..).and_then(<[Message]>::last_mut) {
            Some(last) if last.role == role => last.parts.push(part),
            _ => messages.push(message(role, vec![part])),
        }
    }
    if messages.len() == first {
        messages.push(message(Role::User, Vec::new()));
    }
}

fn message(role: Role, parts: Vec<Part>) -> Message {
    Message {
        role,
        parts,
        name: None,
        extras: Extras::NONE,
    }
}

/// The calls of the conversation so far. Older models give them no ids; results then follow in the calls' order.
#[derive(Debug, Default)]
pub(super) struct Calls(Vec<Call>);

#[derive(Debug)]
struct Call {
    id: String,
    name: String,
    is_answered: bool,
}

impl Calls {
    /// Remembers a call.
    pub(super) fn add(&mut self, id: &str, name: &str) {
        self.0.push(Call {
            id: id.to_owned(),
            name: name.to_owned(),
            is_answered: false,
        });
    }

    /// The id of the call that a result answers: the one it names, else the first of that name that is open, else
    /// (where it names none) the first that is open.
    pub(super) fn answered_by(&mut self, id: Option<&str>, name: &str) -> Option<String> {
        let calls = || self.0.iter();
        let place = id
            .and_then(|id| calls().position(|call| call.id == id))
            .or_else(|| calls().position(|call| !call.is_answered && call.name == name))
            .or_else(|| calls().position(|call| id.is_none() && !call.is_answered));
        let call = self.0.get_mut(place?)?;
        call.is_answered = true;
        Some(call.id.clone())
    }
}
