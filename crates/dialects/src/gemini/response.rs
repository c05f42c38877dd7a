//! Reading a whole answer: a stream of one frame, added up. So `fold(events) == response` holds by
//! construction.

use std::collections::BTreeMap;

use canon::{Dialect, Event, Extras, Response, fold};

use super::stream::Stream;
use crate::{Error, Fields, Step};

/// Reads a whole answer.
///
/// # Errors
/// It has neither candidates nor a reason why the prompt was blocked, or something in it is not
/// what it should be.
pub(super) fn parse_response(body: &[u8]) -> Result<Response, Error> {
    let fields = Fields::parse(body)?;
    if !fields.has("candidates") && !fields.has("promptFeedback") {
        return Err(fields.missing("candidates", "an array"));
    }
    let mut stream = Stream::default();
    let mut steps = Vec::new();
    let mut leftovers = BTreeMap::new();
    stream.read(fields, &mut steps, |choice, rest| {
        leftovers.insert(choice, rest);
    })?;
    let mut events: Vec<Event> = Vec::with_capacity(steps.len());
    for step in steps {
        match step {
            Step::Event(event) => events.push(event),
            Step::Error(_) | Step::End => {}
        }
    }
    // No event is a fault here: those are the callers' to make.
    let mut response = fold(events).unwrap_or_else(|broken| broken.response);
    for choice in &mut response.choices {
        if let Some(rest) = leftovers.remove(&choice.index) {
            choice.extras = Extras::new(Dialect::Gemini, rest);
        }
    }
    Ok(response)
}
