//! The conversation as Gemini has it: `systemInstruction`, and turns of `user` and `model` with
//! signatures in their places.

mod turn;

use std::borrow::Cow;
use std::collections::HashMap;

use canon::{
    Dialect, Extras, Message, Part, ReasoningBody, ReasoningFormat, ReasoningPart, Request, Role,
    ToolCall, ToolResult,
};
use serde_json::{Map, Value};

use turn::Turn;

use super::wire::{Body, Content, Piece};
use super::{media, metadata};
use crate::{Error, Loss};

/// A conversation, ready to be written.
#[derive(Debug, Default)]
pub(super) struct Contents<'a> {
    /// The texts of `systemInstruction`.
    pub(super) system: Vec<Piece<'a>>,
    /// `contents`.
    pub(super) turns: Vec<Content<'a>>,
}

/// Puts the messages into Gemini's order. `is_third` says that the model is of the third generation or later: it
/// refuses calls without a signature, and takes media inside of results.
///
/// # Errors
/// A result of a call that never was, arguments that are no object, media that Gemini cannot have, nothing to answer.
pub(super) fn arrange<'a>(
    request: &'a Request,
    is_third: bool,
    loss: &mut Vec<Loss>,
) -> Result<Contents<'a>, Error> {
    let mut arranger = Arranger {
        contents: Contents::default(),
        calls: HashMap::new(),
        is_third,
        loss,
    };
    for (index, message) in request.messages.iter().enumerate() {
        arranger.message(index, message)?;
    }
    let mut contents = arranger.contents;
    if contents.turns.is_empty() && !contents.system.is_empty() {
        // Instructions alone are a prompt elsewhere; here a conversation must have a turn.
        let parts = std::mem::take(&mut contents.system);
        contents.turns.push(Content {
            role: "user",
            parts,
        });
        loss.push(Loss::new(
            "messages[0].role",
            "instructions alone are sent as the user's turn",
        ));
    }
    let last_role = request.messages.last().map(|message| message.role);
    let is_users = |turn: &Content<'_>| turn.role == "user";
    if last_role == Some(Role::User) && !contents.turns.last().is_some_and(is_users) {
        // The user's turn counts although it says nothing.
        let parts = vec![Piece::new(Body::Text(""))];
        contents.turns.push(Content {
            role: "user",
            parts,
        });
    }
    if contents.turns.is_empty() {
        return Err(Error::Unsayable {
            what: "a conversation without a word".to_owned(),
            why: "there is nothing to answer",
        });
    }
    Ok(contents)
}

struct Arranger<'a, 'l> {
    contents: Contents<'a>,
    /// Name of the function of each call so far, by id.
    calls: HashMap<&'a str, &'a str>,
    is_third: bool,
    loss: &'l mut Vec<Loss>,
}

impl<'a> Arranger<'a, '_> {
    fn message(&mut self, index: usize, message: &'a Message) -> Result<(), Error> {
        if message.name.is_some() && message.role != Role::Tool {
            let what = format!("messages[{index}].name");
            self.lose(what, "speakers have no names here");
        }
        if message.extras.of(Dialect::Gemini).is_none() {
            self.lose_extras(&message.extras, &format!("messages[{index}]"));
        }
        let mut turn = Turn::default();
        let mut parts = message.parts.iter().enumerate().peekable();
        while let Some((place, part)) = parts.next() {
            let is_signed = parts.peek().is_some_and(|(_, next)| is_signature(next));
            if is_signed || !is_empty_text(part) {
                self.part(&mut turn, part, &Place(index, place))?;
            }
        }
        let parts = turn.finish(self.is_third);
        match message.role {
            Role::System | Role::Developer => self.instruct(index, parts)?,
            Role::User | Role::Tool => self.say("user", parts),
            Role::Assistant => self.say("model", parts),
        }
        for orphan in turn.orphans {
            self.lose(orphan, "a signature of a call that is not in the message");
        }
        Ok(())
    }

    /// Adds to the turn under way where the role is the same.
    fn say(&mut self, role: &'static str, parts: Vec<Piece<'a>>) {
        if parts.is_empty() {
            return;
        }
        match self.contents.turns.last_mut() {
            Some(last) if last.role == role => last.parts.extend(parts),
            _ => self.contents.turns.push(Content { role, parts }),
        }
    }

    fn instruct(&mut self, index: usize, parts: Vec<Piece<'a>>) -> Result<(), Error> {
        let is_text = |piece: &Piece<'_>| matches!(piece.body, Body::Text(_));
        if !parts.iter().all(is_text) {
            return Err(Error::Unsayable {
                what: format!("messages[{index}].content"),
                why: "system instructions are text only",
            });
        }
        if !self.contents.turns.is_empty() {
            let why = "instructions in mid conversation are sent before it";
            self.lose(format!("messages[{index}]"), why);
        }
        self.contents.system.extend(parts);
        Ok(())
    }

    fn part(&mut self, turn: &mut Turn<'a>, part: &'a Part, place: &Place) -> Result<(), Error> {
        match part {
            Part::Text(text) => {
                self.lose_cache(text.cache.is_some(), place);
                let extras = self.own(&text.extras, place);
                turn.push_with(Body::Text(&text.text), extras);
            }
            Part::Refusal(text) => turn.push(Body::Text(text)),
            Part::Media {
                media,
                cache,
                extras,
            } => {
                self.lose_cache(cache.is_some(), place);
                let extras = self.own(extras, place);
                self.lose_media_words(media, extras.is_some(), place);
                turn.push_with(media::body(media, || place.path())?, extras);
            }
            Part::Reasoning(reasoning) => self.reason(turn, reasoning, place),
            Part::ToolCall(call) => self.call(turn, call, place)?,
            Part::ToolResult(result) => self.result(turn, result, place)?,
            Part::Other { dialect, value } => {
                if *dialect == Dialect::Gemini && metadata::of_answer(value).is_some() {
                    // What stood beside the parts of an answer is no part of the conversation.
                } else if *dialect == Dialect::Gemini && value.is_object() {
                    turn.push(Body::Native(value));
                } else {
                    self.lose(place.path(), "only the dialect it came from has it");
                }
            }
        }
        Ok(())
    }

    fn lose_media_words(&mut self, media: &canon::Media, is_own: bool, place: &Place) {
        if media
            .detail
            .as_deref()
            .is_some_and(|detail| detail != "auto")
        {
            let what = format!("{}.detail", place.path());
            self.lose(what, "the resolution of one picture cannot be asked for");
        }
        if media.name.is_some() && !is_own {
            let what = format!("{}.filename", place.path());
            self.lose(what, "files have no names here");
        }
    }

    fn reason(&mut self, turn: &mut Turn<'a>, part: &'a ReasoningPart, place: &Place) {
        if part.format != ReasoningFormat::GEMINI {
            let why = "thinking is of use only to the family of vendors it came from";
            self.lose(place.path(), why);
            return;
        }
        match &part.body {
            ReasoningBody::Text { text, signature } => {
                let extras = self.own(&part.extras, place);
                let signature = signature.as_deref();
                // A signature without words may be that of the words before it, which came in a piece of their own.
                if !text.is_empty() || !turn.sign_thought(signature) {
                    turn.push_with(Body::Thought(text), extras);
                    turn.sign_thought(signature);
                }
            }
            ReasoningBody::Summary(text) => turn.push(Body::Thought(text)),
            ReasoningBody::Encrypted(data) => turn.sign(part.id.as_deref(), data),
        }
    }

    fn call(
        &mut self,
        turn: &mut Turn<'a>,
        call: &'a ToolCall,
        place: &Place,
    ) -> Result<(), Error> {
        self.lose_cache(call.cache.is_some(), place);
        let extras = self.own(&call.extras, place);
        let args = match call.arguments.trim() {
            "" => "{}",
            text => text,
        };
        if serde_json::from_str::<Value>(args)
            .ok()
            .is_none_or(|args| !args.is_object())
        {
            return Err(Error::Field {
                path: format!("{}.arguments", place.path()),
                expected: "a JSON object, as text".to_owned(),
                found: "other text".to_owned(),
            });
        }
        self.calls.insert(&call.id, &call.name);
        let (id, name, args) = (&call.id, &call.name, Cow::Borrowed(args));
        turn.push_with(Body::Call { id, name, args }, extras);
        Ok(())
    }

    /// The texts become the response; pictures and files stand inside of it, or (older models) behind it as parts of
    /// the same turn.
    fn result(
        &mut self,
        turn: &mut Turn<'a>,
        result: &'a ToolResult,
        place: &Place,
    ) -> Result<(), Error> {
        self.lose_cache(result.cache.is_some(), place);
        let extras = self.own(&result.extras, place);
        let Some(name) = self.calls.get(result.call_id.as_str()).copied() else {
            return Err(Error::Field {
                path: format!("{}.tool_call_id", place.path()),
                expected: "the id of a call before it".to_owned(),
                found: format!("{:?}", result.call_id),
            });
        };
        let mut text = String::new();
        let mut behind = Turn::default();
        for part in &result.parts {
            match part {
                Part::Text(part) => text.push_str(&part.text),
                Part::Refusal(refusal) => text.push_str(refusal),
                Part::Media { .. }
                | Part::Reasoning(_)
                | Part::ToolCall(_)
                | Part::ToolResult(_)
                | Part::Other { .. } => self.part(&mut behind, part, place)?,
            }
        }
        let (inside, behind) = if self.is_third {
            (behind.parts, Vec::new())
        } else {
            (Vec::new(), behind.parts)
        };
        let body = Body::Result {
            id: &result.call_id,
            name,
            response: response_object(text, result.is_error),
            parts: inside,
        };
        turn.push_with(body, extras);
        turn.parts.extend(behind);
        Ok(())
    }

    /// The extra fields that came from Gemini; others are lost.
    fn own(&mut self, extras: &'a Extras, place: &Place) -> Option<&'a Map<String, Value>> {
        let own = extras.of(Dialect::Gemini);
        if own.is_none() {
            self.lose_extras(extras, &place.path());
        }
        own
    }

    fn lose_cache(&mut self, is_marked: bool, place: &Place) {
        if is_marked {
            let what = format!("{}.cache_control", place.path());
            self.lose(what, "prompts are cached without being asked here");
        }
    }

    fn lose_extras(&mut self, extras: &Extras, path: &str) {
        for (name, _) in extras.any().into_iter().flat_map(|(_, fields)| fields) {
            self.lose(
                format!("{path}.{name}"),
                "only the dialect it came from has it",
            );
        }
    }

    fn lose(&mut self, what: String, why: &'static str) {
        self.loss.push(Loss::new(what, why));
    }
}

/// A part's place: number of the message, number of the part.
struct Place(usize, usize);

impl Place {
    fn path(&self) -> String {
        format!("messages[{}].content[{}]", self.0, self.1)
    }
}

/// Text that says nothing is left out, unless it carries a signature.
fn is_empty_text(part: &Part) -> bool {
    matches!(part, Part::Text(text) if text.text.is_empty())
}

/// Whether a part is the signature of the part before it.
fn is_signature(part: &Part) -> bool {
    matches!(
        part,
        Part::Reasoning(ReasoningPart {
            body: ReasoningBody::Encrypted(_),
            id: None,
            format,
            ..
        }) if *format == ReasoningFormat::GEMINI
    )
}

/// A tool's text as the object that Gemini demands.
fn response_object(text: String, is_error: bool) -> String {
    let value = serde_json::from_str::<Value>(&text).ok();
    let object = value.filter(Value::is_object);
    let name = if is_error { "error" } else { "result" };
    match (object, is_error) {
        (Some(_), false) => text,
        // As it was written.
        (Some(_), true) => format!("{{\"{name}\":{}}}", text.trim()),
        (None, _) => serde_json::json!({ name: text }).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_result_is_always_an_object() {
        for (text, is_error, wanted) in [
            (r#"{"b":1.0, "a":2}"#, false, r#"{"b":1.0, "a":2}"#),
            ("sunny", false, r#"{"result":"sunny"}"#),
            ("[1]", false, r#"{"result":"[1]"}"#),
            ("", false, r#"{"result":""}"#),
            ("boom", true, r#"{"error":"boom"}"#),
            (r#"{"a":1}"#, true, r#"{"error":{"a":1}}"#),
        ] {
            assert_eq!(response_object(text.to_owned(), is_error), wanted);
        }
    }
}
