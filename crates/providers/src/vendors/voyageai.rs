//! Voyage: embeddings and ranking only, in forms of its own near OpenAI.
//! Docs: <https://docs.voyageai.com/reference/embeddings-api>; the address as public clients and recorded traffic
//! have it (2026-11-22).

use crate::{Provider, Task};

pub(super) const VOYAGEAI: Provider = Provider {
    id: "voyageai",
    name: "VoyageAI by MongoDB",
    base_url: "https://api.voyageai.com/v1",
    key_variables: &["VOYAGE_API_KEY"],
    speaks: &[Task::Embeddings, Task::Rerank],
    headquarters: Some("US"),
    ..Provider::OPENAI_LIKE
};
