//! Asks a running gateway.

use std::time::Duration;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt as _, Full, Limited};
use providers::Client;
use serde_json::Value;

use crate::{
    commands::chat::base,
    config::env::{self, Variables as _},
};

/// How long to wait for a connection to the gateway.
const CONNECT: Duration = Duration::from_secs(3);
/// No page is longer than that.
const PAGE_BYTES_MAX: usize = 8 << 20;

/// A page of the gateway at this address, with `WEIR_API_KEY` where that is set.
///
/// # Errors
/// The gateway does not answer, refuses, or answers with something else than JSON.
pub(super) async fn gateway(url: &str, page: &str) -> anyhow::Result<Value> {
    let (client, base) = (Client::new()?, base(url));
    let mut request = Request::get(format!("{base}/api/v1/{page}"));
    if let Some(key) = env::Process.get(env::API_KEY) {
        request = request.header(header::AUTHORIZATION, format!("Bearer {key}"));
    }
    let request = request.body(Full::new(Bytes::new()));
    let request = request.context("WEIR_URL or WEIR_API_KEY cannot be sent")?;
    let response = client.send(request, CONNECT).await;
    let response = response.with_context(|| format!("no gateway answers at {base}"))?;
    let status = response.status();
    let body = Limited::new(response.into_body(), PAGE_BYTES_MAX)
        .collect()
        .await;
    // The limit's error has no standard form.
    let bytes = body.map_err(|error| anyhow::anyhow!("the answer cannot be read: {error}"))?;
    let page: Value = serde_json::from_slice(&bytes.to_bytes())
        .with_context(|| format!("the gateway at {base} answers {status} and no JSON"))?;
    if !status.is_success() {
        let message = page.pointer("/error/message").and_then(Value::as_str);
        bail!("{}: {}", status.as_u16(), message.unwrap_or("refused"));
    }
    Ok(page)
}
