//! What Replicate says went wrong: a problem (`title`, `detail`, `status`), or a prediction that did not succeed.

use serde_json::Value;

use super::SUCCEEDED;
use crate::{VendorError, said::parse_text};

/// The longest wait that is believed, in seconds.
const WAIT_S_MAX: u64 = 3_600;

/// Reads an error body of whatever form.
pub(super) fn parse_error(body: &[u8]) -> VendorError {
    stated(body).unwrap_or_else(|| parse_text(body))
}

/// The error that a body of a known form states.
pub(super) fn stated(body: &[u8]) -> Option<VendorError> {
    let value = serde_json::from_slice::<Value>(body).ok()?;
    prediction(&value).or_else(|| problem(&value))
}

/// A prediction that did not succeed. Its status is the code.
fn prediction(value: &Value) -> Option<VendorError> {
    let status = value.get("status")?.as_str()?;
    if status == SUCCEEDED {
        return None;
    }
    let said = match value.get("error") {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text.clone()),
        Some(other) => Some(other.to_string()),
    };
    let (is_late, why) = match status {
        "starting" | "processing" => (true, "the prediction was not over when the wait for it was"),
        "canceled" | "aborted" => (true, "the prediction was cancelled before it was over"),
        _ => (false, "the prediction did not succeed"),
    };
    Some(VendorError {
        code: Some(status.to_owned()),
        message: Some(said.unwrap_or_else(|| why.to_owned())),
        status: is_late.then_some(504),
        ..VendorError::default()
    })
}

/// A problem: what it is in `title`, why in `detail`.
fn problem(value: &Value) -> Option<VendorError> {
    let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let (title, detail) = (text("title"), text("detail"));
    let message = detail.or_else(|| title.clone())?;
    let status = value.get("status").and_then(Value::as_u64);
    Some(VendorError {
        retry_after_ms: wait_ms(&message),
        code: title,
        message: Some(message),
        status: status.and_then(|status| u16::try_from(status).ok()),
        ..VendorError::default()
    })
}

/// How long a throttled request is to wait: `… resets in ~30s.`
fn wait_ms(message: &str) -> Option<u64> {
    let (_, rest) = message.split_once("resets in ~")?;
    let (seconds, _) = rest.split_once('s')?;
    let seconds: u64 = seconds.parse().ok()?;
    (seconds <= WAIT_S_MAX).then(|| seconds.saturating_mul(1_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_error_body_says_something() {
        for (body, code, message, status) in [
            (
                &br#"{"title":"Unauthenticated","detail":"no token","status":401}"#[..],
                Some("Unauthenticated"),
                Some("no token"),
                Some(401),
            ),
            (br#"{"detail":"no"}"#, None, Some("no"), None),
            (br#"{"title":"No"}"#, Some("No"), Some("No"), None),
            (
                br#"{"id":"1","status":"failed","error":"CUDA error"}"#,
                Some("failed"),
                Some("CUDA error"),
                None,
            ),
            (
                br#"{"id":"1","status":"processing","error":null}"#,
                Some("processing"),
                Some("the prediction was not over when the wait for it was"),
                Some(504),
            ),
            (b"bad gateway", None, Some("bad gateway"), None),
            (b"[1]", None, Some("[1]"), None),
            (b"", None, None, None),
        ] {
            let error = parse_error(body);
            assert_eq!(error.code.as_deref(), code, "{body:?}");
            assert_eq!(error.message.as_deref(), message, "{body:?}");
            assert_eq!(error.status, status, "{body:?}");
        }
    }

    #[test]
    fn a_throttled_request_says_how_long_to_wait() {
        let wait = |detail: &str| parse_error(format!("{{\"detail\":\"{detail}\"}}").as_bytes());
        let said = "Request was throttled. Your rate limit resets in ~30s.";
        assert_eq!(wait(said).retry_after_ms, Some(30_000));
        for odd in ["resets in ~", "resets in ~-1s", "resets in ~99999999999s"] {
            assert_eq!(wait(odd).retry_after_ms, None, "{odd}");
        }
    }
}
