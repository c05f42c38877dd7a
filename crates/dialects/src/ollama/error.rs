//! What Ollama says went wrong: a text under `error`, in an error body as in a line of a stream.

use serde_json::Value;

use crate::{VendorError, said::parse_text};

/// Reads an error body of whatever form.
pub(super) fn parse_error(body: &[u8]) -> VendorError {
    match serde_json::from_slice::<Value>(body) {
        Ok(value) => match value.get("error") {
            Some(error) => parse_field(error),
            None => parse_text(body),
        },
        Err(_) => parse_text(body),
    }
}

/// Reads the field `error`: a text, or (in front of hosted models) an object in OpenAI's form.
pub(super) fn parse_field(error: &Value) -> VendorError {
    let text = |name: &str| error.get(name).and_then(Value::as_str).map(str::to_owned);
    let status = error.get("code").and_then(Value::as_u64);
    VendorError {
        code: text("code").or_else(|| text("type")),
        message: error
            .as_str()
            .map(str::to_owned)
            .or_else(|| text("message"))
            .or_else(|| Some(error.to_string())),
        param: text("param"),
        status: status.and_then(|status| u16::try_from(status).ok()),
        retry_after_ms: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_error_body_says_something() {
        for (body, code, message) in [
            (
                &br#"{"error":"model 'x' not found"}"#[..],
                None,
                Some("model 'x' not found"),
            ),
            (
                br#"{"error":{"message":"Unauthorized","type":"api_error","code":null}}"#,
                Some("api_error"),
                Some("Unauthorized"),
            ),
            (b"404 page not found", None, Some("404 page not found")),
            (b"", None, None),
            (b"\xff", None, Some("\u{fffd}")),
        ] {
            let error = parse_error(body);
            assert_eq!(error.code.as_deref(), code, "{body:?}");
            assert_eq!(error.message.as_deref(), message, "{body:?}");
        }
    }
}
