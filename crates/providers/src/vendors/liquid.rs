//! Liquid AI, maker of LFM: OpenAI chat.
//! Docs: <https://docs.liquid.ai>; the address as public clients and recorded traffic have it (2026-11-22).

use crate::Provider;

pub(super) const LIQUID: Provider = Provider {
    id: "liquid",
    name: "Liquid",
    base_url: "https://inference.liquid.ai/v1",
    key_variables: &["LIQUID_API_KEY"],
    cancel_stops_billing: true,
    headquarters: Some("US"),
    ..Provider::OPENAI_LIKE
};
