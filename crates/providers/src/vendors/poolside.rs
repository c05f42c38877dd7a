//! Poolside, maker of Laguna: OpenAI chat.
//! Docs: <https://docs.poolside.ai/api/overview>; address and variables as litellm and models.dev list them
//! (2026-11-22).

use crate::Provider;

pub(super) const POOLSIDE: Provider = Provider {
    id: "poolside",
    name: "Poolside",
    base_url: "https://inference.poolside.ai/v1",
    key_variables: &["POOLSIDE_API_KEY"],
    ..Provider::OPENAI_LIKE
};
