//! Writing an error as Google does: `google.rpc.Status` under `error`.
//!
//! Facts: cloud.google.com/apis/design/errors (codes, `ErrorInfo`, `RetryInfo`; an `Any` of arbitrary JSON is a
//! `google.protobuf.Struct`), recorded errors of both surfaces.

use canon::Kind;

use crate::json::{Array, Object};
use crate::{ErrorBody, openrouter};

/// Appends the body.
pub(in crate::gemini) fn render_error(error: &ErrorBody<'_>, out: &mut Vec<u8>) {
    let mut body = Object::open(out);
    let mut status = body.object("error");
    status.field("code", &error.status);
    status.field("message", error.message);
    status.field("status", word(error.kind));
    let mut details = status.array("details");
    render_info(error, &mut details);
    if error.metadata.is_some() || error.availability.is_some() {
        render_metadata(error, &mut details);
    }
    let retry_after = error
        .availability
        .and_then(|availability| availability.retry_after_s);
    if let Some(seconds) = retry_after {
        let mut retry = details.object();
        retry.field("@type", "type.googleapis.com/google.rpc.RetryInfo");
        retry.field("retryDelay", &format!("{seconds}s"));
        retry.close();
    }
    details.close();
    status.close();
    body.optional(openrouter::METADATA, error.router);
    body.close();
}

/// What kind of error it is, in OpenRouter's words, and the vendor's own code (never with a 500, which says nothing of
/// what is inside).
fn render_info(error: &ErrorBody<'_>, details: &mut Array<'_>) {
    let mut info = details.object();
    info.field("@type", "type.googleapis.com/google.rpc.ErrorInfo");
    info.field("reason", &error.kind.name().to_ascii_uppercase());
    info.field("domain", "weir");
    let mut metadata = info.object("metadata");
    if error.status != 500 {
        metadata.optional("provider_code", error.provider_code);
    }
    metadata.optional("generation_id", error.generation);
    metadata.close();
    info.close();
}

/// What else the caller may read.
fn render_metadata(error: &ErrorBody<'_>, details: &mut Array<'_>) {
    let mut any = details.object();
    any.field("@type", "type.googleapis.com/google.protobuf.Struct");
    let mut value = any.object("value");
    openrouter::render_metadata(error, value.key("metadata"));
    if let Some(availability) = error.availability {
        openrouter::render_availability(availability, value.key("availability"));
    }
    value.close();
    any.close();
}

/// The word that Google has for a kind of error.
const fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Authentication => "UNAUTHENTICATED",
        Kind::PermissionDenied => "PERMISSION_DENIED",
        Kind::NotFound | Kind::ImageNotFound => "NOT_FOUND",
        // Google's word for an account that cannot be billed.
        Kind::PaymentRequired | Kind::PreconditionFailed => "FAILED_PRECONDITION",
        Kind::RateLimitExceeded => "RESOURCE_EXHAUSTED",
        Kind::ProviderOverloaded | Kind::ProviderUnavailable => "UNAVAILABLE",
        Kind::Timeout => "DEADLINE_EXCEEDED",
        Kind::Server | Kind::Unmapped => "INTERNAL",
        Kind::ContentPolicyViolation
        | Kind::ContextLengthExceeded
        | Kind::ImageDownloadFailed
        | Kind::ImageTooLarge
        | Kind::ImageTooSmall
        | Kind::InvalidImage
        | Kind::InvalidPrompt
        | Kind::InvalidRequest
        | Kind::MaxTokensExceeded
        | Kind::PayloadTooLarge
        | Kind::Refusal
        | Kind::StringTooLong
        | Kind::TokenLimitExceeded
        | Kind::Unprocessable
        | Kind::UnsupportedImageFormat => "INVALID_ARGUMENT",
    }
}
