//! Featherless: OpenAI chat over open models.
//! Docs: <https://featherless.ai/docs>; address and variables as litellm and models.dev list them (2026-11-22).

use crate::Provider;

pub(super) const FEATHERLESS: Provider = Provider {
    id: "featherless",
    name: "Featherless",
    base_url: "https://api.featherless.ai/v1",
    key_variables: &["FEATHERLESS_API_KEY", "FEATHERLESS_AI_API_KEY"],
    ..Provider::OPENAI_LIKE
};
