//! MiniMax: OpenAI chat, and Anthropic Messages, which its models were made for.
//! Docs: <https://platform.minimax.io/docs/guides/quickstart>; address and variables as litellm and models.dev list
//! them (2026-11-22).

use dialects::Dialect;

use crate::{Provider, Quirk, Task, Wire};

pub(super) const MINIMAX: Provider = Provider {
    id: "minimax",
    name: "Minimax",
    base_url: "https://api.minimax.io/v1",
    also: &[Wire::new(
        Dialect::Anthropic,
        "https://api.minimax.io/anthropic/v1",
    )],
    key_variables: &["MINIMAX_API_KEY"],
    speaks: &[Task::Chat, Task::Speech],
    quirks: &[
        Quirk::AskForUsage,
        Quirk::ReasoningField("reasoning_content"),
    ],
    ..Provider::OPENAI_LIKE
};
