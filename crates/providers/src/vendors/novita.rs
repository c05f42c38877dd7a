//! Novita: OpenAI chat over open models.
//! Docs: <https://novita.ai/docs/api-reference/model-apis-llm-create-chat-completion>; address and variables as
//! litellm and models.dev list them (2026-11-22).

use crate::{Provider, Task};

pub(super) const NOVITA: Provider = Provider {
    id: "novita",
    name: "Novita",
    base_url: "https://api.novita.ai/openai/v1",
    key_variables: &["NOVITA_API_KEY"],
    speaks: &[Task::Chat, Task::Embeddings],
    cancel_stops_billing: true,
    headquarters: Some("US"),
    ..Provider::OPENAI_LIKE
};
