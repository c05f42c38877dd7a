//! What went wrong: `google.rpc.Status` under `error`, alone or in a list of one.

mod render;

use serde_json::Value;

pub(super) use render::render_error;

use crate::VendorError;

/// Reads an error body of whatever form. Where it says nothing, the HTTP status names the code.
pub(super) fn parse_error(status: u16, body: &[u8]) -> VendorError {
    let mut error = match serde_json::from_slice::<Value>(body) {
        Ok(value) => parse_status(&value).unwrap_or_default(),
        Err(_) => VendorError {
            message: text_of(body),
            ..VendorError::default()
        },
    };
    if error.code.is_none() {
        error.code = code_of(status).map(str::to_owned);
    }
    error
}

/// The error that a body or a frame states, if it states one.
pub(super) fn parse_status(value: &Value) -> Option<VendorError> {
    let value = match value.as_array() {
        Some(list) => list.first()?,
        None => value,
    };
    let error = value.get("error")?;
    if let Some(code) = error.as_str() {
        // The form of the OAuth endpoints that stand in front of Vertex.
        let message = value.get("error_description").and_then(Value::as_str);
        return Some(VendorError {
            code: Some(code.to_owned()),
            message: message.map(str::to_owned),
            ..VendorError::default()
        });
    }
    let text = |name: &str| error.get(name).and_then(Value::as_str).map(str::to_owned);
    let reason = detail(error, "ErrorInfo").and_then(|info| info.get("reason")?.as_str());
    let violation = detail(error, "BadRequest").and_then(|request| {
        request
            .get("fieldViolations")?
            .get(0)?
            .get("field")?
            .as_str()
    });
    let delay = detail(error, "RetryInfo").and_then(|info| info.get("retryDelay")?.as_str());
    Some(VendorError {
        code: reason.map(str::to_owned).or_else(|| text("status")),
        message: text("message"),
        param: violation.map(str::to_owned),
        status: error
            .get("code")
            .and_then(Value::as_u64)
            .and_then(|code| u16::try_from(code).ok()),
        retry_after_ms: delay.and_then(parse_duration_ms),
    })
}

/// The detail of that type.
fn detail<'a>(error: &'a Value, kind: &str) -> Option<&'a Value> {
    let details = error.get("details")?.as_array()?;
    details.iter().find(|detail| {
        let name = detail
            .get("@type")
            .and_then(Value::as_str)
            .unwrap_or_default();
        name.rsplit('.').next() == Some(kind)
    })
}

/// `34.4s`: seconds with up to nine decimals. Rounded up: asking too early is asking twice.
fn parse_duration_ms(text: &str) -> Option<u64> {
    let seconds = text.strip_suffix('s')?;
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    let whole: u64 = whole.parse().ok()?;
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digit = |at: usize| u64::from(fraction.as_bytes().get(at).map_or(0, |byte| byte - b'0'));
    let millis = digit(0) * 100 + digit(1) * 10 + digit(2);
    let rest = fraction.bytes().skip(3).any(|byte| byte != b'0');
    whole
        .checked_mul(1000)?
        .checked_add(millis + u64::from(rest))
}

/// The name that Google gives to an HTTP status.
const fn code_of(status: u16) -> Option<&'static str> {
    match status {
        400 => Some("INVALID_ARGUMENT"),
        401 => Some("UNAUTHENTICATED"),
        403 => Some("PERMISSION_DENIED"),
        404 => Some("NOT_FOUND"),
        429 => Some("RESOURCE_EXHAUSTED"),
        499 => Some("CANCELLED"),
        500 => Some("INTERNAL"),
        503 => Some("UNAVAILABLE"),
        504 => Some("DEADLINE_EXCEEDED"),
        _ => None,
    }
}

/// A body that is no JSON, for the log: the beginning of it.
fn text_of(body: &[u8]) -> Option<String> {
    const CHARS_MAX: usize = 500;
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    (!text.is_empty()).then(|| text.chars().take(CHARS_MAX).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retry_delay_is_read_and_rounded_up() {
        for (text, ms) in [
            ("34.4s", Some(34_400)),
            ("48.939935699s", Some(48_940)),
            ("5s", Some(5_000)),
            ("0.000000001s", Some(1)),
            ("soon", None),
            ("-1s", None),
            ("1.xs", None),
            ("99999999999999999999s", None),
        ] {
            assert_eq!(parse_duration_ms(text), ms, "{text}");
        }
    }

    #[test]
    fn every_form_of_error_body_says_something() {
        let listed =
            br#"[{"error":{"code":429,"message":"slow down","status":"RESOURCE_EXHAUSTED"}}]"#;
        let error = parse_error(429, listed);
        assert_eq!(error.code.as_deref(), Some("RESOURCE_EXHAUSTED"));
        assert_eq!(error.message.as_deref(), Some("slow down"));
        assert_eq!(error.status, Some(429));

        let oauth = br#"{"error":"invalid_grant","error_description":"Bad Request"}"#;
        assert_eq!(
            parse_error(400, oauth).code.as_deref(),
            Some("invalid_grant")
        );

        let html = parse_error(503, b"<html>busy</html>");
        assert_eq!(html.code.as_deref(), Some("UNAVAILABLE"));
        assert_eq!(html.message.as_deref(), Some("<html>busy</html>"));

        for body in [&b""[..], b"[]", b"{}", b"null", b"7", b"\xff"] {
            assert_eq!(parse_error(404, body).code.as_deref(), Some("NOT_FOUND"));
        }
    }
}
