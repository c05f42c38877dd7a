//! One call: render, sign, send, read. The only code that dials out to models.

mod body;
mod count;
mod failure;
mod life;

use std::time::Duration;

use bytes::Bytes;
use canon::{Dialect, Fault, Response};
use dialects::{Emulation, Framing, Loss, Target, Whole};
use http::{HeaderMap, HeaderName, HeaderValue, Request, header};
use http_body_util::Full;
use hyper::body::Incoming;
use tokio::time::{Instant, timeout_at};

pub(crate) use self::body::Unread;
use self::{
    body::{collect, collect_up_to, is_not_a_stream},
    life::{has_failed, says_something, shows_life},
};
pub use self::{
    count::count,
    failure::{Failure, Sent},
};
use crate::{
    Client, EventStream, Limits, Progress, SendError, Upstream, Way, auth::is_over,
    stream::Deadlines, verdict,
};

/// The most that is read of an error's body.
const ERROR_BYTES_MAX: usize = 64 << 10;

/// A request and whom it goes to.
#[derive(Debug)]
pub struct Outgoing<'a> {
    /// Whom.
    pub upstream: &'a Upstream,
    /// On which of its wires ([`Upstream::way`]).
    pub way: &'a Way,
    /// Which model there, and in what form.
    pub target: Target<'a>,
    /// What is asked. `stream` says how the answer shall come.
    pub request: &'a canon::Request,
    /// How long and how much.
    pub limits: &'a Limits,
    /// Our id of the request; sent along as `x-request-id`, for both sides' books.
    pub request_id: &'a str,
    /// The time in seconds since 1970, for what is signed.
    pub now_s: i64,
    /// What the vendor's dialect could not say is added here.
    pub loss: &'a mut Vec<Loss>,
}

/// What came back.
#[derive(Debug)]
pub enum Reply {
    /// The whole answer; it says something.
    Whole {
        /// The answer.
        response: Response,
        /// The vendor's HTTP status.
        status: u16,
        /// As of [`Reply::rest_ms`].
        rest_ms: Option<u64>,
    },
    /// The same for a caller of the vendor's dialect ([`call_for`]), read no further than that needs.
    Short {
        /// The answer.
        whole: Box<Whole>,
        /// The vendor's HTTP status.
        status: u16,
        /// As of [`Reply::rest_ms`].
        rest_ms: Option<u64>,
    },
    /// An answer that has begun to say something.
    Stream(EventStream),
}

impl Reply {
    /// For how many milliseconds the vendor wants to be left alone from here on: a budget of its is exhausted, and
    /// the next request would be refused.
    #[must_use]
    pub const fn rest_ms(&self) -> Option<u64> {
        match self {
            Self::Whole { rest_ms, .. } | Self::Short { rest_ms, .. } => *rest_ms,
            Self::Stream(events) => events.rest_ms(),
        }
    }
}

/// Calls a vendor. Returns once the whole answer is here or a streamed one has shown life (an event
/// that says something), so that until then another provider can take over unnoticed.
///
/// Dropping the future hangs up.
///
/// # Errors
/// Anything that leaves the caller without an answer: the request cannot be said in the dialect,
/// nobody answers in time, an error status, an error under status 200, an answer that is empty,
/// garbage or too long.
pub async fn call(client: &Client, outgoing: Outgoing<'_>) -> Result<Reply, Failure> {
    call_for(client, outgoing, None).await
}

/// The same for a caller of this dialect, to whom an answer in it may be passed on unread: [`Reply::Short`].
///
/// # Errors
/// As of [`call`].
pub async fn call_for(
    client: &Client,
    outgoing: Outgoing<'_>,
    caller: Option<Dialect>,
) -> Result<Reply, Failure> {
    let Outgoing {
        upstream,
        way,
        target,
        request,
        limits,
        request_id,
        now_s,
        loss,
    } = outgoing;
    let started = Instant::now();
    let (body, emulation) = dialects::render(way.codec(), request, &target, loss)
        .map_err(|error| Failure::unsent(verdict::unsayable(error)))?;
    let body = Bytes::from(body);
    let mut message = address(
        (upstream, way),
        &target,
        Message {
            stream: request.stream,
            request_id,
            body: body.clone(),
        },
    )?;
    let signed = way.signer().sign(client, &mut message, (&body, now_s));
    signed
        .await
        .map_err(|error| Failure::unsent(verdict::unsigned(upstream, error)))?;
    drop(body);
    let attempt = Attempt {
        upstream,
        way,
        limits,
        started,
        stream: request.stream,
        // What was said in other words has to be put back into those of the request.
        short: caller.filter(|caller| *caller == way.codec().dialect() && emulation.is_none()),
        emulation,
    };
    let response = attempt.send(client, message).await?;
    attempt.read(response).await
}

/// A rendered request.
struct Message<'a> {
    stream: bool,
    request_id: &'a str,
    body: Bytes,
}

/// A call under way.
struct Attempt<'a> {
    upstream: &'a Upstream,
    way: &'a Way,
    limits: &'a Limits,
    started: Instant,
    stream: bool,
    /// In which dialect the answer may be passed on.
    short: Option<Dialect>,
    /// Puts the answer back into the words of the request.
    emulation: Option<Emulation>,
}

/// Puts the address and the head on a rendered request, but for what is signed anew each time.
fn address(
    (upstream, way): (&Upstream, &Way),
    target: &Target<'_>,
    message: Message<'_>,
) -> Result<Request<Full<Bytes>>, Failure> {
    let uri = way
        .uri(target.upstream_model, message.stream)
        .ok_or_else(|| Failure::unsent(verdict::unaddressable(upstream)))?;
    let mut request = Request::new(Full::new(message.body));
    *request.method_mut() = http::Method::POST;
    *request.uri_mut() = uri;
    *request.headers_mut() = way.headers().clone();
    let accept = match way.codec().framing(way.form()) {
        _ if !message.stream => "application/json",
        Framing::Sse => "text/event-stream",
        Framing::AwsEventStream => "application/vnd.amazon.eventstream",
        Framing::JsonLines => "application/x-ndjson",
        Framing::Whole => "application/json",
    };
    let accept = HeaderValue::from_static(accept);
    request.headers_mut().insert(header::ACCEPT, accept);
    if let Ok(id) = HeaderValue::from_str(message.request_id) {
        request
            .headers_mut()
            .insert(HeaderName::from_static("x-request-id"), id);
    }
    Ok(request)
}

impl Attempt<'_> {
    /// Sends, and waits for the head of the answer.
    async fn send(
        &self,
        client: &Client,
        message: Request<Full<Bytes>>,
    ) -> Result<http::Response<Incoming>, Failure> {
        let connect = Duration::from_millis(self.limits.connect_ms);
        match timeout_at(self.patience(), client.send(message, connect)).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error @ SendError::Connect(_))) => {
                Err(Failure::unsent(verdict::unreachable(self.upstream, error)))
            }
            Ok(Err(SendError::ConnectTimedOut)) => Err(Failure::unsent(verdict::timed_out(
                self.upstream,
                "connect",
            ))),
            Ok(Err(error @ SendError::Broken(_))) => {
                Err(Failure::sent(verdict::broken(self.upstream, error)))
            }
            Err(_) => Err(Failure::sent(verdict::timed_out(self.upstream, "answer"))),
        }
    }

    /// Until when something must have come.
    fn patience(&self) -> Instant {
        let limit = if self.stream && !self.comes_whole() {
            self.limits.first_byte_ms
        } else {
            self.limits.whole_ms
        };
        self.started + Duration::from_millis(limit.min(self.limits.total_ms))
    }

    /// Whether the vendor answers in one piece, however the caller wants it.
    fn comes_whole(&self) -> bool {
        self.way.codec().framing(self.way.form()) == Framing::Whole
    }

    async fn read(&self, response: http::Response<Incoming>) -> Result<Reply, Failure> {
        let (head, body) = response.into_parts();
        let status = head.status.as_u16();
        if !head.status.is_success() {
            return Err(self.refused(status, &head.headers, body).await);
        }
        if !self.stream {
            return self.read_whole(status, &head.headers, body).await;
        }
        if is_not_a_stream(&head.headers, self.comes_whole()) {
            return Err(self.refused(status, &head.headers, body).await);
        }
        let deadlines = Deadlines {
            start: self.patience(),
            end: self.started + Duration::from_millis(self.limits.total_ms),
        };
        let mut events = EventStream::new(
            (self.upstream.clone(), self.way, self.emulation.clone()),
            body,
            *self.limits,
            deadlines,
        );
        events.set_rest_ms(verdict::rest_ahead(&head.headers));
        self.peek(events).await.map_err(|fault| Failure {
            fault,
            status: Some(status),
            sent: Sent::Maybe,
        })
    }

    /// Reads until the stream shows life.
    async fn peek(&self, mut stream: EventStream) -> Result<Reply, Box<Fault>> {
        let mut seen = Vec::new();
        loop {
            let before = seen.len();
            match stream.next(&mut seen).await? {
                Progress::Events => {
                    let new = seen.get(before..).unwrap_or_default();
                    if new.iter().any(has_failed) {
                        return Err(verdict::empty(self.upstream));
                    }
                    if new.iter().any(shows_life) {
                        stream.give_back(seen);
                        return Ok(Reply::Stream(stream));
                    }
                }
                Progress::Comment => {}
                Progress::End => return Err(verdict::empty(self.upstream)),
            }
        }
    }

    async fn read_whole(
        &self,
        status: u16,
        headers: &HeaderMap,
        body: Incoming,
    ) -> Result<Reply, Failure> {
        let failed = |fault| Failure {
            fault,
            status: Some(status),
            sent: Sent::Maybe,
        };
        let bytes = timeout_at(
            self.patience(),
            collect(body, self.limits.response_bytes_max),
        )
        .await
        .map_err(|_| failed(verdict::timed_out(self.upstream, "answer")))?
        .map_err(|error| failed(verdict::unreadable(self.upstream, error)))?;
        if let Some(dialect) = self.short
            && let Some(whole) = Whole::read(dialect, &bytes)
        {
            return Ok(Reply::Short {
                whole: Box::new(whole),
                status,
                rest_ms: verdict::rest_ahead(headers),
            });
        }
        let codec = self.way.codec();
        let mut parsed = codec.parse_response(&bytes);
        if let (Some(emulation), Ok(response)) = (&self.emulation, &mut parsed) {
            emulation.whole(response);
        }
        if let Ok(response) = parsed.as_ref()
            && says_something(response)
        {
            return parsed
                .map(|response| Reply::Whole {
                    response,
                    status,
                    rest_ms: verdict::rest_ahead(headers),
                })
                .map_err(|error| failed(verdict::garbage(self.upstream, error)));
        }
        // No answer: nothing at all, an error under a good status, or garbage.
        let stated = codec.parse_error(status, &bytes);
        let says_why = stated.code.is_some() || stated.message.is_some();
        let fault = match parsed {
            _ if bytes.trim_ascii().is_empty() => verdict::empty(self.upstream),
            Ok(response) if !response.choices.is_empty() => verdict::empty(self.upstream),
            Ok(_) | Err(_) if says_why => {
                Box::new(verdict::judge(self.upstream, status, headers, &stated))
            }
            Ok(_) => verdict::empty(self.upstream),
            Err(error) => verdict::garbage(self.upstream, error),
        };
        Err(failed(fault))
    }

    /// Judges an answer that is none.
    async fn refused(&self, status: u16, headers: &HeaderMap, body: Incoming) -> Failure {
        if status == 401 || is_over(status, headers) {
            self.way.signer().refused();
        }
        // What cannot be read of an error's body only makes the verdict less exact.
        let read = async { collect_up_to(body, ERROR_BYTES_MAX).await };
        let bytes = timeout_at(self.patience(), read).await.unwrap_or_default();
        let stated = self.way.codec().parse_error(status, &bytes);
        Failure {
            fault: Box::new(verdict::judge(self.upstream, status, headers, &stated)),
            status: Some(status),
            sent: Sent::Maybe,
        }
    }
}
