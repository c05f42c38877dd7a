//! Whole answers, both ways. Reading one is reading a stream of one frame and adding it up, so
//! `fold(events) == response` holds by construction.

mod render;
mod whole;

use canon::{Event, Response, fold};

pub(super) use render::render_response;
pub(crate) use whole::{Said, read_whole};

use super::stream::{AS_WRITTEN, Stream};
use crate::{Error, Fields, Step};

/// Reads a whole answer.
///
/// # Errors
/// It has neither candidates nor a reason why the prompt was blocked, or something in it is not
/// what it should be.
pub(super) fn parse_response(body: &[u8]) -> Result<Response, Error> {
    let fields = Fields::parse_keeping(body, AS_WRITTEN)?;
    if !fields.has("candidates") && !fields.has("promptFeedback") {
        return Err(fields.missing("candidates", "an array"));
    }
    let mut stream = Stream::default();
    let mut steps = Vec::new();
    stream.read(fields, &mut steps)?;
    stream.flush(&mut steps);
    let mut events: Vec<Event> = Vec::with_capacity(steps.len());
    for step in steps {
        match step {
            Step::Event(event) => events.push(event),
            Step::Error(_) | Step::End => {}
        }
    }
    // No event is a fault here: those are the callers' to make.
    Ok(fold(events).unwrap_or_else(|broken| broken.response))
}
