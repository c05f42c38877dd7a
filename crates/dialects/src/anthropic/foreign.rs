//! Thinking of other vendors inside Anthropic's blocks, so that a caller who only knows Messages can send it back.
//!
//! A caller treats `signature` and the data of `redacted_thinking` as opaque and returns both unchanged. What
//! those two blocks have no room for (whose thinking it is, its id, a summary instead of words) is packed into
//! them behind a prefix; Anthropic itself never sees it.

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD as BASE64};
use canon::{Extras, ReasoningBody, ReasoningFormat, ReasoningPart};
use serde::{Deserialize, Serialize};

const PREFIX: &str = "weir.reasoning:";

/// What does not fit into the blocks.
#[derive(Serialize)]
struct Packed<'a> {
    kind: Kind,
    format: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    /// A signature, or the data of encrypted thinking.
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a str>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Text,
    Summary,
    Encrypted,
}

/// Packs what a piece of thinking is, without its words. Empty where there is nothing to say that the block does
/// not say itself.
pub(super) fn pack(body: &ReasoningBody, id: Option<&str>, format: &ReasoningFormat) -> String {
    let (kind, data) = match body {
        ReasoningBody::Text { signature, .. } => (Kind::Text, signature.as_deref()),
        ReasoningBody::Summary(_) => (Kind::Summary, None),
        ReasoningBody::Encrypted(data) => (Kind::Encrypted, Some(data.as_str())),
    };
    let is_plain = kind == Kind::Text && data.is_none() && id.is_none();
    if is_plain && *format == ReasoningFormat::UNKNOWN {
        return String::new();
    }
    let packed = Packed {
        kind,
        format: format.name(),
        id,
        data,
    };
    let json = serde_json::to_vec(&packed).unwrap_or_default();
    let mut text = PREFIX.to_owned();
    BASE64.encode_string(json, &mut text);
    text
}

/// Whether something may be packed in this.
pub(super) fn is_packed(text: &str) -> bool {
    text.starts_with(PREFIX)
}

/// The piece of thinking whose packing and words came back; `None` where nothing is packed.
pub(super) fn unpack(packed: &str, words: &str) -> Option<ReasoningPart> {
    let json = BASE64.decode(packed.strip_prefix(PREFIX)?).ok()?;
    let packed: Owned = serde_json::from_slice(&json).ok()?;
    let words = words.to_owned();
    let body = match packed.kind {
        Kind::Text => ReasoningBody::Text {
            text: words,
            signature: packed.data,
        },
        Kind::Summary => ReasoningBody::Summary(words),
        Kind::Encrypted => ReasoningBody::Encrypted(packed.data?),
    };
    Some(ReasoningPart {
        body,
        id: packed.id,
        format: ReasoningFormat::named(&packed.format),
        index: None,
        extras: Extras::NONE,
    })
}

/// The same as [`Packed`], with text that may hold escapes.
#[derive(Deserialize)]
struct Owned {
    kind: Kind,
    format: String,
    id: Option<String>,
    data: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinking_of_other_vendors_comes_back_as_it_was() {
        let bodies = [
            ReasoningBody::Text {
                text: "words".to_owned(),
                signature: Some("sig\"\\\u{e4}".to_owned()),
            },
            ReasoningBody::Text {
                text: "words".to_owned(),
                signature: None,
            },
            ReasoningBody::Summary("words".to_owned()),
            ReasoningBody::Encrypted("data==".to_owned()),
        ];
        for body in bodies {
            for id in [None, Some("rs_1")] {
                let packed = pack(&body, id, &ReasoningFormat::OPENAI);
                let part = unpack(&packed, "words").unwrap();
                assert_eq!(part.body, body);
                assert_eq!(part.id.as_deref(), id);
                assert_eq!(part.format, ReasoningFormat::OPENAI);
            }
        }
    }

    #[test]
    fn what_is_not_packed_is_left_alone() {
        for text in [
            "",
            "EqQBCgIYAhIM",
            "weir.reasoning:",
            "weir.reasoning:AAAA",
            "weir.reasoning:{}",
        ] {
            assert_eq!(unpack(text, "words"), None, "{text}");
        }
    }
}
