//! Venice: OpenAI chat over open models.
//! Docs: <https://docs.venice.ai/api-reference/endpoint/chat/completions>; address and variables as litellm and
//! models.dev list them (2026-11-22).

use crate::{Provider, Task};

pub(super) const VENICE: Provider = Provider {
    id: "venice",
    name: "Venice",
    base_url: "https://api.venice.ai/api/v1",
    key_variables: &["VENICE_API_KEY"],
    speaks: &[Task::Chat, Task::Embeddings, Task::Speech],
    headquarters: Some("US"),
    ..Provider::OPENAI_LIKE
};
