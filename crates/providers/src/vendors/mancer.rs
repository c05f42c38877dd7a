//! Mancer: OpenAI chat over models for stories.
//! Docs: <https://mancer.tech/docs>; the address as public clients and recorded traffic have it (2026-11-22).

use crate::Provider;

pub(super) const MANCER: Provider = Provider {
    id: "mancer",
    name: "Mancer 2",
    base_url: "https://neuro.mancer.tech/oai/v1",
    key_variables: &["MANCER_API_KEY"],
    cancel_stops_billing: true,
    ..Provider::OPENAI_LIKE
};
