//! Replicate's predictions.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Answer, Facts, Tokens, items, push};

pub(super) fn prediction(body: &Value) -> Facts {
    assert_eq!(body["status"], "succeeded");
    let mut answer = Answer::default();
    push(&mut answer.text, &body["output"]);
    for piece in items(&body["output"]) {
        push(&mut answer.text, piece);
    }
    let count = |name: &str| body["metrics"][name].as_u64();
    let limit = body["input"]["max_tokens"].as_u64();
    let is_cut = limit.is_some() && count("output_token_count") >= limit;
    answer.finish = Some(if is_cut { "length" } else { "stop" });
    Facts {
        answers: BTreeMap::from([(0, answer)]),
        tokens: count("output_token_count").map(|completion| Tokens {
            prompt: count("input_token_count").unwrap_or(0),
            completion,
            cached: 0,
            reasoning: 0,
        }),
    }
}
