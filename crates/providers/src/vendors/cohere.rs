//! Cohere, the reference of Cohere Chat v2; its OpenAI chat beside it.
//! Docs: <https://docs.cohere.com/v2/reference/chat>; the address as recorded traffic has it (2026-11-22).

use dialects::Dialect;

use crate::{Provider, Task, Wire};

pub(super) const COHERE: Provider = Provider {
    id: "cohere",
    name: "Cohere",
    dialect: Dialect::Cohere,
    base_url: "https://api.cohere.com/v2",
    also: &[Wire::new(
        Dialect::OpenAiChat,
        "https://api.cohere.ai/compatibility/v1",
    )],
    key_variables: &["COHERE_API_KEY", "CO_API_KEY"],
    speaks: &[Task::Chat, Task::Embeddings, Task::Rerank],
    quirks: &[],
    cancel_stops_billing: true,
    headquarters: Some("CA"),
    ..Provider::OPENAI_LIKE
};
