//! Z.AI, maker of GLM: OpenAI chat and Anthropic Messages.
//! Docs: <https://docs.z.ai/api-reference/llm/chat-completion>; address and variables as litellm and models.dev
//! list them (2026-11-22).

use dialects::Dialect;

use crate::{Provider, Quirk, Wire};

pub(super) const Z_AI: Provider = Provider {
    id: "z-ai",
    name: "Z.AI",
    base_url: "https://api.z.ai/api/paas/v4",
    also: &[Wire::new(
        Dialect::Anthropic,
        "https://api.z.ai/api/anthropic/v1",
    )],
    key_variables: &["ZAI_API_KEY", "ZHIPU_API_KEY"],
    quirks: &[
        Quirk::AskForUsage,
        Quirk::ReasoningField("reasoning_content"),
    ],
    headquarters: Some("CN"),
    ..Provider::OPENAI_LIKE
};
