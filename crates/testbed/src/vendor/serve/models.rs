//! `GET …/models`: the list of models in the form of whoever asks.

use http::request::Parts;
use serde_json::Value;

use crate::vendor::wire::Wire;
use crate::vendor::{anthropic, gemini, openai};

/// The wire that is asked over, and its list.
pub(crate) fn listed(models: &[String], parts: &Parts) -> (Wire, Value) {
    if parts.uri.path().contains("/v1beta") {
        (Wire::Gemini, gemini::models(models))
    } else if parts.headers.contains_key("anthropic-version") {
        (Wire::Anthropic, anthropic::models(models))
    } else {
        (Wire::OpenAiChat, openai::models(models))
    }
}
