//! OpenAI, the reference of OpenAI chat.
//! Facts: <https://platform.openai.com/docs/api-reference>, its data:
//! <https://platform.openai.com/docs/guides/your-data> (read 2026-11-22).

use dialects::Dialect;

use crate::{Auth, DataPolicy, Links, Provider, Quirk, Task, Wire};

pub(super) const OPENAI: Provider = Provider {
    id: "openai",
    name: "OpenAI",
    dialect: Dialect::OpenAiChat,
    base_url: "https://api.openai.com/v1",
    also: &[Wire {
        quirks: &[Quirk::Searches],
        ..Wire::new(Dialect::OpenAiResponses, "https://api.openai.com/v1")
    }],
    auth: Auth::Bearer,
    key_variables: &["OPENAI_API_KEY"],
    speaks: &[
        Task::Chat,
        Task::Embeddings,
        Task::Images,
        Task::Speech,
        Task::Transcription,
    ],
    quirks: &[
        Quirk::CustomTools,
        Quirk::MaxCompletionTokens,
        Quirk::DeveloperRole,
        Quirk::AskForUsage,
        Quirk::Drops(&["top_k", "top_a", "min_p", "repetition_penalty"]),
    ],
    cancel_stops_billing: true,
    data_policy: DataPolicy {
        training: Some(false),
        retains_days: Some(30),
    },
    links: Links {
        privacy: Some("https://openai.com/policies/privacy-policy/"),
        terms: Some("https://openai.com/policies/services-agreement/"),
        status: Some("https://status.openai.com/"),
    },
    headquarters: Some("US"),
    local_port: None,
    ..Provider::OPENAI_LIKE
};
