//! Doubleword: OpenAI chat over open models.
//! Docs: <https://docs.doubleword.ai>; the address as public clients and recorded traffic have it (2026-11-22).

use crate::{Provider, Task};

pub(super) const DOUBLEWORD: Provider = Provider {
    id: "doubleword",
    name: "Doubleword",
    base_url: "https://api.doubleword.ai/v1",
    key_variables: &["DOUBLEWORD_API_KEY"],
    speaks: &[Task::Chat, Task::Embeddings],
    ..Provider::OPENAI_LIKE
};
