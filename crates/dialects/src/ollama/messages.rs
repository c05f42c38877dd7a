//! The conversation: one text a turn, pictures and calls beside it.

use std::{borrow::Cow, collections::HashMap};

use canon::{Media, MediaKind, Request};

use super::DIALECT;
use crate::{
    Error, Loss,
    attachment::{Attachment, attachment},
    body::Body,
    json::{Array, Object},
    tools::arguments,
    turns::{Said, Turn, turns},
    unsaid::FOREIGN,
};

/// Writes `messages`.
///
/// # Errors
/// A picture that does not stand in the message, or media of another kind.
pub(super) fn render_messages(request: &Request, body: &mut Body<'_, '_>) -> Result<(), Error> {
    let turns = turns(request, DIALECT, body.loss);
    let mut writer = Writer {
        calls: HashMap::new(),
        loss: body.loss,
    };
    let mut list = body.object.array("messages");
    for turn in &turns {
        writer.turn(turn, &mut list)?;
    }
    list.close();
    Ok(())
}

struct Writer<'a, 'l> {
    /// Name of the function of each call so far, by id.
    calls: HashMap<&'a str, &'a str>,
    loss: &'l mut Vec<Loss>,
}

impl<'a> Writer<'a, '_> {
    fn turn(&mut self, turn: &'a Turn<'a>, list: &mut Array<'_>) -> Result<(), Error> {
        let mut text = Text::default();
        let mut images = Vec::new();
        for (said, at) in &turn.said {
            match said {
                Said::Media(media) => images.push(self.picture(media, at)?),
                Said::Own(_) => self.lose(at.clone(), FOREIGN),
                Said::Text(_) | Said::Refusal(_) => text.say(said, turn.role),
            }
            if let Said::Text(text) = said
                && !text.citations.is_empty()
            {
                self.lose(format!("{at}.citations"), "texts have no sources here");
            }
        }
        let mut object = list.object();
        object.field("role", turn.role);
        object.field("content", &text.text);
        let thinking: String = turn.thoughts.iter().map(|(words, ..)| *words).collect();
        if !thinking.is_empty() {
            object.field("thinking", &thinking);
        }
        if !images.is_empty() {
            object.field("images", &images);
        }
        self.render_calls(turn, &mut object);
        if let Some(result) = turn.result {
            object.optional("tool_name", self.calls.get(result.call_id.as_str()));
            object.field("tool_call_id", &result.call_id);
        }
        object.close();
        Ok(())
    }

    fn render_calls(&mut self, turn: &'a Turn<'a>, object: &mut Object<'_>) {
        if turn.calls.is_empty() {
            return;
        }
        let mut calls = object.array("tool_calls");
        for (call, at) in &turn.calls {
            self.calls.insert(&call.id, &call.name);
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

    fn lose(&mut self, what: String, why: &'static str) {
        self.loss.push(Loss::new(what, why));
    }
}

/// The one text of a turn.
#[derive(Default)]
struct Text {
    text: String,
    has_text: bool,
}

impl Text {
    /// Adds a text. The model's own texts go on where the last one stopped; others stand in lines of their own, unless
    /// they were written to go on.
    fn say(&mut self, said: &Said<'_>, role: &str) {
        let text = said.words().unwrap_or_default();
        let goes_on = role == "assistant"
            || self.text.ends_with(char::is_whitespace)
            || text.starts_with(char::is_whitespace);
        if self.has_text && !goes_on {
            self.text.push('\n');
        }
        self.has_text = true;
        self.text.push_str(text);
    }
}
