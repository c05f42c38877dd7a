//! Xiaomi, maker of MiMo: OpenAI chat and Anthropic Messages.
//! Docs: <https://mimo.mi.com/docs/en-US/api/chat/openai-api>; address and variables as litellm and models.dev list
//! them (2026-11-22).

use dialects::Dialect;

use crate::{Provider, Quirk, Wire};

pub(super) const XIAOMI: Provider = Provider {
    id: "xiaomi",
    name: "Xiaomi",
    base_url: "https://api.xiaomimimo.com/v1",
    also: &[Wire::new(
        Dialect::Anthropic,
        "https://api.xiaomimimo.com/anthropic/v1",
    )],
    key_variables: &["XIAOMI_API_KEY", "XIAOMI_MIMO_API_KEY"],
    quirks: &[
        Quirk::AskForUsage,
        Quirk::ReasoningField("reasoning_content"),
    ],
    headquarters: Some("CN"),
    ..Provider::OPENAI_LIKE
};
