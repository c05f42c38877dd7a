//! Probabilities of tokens, in the form that canon has them: OpenAI's.

use serde_json::Value;

/// `logprobsResult` in OpenAI's form: one entry a token, with its bytes and the alternatives.
pub(super) fn parse_logprobs(result: &Value) -> Option<Value> {
    let chosen = result.get("chosenCandidates")?.as_array()?;
    let top = result.get("topCandidates").and_then(Value::as_array);
    let entries = chosen.iter().enumerate().map(|(index, candidate)| {
        let alternatives = top
            .and_then(|top| top.get(index)?.get("candidates")?.as_array())
            .map_or_else(Vec::new, |list| list.iter().map(parse_logprob).collect());
        let mut entry = parse_logprob(candidate);
        if let Some(entry) = entry.as_object_mut() {
            entry.insert("top_logprobs".to_owned(), Value::Array(alternatives));
        }
        entry
    });
    Some(serde_json::json!({ "content": entries.collect::<Vec<_>>() }))
}

fn parse_logprob(candidate: &Value) -> Value {
    let token = candidate
        .get("token")
        .and_then(Value::as_str)
        .unwrap_or_default();
    serde_json::json!({
        "token": token,
        "logprob": candidate.get("logProbability"),
        "bytes": token.as_bytes(),
    })
}
