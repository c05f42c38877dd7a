//! Reading a whole answer: a stream of one line, added up. So `fold(events) == response` holds by construction.

use canon::{Response, fold};

use super::stream::{AS_WRITTEN, Stream};
use crate::{Error, Fields, Step};

/// Reads a whole answer.
///
/// # Errors
/// It has no message, or something in it is not what it should be.
pub(super) fn parse_response(body: &[u8]) -> Result<Response, Error> {
    let fields = Fields::parse_keeping(body, AS_WRITTEN)?;
    if !fields.has("message") {
        return Err(fields.missing("message", "an object"));
    }
    let mut steps = Vec::new();
    Stream::default().read(fields, &mut steps)?;
    let events = steps.into_iter().filter_map(|step| match step {
        Step::Event(event) => Some(event),
        Step::Error(_) | Step::End => None,
    });
    // No event is a fault here: those are the callers' to make.
    Ok(fold(events).unwrap_or_else(|broken| broken.response))
}
