//! Errors: Anthropic's envelope in OpenRouter's form towards callers (spec/inference.md §6.5), and whatever
//! vendors of this dialect answer instead of a message.

use canon::Kind;
use serde_json::{Map, Value};

use crate::{ErrorBody, VendorError, json::Object, openrouter};

/// The longest text that is taken from a body that is no JSON, in characters.
const TEXT_CHARS_MAX: usize = 500;

/// Writes the envelope; the same object is the data of a stream's `error` event.
pub(super) fn render(error: &ErrorBody<'_>, out: &mut Vec<u8>) {
    let mut body = Object::open(out);
    body.field("type", "error");
    let mut inner = body.object("error");
    inner.field("type", type_of(error.kind));
    inner.field("message", error.message);
    inner.field("error_type", error.kind.name());
    if let Some(availability) = error.availability {
        openrouter::render_availability(availability, inner.key("availability"));
    }
    inner.close();
    body.field("request_id", &error.generation);
    if error.metadata.is_some() || error.provider_code.is_some() {
        openrouter::render_metadata(error, body.key("metadata"));
    }
    body.optional(openrouter::METADATA, error.router);
    body.close();
}

/// The word of this dialect for a kind of error.
fn type_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Authentication => "authentication_error",
        Kind::PermissionDenied => "permission_error",
        Kind::PaymentRequired => "billing_error",
        Kind::NotFound | Kind::ImageNotFound => "not_found_error",
        Kind::RateLimitExceeded => "rate_limit_error",
        Kind::ProviderOverloaded => "overloaded_error",
        Kind::Timeout => "timeout_error",
        Kind::ContentPolicyViolation
        | Kind::ContextLengthExceeded
        | Kind::ImageDownloadFailed
        | Kind::ImageTooLarge
        | Kind::ImageTooSmall
        | Kind::InvalidImage
        | Kind::InvalidPrompt
        | Kind::InvalidRequest
        | Kind::MaxTokensExceeded
        | Kind::PayloadTooLarge
        | Kind::PreconditionFailed
        | Kind::Refusal
        | Kind::StringTooLong
        | Kind::TokenLimitExceeded
        | Kind::Unprocessable
        | Kind::UnsupportedImageFormat => "invalid_request_error",
        Kind::ProviderUnavailable | Kind::Server | Kind::Unmapped => "api_error",
    }
}

/// Reads an error body: the envelope, a bare `error`, somebody else's form, or no JSON at all.
pub(super) fn parse(body: &[u8]) -> VendorError {
    match serde_json::from_slice::<Value>(body) {
        Ok(Value::Object(envelope)) => parse_object(&envelope),
        Ok(Value::String(text)) => parse_text(&text),
        // Google, which stands before Vertex, wraps some of its errors into a list of one.
        Ok(Value::Array(list)) => match list.first() {
            Some(Value::Object(envelope)) => parse_object(envelope),
            _ => VendorError::default(),
        },
        Ok(_) => VendorError::default(),
        Err(_) => parse_text(&String::from_utf8_lossy(body)),
    }
}

fn parse_object(envelope: &Map<String, Value>) -> VendorError {
    let inner = match envelope.get("error") {
        Some(Value::Object(inner)) => inner,
        Some(Value::String(message)) => return parse_text(message),
        _ => envelope,
    };
    let text = |names: &[&str]| {
        let value = names.iter().find_map(|name| inner.get(*name)?.as_str());
        value.map(str::to_owned)
    };
    let message = text(&["message", "detail", "title"]);
    let code = text(&["type", "code", "status"]).filter(|code| code != "error");
    let status = ["status", "code", "http_status"]
        .iter()
        .find_map(|name| inner.get(*name)?.as_u64())
        .and_then(|status| u16::try_from(status).ok());
    VendorError {
        param: message.as_deref().and_then(param_of),
        code,
        message,
        status,
        retry_after_ms: None,
    }
}

fn parse_text(text: &str) -> VendorError {
    let text: String = text.trim().chars().take(TEXT_CHARS_MAX).collect();
    VendorError {
        message: Some(text).filter(|text| !text.is_empty()),
        ..VendorError::default()
    }
}

/// Anthropic puts the field it blames before a colon: `tools.0.custom.input_schema.type: Field required`.
fn param_of(message: &str) -> Option<String> {
    let (path, _) = message.split_once(": ")?;
    let is_path = path
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'));
    (is_path && !path.is_empty()).then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_every_form_are_read() {
        let error = parse(
            br#"{"type":"error","error":{"type":"invalid_request_error","message":"temperature: range: 0..1"},"request_id":"r"}"#,
        );
        assert_eq!(error.code.as_deref(), Some("invalid_request_error"));
        assert_eq!(error.message.as_deref(), Some("temperature: range: 0..1"));
        assert_eq!(error.param.as_deref(), Some("temperature"));
        for (body, code, message) in [
            (&br#"{"error":"nope"}"#[..], None, Some("nope")),
            (br#"{"message":"nope","code":"x"}"#, Some("x"), Some("nope")),
            (br#"{"detail":"nope"}"#, None, Some("nope")),
            (
                b"<html>bad gateway</html>",
                None,
                Some("<html>bad gateway</html>"),
            ),
            (b"", None, None),
            (b"[1]", None, None),
            (b"\xff\xfe", None, Some("\u{fffd}\u{fffd}")),
        ] {
            let error = parse(body);
            assert_eq!(error.code.as_deref(), code, "{body:?}");
            assert_eq!(error.message.as_deref(), message, "{body:?}");
        }
    }

    #[test]
    fn a_sentence_with_a_colon_is_no_field() {
        assert_eq!(param_of("model: claude-x"), Some("model".to_owned()));
        assert_eq!(param_of("This is wrong: you know"), None);
    }
}
