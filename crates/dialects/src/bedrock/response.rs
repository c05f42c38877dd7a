//! Reading a whole answer: the events that a stream of it would have, added up. So `fold(events) == response` holds
//! by construction.

use canon::{Event, Extras, Response, fold};

use super::{
    DIALECT,
    block::{Writer, push},
    stream,
};
use crate::{Error, Fields, Step};

/// Reads a whole answer.
///
/// # Errors
/// It has no message, or something in it is not what it should be.
pub(super) fn parse_response(body: &[u8]) -> Result<Response, Error> {
    let mut fields = Fields::parse_keeping(body, &["input"])?;
    let mut output = fields
        .object("output")?
        .ok_or_else(|| fields.missing("output", "an object"))?;
    let mut message = output
        .object("message")?
        .ok_or_else(|| output.missing("message", "an object"))?;
    let mut steps = Vec::new();
    push(&mut steps, start());
    let mut writer = Writer::default();
    let content = message.objects("content")?.unwrap_or_default();
    for (block, fields) in content.into_iter().enumerate() {
        let block = u32::try_from(block).unwrap_or(u32::MAX);
        writer.whole(block, fields, &mut steps)?;
    }
    stream::finish(&mut fields, &mut steps)?;
    stream::count(&mut fields, &mut steps)?;
    let events = steps.into_iter().filter_map(|step| match step {
        Step::Event(event) => Some(event),
        Step::Error(_) | Step::End => None,
    });
    // No event is a fault here: those are the callers' to make.
    let mut response = fold(events).unwrap_or_else(|broken| broken.response);
    response.extras = fields.rest(DIALECT);
    Ok(response)
}

/// The first event. Bedrock gives answers no id and does not name the model.
pub(super) const fn start() -> Event {
    Event::Start {
        id: None,
        model: None,
        created: None,
        usage: None,
        system_fingerprint: None,
        extras: Extras::NONE,
    }
}
