//! Nebius Token Factory: OpenAI chat over open models.
//! Docs: <https://docs.tokenfactory.nebius.com/api-reference/inference/create-chat-completion>; address and
//! variables as litellm and models.dev list them (2026-11-22).

use crate::{Provider, Task};

pub(super) const NEBIUS: Provider = Provider {
    id: "nebius",
    name: "Nebius",
    base_url: "https://api.tokenfactory.nebius.com/v1",
    key_variables: &["NEBIUS_API_KEY"],
    speaks: &[Task::Chat, Task::Embeddings],
    headquarters: Some("NL"),
    ..Provider::OPENAI_LIKE
};
