//! Which part of an answer a `thoughtSignature` stands on, so that it comes back on that very part.
//!
//! Google: "return the entire response with all parts back to the model; don't concatenate parts with signatures
//! together" (<https://ai.google.dev/gemini-api/docs/thought-signatures>, read 2026-11). Other dialects join the text of
//! an answer and keep thinking apart, so the place is the id of the piece of thinking that the signature is in canon:
//! the id of a call, `text:4-9` (bytes of all the text of the answer), `media:0`. Callers return ids as they came.

use std::ops::Range;

/// What a signature stands on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// These bytes of the text of the answer, all its text parts joined; none of them for a part that is empty.
    Text(Range<usize>),
    /// The picture, sound or file of this number.
    Media(usize),
}

impl Place {
    /// It as an id.
    pub(super) fn id(&self) -> String {
        match self {
            Self::Text(range) => format!("text:{}-{}", range.start, range.end),
            Self::Media(number) => format!("media:{number}"),
        }
    }

    /// The place that an id names; other ids are those of calls.
    pub(super) fn of(id: &str) -> Option<Self> {
        let (kind, place) = id.split_once(':')?;
        match kind {
            "text" => {
                let (start, end) = place.split_once('-')?;
                let (start, end) = (start.parse().ok()?, end.parse().ok()?);
                (start <= end).then_some(Self::Text(start..end))
            }
            "media" => Some(Self::Media(place.parse().ok()?)),
            _ => None,
        }
    }
}

/// Signatures that wait for the parts they stand on.
#[derive(Debug)]
pub(super) struct Waiting<S> {
    signatures: Vec<(Place, S)>,
    /// How much text there was so far, in bytes.
    said: usize,
    /// How many pictures and the like.
    media: usize,
}

impl<S> Default for Waiting<S> {
    fn default() -> Self {
        Self {
            signatures: Vec::new(),
            said: 0,
            media: 0,
        }
    }
}

impl<S> Waiting<S> {
    /// Whether none waits.
    pub(super) const fn is_empty(&self) -> bool {
        self.signatures.is_empty()
    }

    /// Whether there was no text yet.
    pub(super) const fn is_at_begin(&self) -> bool {
        self.said == 0
    }

    /// One more.
    pub(super) fn add(&mut self, place: Place, signature: S) {
        self.signatures.push((place, signature));
    }

    /// The next text, cut into the parts it came in as far as signatures tell; a part may be empty.
    pub(super) fn text<'t>(&mut self, text: &'t str) -> Vec<(&'t str, Option<S>)> {
        let (start, end) = (self.said, self.said.saturating_add(text.len()));
        self.said = end;
        let is_here = |place: &Place| match place {
            Place::Text(range) => {
                let is_cut = |at: usize| {
                    at.checked_sub(start)
                        .is_some_and(|at| text.is_char_boundary(at))
                };
                range.start >= start && range.end <= end && is_cut(range.start) && is_cut(range.end)
            }
            Place::Media(_) => false,
        };
        let mut here: Vec<(Range<usize>, S)> = self
            .signatures
            .extract_if(.., |(place, _)| is_here(place))
            .filter_map(|(place, signature)| match place {
                Place::Text(range) => Some((range, signature)),
                Place::Media(_) => None,
            })
            .collect();
        here.sort_by_key(|(range, _)| (range.start, range.end));
        let mut parts = Vec::with_capacity(here.len() + 1);
        let mut at = start;
        let slice = |range: Range<usize>| {
            text.get(range.start - start..range.end - start)
                .unwrap_or_default()
        };
        for (range, signature) in here {
            if range.start < at {
                // Two over the same words: nobody makes them, and the first counts.
                continue;
            }
            if range.start > at {
                parts.push((slice(at..range.start), None));
            }
            at = range.end;
            parts.push((slice(range), Some(signature)));
        }
        if at < end || parts.is_empty() {
            parts.push((slice(at..end), None));
        }
        parts
    }

    /// The signature of the next picture or the like.
    pub(super) fn media(&mut self) -> Option<S> {
        let number = self.media;
        self.media = number.saturating_add(1);
        let place = self
            .signatures
            .iter()
            .position(|(place, _)| *place == Place::Media(number))?;
        Some(self.signatures.remove(place).1)
    }

    /// Those of text that is behind: they stand on no part as it is.
    pub(super) fn missed(&mut self) -> Vec<S> {
        let said = self.said;
        let is_behind = |place: &Place| matches!(place, Place::Text(range) if range.start < said || range.end <= said);
        let missed = self
            .signatures
            .extract_if(.., |(place, _)| is_behind(place));
        missed.map(|(_, signature)| signature).collect()
    }

    /// Those that found no part.
    pub(super) fn rest(&mut self) -> Vec<S> {
        let rest = self.signatures.drain(..);
        rest.map(|(_, signature)| signature).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_an_id_and_back() {
        for place in [Place::Text(0..5), Place::Text(7..7), Place::Media(3)] {
            assert_eq!(Place::of(&place.id()), Some(place));
        }
        for id in ["call_1", "text:5-0", "text:", "text:-1-2", "media:x", ""] {
            assert_eq!(Place::of(id), None, "{id}");
        }
    }

    #[test]
    fn text_is_cut_into_the_parts_that_were_signed() {
        let mut waiting = Waiting::default();
        for (range, signature) in [(8..8, "end"), (2..4, "b"), (0..0, "begin"), (4..6, "c")] {
            waiting.add(Place::Text(range), signature);
        }
        assert_eq!(
            waiting.text("aabbccd"),
            [
                ("", Some("begin")),
                ("aa", None),
                ("bb", Some("b")),
                ("cc", Some("c")),
                ("d", None)
            ]
        );
        assert_eq!(waiting.text("éé"), [("éé", None)]);
        assert_eq!(waiting.missed(), ["end"]);
    }

    #[test]
    fn what_is_no_place_in_the_text_cuts_nothing() {
        let mut waiting = Waiting::default();
        waiting.add(Place::Text(1..2), "inside a letter");
        waiting.add(Place::Text(0..9), "too long");
        assert_eq!(waiting.text("é"), [("é", None)]);
        assert_eq!(waiting.rest(), ["inside a letter", "too long"]);
    }
}
