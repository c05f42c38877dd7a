//! OpenAI's legacy Completions: text by number of the choice, whole or in chunks.

use serde_json::Value;

use super::{Facts, chat_finish, chat_tokens, items, push};

/// Reads a whole answer, or the chunks of a streamed one.
pub(super) fn read(pieces: &[Value]) -> Facts {
    let mut facts = Facts::default();
    for piece in pieces {
        for choice in items(&piece["choices"]) {
            let number = choice["index"].as_u64().unwrap();
            let answer = facts.answers.entry(number).or_default();
            push(&mut answer.text, &choice["text"]);
            push(&mut answer.thoughts, &choice["reasoning"]);
            if let Some(reason) = choice["finish_reason"].as_str() {
                answer.finish = chat_finish(reason);
            }
        }
        facts.tokens = chat_tokens(&piece["usage"]).or(facts.tokens.take());
    }
    facts
}
