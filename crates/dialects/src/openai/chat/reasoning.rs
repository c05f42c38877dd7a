//! `reasoning_details`: pieces of thinking, in both directions and unchanged (spec/inference.md §8.1).

use canon::{Dialect, Extras, Part, ReasoningBody, ReasoningFormat, ReasoningPart};
use serde_json::{Map, Value};

use crate::json::Array;

/// What the kind of a detail begins with: it tells details that only this dialect has from other parts of it.
pub(super) const KIND_PREFIX: &str = "reasoning.";

/// Reads one detail. A kind that canon has no name for stays whole.
pub(super) fn parse_detail(mut detail: Map<String, Value>) -> Part {
    let kind = detail.get("type").and_then(Value::as_str);
    let body = match kind {
        Some("reasoning.text") => ReasoningBody::Text {
            text: take_text(&mut detail, "text").unwrap_or_default(),
            signature: take_text(&mut detail, "signature"),
        },
        Some("reasoning.summary") => {
            ReasoningBody::Summary(take_text(&mut detail, "summary").unwrap_or_default())
        }
        Some("reasoning.encrypted") => {
            ReasoningBody::Encrypted(take_text(&mut detail, "data").unwrap_or_default())
        }
        _ => {
            return Part::Other {
                dialect: Dialect::OpenAiChat,
                value: Value::Object(detail),
            };
        }
    };
    let format = take_text(&mut detail, "format");
    let index = detail
        .get("index")
        .and_then(Value::as_u64)
        .and_then(|index| u32::try_from(index).ok());
    if index.is_some() {
        detail.shift_remove("index");
    }
    let id = take_text(&mut detail, "id");
    detail.shift_remove("type");
    detail.retain(|_, value| !value.is_null());
    Part::Reasoning(ReasoningPart {
        body,
        id,
        format: format.map_or(ReasoningFormat::UNKNOWN, |name| {
            ReasoningFormat::named(&name)
        }),
        index,
        extras: Extras::new(Dialect::OpenAiChat, detail),
    })
}

/// Whether a piece is the rest of the one before it: callers send the fragments of a stream back as they came, and
/// a signature is only good over all of the words. A signed piece is complete.
pub(super) fn continues(before: &Part, piece: &Part) -> bool {
    let (Part::Reasoning(before), Part::Reasoning(piece)) = (before, piece) else {
        return false;
    };
    let same = before.index.is_some()
        && before.index == piece.index
        && before.format == piece.format
        && (piece.id.is_none() || before.id == piece.id);
    match (&before.body, &piece.body) {
        (ReasoningBody::Text { signature, .. }, ReasoningBody::Text { .. }) => {
            same && signature.is_none()
        }
        _ => false,
    }
}

/// Puts a piece behind the one that it continues.
pub(super) fn join(before: &mut Part, piece: Part) {
    if let Part::Reasoning(before) = before
        && let Part::Reasoning(piece) = piece
        && let ReasoningBody::Text { text, signature } = &mut before.body
        && let ReasoningBody::Text {
            text: more,
            signature: signed,
        } = piece.body
    {
        text.push_str(&more);
        *signature = signed;
    }
}

/// Thinking in words that came without details.
pub(super) fn plain(text: String) -> Part {
    Part::Reasoning(ReasoningPart {
        body: ReasoningBody::Text {
            text,
            signature: None,
        },
        id: None,
        format: ReasoningFormat::UNKNOWN,
        index: None,
        extras: Extras::NONE,
    })
}

/// The words of a piece that callers may read.
pub(super) fn words(body: &ReasoningBody) -> Option<&str> {
    match body {
        ReasoningBody::Text { text, .. } | ReasoningBody::Summary(text) => Some(text),
        ReasoningBody::Encrypted(_) => None,
    }
}

/// A piece as it is written: whole, or a fragment of a stream.
#[derive(Clone, Copy)]
pub(super) struct Detail<'a> {
    pub(super) body: &'a ReasoningBody,
    pub(super) id: Option<&'a str>,
    pub(super) format: &'a ReasoningFormat,
    pub(super) index: Option<u32>,
    pub(super) extras: Option<&'a Map<String, Value>>,
}

impl<'a> Detail<'a> {
    /// A whole piece.
    pub(super) fn of(part: &'a ReasoningPart) -> Self {
        Self {
            body: &part.body,
            id: part.id.as_deref(),
            format: &part.format,
            index: part.index,
            extras: part.extras.of(Dialect::OpenAiChat),
        }
    }

    /// Appends it to a list of details.
    pub(super) fn render(self, list: &mut Array<'_>) {
        let mut object = list.object();
        match self.body {
            ReasoningBody::Text { text, signature } => {
                object.field("type", "reasoning.text");
                // A signature comes on its own in streams.
                if !text.is_empty() || signature.is_none() {
                    object.field("text", text);
                }
                object.optional("signature", signature.as_deref());
            }
            ReasoningBody::Summary(summary) => {
                object.field("type", "reasoning.summary");
                object.field("summary", summary);
            }
            ReasoningBody::Encrypted(data) => {
                object.field("type", "reasoning.encrypted");
                object.field("data", data);
            }
        }
        object.field("format", self.format.name());
        object.optional("id", self.id);
        object.optional("index", self.index);
        for (name, value) in self.extras.into_iter().flatten() {
            object.field(name, value);
        }
        object.close();
    }
}

fn take_text(detail: &mut Map<String, Value>, name: &str) -> Option<String> {
    match detail.get_mut(name) {
        Some(Value::String(text)) => {
            let text = std::mem::take(text);
            detail.shift_remove(name);
            Some(text)
        }
        _ => None,
    }
}
