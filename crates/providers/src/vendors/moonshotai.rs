//! Moonshot AI, maker of Kimi: OpenAI chat and Anthropic Messages; thoughts go back in
//! `reasoning_content`.
//! Docs: <https://platform.moonshot.ai/docs/api/chat>; address and variables as litellm and models.dev list them
//! (2026-11-22).

use dialects::Dialect;

use crate::{Provider, Quirk, Wire};

pub(super) const MOONSHOTAI: Provider = Provider {
    id: "moonshotai",
    name: "Moonshot AI",
    base_url: "https://api.moonshot.ai/v1",
    also: &[Wire::new(
        Dialect::Anthropic,
        "https://api.moonshot.ai/anthropic/v1",
    )],
    key_variables: &["MOONSHOT_API_KEY"],
    quirks: &[
        Quirk::AskForUsage,
        Quirk::ReasoningField("reasoning_content"),
    ],
    headquarters: Some("CN"),
    ..Provider::OPENAI_LIKE
};
