//! The pieces of an answer in Google's shape, for whole answers and streams alike.

use std::borrow::Cow;

use canon::{FinishReason, Media, MediaKind, ReasoningBody, ReasoningFormat, Source};
use serde_json::Value;

use super::metadata::Metadata;
use super::request::SHOWN;
use super::wire::{self, Body, Piece};
use super::{foreign, media};
use crate::json::{self, Array, Object};
use crate::{Receipt, Stamp, openrouter, sound};

/// Whether the caller asked to see what the model thinks; where nobody says, it is shown.
pub(super) fn is_thinking_shown(stamp: &Stamp) -> bool {
    let echo = stamp.echo.as_ref();
    echo.and_then(|echo| echo.get(SHOWN)) != Some(&Value::Bool(false))
}

/// Arguments of a call as the object that Google demands.
pub(super) fn args(arguments: &str, is_custom: bool) -> Cow<'_, str> {
    let text = arguments.trim();
    if is_custom {
        return Cow::Owned(serde_json::json!({ "input": arguments }).to_string());
    }
    if text.is_empty() || text == "null" {
        return Cow::Borrowed("{}");
    }
    if is_object(text) {
        return Cow::Borrowed(text);
    }
    // The model broke off, or wrote no JSON: the caller shall see what it wrote.
    Cow::Owned(serde_json::json!({ "arguments": arguments }).to_string())
}

/// Whether a text is a whole JSON object.
pub(super) fn is_object(text: &str) -> bool {
    let text = text.trim();
    text.ends_with('}')
        && text.starts_with('{')
        && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

/// A piece of media of an answer, and the words of a sound before it: Google has no place beside it for them.
pub(super) fn media_pieces(media: &Media) -> impl Iterator<Item = Piece<'_>> {
    let words = sound::transcript(media).map(|words| Piece::new(Body::Text(words)));
    let is_silent = matches!(&media.source, Source::Base64(data) if data.is_empty());
    let body = (!is_silent).then(|| Piece::new(media_body(media)));
    words.into_iter().chain(body)
}

fn media_body(media: &Media) -> Body<'_> {
    if let (MediaKind::Audio, Source::Base64(data), None | Some(sound::PCM)) =
        (media.kind, &media.source, media.mime.as_deref())
    {
        // Where nobody says in what form a voice speaks, it does as it was asked to: callers of Gemini ask for PCM.
        return Body::Inline {
            mime: Cow::Borrowed(sound::GEMINI_PCM),
            data: Cow::Borrowed(data),
        };
    }
    media::body(media, String::new).unwrap_or(match &media.source {
        Source::Url(uri) | Source::Upload(uri) => Body::File { mime: None, uri },
        Source::Base64(_) | Source::Text(_) => Body::Text(""),
    })
}

/// A piece of thinking: its words where they are shown, and what must come back.
pub(super) fn thought<'a>(
    body: &'a ReasoningBody,
    id: Option<&'a str>,
    format: &'a ReasoningFormat,
    is_shown: bool,
) -> Option<Piece<'a>> {
    let words = match body {
        ReasoningBody::Text { text, .. } | ReasoningBody::Summary(text) => text.as_str(),
        ReasoningBody::Encrypted(_) => "",
    };
    let is_own = *format == ReasoningFormat::GEMINI && id.is_none();
    let signature = match body {
        ReasoningBody::Text { signature, .. } if is_own => signature.as_deref().map(Cow::Borrowed),
        ReasoningBody::Summary(_) if is_own => None,
        ReasoningBody::Text { .. } | ReasoningBody::Summary(_) | ReasoningBody::Encrypted(_) => {
            let piece = foreign::Piece {
                body,
                id,
                format,
                is_hidden: !is_shown,
            };
            Some(Cow::Owned(piece.pack()))
        }
    };
    let words = if is_shown { words } else { "" };
    (signature.is_some() || !words.is_empty()).then(|| Piece {
        signature,
        ..Piece::new(Body::Thought(words))
    })
}

/// A candidate, ready to be written.
pub(super) struct Candidate<'a> {
    pub(super) index: u32,
    pub(super) pieces: Vec<Piece<'a>>,
    pub(super) finish: Option<(FinishReason, Option<&'a str>)>,
    /// Fields that stand beside the parts: Google's own, and what was made of others'.
    pub(super) beside: Vec<(&'a str, Cow<'a, Value>)>,
}

impl Candidate<'_> {
    /// Writes it as an element of `candidates`.
    pub(super) fn render(self, candidates: &mut Array<'_>) {
        let mut candidate = candidates.object();
        let mut content = candidate.object("content");
        let mut parts = content.array("parts");
        for piece in &self.pieces {
            piece.render(&mut parts);
        }
        parts.close();
        content.field("role", "model");
        content.close();
        if let Some((reason, native)) = self.finish {
            candidate.field("finishReason", wire::finish_word(reason, native));
        }
        candidate.field("index", &self.index);
        for (name, value) in &self.beside {
            candidate.field(name, value.as_ref());
        }
        candidate.close();
    }
}

/// Fields beside the parts: Google's own, and of the made ones those that Google's own do not say.
pub(super) fn beside<'a>(
    metadata: &'a Metadata,
    grounding: Option<Value>,
    logprobs: Option<Value>,
) -> Vec<(&'a str, Cow<'a, Value>)> {
    let own = &metadata.candidate;
    let has_sources = ["groundingMetadata", "citationMetadata"]
        .into_iter()
        .any(|name| own.contains_key(name));
    let mut beside: Vec<_> = own
        .iter()
        .map(|(name, value)| (name.as_str(), Cow::Borrowed(value)))
        .collect();
    if let Some(grounding) = grounding.filter(|_| !has_sources) {
        beside.push(("groundingMetadata", Cow::Owned(grounding)));
    }
    if let Some(logprobs) = logprobs.filter(|_| !own.contains_key("logprobsResult")) {
        beside.push(("logprobsResult", Cow::Owned(logprobs)));
    }
    beside
}

/// Writes what names an answer.
pub(super) fn render_names(stamp: &Stamp, answer: &mut Object<'_>) {
    answer.field("modelVersion", &stamp.model);
    answer.field("responseId", &stamp.generation);
}

/// Writes what OpenRouter adds to an answer: who served it, and its usage object with the cost and the counts that
/// Google has no fields for. Google's clients pass over fields they do not know.
pub(super) fn render_receipt(stamp: &Stamp, receipt: &Receipt, answer: &mut Object<'_>) {
    let out = answer.key("weir");
    out.extend_from_slice(b"{\"provider\":");
    json::write(out, &stamp.provider);
    out.extend_from_slice(b",\"usage\":");
    openrouter::render_usage(receipt, out);
    out.push(b'}');
    answer.optional(openrouter::METADATA, receipt.router.as_ref());
    answer.optional(openrouter::WEIR, receipt.weir.as_ref());
}
