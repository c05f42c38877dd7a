//! vLLM on the operator's own machine, by its OpenAI wire.
//! Facts: <https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html> (2026-11-22).

use dialects::Dialect;

use crate::{Auth, DataPolicy, Links, Provider, Quirk, Task};

pub(super) const VLLM: Provider = Provider {
    id: "vllm",
    name: "vLLM",
    dialect: Dialect::OpenAiChat,
    base_url: "http://127.0.0.1:8000/v1",
    auth: Auth::Bearer,
    key_variables: &["VLLM_API_KEY"],
    speaks: &[Task::Chat, Task::Embeddings, Task::Transcription],
    quirks: &[
        Quirk::AskForUsage,
        Quirk::ReasoningField("reasoning_content"),
    ],
    cancel_stops_billing: true,
    data_policy: DataPolicy {
        training: Some(false),
        retains_days: Some(0),
    },
    links: Links {
        privacy: None,
        terms: None,
        status: None,
    },
    headquarters: None,
    local_port: Some(8_000),
    ..Provider::OPENAI_LIKE
};
