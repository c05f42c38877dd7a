//! Meta, maker of Muse and Llama: OpenAI chat, Responses and Anthropic Messages.
//! Docs: <https://dev.meta.ai/docs>; address and variables as litellm and models.dev list them (2026-11-22).

use dialects::Dialect;

use crate::{Provider, Wire};

pub(super) const META: Provider = Provider {
    id: "meta",
    name: "Meta",
    base_url: "https://api.meta.ai/v1",
    also: &[
        Wire::new(Dialect::OpenAiResponses, "https://api.meta.ai/v1"),
        Wire::new(Dialect::Anthropic, "https://api.meta.ai/v1"),
    ],
    key_variables: &["META_MODEL_API_KEY", "META_API_KEY"],
    headquarters: Some("US"),
    ..Provider::OPENAI_LIKE
};
