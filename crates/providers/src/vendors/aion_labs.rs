//! AionLabs: OpenAI chat over models for stories.
//! Docs: <https://docs.aionlabs.ai>; the address as public clients and recorded traffic have it (2026-11-22).

use crate::Provider;

pub(super) const AION_LABS: Provider = Provider {
    id: "aion-labs",
    name: "AionLabs",
    base_url: "https://api.aionlabs.ai/v1",
    key_variables: &["AIONLABS_API_KEY"],
    ..Provider::OPENAI_LIKE
};
