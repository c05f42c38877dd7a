//! Hyperbolic: OpenAI chat over open models.
//! Docs: <https://docs.hyperbolic.xyz/docs/rest-api>; address and variables as litellm and models.dev list them
//! (2026-11-22).

use crate::Provider;

pub(super) const HYPERBOLIC: Provider = Provider {
    id: "hyperbolic",
    name: "Hyperbolic",
    base_url: "https://api.hyperbolic.xyz/v1",
    key_variables: &["HYPERBOLIC_API_KEY"],
    cancel_stops_billing: true,
    headquarters: Some("US"),
    ..Provider::OPENAI_LIKE
};
