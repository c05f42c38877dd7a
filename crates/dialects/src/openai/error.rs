//! Error bodies of all vendors of this dialect. There are many forms; none of them is believed to be the only one.

use serde_json::{Map, Value};

use crate::VendorError;

/// The longest message that is kept, in characters.
const MESSAGE_CHARS_MAX: usize = 2_000;

/// Reads an error body of whatever form.
pub(in crate::openai) fn parse_error(body: &[u8]) -> VendorError {
    match serde_json::from_slice::<Value>(body) {
        Ok(value) => from_value(&value),
        Err(_) => from_text(&String::from_utf8_lossy(body)),
    }
}

/// What an `error` field holds: an object, or a message. `body` is the object around it.
pub(in crate::openai) fn from_field(
    error: &Value,
    body: Option<&Map<String, Value>>,
) -> VendorError {
    match error {
        Value::Object(object) => from_object(object),
        Value::String(message) => VendorError {
            code: body.and_then(|body| text_of(body, &["code", "type", "error_code"])),
            ..from_text(message)
        },
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
            from_text(&error.to_string())
        }
    }
}

fn from_value(value: &Value) -> VendorError {
    match value {
        // Gemini's compatible endpoint answers with a list of one.
        Value::Array(list) => list.first().map(from_value).unwrap_or_default(),
        Value::Object(body) => match (body.get("error"), body.get("errors")) {
            (Some(error), _) if !error.is_null() => from_field(error, Some(body)),
            (_, Some(Value::Array(errors))) if !errors.is_empty() => {
                errors.first().map(from_value).unwrap_or_default()
            }
            _ => from_object(body),
        },
        Value::String(text) => from_text(text),
        Value::Null | Value::Bool(_) | Value::Number(_) => from_text(&value.to_string()),
    }
}

fn from_object(error: &Map<String, Value>) -> VendorError {
    let message = text_of(error, &["message", "msg", "error_msg"])
        .or_else(|| error.get("detail").and_then(detail_text))
        .or_else(|| error.get("details").and_then(detail_text));
    let status = ["status", "code", "status_code", "raw_status_code"]
        .iter()
        .filter_map(|name| error.get(*name))
        .find_map(http_status);
    let retry_after_ms = message
        .as_deref()
        .and_then(retry_hint)
        .or_else(|| error.get("details").and_then(retry_detail));
    VendorError {
        code: code_of(error),
        message: message.map(|text| shortened(&text)),
        param: text_of(error, &["param"]),
        status,
        retry_after_ms,
    }
}

fn from_text(text: &str) -> VendorError {
    let text = text.trim();
    VendorError {
        message: (!text.is_empty()).then(|| shortened(text)),
        retry_after_ms: retry_hint(text),
        ..VendorError::default()
    }
}

/// The code that says most: a word before a number, the narrower field before the wider.
fn code_of(error: &Map<String, Value>) -> Option<String> {
    let names = ["code", "status", "type", "error_code"];
    let is_word = |text: &String| !text.bytes().all(|byte| byte.is_ascii_digit());
    let words = names.iter().filter_map(|name| text_of(error, &[name]));
    words.clone().find(is_word).or_else(|| {
        let number = error.get("code").filter(|code| code.is_number());
        words
            .clone()
            .next()
            .or_else(|| number.map(ToString::to_string))
    })
}

/// The first of these fields that holds a text with something in it.
fn text_of(object: &Map<String, Value>, names: &[&str]) -> Option<String> {
    names
        .iter()
        .filter_map(|name| object.get(*name)?.as_str())
        .find(|text| !text.is_empty())
        .map(str::to_owned)
}

/// `detail` is a text, or FastAPI's list of what did not fit.
fn detail_text(detail: &Value) -> Option<String> {
    let item_text = |item: &Value| {
        let text = item.get("msg").or_else(|| item.get("message"))?.as_str()?;
        let place: Vec<&str> = item
            .get("loc")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        Some(if place.is_empty() {
            text.to_owned()
        } else {
            format!("{}: {text}", place.join("."))
        })
    };
    match detail {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Array(items) => {
            let texts: Vec<String> = items.iter().filter_map(item_text).collect();
            (!texts.is_empty()).then(|| texts.join("; "))
        }
        Value::Object(_) => item_text(detail),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

fn http_status(value: &Value) -> Option<u16> {
    let number = match value.as_str() {
        Some(text) => text.parse().ok()?,
        None => value.as_u64()?,
    };
    u16::try_from(number)
        .ok()
        .filter(|status| (400..=599).contains(status))
}

/// Google's `RetryInfo` among the details: `{"retryDelay":"30s"}`.
fn retry_detail(details: &Value) -> Option<u64> {
    details
        .as_array()?
        .iter()
        .find_map(|detail| duration_ms(detail.get("retryDelay")?.as_str()?))
}

/// `… Please try again in 1m26.4s. …`, as OpenAI and Groq say it.
fn retry_hint(message: &str) -> Option<u64> {
    let (_, behind) = message.split_once("try again in ")?;
    duration_ms(behind.split_whitespace().next()?.trim_end_matches('.'))
}

/// Milliseconds of `1h2m3.4s` or `250ms`, rounded up.
fn duration_ms(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut total_ms = 0_u64;
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
        let (number, behind) = rest.split_at_checked(digits)?;
        let letters = behind
            .find(|letter: char| !letter.is_ascii_alphabetic())
            .unwrap_or(behind.len());
        let (unit, behind) = behind.split_at_checked(letters)?;
        let unit_ms = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            _ => return None,
        };
        total_ms = total_ms.checked_add(scaled(number, unit_ms)?)?;
        rest = behind;
    }
    (total_ms > 0).then_some(total_ms)
}

/// A decimal number of units, in whole milliseconds, rounded up.
fn scaled(number: &str, unit_ms: u64) -> Option<u64> {
    const FRACTION_DIGITS: usize = 9;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let whole: u64 = whole.parse().ok()?;
    let fraction: String = fraction.chars().take(FRACTION_DIGITS).collect();
    let scale = 10_u64.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let part = fraction.parse::<u64>().unwrap_or(0).checked_mul(unit_ms)?;
    whole
        .checked_mul(unit_ms)?
        .checked_add(part.div_ceil(scale))
}

fn shortened(text: &str) -> String {
    text.chars().take(MESSAGE_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_when_to_try_again_is_understood() {
        for (text, expected) in [
            ("Please try again in 7.66s. Visit …", Some(7_660)),
            ("Please try again in 1m26.4s.", Some(86_400)),
            ("try again in 250ms", Some(250)),
            ("try again in 2h", Some(7_200_000)),
            ("try again in a while", None),
            ("try again in 99999999999999999999s", None),
            ("try again in ", None),
        ] {
            assert_eq!(retry_hint(text), expected, "{text}");
        }
    }

    /// Body, code, message, status.
    type Form = (
        &'static str,
        Option<&'static str>,
        Option<&'static str>,
        Option<u16>,
    );

    const FORMS: &[Form] = &[
        (
            r#"{"error":{"message":"m","type":"invalid_request_error","param":null,"code":"model_not_found"}}"#,
            Some("model_not_found"),
            Some("m"),
            None,
        ),
        (
            r#"{"error":{"code":400,"message":"m","type":"invalid_request_error"}}"#,
            Some("invalid_request_error"),
            Some("m"),
            Some(400),
        ),
        (
            r#"{"object":"error","code":"3051","message":"m","type":"invalid_model","raw_status_code":400}"#,
            Some("invalid_model"),
            Some("m"),
            Some(400),
        ),
        (
            r#"{"detail":"Invalid API Key"}"#,
            None,
            Some("Invalid API Key"),
            None,
        ),
        (
            r#"{"detail":[{"loc":["body","model"],"msg":"field required","type":"x"}]}"#,
            None,
            Some("body.model: field required"),
            None,
        ),
        (
            r#"{"error":"model not found"}"#,
            None,
            Some("model not found"),
            None,
        ),
        (
            r#"{"code":"invalid-argument","error":"Incorrect API key"}"#,
            Some("invalid-argument"),
            Some("Incorrect API key"),
            None,
        ),
        (
            r#"[{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED"}}]"#,
            Some("RESOURCE_EXHAUSTED"),
            Some("m"),
            Some(429),
        ),
        (
            r#"{"error":{"code":"401","message":"m"}}"#,
            Some("401"),
            Some("m"),
            Some(401),
        ),
        (
            r#"{"errors":[{"message":"m","code":7003}]}"#,
            Some("7003"),
            Some("m"),
            None,
        ),
        ("Not Found", None, Some("Not Found"), None),
        ("", None, None, None),
    ];

    #[test]
    fn every_form_of_error_body_says_its_code_and_message() {
        for (body, code, message, status) in FORMS {
            let error = parse_error(body.as_bytes());
            assert_eq!(
                (
                    error.code.as_deref(),
                    error.message.as_deref(),
                    error.status
                ),
                (*code, *message, *status),
                "{body}"
            );
        }
    }
}
