//! Counts as vendors of this dialect state them. What cannot be true is treated as not stated: a bad count must
//! neither kill the answer nor give credit.

use canon::Usage;
use serde_json::{Map, Value};

/// More tokens than any answer has.
const TOKENS_MAX: u64 = 1_000_000_000;

/// Reads a usage object; `None` where it states no prompt and answer, or something that cannot be true.
pub(super) fn parse_usage(usage: &Map<String, Value>) -> Option<Usage> {
    let counts = Counts(usage);
    let mut parsed = Usage {
        prompt_tokens: counts.required("prompt_tokens")?,
        completion_tokens: counts.required("completion_tokens")?,
        cached_tokens: counts.first(&[
            &["prompt_tokens_details", "cached_tokens"],
            &["prompt_cache_hit_tokens"],
            &["cached_tokens"],
            &["cache_read_input_tokens"],
            &["num_cached_tokens"],
            &["prompt_token_details", "cached_tokens"],
        ])?,
        cache_write_tokens: counts.first(&[
            &["cache_creation", "ephemeral_5m_input_tokens"],
            &["prompt_tokens_details", "cache_write_tokens"],
            &["cache_creation_input_tokens"],
        ])?,
        cache_write_1h_tokens: counts.first(&[&["cache_creation", "ephemeral_1h_input_tokens"]])?,
        reasoning_tokens: counts.first(&[
            &["completion_tokens_details", "reasoning_tokens"],
            &["reasoning_tokens"],
            &["completion_token_details", "reasoning_tokens"],
        ])?,
        audio_prompt_tokens: counts.first(&[&["prompt_tokens_details", "audio_tokens"]])?,
        image_prompt_tokens: counts.first(&[&["prompt_tokens_details", "image_tokens"]])?,
        audio_completion_tokens: counts.first(&[&["completion_tokens_details", "audio_tokens"]])?,
        image_completion_tokens: counts.first(&[&["completion_tokens_details", "image_tokens"]])?,
        accepted_prediction_tokens: counts
            .first(&[&["completion_tokens_details", "accepted_prediction_tokens"]])?,
        rejected_prediction_tokens: counts
            .first(&[&["completion_tokens_details", "rejected_prediction_tokens"]])?,
        web_searches: counts.first(&[
            &["server_tool_use_details", "web_search_requests"],
            &["server_tool_use", "web_search_requests"],
            &["num_search_queries"],
        ])?,
        total_tokens: None,
        service_tier: usage
            .get("service_tier")
            .and_then(Value::as_str)
            .map(str::to_owned),
    };
    let total = counts.first(&[&["total_tokens"]])?;
    // xAI counts reasoning beside the answer, not in it; its total says so.
    let apart = parsed
        .completion_tokens
        .saturating_add(parsed.reasoning_tokens);
    if parsed.reasoning_tokens > 0 && total == parsed.prompt_tokens.saturating_add(apart) {
        parsed.completion_tokens = apart;
    }
    if total > 0 && total != parsed.total() {
        parsed.total_tokens = Some(total);
    }
    parsed.is_plausible().then_some(parsed)
}

struct Counts<'a>(&'a Map<String, Value>);

impl Counts<'_> {
    fn required(&self, name: &str) -> Option<u64> {
        self.0.get(name).and_then(count)
    }

    /// The first of these places that holds a count above 0; 0 where none does, `None` where one holds nonsense.
    fn first(&self, places: &[&[&str]]) -> Option<u64> {
        for place in places {
            if let Some(value) = self.at(place)
                && !value.is_null()
            {
                let tokens = count(value)?;
                if tokens > 0 {
                    return Some(tokens);
                }
            }
        }
        Some(0)
    }

    fn at(&self, place: &[&str]) -> Option<&Value> {
        let (first, rest) = place.split_first()?;
        rest.iter()
            .try_fold(self.0.get(*first)?, |value, name| value.get(name))
    }
}

/// A whole number of 0 or more, and not beyond belief.
fn count(value: &Value) -> Option<u64> {
    value
        .as_u64()
        .or_else(|| crate::fields::whole(value))
        .filter(|tokens| *tokens <= TOKENS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn usage(value: &Value) -> Option<Usage> {
        parse_usage(value.as_object().unwrap())
    }

    #[test]
    fn every_vendors_place_for_cached_tokens_is_known() {
        for (name, value) in [
            ("prompt_tokens_details", json!({"cached_tokens": 8})),
            ("prompt_cache_hit_tokens", json!(8)),
            ("cached_tokens", json!(8)),
            ("cache_read_input_tokens", json!(8)),
            ("num_cached_tokens", json!(8)),
        ] {
            let mut object = json!({"prompt_tokens": 10, "completion_tokens": 1});
            object[name] = value;
            assert_eq!(usage(&object).unwrap().cached_tokens, 8, "{name}");
        }
    }

    #[test]
    fn reasoning_that_is_counted_beside_the_answer_is_added_to_it() {
        let stated = json!({"prompt_tokens": 468, "completion_tokens": 82, "total_tokens": 870,
            "completion_tokens_details": {"reasoning_tokens": 320}});
        let usage = usage(&stated).unwrap();
        assert_eq!((usage.completion_tokens, usage.total_tokens), (402, None));
    }

    #[test]
    fn what_cannot_be_true_counts_as_not_stated() {
        for wrong in [
            json!({}),
            json!({"prompt_tokens": 1}),
            json!({"prompt_tokens": 1, "completion_tokens": null}),
            json!({"prompt_tokens": -1, "completion_tokens": 1}),
            json!({"prompt_tokens": 1, "completion_tokens": -1}),
            json!({"prompt_tokens": 1.5, "completion_tokens": 1}),
            json!({"prompt_tokens": "1", "completion_tokens": 1}),
            json!({"prompt_tokens": 1, "completion_tokens": 4_000_000_000_u64}),
            json!({"prompt_tokens": 1, "completion_tokens": 1, "cached_tokens": 2}),
            json!({"prompt_tokens": 1, "completion_tokens": 1,
                "prompt_tokens_details": {"cached_tokens": -1}}),
            json!({"prompt_tokens": 1, "completion_tokens": 1,
                "completion_tokens_details": {"reasoning_tokens": 2}}),
        ] {
            assert_eq!(usage(&wrong), None, "{wrong}");
        }
    }
}
