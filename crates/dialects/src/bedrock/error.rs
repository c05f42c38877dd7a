//! What Bedrock says went wrong: exceptions, in error bodies and as messages of a stream.

use serde_json::Value;

use crate::{VendorError, said::parse_text};

/// The exceptions of Converse and the HTTP status of each. Where a status has several, the first one stands for it.
const EXCEPTIONS: &[(&str, u16)] = &[
    ("ValidationException", 400),
    ("AccessDeniedException", 403),
    ("UnrecognizedClientException", 403),
    ("ExpiredTokenException", 403),
    ("ResourceNotFoundException", 404),
    ("ModelTimeoutException", 408),
    ("ModelErrorException", 424),
    ("ModelStreamErrorException", 424),
    ("ThrottlingException", 429),
    ("ModelNotReadyException", 429),
    ("InternalServerException", 500),
    ("ServiceUnavailableException", 503),
];

/// Reads an error body of whatever form. Where it does not name the exception, the status does.
pub(super) fn parse_error(status: u16, body: &[u8]) -> VendorError {
    let value = serde_json::from_slice::<Value>(body).ok();
    let mut error = match &value {
        Some(value @ Value::Object(_)) => parse_fields(value),
        _ => parse_text(body),
    };
    if error.code.is_none() {
        let of_status = EXCEPTIONS.iter().find(|(_, of)| *of == status);
        error.code = of_status.map(|(name, _)| (*name).to_owned());
    }
    error
}

/// Reads an exception or an error in mid stream, by its name and its payload.
pub(super) fn parse_exception(name: &str, payload: &[u8]) -> VendorError {
    let value = serde_json::from_slice::<Value>(payload).ok();
    let mut error = match &value {
        Some(value @ Value::Object(_)) => parse_fields(value),
        _ => parse_text(payload),
    };
    // Streams write these names with a small letter.
    let known = EXCEPTIONS
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name));
    error.status = known.map(|(_, status)| *status);
    error.code = Some(known.map_or(name, |(known, _)| known).to_owned());
    error
}

fn parse_fields(value: &Value) -> VendorError {
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    // `com.amazon.coral.service#ThrottlingException`, `ThrottlingException:http://…`
    let kind = text("__type").map(|kind| kind.rsplit('#').next().unwrap_or(kind));
    let kind = kind.map(|kind| kind.split(':').next().unwrap_or(kind));
    let message = text("message")
        .or_else(|| text("Message"))
        .or_else(|| text("originalMessage"));
    VendorError {
        code: kind.map(str::to_owned),
        message: message.map(str::to_owned),
        ..VendorError::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_error_body_says_its_exception() {
        for (status, body, code, message) in [
            (
                400,
                &br#"{"message":"no"}"#[..],
                Some("ValidationException"),
                Some("no"),
            ),
            (
                403,
                br#"{"Message":"no"}"#,
                Some("AccessDeniedException"),
                Some("no"),
            ),
            (
                400,
                br#"{"__type":"com.amazon.coral#ThrottlingException","message":"slow down"}"#,
                Some("ThrottlingException"),
                Some("slow down"),
            ),
            (
                429,
                b"<html>busy</html>",
                Some("ThrottlingException"),
                Some("<html>busy</html>"),
            ),
            (500, b"", Some("InternalServerException"), None),
            (418, b"\xff", None, Some("\u{fffd}")),
        ] {
            let error = parse_error(status, body);
            assert_eq!(error.code.as_deref(), code, "{body:?}");
            assert_eq!(error.message.as_deref(), message, "{body:?}");
        }
    }

    #[test]
    fn an_exception_in_mid_stream_has_the_status_of_its_name() {
        let error = parse_exception("throttlingException", br#"{"message":"slow down"}"#);
        assert_eq!(error.code.as_deref(), Some("ThrottlingException"));
        assert_eq!(
            (error.status, error.message.as_deref()),
            (Some(429), Some("slow down"))
        );
        let error = parse_exception("InternalError", b"it broke");
        assert_eq!(error.code.as_deref(), Some("InternalError"));
        assert_eq!(
            (error.status, error.message.as_deref()),
            (None, Some("it broke"))
        );
    }
}
