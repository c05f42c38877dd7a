//! DeepSeek: OpenAI chat with the thoughts in `reasoning_content`.
//! Facts: <https://api-docs.deepseek.com/>, and recorded traffic (2026-11-22).

use dialects::Dialect;

use crate::{Auth, DataPolicy, Links, Provider, Quirk, Task, Wire};

pub(super) const DEEPSEEK: Provider = Provider {
    id: "deepseek",
    name: "DeepSeek",
    dialect: Dialect::OpenAiChat,
    base_url: "https://api.deepseek.com",
    also: &[
        Wire::new(Dialect::OpenAiResponses, "https://api.deepseek.com"),
        Wire::new(Dialect::Anthropic, "https://api.deepseek.com/anthropic/v1")
            .with_auth(Auth::Header("x-api-key")),
    ],
    auth: Auth::Bearer,
    key_variables: &["DEEPSEEK_API_KEY"],
    speaks: &[Task::Chat],
    quirks: &[
        Quirk::AskForUsage,
        Quirk::ReasoningField("reasoning_content"),
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
        training: None,
        retains_days: None,
    },
    links: Links {
        privacy: Some("https://cdn.deepseek.com/policies/en-US/deepseek-privacy-policy.html"),
        terms: Some(
            "https://cdn.deepseek.com/policies/en-US/deepseek-open-platform-terms-of-service.html",
        ),
        status: Some("https://status.deepseek.com/"),
    },
    headquarters: Some("CN"),
    local_port: None,
    ..Provider::OPENAI_LIKE
};
