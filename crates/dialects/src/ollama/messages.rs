//! The conversation: one text a turn, pictures and calls beside it.

use std::{borrow::Cow, collections::HashMap};

use canon::{CacheMark, Media, MediaKind, Message, Part, Request, Role, ToolCall, ToolResult};

use super::DIALECT;
use crate::{
    Error, Loss,
    attachment::{Attachment, attachment},
    body::Body,
    json::Array,
    tools::arguments,
    unsaid::{FOREIGN, lose_extras, plain_thinking},
};

/// Writes `messages`.
///
/// # Errors
/// A picture that does not stand in the message, or media of another kind.
pub(super) fn render_messages(request: &Request, body: &mut Body<'_, '_>) -> Result<(), Error> {
    let mut writer = Writer {
        calls: HashMap::new(),
        loss: body.loss,
    };
    let mut list = body.object.array("messages");
    for (index, message) in request.messages.iter().enumerate() {
        writer.message(message, &format!("messages[{index}]"), &mut list)?;
    }
    list.close();
    Ok(())
}

struct Writer<'a, 'l> {
    /// Name of the function of each call so far, by id.
    calls: HashMap<&'a str, &'a str>,
    loss: &'l mut Vec<Loss>,
}

/// A turn under way.
#[derive(Default)]
struct Turn<'a> {
    text: String,
    has_text: bool,
    /// Name of the speaker, until it stands before the first text.
    name: Option<&'a str>,
    thinking: String,
    images: Vec<Cow<'a, str>>,
    calls: Vec<(&'a ToolCall, String)>,
}

impl<'a> Writer<'a, '_> {
    fn message(
        &mut self,
        message: &'a Message,
        at: &str,
        list: &mut Array<'_>,
    ) -> Result<(), Error> {
        lose_extras(&message.extras, DIALECT, at, self.loss);
        let role = match message.role {
            Role::System | Role::Developer => "system",
            Role::User | Role::Tool => "user",
            Role::Assistant => "assistant",
        };
        let mut turn = Turn {
            name: message.name.as_deref(),
            ..Turn::default()
        };
        let mut has_result = false;
        for (index, part) in message.parts.iter().enumerate() {
            let at = format!("{at}.content[{index}]");
            if let Part::ToolResult(result) = part {
                has_result = true;
                self.result(result, &at, list)?;
            } else {
                self.part(part, &at, role, &mut turn)?;
            }
        }
        if turn.name.is_some() {
            self.lose(format!("{at}.name"), "there is no text to put it before");
        }
        let is_empty = !turn.has_text && turn.images.is_empty();
        if !(has_result && is_empty) {
            self.render_turn(&turn, role, list);
        }
        Ok(())
    }

    fn render_turn(&mut self, turn: &Turn<'a>, role: &str, list: &mut Array<'_>) {
        let mut object = list.object();
        object.field("role", role);
        object.field("content", &turn.text);
        if !turn.thinking.is_empty() {
            object.field("thinking", &turn.thinking);
        }
        if !turn.images.is_empty() {
            object.field("images", &turn.images);
        }
        if !turn.calls.is_empty() {
            let mut calls = object.array("tool_calls");
            for (call, at) in &turn.calls {
                let mut item = calls.object();
                item.field("id", &call.id);
                item.field("type", "function");
                let mut function = item.object("function");
                function.field("name", &call.name);
                function.raw("arguments", &arguments(call, at, self.loss));
                function.close();
                item.close();
            }
            calls.close();
        }
        object.close();
    }

    fn part(
        &mut self,
        part: &'a Part,
        at: &str,
        role: &str,
        turn: &mut Turn<'a>,
    ) -> Result<(), Error> {
        match part {
            Part::Text(text) => {
                self.lose_cache(text.cache, at);
                lose_extras(&text.extras, DIALECT, at, self.loss);
                if !text.citations.is_empty() {
                    self.lose(format!("{at}.citations"), "texts have no sources here");
                }
                turn.say(&text.text, role);
            }
            Part::Refusal(text) => turn.say(text, role),
            Part::Media {
                media,
                cache,
                extras,
            } => {
                self.lose_cache(*cache, at);
                lose_extras(extras, DIALECT, at, self.loss);
                turn.images.push(self.picture(media, at)?);
            }
            Part::Reasoning(part) => match plain_thinking(part) {
                Some(words) => turn.thinking.push_str(words),
                None => self.lose(at.to_owned(), "thinking of another family of vendors"),
            },
            Part::ToolCall(call) => {
                self.lose_cache(call.cache, at);
                lose_extras(&call.extras, DIALECT, at, self.loss);
                self.calls.insert(&call.id, &call.name);
                turn.calls.push((call, at.to_owned()));
            }
            Part::ToolResult(_) => {
                self.lose(at.to_owned(), "a result inside of another");
            }
            Part::Other { .. } => self.lose(at.to_owned(), FOREIGN),
        }
        Ok(())
    }

    /// A result is a turn of its own.
    fn result(
        &mut self,
        result: &'a ToolResult,
        at: &str,
        list: &mut Array<'_>,
    ) -> Result<(), Error> {
        self.lose_cache(result.cache, at);
        lose_extras(&result.extras, DIALECT, at, self.loss);
        if result.is_error {
            self.lose(
                format!("{at}.is_error"),
                "results cannot be marked as failed",
            );
        }
        let mut turn = Turn::default();
        for (index, part) in result.parts.iter().enumerate() {
            self.part(part, &format!("{at}.content[{index}]"), "tool", &mut turn)?;
        }
        let mut object = list.object();
        object.field("role", "tool");
        object.field("content", &turn.text);
        if !turn.images.is_empty() {
            object.field("images", &turn.images);
        }
        object.optional("tool_name", self.calls.get(result.call_id.as_str()));
        object.field("tool_call_id", &result.call_id);
        object.close();
        Ok(())
    }

    fn picture(&mut self, media: &'a Media, at: &str) -> Result<Cow<'a, str>, Error> {
        let unsayable = |why| Error::Unsayable {
            what: at.to_owned(),
            why,
        };
        if media.kind != MediaKind::Image {
            return Err(unsayable("Ollama takes text and pictures only"));
        }
        if media
            .detail
            .as_deref()
            .is_some_and(|detail| detail != "auto")
        {
            self.lose(format!("{at}.detail"), "pictures have one resolution here");
        }
        match attachment(media) {
            Some(Attachment::Inline { data, .. }) => Ok(data),
            Some(Attachment::Address(_) | Attachment::Upload(_)) => Err(unsayable(
                "Ollama fetches nothing: pictures must stand in the message as base64",
            )),
            None => Err(unsayable(
                "a data URL must have the form data:TYPE;base64,DATA",
            )),
        }
    }

    fn lose_cache(&mut self, mark: Option<CacheMark>, at: &str) {
        if mark.is_some() {
            let why = "prompts are cached without being asked here";
            self.lose(format!("{at}.cache_control"), why);
        }
    }

    fn lose(&mut self, what: String, why: &'static str) {
        self.loss.push(Loss::new(what, why));
    }
}

impl Turn<'_> {
    /// Adds a text. The model's own texts go on where the last one stopped; others stand in lines of their own, unless
    /// they were written to go on.
    fn say(&mut self, text: &str, role: &str) {
        let goes_on = role == "assistant"
            || self.text.ends_with(char::is_whitespace)
            || text.starts_with(char::is_whitespace);
        if self.has_text && !goes_on {
            self.text.push('\n');
        }
        if let Some(name) = self.name.take() {
            self.text.push_str(name);
            self.text.push_str(": ");
        }
        self.has_text = true;
        self.text.push_str(text);
    }
}
