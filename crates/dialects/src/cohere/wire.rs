//! The words on Cohere's wire that both whole and streamed answers use.

use canon::FinishReason;
use serde_json::{Map, Value, json};

/// What a finish reason means.
pub(super) fn finish(reason: &str) -> FinishReason {
    match reason {
        "COMPLETE" | "STOP_SEQUENCE" => FinishReason::Stop,
        "MAX_TOKENS" => FinishReason::Length,
        "TOOL_CALL" => FinishReason::ToolCalls,
        "ERROR_TOXIC" => FinishReason::ContentFilter,
        // ERROR, TIMEOUT, and what is yet to come.
        _ => FinishReason::Error,
    }
}

/// `logprobs` as OpenAI has them: a piece of several tokens stands as one, whose logprob is the sum.
pub(super) fn parse_logprobs(pieces: &Value) -> Option<Value> {
    // A list in whole answers, one piece at a time in streams.
    let list = pieces
        .as_array()
        .map_or(std::slice::from_ref(pieces), Vec::as_slice);
    let entries: Vec<Value> = list.iter().filter_map(parse_piece).collect();
    (!entries.is_empty()).then(|| json!({ "content": entries }))
}

fn parse_piece(piece: &Value) -> Option<Value> {
    let text = piece.get("text")?.as_str()?;
    let logprobs = piece.get("logprobs")?.as_array()?;
    let sum: f64 = logprobs.iter().filter_map(Value::as_f64).sum();
    let mut entry = Map::new();
    entry.insert("token".to_owned(), text.into());
    entry.insert("logprob".to_owned(), sum.into());
    entry.insert("bytes".to_owned(), text.as_bytes().into());
    entry.insert("top_logprobs".to_owned(), Value::Array(Vec::new()));
    Some(Value::Object(entry))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_of_several_tokens_has_the_sum_of_their_logprobs() {
        let pieces = json!([
            {"token_ids": [1], "text": "Hi", "logprobs": [-0.5]},
            {"token_ids": [2, 3], "text": " you", "logprobs": [-0.25, -0.125]},
        ]);
        let wanted = json!({"content": [
            {"token": "Hi", "logprob": -0.5, "bytes": [72, 105], "top_logprobs": []},
            {"token": " you", "logprob": -0.375, "bytes": [32, 121, 111, 117], "top_logprobs": []},
        ]});
        assert_eq!(parse_logprobs(&pieces), Some(wanted));
        assert_eq!(parse_logprobs(&json!([])), None);
        assert_eq!(parse_logprobs(&json!({"text": 1})), None);
    }
}
