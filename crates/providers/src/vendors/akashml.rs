//! AkashML: OpenAI chat over open models.
//! Docs: <https://akashml.com>; address and variables as litellm and models.dev list them (2026-11-22).

use crate::Provider;

pub(super) const AKASHML: Provider = Provider {
    id: "akashml",
    name: "AkashML",
    base_url: "https://api.akashml.com/v1",
    key_variables: &["AKASHML_API_KEY"],
    ..Provider::OPENAI_LIKE
};
