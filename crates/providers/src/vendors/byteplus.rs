//! BytePlus ModelArk, ByteDance's Seed models outside China: OpenAI chat and Responses.
//! Docs: <https://docs.byteplus.com/en/docs/ModelArk/1330310>; address and variables as litellm and models.dev list
//! them (2026-11-22).

use dialects::Dialect;

use crate::{Provider, Quirk, Task, Wire};

pub(super) const BYTEPLUS: Provider = Provider {
    id: "byteplus",
    name: "BytePlus",
    base_url: "https://ark.ap-southeast.bytepluses.com/api/v3",
    also: &[Wire::new(
        Dialect::OpenAiResponses,
        "https://ark.ap-southeast.bytepluses.com/api/v3",
    )],
    key_variables: &["ARK_API_KEY"],
    speaks: &[Task::Chat, Task::Embeddings, Task::Images],
    quirks: &[
        Quirk::AskForUsage,
        Quirk::ReasoningField("reasoning_content"),
    ],
    ..Provider::OPENAI_LIKE
};
