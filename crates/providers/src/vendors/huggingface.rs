//! Hugging Face's router of hosts: OpenAI chat; `model:host` picks a host.
//! Docs: <https://huggingface.co/docs/inference-providers/tasks/chat-completion>; address and variables as litellm
//! and models.dev list them (2026-11-22).

use crate::Provider;

pub(super) const HUGGINGFACE: Provider = Provider {
    id: "huggingface",
    name: "Hugging Face",
    base_url: "https://router.huggingface.co/v1",
    key_variables: &["HF_TOKEN", "HUGGINGFACE_API_KEY"],
    general_key: true,
    headquarters: Some("US"),
    ..Provider::OPENAI_LIKE
};
