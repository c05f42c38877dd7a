//! What an answer used, in units that are billed. All counts are disjoint where their documentation says so.

use serde::{Deserialize, Serialize};

/// Counts of one answer. Unsigned: a vendor's negative count is refused where it is parsed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// All tokens of the prompt, cached and written ones included.
    pub prompt_tokens: u64,
    /// All tokens of the answer, reasoning included.
    pub completion_tokens: u64,
    /// Of `prompt_tokens`: read from a prompt cache.
    pub cached_tokens: u64,
    /// Of `prompt_tokens`: written to a prompt cache with the short lifetime (5 minutes).
    pub cache_write_tokens: u64,
    /// Of `prompt_tokens`: written to a prompt cache with the long lifetime (1 hour). Not in
    /// `cache_write_tokens`.
    pub cache_write_1h_tokens: u64,
    /// Of `completion_tokens`: spent on reasoning.
    pub reasoning_tokens: u64,
    /// Of `prompt_tokens`: audio.
    pub audio_prompt_tokens: u64,
    /// Of `prompt_tokens`: images, where the vendor says so.
    pub image_prompt_tokens: u64,
    /// Of `completion_tokens`: audio.
    pub audio_completion_tokens: u64,
    /// Of `completion_tokens`: images.
    pub image_completion_tokens: u64,
    /// Of `completion_tokens`: predicted tokens that were right.
    pub accepted_prediction_tokens: u64,
    /// Of `completion_tokens`: predicted tokens that were wrong, and are billed.
    pub rejected_prediction_tokens: u64,
    /// Searches the vendor ran.
    pub web_searches: u64,
    /// The total as the vendor states it, where it differs from prompt + completion.
    pub total_tokens: Option<u64>,
    /// The tier that served, as the vendor names it.
    pub service_tier: Option<String>,
}

impl Usage {
    /// The vendor's total, or prompt + completion.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total_tokens
            .unwrap_or_else(|| self.prompt_tokens.saturating_add(self.completion_tokens))
    }

    /// Whether the parts fit into their wholes. A vendor that says otherwise is not believed
    /// (spec/money.md: absurd usage becomes a provisional amount).
    #[must_use]
    pub fn is_plausible(&self) -> bool {
        let prompt_parts = self
            .cached_tokens
            .saturating_add(self.cache_write_tokens)
            .saturating_add(self.cache_write_1h_tokens);
        prompt_parts <= self.prompt_tokens && self.reasoning_tokens <= self.completion_tokens
    }
}
