//! The source that a vendor names for its words, in the form of each wire that can name one. It is said to
//! be behind the whole text.

use serde_json::{Value, json};

use super::answer::Answer;

/// Where it is, what it is called, and what it says.
const URL: &str = "https://sources.example/fox";
const TITLE: &str = "On foxes";
const WORDS: &str = "Foxes jump over dogs.";

/// OpenAI's form in chats.
pub(crate) fn annotation(answer: &Answer) -> Value {
    let (url, title, end) = (URL, TITLE, characters(answer));
    let cited = json!({"start_index": 0, "end_index": end, "url": url, "title": title});
    json!({"type": "url_citation", "url_citation": cited})
}

/// OpenAI's form in responses.
pub(crate) fn flat_annotation(answer: &Answer) -> Value {
    let (url, title, end) = (URL, TITLE, characters(answer));
    json!({"type": "url_citation", "start_index": 0, "end_index": end, "url": url, "title": title})
}

/// Anthropic's form of something found in the web.
pub(crate) fn web_search_location() -> Value {
    json!({"type": "web_search_result_location", "url": URL, "title": TITLE, "cited_text": WORDS,
        "encrypted_index": "ZmFrZSB2ZW5kb3IgaW5kZXg="})
}

/// Gemini's form, which counts in bytes.
pub(crate) fn grounding(answer: &Answer) -> Value {
    let said = answer.text.concat();
    let segment = json!({"endIndex": said.len(), "text": said});
    json!({
        "webSearchQueries": ["foxes"],
        "groundingChunks": [{"web": {"uri": URL, "title": TITLE}}],
        "groundingSupports": [{"segment": segment, "groundingChunkIndices": [0]}],
    })
}

/// Bedrock's form of something found in the web.
pub(crate) fn web_location() -> Value {
    json!({"title": TITLE, "sourceContent": [{"text": WORDS}],
        "location": {"web": {"url": URL, "domain": "sources.example"}}})
}

/// Cohere's form, of a document that the request brought along.
pub(crate) fn document(answer: &Answer) -> Value {
    let document = json!({"id": "fox", "title": TITLE, "url": URL, "snippet": WORDS});
    let source = json!({"type": "document", "id": "fox", "document": document});
    json!({"start": 0, "end": characters(answer), "text": answer.text.concat(), "type": "TEXT_CONTENT",
        "content_index": usize::from(!answer.reasoning.is_empty()), "sources": [source]})
}

fn characters(answer: &Answer) -> usize {
    answer.text.iter().map(|word| word.chars().count()).sum()
}
