//! Whose model it is: Converse passes on what the model's own vendor has words for.
//!
//! Facts: docs.aws.amazon.com/bedrock/latest/userguide (model parameters, prompt caching, extended thinking, Nova 2),
//! read 2026-11-22.

use crate::{Target, anthropic::Claude};

/// A family of models, as far as they differ in what they are told beside Converse's own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// Anthropic's.
    Claude(Claude),
    /// Amazon's.
    Nova,
    /// OpenAI's open ones.
    GptOss,
    /// Mistral's.
    Mistral,
    /// Cohere's.
    Cohere,
    /// Alibaba's.
    Qwen,
    /// Any other.
    Other,
}

impl Family {
    /// The family of a target, by the catalogue's name for it or the vendor's: the ARN of a profile says nothing.
    pub(super) fn of(target: &Target<'_>) -> Self {
        let named = |name: &str| {
            [target.model, target.upstream_model]
                .iter()
                .any(|model| model.contains(name))
        };
        if named("claude") {
            Self::Claude(Claude::of(target))
        } else if named("nova-") {
            Self::Nova
        } else if named("gpt-oss") {
            Self::GptOss
        } else if named("mistral") {
            Self::Mistral
        } else if named("cohere") {
            Self::Cohere
        } else if named("qwen") {
            Self::Qwen
        } else {
            Self::Other
        }
    }

    /// Whether prompts are cached up to marks; others refuse the marks.
    pub(super) const fn takes_cache_points(self) -> bool {
        matches!(self, Self::Claude(_) | Self::Nova)
    }

    /// Whether the lifetime of a cached prompt can be chosen, and tools be cached by themselves.
    pub(super) const fn takes_cache_lifetimes(self) -> bool {
        matches!(self, Self::Claude(_))
    }

    /// Whether thinking goes back to it. Other models think anew, and refuse or ignore what they thought.
    pub(super) const fn takes_thinking_back(self) -> bool {
        matches!(self, Self::Claude(_))
    }

    /// Whether results of tools can be marked as failed.
    pub(super) const fn takes_result_status(self) -> bool {
        matches!(self, Self::Claude(_) | Self::Nova)
    }

    /// What `top_k` is called, from the outermost object inwards; empty where it has no such parameter.
    pub(super) const fn top_k(self) -> &'static [&'static str] {
        match self {
            Self::Claude(_) | Self::Mistral | Self::Qwen => &["top_k"],
            Self::Nova => &["inferenceConfig", "topK"],
            Self::Cohere => &["k"],
            Self::GptOss | Self::Other => &[],
        }
    }
}
