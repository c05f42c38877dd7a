//! Morph: OpenAI chat over models that apply edits.
//! Docs: <https://docs.morphllm.com>; address and variables as litellm and models.dev list them (2026-11-22).

use crate::Provider;

pub(super) const MORPH: Provider = Provider {
    id: "morph",
    name: "Morph",
    base_url: "https://api.morphllm.com/v1",
    key_variables: &["MORPH_API_KEY"],
    headquarters: Some("US"),
    ..Provider::OPENAI_LIKE
};
