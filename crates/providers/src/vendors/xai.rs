//! xAI: OpenAI chat for the Grok models.
//! Facts: <https://docs.x.ai/docs/api-reference>, its data: <https://docs.x.ai/docs/faq/security>
//! (read 2026-11-22).

use dialects::Dialect;

use crate::{Auth, DataPolicy, Links, Provider, Quirk, Task, Wire};

pub(super) const XAI: Provider = Provider {
    id: "xai",
    name: "xAI",
    dialect: Dialect::OpenAiChat,
    base_url: "https://api.x.ai/v1",
    also: &[
        Wire {
            quirks: &[Quirk::Searches],
            ..Wire::new(Dialect::OpenAiResponses, "https://api.x.ai/v1")
        },
        Wire::new(Dialect::Anthropic, "https://api.x.ai/v1"),
    ],
    auth: Auth::Bearer,
    key_variables: &["XAI_API_KEY"],
    speaks: &[Task::Chat, Task::Images],
    quirks: &[
        Quirk::AskForUsage,
        Quirk::MaxCompletionTokens,
        Quirk::DeveloperRole,
        Quirk::Drops(&[
            "logit_bias",
            "top_k",
            "top_a",
            "min_p",
            "repetition_penalty",
        ]),
    ],
    cancel_stops_billing: true,
    data_policy: DataPolicy {
        training: Some(false),
        retains_days: Some(30),
    },
    links: Links {
        privacy: Some("https://x.ai/legal/privacy-policy"),
        terms: Some("https://x.ai/legal/terms-of-service-enterprise"),
        status: Some("https://status.x.ai/"),
    },
    headquarters: Some("US"),
    local_port: None,
    ..Provider::OPENAI_LIKE
};
