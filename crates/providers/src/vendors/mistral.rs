//! Mistral: OpenAI chat with other words for the seed and for a tool that must be called; refuses
//! fields it does not know. Whether data trains models depends on the plan of the key.
//! Facts: <https://docs.mistral.ai/api/>, its data:
//! <https://docs.mistral.ai/admin/monitor-comply/zero-data-retention> (read 2026-11-22).

use dialects::Dialect;

use crate::{Auth, DataPolicy, Links, Provider, Quirk, Task};

pub(super) const MISTRAL: Provider = Provider {
    id: "mistral",
    name: "Mistral",
    dialect: Dialect::OpenAiChat,
    base_url: "https://api.mistral.ai/v1",
    auth: Auth::Bearer,
    key_variables: &["MISTRAL_API_KEY"],
    speaks: &[Task::Chat, Task::Embeddings, Task::Transcription],
    quirks: &[
        Quirk::RandomSeed,
        Quirk::RequiredIsAny,
        Quirk::Drops(&[
            "logit_bias",
            "logprobs",
            "top_logprobs",
            "top_k",
            "top_a",
            "min_p",
            "repetition_penalty",
            "user",
            "verbosity",
            "service_tier",
            "store",
        ]),
    ],
    cancel_stops_billing: false,
    data_policy: DataPolicy {
        training: None,
        retains_days: None,
    },
    links: Links {
        privacy: Some("https://legal.mistral.ai/terms/privacy-policy"),
        terms: Some("https://legal.mistral.ai/terms"),
        status: Some("https://status.mistral.ai/"),
    },
    headquarters: Some("FR"),
    local_port: None,
    ..Provider::OPENAI_LIKE
};
