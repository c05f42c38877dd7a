//! `/_testbed/…`: what a test in another process asks of a vendor and tells it. Not recorded, not
//! billed.
//!
//! `GET bill`, `GET requests` (`?with=WORD`: those whose body has the word), `POST mood` (a mood), `POST script` (a list of moods that replaces
//! what is left).

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderValue, Method, Response, StatusCode, header};
use http_body_util::StreamBody;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::vendor::pace::Body;
use crate::vendor::shared::{Recorded, Shared};
use crate::vendor::wire::Frame;

/// Answers an admin request: its method, what follows `/_testbed/`, and its query.
pub(crate) fn answer(
    shared: &Shared,
    (method, name, query): (&Method, &str, &str),
    body: &Bytes,
) -> Response<Body> {
    let outcome = match (method, name) {
        (&Method::GET, "bill") => serde_json::to_value(shared.ledger.entries()),
        (&Method::GET, "requests") => {
            let word = query.strip_prefix("with=").unwrap_or_default();
            let requests = shared.requests();
            let found = requests.iter().filter(|request| request.says(word));
            Ok(found.map(Recorded::shown).collect())
        }
        (&Method::POST, "mood") => read(body, |mood| shared.set_mood(mood)),
        (&Method::POST, "script") => read(body, |moods| shared.set_script(moods)),
        _ => {
            let known =
                json!({"error": "known are: GET bill, GET requests, POST mood, POST script"});
            return respond(StatusCode::NOT_FOUND, &known);
        }
    };
    match outcome {
        Ok(value) => respond(StatusCode::OK, &value),
        Err(error) => respond(
            StatusCode::BAD_REQUEST,
            &json!({"error": error.to_string()}),
        ),
    }
}

/// The body that sends its frames at once.
pub(crate) fn plain(frames: Vec<Frame>) -> Body {
    let frames = frames
        .into_iter()
        .map(|frame| Ok(http_body::Frame::data(frame.bytes)));
    StreamBody::new(Box::pin(stream::iter(frames)))
}

fn read<T: DeserializeOwned>(body: &Bytes, take: impl FnOnce(T)) -> serde_json::Result<Value> {
    take(serde_json::from_slice(body)?);
    Ok(json!({"ok": true}))
}

fn respond(status: StatusCode, value: &Value) -> Response<Body> {
    let mut response = Response::new(plain(vec![Frame::silent(value.to_string())]));
    *response.status_mut() = status;
    let content_type = HeaderValue::from_static("application/json");
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, content_type);
    response
}
