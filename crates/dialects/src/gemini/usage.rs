//! `usageMetadata` as counts that are billed.
//!
//! Facts: the total is prompt + tool-use prompt + candidates + thoughts; cached tokens are part of
//! the prompt's; the details split a count by modality.

use canon::Usage;

use crate::json::Object;
use crate::{Error, Fields, tier};

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
        service_tier: fields.string("serviceTier")?.map(tier::parse),
        ..Usage::default()
    }))
}

/// Writes the counts. What a tool read stands among the prompt's, and modalities are stated where there is more than
/// text.
pub(super) fn render_usage(usage: &Usage, out: &mut Vec<u8>) {
    let above_zero = |count: u64| (count > 0).then_some(count);
    let answer = usage
        .completion_tokens
        .saturating_sub(usage.reasoning_tokens);
    let mut counts = Object::open(out);
    counts.field("promptTokenCount", &usage.prompt_tokens);
    counts.field("candidatesTokenCount", &answer);
    counts.field("totalTokenCount", &usage.total());
    counts.optional("cachedContentTokenCount", above_zero(usage.cached_tokens));
    counts.optional("thoughtsTokenCount", above_zero(usage.reasoning_tokens));
    let input = Modalities {
        audio: usage.audio_prompt_tokens,
        image: usage.image_prompt_tokens,
    };
    input.render("promptTokensDetails", usage.prompt_tokens, &mut counts);
    let output = Modalities {
        audio: usage.audio_completion_tokens,
        image: usage.image_completion_tokens,
    };
    output.render("candidatesTokensDetails", answer, &mut counts);
    let tier = usage.service_tier.as_deref().map(tier::render);
    counts.optional("serviceTier", tier);
    counts.close();
}

/// Tokens that are no text.
#[derive(Clone, Copy, Debug, Default)]
struct Modalities {
    audio: u64,
    image: u64,
}

impl Modalities {
    /// Writes the parts of a count, where there are other parts than text.
    fn render(self, name: &str, whole: u64, counts: &mut Object<'_>) {
        let rest = self.audio.saturating_add(self.image);
        if rest == 0 {
            return;
        }
        let mut list = counts.array(name);
        for (modality, count) in [
            ("TEXT", whole.saturating_sub(rest)),
            ("AUDIO", self.audio),
            ("IMAGE", self.image),
        ] {
            if count > 0 {
                let mut detail = list.object();
                detail.field("modality", modality);
                detail.field("tokenCount", &count);
                detail.close();
            }
        }
        list.close();
    }

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
