//! When which bytes go out: frames and a mood make a plan of steps, and a body walks it.
//!
//! The plan is pure, so the moods' arithmetic is tested without a socket. The body counts a write
//! as delivered when it is asked for the next one: by then the server has tried to flush it.

use std::collections::VecDeque;
use std::pin::Pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::Stream;
use futures_util::stream;
use http_body_util::StreamBody;

use super::meter::Meter;
use super::wire::Frame;
use crate::mood::{Cut, Mood, Writes};

/// A comment as vendors send to keep a stream alive.
const COMMENT: &str = ": keep-alive\n\n";

/// The connection was broken on purpose.
#[derive(Debug, thiserror::Error)]
#[error("cut by the mood")]
pub(crate) struct Broken;

/// The body of an answer.
pub(crate) type Body =
    StreamBody<Pin<Box<dyn Stream<Item = Result<http_body::Frame<Bytes>, Broken>> + Send>>>;

/// One step of sending a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Wait(Duration),
    Write(Write),
    /// Lets the server hand what it has to the system before more is written.
    Flush,
    Break,
}

/// Bytes for one write, with what they complete.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Write {
    pub(crate) bytes: Bytes,
    pub(crate) events: u64,
    pub(crate) tokens: u64,
    pub(crate) reasoning: u64,
    /// Whether it may be sent before the wait for the first token.
    early: bool,
}

/// The steps that send `frames` in this `mood`; comments stand between the events of `sse` only.
pub(crate) fn plan(frames: Vec<Frame>, mood: &Mood, sse: bool) -> VecDeque<Step> {
    let comments = if sse { mood.comments } else { 0 };
    let first_token = Duration::from_millis(mood.first_token_ms);
    let apart = Duration::from_millis(mood.between_ms);
    let share = first_token / comments.saturating_add(1);

    let mut steps = VecDeque::new();
    for _ in 0..comments {
        let bytes = Bytes::from_static(COMMENT.as_bytes());
        steps.push_back(Step::Write(Write {
            bytes,
            ..Write::default()
        }));
        steps.push_back(pause(share));
    }
    let mut waiting = Some(first_token.saturating_sub(share.saturating_mul(comments)));
    let mut first = true;
    for write in writes(cut_short(frames, mood.cut), mood.writes) {
        let wait = if write.early { None } else { waiting.take() };
        match wait {
            Some(wait) if !wait.is_zero() => steps.push_back(Step::Wait(wait)),
            Some(_) | None if !first => steps.push_back(pause(apart)),
            Some(_) | None => {}
        }
        first = false;
        steps.push_back(Step::Write(write));
    }
    if mood.cut.is_some() {
        steps.push_back(Step::Break);
    }
    steps
}

/// The body that walks the steps; the meter hears what was written, and when it ended.
pub(crate) fn body(steps: VecDeque<Step>, meter: Meter) -> Body {
    let walk = Some(Walk { steps, meter });
    StreamBody::new(Box::pin(stream::unfold(walk, walk_on)))
}

struct Walk {
    steps: VecDeque<Step>,
    meter: Meter,
}

async fn walk_on(
    walk: Option<Walk>,
) -> Option<(Result<http_body::Frame<Bytes>, Broken>, Option<Walk>)> {
    let mut walk = walk?;
    walk.meter.confirm();
    loop {
        match walk.steps.pop_front() {
            Some(Step::Wait(wait)) => tokio::time::sleep(wait).await,
            Some(Step::Flush) => tokio::task::yield_now().await,
            Some(Step::Write(write)) => {
                walk.meter.write(&write);
                return Some((Ok(http_body::Frame::data(write.bytes)), Some(walk)));
            }
            Some(Step::Break) => {
                walk.meter.finish(false);
                tokio::task::yield_now().await;
                return Some((Err(Broken), None));
            }
            None => {
                walk.meter.finish(true);
                return None;
            }
        }
    }
}

fn pause(wait: Duration) -> Step {
    if wait.is_zero() {
        Step::Flush
    } else {
        Step::Wait(wait)
    }
}

/// The frames before the cut. A frame that the cut goes through keeps its first bytes and none of
/// its tokens.
fn cut_short(mut frames: Vec<Frame>, cut: Option<Cut>) -> Vec<(Frame, u64)> {
    let mut bytes_left = match cut {
        Some(Cut::Events(events)) => {
            frames.truncate(events);
            usize::MAX
        }
        Some(Cut::Bytes(bytes)) => bytes,
        None => usize::MAX,
    };
    let mut kept = Vec::with_capacity(frames.len());
    for frame in frames {
        if bytes_left == 0 {
            break;
        }
        if frame.bytes.len() > bytes_left {
            let bytes = frame.bytes.slice(..bytes_left);
            kept.push((
                Frame {
                    early: frame.early,
                    ..Frame::silent(bytes)
                },
                0,
            ));
            break;
        }
        bytes_left -= frame.bytes.len();
        kept.push((frame, 1));
    }
    kept
}

fn writes(frames: Vec<(Frame, u64)>, how: Writes) -> Vec<Write> {
    let per_event = frames.into_iter().map(|(frame, events)| Write {
        bytes: frame.bytes,
        events,
        tokens: frame.tokens,
        reasoning: frame.reasoning,
        early: frame.early,
    });
    match how {
        Writes::PerEvent => per_event.collect(),
        Writes::AllAtOnce => regroup(per_event, usize::MAX),
        Writes::Bytes(size) => regroup(per_event, size.max(1)),
    }
}

/// The same bytes in writes of `size`; an event counts in the write that ends it.
fn regroup(events: impl Iterator<Item = Write>, size: usize) -> Vec<Write> {
    let mut writes = Vec::new();
    let mut open = Write {
        early: true,
        ..Write::default()
    };
    let mut buffer = BytesMut::new();
    for mut event in events {
        while !event.bytes.is_empty() {
            let part = event
                .bytes
                .split_to(event.bytes.len().min(size - buffer.len()));
            buffer.extend_from_slice(&part);
            open.early &= event.early;
            if event.bytes.is_empty() {
                open.events += event.events;
                open.tokens += event.tokens;
                open.reasoning += event.reasoning;
            }
            if buffer.len() == size {
                let bytes = buffer.split().freeze();
                let next = Write {
                    early: true,
                    ..Write::default()
                };
                writes.push(Write {
                    bytes,
                    ..std::mem::replace(&mut open, next)
                });
            }
        }
    }
    if !buffer.is_empty() {
        writes.push(Write {
            bytes: buffer.freeze(),
            ..open
        });
    }
    writes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames() -> Vec<Frame> {
        let early = Frame {
            early: true,
            ..Frame::silent("data: start\n\n")
        };
        vec![
            early,
            Frame::token("data: größer\n\n"),
            Frame::thought("data: b\n\n"),
        ]
    }

    fn written(steps: &VecDeque<Step>) -> Vec<&Write> {
        let mut written = Vec::new();
        for step in steps {
            if let Step::Write(write) = step {
                written.push(write);
            }
        }
        written
    }

    fn text(steps: &VecDeque<Step>) -> Vec<u8> {
        written(steps)
            .iter()
            .flat_map(|write| write.bytes.to_vec())
            .collect()
    }

    #[test]
    fn however_it_is_written_the_same_bytes_and_tokens_go_out() {
        let whole = text(&plan(frames(), &Mood::default(), true));
        for how in [
            Writes::PerEvent,
            Writes::AllAtOnce,
            Writes::Bytes(0),
            Writes::Bytes(5),
        ] {
            let steps = plan(
                frames(),
                &Mood {
                    writes: how,
                    ..Mood::default()
                },
                true,
            );
            assert_eq!(text(&steps), whole);
            let writes = written(&steps);
            let sum = |part: fn(&Write) -> u64| writes.iter().map(|write| part(write)).sum::<u64>();
            assert_eq!(
                (
                    sum(|it| it.events),
                    sum(|it| it.tokens),
                    sum(|it| it.reasoning)
                ),
                (3, 2, 1)
            );
        }
        let single = plan(
            frames(),
            &Mood {
                writes: Writes::Bytes(1),
                ..Mood::default()
            },
            true,
        );
        assert_eq!(written(&single).len(), whole.len());
    }

    #[test]
    fn a_cut_keeps_exactly_what_came_before_it() {
        let whole = text(&plan(frames(), &Mood::default(), true));
        for end in 0..whole.len() + 3 {
            let steps = plan(frames(), &Mood::cutting(Cut::Bytes(end)), true);
            assert_eq!(text(&steps), whole[..end.min(whole.len())]);
            assert_eq!(steps.back(), Some(&Step::Break));
        }
        let steps = plan(frames(), &Mood::cutting(Cut::Events(2)), true);
        assert_eq!(
            written(&steps)
                .iter()
                .map(|write| write.tokens)
                .sum::<u64>(),
            1
        );
        let half = plan(frames(), &Mood::cutting(Cut::Bytes(20)), true);
        assert_eq!(
            written(&half).iter().map(|write| write.events).sum::<u64>(),
            1
        );
    }

    #[test]
    fn comments_share_the_wait_for_the_first_token() {
        let mood = Mood {
            comments: 2,
            first_token_ms: 30,
            between_ms: 4,
            ..Mood::default()
        };
        let steps = plan(frames(), &mood, true);
        let waits: Vec<u64> = steps
            .iter()
            .filter_map(|step| {
                if let Step::Wait(wait) = step {
                    Some(wait)
                } else {
                    None
                }
            })
            .map(|wait| u64::try_from(wait.as_millis()).unwrap())
            .collect();
        assert_eq!(waits, [10, 10, 10, 4]);
        assert!(text(&steps).starts_with(b": keep-alive\n\n: keep-alive\n\ndata: start"));
        assert!(!text(&plan(frames(), &mood, false)).starts_with(b":"));
    }
}
