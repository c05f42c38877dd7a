//! Crusoe: OpenAI chat over open models.
//! Docs: <https://docs.crusoecloud.com/managed-inference/overview>; address and variables as litellm and models.dev
//! list them (2026-11-22).

use crate::Provider;

pub(super) const CRUSOE: Provider = Provider {
    id: "crusoe",
    name: "Crusoe",
    base_url: "https://api.inference.crusoecloud.com/v1",
    key_variables: &["CRUSOE_API_KEY"],
    headquarters: Some("US"),
    ..Provider::OPENAI_LIKE
};
