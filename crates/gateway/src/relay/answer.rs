//! Step 7: the answer goes out, whole or event by event, in the caller's dialect.

mod array;
mod flow;

use std::{convert::Infallible, pin::Pin, time::Duration};

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use canon::{Dialect, Fault, OnLoss, Part};
use dialects::{Receipt, Serve, Stamp, openai};
use futures_util::stream;
use http::{HeaderName, HeaderValue, StatusCode, header};
use http_body::Frame;
use http_body_util::StreamBody;
use providers::Reply;
use tokio::time::{Instant, Sleep};

use self::{array::Array, flow::Flow};
use super::{
    Admitted, Delivery,
    attempt::Won,
    detached::{Detached, Waiter},
    loss,
    meter::Meter,
};
use crate::{app::Core, refusal, routers};

/// Tells the caller that the answer's limit was lowered to what the key can pay for.
const MAX_TOKENS: HeaderName = HeaderName::from_static("x-weir-max-tokens");

/// What the caller wants, kept while the request itself is away on its attempts.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    stream: bool,
    dialect: Dialect,
    delivery: Delivery,
    /// Whether the caller is told what was lost, which stands in the head of the answer.
    tells_loss: bool,
    /// Whether somebody still waits for an answer that comes whole.
    waiter: Waiter,
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
            echo: admitted.echo.clone(),
        };
        Self {
            stream: admitted.request.stream,
            dialect: admitted.dialect,
            delivery: admitted.delivery,
            tells_loss: admitted.request.routing.loss != OnLoss::Silent,
            waiter: if admitted.request.stream {
                Waiter::default()
            } else {
                Waiter::for_whole()
            },
            stamp,
        }
    }

    /// Whether somebody still waits for an answer that comes whole.
    pub(super) fn waiter(&self) -> Waiter {
        self.waiter.clone()
    }

    /// The answer where nobody gave one: in Responses, what is too long is an answer that was cut short
    /// (spec/inference.md §6.4); else the error as it is.
    pub(super) fn cut_short(self, fault: Fault) -> Result<Response, Fault> {
        let short = openai::responses::as_success(fault.kind);
        let short = short.filter(|_| self.dialect == Dialect::OpenAiResponses);
        let (Some(short), Some(serve)) = (short, dialects::served(self.dialect)) else {
            return Err(fault);
        };
        refusal::note(&fault, Some(&self.stamp.generation));
        let mut bytes = Vec::with_capacity(1_024);
        if !self.stream {
            let receipt = Receipt {
                router: fault.router.clone(),
                ..Receipt::default()
            };
            serve.render_response(&short, &self.stamp, &receipt, &mut bytes);
            return Ok(with_kind("application/json", Body::from(bytes)));
        }
        let mut renderer = serve.stream(self.stamp);
        renderer.fault(&refusal::body(&fault, None), &mut bytes);
        Ok(with_kind("text/event-stream", Body::from(bytes)))
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
        let waiter = shape.waiter();
        let whole = Detached::new(core.clone(), waiter, whole(serve, attempting)).await;
        return whole.or_else(|fault| shape.cut_short(fault));
    }
    let config = &core.app().config.server;
    let grace = tokio::time::sleep(Duration::from_millis(config.grace_ms));
    let array = (shape.delivery == Delivery::Array).then(Array::default);
    let answer = tokio::select! {
        biased;
        won = attempting.as_mut() => match won {
            Ok(won) => Answer { array, ..Answer::flowing(serve, won)? },
            Err(fault) => return shape.cut_short(fault),
        },
        // What was lost is known, and goes into the head, once it is known who answers.
        () = grace, if !shape.tells_loss => Answer {
            phase: Phase::Waiting(attempting, shape.stamp),
            serve,
            clamped_to: None,
            loss: None,
            array,
        },
    };
    let keep_alive = Duration::from_millis(config.keep_alive_ms);
    Ok(streamed(answer, keep_alive))
}

async fn whole(serve: &'static dyn Serve, attempting: Attempting) -> Result<Response, Fault> {
    let Won {
        reply,
        mut run,
        loss,
    } = attempting.await?;
    let meter = &mut run.meter;
    let mut bytes = Vec::with_capacity(2_048);
    let mut response = match reply {
        Reply::Whole { response, .. } => response,
        Reply::Short { whole, .. } => {
            meter.see_short(&whole);
            let receipt = meter.complete();
            whole.render(&meter.stamp(), &receipt, &mut bytes);
            return Ok(sent(meter, bytes, loss).await);
        }
        Reply::Stream(_) => {
            return Err(Fault::ours(
                "a stream came where a whole answer was asked for",
            ));
        }
    };
    meter.see_whole(&response);
    if meter.admitted().hides_thinking() {
        for choice in &mut response.choices {
            choice
                .parts
                .retain(|part| !matches!(part, Part::Reasoning(_)));
        }
    }
    let checked = routers::finish(meter.app(), meter.admitted(), &mut response);
    let receipt = meter.complete();
    serve.render_response(&response, &meter.stamp(), &receipt, &mut bytes);
    let response = sent(meter, bytes, loss).await;
    checked?;
    Ok(response)
}

/// An answer that is written, once its money is.
async fn sent(meter: &mut Meter, bytes: Vec<u8>, loss: Option<HeaderValue>) -> Response {
    if let Some(posted) = meter.take_posted() {
        posted.written().await;
    }
    let mut response = with_kind("application/json", Body::from(bytes));
    add_ours(&mut response, meter.clamped_to(), loss);
    response
}

fn with_kind(kind: &'static str, body: Body) -> Response {
    let mut response = (StatusCode::OK, body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// What Weir has to say of an answer, in its head.
fn add_ours(response: &mut Response, clamped_to: Option<u64>, loss: Option<HeaderValue>) {
    let headers = response.headers_mut();
    if let Some(limit) = clamped_to {
        headers.insert(MAX_TOKENS, HeaderValue::from(limit));
    }
    if let Some(loss) = loss {
        headers.insert(loss::HEADER, loss);
    }
}

/// The attempts at a request, under way.
pub(super) type Attempting = Pin<Box<dyn Future<Output = Result<Won, Fault>> + Send>>;

/// A streamed answer.
struct Answer {
    phase: Phase,
    serve: &'static dyn Serve,
    clamped_to: Option<u64>,
    loss: Option<HeaderValue>,
    /// Where events are wanted as elements of an array.
    array: Option<Array>,
}

enum Phase {
    /// Nobody has answered yet.
    Waiting(Attempting, Stamp),
    /// Events come.
    Flowing(Box<Flow>),
    /// The last byte was given out.
    Ended,
}

impl Answer {
    fn flowing(serve: &'static dyn Serve, won: Won) -> Result<Self, Fault> {
        let Won { reply, run, loss } = won;
        let Reply::Stream(source) = reply else {
            return Err(Fault::ours(
                "a whole answer came where a stream was asked for",
            ));
        };
        let clamped_to = run.meter.clamped_to();
        let flow = Flow::new(source, run, serve);
        Ok(Self {
            phase: Phase::Flowing(Box::new(flow)),
            serve,
            clamped_to,
            loss,
            array: None,
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
                            out.extend_from_slice(sign_of_life(self.serve.dialect()));
                            break;
                        }
                    };
                    match won.and_then(|won| Self::flowing(self.serve, won)) {
                        Ok(flowing) => {
                            let array = self.array.take();
                            *self = Self { array, ..flowing };
                        }
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
                        flow.written().await;
                        self.phase = Phase::Ended;
                    }
                }
            }
        }
        silence.broken();
        if let Some(array) = &mut self.array {
            out = array.elements(&out);
            if matches!(self.phase, Phase::Ended) {
                out.extend_from_slice(array.end());
            }
        }
        Some(Bytes::from(out))
    }
}

/// What shows that a stream lives while nobody has answered. Google's client for Python takes every line that is not
/// data for the beginning of an error, so Gemini's streams have no comments.
const fn sign_of_life(dialect: Dialect) -> &'static [u8] {
    if matches!(dialect, Dialect::Gemini) {
        b"\n\n"
    } else {
        b": OPENROUTER PROCESSING\n\n"
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

fn streamed(mut answer: Answer, keep_alive: Duration) -> Response {
    let (clamped_to, loss) = (answer.clamped_to, answer.loss.take());
    let kind = if answer.array.is_some() {
        "application/json"
    } else {
        "text/event-stream"
    };
    let state = (answer, Silence::new(keep_alive));
    let bytes = stream::unfold(state, |(mut answer, mut silence)| async move {
        let bytes = answer.next(&mut silence).await?;
        Some((Ok::<_, Infallible>(Frame::data(bytes)), (answer, silence)))
    });
    let mut response = with_kind(kind, Body::new(StreamBody::new(bytes)));
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    add_ours(&mut response, clamped_to, loss);
    response
}
