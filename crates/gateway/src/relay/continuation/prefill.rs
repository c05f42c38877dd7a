//! Which models take the beginning of their answer as the last turn of the conversation, and write on behind it.
//!
//! Conservative: whoever is not known for it is asked in words. Known are Anthropic's models before the adaptive ones,
//! in Messages and without thinking. From Claude 4.6 on a conversation must end with a user's turn, and is refused with
//! 400 otherwise (<https://github.com/QwenLM/qwen-code/issues/8039>, which quotes the refusal and Anthropic's notes on
//! migration; read 2026-11-22). llama.cpp's server takes a beginning too, but refuses it with 400 where the model's
//! template thinks (<https://github.com/lyc-aon/successor-agent/releases/tag/v0.1.32>, read 2026-11-22), which cannot
//! be seen from here.

use canon::{Dialect, Request};
use providers::Way;

use crate::relay::plan::Target;

/// Whether the model behind a target takes the beginning of its answer for this request.
pub(super) fn is_taken(target: &Target, way: &Way, request: &Request) -> bool {
    let thinks = request
        .reasoning
        .as_ref()
        .is_some_and(|reasoning| reasoning.enabled != Some(false));
    let known = target.model().is_some_and(|model| {
        let reasoning = model.reasoning.as_ref();
        let adaptive = reasoning.is_some_and(|reasoning| reasoning.adaptive);
        model.slug.as_str().starts_with("anthropic/") && !adaptive
    });
    way.dialect() == Dialect::Anthropic && known && !thinks
}
