//! Ambient: OpenAI chat over open models.
//! Docs: <https://docs.ambient.xyz>; address and variables as litellm and models.dev list them (2026-11-22).

use crate::Provider;

pub(super) const AMBIENT: Provider = Provider {
    id: "ambient",
    name: "Ambient",
    base_url: "https://api.ambient.xyz/v1",
    key_variables: &["AMBIENT_API_KEY"],
    ..Provider::OPENAI_LIKE
};
