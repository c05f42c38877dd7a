//! AI21, maker of Jamba: OpenAI chat.
//! Docs: <https://docs.ai21.com/reference>; address and variables as litellm and models.dev list them (2026-11-22).

use crate::Provider;

pub(super) const AI21: Provider = Provider {
    id: "ai21",
    name: "AI21",
    base_url: "https://api.ai21.com/studio/v1",
    key_variables: &["AI21_API_KEY"],
    headquarters: Some("IL"),
    ..Provider::OPENAI_LIKE
};
