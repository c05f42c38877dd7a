//! Spoken answers: sound in pieces, the names of its forms and of voices.
//!
//! OpenAI speaks in `audio` with a transcript beside the sound, Gemini in `inlineData` without one. Responses,
//! Messages and text completions have no form for sound in answers: their callers read the transcript as text.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use canon::{Event, Media, MediaKind};

/// The form in which Gemini speaks: 16 bits, 24 kHz, one channel, the low byte first; OpenAI's `pcm16` is the same.
pub(crate) const GEMINI_PCM: &str = "audio/L16;codec=pcm;rate=24000";
/// The short name of that form.
pub(crate) const PCM: &str = "pcm16";
/// The block of a transcript that is read as text: no vendor counts so far.
const TRANSCRIPT_BLOCK: u32 = u32::MAX;

/// Voices of OpenAI's models; other vendors refuse them. <https://platform.openai.com/docs/guides/text-to-speech>,
/// 2026-11.
pub(crate) const OPENAI_VOICES: &[&str] = &[
    "alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx", "sage",
    "shimmer", "verse",
];
/// Voices of Gemini's models; other vendors refuse them. <https://ai.google.dev/gemini-api/docs/speech-generation>,
/// 2026-11.
pub(crate) const GEMINI_VOICES: &[&str] = &[
    "Achernar",
    "Achird",
    "Algenib",
    "Algieba",
    "Alnilam",
    "Aoede",
    "Autonoe",
    "Callirrhoe",
    "Charon",
    "Despina",
    "Enceladus",
    "Erinome",
    "Fenrir",
    "Gacrux",
    "Iapetus",
    "Kore",
    "Laomedeia",
    "Leda",
    "Orus",
    "Puck",
    "Pulcherrima",
    "Rasalgethi",
    "Sadachbia",
    "Sadaltager",
    "Schedar",
    "Sulafat",
    "Umbriel",
    "Vindemiatrix",
    "Zephyr",
    "Zubenelgenubi",
];

/// Base64 that comes in pieces, cut so that each can be decoded by itself and all of them joined.
///
/// Vendors pad each piece, or cut where they like; callers join the texts, or decode piece by piece. What does not
/// fill a group waits for the next piece.
#[derive(Debug, Default)]
pub(crate) struct Pieces {
    /// Fewer than four letters that no group is made of yet.
    letters: String,
    /// Fewer than three bytes that no group is made of yet.
    bytes: Vec<u8>,
}

impl Pieces {
    /// Nothing yet.
    pub(crate) const EMPTY: Self = Self {
        letters: String::new(),
        bytes: Vec::new(),
    };

    /// Takes a piece as it came and gives what is whole of it. What is no base64 is given as it is.
    pub(crate) fn add(&mut self, piece: String) -> String {
        let is_even = self.letters.is_empty() && self.bytes.is_empty();
        if is_even && piece.len().is_multiple_of(4) && !piece.ends_with('=') {
            return piece;
        }
        let mut text = std::mem::take(&mut self.letters);
        text.push_str(&piece);
        let whole = text.len() - text.len() % 4;
        let Some((groups, rest)) = text.split_at_checked(whole) else {
            return text;
        };
        let Ok(decoded) = BASE64.decode(groups) else {
            return text;
        };
        self.letters = rest.to_owned();
        self.bytes.extend(decoded);
        let whole = self.bytes.len() - self.bytes.len() % 3;
        let bytes: Vec<u8> = self.bytes.drain(..whole).collect();
        BASE64.encode(bytes)
    }

    /// What waited, when nothing more comes; empty where nothing did.
    pub(crate) fn end(&mut self) -> String {
        let mut rest = BASE64.encode(std::mem::take(&mut self.bytes));
        rest.push_str(&std::mem::take(&mut self.letters));
        rest
    }
}

/// Sound for callers whose dialect has no form for it: its transcript as text. Other events stay what they are.
pub(crate) fn as_words(event: Event) -> Event {
    let Event::Media { choice, media } = &event else {
        return event;
    };
    match transcript(media) {
        Some(words) => Event::Text {
            choice: *choice,
            block: TRANSCRIPT_BLOCK,
            text: words.to_owned(),
        },
        None => event,
    }
}

/// The words of a sound, where it has some.
pub(crate) fn transcript(media: &Media) -> Option<&str> {
    let words = media.transcript.as_deref()?;
    (media.kind == MediaKind::Audio && !words.is_empty()).then_some(words)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn pieces_of_any_cut_can_be_decoded_alone_and_joined(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
            cuts in prop::collection::vec(1_usize..20, 1..40),
            is_padded in any::<bool>(),
        ) {
            let mut stated = Vec::new();
            let whole = BASE64.encode(&bytes);
            let mut rest = if is_padded { bytes.as_slice() } else { whole.as_bytes() };
            for cut in cuts.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (piece, behind) = rest.split_at((*cut).min(rest.len()));
                stated.push(if is_padded { BASE64.encode(piece) } else { String::from_utf8(piece.to_vec()).unwrap() });
                rest = behind;
            }
            let mut pieces = Pieces::default();
            let mut given: Vec<String> = stated.into_iter().map(|piece| pieces.add(piece)).collect();
            given.push(pieces.end());
            let alone: Vec<u8> = given.iter().flat_map(|piece| BASE64.decode(piece).unwrap()).collect();
            prop_assert_eq!(&alone, &bytes);
            prop_assert_eq!(given.concat(), whole);
        }
    }

    #[test]
    fn what_is_no_base64_is_given_as_it_is() {
        let mut pieces = Pieces::default();
        assert_eq!(pieces.add("not base64!!=".to_owned()), "not base64!!=");
        assert_eq!(pieces.end(), "");
        assert_eq!(pieces.add("é".to_owned()) + &pieces.end(), "é");
    }
}
