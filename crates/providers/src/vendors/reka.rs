//! Reka: OpenAI chat.
//! Docs: <https://docs.reka.ai>; address and variables as litellm and models.dev list them (2026-11-22).

use crate::Provider;

pub(super) const REKA: Provider = Provider {
    id: "reka",
    name: "Reka",
    base_url: "https://api.reka.ai/v1",
    key_variables: &["REKA_API_KEY"],
    headquarters: Some("US"),
    ..Provider::OPENAI_LIKE
};
