//! Fireworks: OpenAI chat over open models.
//! Facts: <https://docs.fireworks.ai/tools-sdks/openai-compatibility>. What it does with data is
//! unknown here until somebody reads it up.

use dialects::Dialect;

use crate::{Auth, DataPolicy, Links, Provider, Quirk, Task, Wire};

pub(super) const FIREWORKS: Provider = Provider {
    id: "fireworks",
    name: "Fireworks",
    dialect: Dialect::OpenAiChat,
    base_url: "https://api.fireworks.ai/inference/v1",
    also: &[
        Wire::new(
            Dialect::OpenAiResponses,
            "https://api.fireworks.ai/inference/v1",
        ),
        Wire::new(Dialect::Anthropic, "https://api.fireworks.ai/inference/v1"),
    ],
    auth: Auth::Bearer,
    key_variables: &["FIREWORKS_API_KEY"],
    speaks: &[
        Task::Chat,
        Task::Embeddings,
        Task::Images,
        Task::Transcription,
    ],
    quirks: &[
        Quirk::AskForUsage,
        Quirk::ReasoningField("reasoning_content"),
    ],
    cancel_stops_billing: true,
    data_policy: DataPolicy {
        training: None,
        retains_days: None,
    },
    links: Links {
        privacy: Some("https://fireworks.ai/privacy-policy"),
        terms: Some("https://fireworks.ai/terms-of-service"),
        status: Some("https://status.fireworks.ai/"),
    },
    headquarters: Some("US"),
    local_port: None,
    ..Provider::OPENAI_LIKE
};
