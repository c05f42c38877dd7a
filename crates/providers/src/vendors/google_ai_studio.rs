//! Google AI Studio, the reference of Gemini. Whether data trains models depends on the plan of the
//! key, so it is unknown here.
//! Facts: <https://ai.google.dev/api>, its data:
//! <https://ai.google.dev/gemini-api/docs/usage-policies> (read 2026-11-22).

use dialects::Dialect;

use crate::{Auth, DataPolicy, Links, Provider, Quirk, Task};

pub(super) const GOOGLE_AI_STUDIO: Provider = Provider {
    id: "google-ai-studio",
    name: "Google AI Studio",
    dialect: Dialect::Gemini,
    base_url: "https://generativelanguage.googleapis.com/v1beta",
    auth: Auth::Header("x-goog-api-key"),
    key_variables: &["GEMINI_API_KEY", "GOOGLE_API_KEY"],
    speaks: &[Task::Chat, Task::Embeddings, Task::Images, Task::Speech],
    quirks: &[Quirk::Searches],
    cancel_stops_billing: false,
    data_policy: DataPolicy {
        training: None,
        retains_days: Some(55),
    },
    links: Links {
        privacy: Some("https://policies.google.com/privacy"),
        terms: Some("https://ai.google.dev/gemini-api/terms"),
        status: Some("https://aistudio.google.com/status"),
    },
    headquarters: Some("US"),
    local_port: None,
    ..Provider::OPENAI_LIKE
};
