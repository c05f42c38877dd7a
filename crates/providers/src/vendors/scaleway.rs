//! Scaleway Generative APIs: OpenAI chat over open models.
//! Docs: <https://www.scaleway.com/en/docs/generative-apis/>; address and variables as litellm and models.dev list
//! them (2026-11-22).

use crate::{Provider, Task};

pub(super) const SCALEWAY: Provider = Provider {
    id: "scaleway",
    name: "Scaleway",
    base_url: "https://api.scaleway.ai/v1",
    key_variables: &["SCALEWAY_API_KEY", "SCW_SECRET_KEY"],
    general_key: true,
    speaks: &[Task::Chat, Task::Embeddings],
    headquarters: Some("FR"),
    ..Provider::OPENAI_LIKE
};
