//! What an answer used, in units that are billed. All counts are disjoint where their documentation says so.

use serde::{Deserialize, Serialize};

use crate::generation::is_default;

/// Counts of one answer. Unsigned: a vendor's negative count is refused where it is parsed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// All tokens of the prompt, cached and written ones included.
    #[serde(default, skip_serializing_if = "is_default")]
    pub prompt_tokens: u64,
    /// All tokens of the answer, reasoning included.
    #[serde(default, skip_serializing_if = "is_default")]
    pub completion_tokens: u64,
    /// Of `prompt_tokens`: read from a prompt cache.
    #[serde(default, skip_serializing_if = "is_default")]
    pub cached_tokens: u64,
    /// Of `prompt_tokens`: written to a prompt cache with the short lifetime (5 minutes).
    #[serde(default, skip_serializing_if = "is_default")]
    pub cache_write_tokens: u64,
    /// Of `prompt_tokens`: written to a prompt cache with the long lifetime (1 hour). Not in
    /// `cache_write_tokens`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub cache_write_1h_tokens: u64,
    /// Of `completion_tokens`: spent on reasoning.
    #[serde(default, skip_serializing_if = "is_default")]
    pub reasoning_tokens: u64,
    /// Of `prompt_tokens`: audio.
    #[serde(default, skip_serializing_if = "is_default")]
    pub audio_prompt_tokens: u64,
    /// Of `prompt_tokens`: images, where the vendor says so.
    #[serde(default, skip_serializing_if = "is_default")]
    pub image_prompt_tokens: u64,
    /// Of `completion_tokens`: audio.
    #[serde(default, skip_serializing_if = "is_default")]
    pub audio_completion_tokens: u64,
    /// Of `completion_tokens`: images.
    #[serde(default, skip_serializing_if = "is_default")]
    pub image_completion_tokens: u64,
    /// Of `completion_tokens`: predicted tokens that were right.
    #[serde(default, skip_serializing_if = "is_default")]
    pub accepted_prediction_tokens: u64,
    /// Of `completion_tokens`: predicted tokens that were wrong, and are billed.
    #[serde(default, skip_serializing_if = "is_default")]
    pub rejected_prediction_tokens: u64,
    /// Searches the vendor ran.
    #[serde(default, skip_serializing_if = "is_default")]
    pub web_searches: u64,
    /// The total as the vendor states it, where it differs from prompt + completion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_tokens: Option<u64>,
    /// The tier that served, as the vendor names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
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
