//! A streamed answer under way: bytes to events, with a deadline on every silence.

use std::{collections::VecDeque, fmt, future::poll_fn, pin::Pin, task::Poll, time::Duration};

use bytes::Bytes;
use canon::{Event, Fault};
use dialects::{
    Emulation, Framing, ParseStream, Short, Step,
    framing::{Item, Reader},
};
use http_body::Body;
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep, sleep_until, timeout};

use crate::{Limits, Upstream, Way, verdict};

/// How long the end of the answer may wait for the end of its body.
const LINGER_MS: u64 = 20;

/// A streamed answer that has shown life.
///
/// Dropping it before its end closes the connection at once, which makes the vendor stop where it
/// can ([`Upstream::cancel_stops_billing`]); behind its end the connection is kept for the next
/// call.
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
    /// For how long the vendor wants to be left alone.
    rest_ms: Option<u64>,
    body: B,
    reader: Reader,
    parser: Short,
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
    /// Bytes that came, framing included.
    received: u64,
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
        whom: (Upstream, &Way, Option<Emulation>),
        body: Incoming,
        limits: Limits,
        deadlines: Deadlines,
    ) -> Self {
        Self(Stream::new(whom, body, limits, deadlines))
    }

    /// As of [`crate::Reply::rest_ms`].
    pub(crate) const fn rest_ms(&self) -> Option<u64> {
        self.0.rest_ms
    }

    /// How many bytes came so far, framing included.
    #[must_use]
    pub const fn received(&self) -> u64 {
        self.0.received
    }

    pub(crate) const fn set_rest_ms(&mut self, rest_ms: Option<u64>) {
        self.0.rest_ms = rest_ms;
    }

    /// Waits for more. Events are appended to `out`, all those that came in one piece of the answer
    /// at once.
    ///
    /// Cancel safe: where the future is dropped, nothing is lost.
    ///
    /// # Errors
    /// The answer broke: the vendor said so, the connection was cut, a frame was garbage or too
    /// long, or a limit of [`Limits`] passed. Nothing follows; what came before stands.
    pub async fn next(&mut self, out: &mut Vec<Event>) -> Result<Progress, Box<Fault>> {
        self.0.next(out).await
    }

    /// Puts the events that were read while waiting for life back to the front. From here on the
    /// limits of a stream that has begun hold.
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
    fn new(
        (upstream, way, emulation): (Upstream, &Way, Option<Emulation>),
        body: B,
        limits: Limits,
        deadlines: Deadlines,
    ) -> Self {
        let now = Instant::now();
        let parser = way.codec().stream(way.form());
        let framing = way.codec().framing(way.form());
        let frame_bytes_max = match framing {
            Framing::Whole => limits.response_bytes_max,
            Framing::Sse | Framing::AwsEventStream | Framing::JsonLines => limits.frame_bytes_max,
        };
        Self {
            body,
            reader: Reader::new(framing, frame_bytes_max),
            parser: Short::new(match emulation {
                Some(emulation) => emulation.stream(parser),
                None => parser,
            }),
            upstream,
            rest_ms: None,
            steps: Vec::new(),
            early: VecDeque::new(),
            fault: None,
            state: State::Waiting,
            limits,
            deadlines,
            last_byte: now,
            received: 0,
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
                State::Ended => {
                    self.linger().await;
                    return Ok(Progress::End);
                }
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

    /// Behind the end marker, HTTP itself has an end too, mostly in the same packet. Reading it
    /// keeps the connection for the next call.
    async fn linger(&mut self) {
        let rest = async {
            while let Some(Ok(_)) = poll_fn(|cx| Pin::new(&mut self.body).poll_frame(cx)).await {}
        };
        // Whoever takes longer loses the connection, nothing else.
        let _in_time = timeout(Duration::from_millis(LINGER_MS), rest)
            .await
            .is_ok();
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

    /// Cuts frames out of a piece and reads them; says how many there were, comments included. What
    /// the vendor says went wrong is remembered, not returned.
    ///
    /// # Errors
    /// A frame is garbage or too long.
    fn take_in(&mut self, bytes: &[u8], out: &mut Vec<Event>) -> Result<usize, Box<Fault>> {
        self.last_byte = Instant::now();
        self.received += u64::try_from(bytes.len()).unwrap_or(0);
        self.reader
            .push(bytes)
            .map_err(|error| verdict::garbage(&self.upstream, error))?;
        self.read_frames(out)
    }

    /// Reads the frames that are whole; says how many there were, comments included.
    ///
    /// # Errors
    /// A frame is garbage.
    fn read_frames(&mut self, out: &mut Vec<Event>) -> Result<usize, Box<Fault>> {
        let mut items = 0;
        while self.fault.is_none() && self.state != State::Ended {
            let next = self.reader.next();
            let Some(item) = next.map_err(|error| verdict::garbage(&self.upstream, error))? else {
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

    /// The bytes are at their end: reads what has no empty line behind it, and asks whether the
    /// answer is whole.
    fn close(&mut self, out: &mut Vec<Event>) {
        // Half a frame is not garbage, the stream was cut there; so what this says about it does
        // not matter.
        let _is_half = self.reader.close() && self.read_frames(out).is_err();
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

#[cfg(test)]
mod tests {
    use std::task::Context;

    use canon::{Dialect, Kind};
    use http_body::Frame;

    use super::*;
    use crate::{DataPolicy, OwnProvider};

    const START_MS: u64 = 1_000;
    const TEXT: &str = "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\"}]}}]}\n\n";
    const FINISH: &str = "data: {\"candidates\":[{\"finishReason\":\"STOP\"}]}\n\n";
    const COMMENT: &str = ": still here\n\n";

    /// A body whose pieces come after so many milliseconds each, and which then never ends.
    struct Script {
        pieces: VecDeque<(u64, &'static str)>,
        wait: Option<Pin<Box<Sleep>>>,
    }

    impl Body for Script {
        type Data = Bytes;
        type Error = std::io::Error;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
            let Some((after_ms, piece)) = self.pieces.front().copied() else {
                return Poll::Pending;
            };
            let wait = self.wait.get_or_insert_with(|| {
                Box::pin(tokio::time::sleep(Duration::from_millis(after_ms)))
            });
            if wait.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            self.wait = None;
            self.pieces.pop_front();
            Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(piece.as_bytes())))))
        }
    }

    /// How the stream ended and after how many milliseconds; the limits are those of production.
    async fn run(pieces: &[(u64, &'static str)]) -> (Result<usize, Kind>, u64) {
        let upstream = Upstream::own(OwnProvider {
            auth: None,
            id: "lab".to_owned(),
            name: "Lab".to_owned(),
            dialect: Dialect::Gemini,
            base_url: "http://127.0.0.1:1".to_owned(),
            also: Vec::new(),
            key: None,
            data_policy: DataPolicy::UNKNOWN,
        })
        .unwrap();
        let body = Script {
            pieces: pieces.iter().copied().collect(),
            wait: None,
        };
        let limits = Limits::default();
        let began = Instant::now();
        let deadlines = Deadlines {
            start: began + Duration::from_millis(START_MS),
            end: began + Duration::from_millis(limits.total_ms),
        };
        let way = upstream.way(Dialect::Gemini, "lab/model");
        let mut stream = Stream::new((upstream.clone(), way, None), body, limits, deadlines);
        let mut events = Vec::new();
        let end = loop {
            match stream.next(&mut events).await {
                Ok(Progress::Events) => stream.state = State::Alive,
                Ok(Progress::Comment) => {}
                Ok(Progress::End) => break Ok(events.len()),
                Err(fault) => break Err(fault.kind),
            }
        };
        let ms = u64::try_from(began.elapsed().as_millis()).unwrap();
        (end, ms)
    }

    #[tokio::test(start_paused = true)]
    async fn a_vendor_that_never_begins_is_given_up_in_time_whatever_it_comments() {
        for pieces in [&[][..], &[(400, COMMENT), (400, COMMENT), (400, COMMENT)]] {
            let (end, ms) = run(pieces).await;
            assert_eq!(end, Err(Kind::Timeout));
            assert!((START_MS..=START_MS + 10).contains(&ms), "{ms}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_silence_within_a_stream_is_found() {
        let idle_ms = Limits::default().idle_ms;
        let (end, ms) = run(&[(5, TEXT), (idle_ms - 1, TEXT), (idle_ms + 1_000, TEXT)]).await;
        assert_eq!(end, Err(Kind::Timeout));
        let expected = 5 + idle_ms - 1 + idle_ms;
        assert!((expected..=expected + 10).contains(&ms), "{ms}");
    }

    #[tokio::test(start_paused = true)]
    async fn comments_keep_a_stream_alive_but_not_for_ever() {
        let Limits {
            idle_ms,
            data_gap_ms,
            ..
        } = Limits::default();
        let every = idle_ms / 2;
        let comments = [(every, COMMENT); 10];
        let (end, ms) = run(&[&[(5, TEXT)][..], &comments].concat()).await;
        assert_eq!(end, Err(Kind::Timeout));
        let expected = 5 + data_gap_ms;
        assert!((expected..=expected + 10).contains(&ms), "{ms}");
    }

    #[tokio::test(start_paused = true)]
    async fn the_whole_call_has_an_end() {
        let total_ms = Limits::default().total_ms;
        let (end, ms) = run(&[(900, TEXT); 5_000]).await;
        assert_eq!(end, Err(Kind::Timeout));
        assert!((total_ms..=total_ms + 10).contains(&ms), "{ms}");
    }

    #[tokio::test(start_paused = true)]
    async fn pieces_of_a_frame_are_no_sign_of_anything() {
        let (head, tail) = TEXT.split_at(20);
        let (end, _) = run(&[(5, head), (5, tail), (5, FINISH)]).await;
        // Gemini has no end marker and this body no end: the silence after it is what ends the
        // test.
        assert_eq!(end, Err(Kind::Timeout));
    }
}
