//! The names on Gemini's wire: contents and their parts as they are written, and the words for why
//! an answer ended.
//!
//! Facts: the REST reference of `generateContent` (Content, Part, Candidate.FinishReason,
//! BlockReason).

use std::borrow::Cow;

use canon::FinishReason;
use serde_json::Value;

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
    pub(super) signature: Option<&'a str>,
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
        args: &'a str,
    },
    /// `functionResponse`.
    Result {
        /// The id of the call.
        id: &'a str,
        /// The function.
        name: &'a str,
        /// A JSON object, as text.
        response: String,
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

impl Piece<'_> {
    /// Writes it as an element of `parts`.
    pub(super) fn render(&self, parts: &mut Array<'_>) {
        if let Body::Native(value) = &self.body
            && self.signature.is_none()
        {
            parts.item(*value);
            return;
        }
        let mut part = parts.object();
        self.body.render(&mut part);
        part.optional("thoughtSignature", self.signature);
        part.close();
    }
}

impl Body<'_> {
    fn render(&self, part: &mut Object<'_>) {
        match self {
            Self::Text(text) => part.field("text", *text),
            Self::Thought(text) => {
                part.field("text", *text);
                part.field("thought", &true);
            }
            Self::Inline { mime, data } => {
                let mut blob = part.object("inlineData");
                blob.field("mimeType", mime.as_ref());
                blob.field("data", data.as_ref());
                blob.close();
            }
            Self::File { mime, uri } => {
                let mut file = part.object("fileData");
                file.optional("mimeType", mime.as_deref());
                file.field("fileUri", *uri);
                file.close();
            }
            Self::Call { id, name, args } => {
                let mut call = part.object("functionCall");
                call.field("id", *id);
                call.field("name", *name);
                call.raw("args", args);
                call.close();
            }
            Self::Result { id, name, response } => {
                let mut result = part.object("functionResponse");
                result.field("id", *id);
                result.field("name", *name);
                result.raw("response", response);
                result.close();
            }
            Self::Native(value) => {
                for (name, value) in value.as_object().into_iter().flatten() {
                    part.field(name, value);
                }
            }
        }
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
}
