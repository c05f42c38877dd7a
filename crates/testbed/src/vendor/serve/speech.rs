//! What goes back for one request, in the form of its wire, before it is paced.

use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use serde_json::Value;

use crate::mood::{Failure, Reply};
use crate::vendor::answer::{Answer, Used};
use crate::vendor::asked::Asked;
use crate::vendor::pace::Body;
use crate::vendor::wire::{About, Frame, Wire};

const HTML: &str = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>";

/// Status, headers and frames, and what they cost when they are delivered.
pub(crate) struct Speech {
    pub(crate) status: StatusCode,
    pub(crate) used: Used,
    headers: HeaderMap,
    /// Whether the frames are events between which comments may stand.
    sse: bool,
    frames: Vec<Frame>,
}

// === impl Speech ===

impl Speech {
    /// The answer, as far as the mood lets it be one.
    pub(crate) fn answering(wire: Wire, answer: &Answer, asked: &Asked, reply: &Reply) -> Self {
        let (frames, charged) = match (asked.stream, asked.counting) {
            (true, _) => streamed(wire, answer, reply),
            (false, true) => {
                // Counting is free.
                let (frames, _) = whole(wire, answer, &wire.counted(answer), reply);
                (frames, false)
            }
            (false, false) => whole(wire, answer, &wire.whole(answer), reply),
        };
        let html = *reply == Reply::GarbageBody
            || (!asked.stream && matches!(reply, Reply::GarbageAfter(_)));
        let used = if charged {
            answer.used
        } else {
            Used::default()
        };
        let mut speech = Self {
            status: wire.answered(),
            used,
            headers: wire.headers(About::answer(answer.number), None),
            sse: asked.stream && wire.is_sse(),
            frames,
        };
        match (html, asked.stream) {
            (true, _) => speech.set_type("text/html"),
            (false, true) => speech.set_type(wire.stream_type()),
            (false, false) => {}
        }
        speech
    }

    /// A body that costs nothing.
    pub(crate) fn saying(wire: Wire, number: u64, said: &Value) -> Self {
        Self {
            status: StatusCode::OK,
            used: Used::default(),
            headers: wire.headers(About::answer(number), None),
            sse: false,
            frames: vec![Frame::silent(said.to_string())],
        }
    }

    /// An error that the mood asks for.
    pub(crate) fn failing(wire: Wire, failure: &Failure, number: u64) -> Self {
        let status = Some(failure.status)
            .filter(|status| (400..600).contains(status))
            .and_then(|status| StatusCode::from_u16(status).ok())
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let about = About {
            number,
            retry_after_s: failure.retry_after_s,
        };
        let mut speech = Self::refusing(wire, status, None, about);
        if let Some(body) = &failure.body {
            let text = body.as_str().map(str::to_owned);
            if text.is_some() {
                speech.set_type("text/plain");
            }
            speech.frames = vec![Frame::silent(text.unwrap_or_else(|| body.to_string()))];
        }
        speech
    }

    /// An error in the vendor's own words, or in those of `message`.
    pub(crate) fn refusing(
        wire: Wire,
        status: StatusCode,
        message: Option<&str>,
        about: About,
    ) -> Self {
        let code = status.as_u16();
        Self {
            status,
            headers: wire.headers(about, Some(code)),
            ..Self::saying(wire, about.number, &wire.error(code, message, about))
        }
    }

    /// The error of a request without the right key.
    pub(crate) fn wrong_key(wire: Wire, number: u64) -> Self {
        let about = About::answer(number);
        Self {
            status: wire.wrong_key(),
            ..Self::refusing(wire, StatusCode::UNAUTHORIZED, None, about)
        }
    }

    /// The response, with the body that `body` makes of the frames; it is told whether comments may
    /// stand between them.
    pub(crate) fn into_response(
        self,
        body: impl FnOnce(Vec<Frame>, bool) -> Body,
    ) -> Response<Body> {
        let mut response = Response::new(body(self.frames, self.sse));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }

    fn set_type(&mut self, content_type: &'static str) {
        let content_type = HeaderValue::from_static(content_type);
        self.headers.insert(header::CONTENT_TYPE, content_type);
    }
}

/// The events of a stream, and whether they are charged.
fn streamed(wire: Wire, answer: &Answer, reply: &Reply) -> (Vec<Frame>, bool) {
    match reply {
        Reply::Answer | Reply::NoContent => (wire.stream(answer), true),
        Reply::GarbageAfter(events) => {
            let mut frames = wire.stream(answer);
            frames.insert((*events).min(frames.len()), wire.garbage_event());
            (frames, true)
        }
        Reply::ErrorAfter(events) => {
            let mut frames = wire.stream(answer);
            frames.truncate(*events);
            frames.extend(wire.error_frames(answer, frames.len()));
            (frames, *events > 0)
        }
        Reply::FirstEventError => (wire.error_frames(answer, 0), false),
        Reply::DoneOnly => (wire.done(answer), false),
        Reply::GarbageBody => (vec![Frame::silent(HTML)], false),
        Reply::EmptyBody | Reply::Fail(_) | Reply::Hang | Reply::Refuse => (Vec::new(), false),
    }
}

/// The one frame of a whole answer, and whether it is charged.
fn whole(wire: Wire, answer: &Answer, body: &Value, reply: &Reply) -> (Vec<Frame>, bool) {
    match reply {
        Reply::Answer | Reply::NoContent => {
            let frame = Frame {
                tokens: answer.used.completion,
                reasoning: answer.used.reasoning,
                ..Frame::silent(body.to_string())
            };
            (vec![frame], true)
        }
        Reply::ErrorAfter(_) | Reply::FirstEventError => {
            let error = wire.error(500, None, About::answer(answer.number));
            (vec![Frame::silent(error.to_string())], false)
        }
        Reply::GarbageBody | Reply::GarbageAfter(_) => (vec![Frame::silent(HTML)], false),
        Reply::EmptyBody | Reply::DoneOnly | Reply::Fail(_) | Reply::Hang | Reply::Refuse => {
            (Vec::new(), false)
        }
    }
}
