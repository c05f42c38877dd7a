//! How OpenAI says no: the body of each status, and the headers of every answer.

use http::{HeaderMap, HeaderValue, header};
use serde_json::{Value, json};

/// The body of an error.
pub(in crate::vendor) fn error(status: u16, message: Option<&str>) -> Value {
    let (kind, code, said) = match status {
        400 if message.is_some() => ("invalid_request_error", Value::Null, ""),
        400 => (
            "invalid_request_error",
            json!("context_length_exceeded"),
            "This model's maximum context length is 128000 tokens. However, your messages \
             resulted in 130001 tokens. Please reduce the length of the messages.",
        ),
        401 => (
            "invalid_request_error",
            json!("invalid_api_key"),
            "Incorrect API key provided: sk-SCRUBBED. You can find your API key at \
             https://platform.openai.com/account/api-keys.",
        ),
        402 => (
            "unknown_error",
            json!("invalid_request_error"),
            "Insufficient Balance",
        ),
        403 => (
            "invalid_request_error",
            Value::Null,
            "You are not allowed to sample from this model",
        ),
        404 => (
            "invalid_request_error",
            json!("model_not_found"),
            "The model does not exist or you do not have access to it.",
        ),
        429 => (
            "requests",
            json!("rate_limit_exceeded"),
            "Rate limit reached for requests on requests per min (RPM): Limit 3, Used 3, \
             Requested 1.",
        ),
        503 => (
            "service_unavailable_error",
            Value::Null,
            "The server is currently overloaded with other requests. Sorry about that!",
        ),
        500.. => (
            "server_error",
            Value::Null,
            "The server had an error while processing your request. Sorry about that!",
        ),
        _ => (
            "invalid_request_error",
            Value::Null,
            "The request was refused.",
        ),
    };
    let message = message.unwrap_or(said);
    json!({"error": {"message": message, "type": kind, "param": null, "code": code}})
}

/// The headers of an answer.
pub(in crate::vendor) fn headers(number: u64, retry_after_s: Option<u64>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Ok(id) = HeaderValue::try_from(format!("req_{number:032}")) {
        headers.insert("x-request-id", id);
    }
    headers.insert("openai-version", HeaderValue::from_static("2020-10-01"));
    headers.insert("openai-processing-ms", HeaderValue::from_static("5"));
    if let Some(seconds) = retry_after_s {
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    headers
}
