//! The blocks of a turn as they are written.

use std::borrow::Cow;

use canon::CacheTtl;
use serde_json::{Map, Value};

use super::media::Block;
use crate::json::{Array, Object};

/// One block. Borrowed: pictures are large.
#[derive(Debug)]
pub(super) enum Piece<'a> {
    /// `text`.
    Text(Cow<'a, str>),
    /// `citationsContent`: a text and where it comes from.
    Cited {
        text: Cow<'a, str>,
        /// As they came.
        citations: Vec<&'a Map<String, Value>>,
    },
    /// `image`, `document`, `video`, `audio`.
    Media(Block<'a>),
    /// `reasoningContent` in words.
    Thought {
        text: &'a str,
        signature: Option<&'a str>,
    },
    /// `reasoningContent` that only its vendor can read, in base64.
    Redacted(Cow<'a, str>),
    /// `toolUse`.
    Call {
        id: Cow<'a, str>,
        name: &'a str,
        /// A JSON object, as text.
        input: Cow<'a, str>,
    },
    /// `toolResult`.
    Result {
        id: Cow<'a, str>,
        content: Vec<Self>,
        is_error: bool,
    },
    /// `cachePoint`.
    CachePoint(Option<CacheTtl>),
    /// A block of this dialect's own, whole.
    Native(&'a Value),
}

/// Writes a field that is a list of blocks.
pub(super) fn render_pieces(pieces: &[Piece<'_>], name: &str, object: &mut Object<'_>) {
    let mut list = object.array(name);
    for piece in pieces {
        piece.render(&mut list);
    }
    list.close();
}

/// Writes a breakpoint as an element of a list of blocks or tools.
pub(super) fn render_cache_point(ttl: Option<CacheTtl>, list: &mut Array<'_>) {
    let mut block = list.object();
    let mut point = block.object("cachePoint");
    point.field("type", "default");
    point.optional(
        "ttl",
        ttl.map(|ttl| match ttl {
            CacheTtl::FiveMinutes => "5m",
            CacheTtl::OneHour => "1h",
        }),
    );
    point.close();
    block.close();
}

impl Piece<'_> {
    fn render(&self, list: &mut Array<'_>) {
        match self {
            Self::Media(media) => media.render(list),
            Self::Native(value) => list.item(*value),
            Self::CachePoint(ttl) => render_cache_point(*ttl, list),
            Self::Text(_)
            | Self::Cited { .. }
            | Self::Thought { .. }
            | Self::Redacted(_)
            | Self::Call { .. }
            | Self::Result { .. } => {
                let mut block = list.object();
                self.render_fields(&mut block);
                block.close();
            }
        }
    }

    fn render_fields(&self, block: &mut Object<'_>) {
        match self {
            Self::Text(text) => block.field("text", &**text),
            Self::Cited { text, citations } => {
                let mut object = block.object("citationsContent");
                let mut content = object.array("content");
                let mut piece = content.object();
                piece.field("text", &**text);
                piece.close();
                content.close();
                object.field("citations", citations);
                object.close();
            }
            Self::Thought { text, signature } => {
                let mut content = block.object("reasoningContent");
                let mut words = content.object("reasoningText");
                words.field("text", *text);
                words.optional("signature", *signature);
                words.close();
                content.close();
            }
            Self::Redacted(data) => {
                let mut content = block.object("reasoningContent");
                content.field("redactedContent", &**data);
                content.close();
            }
            Self::Call { id, name, input } => {
                let mut call = block.object("toolUse");
                call.field("toolUseId", &**id);
                call.field("name", *name);
                call.raw("input", input);
                call.close();
            }
            Self::Result {
                id,
                content,
                is_error,
            } => {
                let mut result = block.object("toolResult");
                result.field("toolUseId", &**id);
                render_pieces(content, "content", &mut result);
                result.optional("status", is_error.then_some("error"));
                result.close();
            }
            Self::Media(_) | Self::Native(_) | Self::CachePoint(_) => {
                debug_assert!(false, "written whole by render");
            }
        }
    }
}
