//! SiliconFlow: OpenAI chat over open models.
//! Docs: <https://docs.siliconflow.com/en/api-reference/chat-completions/chat-completions>; address and variables
//! as litellm and models.dev list them (2026-11-22).

use crate::{Provider, Quirk, Task};

pub(super) const SILICONFLOW: Provider = Provider {
    id: "siliconflow",
    name: "SiliconFlow",
    base_url: "https://api.siliconflow.com/v1",
    key_variables: &["SILICONFLOW_API_KEY"],
    speaks: &[Task::Chat, Task::Embeddings],
    quirks: &[
        Quirk::AskForUsage,
        Quirk::ReasoningField("reasoning_content"),
    ],
    ..Provider::OPENAI_LIKE
};
