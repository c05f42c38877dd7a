//! Probabilities of tokens: four lists side by side, where chat has a list of objects.

use serde_json::{Map, Value};

use crate::json::Object;

/// Writes the probabilities of an answer, given as chat has them. Offsets count characters from `start`; gives back
/// where the next piece begins.
pub(super) fn render_logprobs(logprobs: &Value, start: usize, mut object: Object<'_>) -> usize {
    let tokens = logprobs.get("content").and_then(Value::as_array);
    let tokens = tokens.map(Vec::as_slice).unwrap_or_default();
    let text_of = |token: &Value| {
        let text = token.get("token").and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    let probability = |token: &Value| token.get("logprob").cloned().unwrap_or_default();
    let texts: Vec<String> = tokens.iter().map(text_of).collect();
    let alternatives = |token: &Value| {
        let list = token.get("top_logprobs").and_then(Value::as_array)?;
        let named = list.iter().map(|one| (text_of(one), probability(one)));
        Some(named.collect::<Map<_, _>>()).filter(|map| !map.is_empty())
    };
    object.field("tokens", &texts);
    let probabilities: Vec<Value> = tokens.iter().map(probability).collect();
    object.field("token_logprobs", &probabilities);
    let alternatives: Option<Vec<_>> = tokens.iter().map(alternatives).collect();
    object.field("top_logprobs", &alternatives);
    let mut next = start;
    let mut offsets = Vec::with_capacity(texts.len());
    for text in &texts {
        offsets.push(next);
        next = next.saturating_add(text.chars().count());
    }
    object.field("text_offset", &offsets);
    object.close();
    next
}
