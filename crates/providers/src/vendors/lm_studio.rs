//! LM Studio on the operator's own machine: OpenAI chat and Responses.
//! Docs: <https://lmstudio.ai/docs/developer/openai-compat>; address and variables as litellm and models.dev list
//! them (2026-11-22).

use dialects::Dialect;

use crate::{DataPolicy, Provider, Task, Wire};

pub(super) const LM_STUDIO: Provider = Provider {
    id: "lm-studio",
    name: "LM Studio",
    base_url: "http://127.0.0.1:1234/v1",
    also: &[Wire::new(
        Dialect::OpenAiResponses,
        "http://127.0.0.1:1234/v1",
    )],
    speaks: &[Task::Chat, Task::Embeddings],
    cancel_stops_billing: true,
    data_policy: DataPolicy {
        training: Some(false),
        retains_days: Some(0),
    },
    local_port: Some(1234),
    ..Provider::OPENAI_LIKE
};
