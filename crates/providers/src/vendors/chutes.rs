//! Chutes: OpenAI chat over open models.
//! Docs: <https://chutes.ai/docs>; address and variables as litellm and models.dev list them (2026-11-22).

use crate::Provider;

pub(super) const CHUTES: Provider = Provider {
    id: "chutes",
    name: "Chutes",
    base_url: "https://llm.chutes.ai/v1",
    key_variables: &["CHUTES_API_KEY"],
    cancel_stops_billing: true,
    ..Provider::OPENAI_LIKE
};
