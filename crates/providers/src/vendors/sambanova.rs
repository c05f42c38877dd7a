//! SambaNova: OpenAI chat on its own chips.
//! Docs: <https://docs.sambanova.ai/cloud/api-reference/endpoints/chat>; address and variables as litellm and
//! models.dev list them (2026-11-22).

use crate::Provider;

pub(super) const SAMBANOVA: Provider = Provider {
    id: "sambanova",
    name: "SambaNova",
    base_url: "https://api.sambanova.ai/v1",
    key_variables: &["SAMBANOVA_API_KEY"],
    headquarters: Some("US"),
    ..Provider::OPENAI_LIKE
};
