//! A fault becomes an answer: the only place that knows HTTP status codes of errors.

use std::error::Error;

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use canon::{Again, Blame, Dialect, Fault, Kind};
use dialects::ErrorBody;
use http::{HeaderValue, StatusCode, header};
use tracing::{debug, error, warn};

/// The HTTP status of each kind of fault (spec/inference.md §6.2).
#[must_use]
pub const fn status(kind: Kind) -> StatusCode {
    match kind {
        Kind::Authentication => StatusCode::UNAUTHORIZED,
        Kind::PaymentRequired => StatusCode::PAYMENT_REQUIRED,
        Kind::PermissionDenied => StatusCode::FORBIDDEN,
        Kind::NotFound | Kind::ImageNotFound => StatusCode::NOT_FOUND,
        Kind::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
        Kind::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Kind::Unprocessable => StatusCode::UNPROCESSABLE_ENTITY,
        Kind::RateLimitExceeded => StatusCode::TOO_MANY_REQUESTS,
        Kind::Server | Kind::Unmapped => StatusCode::INTERNAL_SERVER_ERROR,
        Kind::ProviderUnavailable => StatusCode::BAD_GATEWAY,
        Kind::ProviderOverloaded => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Timeout => StatusCode::GATEWAY_TIMEOUT,
        Kind::ContentPolicyViolation
        | Kind::ContextLengthExceeded
        | Kind::ImageDownloadFailed
        | Kind::ImageTooLarge
        | Kind::ImageTooSmall
        | Kind::InvalidImage
        | Kind::InvalidPrompt
        | Kind::InvalidRequest
        | Kind::MaxTokensExceeded
        | Kind::Refusal
        | Kind::StringTooLong
        | Kind::TokenLimitExceeded
        | Kind::UnsupportedImageFormat => StatusCode::BAD_REQUEST,
    }
}

/// The error as a caller sees it. A fault of ours says nothing but that.
#[must_use]
pub fn body<'a>(fault: &'a Fault, generation: Option<&'a str>) -> ErrorBody<'a> {
    let status = status_of(fault);
    let masked = status == StatusCode::INTERNAL_SERVER_ERROR;
    ErrorBody {
        status: status.as_u16(),
        kind: fault.kind,
        message: if masked {
            "Internal Server Error"
        } else {
            &fault.say
        },
        provider_code: fault.provider_code.as_deref().filter(|_| !masked),
        metadata: fault.metadata.as_deref().filter(|_| !masked),
        availability: fault.availability.as_deref(),
        generation,
        router: fault.router.as_deref().filter(|_| !masked),
    }
}

/// The whole answer to a request that cannot be served, in the caller's dialect; OpenRouter's base form on
/// routes that have none, and where the dialect is not served.
#[must_use]
pub fn respond(fault: &Fault, dialect: Dialect, generation: Option<&str>) -> Response {
    respond_as(status_of(fault), fault, dialect, generation)
}

/// The status of one fault: who is late itself hears 408, who waited in vain 504.
fn status_of(fault: &Fault) -> StatusCode {
    if fault.kind == Kind::Timeout && matches!(fault.blame, Blame::Caller) {
        return StatusCode::REQUEST_TIMEOUT;
    }
    status(fault.kind)
}

/// The same where HTTP has a status of its own for what is wrong (405).
#[must_use]
pub fn respond_as(
    status: StatusCode,
    fault: &Fault,
    dialect: Dialect,
    generation: Option<&str>,
) -> Response {
    note(fault, generation);
    let mut bytes = Vec::with_capacity(256);
    let serve = dialects::served(dialect).or_else(|| dialects::served(Dialect::OpenAiChat));
    if let Some(serve) = serve {
        let error = ErrorBody {
            status: status.as_u16(),
            ..body(fault, generation)
        };
        serve.render_error(&error, &mut bytes);
    }
    let mut response = (status, Body::from(bytes)).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    if let Some(seconds) = retry_after_s(fault) {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// Whole seconds after which another try makes sense, where that is known; only on 429 and 503.
fn retry_after_s(fault: &Fault) -> Option<u64> {
    if !matches!(
        fault.kind,
        Kind::RateLimitExceeded | Kind::ProviderOverloaded
    ) {
        return None;
    }
    match fault.again {
        Again::Elsewhere {
            after_ms: Some(after_ms),
        } => Some(after_ms.div_ceil(1_000).max(1)),
        Again::Elsewhere { after_ms: None } | Again::Never | Again::OtherAccount => fault
            .availability
            .as_ref()
            .and_then(|availability| availability.retry_after_s),
    }
}

/// The one line of the log about a fault, with its whole chain.
pub fn note(fault: &Fault, generation: Option<&str>) {
    let generation = generation.unwrap_or("-");
    match &fault.blame {
        Blame::Us => error!(generation, kind = fault.kind.name(), error = %Chain(fault), "failed"),
        Blame::Upstream(provider) => {
            warn!(generation, %provider, kind = fault.kind.name(), error = %Chain(fault), "failed");
        }
        // What callers say in a request is not for the log: only the kind is.
        Blame::Caller => debug!(generation, kind = fault.kind.name(), "refused"),
    }
}

/// An error with everything below it, on one line.
#[derive(Debug)]
pub struct Chain<'a>(pub &'a dyn Error);

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut below = self.0.source();
        while let Some(error) = below {
            write!(f, ": {error}")?;
            below = error.source();
        }
        Ok(())
    }
}
