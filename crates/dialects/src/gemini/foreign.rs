//! Thinking of other vendors in Google's parts, so that a caller who only knows Gemini can send it back.
//!
//! A caller treats `thoughtSignature` as opaque bytes and returns it on the part it came on. What a part has no room
//! for (whose thinking it is, its id, a summary instead of words, words that the caller did not want to see) is packed
//! into it as base64, which Google's clients demand; Google itself never sees it.

use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{
        DecodePaddingMode, GeneralPurpose, general_purpose::GeneralPurposeConfig,
        general_purpose::STANDARD as BASE64,
    },
};
use canon::{Extras, ReasoningBody, ReasoningFormat, ReasoningPart};
use serde::{Deserialize, Serialize};

/// How every packing begins: the base64 of `{"weir":"reasoning","`.
const PREFIX: &str = "eyJ3ZWlyIjoicmVhc29uaW5nIiwi";

/// Clients encode bytes anew, some without padding.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

#[derive(Serialize, Deserialize)]
struct Packed {
    weir: Marker,
    kind: Kind,
    format: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// A signature, or the data of encrypted thinking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    data: Option<String>,
    /// The words, where they are not shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    words: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Marker {
    Reasoning,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Text,
    Summary,
    Encrypted,
}

/// A piece of thinking to be packed.
pub(super) struct Piece<'a> {
    /// The piece; words in it are packed only if hidden.
    pub(super) body: &'a ReasoningBody,
    /// The vendor's id of it.
    pub(super) id: Option<&'a str>,
    /// Whose it is.
    pub(super) format: &'a ReasoningFormat,
    /// Whether its words do not stand in the part itself.
    pub(super) is_hidden: bool,
}

impl Piece<'_> {
    /// The piece as a signature.
    pub(super) fn pack(&self) -> String {
        let (kind, data, words) = match self.body {
            ReasoningBody::Text { text, signature } => {
                (Kind::Text, signature.clone(), Some(text.as_str()))
            }
            ReasoningBody::Summary(text) => (Kind::Summary, None, Some(text.as_str())),
            ReasoningBody::Encrypted(data) => (Kind::Encrypted, Some(data.clone()), None),
        };
        let packed = Packed {
            weir: Marker::Reasoning,
            kind,
            format: self.format.name().to_owned(),
            id: self.id.map(str::to_owned),
            data,
            words: words.filter(|_| self.is_hidden).map(str::to_owned),
        };
        BASE64.encode(serde_json::to_vec(&packed).unwrap_or_default())
    }
}

/// Whether a signature is one of ours.
pub(super) fn is_packed(signature: &str) -> bool {
    signature.starts_with(PREFIX)
}

/// The piece of thinking whose packing came back; `words` gives what stands in the parts it came with. `None` where
/// nothing is packed.
pub(super) fn unpack(signature: &str, words: impl FnOnce() -> String) -> Option<ReasoningPart> {
    if !is_packed(signature) {
        return None;
    }
    let standard = signature.replace('-', "+").replace('_', "/");
    let packed: Packed = serde_json::from_slice(&LENIENT.decode(standard).ok()?).ok()?;
    let body = match packed.kind {
        Kind::Encrypted => ReasoningBody::Encrypted(packed.data?),
        Kind::Text => ReasoningBody::Text {
            text: packed.words.unwrap_or_else(words),
            signature: packed.data,
        },
        Kind::Summary => ReasoningBody::Summary(packed.words.unwrap_or_else(words)),
    };
    Some(ReasoningPart {
        body,
        id: packed.id,
        format: ReasoningFormat::named(&packed.format),
        index: None,
        extras: Extras::NONE,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinking_of_other_vendors_comes_back_as_it_was_in_any_base64() {
        let text = |signature: Option<&str>| ReasoningBody::Text {
            text: "words".to_owned(),
            signature: signature.map(str::to_owned),
        };
        let bodies = [
            text(Some("sig\"\\\u{e4}\u{3ff}>>>???")),
            text(None),
            ReasoningBody::Summary("words".to_owned()),
            ReasoningBody::Encrypted("data==".to_owned()),
        ];
        let ids = [(None, false), (Some("rs_1"), true), (Some("rs_12"), false)];
        for (body, (id, is_hidden)) in bodies.iter().flat_map(|body| ids.map(|case| (body, case))) {
            let format = &ReasoningFormat::OPENAI;
            let piece = Piece {
                body,
                id,
                format,
                is_hidden,
            };
            let packed = piece.pack();
            let url_safe = packed.replace('+', "-").replace('/', "_");
            for signature in [&packed, &url_safe, packed.trim_end_matches('=')] {
                let shown = if is_hidden { "" } else { "words" };
                let part = unpack(signature, || shown.to_owned()).unwrap();
                assert_eq!((&part.body, part.id.as_deref()), (body, id));
                assert_eq!(part.format, *format);
            }
        }
    }

    #[test]
    fn what_is_not_packed_is_left_alone() {
        let half = format!("{PREFIX}aaaa");
        for text in [
            "",
            "CskGAb4-9vuGu2ImtKGvHv75",
            PREFIX,
            &half,
            "eyJ3ZWlyIjoi",
        ] {
            assert_eq!(unpack(text, String::new), None, "{text}");
        }
    }
}
