//! Inception, maker of Mercury: OpenAI chat.
//! Docs: <https://docs.inceptionlabs.ai>; address and variables as litellm and models.dev list them (2026-11-22).

use crate::Provider;

pub(super) const INCEPTION: Provider = Provider {
    id: "inception",
    name: "Inception",
    base_url: "https://api.inceptionlabs.ai/v1",
    key_variables: &["INCEPTION_API_KEY"],
    headquarters: Some("US"),
    ..Provider::OPENAI_LIKE
};
