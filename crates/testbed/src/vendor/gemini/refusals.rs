//! How Gemini says no: the body of each status, and the headers of every answer.

use http::{HeaderMap, HeaderValue};
use serde_json::{Value, json};

/// The body of an error; the time to wait stands in it, not in a header.
pub(in crate::vendor) fn error(
    status: u16,
    message: Option<&str>,
    retry_after_s: Option<u64>,
) -> Value {
    let (name, said) = match status {
        400 => (
            "INVALID_ARGUMENT",
            "The input token count (1048577) exceeds the maximum number of tokens allowed \
             (1048576).",
        ),
        401 => (
            "UNAUTHENTICATED",
            "Request had invalid authentication credentials.",
        ),
        402 | 403 => ("PERMISSION_DENIED", "The caller does not have permission"),
        404 => (
            "NOT_FOUND",
            "models/model is not found for API version v1beta.",
        ),
        429 => (
            "RESOURCE_EXHAUSTED",
            "You exceeded your current quota, please check your plan and billing details.",
        ),
        503 | 529 => (
            "UNAVAILABLE",
            "The model is overloaded. Please try again later.",
        ),
        504 => (
            "DEADLINE_EXCEEDED",
            "Deadline expired before operation could complete.",
        ),
        500.. => (
            "INTERNAL",
            "An internal error has occurred. Please retry or report.",
        ),
        _ => ("FAILED_PRECONDITION", "The request was refused."),
    };
    let message = message.unwrap_or(said);
    let Some(seconds) = retry_after_s else {
        return json!({"error": {"code": status, "message": message, "status": name}});
    };
    let details = json!([{"@type": "type.googleapis.com/google.rpc.RetryInfo",
        "retryDelay": format!("{seconds}s")}]);
    json!({"error": {"code": status, "message": message, "status": name, "details": details}})
}

/// The headers of an answer.
pub(in crate::vendor) fn headers() -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(
        "server",
        HeaderValue::from_static("scaffolding on HTTPServer2"),
    );
    headers.insert("server-timing", HeaderValue::from_static("gfet4t7; dur=5"));
    headers
}
