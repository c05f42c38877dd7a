//! A streamed answer as it comes: its text, who gave it, what it cost and how quick it was.

use anyhow::{Context as _, bail};
use canon::NanoUsd;
use dialects::framing::{Item, sse::Reader};
use serde_json::Value;

use crate::clock;

/// The longest event of a stream, in bytes.
const FRAME_BYTES_MAX: usize = 16 << 20;

/// A streamed answer as it comes.
#[derive(Debug)]
pub(super) struct Answer {
    reader: Reader,
    text: String,
    provider: Option<String>,
    cost: Option<NanoUsd>,
    completion_tokens: Option<u64>,
    /// In microseconds since 1970, as all times here.
    asked_at: i64,
    first_at: Option<i64>,
    last_at: i64,
}

impl Answer {
    /// An answer to a question that is asked now.
    pub(super) fn begin() -> Self {
        let now = clock::now_micros();
        Self {
            reader: Reader::new(FRAME_BYTES_MAX),
            text: String::new(),
            provider: None,
            cost: None,
            completion_tokens: None,
            asked_at: now,
            first_at: None,
            last_at: now,
        }
    }

    /// Takes bytes of the stream; the texts in them.
    ///
    /// # Errors
    /// The gateway says that the answer failed, or the stream is none.
    pub(super) fn take(&mut self, bytes: &[u8]) -> anyhow::Result<Vec<String>> {
        self.reader
            .push(bytes)
            .ok()
            .context("an event of the answer is too long")?;
        let mut events = Vec::new();
        while let Some(item) = self.reader.next() {
            let Item::Frame(frame) = item else { continue };
            if *frame.data != *b"[DONE]" {
                let event = serde_json::from_slice(&frame.data);
                events.push(event.context("an event of the answer is not JSON")?);
            }
        }
        let mut texts = Vec::new();
        for event in &events {
            texts.extend(self.note(event)?);
        }
        Ok(texts)
    }

    fn note(&mut self, event: &Value) -> anyhow::Result<Option<String>> {
        if let Some(message) = event.pointer("/error/message").and_then(Value::as_str) {
            bail!("the answer failed: {message}");
        }
        if let Some(provider) = event.get("provider").and_then(Value::as_str) {
            self.provider = Some(provider.to_owned());
        }
        if let Some(usage) = event.get("usage").filter(|usage| !usage.is_null()) {
            // As decimals: a small number would read 2e-7.
            let cost = usage.get("cost").map(Value::to_string);
            self.cost = cost.and_then(|cost| cost.parse().ok());
            self.completion_tokens = usage.get("completion_tokens").and_then(Value::as_u64);
        }
        let text = event
            .pointer("/choices/0/delta/content")
            .and_then(Value::as_str);
        let Some(text) = text.filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        self.last_at = clock::now_micros();
        self.first_at.get_or_insert(self.last_at);
        self.text.push_str(text);
        Ok(Some(text.to_owned()))
    }

    /// The whole text.
    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// Who gave it, what it cost and how quick it was, in one line.
    pub(super) fn summary(&self) -> String {
        let mut parts = Vec::new();
        parts.extend(self.provider.clone());
        parts.extend(self.cost.map(|cost| format!("${cost}")));
        if let Some(first_at) = self.first_at {
            let waited_ms = first_at.saturating_sub(self.asked_at) / 1_000;
            parts.push(format!("first token after {waited_ms} ms"));
            let took_micros = self.last_at.saturating_sub(first_at);
            parts.extend(
                self.completion_tokens
                    .and_then(|tokens| speed(tokens, took_micros)),
            );
        }
        parts.join(" · ")
    }
}

/// Tokens a second, with one decimal place. The first token came before the clock ran.
fn speed(tokens: u64, took_micros: i64) -> Option<String> {
    let took = u64::try_from(took_micros).ok()?;
    let tenths = tokens
        .checked_sub(1)?
        .checked_mul(10_000_000)?
        .checked_div(took)?;
    Some(format!(
        "{tokens} tokens, {}.{} tok/s",
        tenths / 10,
        tenths % 10
    ))
}

/// What a refusal says, in any of the forms that gateways and proxies have.
pub(super) fn refusal(body: &[u8]) -> String {
    let value: Value = serde_json::from_slice(body).unwrap_or_default();
    match value.pointer("/error/message").and_then(Value::as_str) {
        Some(message) => message.to_owned(),
        None => String::from_utf8_lossy(body).chars().take(500).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_put_together_from_any_pieces() {
        let stream = concat!(
            ": OPENROUTER PROCESSING\n\n",
            "data: {\"provider\":\"Lab\",\"choices\":[{\"delta\":{\"content\":\"Hel\"}}]}\n\n",
            "data: {\"choices\":[{\"delta\":{\"content\":\"lo\"}}]}\n\n",
            "data: {\"choices\":[],\"usage\":{\"completion_tokens\":2,\"cost\":1.2e-7}}\n\n",
            "data: [DONE]\n\n",
        );
        for size in 1..stream.len() {
            let mut answer = Answer::begin();
            for piece in stream.as_bytes().chunks(size) {
                answer.take(piece).unwrap();
            }
            assert!(
                answer
                    .summary()
                    .starts_with("Lab · $0.00000012 · first token after ")
            );
            assert_eq!(answer.into_text(), "Hello");
        }
    }

    #[test]
    fn a_fault_in_the_stream_is_told() {
        let event = b"data: {\"error\":{\"code\":502,\"message\":\"Provider returned error\"},\"choices\":[]}\n\n";
        let error = Answer::begin().take(event).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the answer failed: Provider returned error"
        );
    }

    #[test]
    fn speed_counts_from_the_first_token() {
        assert_eq!(
            speed(101, 2_000_000).as_deref(),
            Some("101 tokens, 50.0 tok/s")
        );
        assert_eq!(speed(0, 5), None);
        assert_eq!(speed(5, 0), None);
    }

    #[test]
    fn a_refusal_that_is_no_json_is_shown_as_it_is() {
        assert_eq!(refusal(br#"{"error":{"message":"No"}}"#), "No");
        assert_eq!(refusal(b"<html>"), "<html>");
    }
}
