//! The path of one request at a fake vendor: record it, take a mood, wait, speak, pace the bytes,
//! keep the books.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use serde_json::Value;

use super::answer::{Answer, Used};
use super::asked::Asked;
use super::meter::Meter;
use super::pace::{self, Body};
use super::shared::Shared;
use super::wire::{About, Frame, Target, Wire};
use super::{admin, anthropic, gemini, openai};
use crate::bill::Delivered;
use crate::mood::{Failure, Mood, Reply};

/// The longest request read; a longer one is cut off, as nobody means to send it.
const REQUEST_BYTES_MAX: usize = 64 << 20;
const HTML: &str = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>";

/// The connection is closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("closed by the mood or by a broken request")]
pub(crate) struct Closed;

/// What goes back, before it is paced.
struct Speech {
    status: StatusCode,
    content_type: &'static str,
    retry_after_s: Option<u64>,
    stream: bool,
    frames: Vec<Frame>,
    used: Used,
}

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
        return Ok(admin::answer(&shared, &parts.method, name, &body));
    }
    if parts.method == Method::GET && path.ends_with("/models") {
        return Ok(models(&shared, &parts, body));
    }
    match Wire::at(path) {
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
    let mood = shared.next_mood();
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

    let about = About {
        number,
        retry_after_s: None,
    };
    let speech = if !authorised(shared, &parts) {
        refusal(wire, StatusCode::UNAUTHORIZED, None, about)
    } else if let Reply::Fail(failure) = &mood.reply {
        fail(wire, failure, about)
    } else {
        match asked {
            Ok(asked) => speak(wire, number, &asked, &mood, &shared.config.text),
            Err(said) => refusal(wire, StatusCode::BAD_REQUEST, Some(&said), about),
        }
    };
    meter.answer(speech.status.as_u16(), speech.used);
    Ok(respond(wire, number, speech, |frames, stream| {
        pace::body(pace::plan(frames, &mood, stream), meter)
    }))
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

fn speak(wire: Wire, number: u64, asked: &Asked, mood: &Mood, text: &str) -> Speech {
    let answer = Answer::compose(number, asked, mood, text);
    let (frames, charged) = if asked.stream {
        streamed(wire, &answer, &mood.reply)
    } else {
        whole(wire, &answer, &mood.reply)
    };
    let html = mood.reply == Reply::GarbageBody
        || (!asked.stream && matches!(mood.reply, Reply::GarbageAfter(_)));
    let content_type = match (html, asked.stream) {
        (true, _) => "text/html",
        (false, true) => wire.stream_type(),
        (false, false) => wire.whole_type(),
    };
    Speech {
        status: StatusCode::OK,
        content_type,
        retry_after_s: None,
        stream: asked.stream,
        frames,
        used: if charged {
            answer.used
        } else {
            Used::default()
        },
    }
}

/// The events of a stream, and whether they are charged.
fn streamed(wire: Wire, answer: &Answer, reply: &Reply) -> (Vec<Frame>, bool) {
    let mut frames = wire.stream(answer);
    match reply {
        Reply::Answer | Reply::NoContent => (frames, true),
        Reply::GarbageAfter(events) => {
            frames.insert((*events).min(frames.len()), wire.garbage_event());
            (frames, true)
        }
        Reply::ErrorAfter(events) => {
            frames.truncate(*events);
            frames.push(wire.error_event(answer.number));
            (frames, *events > 0)
        }
        Reply::FirstEventError => (vec![wire.error_event(answer.number)], false),
        Reply::DoneOnly => (wire.done(), false),
        Reply::GarbageBody => (vec![Frame::silent(HTML)], false),
        Reply::EmptyBody | Reply::Fail(_) | Reply::Hang | Reply::Refuse => (Vec::new(), false),
    }
}

/// The one frame of a whole answer, and whether it is charged.
fn whole(wire: Wire, answer: &Answer, reply: &Reply) -> (Vec<Frame>, bool) {
    match reply {
        Reply::Answer | Reply::NoContent => {
            let Used {
                completion: tokens,
                reasoning,
                ..
            } = answer.used;
            let body = Frame::silent(wire.whole(answer).to_string());
            (
                vec![Frame {
                    tokens,
                    reasoning,
                    ..body
                }],
                true,
            )
        }
        Reply::ErrorAfter(_) | Reply::FirstEventError => {
            let about = About {
                number: answer.number,
                retry_after_s: None,
            };
            (
                vec![Frame::silent(wire.error(500, None, about).to_string())],
                false,
            )
        }
        Reply::GarbageBody | Reply::GarbageAfter(_) => (vec![Frame::silent(HTML)], false),
        Reply::EmptyBody | Reply::DoneOnly | Reply::Fail(_) | Reply::Hang | Reply::Refuse => {
            (Vec::new(), false)
        }
    }
}

fn fail(wire: Wire, failure: &Failure, about: About) -> Speech {
    let status = Some(failure.status)
        .filter(|status| (400..600).contains(status))
        .and_then(|status| StatusCode::from_u16(status).ok())
        .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let about = About {
        retry_after_s: failure.retry_after_s,
        ..about
    };
    let mut speech = refusal(wire, status, None, about);
    if let Some(body) = &failure.body {
        let (content_type, text) = match body.as_str() {
            Some(text) => ("text/plain", text.to_owned()),
            None => (wire.whole_type(), body.to_string()),
        };
        speech.content_type = content_type;
        speech.frames = vec![Frame::silent(text)];
    }
    speech
}

fn refusal(wire: Wire, status: StatusCode, message: Option<&str>, about: About) -> Speech {
    Speech {
        status,
        content_type: wire.whole_type(),
        retry_after_s: about.retry_after_s,
        stream: false,
        frames: vec![Frame::silent(
            wire.error(status.as_u16(), message, about).to_string(),
        )],
        used: Used::default(),
    }
}

fn respond(
    wire: Wire,
    number: u64,
    speech: Speech,
    body: impl FnOnce(Vec<Frame>, bool) -> Body,
) -> Response<Body> {
    let mut response = Response::new(body(speech.frames, speech.stream));
    *response.status_mut() = speech.status;
    *response.headers_mut() = wire.headers(number, speech.retry_after_s);
    let content_type = HeaderValue::from_static(speech.content_type);
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, content_type);
    response
}

/// Whether the request carries the vendor's key, where it has one, in any of the places where
/// vendors take it.
fn authorised(shared: &Shared, parts: &Parts) -> bool {
    let Some(key) = shared.config.key.as_deref() else {
        return true;
    };
    let header = |name: &str| {
        parts
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let bearer = header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    let query = parts.uri.query().unwrap_or_default();
    let in_query = query.split('&').find_map(|pair| pair.strip_prefix("key="));
    [
        bearer,
        header("x-api-key"),
        header("x-goog-api-key"),
        in_query,
    ]
    .contains(&Some(key))
}

fn idempotency(parts: &Parts) -> Option<String> {
    let value = ["x-request-id", "idempotency-key"]
        .iter()
        .find_map(|name| parts.headers.get(*name))?;
    value.to_str().ok().map(str::to_owned)
}

fn models(shared: &Shared, parts: &Parts, body: Bytes) -> Response<Body> {
    let number = shared.record(parts, body, 0);
    let models = &shared.config.models;
    let (wire, said) = if parts.uri.path().contains("/v1beta") {
        (Wire::Gemini, gemini::models(models))
    } else if parts.headers.contains_key("anthropic-version") {
        (Wire::Anthropic, anthropic::models(models))
    } else {
        (Wire::OpenAiChat, openai::models(models))
    };
    let speech = if authorised(shared, parts) {
        Speech {
            status: StatusCode::OK,
            content_type: wire.whole_type(),
            retry_after_s: None,
            stream: false,
            frames: vec![Frame::silent(said.to_string())],
            used: Used::default(),
        }
    } else {
        let about = About {
            number,
            retry_after_s: None,
        };
        refusal(wire, StatusCode::UNAUTHORIZED, None, about)
    };
    respond(wire, number, speech, |frames, _| admin::plain(frames))
}

fn unknown(shared: &Shared, parts: &Parts, body: Bytes) -> Response<Body> {
    let number = shared.record(parts, body, 0);
    let said = format!("Invalid URL ({} {})", parts.method, parts.uri.path());
    let about = About {
        number,
        retry_after_s: None,
    };
    let speech = refusal(Wire::OpenAiChat, StatusCode::NOT_FOUND, Some(&said), about);
    respond(Wire::OpenAiChat, number, speech, |frames, _| {
        admin::plain(frames)
    })
}
