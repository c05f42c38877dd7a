//! Sources of an answer: `groundingMetadata` (searches) and `citationMetadata` (recitation).

use canon::{Citation, Extras};
use serde_json::Value;

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
}
