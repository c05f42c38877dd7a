//! StreamLake of Kuaishou: OpenAI chat over its KAT models.
//! Docs: <https://www.streamlake.ai/document>; address and variables as litellm and models.dev list them
//! (2026-11-22).

use crate::{Provider, Quirk};

pub(super) const STREAMLAKE: Provider = Provider {
    id: "streamlake",
    name: "StreamLake",
    base_url: "https://vanchin.streamlake.ai/api/gateway/v1/endpoints",
    key_variables: &["STREAMLAKE_API_KEY"],
    quirks: &[
        Quirk::AskForUsage,
        Quirk::MaxCompletionTokens,
        Quirk::CacheMarks,
    ],
    headquarters: Some("CN"),
    ..Provider::OPENAI_LIKE
};
