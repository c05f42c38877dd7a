//! Together: OpenAI chat over open models.
//! Facts: <https://docs.together.ai/docs/openai-api-compatibility> and recorded traffic
//! (2026-11-22).

use dialects::Dialect;

use crate::{Auth, DataPolicy, Links, Provider, Quirk, Task};

pub(super) const TOGETHER: Provider = Provider {
    id: "together",
    name: "Together",
    dialect: Dialect::OpenAiChat,
    base_url: "https://api.together.xyz/v1",
    auth: Auth::Bearer,
    key_variables: &["TOGETHER_API_KEY"],
    speaks: &[
        Task::Chat,
        Task::Embeddings,
        Task::Images,
        Task::Speech,
        Task::Transcription,
    ],
    quirks: &[Quirk::AskForUsage],
    cancel_stops_billing: true,
    data_policy: DataPolicy::UNKNOWN,
    links: Links {
        privacy: Some("https://www.together.ai/privacy"),
        terms: Some("https://www.together.ai/terms-of-service"),
        status: Some("https://status.together.ai/"),
    },
    headquarters: Some("US"),
    local_port: None,
    ..Provider::OPENAI_LIKE
};
