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

/// OpenAI's form as `logprobsResult`; `None` where it holds no tokens.
pub(super) fn render_logprobs(logprobs: &Value) -> Option<Value> {
    let entries = logprobs.get("content")?.as_array()?;
    let tops = entries.iter().map(|entry| {
        let tops = entry.get("top_logprobs").and_then(Value::as_array);
        let tops = tops.into_iter().flatten().map(render_logprob);
        serde_json::json!({ "candidates": tops.collect::<Vec<_>>() })
    });
    Some(serde_json::json!({
        "topCandidates": tops.collect::<Vec<_>>(),
        "chosenCandidates": entries.iter().map(render_logprob).collect::<Vec<_>>(),
    }))
}

fn render_logprob(entry: &Value) -> Value {
    serde_json::json!({
        "token": entry.get("token"),
        "logProbability": entry.get("logprob"),
    })
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn probabilities_come_back_as_they_were() {
        let google = json!({
            "topCandidates": [{"candidates": [
                {"token": "Hi", "logProbability": -0.1},
                {"token": "Ho", "logProbability": -2.5},
            ]}],
            "chosenCandidates": [{"token": "Hi", "logProbability": -0.1}],
        });
        let openai = parse_logprobs(&google).unwrap();
        assert_eq!(render_logprobs(&openai), Some(google));
        assert_eq!(render_logprobs(&json!({"content": null})), None);
    }
}
