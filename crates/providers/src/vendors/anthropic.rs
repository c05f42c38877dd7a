//! Anthropic, the reference of Anthropic Messages.
//! Facts: <https://docs.anthropic.com/en/api/overview>,
//! <https://docs.anthropic.com/en/api/versioning>, and recorded traffic (2026-11-22).

use dialects::Dialect;

use crate::{Auth, DataPolicy, Links, Provider, Quirk, Task};

pub(super) const ANTHROPIC: Provider = Provider {
    id: "anthropic",
    name: "Anthropic",
    dialect: Dialect::Anthropic,
    base_url: "https://api.anthropic.com/v1",
    auth: Auth::Header("x-api-key"),
    key_variables: &["ANTHROPIC_API_KEY"],
    speaks: &[Task::Chat],
    quirks: &[
        Quirk::Header("anthropic-version", "2023-06-01"),
        Quirk::Searches,
    ],
    cancel_stops_billing: true,
    data_policy: DataPolicy {
        training: None,
        retains_days: None,
    },
    links: Links {
        privacy: Some("https://www.anthropic.com/legal/privacy"),
        terms: Some("https://www.anthropic.com/legal/commercial-terms"),
        status: Some("https://status.anthropic.com/"),
    },
    headquarters: Some("US"),
    local_port: None,
    ..Provider::OPENAI_LIKE
};
