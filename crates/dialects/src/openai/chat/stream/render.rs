//! Writing a streamed answer. What every chunk begins with is written once; a step of the answer then costs a copy
//! of it and the step itself, straight into the output.

use canon::{Citation, Dialect, Event, FinishReason, Media, MediaKind, ReasoningDelta};
use serde_json::Value;

use crate::{
    ErrorBody, Receipt, RenderStream, Stamp,
    json::{Object, write},
    openai::{
        chat::{
            citation::{is_renderable, render_citation},
            reasoning::{Detail, KIND_PREFIX, words},
        },
        media::{audio_format, to_url},
    },
    openrouter::{METADATA, WEIR, render_error_object, render_usage},
};

const DONE: &[u8] = b"data: [DONE]\n\n";
const KEEP_ALIVE: &[u8] = b": OPENROUTER PROCESSING\n\n";
const FRAME_END: &[u8] = b"}\n\n";

/// Writes one streamed answer.
#[derive(Debug)]
pub(in crate::openai::chat) struct Renderer {
    /// `data: {"id":…,"object":…,"created":…,"model":…,"provider":…`, without what follows.
    head: Vec<u8>,
    /// Which answer and block the last thinking was of, and the number of that piece of it.
    reasoning: Option<(u32, u32, u32)>,
    /// How many pieces of thinking each answer has so far.
    pieces: Vec<(u32, u32)>,
    /// Calls of tools that take text: which answer, which call.
    customs: Vec<(u32, u32)>,
}

impl Renderer {
    pub(in crate::openai::chat) fn new(stamp: &Stamp) -> Self {
        let mut head = b"data: ".to_vec();
        let mut object = Object::open(&mut head);
        object.field("id", &stamp.generation);
        object.field("object", "chat.completion.chunk");
        object.field("created", &stamp.created);
        object.field("model", &stamp.model);
        object.field("provider", &stamp.provider);
        Self {
            head,
            reasoning: None,
            pieces: Vec::new(),
            customs: Vec::new(),
        }
    }

    /// A chunk of one answer: `content` and `role`, then what `rest` adds to the delta.
    fn delta(
        &self,
        out: &mut Vec<u8>,
        choice: u32,
        content: Option<&str>,
        rest: impl FnOnce(&mut Object<'_>),
    ) {
        self.open(out, choice);
        let mut delta = Object::open(out);
        match content {
            Some(content) => delta.field("content", content),
            None => delta.null("content"),
        }
        delta.field("role", "assistant");
        rest(&mut delta);
        delta.close();
        out.extend_from_slice(b",\"finish_reason\":null,\"native_finish_reason\":null}]");
        out.extend_from_slice(FRAME_END);
    }

    /// The chunk up to where the delta begins.
    fn open(&self, out: &mut Vec<u8>, choice: u32) {
        out.extend_from_slice(&self.head);
        out.extend_from_slice(b",\"choices\":[{\"index\":");
        write(out, &choice);
        out.extend_from_slice(b",\"delta\":");
    }

    fn finish_reason(
        &self,
        out: &mut Vec<u8>,
        choice: u32,
        reason: FinishReason,
        native: Option<&str>,
    ) {
        self.open(out, choice);
        out.extend_from_slice(b"{\"content\":\"\",\"role\":\"assistant\"},\"finish_reason\":");
        write(out, reason.name());
        out.extend_from_slice(b",\"native_finish_reason\":");
        write(out, &native);
        out.extend_from_slice(b"}]");
        out.extend_from_slice(FRAME_END);
    }

    fn reason(&mut self, delta: &ReasoningDelta, out: &mut Vec<u8>) {
        let index = self.piece_of(delta.choice, delta.block);
        let words = words(&delta.body).filter(|words| !words.is_empty());
        self.delta(out, delta.choice, Some(""), |object| {
            match words {
                Some(words) => object.field("reasoning", words),
                None => object.null("reasoning"),
            }
            let mut details = object.array("reasoning_details");
            let detail = Detail {
                body: &delta.body,
                id: delta.id.as_deref(),
                format: &delta.format,
                index: Some(index),
                extras: None,
            };
            detail.render(&mut details);
            details.close();
        });
    }

    /// The number of a piece of thinking within its answer; fragments of one block have one number.
    fn piece_of(&mut self, choice: u32, block: u32) -> u32 {
        if let Some((last_choice, last_block, index)) = self.reasoning
            && (last_choice, last_block) == (choice, block)
        {
            return index;
        }
        let known = self.pieces.iter().position(|(known, _)| *known == choice);
        let position = known.unwrap_or_else(|| {
            self.pieces.push((choice, 0));
            self.pieces.len() - 1
        });
        let Some((_, next)) = self.pieces.get_mut(position) else {
            return 0;
        };
        let index = *next;
        *next = next.saturating_add(1);
        self.reasoning = Some((choice, block, index));
        index
    }

    fn citation(&self, choice: u32, citation: &Citation, out: &mut Vec<u8>) {
        if is_renderable(citation) {
            self.delta(out, choice, Some(""), |object| {
                let mut list = object.array("annotations");
                render_citation(citation, &mut list);
                list.close();
            });
        }
    }

    fn media(&self, choice: u32, media: &Media, out: &mut Vec<u8>) {
        self.delta(out, choice, Some(""), |object| render_media(media, object));
    }

    fn logprobs(&self, choice: u32, logprobs: &Value, out: &mut Vec<u8>) {
        self.open(out, choice);
        out.extend_from_slice(b"{\"content\":\"\",\"role\":\"assistant\"},\"logprobs\":");
        write(out, logprobs);
        out.extend_from_slice(b",\"finish_reason\":null,\"native_finish_reason\":null}]");
        out.extend_from_slice(FRAME_END);
    }

    fn call(&mut self, event: Event, out: &mut Vec<u8>) {
        let Event::ToolCall {
            choice,
            index,
            id,
            name,
            custom,
            extras,
        } = event
        else {
            return;
        };
        if custom {
            self.customs.push((choice, index));
        }
        self.delta(out, choice, None, |object| {
            let mut calls = object.array("tool_calls");
            let mut call = calls.object();
            call.field("index", &index);
            call.field("id", &id);
            let (kind, arguments) = words_of_call(custom);
            call.field("type", kind);
            let mut function = call.object(kind);
            function.field("name", &name);
            function.field(arguments, "");
            function.close();
            for (name, value) in extras.of(Dialect::OpenAiChat).into_iter().flatten() {
                call.field(name, value);
            }
            call.close();
            calls.close();
        });
    }

    fn arguments(&self, (choice, index): (u32, u32), fragment: &str, out: &mut Vec<u8>) {
        let (kind, arguments) = words_of_call(self.customs.contains(&(choice, index)));
        self.delta(out, choice, None, |object| {
            let mut calls = object.array("tool_calls");
            let mut call = calls.object();
            call.field("index", &index);
            let mut function = call.object(kind);
            function.field(arguments, fragment);
            function.close();
            call.close();
            calls.close();
        });
    }

    /// What only this dialect has: a reasoning detail, or fields of the message.
    fn other(&self, choice: u32, value: &Value, out: &mut Vec<u8>) {
        let Some(fields) = value.as_object() else {
            return;
        };
        self.delta(out, choice, Some(""), |object| {
            match fields.get("type").and_then(Value::as_str) {
                Some(kind) if kind.starts_with(KIND_PREFIX) => {
                    object.field("reasoning_details", &[value]);
                }
                Some(_) => object.field("content_parts", &[value]),
                None => fields
                    .iter()
                    .for_each(|(name, value)| object.field(name, value)),
            }
        });
    }
}

impl RenderStream for Renderer {
    fn event(&mut self, event: Event, out: &mut Vec<u8>) {
        match event {
            Event::Text { choice, text, .. } => self.delta(out, choice, Some(&text), |_| {}),
            Event::Reasoning(delta) => self.reason(&delta, out),
            Event::ToolCall { .. } => self.call(event, out),
            Event::ToolArguments {
                choice,
                index,
                fragment,
            } => self.arguments((choice, index), &fragment, out),
            Event::Refusal { choice, text } => self.delta(out, choice, Some(""), |object| {
                object.field("refusal", &text);
            }),
            Event::Citation {
                choice, citation, ..
            } => self.citation(choice, &citation, out),
            Event::Media { choice, media } => self.media(choice, &media, out),
            Event::Logprobs { choice, logprobs } => self.logprobs(choice, &logprobs, out),
            Event::Other {
                choice,
                dialect: Dialect::OpenAiChat,
                value,
            } => self.other(choice, &value, out),
            Event::Finish {
                choice,
                reason,
                native,
                ..
            } => self.finish_reason(out, choice, reason, native.as_deref()),
            Event::Start {
                system_fingerprint, ..
            } => {
                if let Some(fingerprint) = system_fingerprint {
                    Object::resume(&mut self.head).field("system_fingerprint", &fingerprint);
                }
            }
            // Usage is written once, at the end; other dialects' own things have no form here.
            Event::Usage(_) | Event::Fault(_) | Event::Other { .. } => {}
        }
    }

    fn finish(&mut self, receipt: &Receipt, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.head);
        let mut chunk = Object::resume(out);
        chunk.optional("service_tier", receipt.usage.service_tier.as_deref());
        chunk.array("choices").close();
        render_usage(receipt, chunk.key("usage"));
        chunk.optional(METADATA, receipt.router.as_ref());
        chunk.optional(WEIR, receipt.weir.as_ref());
        out.extend_from_slice(FRAME_END);
        out.extend_from_slice(DONE);
    }

    fn fault(&mut self, error: &ErrorBody<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.head);
        render_error_object(error, Object::resume(out).key("error"));
        out.extend_from_slice(
            b",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\",\"role\":\"assistant\"},\
            \"finish_reason\":\"error\",\"native_finish_reason\":null}]",
        );
        Object::resume(out).optional(METADATA, error.router);
        out.extend_from_slice(FRAME_END);
        out.extend_from_slice(DONE);
    }

    fn keep_alive(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(KEEP_ALIVE);
    }
}

/// What a call's object is called, and its arguments in it.
pub(in crate::openai::chat) const fn words_of_call(
    is_custom: bool,
) -> (&'static str, &'static str) {
    if is_custom {
        ("custom", "input")
    } else {
        ("function", "arguments")
    }
}

/// A picture as `images`, sound as `audio`.
fn render_media(media: &Media, object: &mut Object<'_>) {
    if media.kind == MediaKind::Audio {
        render_audio(media, object.object("audio"));
        return;
    }
    let Some(url) = to_url(media) else { return };
    let mut images = object.array("images");
    let mut image = images.object();
    image.field("type", "image_url");
    let mut inner = image.object("image_url");
    inner.field("url", &*url);
    inner.close();
    image.field("index", &0);
    image.close();
    images.close();
}

/// A sound or a piece of one: its data, its words, and its form where that is known (OpenAI leaves it to the caller to
/// remember what was asked for).
pub(in crate::openai::chat) fn render_audio(media: &Media, mut audio: Object<'_>) {
    if let canon::Source::Base64(data) = &media.source
        && !data.is_empty()
    {
        audio.field("data", data);
    }
    audio.optional("transcript", media.transcript.as_deref());
    let format = media.mime.as_deref().map(|mime| audio_format(Some(mime)));
    audio.optional("format", format);
    audio.close();
}
