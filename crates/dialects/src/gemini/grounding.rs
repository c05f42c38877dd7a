//! Sources of an answer: `groundingMetadata` (searches) and `citationMetadata` (recitation).

use canon::{Citation, Extras};
use serde_json::{Map, Value, json};

/// The sources that the metadata names, in its order. `text` is the text they stand behind.
///
/// Gemini counts bytes, canon characters; where the bytes named do not hold the words cited (the
/// place is counted in another part), the words stay and the place is left out.
pub(super) fn parse_citations(metadata: &Value, text: &str) -> Vec<Citation> {
    let chunks = list(metadata, "groundingChunks");
    let supports = list(metadata, "groundingSupports");
    let mut citations = Vec::new();
    let mut is_used = vec![false; chunks.len()];
    for support in supports {
        let segment = support.get("segment").unwrap_or(&Value::Null);
        let (start, end) = place(segment, text);
        let content = string(segment, "text");
        for index in list(support, "groundingChunkIndices") {
            let index = index.as_u64().and_then(|index| usize::try_from(index).ok());
            let Some((index, chunk)) = index.and_then(|index| Some((index, chunks.get(index)?)))
            else {
                continue;
            };
            if let Some(is_used) = is_used.get_mut(index) {
                *is_used = true;
            }
            citations.push(Citation {
                content: content.clone().or_else(|| source(chunk).content),
                start,
                end,
                ..source(chunk)
            });
        }
    }
    let unused = chunks.iter().zip(is_used).filter(|(_, is_used)| !is_used);
    citations.extend(unused.map(|(chunk, _)| source(chunk)));
    // The two surfaces name the list differently.
    for name in ["citationSources", "citations"] {
        for cited in list(metadata, name) {
            let (start, end) = place(cited, text);
            citations.push(Citation {
                url: string(cited, "uri"),
                title: string(cited, "title"),
                content: None,
                start,
                end,
                native: Extras::NONE,
            });
        }
    }
    citations
}

/// `groundingMetadata` under way, of sources that came in other words.
#[derive(Debug, Default)]
pub(super) struct Grounding {
    chunks: Vec<Value>,
    supports: Vec<Value>,
}

/// The text that sources stand behind.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cited<'a> {
    /// The text; places of sources count its characters.
    pub(super) text: &'a str,
    /// How many bytes stand before it in the part.
    pub(super) offset: usize,
    /// The number of the part.
    pub(super) part: usize,
}

impl Grounding {
    /// Adds a source. One that is cited twice is one chunk.
    pub(super) fn add(&mut self, citation: &Citation, cited: Cited<'_>) {
        let mut source = Map::new();
        for (name, value) in [("uri", &citation.url), ("title", &citation.title)] {
            source.extend(
                value
                    .clone()
                    .map(|value| (name.to_owned(), Value::from(value))),
            );
        }
        let kind = if citation.url.is_some() {
            "web"
        } else {
            // A document of the caller's.
            source.extend(
                citation
                    .content
                    .clone()
                    .map(|words| ("text".to_owned(), words.into())),
            );
            "retrievedContext"
        };
        let chunk = json!({ kind: source });
        let known = self.chunks.iter().position(|known| *known == chunk);
        let index = known.unwrap_or_else(|| {
            self.chunks.push(chunk);
            self.chunks.len() - 1
        });
        self.supports.extend(support(citation, cited, index));
    }

    /// The metadata; `None` without sources.
    pub(super) fn into_value(self) -> Option<Value> {
        if self.chunks.is_empty() {
            return None;
        }
        let mut metadata = Map::new();
        metadata.insert("groundingChunks".to_owned(), self.chunks.into());
        if !self.supports.is_empty() {
            metadata.insert("groundingSupports".to_owned(), self.supports.into());
        }
        Some(Value::Object(metadata))
    }
}

/// Where a source stands, in bytes.
fn support(citation: &Citation, cited: Cited<'_>, chunk: usize) -> Option<Value> {
    let byte_of = |characters: u64| {
        let characters = usize::try_from(characters).ok()?;
        let mut starts = cited.text.char_indices().map(|(start, _)| start);
        starts
            .nth(characters)
            .or_else(|| (cited.text.chars().count() == characters).then_some(cited.text.len()))
    };
    let (start, end) = (byte_of(citation.start?)?, byte_of(citation.end?)?);
    let words = cited.text.get(start..end)?;
    let mut segment = Map::from_iter([
        ("startIndex".to_owned(), (start + cited.offset).into()),
        ("endIndex".to_owned(), (end + cited.offset).into()),
        ("text".to_owned(), words.into()),
    ]);
    if cited.part > 0 {
        segment.insert("partIndex".to_owned(), cited.part.into());
    }
    Some(json!({ "segment": segment, "groundingChunkIndices": [chunk] }))
}

/// The source that a chunk is: a page, a document, a place on a map.
fn source(chunk: &Value) -> Citation {
    let body = ["web", "retrievedContext", "maps"]
        .into_iter()
        .find_map(|name| chunk.get(name))
        .unwrap_or(&Value::Null);
    Citation {
        url: string(body, "uri"),
        title: string(body, "title"),
        content: string(body, "text"),
        start: None,
        end: None,
        native: Extras::NONE,
    }
}

/// Start and end in characters. Gemini leaves out a start of 0.
fn place(segment: &Value, text: &str) -> (Option<u64>, Option<u64>) {
    let number = |name: &str| segment.get(name).and_then(Value::as_u64);
    let start = usize::try_from(number("startIndex").unwrap_or(0)).ok();
    let end = number("endIndex").and_then(|end| usize::try_from(end).ok());
    let (Some(start), Some(end)) = (start, end) else {
        return (None, None);
    };
    let Some(words) = text.get(start..end) else {
        return (None, None);
    };
    let cited = segment.get("text").and_then(Value::as_str);
    if cited.is_some_and(|cited| cited != words) {
        return (None, None);
    }
    let characters = |words: &str| u64::try_from(words.chars().count()).ok();
    let before = text.get(..start).and_then(characters);
    let inside = characters(words);
    (
        before,
        before.zip(inside).map(|(before, inside)| before + inside),
    )
}

fn list<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value
        .get(name)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn string(value: &Value, name: &str) -> Option<String> {
    value.get(name).and_then(Value::as_str).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn places_are_counted_in_characters_and_only_where_they_fit() {
        let metadata = json!({
            "groundingChunks": [
                {"web": {"uri": "https://a.example", "title": "A"}},
                {"web": {"uri": "https://b.example"}},
            ],
            "groundingSupports": [
                {
                    "segment": {"startIndex": 3, "endIndex": 6, "text": "abc"},
                    "groundingChunkIndices": [0],
                },
                {
                    "segment": {"startIndex": 1, "endIndex": 4, "text": "xyz"},
                    "groundingChunkIndices": [0, 7],
                },
            ],
        });
        let citations = parse_citations(&metadata, "ü abc");
        let places: Vec<_> = citations
            .iter()
            .map(|citation| (citation.url.as_deref(), citation.start, citation.end))
            .collect();
        let wanted = [
            (Some("https://a.example"), Some(2), Some(5)),
            (Some("https://a.example"), None, None),
            (Some("https://b.example"), None, None),
        ];
        assert_eq!(places, wanted);
    }

    #[test]
    fn sources_in_other_words_come_back_from_googles() {
        let text = "ü abc, abc";
        let source = |start, end, url: Option<&str>| Citation {
            url: url.map(str::to_owned),
            title: Some("T".to_owned()),
            start: Some(start),
            end: Some(end),
            ..Citation::default()
        };
        let mut grounding = Grounding::default();
        let (offset, part) = (0, 0);
        for citation in [
            source(2, 5, Some("https://a.example")),
            source(7, 10, Some("https://a.example")),
            source(7, 99, None),
        ] {
            grounding.add(&citation, Cited { text, offset, part });
        }
        let metadata = grounding.into_value().unwrap();
        assert_eq!(list(&metadata, "groundingChunks").len(), 2);
        let again = parse_citations(&metadata, text);
        let places: Vec<_> = again
            .iter()
            .map(|citation| (citation.url.as_deref(), citation.start, citation.end))
            .collect();
        let url = Some("https://a.example");
        let wanted = [
            (url, Some(2), Some(5)),
            (url, Some(7), Some(10)),
            (None, None, None),
        ];
        assert_eq!(places, wanted);
        assert_eq!(Grounding::default().into_value(), None);
    }
}
