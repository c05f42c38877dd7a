//! GitHub Models: OpenAI chat for a GitHub token with the right `models: read`.
//! Docs: <https://docs.github.com/en/rest/models/inference>; address and variables as litellm and models.dev list
//! them (2026-11-22).

use crate::Provider;

pub(super) const GITHUB_MODELS: Provider = Provider {
    id: "github-models",
    name: "GitHub Models",
    base_url: "https://models.github.ai/inference",
    key_variables: &["GITHUB_API_KEY", "GITHUB_TOKEN"],
    general_key: true,
    headquarters: Some("US"),
    ..Provider::OPENAI_LIKE
};
