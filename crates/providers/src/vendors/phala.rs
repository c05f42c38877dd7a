//! Phala: OpenAI chat over open models in enclaves.
//! Docs: <https://docs.phala.com/phala-cloud/confidential-ai/overview>; address and variables as litellm and
//! models.dev list them (2026-11-22).

use crate::Provider;

pub(super) const PHALA: Provider = Provider {
    id: "phala",
    name: "Phala",
    base_url: "https://inference.phala.com/v1",
    key_variables: &["PHALA_AI_API_KEY"],
    ..Provider::OPENAI_LIKE
};
