//! Replicate's predictions, as `api.replicate.com` answered in 2026 to those who wait for them.
//!
//! It takes one prompt and answers whole: tools, schemas and streams are nothing it can be asked for. That an answer
//! was cut short is seen only by the tokens that were allowed, in the input it repeats. Docs: <https://replicate.com/docs/topics/predictions/create-a-prediction>,
//! <https://replicate.com/docs/topics/predictions/rate-limits> (read 2026-11-22).

use http::{HeaderMap, HeaderValue, header};
use serde_json::{Value, json};

use super::answer::Answer;
use super::asked::{Asked, count, text};
use super::place;
use super::wire::Target;

/// When every prediction was made.
const CREATED: &str = "2026-01-01T00:00:00.000Z";
/// The members of an input that are counted: the words, by their names.
const WORDS: [&str; 2] = ["system_prompt", "prompt"];

/// Reads a request as the vendor does.
pub(super) fn parse(body: &Value, target: Target<'_>) -> Result<Asked, String> {
    let model = place::replicate(target.path);
    let model = model.or_else(|| text(body, "version").map(str::to_owned));
    let model = model.ok_or("- version is required")?;
    let input = body.get("input").filter(|input| input.is_object());
    let input = input.ok_or("- input is required")?;
    if !input.get("prompt").is_some_and(Value::is_string) {
        return Err("- input.prompt: Invalid type. Expected: string".to_owned());
    }
    let stop = text(input, "stop_sequences").unwrap_or_default();
    let stop = stop.split(',').filter(|sequence| !sequence.is_empty());
    let mut asked = Asked {
        model,
        include_usage: true,
        output_tokens_max: count(input, "max_tokens"),
        stop: stop.map(str::to_owned).collect(),
        echo: input.as_object().cloned().unwrap_or_default(),
        images: u64::from(input.get("image").is_some_and(Value::is_string)),
        ..Asked::default()
    };
    for name in WORDS {
        let words = input.get(name).unwrap_or(&Value::Null);
        asked.last_words = asked.take(words, |_| false);
    }
    Ok(asked)
}

/// The prediction, in pieces of one token. Reasoning models write what they think into the output.
pub(super) fn whole(answer: &Answer) -> Value {
    let pieces: Vec<&String> = answer.reasoning.iter().chain(&answer.text).collect();
    let id = format!("prediction{:016}", answer.number);
    let address = format!("https://api.replicate.com/v1/predictions/{id}");
    let mut metrics = json!({"predict_time": 0.5, "total_time": 0.6});
    if let (Some(told), Some(members)) = (answer.told(), metrics.as_object_mut()) {
        members.insert("input_token_count".to_owned(), json!(told.prompt));
        members.insert("output_token_count".to_owned(), json!(told.completion));
    }
    json!({
        "id": id, "model": answer.model, "version": "hidden", "input": answer.echo,
        "logs": "",
        "output": pieces, "data_removed": false, "error": null, "source": "api",
        "status": "succeeded", "created_at": CREATED, "started_at": CREATED,
        "completed_at": CREATED, "metrics": metrics,
        "urls": {"get": address, "cancel": format!("{address}/cancel")},
    })
}

/// The body of an error.
pub(super) fn error(status: u16, message: Option<&str>, retry_after_s: Option<u64>) -> Value {
    let (title, said) = match status {
        400 => (
            "Bad request",
            "The prompt is longer than the maximum context length of the model.",
        ),
        401 => (
            "Unauthenticated",
            "You did not pass a valid authentication token",
        ),
        402 => (
            "Insufficient credit",
            "You have insufficient credit to run this model.",
        ),
        403 => ("Permission denied", "You may not run this model."),
        404 => ("Not found", "The requested resource could not be found."),
        413 => ("Payload too large", "The request is too large."),
        422 => (
            "Invalid version or not permitted",
            "The specified version does not exist (or perhaps you don't have permission to use it?)",
        ),
        // A throttled request is told no more.
        429 => {
            let seconds = retry_after_s.unwrap_or(30);
            let said = format!("Request was throttled. Your rate limit resets in ~{seconds}s.");
            return json!({"detail": message.unwrap_or(&said)});
        }
        503 | 529 => (
            "Service unavailable",
            "The service is temporarily overloaded.",
        ),
        500.. => ("Internal server error", "Something went wrong."),
        _ => ("Refused", "The request was refused."),
    };
    json!({"title": title, "detail": message.unwrap_or(said), "status": status})
}

/// The headers of an answer. When a throttled request may come back says its body.
pub(super) fn headers() -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::SERVER, HeaderValue::from_static("cloudflare"));
    headers
}
