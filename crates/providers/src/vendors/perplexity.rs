//! Perplexity, maker of Sonar: OpenAI chat with the pages it read beside the answer.
//! Docs: <https://docs.perplexity.ai/api-reference/chat-completions-post>; address and variables as litellm and
//! models.dev list them (2026-11-22).

use crate::{Provider, Quirk};

pub(super) const PERPLEXITY: Provider = Provider {
    id: "perplexity",
    name: "Perplexity",
    base_url: "https://api.perplexity.ai",
    key_variables: &["PERPLEXITY_API_KEY", "PPLX_API_KEY"],
    quirks: &[Quirk::Searches],
    headquarters: Some("US"),
    ..Provider::OPENAI_LIKE
};
