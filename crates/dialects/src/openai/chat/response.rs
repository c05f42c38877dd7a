//! A whole answer: read as a stream of one chunk, written in OpenRouter's order of fields.

use std::borrow::Cow;

use canon::{Choice, Dialect, Fold, Media, MediaKind, Part, Response};
use serde_json::{Map, Value};

use super::{
    citation::{is_renderable, render_citation},
    reasoning::{Detail, KIND_PREFIX, words},
    stream::{Reader, render_audio, words_of_call},
    wire::Chunk,
};
use crate::{
    Error, Receipt, Stamp,
    json::{Array, Object},
    openai::media::to_url,
    openrouter::{METADATA, render_usage},
};

/// Reads a whole answer.
pub(super) fn parse_response(body: &[u8]) -> Result<Response, Error> {
    let chunk = Chunk::parse(body)?;
    if chunk.choices.as_ref().is_none_or(Vec::is_empty) {
        return Err(Error::Missing {
            path: "choices".to_owned(),
            expected: "the answer".to_owned(),
        });
    }
    let mut fold = Fold::default();
    let mut reader = Reader::default();
    let error = reader.chunk(chunk, &mut |event| fold.add(event));
    reader.flush(&mut |event| fold.add(event));
    let mut response = fold.finish().unwrap_or_else(|broken| broken.response);
    if error.is_some() {
        for choice in &mut response.choices {
            choice.finish = Some(canon::FinishReason::Error);
        }
    }
    Ok(response)
}

/// Appends a whole answer.
pub(super) fn render_response(
    response: &Response,
    stamp: &Stamp,
    receipt: &Receipt,
    out: &mut Vec<u8>,
) {
    let mut object = Object::open(out);
    object.field("id", &stamp.generation);
    object.field("object", "chat.completion");
    object.field("created", &stamp.created);
    object.field("model", &stamp.model);
    object.field("provider", &stamp.provider);
    object.field("system_fingerprint", &response.system_fingerprint);
    object.optional("service_tier", receipt.usage.service_tier.as_deref());
    let mut choices = object.array("choices");
    for choice in &response.choices {
        render_choice(choice, choices.object());
    }
    choices.close();
    render_usage(receipt, object.key("usage"));
    object.optional(METADATA, receipt.router.as_ref());
    object.close();
}

fn render_choice(choice: &Choice, mut object: Object<'_>) {
    object.field("index", &choice.index);
    object.field("logprobs", &choice.logprobs);
    object.field(
        "finish_reason",
        &choice.finish.map(canon::FinishReason::name),
    );
    object.field("native_finish_reason", &choice.native_finish);
    let parts = Sorted::of(choice);
    render_message(&parts, object.object("message"));
    object.close();
}

fn render_message(parts: &Sorted<'_>, mut message: Object<'_>) {
    message.field("role", "assistant");
    message.field("content", &joined(&parts.texts));
    message.field("refusal", &joined(&parts.refusals));
    message.field("reasoning", &parts.reasoning());
    list(&mut message, "tool_calls", &parts.calls, |calls, call| {
        render_call(call.0, call.1, calls);
    });
    parts.render_details(&mut message);
    list(&mut message, "images", &parts.images, |images, media| {
        render_image(media, images);
    });
    if let Some(audio) = parts.audio {
        let mut object = message.object("audio");
        let own = parts.fields.get("audio").and_then(Value::as_object);
        for (name, value) in own.into_iter().flatten() {
            object.field(name, value);
        }
        render_audio(audio, object);
    }
    render_annotations(parts, &mut message);
    for (name, value) in &parts.fields {
        if !parts.is_written(name) {
            message.field(name, value);
        }
    }
    message.close();
}

/// The parts of an answer, by the field of the message they go to.
#[derive(Default)]
pub(super) struct Sorted<'a> {
    texts: Vec<&'a str>,
    refusals: Vec<&'a str>,
    thoughts: Vec<&'a str>,
    details: Vec<&'a Part>,
    calls: Vec<(usize, &'a Part)>,
    images: Vec<&'a Media>,
    audio: Option<&'a Media>,
    citations: Vec<&'a canon::Citation>,
    /// Fields that only this dialect has, those of several pieces merged.
    fields: Map<String, Value>,
}

impl<'a> Sorted<'a> {
    fn of(choice: &'a Choice) -> Self {
        let mut sorted = Self::default();
        for part in &choice.parts {
            sorted.add(part);
        }
        if let Some(fields) = choice.extras.of(Dialect::OpenAiChat) {
            merge(&mut sorted.fields, fields);
        }
        sorted
    }

    /// The parts of thinking; `None` where there is anything else among them.
    pub(super) fn thinking(parts: &'a [Part]) -> Option<Self> {
        let mut sorted = Self::default();
        for part in parts {
            sorted.add(part);
        }
        (sorted.details.len() == parts.len()).then_some(sorted)
    }

    /// What of the thinking callers may read.
    pub(super) fn reasoning(&self) -> Option<Cow<'a, str>> {
        joined(&self.thoughts)
    }

    /// Appends the pieces of thinking.
    pub(super) fn render_details(&self, message: &mut Object<'_>) {
        list(
            message,
            "reasoning_details",
            &self.details,
            |details, part| match part {
                Part::Reasoning(part) => {
                    let detail = Detail::of(part);
                    let index = part.index.or(u32::try_from(details.len()).ok());
                    Detail { index, ..detail }.render(details);
                }
                Part::Other { value, .. } => details.item(value),
                Part::Text(_)
                | Part::Media { .. }
                | Part::ToolCall(_)
                | Part::ToolResult(_)
                | Part::Refusal(_) => {}
            },
        );
    }

    /// Whether a field of the message was written from parts that canon knows.
    fn is_written(&self, name: &str) -> bool {
        match name {
            "role" | "content" | "refusal" | "reasoning" | "annotations" | "type" => true,
            "tool_calls" => !self.calls.is_empty(),
            "reasoning_details" => !self.details.is_empty(),
            "images" => !self.images.is_empty(),
            "audio" => self.audio.is_some(),
            _ => false,
        }
    }

    fn add(&mut self, part: &'a Part) {
        match part {
            Part::Text(text) => {
                self.texts.push(&text.text);
                let citations = text.citations.iter();
                self.citations
                    .extend(citations.filter(|citation| is_renderable(citation)));
            }
            Part::Refusal(text) => self.refusals.push(text),
            Part::Reasoning(reasoning) => {
                self.thoughts.extend(words(&reasoning.body));
                self.details.push(part);
            }
            Part::ToolCall(_) => self.calls.push((self.calls.len(), part)),
            Part::Media { media, .. } if media.kind == MediaKind::Audio => {
                self.audio = Some(media);
            }
            Part::Media { media, .. } => self.images.push(media),
            Part::Other {
                dialect: Dialect::OpenAiChat,
                value: Value::Object(fields),
            } => match fields.get("type").and_then(Value::as_str) {
                Some(kind) if kind.starts_with(KIND_PREFIX) => self.details.push(part),
                _ => merge(&mut self.fields, fields),
            },
            // Results of tools are not part of answers; other dialects' own parts have no form here.
            Part::ToolResult(_) | Part::Other { .. } => {}
        }
    }
}

fn render_call(index: usize, part: &Part, calls: &mut Array<'_>) {
    match part {
        Part::ToolCall(call) => {
            let mut object = calls.object();
            let (kind, arguments) = words_of_call(call.custom);
            object.field("type", kind);
            object.field("index", &index);
            object.field("id", &call.id);
            let mut function = object.object(kind);
            function.field("name", &call.name);
            function.field(arguments, &call.arguments);
            function.close();
            for (name, value) in call.extras.of(Dialect::OpenAiChat).into_iter().flatten() {
                object.field(name, value);
            }
            object.close();
        }
        Part::Text(_)
        | Part::Media { .. }
        | Part::Reasoning(_)
        | Part::ToolResult(_)
        | Part::Refusal(_)
        | Part::Other { .. } => {}
    }
}

fn render_image(media: &Media, images: &mut Array<'_>) {
    let Some(url) = to_url(media) else { return };
    let index = images.len();
    let mut image = images.object();
    image.field("type", "image_url");
    let mut inner = image.object("image_url");
    inner.field("url", &*url);
    inner.close();
    image.field("index", &index);
    image.close();
}

/// Citations, and annotations of other kinds behind them.
fn render_annotations(parts: &Sorted<'_>, message: &mut Object<'_>) {
    let others = parts.fields.get("annotations").and_then(Value::as_array);
    let others = others.map(Vec::as_slice).unwrap_or_default();
    if parts.citations.is_empty() && others.is_empty() {
        return;
    }
    let mut annotations = message.array("annotations");
    for citation in &parts.citations {
        render_citation(citation, &mut annotations);
    }
    for annotation in others {
        annotations.item(annotation);
    }
    annotations.close();
}

/// Adds fields of one piece to those of the pieces before: lists and texts go on, objects are merged.
fn merge(whole: &mut Map<String, Value>, piece: &Map<String, Value>) {
    for (name, value) in piece {
        match (whole.get_mut(name), value) {
            (Some(Value::Array(list)), Value::Array(more)) => list.extend(more.iter().cloned()),
            (Some(Value::String(text)), Value::String(more)) => text.push_str(more),
            (Some(Value::Object(object)), Value::Object(more)) => merge(object, more),
            _ => {
                whole.insert(name.clone(), value.clone());
            }
        }
    }
}

/// All the texts as one; `None` where there is none.
fn joined<'a>(texts: &[&'a str]) -> Option<Cow<'a, str>> {
    match texts {
        [] => None,
        [text] => Some(Cow::Borrowed(text)),
        texts => Some(Cow::Owned(texts.concat())),
    }
}

/// A field that is a list, left out where it is empty.
fn list<'a, T>(
    object: &mut Object<'_>,
    name: &str,
    items: &'a [T],
    mut render: impl FnMut(&mut Array<'_>, &'a T),
) {
    if items.is_empty() {
        return;
    }
    let mut array = object.array(name);
    for item in items {
        render(&mut array, item);
    }
    array.close();
}
