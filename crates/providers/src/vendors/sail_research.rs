//! Sail Research: OpenAI chat, Responses and Anthropic Messages over open models.
//! Docs: <https://docs.litellm.ai/docs/providers>; address and variables as litellm and models.dev list them
//! (2026-11-22).

use dialects::Dialect;

use crate::{Provider, Wire};

pub(super) const SAIL_RESEARCH: Provider = Provider {
    id: "sail-research",
    name: "Sail Research",
    base_url: "https://api.sailresearch.com/v1",
    also: &[
        Wire::new(Dialect::OpenAiResponses, "https://api.sailresearch.com/v1"),
        Wire::new(Dialect::Anthropic, "https://api.sailresearch.com/v1"),
    ],
    key_variables: &["SAIL_API_KEY"],
    ..Provider::OPENAI_LIKE
};
