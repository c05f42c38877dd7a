//! What a running gateway has measured of the endpoints of a plan. This process has called nobody, so it asks
//! the one at `WEIR_URL`, where that is set.

use std::collections::BTreeMap;

use serde_json::Value;

use super::ask;
use crate::config::env::{self, Variables as _};

/// The columns that [`Figures::cells`] fills.
pub(super) const HEADS: [&str; 4] = ["STATE", "UP 30 MIN", "1ST TOKEN", "TOKENS/S"];

/// What a gateway says of endpoints, by model and tag.
#[derive(Debug, Default)]
pub(super) struct Figures(BTreeMap<(String, String), Value>);

impl Figures {
    /// Of the endpoints of these models; `None` where no running gateway is named.
    ///
    /// # Errors
    /// The gateway does not answer, or with something else.
    pub(super) async fn read(models: &[&str]) -> anyhow::Result<Option<Self>> {
        let Some(url) = env::Process.get(env::URL) else {
            return Ok(None);
        };
        let mut figures = Self::default();
        for model in models {
            let page = ask::gateway(&url, &format!("models/{model}/endpoints")).await?;
            let endpoints = page.pointer("/data/endpoints").and_then(Value::as_array);
            for endpoint in endpoints.into_iter().flatten() {
                let tag = endpoint.get("tag").and_then(Value::as_str);
                let name = ((*model).to_owned(), tag.unwrap_or_default().to_owned());
                figures.0.insert(name, endpoint.clone());
            }
        }
        Ok(Some(figures))
    }

    /// What is shown of an endpoint, as on the endpoints page; null where the gateway does not have it.
    pub(super) fn of(&self, model: &str, tag: &str) -> &Value {
        let found = self.0.get(&(model.to_owned(), tag.to_owned()));
        found.unwrap_or(&Value::Null)
    }

    /// The cells of an endpoint: a dash for what is not known.
    pub(super) fn cells(&self, model: &str, tag: &str) -> [String; 4] {
        let shown = self.of(model, tag);
        let number = |path, unit| match shown.pointer(path).and_then(Value::as_f64) {
            Some(number) => format!("{number}{unit}"),
            None => "-".to_owned(),
        };
        let state = match shown.get("status").and_then(Value::as_i64) {
            Some(0) => "well",
            Some(-2) => "shaky",
            Some(_) => "resting",
            None => "-",
        };
        [
            state.to_owned(),
            number("/uptime_last_30m", " %"),
            number("/latency_last_30m/p50", " s"),
            number("/throughput_last_30m/p50", ""),
        ]
    }
}
