//! Ollama on the operator's own machine, by its OpenAI wire.
//! Facts: <https://docs.ollama.com/api/openai-compatibility>, <https://docs.ollama.com/api/tags>
//! (read 2026-11-22).

use dialects::Dialect;

use crate::{Auth, DataPolicy, Links, Provider, Quirk, Task, Wire};

pub(super) const OLLAMA: Provider = Provider {
    id: "ollama",
    name: "Ollama",
    dialect: Dialect::OpenAiChat,
    base_url: "http://127.0.0.1:11434/v1",
    also: &[Wire::new(Dialect::Ollama, "http://127.0.0.1:11434")],
    auth: Auth::Bearer,
    key_variables: &[],
    speaks: &[Task::Chat, Task::Embeddings],
    quirks: &[
        Quirk::AskForUsage,
        Quirk::Drops(&["logit_bias", "user", "n"]),
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
    local_port: Some(11_434),
    ..Provider::OPENAI_LIKE
};
