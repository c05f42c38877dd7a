//! The conversation as Cohere has it. Text documents do not stand in turns but beside them, in `documents`.

use std::mem;

use canon::{
    CacheMark, Media, MediaKind, Message, Part, ReasoningPart, Request, Role, Source, TextPart,
    ToolCall, ToolResult,
};
use serde_json::{Value, json};

use super::{DIALECT, TOOL_PLAN};
use crate::{
    Error, Loss, Target, Thinking,
    attachment::{Attachment, attachment},
    body::Body,
    json::Array,
    tools::arguments,
    unsaid::{FOREIGN, lose_extras, plain_thinking},
};

/// Writes `messages`, and gives back the documents that stood in them.
///
/// # Errors
/// Sound, video, files that are no text, pictures uploaded elsewhere, media outside of the user's turns.
pub(super) fn render_messages(
    request: &Request,
    target: &Target<'_>,
    body: &mut Body<'_, '_>,
) -> Result<Vec<Value>, Error> {
    let mut writer = Writer {
        loss: body.loss,
        thinks: target.thinking != Thinking::Unknown,
        documents: Vec::new(),
        pictures: Vec::new(),
    };
    let mut list = body.object.array("messages");
    for (index, message) in request.messages.iter().enumerate() {
        writer.message(message, &format!("messages[{index}]"), &mut list)?;
    }
    writer.show_pictures(&mut list);
    list.close();
    Ok(writer.documents)
}

struct Writer<'l> {
    loss: &'l mut Vec<Loss>,
    /// Whether thinking may go back.
    thinks: bool,
    documents: Vec<Value>,
    /// Pictures that tools gave back: results are text, so the user shows them behind the results.
    pictures: Vec<Value>,
}

/// A turn under way.
#[derive(Default)]
struct Turn<'a> {
    blocks: Vec<Value>,
    plan: Option<String>,
    calls: Vec<(&'a ToolCall, String)>,
    citations: Vec<Value>,
    /// Name of the speaker, until it stands before the first text.
    name: Option<&'a str>,
}

impl Writer<'_> {
    fn message(&mut self, message: &Message, at: &str, list: &mut Array<'_>) -> Result<(), Error> {
        lose_extras(&message.extras, DIALECT, at, self.loss);
        if message.role != Role::Tool {
            self.show_pictures(list);
        }
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
        if !(has_result && turn.blocks.is_empty()) {
            self.render_turn(turn, role, list);
        }
        Ok(())
    }

    fn render_turn(&mut self, turn: Turn<'_>, role: &str, list: &mut Array<'_>) {
        let mut object = list.object();
        object.field("role", role);
        match turn.blocks.as_slice() {
            [] if !turn.calls.is_empty() || turn.plan.is_some() => {}
            [] => object.field("content", ""),
            [block] => match text_of(block) {
                Some(text) => object.field("content", text),
                None => object.field("content", &turn.blocks),
            },
            blocks => object.field("content", blocks),
        }
        object.optional("tool_plan", turn.plan);
        if !turn.calls.is_empty() {
            let mut calls = object.array("tool_calls");
            for (call, at) in &turn.calls {
                let mut item = calls.object();
                item.field("id", &call.id);
                item.field("type", "function");
                let mut function = item.object("function");
                function.field("name", &call.name);
                function.field("arguments", &*arguments(call, at, self.loss));
                function.close();
                item.close();
            }
            calls.close();
        }
        if !turn.citations.is_empty() {
            object.field("citations", &turn.citations);
        }
        object.close();
    }

    fn part<'a>(
        &mut self,
        part: &'a Part,
        at: &str,
        role: &str,
        turn: &mut Turn<'a>,
    ) -> Result<(), Error> {
        match part {
            Part::Text(text) => self.text(text, at, turn),
            Part::Refusal(text) => turn.say(text),
            Part::Media {
                media,
                cache,
                extras,
            } => {
                self.lose_cache(*cache, at);
                lose_extras(extras, DIALECT, at, self.loss);
                let block = self.media(media, at, role)?;
                turn.blocks.extend(block);
            }
            Part::Reasoning(reasoning) => self.reason(reasoning, at, turn),
            Part::ToolCall(call) => {
                self.lose_cache(call.cache, at);
                lose_extras(&call.extras, DIALECT, at, self.loss);
                turn.calls.push((call, at.to_owned()));
            }
            Part::ToolResult(_) => self.lose(at.to_owned(), "a result inside of another"),
            Part::Other { dialect, value } if *dialect == DIALECT => {
                turn.blocks.push(value.clone());
            }
            Part::Other { .. } => self.lose(at.to_owned(), FOREIGN),
        }
        Ok(())
    }

    fn text(&mut self, text: &TextPart, at: &str, turn: &mut Turn<'_>) {
        self.lose_cache(text.cache, at);
        lose_extras(&text.extras, DIALECT, at, self.loss);
        if !text.text.is_empty() {
            turn.say(&text.text);
        }
        // Of Cohere's own, the first of its sources carries the whole.
        let own = text
            .citations
            .iter()
            .filter_map(|one| one.native.of(DIALECT));
        let before = turn.citations.len();
        turn.citations.extend(own.cloned().map(Value::Object));
        if !text.citations.is_empty() && turn.citations.len() == before {
            self.lose(
                format!("{at}.citations"),
                "sources that another vendor found",
            );
        }
    }

    fn reason(&mut self, part: &ReasoningPart, at: &str, turn: &mut Turn<'_>) {
        let Some(words) = plain_thinking(part) else {
            return self.lose(at.to_owned(), "thinking of another family of vendors");
        };
        if part.id.as_deref() == Some(TOOL_PLAN) {
            turn.plan.get_or_insert_default().push_str(words);
        } else if self.thinks {
            turn.blocks
                .push(json!({ "type": "thinking", "thinking": words }));
        } else {
            self.lose(at.to_owned(), "this model is not known to think");
        }
    }

    /// A result is a turn of its own, in text.
    fn result(&mut self, result: &ToolResult, at: &str, list: &mut Array<'_>) -> Result<(), Error> {
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
            self.part(part, &format!("{at}.content[{index}]"), "user", &mut turn)?;
        }
        let is_picture = |block: &Value| block.get("image_url").is_some();
        let (pictures, blocks): (Vec<Value>, Vec<Value>) =
            turn.blocks.into_iter().partition(is_picture);
        if !pictures.is_empty() {
            self.lose(
                at.to_owned(),
                "results are text here; its pictures follow in a user's turn",
            );
            self.pictures.extend(pictures);
        }
        let text: Vec<&str> = blocks.iter().filter_map(text_of).collect();
        let mut object = list.object();
        object.field("role", "tool");
        object.field("tool_call_id", &result.call_id);
        object.field("content", &text.join("\n"));
        object.close();
        Ok(())
    }

    fn show_pictures(&mut self, list: &mut Array<'_>) {
        if !self.pictures.is_empty() {
            let mut object = list.object();
            object.field("role", "user");
            object.field("content", &mem::take(&mut self.pictures));
            object.close();
        }
    }

    /// A picture as a block; a text document goes beside the conversation.
    fn media(&mut self, media: &Media, at: &str, role: &str) -> Result<Option<Value>, Error> {
        let unsayable = |why| Error::Unsayable {
            what: at.to_owned(),
            why,
        };
        if role != "user" {
            return Err(unsayable("only the user's turns hold media here"));
        }
        if let Source::Text(text) = &media.source {
            let data = match &media.name {
                Some(name) => json!({ "text": text, "title": name }),
                None => json!({ "text": text }),
            };
            self.documents.push(json!({ "data": data }));
            return Ok(None);
        }
        if media.kind != MediaKind::Image {
            return Err(unsayable(
                "Cohere takes text, pictures and text documents only",
            ));
        }
        let url = match attachment(media) {
            Some(Attachment::Inline { mime, data }) => format!("data:{mime};base64,{data}"),
            Some(Attachment::Address(url)) => url.to_owned(),
            Some(Attachment::Upload(_)) => {
                return Err(unsayable("the file was uploaded to another vendor"));
            }
            None => {
                return Err(unsayable(
                    "a data URL must have the form data:TYPE;base64,DATA",
                ));
            }
        };
        let image = match &media.detail {
            Some(detail) => json!({ "url": url, "detail": detail }),
            None => json!({ "url": url }),
        };
        Ok(Some(json!({ "type": "image_url", "image_url": image })))
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

/// The text of a text block.
fn text_of(block: &Value) -> Option<&str> {
    block.get("text")?.as_str()
}

impl Turn<'_> {
    fn say(&mut self, text: &str) {
        let text = match self.name.take() {
            Some(name) => format!("{name}: {text}"),
            None => text.to_owned(),
        };
        self.blocks.push(json!({ "type": "text", "text": text }));
    }
}
