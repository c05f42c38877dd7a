//! Model servers on this machine: found by asking, so that `weir serve` works with no configuration
//! at all.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Full, Limited};
use serde_json::Value;
use tokio::time::timeout;

use crate::{Client, Provider, find};

/// How long one server may take to say who it is.
const PROBE_MS: u64 = 300;
/// The longest answer that is read.
const ANSWER_BYTES_MAX: usize = 4 << 20;

/// A model server on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What it is.
    pub provider: &'static Provider,
    /// Where it is, as [`crate::Upstream::known`] takes it.
    pub base_url: String,
    /// What it has; may be empty.
    pub models: Vec<LocalModel>,
}

/// A model on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalModel {
    /// As the server names it.
    pub id: String,
    /// The most tokens it takes, where the server says.
    pub context_length: Option<u64>,
}

/// Where to ask. The default is the port each server is known to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    /// Ollama.
    pub ollama: u16,
    /// llama.cpp.
    pub llama_cpp: u16,
    /// vLLM.
    pub vllm: u16,
    /// LM Studio.
    pub lm_studio: u16,
    /// SGLang.
    pub sglang: u16,
}

impl Default for Ports {
    fn default() -> Self {
        Self {
            ollama: 11_434,
            llama_cpp: 8_080,
            vllm: 8_000,
            lm_studio: 1_234,
            sglang: 30_000,
        }
    }
}

/// Asks this machine's well-known ports, all at once, for at most 300 ms. What does not answer, or
/// answers as something else (port 8080 is popular), is not there.
pub async fn discover(client: &Client, ports: Ports) -> Vec<Found> {
    let limit = Duration::from_millis(PROBE_MS);
    // Boxed: five calls side by side would be a future too large for a stack.
    let (ollama, llama_cpp, vllm, lm_studio, sglang) = tokio::join!(
        timeout(limit, Box::pin(ollama(client, ports.ollama))),
        timeout(limit, Box::pin(llama_cpp(client, ports.llama_cpp))),
        timeout(limit, Box::pin(engine(client, "vllm", ports.vllm))),
        timeout(limit, Box::pin(lm_studio(client, ports.lm_studio))),
        timeout(limit, Box::pin(engine(client, "sglang", ports.sglang))),
    );
    [ollama, llama_cpp, vllm, lm_studio, sglang]
        .into_iter()
        .filter_map(Result::ok)
        .flatten()
        .collect()
}

async fn ollama(client: &Client, port: u16) -> Option<Found> {
    let tags = get(client, port, "/api/tags").await?;
    let names = list(&tags, "models")?.iter();
    let models = names.filter_map(|model| {
        Some(LocalModel {
            id: text(model, "model").or_else(|| text(model, "name"))?,
            context_length: None,
        })
    });
    found("ollama", port, models.collect())
}

async fn llama_cpp(client: &Client, port: u16) -> Option<Found> {
    let listed = get(client, port, "/v1/models").await?;
    let data = owned_by(&listed, "llamacpp")?;
    // The context that one conversation gets stands in /props; what the model was trained for is
    // more.
    let props = get(client, port, "/props").await.unwrap_or_default();
    let context_length = props
        .pointer("/default_generation_settings/n_ctx")
        .and_then(Value::as_u64);
    let models = data.iter().filter_map(|model| {
        let trained = model.pointer("/meta/n_ctx_train").and_then(Value::as_u64);
        Some(LocalModel {
            id: text(model, "id")?,
            context_length: context_length.or(trained),
        })
    });
    found("llama-cpp", port, models.collect())
}

/// vLLM and SGLang, which list their models alike, each under its own name.
async fn engine(client: &Client, name: &str, port: u16) -> Option<Found> {
    let listed = get(client, port, "/v1/models").await?;
    let models = owned_by(&listed, name)?.iter().filter_map(|model| {
        Some(LocalModel {
            id: text(model, "id")?,
            context_length: model.get("max_model_len").and_then(Value::as_u64),
        })
    });
    found(name, port, models.collect())
}

/// LM Studio, by the list of its own that says more than OpenAI's.
/// Facts: <https://lmstudio.ai/docs/developer/rest/endpoints> (2026-11-22).
async fn lm_studio(client: &Client, port: u16) -> Option<Found> {
    let listed = get(client, port, "/api/v0/models").await?;
    let talks = |model: &&Value| {
        let kind = model.get("type").and_then(Value::as_str);
        matches!(kind, Some("llm" | "vlm"))
    };
    let models = list(&listed, "data")?.iter().filter(talks);
    let models = models.filter_map(|model| {
        let most = model.get("max_context_length").and_then(Value::as_u64);
        let loaded = model.get("loaded_context_length").and_then(Value::as_u64);
        Some(LocalModel {
            id: text(model, "id")?,
            context_length: loaded.or(most),
        })
    });
    let models: Vec<_> = models.collect();
    // A list without a model that talks may be anybody's.
    if models.is_empty() {
        return None;
    }
    found("lm-studio", port, models)
}

fn found(provider: &str, port: u16, models: Vec<LocalModel>) -> Option<Found> {
    Some(Found {
        provider: find(provider)?,
        base_url: format!("http://127.0.0.1:{port}/v1"),
        models,
    })
}

/// The models of an OpenAI list, if all of them belong to this owner.
fn owned_by<'a>(listed: &'a Value, owner: &str) -> Option<&'a [Value]> {
    let data = list(listed, "data")?;
    let is_owned = |model: &Value| model.get("owned_by").and_then(Value::as_str) == Some(owner);
    (!data.is_empty() && data.iter().all(is_owned)).then_some(data)
}

fn list<'a>(object: &'a Value, name: &str) -> Option<&'a [Value]> {
    object.get(name)?.as_array().map(Vec::as_slice)
}

fn text(object: &Value, name: &str) -> Option<String> {
    object.get(name)?.as_str().map(str::to_owned)
}

/// One JSON answer, or nothing.
async fn get(client: &Client, port: u16, path: &str) -> Option<Value> {
    let request = Request::get(format!("http://127.0.0.1:{port}{path}"))
        .body(Full::new(Bytes::new()))
        .ok()?;
    let response = client
        .send(request, Duration::from_millis(PROBE_MS))
        .await
        .ok()?;
    if !response.status().is_success() {
        return None;
    }
    let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX);
    let bytes = body.collect().await.ok()?.to_bytes();
    serde_json::from_slice(&bytes).ok()
}
