//! Which part of an answer a `thoughtSignature` stands on, so that it comes back on that very part.
//!
//! Google: "return the entire response with all parts back to the model; don't concatenate parts with signatures
//! together" (<https://ai.google.dev/gemini-api/docs/thought-signatures>, read 2026-11). Other dialects join the text of
//! an answer and keep thinking apart, so the place is the id of the piece of thinking that the signature is in canon:
//! the id of a call, `text:4-9` (bytes of all the text of the answer), `media:0`. Callers return ids as they came.

use std::{collections::BTreeMap, ops::Range};

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

/// Signatures that wait for the parts they stand on. A caller may name any places in any number, so each part looks only at
/// those that could be its own.
#[derive(Debug)]
pub(super) struct Waiting<S> {
    /// By the begin and the end of the text they stand on, each with its number.
    on_text: BTreeMap<(usize, usize), Vec<(usize, S)>>,
    /// The same by the number of the picture or the like.
    on_media: BTreeMap<usize, Vec<(usize, S)>>,
    /// How many there ever were.
    count: usize,
    /// How much text there was so far, in bytes.
    said: usize,
    /// How many pictures and the like.
    media: usize,
}

impl<S> Default for Waiting<S> {
    fn default() -> Self {
        Self {
            on_text: BTreeMap::new(),
            on_media: BTreeMap::new(),
            count: 0,
            said: 0,
            media: 0,
        }
    }
}

impl<S> Waiting<S> {
    /// Whether none waits.
    pub(super) fn is_empty(&self) -> bool {
        self.on_text.is_empty() && self.on_media.is_empty()
    }

    /// Whether there was no text yet.
    pub(super) const fn is_at_begin(&self) -> bool {
        self.said == 0
    }

    /// One more.
    pub(super) fn add(&mut self, place: Place, signature: S) {
        let numbered = (self.count, signature);
        self.count += 1;
        match place {
            Place::Text(range) => {
                let key = (range.start, range.end);
                self.on_text.entry(key).or_default().push(numbered);
            }
            Place::Media(number) => self.on_media.entry(number).or_default().push(numbered),
        }
    }

    /// The next text, cut into the parts it came in as far as signatures tell; a part may be empty.
    pub(super) fn text<'t>(&mut self, text: &'t str) -> Vec<(&'t str, Option<S>)> {
        let (start, end) = (self.said, self.said.saturating_add(text.len()));
        self.said = end;
        let is_cut = |at: usize| {
            at.checked_sub(start)
                .is_some_and(|at| text.is_char_boundary(at))
        };
        let known = self.on_text.range((start, start)..=(end, end));
        let here: Vec<(usize, usize)> = known
            .map(|(range, _)| *range)
            .filter(|(begin, behind)| *behind <= end && is_cut(*begin) && is_cut(*behind))
            .collect();
        let mut parts = Vec::with_capacity(here.len() + 1);
        let mut at = start;
        let slice = |range: Range<usize>| {
            text.get(range.start - start..range.end - start)
                .unwrap_or_default()
        };
        for range in here {
            for (_, signature) in self.on_text.remove(&range).into_iter().flatten() {
                let (begin, behind) = range;
                if begin < at {
                    // Two over the same words: nobody makes them, and the first counts.
                    continue;
                }
                if begin > at {
                    parts.push((slice(at..begin), None));
                }
                at = behind;
                parts.push((slice(begin..behind), Some(signature)));
            }
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
        let mut own = self.on_media.remove(&number)?.into_iter();
        let (_, signature) = own.next()?;
        let others: Vec<(usize, S)> = own.collect();
        if !others.is_empty() {
            self.on_media.insert(number, others);
        }
        Some(signature)
    }

    /// Those of text that is behind: they stand on no part as it is.
    pub(super) fn missed(&mut self) -> Vec<S> {
        // What begins and ends where the text does is behind, too.
        let next = (self.said, self.said.saturating_add(1));
        let ahead = self.on_text.split_off(&next);
        let behind = std::mem::replace(&mut self.on_text, ahead);
        in_order(behind.into_values())
    }

    /// Those that found no part.
    pub(super) fn rest(&mut self) -> Vec<S> {
        let on_text = std::mem::take(&mut self.on_text).into_values();
        in_order(on_text.chain(std::mem::take(&mut self.on_media).into_values()))
    }
}

/// Signatures in the order in which they came.
fn in_order<S>(found: impl Iterator<Item = Vec<(usize, S)>>) -> Vec<S> {
    let mut found: Vec<(usize, S)> = found.flatten().collect();
    found.sort_by_key(|(number, _)| *number);
    found.into_iter().map(|(_, signature)| signature).collect()
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

    /// A request may hold as many of both as fit into its body.
    #[test]
    fn places_that_no_part_has_cost_nobody_time() {
        const COUNT: usize = 200_000;
        let mut waiting = Waiting::default();
        for number in 0..COUNT {
            waiting.add(Place::Text(0..usize::MAX - number), number);
            waiting.add(Place::Media(COUNT + number), number);
        }
        for _ in 0..COUNT {
            assert_eq!(waiting.text("a").len(), 1);
            assert_eq!(waiting.media(), None);
        }
        assert_eq!(waiting.missed(), (0..COUNT).collect::<Vec<_>>());
        assert_eq!(waiting.rest().len(), COUNT);
    }
}
