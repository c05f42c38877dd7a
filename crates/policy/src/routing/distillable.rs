//! Models whose licence lets others learn from their answers.
//!
//! No catalogue says so. These families publish their weights under the MIT or Apache-2.0 licence (Kimi K2: MIT with a
//! clause on attribution), which sets no bounds to what is done with answers. What is not listed counts as not allowed:
//! a caller that asks for it must not be wrong.

/// What the slugs of such models begin with.
const FAMILIES: [&str; 17] = [
    "allenai/olmo",
    "deepseek/deepseek-chat-v3",
    "deepseek/deepseek-r1",
    "deepseek/deepseek-v3",
    "ibm-granite/granite",
    "microsoft/phi-4",
    "minimax/minimax-m2",
    "mistralai/devstral-small",
    "mistralai/mistral-7b-instruct",
    "mistralai/mistral-nemo",
    "mistralai/mistral-small-24b",
    "mistralai/mixtral",
    "moonshotai/kimi-k2",
    "openai/gpt-oss",
    "qwen/qwen3-",
    "z-ai/glm-4.5",
    "z-ai/glm-4.6",
];
/// Of those, the ones whose weights are not published.
const EXCEPTIONS: [&str; 3] = [
    "qwen/qwen3-max",
    "qwen/qwen3-coder-plus",
    "qwen/qwen3-coder-flash",
];

/// Whether a model's licence is known to let others learn from its answers.
#[must_use]
pub fn is_distillable(model: &str) -> bool {
    let begins_with = |families: &[&str]| families.iter().any(|family| model.starts_with(family));
    begins_with(&FAMILIES) && !begins_with(&EXCEPTIONS)
}
