//! SGLang on the operator's own machine: OpenAI chat.
//! Docs: <https://docs.sglang.ai/basic_usage/openai_api.html>; address and variables as litellm and models.dev list
//! them (2026-11-22).

use crate::{DataPolicy, Provider, Task};

pub(super) const SGLANG: Provider = Provider {
    id: "sglang",
    name: "SGLang",
    base_url: "http://127.0.0.1:30000/v1",
    speaks: &[Task::Chat, Task::Embeddings],
    cancel_stops_billing: true,
    data_policy: DataPolicy {
        training: Some(false),
        retains_days: Some(0),
    },
    local_port: Some(30_000),
    ..Provider::OPENAI_LIKE
};
