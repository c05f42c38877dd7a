//! How Anthropic says no: the body of each status, and the headers of every answer.

use http::{HeaderMap, HeaderValue, header};
use serde_json::{Value, json};

use super::mark;
use crate::vendor::gemini;
use crate::vendor::place::Host;
use crate::vendor::wire::About;

/// The body of an error.
pub(in crate::vendor) fn error(
    status: u16,
    message: Option<&str>,
    number: u64,
    host: Host,
) -> Value {
    let (kind, said) = match status {
        400 => (
            "invalid_request_error",
            "prompt is too long: 200001 tokens > 200000 maximum",
        ),
        401 => ("authentication_error", "invalid x-api-key"),
        402 => (
            "billing_error",
            "Your credit balance is too low to access the Anthropic API.",
        ),
        403 => (
            "permission_error",
            "Your API key does not have permission to use this model.",
        ),
        404 => ("not_found_error", "model: not found"),
        413 => ("request_too_large", "Request exceeds the maximum size"),
        429 => (
            "rate_limit_error",
            "This request would exceed your organization's rate limit of 50 requests per minute.",
        ),
        503 | 529 => ("overloaded_error", "Overloaded"),
        504 => ("timeout_error", "Request timed out"),
        500.. => ("api_error", "Internal server error"),
        _ => ("invalid_request_error", "The request was refused."),
    };
    json!({"type": "error", "error": {"type": kind, "message": message.unwrap_or(said)},
        "request_id": request_id(number, host)})
}

/// The body of an error on Vertex AI: Google's own where Google says no before the model is asked.
pub(in crate::vendor) fn vertex_error(status: u16, message: Option<&str>, about: About) -> Value {
    match status {
        401 | 403 | 404 | 429 => gemini::error(status, message, about.retry_after_s),
        _ => error(status, message, about.number, Host::Vertex),
    }
}

/// The headers of an answer.
pub(in crate::vendor) fn headers(number: u64, retry_after_s: Option<u64>, host: Host) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Ok(id) = HeaderValue::try_from(request_id(number, host)) {
        headers.insert("request-id", id);
    }
    if let Some(seconds) = retry_after_s {
        headers.insert(header::RETRY_AFTER, seconds.into());
        headers.insert("x-should-retry", HeaderValue::from_static("true"));
    }
    headers
}

fn request_id(number: u64, host: Host) -> String {
    format!("req_{}011C{number:020}", mark(host))
}
