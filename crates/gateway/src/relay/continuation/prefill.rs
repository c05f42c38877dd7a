//! Which models take the beginning of their answer as the last turn of the conversation, and write on behind it.
//!
//! Conservative: whoever is not known for it is asked in words.
//!
//! - Anthropic's models before the adaptive ones, without extended thinking; the turn must not end in white space
//!   (<https://platform.claude.com/docs/en/build-with-claude/prompt-engineering/prefill-claudes-response>, and the notes
//!   on what changed in Claude 4.6, where a beginning is refused with 400; read 2026-11-22).
//! - llama.cpp's server, unless it is started otherwise (`--no-prefill-assistant`; its `tools/server/README.md`, read
//!   2026-11-22).

use canon::{Dialect, Request};
use providers::Way;

use crate::relay::plan::Target;

/// Whether the model behind a target takes the beginning of its answer for this request.
pub(super) fn is_taken(target: &Target, way: &Way, request: &Request) -> bool {
    let thinks = request
        .reasoning
        .as_ref()
        .is_some_and(|reasoning| reasoning.enabled != Some(false));
    if thinks {
        return false;
    }
    if target.upstream.id().as_str() == "llamacpp" {
        return true;
    }
    let of_anthropic = target
        .endpoint()
        .is_ok_and(|endpoint| endpoint.model.as_str().starts_with("anthropic/"));
    let adaptive = target
        .model()
        .and_then(|model| model.reasoning.as_ref())
        .is_some_and(|reasoning| reasoning.adaptive);
    way.dialect() == Dialect::Anthropic && of_anthropic && !adaptive
}
