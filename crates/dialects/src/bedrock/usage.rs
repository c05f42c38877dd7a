//! `usage` as counts that are billed.
//!
//! Facts: `inputTokens` leaves out what was read from a prompt cache or written to one (recorded: 11 + 1028 written +
//! 264 = 1303); `cacheDetails` splits what was written by lifetime.

use canon::Usage;

use crate::{Error, Fields};

/// Reads the counts; `None` where there are none.
///
/// # Errors
/// A count is negative or no whole number.
pub(super) fn parse_usage(
    mut fields: Fields,
    service_tier: Option<String>,
) -> Result<Option<Usage>, Error> {
    let (input, output) = (fields.u64("inputTokens")?, fields.u64("outputTokens")?);
    if input.is_none() && output.is_none() {
        return Ok(None);
    }
    let read = fields.u64("cacheReadInputTokens")?.unwrap_or(0);
    let written = fields.u64("cacheWriteInputTokens")?.unwrap_or(0);
    let mut for_an_hour = 0_u64;
    for mut detail in fields.objects("cacheDetails")?.unwrap_or_default() {
        if detail.string("ttl")?.as_deref() == Some("1h") {
            let tokens = detail.u64("inputTokens")?.unwrap_or(0);
            for_an_hour = for_an_hour.saturating_add(tokens);
        }
    }
    let for_an_hour = for_an_hour.min(written);
    let prompt_tokens = input
        .unwrap_or(0)
        .saturating_add(read)
        .saturating_add(written);
    let completion_tokens = output.unwrap_or(0);
    let total = fields.u64("totalTokens")?;
    Ok(Some(Usage {
        prompt_tokens,
        completion_tokens,
        cached_tokens: read,
        cache_write_tokens: written - for_an_hour,
        cache_write_1h_tokens: for_an_hour,
        total_tokens: total
            .filter(|total| *total != prompt_tokens.saturating_add(completion_tokens)),
        service_tier,
        ..Usage::default()
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn cached_tokens_are_part_of_the_prompt_and_split_by_lifetime() {
        let fields = json!({
            "inputTokens": 11, "outputTokens": 264, "totalTokens": 2303,
            "cacheReadInputTokens": 1000, "cacheWriteInputTokens": 1028,
            "cacheDetails": [{"ttl": "1h", "inputTokens": 28}, {"ttl": "5m", "inputTokens": 1000}],
        });
        let fields = Fields::from_value(fields, String::new()).unwrap();
        let usage = parse_usage(fields, None).unwrap().unwrap();
        assert_eq!(usage.prompt_tokens, 2039);
        assert_eq!(usage.cached_tokens, 1000);
        assert_eq!(
            (usage.cache_write_tokens, usage.cache_write_1h_tokens),
            (1000, 28)
        );
        assert_eq!(usage.total_tokens, None);
        assert!(usage.is_plausible());
    }
}
