//! The turns of a request, for a vendor.
//!
//! Results of tools are turns of their own here, text only. Where another dialect has them inside a user's turn
//! they are taken out and put before it; pictures in them move to a turn of the user behind the results, with a
//! line that says where they are from, because leaving them out would lose what the tool found.

use std::borrow::Cow;

use canon::{
    Dialect, Message, Part, ReasoningBody, ReasoningFormat, Request, Role, ToolCall, ToolResult,
};
use serde_json::Value;

use super::{Body, part::Content, render_mark, tool::inner};
use crate::{
    Error,
    json::{Array, Object},
    openai::{
        chat::reasoning::{Detail, KIND_PREFIX, words},
        media::to_url,
    },
};

/// Something in a tool's result that is no text, and the call it belongs to.
type Moved<'a> = (&'a str, &'a Part);

impl Body<'_> {
    /// Writes `messages`.
    pub(super) fn messages(&mut self, request: &Request) -> Result<(), Error> {
        let mut list = self.object.array("messages");
        let mut moved: Vec<Moved<'_>> = Vec::new();
        for (turn, message) in request.messages.iter().enumerate() {
            let mut content = Content {
                form: self.form,
                loss: self.loss,
                turn,
            };
            let mut rest = Vec::with_capacity(message.parts.len());
            let has_result = |part: &Part| matches!(part, Part::ToolResult(_));
            if !message.parts.iter().any(has_result) {
                content.flush(&mut moved, &mut list)?;
            }
            for part in &message.parts {
                if let Part::ToolResult(result) = part {
                    content.result(message, result, &mut moved, &mut list)?;
                } else {
                    rest.push(part);
                }
            }
            if !rest.is_empty() || message.parts.is_empty() {
                content.flush(&mut moved, &mut list)?;
                content.message(message, &rest, list.object())?;
            }
        }
        let mut content = Content {
            form: self.form,
            loss: self.loss,
            turn: request.messages.len(),
        };
        content.flush(&mut moved, &mut list)?;
        list.close();
        Ok(())
    }
}

/// Thinking that came as a text without details, and goes back as one.
fn plain_thinking<'a>(parts: &[&'a Part]) -> Option<&'a str> {
    match parts {
        [Part::Reasoning(part)] if part.id.is_none() && part.index.is_none() => match &part.body {
            ReasoningBody::Text {
                text,
                signature: None,
            } if part.format == ReasoningFormat::UNKNOWN => Some(text),
            ReasoningBody::Text { .. }
            | ReasoningBody::Summary(_)
            | ReasoningBody::Encrypted(_) => None,
        },
        _ => None,
    }
}

impl Content<'_> {
    fn message(
        &mut self,
        message: &Message,
        parts: &[&Part],
        mut object: Object<'_>,
    ) -> Result<(), Error> {
        let role = match message.role {
            Role::System => "system",
            Role::Developer if self.form.developer_role => "developer",
            Role::Developer => "system",
            // A tool's turn that holds no result can only be the user's.
            Role::User | Role::Tool => "user",
            Role::Assistant => "assistant",
        };
        object.field("role", role);
        if message.role == Role::Assistant {
            self.assistant(parts, &mut object)?;
        } else {
            self.render(parts, Some(""), &mut object)?;
        }
        self.close(message, object);
        Ok(())
    }

    /// Ends a turn: the speaker's name and what only this dialect has.
    fn close(&mut self, message: &Message, mut object: Object<'_>) {
        object.optional("name", message.name.as_deref());
        match message.extras.any() {
            Some((Dialect::OpenAiChat, fields)) => {
                for (name, value) in fields {
                    // Which model wrote a turn is for routers.
                    if name != "model" || self.form.openrouter {
                        object.field(name, value);
                    }
                }
            }
            // A prompt that is to be repeated: that is for who writes the answer.
            Some((Dialect::OpenAiCompletions, _)) | None => {}
            Some(_) => self.lose("(other fields)", super::FOREIGN),
        }
        object.close();
    }

    fn assistant(&mut self, parts: &[&Part], object: &mut Object<'_>) -> Result<(), Error> {
        let mut content = Vec::new();
        let mut thinking = Vec::new();
        let mut calls = Vec::new();
        let mut images = Vec::new();
        let mut voice = None;
        let mut refusal: Option<Cow<'_, str>> = None;
        for part in parts {
            match part {
                Part::Reasoning(_) => thinking.push(*part),
                Part::ToolCall(_) => calls.push(*part),
                Part::Media { media, extras, .. } if media.is_sound() => {
                    voice = extras.of(Dialect::OpenAiChat);
                }
                Part::Media { media, .. } => images.push(media),
                Part::Refusal(text) => match &mut refusal {
                    Some(refusal) => refusal.to_mut().push_str(text),
                    None => refusal = Some(Cow::Borrowed(text)),
                },
                Part::Other {
                    dialect: Dialect::OpenAiChat,
                    value,
                } => match value.get("type").and_then(Value::as_str) {
                    Some(kind) if kind.starts_with(KIND_PREFIX) => thinking.push(*part),
                    _ => content.push(*part),
                },
                Part::Text(_) | Part::ToolResult(_) | Part::Other { .. } => content.push(*part),
            }
        }
        let has_else = !calls.is_empty() || refusal.is_some() || voice.is_some();
        self.render(&content, (!has_else).then_some(""), object)?;
        object.optional("refusal", refusal);
        // What was said aloud is known to its vendor by id.
        object.optional("audio", voice);
        self.thinking(&thinking, object);
        self.calls(&calls, object);
        if !images.is_empty() {
            if self.form.openrouter {
                let mut list = object.array("images");
                for media in images {
                    let mut image = list.object();
                    image.field("type", "image_url");
                    let mut url = image.object("image_url");
                    url.optional("url", to_url(media));
                    url.close();
                    image.close();
                }
                list.close();
            } else {
                self.lose(
                    "images",
                    "this dialect has no pictures in the assistant's turns",
                );
            }
        }
        Ok(())
    }

    /// Thinking goes back as details to a router, as text to vendors that want it, to others not at all.
    fn thinking(&mut self, parts: &[&Part], object: &mut Object<'_>) {
        if parts.is_empty() {
            return;
        }
        if self.form.openrouter {
            if let Some(text) = plain_thinking(parts) {
                return object.field("reasoning", &text);
            }
            let mut list = object.array("reasoning_details");
            for part in parts {
                if let Part::Reasoning(part) = part {
                    Detail::of(part).render(&mut list);
                } else if let Part::Other { value, .. } = part {
                    list.item(value);
                }
            }
            list.close();
            return;
        }
        let mut text = String::new();
        let mut is_all_said = self.form.reasoning_field.is_some();
        for part in parts {
            let Part::Reasoning(part) = part else {
                is_all_said = false;
                continue;
            };
            text.push_str(words(&part.body).unwrap_or_default());
            is_all_said &= match &part.body {
                ReasoningBody::Text { signature, .. } => signature.is_none(),
                ReasoningBody::Summary(_) => true,
                ReasoningBody::Encrypted(_) => false,
            };
        }
        if let Some(name) = self.form.reasoning_field
            && !text.is_empty()
        {
            object.field(name, &text);
        }
        if !is_all_said {
            self.lose(
                "reasoning",
                "this provider takes no thinking back in this form",
            );
        }
    }

    fn calls(&mut self, parts: &[&Part], object: &mut Object<'_>) {
        if parts.is_empty() {
            return;
        }
        let mut list = object.array("tool_calls");
        for part in parts {
            if let Part::ToolCall(call) = part {
                self.call(call, list.object());
            } else if let Part::Other { value, .. } = part {
                list.item(value);
            }
        }
        list.close();
    }

    fn call(&mut self, call: &ToolCall, mut object: Object<'_>) {
        self.report(call.cache, &call.extras);
        let extras = call.extras.of(Dialect::OpenAiChat);
        object.field("id", &call.id);
        let kind = if call.custom { "custom" } else { "function" };
        object.field("type", kind);
        let mut function = object.object(kind);
        function.field("name", &call.name);
        if call.custom {
            function.field("input", &call.arguments);
        } else {
            // No arguments at all are an object without fields: several vendors parse the text.
            let is_empty = call.arguments.is_empty();
            let arguments = if is_empty { "{}" } else { &call.arguments };
            function.field("arguments", arguments);
        }
        for (name, value) in inner(extras, kind).into_iter().flatten() {
            function.field(name, value);
        }
        function.close();
        for (name, value) in extras.into_iter().flatten() {
            if name != kind {
                object.field(name, value);
            }
        }
        if let Some(mark) = call.cache
            && self.form.cache_marks
        {
            render_mark(mark, &mut object);
        }
        object.close();
    }

    /// One result of a tool, as a turn of its own.
    fn result<'a>(
        &mut self,
        message: &Message,
        result: &'a ToolResult,
        moved: &mut Vec<Moved<'a>>,
        list: &mut Array<'_>,
    ) -> Result<(), Error> {
        if result.is_error {
            self.lose("is_error", "this dialect does not say that a tool failed");
        }
        self.report(result.cache, &result.extras);
        let mut texts = Vec::with_capacity(result.parts.len());
        for part in &result.parts {
            if matches!(part, Part::Media { .. }) && !self.form.openrouter {
                self.lose("content", "media of a tool's result move to a user's turn");
                moved.push((&result.call_id, part));
            } else {
                texts.push(part);
            }
        }
        let mut object = list.object();
        object.field("role", "tool");
        object.field("tool_call_id", &result.call_id);
        self.render(&texts, Some(""), &mut object)?;
        if let Some(mark) = result.cache
            && self.form.cache_marks
        {
            render_mark(mark, &mut object);
        }
        if message.role == Role::Tool {
            self.close(message, object);
        } else {
            object.close();
        }
        Ok(())
    }

    /// What moved out of tool results, as a turn of the user's.
    fn flush(&mut self, moved: &mut Vec<Moved<'_>>, list: &mut Array<'_>) -> Result<(), Error> {
        if moved.is_empty() {
            return Ok(());
        }
        let mut object = list.object();
        object.field("role", "user");
        let mut labels = Vec::with_capacity(moved.len());
        for (call_id, _) in moved.iter() {
            labels.push(Part::text(format!(
                "From the result of tool call {call_id}:"
            )));
        }
        let mut parts = Vec::with_capacity(moved.len() * 2);
        let mut last = None;
        for (label, (call_id, part)) in labels.iter().zip(moved.iter()) {
            if last != Some(*call_id) {
                parts.push(label);
            }
            parts.push(part);
            last = Some(*call_id);
        }
        self.render(&parts, Some(""), &mut object)?;
        object.close();
        moved.clear();
        Ok(())
    }
}
