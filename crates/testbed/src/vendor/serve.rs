//! The path of one request at a fake vendor: record it, take a mood, wait, speak, pace the bytes,
//! keep the books.

mod admin;
mod key;
mod models;
mod speech;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use serde_json::Value;

use super::answer::Answer;
use super::asked::Asked;
use super::meter::Meter;
use super::pace::{self, Body};
use super::place;
use super::shared::Shared;
use super::wire::{About, Target, Wire};
use crate::bill::Delivered;
use crate::mood::{Mood, Reply};
use speech::Speech;

/// The longest request read; a longer one is cut off, as nobody means to send it.
const REQUEST_BYTES_MAX: usize = 64 << 20;

/// The connection is closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("closed by the mood or by a broken request")]
pub(crate) struct Closed;

/// Answers one request.
pub(crate) async fn serve(
    shared: Arc<Shared>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Closed> {
    let (parts, body) = request.into_parts();
    let body = Limited::new(body, REQUEST_BYTES_MAX)
        .collect()
        .await
        .map_err(|_| Closed)?;
    let body = body.to_bytes();
    let path = parts.uri.path();
    if let Some(name) = path.strip_prefix("/_testbed/") {
        let query = parts.uri.query().unwrap_or_default();
        return Ok(admin::answer(&shared, (&parts.method, name, query), &body));
    }
    if parts.method == Method::GET && path.ends_with("/models") {
        return Ok(models(&shared, &parts, body));
    }
    match place::wire_at(path) {
        Some(wire) if parts.method == Method::POST => generate(&shared, wire, parts, body).await,
        Some(_) | None => Ok(unknown(&shared, &parts, body)),
    }
}

async fn generate(
    shared: &Shared,
    wire: Wire,
    parts: Parts,
    body: Bytes,
) -> Result<Response<Body>, Closed> {
    let asked = parse(wire, &parts, &body);
    let mut mood = shared.next_mood();
    let read: Value = if mood.caches {
        serde_json::from_slice(&body).unwrap_or_default()
    } else {
        Value::Null
    };
    let (images, user) = asked
        .as_ref()
        .map_or((0, None), |it| (it.images, it.user.clone()));
    let number = shared.record(&parts, body, images);
    let draft = Delivered {
        model: asked
            .as_ref()
            .map(|asked| asked.model.clone())
            .unwrap_or_default(),
        stream: asked.as_ref().is_ok_and(|asked| asked.stream),
        images,
        idempotency: idempotency(&parts).or(user),
        ..Delivered::nothing(number, wire)
    };
    let mut meter = Meter::new(Arc::clone(&shared.ledger), draft);
    if mood.reply == Reply::Refuse {
        meter.finish(false);
        return Err(Closed);
    }
    pass_time(&mood).await;

    let speech = if !authorised(shared, wire, &parts) {
        Speech::wrong_key(wire, number)
    } else if let Reply::Fail(failure) = &mood.reply {
        Speech::failing(wire, failure, number)
    } else {
        match asked {
            Ok(asked) => {
                if mood.caches && mood.reply == Reply::Answer {
                    mood.cached = shared.cache.read(&read);
                }
                let answer = Answer::compose(number, &asked, &mood, &shared.config.text);
                Speech::answering(wire, &answer, &asked, &mood.reply)
            }
            Err(said) => {
                let about = About::answer(number);
                Speech::refusing(wire, StatusCode::BAD_REQUEST, Some(&said), about)
            }
        }
    };
    meter.answer(speech.status.as_u16(), speech.used);
    Ok(speech.into_response(|frames, sse| pace::body(pace::plan(frames, &mood, sse), meter)))
}

/// Waits before the status line; for ever in the mood to hang.
async fn pass_time(mood: &Mood) {
    if mood.reply == Reply::Hang {
        match std::future::pending::<Infallible>().await {}
    }
    if mood.latency_ms > 0 {
        tokio::time::sleep(Duration::from_millis(mood.latency_ms)).await;
    }
}

fn parse(wire: Wire, parts: &Parts, body: &Bytes) -> Result<Asked, String> {
    let body: Value = serde_json::from_slice(body)
        .map_err(|error| format!("We could not parse the JSON body of your request: {error}"))?;
    let query = parts.uri.query().unwrap_or_default();
    wire.parse(
        &body,
        Target {
            path: parts.uri.path(),
            query,
        },
    )
}

/// Whether the request carries the vendor's key, where it has one.
fn authorised(shared: &Shared, wire: Wire, parts: &Parts) -> bool {
    let key = shared.config.key.as_deref();
    key.is_none_or(|key| key::opens(key, wire, parts))
}

fn idempotency(parts: &Parts) -> Option<String> {
    let value = ["x-request-id", "idempotency-key"]
        .iter()
        .find_map(|name| parts.headers.get(*name))?;
    value.to_str().ok().map(str::to_owned)
}

fn models(shared: &Shared, parts: &Parts, body: Bytes) -> Response<Body> {
    let number = shared.record(parts, body, 0);
    let (wire, said) = models::listed(&shared.config.models, parts);
    let speech = if authorised(shared, wire, parts) {
        Speech::saying(wire, number, &said)
    } else {
        Speech::wrong_key(wire, number)
    };
    speech.into_response(|frames, _| admin::plain(frames))
}

fn unknown(shared: &Shared, parts: &Parts, body: Bytes) -> Response<Body> {
    let number = shared.record(parts, body, 0);
    let said = format!("Invalid URL ({} {})", parts.method, parts.uri.path());
    let status = StatusCode::NOT_FOUND;
    let speech = Speech::refusing(Wire::OpenAiChat, status, Some(&said), About::answer(number));
    speech.into_response(|frames, _| admin::plain(frames))
}
