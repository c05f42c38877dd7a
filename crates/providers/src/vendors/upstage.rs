//! Upstage, maker of Solar: OpenAI chat.
//! Docs: <https://developers.upstage.ai/docs/apis/chat>; address and variables as litellm and models.dev list them
//! (2026-11-22).

use crate::{Provider, Task};

pub(super) const UPSTAGE: Provider = Provider {
    id: "upstage",
    name: "Upstage",
    base_url: "https://api.upstage.ai/v1/solar",
    key_variables: &["UPSTAGE_API_KEY"],
    speaks: &[Task::Chat, Task::Embeddings],
    headquarters: Some("KR"),
    ..Provider::OPENAI_LIKE
};
