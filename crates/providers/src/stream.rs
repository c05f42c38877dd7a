//! A streamed answer under way: bytes to events, with a deadline on every silence.

use std::{collections::VecDeque, fmt, future::poll_fn, pin::Pin, task::Poll, time::Duration};

use bytes::Bytes;
use canon::{Event, Fault};
use dialects::{
    ParseStream, Step,
    framing::sse::{Item, Reader},
};
use http_body::Body;
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::{Limits, Upstream, verdict};

/// A streamed answer that has shown life.
///
/// Dropping it before its end closes the connection at once, which makes the vendor stop where it can
/// ([`Upstream::cancel_stops_billing`]); behind its end the connection is kept for the next call.
pub struct EventStream(Stream<Incoming>);

/// What came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Events; they are in `out`.
    Events,
    /// A comment, or a frame that says nothing: the vendor lives.
    Comment,
    /// The answer came to its own end. Nothing follows.
    End,
}

/// Until when a stream must have begun, and ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadlines {
    pub(crate) start: Instant,
    pub(crate) end: Instant,
}

/// A stream over any body, so that the clock can be tested without a network.
struct Stream<B> {
    upstream: Upstream,
    body: B,
    reader: Reader,
    parser: Box<dyn ParseStream>,
    steps: Vec<Step>,
    /// Read while waiting for life; given out first.
    early: VecDeque<Event>,
    /// Given out once the events before it are.
    fault: Option<Box<Fault>>,
    state: State,
    limits: Limits,
    deadlines: Deadlines,
    /// When the last byte came, and when the last event that says something.
    last_byte: Instant,
    last_data: Instant,
    /// One timer for all waits. It is only set anew when it fires: most waits end before.
    timer: Pin<Box<Sleep>>,
}

/// How far a stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nothing has been said.
    Waiting,
    /// It has shown life.
    Alive,
    /// It came to its own end.
    Ended,
    /// It broke.
    Broken,
}

/// What a read brought.
enum Read {
    Bytes(Bytes),
    Nothing,
    End,
    Failed(Box<Fault>),
}

impl EventStream {
    pub(crate) fn new(
        upstream: Upstream,
        body: Incoming,
        limits: Limits,
        deadlines: Deadlines,
    ) -> Self {
        Self(Stream::new(upstream, body, limits, deadlines))
    }

    /// Waits for more. Events are appended to `out`, all those that came in one piece of the answer at once.
    ///
    /// Cancel safe: where the future is dropped, nothing is lost.
    ///
    /// # Errors
    /// The answer broke: the vendor said so, the connection was cut, a frame was garbage or too long, or a limit of
    /// [`Limits`] passed. Nothing follows; what came before stands.
    pub async fn next(&mut self, out: &mut Vec<Event>) -> Result<Progress, Box<Fault>> {
        self.0.next(out).await
    }

    /// Puts the events that were read while waiting for life back to the front. From here on the limits of a stream
    /// that has begun hold.
    pub(crate) fn give_back(&mut self, events: Vec<Event>) {
        self.0.early = events.into();
        self.0.state = match self.0.state {
            State::Waiting => State::Alive,
            other @ (State::Alive | State::Ended | State::Broken) => other,
        };
    }
}

impl fmt::Debug for EventStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream")
            .field("upstream", self.0.upstream.id())
            .field("state", &self.0.state)
            .finish_non_exhaustive()
    }
}

impl<B> Stream<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: std::error::Error + Send + Sync + 'static,
{
    fn new(upstream: Upstream, body: B, limits: Limits, deadlines: Deadlines) -> Self {
        let now = Instant::now();
        Self {
            body,
            reader: Reader::new(limits.frame_bytes_max),
            parser: upstream.codec().stream(),
            upstream,
            steps: Vec::new(),
            early: VecDeque::new(),
            fault: None,
            state: State::Waiting,
            limits,
            deadlines,
            last_byte: now,
            last_data: now,
            timer: Box::pin(sleep_until(deadlines.start)),
        }
    }

    async fn next(&mut self, out: &mut Vec<Event>) -> Result<Progress, Box<Fault>> {
        if !self.early.is_empty() {
            out.extend(self.early.drain(..));
            return Ok(Progress::Events);
        }
        loop {
            if let Some(fault) = self.fault.take() {
                self.state = State::Broken;
                return Err(fault);
            }
            match self.state {
                State::Ended => return Ok(Progress::End),
                State::Broken => return Err(verdict::cut(&self.upstream, None)),
                State::Waiting | State::Alive => {}
            }
            let before = out.len();
            let mut lives = false;
            match self.read().await {
                Read::Bytes(bytes) => match self.take_in(&bytes, out) {
                    Ok(items) => lives = items > 0,
                    Err(fault) => self.fault = Some(fault),
                },
                Read::Nothing => {}
                Read::End => self.close(out),
                Read::Failed(fault) => self.fault = Some(fault),
            }
            if out.len() > before {
                return Ok(Progress::Events);
            }
            if lives && self.fault.is_none() && self.state != State::Ended {
                return Ok(Progress::Comment);
            }
        }
    }

    /// One piece of the body, or the deadline.
    async fn read(&mut self) -> Read {
        let deadline = self.deadline();
        // A vendor that sends comments without end never waits for the timer.
        if Instant::now() >= deadline {
            return Read::Failed(verdict::timed_out(&self.upstream, self.waiting_for()));
        }
        if deadline < self.timer.deadline() {
            self.timer.as_mut().reset(deadline);
        }
        let read = poll_fn(|cx| {
            if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
                return Poll::Ready(Some(frame));
            }
            while self.timer.as_mut().poll(cx).is_ready() {
                if deadline <= Instant::now() {
                    return Poll::Ready(None);
                }
                self.timer.as_mut().reset(deadline);
            }
            Poll::Pending
        })
        .await;
        match read {
            None => Read::Failed(verdict::timed_out(&self.upstream, self.waiting_for())),
            Some(None) => Read::End,
            Some(Some(Ok(frame))) => match frame.into_data() {
                Ok(bytes) => Read::Bytes(bytes),
                Err(_) => Read::Nothing,
            },
            // The answer may have come to its end before the connection did.
            Some(Some(Err(_))) if self.parser.is_complete() => Read::End,
            Some(Some(Err(error))) => {
                Read::Failed(verdict::cut(&self.upstream, Some(error.into())))
            }
        }
    }

    fn deadline(&self) -> Instant {
        let within = |from: Instant, ms| from + Duration::from_millis(ms);
        let next = match self.state {
            State::Waiting => self.deadlines.start,
            State::Alive | State::Ended | State::Broken => {
                within(self.last_byte, self.limits.idle_ms)
                    .min(within(self.last_data, self.limits.data_gap_ms))
            }
        };
        next.min(self.deadlines.end)
    }

    fn waiting_for(&self) -> &'static str {
        match self.state {
            State::Waiting => "first event",
            State::Alive | State::Ended | State::Broken => "next event",
        }
    }

    /// Cuts frames out of a piece and reads them; says how many there were, comments included. What the vendor
    /// says went wrong is remembered, not returned.
    ///
    /// # Errors
    /// A frame is garbage or too long.
    fn take_in(&mut self, bytes: &[u8], out: &mut Vec<Event>) -> Result<usize, Box<Fault>> {
        self.last_byte = Instant::now();
        self.reader
            .push(bytes)
            .map_err(|too_long| verdict::garbage(&self.upstream, too_long))?;
        let mut items = 0;
        while self.fault.is_none() && self.state != State::Ended {
            let Some(item) = self.reader.next() else {
                break;
            };
            items += 1;
            let Item::Frame(frame) = item else { continue };
            let parsed = self.parser.frame(&frame, &mut self.steps);
            let before = out.len();
            self.follow(out);
            if out.len() > before {
                self.last_data = self.last_byte;
            }
            parsed.map_err(|error| verdict::garbage(&self.upstream, error))?;
        }
        Ok(items)
    }

    /// Does what the steps of one frame say, up to an end or an error.
    fn follow(&mut self, out: &mut Vec<Event>) {
        for step in self.steps.drain(..) {
            match step {
                Step::Event(Event::Fault(fault)) => self.fault = Some(fault),
                Step::Event(event) => out.push(event),
                Step::Error(error) => {
                    self.fault = Some(verdict::in_stream(&self.upstream, &error));
                }
                Step::End => self.state = State::Ended,
            }
            if self.fault.is_some() || self.state == State::Ended {
                break;
            }
        }
    }

    /// The bytes are at their end: reads what has no empty line behind it, and asks whether the answer is whole.
    fn close(&mut self, out: &mut Vec<Event>) {
        // Half a frame is not garbage, the stream was cut there; so what this says about it does not matter.
        let _is_half = !self.reader.is_empty() && self.take_in(b"\n\n", out).is_err();
        if self.fault.is_some() || self.state == State::Ended {
            return;
        }
        if self.parser.is_complete() {
            self.state = State::Ended;
        } else {
            self.fault = Some(verdict::cut(&self.upstream, None));
        }
    }
}
