//! Step 7: the answer goes out, whole or event by event, in the caller's dialect.

use std::{convert::Infallible, pin::Pin, time::Duration};

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use canon::{Dialect, Event, Fault, Part};
use dialects::{RenderStream, Serve, Stamp};
use futures_util::stream;
use http::{HeaderName, HeaderValue, StatusCode, header};
use http_body::Frame;
use http_body_util::StreamBody;
use providers::{EventStream, Progress, Reply};
use tokio::time::{Instant, Sleep};

use super::{Admitted, attempt::Won, detached::Detached, meter::Meter};
use crate::{app::Core, refusal};

/// Tells the caller that the answer's limit was lowered to what the key can pay for.
const MAX_TOKENS: HeaderName = HeaderName::from_static("x-weir-max-tokens");

/// What the caller wants, kept while the request itself is away on its attempts.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    stream: bool,
    dialect: Dialect,
    /// What is known of an answer that nobody gave.
    stamp: Stamp,
}

impl Shape {
    pub(super) fn of(admitted: &Admitted) -> Self {
        let stamp = Stamp {
            generation: admitted.generation.as_str().to_owned(),
            created: admitted.arrived_at.div_euclid(1_000_000),
            model: admitted.request.model.clone().unwrap_or_default(),
            provider: String::new(),
            echo: None,
        };
        Self {
            stream: admitted.request.stream,
            dialect: admitted.dialect,
            stamp,
        }
    }
}

/// Turns the attempts into an answer.
///
/// A whole answer is finished and settled even where the caller hangs up. A streamed one ends with its caller. Its
/// status is held back for a grace period, so that a failure before the first token is a real status; after that,
/// comments keep the connection open and a failure becomes an event.
pub(super) async fn deliver(
    core: &Core,
    shape: Shape,
    mut attempting: Attempting,
) -> Result<Response, Fault> {
    let serve =
        dialects::served(shape.dialect).ok_or_else(|| Fault::ours("a dialect not served"))?;
    if !shape.stream {
        return Detached::new(core.clone(), whole(serve, attempting)).await;
    }
    let config = &core.app().config.server;
    let grace = tokio::time::sleep(Duration::from_millis(config.grace_ms));
    let answer = tokio::select! {
        biased;
        won = attempting.as_mut() => Answer::flowing(serve, won?)?,
        () = grace => Answer {
            phase: Phase::Waiting(attempting, shape.stamp),
            serve,
            clamped_to: None,
        },
    };
    let keep_alive = Duration::from_millis(config.keep_alive_ms);
    Ok(streamed(answer, keep_alive))
}

async fn whole(serve: &'static dyn Serve, attempting: Attempting) -> Result<Response, Fault> {
    let Won { reply, mut meter } = attempting.await?;
    let Reply::Whole { mut response, .. } = reply else {
        return Err(Fault::ours(
            "a stream came where a whole answer was asked for",
        ));
    };
    meter.see_whole(&response);
    if meter.admitted().hides_thinking() {
        for choice in &mut response.choices {
            choice
                .parts
                .retain(|part| !matches!(part, Part::Reasoning(_)));
        }
    }
    let receipt = meter.complete();
    let mut bytes = Vec::with_capacity(1_024);
    serve.render_response(&response, &meter.stamp(), &receipt, &mut bytes);
    let mut response = (StatusCode::OK, Body::from(bytes)).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    if let Some(limit) = meter.clamped_to() {
        headers.insert(MAX_TOKENS, HeaderValue::from(limit));
    }
    Ok(response)
}

/// The attempts at a request, under way.
pub(super) type Attempting = Pin<Box<dyn Future<Output = Result<Won, Fault>> + Send>>;

/// A streamed answer.
struct Answer {
    phase: Phase,
    serve: &'static dyn Serve,
    clamped_to: Option<u64>,
}

enum Phase {
    /// Nobody has answered yet.
    Waiting(Attempting, Stamp),
    /// Events come.
    Flowing(Box<Flow>),
    /// The last byte was given out.
    Ended,
}

struct Flow {
    source: EventStream,
    renderer: Box<dyn RenderStream>,
    meter: Meter,
    events: Vec<Event>,
    /// `reasoning.exclude`: think, but don't show it.
    hides_thinking: bool,
}

impl Answer {
    fn flowing(serve: &'static dyn Serve, won: Won) -> Result<Self, Fault> {
        let Won { reply, meter } = won;
        let Reply::Stream(source) = reply else {
            return Err(Fault::ours(
                "a whole answer came where a stream was asked for",
            ));
        };
        let renderer = serve.stream(meter.stamp());
        let clamped_to = meter.clamped_to();
        let hides_thinking = meter.admitted().hides_thinking();
        let flow = Flow {
            source,
            renderer,
            meter,
            events: Vec::new(),
            hides_thinking,
        };
        Ok(Self {
            phase: Phase::Flowing(Box::new(flow)),
            serve,
            clamped_to,
        })
    }

    /// The next bytes for the caller; `None` when all is said. Dropped with its caller, whatever it waits for.
    async fn next(&mut self, silence: &mut Silence) -> Option<Bytes> {
        let mut out = Vec::with_capacity(512);
        while out.is_empty() {
            match &mut self.phase {
                Phase::Ended => return None,
                Phase::Waiting(attempting, stamp) => {
                    let won = tokio::select! {
                        biased;
                        won = attempting.as_mut() => won,
                        () = silence.too_long() => {
                            out.extend_from_slice(b": OPENROUTER PROCESSING\n\n");
                            break;
                        }
                    };
                    match won.and_then(|won| Self::flowing(self.serve, won)) {
                        Ok(flowing) => *self = flowing,
                        Err(fault) => {
                            let id = stamp.generation.clone();
                            let mut renderer = self.serve.stream(std::mem::take(stamp));
                            renderer.fault(&refusal::body(&fault, Some(&id)), &mut out);
                            self.phase = Phase::Ended;
                        }
                    }
                }
                Phase::Flowing(flow) => {
                    if flow.advance(silence, &mut out).await {
                        self.phase = Phase::Ended;
                    }
                }
            }
        }
        silence.broken();
        Some(Bytes::from(out))
    }
}

impl Flow {
    /// Takes in what the vendor says next and writes it; says whether that was the end.
    async fn advance(&mut self, silence: &mut Silence, out: &mut Vec<u8>) -> bool {
        self.events.clear();
        let progress = tokio::select! {
            biased;
            progress = self.source.next(&mut self.events) => progress,
            () = silence.too_long() => {
                self.renderer.keep_alive(out);
                return false;
            }
        };
        for event in self.events.drain(..) {
            self.meter.see(&event);
            if !(self.hides_thinking && matches!(event, Event::Reasoning(_))) {
                self.renderer.event(event, out);
            }
        }
        match progress {
            Ok(Progress::Events | Progress::Comment) => false,
            Ok(Progress::End) => {
                let receipt = self.meter.complete();
                self.renderer.finish(&receipt, out);
                true
            }
            Err(fault) => {
                let generation = self.meter.admitted().generation.clone();
                refusal::note(&fault, Some(generation.as_str()));
                self.meter.broken_off();
                self.renderer
                    .fault(&refusal::body(&fault, Some(generation.as_str())), out);
                true
            }
        }
    }
}

/// How long nothing was said to the caller. One timer for the whole stream: an event only moves a mark.
struct Silence {
    most: Duration,
    last: Instant,
    timer: Pin<Box<Sleep>>,
}

impl Silence {
    fn new(most: Duration) -> Self {
        let timer = Box::pin(tokio::time::sleep(most));
        Self {
            most,
            last: timer.deadline() - most,
            timer,
        }
    }

    /// Something was said.
    fn broken(&mut self) {
        self.last = Instant::now();
    }

    /// Waits until it is time for a sign of life.
    async fn too_long(&mut self) {
        loop {
            self.timer.as_mut().await;
            let (fired, due) = (self.timer.deadline(), self.last + self.most);
            if due <= fired {
                self.timer.as_mut().reset(fired + self.most);
                return;
            }
            self.timer.as_mut().reset(due);
        }
    }
}

fn streamed(answer: Answer, keep_alive: Duration) -> Response {
    let clamped_to = answer.clamped_to;
    let state = (answer, Silence::new(keep_alive));
    let bytes = stream::unfold(state, |(mut answer, mut silence)| async move {
        let bytes = answer.next(&mut silence).await?;
        Some((Ok::<_, Infallible>(Frame::data(bytes)), (answer, silence)))
    });
    let mut response = (StatusCode::OK, Body::new(StreamBody::new(bytes))).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/event-stream"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Some(limit) = clamped_to {
        headers.insert(MAX_TOKENS, HeaderValue::from(limit));
    }
    response
}
