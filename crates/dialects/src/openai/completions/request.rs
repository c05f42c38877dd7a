//! A request: the prompt becomes the one turn of a user, the rest is read as chat reads it. What only completions
//! of old could do is refused aloud.

use canon::{Dialect, Request};
use serde_json::{Map, Value};

use crate::{Error, Fields, fields::wrong, openai::chat};

const PROMPT: &str = "a string, or an array of one string";
const LOGPROBS_MAX: u64 = 20;
/// Asks for the prompt before the answer. The prompt's turn keeps it, for whoever writes the answer.
const ECHO: &str = "echo";

/// Reads a request.
pub(super) fn parse_request(body: &[u8]) -> Result<Request, Error> {
    let mut fields = Fields::parse(body)?;
    let prompt = take_prompt(&mut fields)?;
    refuse_old(&mut fields)?;
    refuse_new(&fields)?;
    let is_echoed = fields.bool(ECHO)?.unwrap_or(false);
    let logprobs = take_logprobs(&mut fields)?;
    if is_echoed && logprobs.is_some() {
        let expected = "false, because logprobs is set: those of the prompt are not known";
        return Err(fields.wrong(ECHO, expected, &true.into()));
    }
    let mut body = fields.into_map();
    body.insert("prompt".to_owned(), prompt.into());
    if let Some(count) = logprobs {
        body.insert("logprobs".to_owned(), true.into());
        if count > 0 {
            body.insert("top_logprobs".to_owned(), count.into());
        }
    }
    let fields = Fields::from_value(Value::Object(body), String::new())?;
    let mut request = chat::request::parse_fields(fields)?;
    if is_echoed && let Some(turn) = request.messages.first_mut() {
        turn.extras
            .insert(Dialect::OpenAiCompletions, ECHO, true.into());
    }
    Ok(request)
}

/// The prompt, where the answer is to begin with it.
pub(super) fn echo(request: &Request) -> Option<Map<String, Value>> {
    let turn = request.messages.first()?;
    turn.extras.of(Dialect::OpenAiCompletions)?.get(ECHO)?;
    let prompt = turn.plain_text();
    Some(Map::from_iter([("prompt".to_owned(), prompt.into())]))
}

fn take_prompt(fields: &mut Fields) -> Result<String, Error> {
    match fields.value("prompt") {
        Some(Value::String(prompt)) => Ok(prompt),
        Some(Value::Array(mut prompts)) => {
            let found = Value::Array(prompts.clone());
            match (prompts.pop(), prompts.is_empty()) {
                (Some(Value::String(prompt)), true) => Ok(prompt),
                (Some(Value::Number(_) | Value::Array(_)), _) => Err(wrong(
                    "prompt",
                    "text: token ids are not understood here",
                    &found,
                )),
                (_, false) => Err(Error::Field {
                    path: "prompt".to_owned(),
                    expected: "one prompt a request".to_owned(),
                    found: format!("{} prompts", prompts.len().saturating_add(1)),
                }),
                (_, true) => Err(wrong("prompt", PROMPT, &found)),
            }
        }
        Some(other) => Err(wrong("prompt", PROMPT, &other)),
        None => Err(fields.missing("prompt", PROMPT)),
    }
}

/// What chat models cannot do.
fn refuse_old(fields: &mut Fields) -> Result<(), Error> {
    if let Some(suffix) = fields.value("suffix")
        && suffix != ""
    {
        let expected = "no suffix: prompts are answered by chat models, which insert nothing";
        return Err(fields.wrong("suffix", expected, &suffix));
    }
    let answers = fields.peek("n").and_then(Value::as_u64).unwrap_or(1);
    if let Some(best_of) = fields.u64("best_of")?
        && best_of != answers
    {
        let expected = "as many as n: nobody chooses among answers here";
        return Err(fields.wrong("best_of", expected, &best_of.into()));
    }
    Ok(())
}

/// What text completions cannot say.
fn refuse_new(fields: &Fields) -> Result<(), Error> {
    for name in ["messages", "tools"] {
        if let Some(value) = fields.peek(name)
            && value.as_array().is_none_or(|list| !list.is_empty())
        {
            let expected = "no such field: text completions have none; use chat completions";
            return Err(fields.wrong(name, expected, value));
        }
    }
    Ok(())
}

/// How many alternatives to each token are wanted; chat has two fields for that.
fn take_logprobs(fields: &mut Fields) -> Result<Option<u64>, Error> {
    let expected = "a whole number from 0 to 20";
    match fields.value("logprobs") {
        None | Some(Value::Bool(false)) => Ok(None),
        Some(value) => match value.as_u64() {
            Some(count) if count <= LOGPROBS_MAX => Ok(Some(count)),
            Some(_) | None => Err(fields.wrong("logprobs", expected, &value)),
        },
    }
}
