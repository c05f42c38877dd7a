//! How Bedrock says no: a sentence in the body, the kind of the error in a header; in a stream, an
//! exception in place of an event.
//!
//! Kinds: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStreamOutput.html>
//! (read 2026-11-22); the header as recorded.

use http::{HeaderMap, HeaderValue, header};
use serde_json::{Value, json};

use super::framing;
use crate::vendor::wire::Frame;

/// What follows the kind of an error in its header.
const SUFFIX: &str = ":http://internal.amazon.com/coral/com.amazon.bedrock/";

/// The body of an error.
pub(in crate::vendor) fn error(status: u16, message: Option<&str>) -> Value {
    let (_, said) = kind(status);
    json!({"message": message.unwrap_or(said)})
}

/// The value of `x-amzn-errortype`.
pub(in crate::vendor) fn error_type(status: u16) -> Option<HeaderValue> {
    let (kind, _) = kind(status);
    HeaderValue::try_from(format!("{kind}{SUFFIX}")).ok()
}

/// The exception that ends a stream.
pub(in crate::vendor) fn error_event() -> Frame {
    let said = json!({"message": "The system encountered an unexpected error during processing. \
        Try your request again."});
    Frame::silent(framing::exception("internalServerException", &said))
}

/// The headers of an answer.
pub(in crate::vendor) fn headers(number: u64, retry_after_s: Option<u64>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let id = format!("00000000-0000-4000-8000-{number:012}");
    if let Ok(id) = HeaderValue::try_from(id) {
        headers.insert("x-amzn-requestid", id);
    }
    if let Some(seconds) = retry_after_s {
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    headers
}

fn kind(status: u16) -> (&'static str, &'static str) {
    match status {
        400 | 413 => (
            "ValidationException",
            "Input is too long for requested model.",
        ),
        401 => (
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
        ),
        402 => (
            "ServiceQuotaExceededException",
            "Your request exceeds the service quota for your account.",
        ),
        403 => (
            "AccessDeniedException",
            "You don't have access to the model with the specified model ID.",
        ),
        404 => (
            "ResourceNotFoundException",
            "Could not resolve the foundation model from the provided model identifier.",
        ),
        408 => ("ModelTimeoutException", "Model timed out."),
        424 => ("ModelErrorException", "The model failed to answer."),
        429 => (
            "ThrottlingException",
            "Too many requests, please wait before trying again.",
        ),
        503 | 529 => (
            "ServiceUnavailableException",
            "Bedrock is unable to process your request.",
        ),
        500.. => (
            "InternalServerException",
            "The system encountered an unexpected error during processing. Try your request \
             again.",
        ),
        _ => ("ValidationException", "The request was refused."),
    }
}
