//! Reading an answer: a prediction, whole. Where it is wanted as a stream it is the only frame of it, so that
//! `fold(events) == response` holds by construction.

use canon::{Event, FinishReason, Response, Usage, fold};
use serde_json::Value;

use super::{DIALECT, SUCCEEDED, error};
use crate::{Error, Fields, Frame, ParseStream, Step};

/// The one answer there is.
const CHOICE: u32 = 0;
/// Fields that say nothing new: what was sent, and the machine's own log.
const IDLE: [&str; 3] = ["input", "logs", "error"];

/// Reads a whole answer.
///
/// # Errors
/// The prediction did not succeed, or something in it is not what it should be.
pub(super) fn parse_response(body: &[u8]) -> Result<Response, Error> {
    let mut fields = Fields::parse(body)?;
    let status = fields.required_string("status")?;
    if status != SUCCEEDED {
        return Err(fields.wrong("status", "`succeeded`", &Value::String(status)));
    }
    // No event is a fault here: those are the callers' to make.
    Ok(fold(events(fields)?).unwrap_or_else(|broken| broken.response))
}

/// An answer that comes in one frame.
#[derive(Debug, Default)]
pub(super) struct Stream {
    is_done: bool,
}

impl ParseStream for Stream {
    fn frame(&mut self, frame: &Frame<'_>, out: &mut Vec<Step>) -> Result<(), Error> {
        let mut fields = Fields::parse(&frame.data)?;
        if fields.peek("status").and_then(Value::as_str) != Some(SUCCEEDED) {
            let stated = error::stated(&frame.data);
            let stated = stated.ok_or_else(|| fields.missing("status", "a string"))?;
            out.push(Step::Error(stated));
            return Ok(());
        }
        fields.value("status");
        out.extend(events(fields)?.into_iter().map(Step::Event));
        out.push(Step::End);
        self.is_done = true;
        Ok(())
    }

    fn is_complete(&self) -> bool {
        self.is_done
    }
}

/// What a prediction that succeeded says.
///
/// # Errors
/// The output is no text, nor a list of texts.
fn events(mut fields: Fields) -> Result<Vec<Event>, Error> {
    let text = output(&mut fields)?;
    let counts = fields.peek("metrics");
    let count = |name: &str| counts?.get(name)?.as_u64();
    let (prompt, completion) = (count("input_token_count"), count("output_token_count"));
    let reason = match (limit(fields.peek("input")), completion) {
        (Some(limit), Some(tokens)) if tokens >= limit => FinishReason::Length,
        _ => FinishReason::Stop,
    };
    let (id, model) = (fields.string("id")?, fields.string("model")?);
    for name in IDLE {
        fields.value(name);
    }
    let mut events = vec![Event::Start {
        id,
        model,
        created: None,
        usage: None,
        system_fingerprint: None,
        extras: fields.rest(DIALECT),
    }];
    if !text.is_empty() {
        events.push(Event::Text {
            choice: CHOICE,
            block: 0,
            text,
        });
    }
    events.push(Event::Finish {
        choice: CHOICE,
        reason,
        native: Some(SUCCEEDED.to_owned()),
        stop_sequence: None,
    });
    if prompt.is_some() || completion.is_some() {
        events.push(Event::Usage(Box::new(Usage {
            prompt_tokens: prompt.unwrap_or(0),
            completion_tokens: completion.unwrap_or(0),
            ..Usage::default()
        })));
    }
    Ok(events)
}

/// The output: a text, or its pieces.
fn output(fields: &mut Fields) -> Result<String, Error> {
    const EXPECTED: &str = "a text or a list of texts";
    match fields.value("output") {
        None => Ok(String::new()),
        Some(Value::String(text)) => Ok(text),
        Some(Value::Array(pieces)) => pieces
            .iter()
            .map(|piece| {
                piece
                    .as_str()
                    .ok_or_else(|| fields.wrong("output", EXPECTED, piece))
            })
            .collect(),
        Some(other) => Err(fields.wrong("output", EXPECTED, &other)),
    }
}

/// The most tokens that the request allowed, as the answer repeats it.
fn limit(input: Option<&Value>) -> Option<u64> {
    input?.get("max_tokens")?.as_u64()
}
