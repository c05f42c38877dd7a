//! The names on Gemini's wire: contents and their parts as they are written, and the words for why
//! an answer ended.
//!
//! Facts: the REST reference of `generateContent` (Content, Part, Candidate.FinishReason,
//! BlockReason).

use std::borrow::Cow;

use canon::FinishReason;
use serde_json::{Map, Value};

use crate::json::{Array, Object};

/// What Gemini accepts in place of a signature that was never given out (a call that another
/// vendor's model made). Documented for histories that come from elsewhere; models from Gemini 3 on
/// refuse unsigned calls.
pub(super) const NO_SIGNATURE: &str = "skip_thought_signature_validator";

/// One turn: consecutive messages of the same role are one.
#[derive(Debug)]
pub(super) struct Content<'a> {
    /// `user` (tool results too) or `model`.
    pub(super) role: &'static str,
    /// In order.
    pub(super) parts: Vec<Piece<'a>>,
}

/// One part of a turn.
#[derive(Debug)]
pub(super) struct Piece<'a> {
    /// What it holds.
    pub(super) body: Body<'a>,
    /// Its `thoughtSignature`, byte for byte.
    pub(super) signature: Option<Cow<'a, str>>,
    /// What only Gemini has: fields of the part, and under the body's name more fields of the body.
    pub(super) extras: Option<&'a Map<String, Value>>,
}

/// What a part holds. Borrowed: pictures are large.
#[derive(Debug)]
pub(super) enum Body<'a> {
    /// `text`.
    Text(&'a str),
    /// `text` with `thought: true`.
    Thought(&'a str),
    /// `inlineData`.
    Inline {
        /// MIME type.
        mime: Cow<'a, str>,
        /// Base64.
        data: Cow<'a, str>,
    },
    /// `fileData`.
    File {
        /// MIME type, where known.
        mime: Option<Cow<'a, str>>,
        /// Where Gemini fetches it.
        uri: &'a str,
    },
    /// `functionCall`.
    Call {
        /// The id that the result repeats.
        id: &'a str,
        /// The function.
        name: &'a str,
        /// A JSON object, as text.
        args: Cow<'a, str>,
    },
    /// `functionResponse`.
    Result {
        /// The id of the call.
        id: &'a str,
        /// The function.
        name: &'a str,
        /// A JSON object, as text.
        response: String,
        /// Pictures and files that belong to it, where the model takes them inside of it.
        parts: Vec<Piece<'a>>,
    },
    /// A part of Gemini's own, whole.
    Native(&'a Value),
}

impl Content<'_> {
    /// Writes it as an element of `contents`.
    pub(super) fn render(&self, contents: &mut Array<'_>) {
        let mut content = contents.object();
        content.field("role", self.role);
        let mut parts = content.array("parts");
        for piece in &self.parts {
            piece.render(&mut parts);
        }
        parts.close();
        content.close();
    }
}

impl<'a> Piece<'a> {
    /// A part of just this.
    pub(super) const fn new(body: Body<'a>) -> Self {
        Self {
            body,
            signature: None,
            extras: None,
        }
    }

    /// Whether a signature that stands alone may be put on it: Gemini signs the end of an answer like this.
    pub(super) const fn takes_signature(&self) -> bool {
        self.signature.is_none()
            && matches!(
                self.body,
                Body::Text(_) | Body::Inline { .. } | Body::File { .. }
            )
    }

    /// Writes it as an element of `parts`.
    pub(super) fn render(&self, parts: &mut Array<'_>) {
        if let Body::Native(value) = &self.body
            && self.signature.is_none()
        {
            parts.item(*value);
            return;
        }
        let mut part = parts.object();
        let inner = self.body.name();
        let beside = inner.and_then(|name| self.extras?.get(name)?.as_object());
        self.body.render(&mut part, beside);
        part.optional("thoughtSignature", self.signature.as_deref());
        for (name, value) in self.extras.into_iter().flatten() {
            if Some(name.as_str()) != inner {
                part.field(name, value);
            }
        }
        part.close();
    }
}

impl Body<'_> {
    /// The name of the object that holds it, where there is one.
    const fn name(&self) -> Option<&'static str> {
        match self {
            Self::Inline { .. } => Some("inlineData"),
            Self::File { .. } => Some("fileData"),
            Self::Call { .. } => Some("functionCall"),
            Self::Result { .. } => Some("functionResponse"),
            Self::Text(_) | Self::Thought(_) | Self::Native(_) => None,
        }
    }

    /// Writes its fields; `beside` are more fields of the object that holds it.
    fn render(&self, part: &mut Object<'_>, beside: Option<&Map<String, Value>>) {
        match self {
            Self::Text(text) => return part.field("text", *text),
            Self::Thought(text) => {
                part.field("text", *text);
                return part.field("thought", &true);
            }
            Self::Native(value) => {
                for (name, value) in value.as_object().into_iter().flatten() {
                    part.field(name, value);
                }
                return;
            }
            Self::Inline { .. } | Self::File { .. } | Self::Call { .. } | Self::Result { .. } => {}
        }
        let mut inner = part.object(self.name().unwrap_or_default());
        match self {
            Self::Inline { mime, data } => {
                inner.field("mimeType", mime.as_ref());
                inner.field("data", data.as_ref());
            }
            Self::File { mime, uri } => {
                inner.optional("mimeType", mime.as_deref());
                inner.field("fileUri", *uri);
            }
            Self::Call { id, name, args } => {
                inner.field("id", *id);
                inner.field("name", *name);
                inner.raw("args", args);
            }
            Self::Result {
                id,
                name,
                response,
                parts,
            } => {
                inner.field("id", *id);
                inner.field("name", *name);
                inner.raw("response", response);
                if !parts.is_empty() {
                    let mut list = inner.array("parts");
                    parts.iter().for_each(|piece| piece.render(&mut list));
                    list.close();
                }
            }
            Self::Text(_) | Self::Thought(_) | Self::Native(_) => {}
        }
        for (name, value) in beside.into_iter().flatten() {
            inner.field(name, value);
        }
        inner.close();
    }
}

/// Whether a model's name stays inside its path segment: letters, digits, `-`, `_` and `.`, and not
/// dots alone.
pub(super) fn is_segment(model: &str) -> bool {
    !model.is_empty()
        && model.bytes().all(is_segment_byte)
        && !model.bytes().all(|byte| byte == b'.')
}

fn is_segment_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}

/// The name of a finish reason. Some clients have it sent as a number; the first five are the same
/// on every surface.
pub(super) fn finish_name(value: &Value) -> String {
    const BY_NUMBER: [&str; 6] = [
        "FINISH_REASON_UNSPECIFIED",
        "STOP",
        "MAX_TOKENS",
        "SAFETY",
        "RECITATION",
        "OTHER",
    ];
    let number = value
        .as_u64()
        .and_then(|number| usize::try_from(number).ok());
    number
        .and_then(|number| BY_NUMBER.get(number))
        .map_or_else(|| name_of(value), |name| (*name).to_owned())
}

/// The name of an enum's value; its number as text where that is what came.
pub(super) fn name_of(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// What a finish reason means. `STOP` is said of calls, too.
pub(super) fn finish(name: &str, has_calls: bool) -> FinishReason {
    match name {
        "STOP" if has_calls => FinishReason::ToolCalls,
        "STOP" => FinishReason::Stop,
        "MAX_TOKENS" => FinishReason::Length,
        "SAFETY"
        | "RECITATION"
        | "BLOCKLIST"
        | "PROHIBITED_CONTENT"
        | "SPII"
        | "MODEL_ARMOR"
        | "IMAGE_SAFETY"
        | "IMAGE_PROHIBITED_CONTENT"
        | "IMAGE_RECITATION" => FinishReason::ContentFilter,
        // MALFORMED_FUNCTION_CALL, UNEXPECTED_TOOL_CALL, TOO_MANY_TOOL_CALLS,
        // MISSING_THOUGHT_SIGNATURE, LANGUAGE, NO_IMAGE, IMAGE_OTHER, OTHER, and what is yet to
        // come.
        _ => FinishReason::Error,
    }
}

/// Every word for why an answer ended.
const FINISH_REASONS: [&str; 19] = [
    "STOP",
    "MAX_TOKENS",
    "SAFETY",
    "RECITATION",
    "LANGUAGE",
    "OTHER",
    "BLOCKLIST",
    "PROHIBITED_CONTENT",
    "SPII",
    "MALFORMED_FUNCTION_CALL",
    "IMAGE_SAFETY",
    "IMAGE_PROHIBITED_CONTENT",
    "IMAGE_RECITATION",
    "IMAGE_OTHER",
    "NO_IMAGE",
    "UNEXPECTED_TOOL_CALL",
    "TOO_MANY_TOOL_CALLS",
    "MISSING_THOUGHT_SIGNATURE",
    "MODEL_ARMOR",
];

/// Why an answer ended, in Google's words: the vendor's own word where it is one of them, else the nearest.
pub(super) fn finish_word(reason: FinishReason, native: Option<&str>) -> &'static str {
    let is_same = |word: &&&str| {
        let has_calls = reason == FinishReason::ToolCalls;
        Some(**word) == native && finish(word, has_calls) == reason
    };
    if let Some(word) = FINISH_REASONS.iter().find(is_same) {
        return word;
    }
    match reason {
        FinishReason::Stop | FinishReason::ToolCalls => "STOP",
        FinishReason::Length => "MAX_TOKENS",
        FinishReason::ContentFilter => "SAFETY",
        FinishReason::Error => "OTHER",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_that_is_more_than_a_path_segment_is_none() {
        for model in [
            "", ".", "..", "a/b", "a?b", "a#b", "a:b", "a%2fb", "ü", "a b",
        ] {
            assert!(!is_segment(model), "{model:?}");
        }
        assert!(is_segment("gemini-2.5-flash"));
    }

    #[test]
    fn a_finish_reason_is_said_in_googles_words() {
        for (reason, native, word) in [
            (FinishReason::Stop, Some("STOP"), "STOP"),
            (FinishReason::ToolCalls, Some("STOP"), "STOP"),
            (FinishReason::ToolCalls, Some("tool_use"), "STOP"),
            (FinishReason::Length, Some("length"), "MAX_TOKENS"),
            (FinishReason::ContentFilter, Some("SPII"), "SPII"),
            (FinishReason::ContentFilter, Some("refusal"), "SAFETY"),
            (FinishReason::Error, Some("NO_IMAGE"), "NO_IMAGE"),
            (FinishReason::Error, Some("STOP"), "OTHER"),
            (FinishReason::Stop, Some("COMPLETE"), "STOP"),
            (FinishReason::Stop, None, "STOP"),
        ] {
            assert_eq!(finish_word(reason, native), word, "{native:?}");
            assert_eq!(finish(word, reason == FinishReason::ToolCalls), reason);
        }
    }
}
