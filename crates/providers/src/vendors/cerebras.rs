//! Cerebras: OpenAI chat on its own chips; refuses fields it does not know.
//! Docs: <https://inference-docs.cerebras.ai/resources/openai>; address and variables as litellm and models.dev
//! list them (2026-11-22).

use crate::{Provider, Quirk};

pub(super) const CEREBRAS: Provider = Provider {
    id: "cerebras",
    name: "Cerebras",
    base_url: "https://api.cerebras.ai/v1",
    key_variables: &["CEREBRAS_API_KEY"],
    quirks: &[
        Quirk::AskForUsage,
        Quirk::MaxCompletionTokens,
        Quirk::Drops(&[
            "frequency_penalty",
            "presence_penalty",
            "logit_bias",
            "top_k",
            "top_a",
            "min_p",
            "repetition_penalty",
        ]),
    ],
    headquarters: Some("US"),
    ..Provider::OPENAI_LIKE
};
