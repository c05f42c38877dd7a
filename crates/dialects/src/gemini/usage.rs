//! `usageMetadata` as counts that are billed.
//!
//! Facts: the total is prompt + tool-use prompt + candidates + thoughts; cached tokens are part of
//! the prompt's; the details split a count by modality.

use canon::Usage;

use crate::{Error, Fields};

/// Reads the counts; `None` where there is none yet (a chunk that states the tier only).
///
/// # Errors
/// A count is negative or no whole number.
pub(super) fn parse_usage(mut fields: Fields, web_searches: u64) -> Result<Option<Usage>, Error> {
    let prompt = fields.u64("promptTokenCount")?;
    let candidates = fields.u64("candidatesTokenCount")?;
    let total = fields.u64("totalTokenCount")?;
    if prompt.is_none() && candidates.is_none() && total.is_none() {
        return Ok(None);
    }
    let thoughts = fields.u64("thoughtsTokenCount")?.unwrap_or(0);
    let tool_use = fields.u64("toolUsePromptTokenCount")?.unwrap_or(0);
    let prompt_tokens = prompt.unwrap_or(0).saturating_add(tool_use);
    let completion_tokens = candidates.unwrap_or(0).saturating_add(thoughts);
    let inputs = [
        Modalities::parse(&mut fields, "promptTokensDetails")?,
        Modalities::parse(&mut fields, "toolUsePromptTokensDetails")?,
    ];
    let output = Modalities::parse(&mut fields, "candidatesTokensDetails")?;
    Ok(Some(Usage {
        prompt_tokens,
        completion_tokens,
        cached_tokens: fields.u64("cachedContentTokenCount")?.unwrap_or(0),
        reasoning_tokens: thoughts,
        audio_prompt_tokens: inputs.iter().map(|input| input.audio).sum(),
        image_prompt_tokens: inputs.iter().map(|input| input.image).sum(),
        audio_completion_tokens: output.audio,
        image_completion_tokens: output.image,
        web_searches,
        total_tokens: total
            .filter(|total| *total != prompt_tokens.saturating_add(completion_tokens)),
        service_tier: fields.string("serviceTier")?,
        ..Usage::default()
    }))
}

/// Tokens that are no text.
#[derive(Clone, Copy, Debug, Default)]
struct Modalities {
    audio: u64,
    image: u64,
}

impl Modalities {
    fn parse(fields: &mut Fields, name: &str) -> Result<Self, Error> {
        let mut sum = Self::default();
        for mut detail in fields.objects(name)?.unwrap_or_default() {
            let count = detail.u64("tokenCount")?.unwrap_or(0);
            match detail
                .value("modality")
                .as_ref()
                .and_then(|name| name.as_str())
            {
                Some("AUDIO") => sum.audio = sum.audio.saturating_add(count),
                Some("IMAGE") => sum.image = sum.image.saturating_add(count),
                _ => {}
            }
        }
        Ok(sum)
    }
}
