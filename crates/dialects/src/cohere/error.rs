//! What Cohere says went wrong: `message`, and at times `error_type`.

use serde_json::Value;

use crate::{VendorError, said::parse_text};

/// Reads an error body of whatever form.
pub(super) fn parse_error(body: &[u8]) -> VendorError {
    let value = serde_json::from_slice::<Value>(body).ok();
    let error = value.as_ref().map(parse_fields);
    error
        .filter(|error| error.message.is_some())
        .unwrap_or_else(|| parse_text(body))
}

/// Reads an error's object: a body's, or that of a frame.
pub(super) fn parse_fields(value: &Value) -> VendorError {
    let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    // Gateways in front of Cohere answer `{"error": …}` or `{"data": …}`.
    let nested = ["error", "data"].into_iter().find_map(text);
    VendorError {
        code: text("error_type"),
        message: text("message").or(nested),
        ..VendorError::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_error_body_says_something() {
        for (body, code, message) in [
            (
                &br#"{"id":"1","message":"invalid api token"}"#[..],
                None,
                Some("invalid api token"),
            ),
            (
                br#"{"error_type":"TOO_MANY_TOKENS","id":"1","message":"too many tokens"}"#,
                Some("TOO_MANY_TOKENS"),
                Some("too many tokens"),
            ),
            (br#"{"error":"no"}"#, None, Some("no")),
            (
                b"upstream connect error",
                None,
                Some("upstream connect error"),
            ),
            (b"[1]", None, Some("[1]")),
            (b"", None, None),
        ] {
            let error = parse_error(body);
            assert_eq!(error.code.as_deref(), code, "{body:?}");
            assert_eq!(error.message.as_deref(), message, "{body:?}");
        }
    }
}
