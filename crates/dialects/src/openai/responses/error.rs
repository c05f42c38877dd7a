//! Errors for callers (spec/inference.md §6.4). Before an answer begins, `code` is the number of the HTTP status, as
//! everywhere at OpenRouter: its own clients refuse words there (openrouter 1.3.84 for Python, 2026-11-22), though its
//! prose has some. Inside an answer `code` is a word, as OpenAI has it. Both say `error_type` at the top.

use canon::{Choice, FinishReason, Kind, Response};

use crate::{
    ErrorBody,
    json::Object,
    openrouter::{METADATA, render_availability, render_metadata},
};

/// Appends an error body.
pub(super) fn render_error(error: &ErrorBody<'_>, out: &mut Vec<u8>) {
    let mut body = Object::open(out);
    let mut object = body.object("error");
    object.field("code", &error.status);
    object.field("message", error.message);
    if let Some(availability) = error.availability {
        object.field("error_type", error.kind.name());
        object.field("http_status", &error.status);
        render_availability(availability, object.key("availability"));
    }
    object.close();
    body.field("error_type", error.kind.name());
    render_metadata(error, body.key("metadata"));
    body.optional(METADATA, error.router);
    body.close();
}

/// The code of an error inside an answer: OpenAI's words for what may go wrong there.
pub(super) const fn code_of(kind: Kind) -> &'static str {
    match kind {
        Kind::RateLimitExceeded => "rate_limit_exceeded",
        Kind::ContextLengthExceeded | Kind::InvalidRequest => "invalid_prompt",
        Kind::ContentPolicyViolation => "image_content_policy_violation",
        Kind::Authentication
        | Kind::ImageDownloadFailed
        | Kind::ImageNotFound
        | Kind::ImageTooLarge
        | Kind::ImageTooSmall
        | Kind::InvalidImage
        | Kind::InvalidPrompt
        | Kind::MaxTokensExceeded
        | Kind::NotFound
        | Kind::PayloadTooLarge
        | Kind::PaymentRequired
        | Kind::PermissionDenied
        | Kind::PreconditionFailed
        | Kind::ProviderOverloaded
        | Kind::ProviderUnavailable
        | Kind::Refusal
        | Kind::Server
        | Kind::StringTooLong
        | Kind::Timeout
        | Kind::TokenLimitExceeded
        | Kind::Unmapped
        | Kind::Unprocessable
        | Kind::UnsupportedImageFormat => "server_error",
    }
}

/// The answer that stands for an error in this dialect: a prompt or an answer that is too long is no error here but
/// an answer without words that ended at the limit (`incomplete`, `max_output_tokens`). `None` for all other errors.
#[must_use]
pub fn as_success(kind: Kind) -> Option<Response> {
    is_length(kind).then(|| Response {
        choices: vec![Choice {
            finish: Some(FinishReason::Length),
            ..Choice::default()
        }],
        ..Response::default()
    })
}

/// Whether an error says that something is too long.
pub(super) const fn is_length(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::ContextLengthExceeded
            | Kind::MaxTokensExceeded
            | Kind::TokenLimitExceeded
            | Kind::StringTooLong
    )
}
