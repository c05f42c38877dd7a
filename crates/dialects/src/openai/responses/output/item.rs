//! One item of an answer and how it is written.

use canon::{Citation, Media, Source};
use serde_json::{Map, Value};

use crate::{
    json::Object,
    openai::responses::{annotation::render_citation, reasoning::Thinking},
};

/// An item of an answer.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) id: String,
    pub(super) is_done: bool,
    pub(super) body: Body,
}

/// What an item is.
#[derive(Debug)]
pub(super) enum Body {
    /// Content, and what else the message says.
    Message(Vec<Content>, Map<String, Value>),
    Reasoning(Thinking<'static>),
    Call(Call),
    /// A picture once it is there, and what else is known of it.
    Picture(Option<String>, Map<String, Value>),
    /// An item that only this dialect has, whole.
    Own(Map<String, Value>),
}

/// A part of a message.
#[derive(Debug)]
pub(super) enum Content {
    Text(Words),
    Refusal(String),
}

/// Text with what hangs on it.
#[derive(Debug, Default)]
pub(super) struct Words {
    pub(super) text: String,
    pub(super) citations: Vec<Citation>,
    pub(super) logprobs: Vec<Value>,
}

/// A call of a tool of the caller's.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) arguments: String,
    pub(super) custom: bool,
    pub(super) extras: Map<String, Value>,
}

impl Body {
    /// What ids of such items begin with.
    pub(super) const fn prefix(&self) -> &'static str {
        match self {
            Self::Message(..) => "msg",
            Self::Reasoning(_) => "rs",
            Self::Call(call) if call.custom => "ctc",
            Self::Call(_) => "fc",
            Self::Picture(..) => "ig",
            Self::Own(_) => "item",
        }
    }
}

impl Content {
    /// Writes the part.
    pub(super) fn render(&self, mut object: Object<'_>) {
        match self {
            Self::Text(words) => {
                object.field("type", "output_text");
                object.field("text", &words.text);
                let mut annotations = object.array("annotations");
                for citation in &words.citations {
                    render_citation(citation, &mut annotations);
                }
                annotations.close();
                object.field("logprobs", &words.logprobs);
            }
            Self::Refusal(refusal) => {
                object.field("type", "refusal");
                object.field("refusal", refusal);
            }
        }
        object.close();
    }
}

impl Item {
    /// The picture of an item that is one.
    pub(super) fn draw(&mut self, media: &Media) {
        let Body::Picture(picture, fields) = &mut self.body else {
            return;
        };
        *picture = match &media.source {
            Source::Base64(data) => Some(data.clone()),
            Source::Url(url) => Some(url.clone()),
            Source::Text(_) | Source::Upload(_) => None,
        };
        if let Some(format) = media
            .mime
            .as_deref()
            .and_then(|it| it.strip_prefix("image/"))
            && !fields.contains_key("output_format")
        {
            fields.insert("output_format".to_owned(), format.into());
        }
    }

    /// Writes the item as far as it has grown. `status` is that of an item that has one.
    pub(super) fn render(&self, status: &str, out: &mut Vec<u8>) {
        let mut object = Object::open(out);
        match &self.body {
            Body::Reasoning(thinking) => return thinking.render(Some(&self.id), object),
            Body::Own(fields) => {
                if !fields.contains_key("id") {
                    object.field("id", &self.id);
                }
                for (name, value) in fields {
                    object.field(name, value);
                }
            }
            Body::Message(parts, header) => {
                object.field("id", &self.id);
                object.field("type", "message");
                object.field("status", status);
                object.field("role", "assistant");
                let mut content = object.array("content");
                for part in parts {
                    part.render(content.object());
                }
                content.close();
                for (name, value) in header {
                    object.field(name, value);
                }
            }
            Body::Call(call) => {
                object.field("id", &self.id);
                call.render(status, &mut object);
            }
            Body::Picture(picture, fields) => {
                object.field("id", &self.id);
                object.field("type", "image_generation_call");
                object.field("status", status);
                object.field("result", picture);
                for (name, value) in fields {
                    if !["type", "status", "result"].contains(&name.as_str()) {
                        object.field(name, value);
                    }
                }
            }
        }
        object.close();
    }
}

impl Call {
    fn render(&self, status: &str, object: &mut Object<'_>) {
        if self.custom {
            object.field("type", "custom_tool_call");
        } else {
            object.field("type", "function_call");
            object.field("status", status);
        }
        object.field("call_id", &self.id);
        object.field("name", &self.name);
        let arguments = if self.custom { "input" } else { "arguments" };
        object.field(arguments, &self.arguments);
        for (name, value) in &self.extras {
            object.field(name, value);
        }
    }
}
