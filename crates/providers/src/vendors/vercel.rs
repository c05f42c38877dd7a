//! Vercel AI Gateway: OpenAI chat, Responses and Anthropic Messages in front of other vendors.
//! Docs: <https://vercel.com/docs/ai-gateway/openai-compat>; address and variables as litellm and models.dev list
//! them (2026-11-22).

use dialects::Dialect;

use crate::{Provider, Task, Wire};

pub(super) const VERCEL: Provider = Provider {
    id: "vercel",
    name: "Vercel AI Gateway",
    base_url: "https://ai-gateway.vercel.sh/v1",
    also: &[
        Wire::new(Dialect::OpenAiResponses, "https://ai-gateway.vercel.sh/v1"),
        Wire::new(Dialect::Anthropic, "https://ai-gateway.vercel.sh/v1"),
    ],
    key_variables: &["AI_GATEWAY_API_KEY", "VERCEL_AI_GATEWAY_API_KEY"],
    speaks: &[Task::Chat, Task::Embeddings],
    headquarters: Some("US"),
    ..Provider::OPENAI_LIKE
};
