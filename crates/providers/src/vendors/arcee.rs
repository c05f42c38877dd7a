//! Arcee AI, maker of Trinity: OpenAI chat.
//! Docs: <https://docs.arcee.ai>; address and variables as litellm and models.dev list them (2026-11-22).

use crate::Provider;

pub(super) const ARCEE: Provider = Provider {
    id: "arcee-ai",
    name: "Arcee AI",
    base_url: "https://api.arcee.ai/api/v1",
    key_variables: &["ARCEE_API_KEY"],
    headquarters: Some("US"),
    ..Provider::OPENAI_LIKE
};
