//! Reading a whole answer: the events that a stream of it would have, added up. So `fold(events) == response` holds
//! by construction.

use canon::{Response, fold};
use serde_json::{Map, Value};

use super::{
    DIALECT,
    stream::{Stream, start},
};
use crate::{Error, Fields, Step};

/// Reads a whole answer.
///
/// # Errors
/// It has no message, or something in it is not what it should be.
pub(super) fn parse_response(body: &[u8]) -> Result<Response, Error> {
    let mut fields = Fields::parse(body)?;
    let message = fields
        .object("message")?
        .ok_or_else(|| fields.missing("message", "an object"))?;
    let mut stream = Stream::default();
    let mut steps = Vec::new();
    steps.push(Step::Event(start(&mut fields)?));
    read_message(message, &mut stream, &mut steps)?;
    let logprobs = fields.value("logprobs");
    stream.logprobs(logprobs.as_ref(), &mut steps);
    let mut ending = Map::new();
    for name in ["finish_reason", "usage"] {
        if let Some(value) = fields.value(name) {
            ending.insert(name.to_owned(), value);
        }
    }
    let ending = Fields::from_value(Value::Object(ending), String::new())?;
    stream.finish(ending, &mut steps)?;
    let events = steps.into_iter().filter_map(|step| match step {
        Step::Event(event) => Some(event),
        Step::Error(_) | Step::End => None,
    });
    // No event is a fault here: those are the callers' to make.
    let mut response = fold(events).unwrap_or_else(|broken| broken.response);
    response.extras = fields.rest(DIALECT);
    Ok(response)
}

/// The message in the order of a stream: the plan, the content with its sources, the calls.
fn read_message(
    mut message: Fields,
    stream: &mut Stream,
    steps: &mut Vec<Step>,
) -> Result<(), Error> {
    if let Some(plan) = message.string("tool_plan")? {
        stream.plan(plan, steps);
    }
    let mut citations = message.array("citations")?.unwrap_or_default();
    for (index, content) in contents(&mut message)?.into_iter().enumerate() {
        let index = u64::try_from(index).unwrap_or(u64::MAX);
        let is_text = content.has("text");
        stream.content(index, content, steps)?;
        // A source can only be added to the text that came last.
        citations.retain(|citation| {
            let named = citation.get("content_index").and_then(Value::as_u64);
            let is_here = named.map_or(is_text, |named| named == index);
            if is_here && let Value::Object(citation) = citation {
                stream.cite(citation.clone(), steps);
            }
            !is_here
        });
    }
    for citation in citations {
        if let Value::Object(citation) = citation {
            stream.cite(citation, steps);
        }
    }
    for (index, call) in message
        .objects("tool_calls")?
        .unwrap_or_default()
        .into_iter()
        .enumerate()
    {
        let index = u64::try_from(index).unwrap_or(u64::MAX);
        stream.call(true, index, call, steps)?;
        stream.end_call(index, steps);
    }
    Ok(())
}

/// `content`: a list of blocks, or one text.
fn contents(message: &mut Fields) -> Result<Vec<Fields>, Error> {
    if message.peek("content").is_some_and(Value::is_string) {
        let text = message.value("content").unwrap_or_default();
        let block = serde_json::json!({ "type": "text", "text": text });
        return Ok(vec![Fields::from_value(block, message.path_of("content"))?]);
    }
    Ok(message.objects("content")?.unwrap_or_default())
}
