//! The conversation as Cohere has it. Text documents do not stand in turns but beside them, in `documents`.

use std::mem;

use canon::{Media, MediaKind, Request, Source, TextPart, ToolResult};
use serde_json::{Value, json};

use super::{DIALECT, TOOL_PLAN};
use crate::{
    Error, Loss, Target, Thinking,
    attachment::{Attachment, attachment},
    body::Body,
    json::{Array, Object},
    tools::arguments,
    turns::{Said, Turn, turns},
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
    let turns = turns(request, DIALECT, body.loss);
    let mut writer = Writer {
        loss: body.loss,
        thinks: target.thinking != Thinking::Unknown,
        documents: Vec::new(),
        pictures: Vec::new(),
    };
    let mut list = body.object.array("messages");
    for turn in &turns {
        let content = writer.content(turn)?;
        match turn.result {
            Some(result) => writer.result(result, content.blocks, &turn.at, &mut list),
            None => {
                writer.show_pictures(&mut list);
                writer.turn(turn, content, list.object());
            }
        }
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

/// What stands in a turn.
#[derive(Default)]
struct Content {
    blocks: Vec<Value>,
    plan: Option<String>,
    citations: Vec<Value>,
}

impl Writer<'_> {
    fn content(&mut self, turn: &Turn<'_>) -> Result<Content, Error> {
        let mut content = Content::default();
        for (words, id, at) in &turn.thoughts {
            if *id == Some(TOOL_PLAN) {
                content.plan.get_or_insert_default().push_str(words);
            } else if self.thinks {
                let block = json!({ "type": "thinking", "thinking": words });
                content.blocks.push(block);
            } else {
                self.lose(at.clone(), "this model is not known to think");
            }
        }
        for (said, at) in &turn.said {
            if let Some(words) = said.words() {
                let block = json!({ "type": "text", "text": words });
                content.blocks.push(block);
            }
            match said {
                Said::Text(text) => self.cite(text, at, &mut content),
                Said::Refusal(_) => {}
                Said::Media(media) => {
                    let block = self.media(media, at, turn.role)?;
                    content.blocks.extend(block);
                }
                Said::Own(value) => content.blocks.push((*value).clone()),
            }
        }
        Ok(content)
    }

    fn turn(&mut self, turn: &Turn<'_>, content: Content, mut object: Object<'_>) {
        object.field("role", turn.role);
        match content.blocks.as_slice() {
            [] if !turn.calls.is_empty() || content.plan.is_some() => {}
            [] => object.field("content", ""),
            [block] => match text_of(block) {
                Some(text) => object.field("content", text),
                None => object.field("content", &content.blocks),
            },
            blocks => object.field("content", blocks),
        }
        object.optional("tool_plan", content.plan);
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
        if !content.citations.is_empty() {
            object.field("citations", &content.citations);
        }
        object.close();
    }

    /// Sources of a text. Of Cohere's own, the first of its sources carries the whole.
    fn cite(&mut self, text: &TextPart, at: &str, content: &mut Content) {
        let own = text
            .citations
            .iter()
            .filter_map(|one| one.native.of(DIALECT));
        let before = content.citations.len();
        content.citations.extend(own.cloned().map(Value::Object));
        if !text.citations.is_empty() && content.citations.len() == before {
            self.lose(
                format!("{at}.citations"),
                "sources that another vendor found",
            );
        }
    }

    /// A result is a turn of its own, in text.
    fn result(&mut self, result: &ToolResult, blocks: Vec<Value>, at: &str, list: &mut Array<'_>) {
        let is_picture = |block: &Value| block.get("image_url").is_some();
        let (pictures, blocks): (Vec<Value>, Vec<Value>) = blocks.into_iter().partition(is_picture);
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
        if !matches!(role, "user" | "tool") {
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

    fn lose(&mut self, what: String, why: &'static str) {
        self.loss.push(Loss::new(what, why));
    }
}

/// The text of a text block.
fn text_of(block: &Value) -> Option<&str> {
    block.get("text")?.as_str()
}
