//! OpenRouter: the router behind the router. Whether hanging up stops the bill depends on who
//! serves there, so it counts as no.
//! Facts: <https://openrouter.ai/docs/api-reference/overview> and recorded traffic (2026-11-22).

use dialects::Dialect;

use crate::{Auth, DataPolicy, Links, Provider, Quirk, Task, Wire};

pub(super) const OPENROUTER: Provider = Provider {
    id: "openrouter",
    name: "OpenRouter",
    dialect: Dialect::OpenAiChat,
    base_url: "https://openrouter.ai/api/v1",
    also: &[
        Wire::new(Dialect::OpenAiResponses, "https://openrouter.ai/api/v1"),
        Wire::new(Dialect::Anthropic, "https://openrouter.ai/api/v1"),
    ],
    auth: Auth::Bearer,
    key_variables: &["OPENROUTER_API_KEY"],
    speaks: &[Task::Chat, Task::Embeddings, Task::Images],
    quirks: &[
        Quirk::CustomTools,
        Quirk::OpenRouter,
        Quirk::CacheMarks,
        Quirk::DeveloperRole,
        Quirk::AskForUsage,
        Quirk::Header("x-title", "Weir"),
    ],
    cancel_stops_billing: false,
    data_policy: DataPolicy::UNKNOWN,
    links: Links {
        privacy: Some("https://openrouter.ai/privacy"),
        terms: Some("https://openrouter.ai/terms"),
        status: Some("https://status.openrouter.ai/"),
    },
    headquarters: Some("US"),
    local_port: None,
    ..Provider::OPENAI_LIKE
};
