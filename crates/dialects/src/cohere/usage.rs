//! `usage` as counts that are billed (see [`super`] for why not `tokens`).
//!
//! Facts: of the billed input, `tokens.image_tokens` are pictures; of the billed output, `tokens.reasoning_tokens` are
//! thinking (recorded: input 4 words + 518 of pictures, billed 522).

use canon::Usage;

use crate::{Error, Fields};

/// Reads the counts; `None` where none are stated.
///
/// # Errors
/// A count is negative or no whole number.
pub(super) fn parse_usage(mut fields: Fields) -> Result<Option<Usage>, Error> {
    let Some(mut billed) = fields.object("billed_units")? else {
        return Ok(None);
    };
    let (input, output) = (billed.u64("input_tokens")?, billed.u64("output_tokens")?);
    if input.is_none() && output.is_none() {
        return Ok(None);
    }
    let (prompt_tokens, completion_tokens) = (input.unwrap_or(0), output.unwrap_or(0));
    let (mut images, mut reasoning) = (0, 0);
    if let Some(mut tokens) = fields.object("tokens")? {
        images = tokens.u64("image_tokens")?.unwrap_or(0);
        reasoning = tokens.u64("reasoning_tokens")?.unwrap_or(0);
    }
    Ok(Some(Usage {
        prompt_tokens,
        completion_tokens,
        // A part of what is billed cannot be more than it.
        image_prompt_tokens: images.min(prompt_tokens),
        reasoning_tokens: reasoning.min(completion_tokens),
        web_searches: billed.u64("search_units")?.unwrap_or(0),
        ..Usage::default()
    }))
}
