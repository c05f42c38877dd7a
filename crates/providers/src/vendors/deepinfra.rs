//! DeepInfra: OpenAI chat over open models, and Anthropic Messages.
//! Docs: <https://docs.deepinfra.com/api-reference/chat-completions/openai-chat-completions>; address and variables
//! as litellm and models.dev list them (2026-11-22).

use dialects::Dialect;

use crate::{Provider, Task, Wire};

pub(super) const DEEPINFRA: Provider = Provider {
    id: "deepinfra",
    name: "DeepInfra",
    base_url: "https://api.deepinfra.com/v1/openai",
    also: &[Wire::new(
        Dialect::Anthropic,
        "https://api.deepinfra.com/anthropic/v1",
    )],
    key_variables: &["DEEPINFRA_API_KEY"],
    speaks: &[Task::Chat, Task::Embeddings],
    cancel_stops_billing: true,
    headquarters: Some("US"),
    ..Provider::OPENAI_LIKE
};
