//! llama.cpp's server on the operator's own machine, by its OpenAI wire.
//! Facts: <https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md> (read
//! 2026-11-22).

use dialects::Dialect;

use crate::{Auth, DataPolicy, Links, Provider, Quirk, Task};

pub(super) const LLAMACPP: Provider = Provider {
    id: "llama-cpp",
    name: "llama.cpp",
    dialect: Dialect::OpenAiChat,
    base_url: "http://127.0.0.1:8080/v1",
    auth: Auth::Bearer,
    key_variables: &["LLAMA_API_KEY"],
    speaks: &[Task::Chat, Task::Embeddings],
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
    local_port: Some(8_080),
    ..Provider::OPENAI_LIKE
};
