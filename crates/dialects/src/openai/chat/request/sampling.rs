//! Sampling parameters and how much to think.

use canon::{Dialect, Reasoning, Sampling};
use serde_json::{Number, Value};

use crate::{
    Error, Fields,
    fields::wrong,
    openai::effort::{parse_reasoning, refuse_both, take_effort},
};

const STOPS_MAX: usize = 4;
const ANSWERS_MAX: u64 = 128;
const TOP_LOGPROBS_MAX: u64 = 20;

/// Takes the sampling parameters, the stop sequences and the limits of the answer.
pub(in crate::openai) fn take_sampling(fields: &mut Fields) -> Result<Sampling, Error> {
    let (max_tokens, max_completion_tokens) = take_limit(fields)?;
    let sampling = Sampling {
        max_tokens,
        max_completion_tokens,
        temperature: fields.number_within("temperature", 0.0, 2.0)?,
        top_p: fields.number_within("top_p", 0.0, 1.0)?,
        top_k: take_whole(fields, "top_k", 0)?,
        min_p: fields.number_within("min_p", 0.0, 1.0)?,
        top_a: fields.number_within("top_a", 0.0, 1.0)?,
        frequency_penalty: fields.number_within("frequency_penalty", -2.0, 2.0)?,
        presence_penalty: fields.number_within("presence_penalty", -2.0, 2.0)?,
        repetition_penalty: fields.number_within("repetition_penalty", 0.0, 2.0)?,
        seed: take_whole(fields, "seed", i64::MIN)?,
        stop: take_stop(fields)?,
        logit_bias: take_logit_bias(fields)?,
        logprobs: fields.bool("logprobs")?,
        top_logprobs: take_count(fields, "top_logprobs", 0, TOP_LOGPROBS_MAX)?,
        n: take_count(fields, "n", 1, ANSWERS_MAX)?,
    };
    if sampling.top_logprobs.is_some() && sampling.logprobs != Some(true) {
        return Err(fields.missing("logprobs", "true, because top_logprobs is set"));
    }
    Ok(sampling)
}

/// The limit under its newer name, or its older one.
fn take_limit(fields: &mut Fields) -> Result<(Option<u64>, bool), Error> {
    let older = take_count(fields, "max_tokens", 1, u64::MAX)?;
    let newer = take_count(fields, "max_completion_tokens", 1, u64::MAX)?;
    Ok((newer.or(older), newer.is_some()))
}

/// Takes a whole number within bounds.
pub(in crate::openai) fn take_count(
    fields: &mut Fields,
    name: &str,
    low: u64,
    high: u64,
) -> Result<Option<u64>, Error> {
    let count = fields.u64(name)?;
    match count {
        Some(count) if !(low..=high).contains(&count) => {
            let expected = if high == u64::MAX {
                format!("a whole number of {low} or more")
            } else {
                format!("a whole number from {low} to {high}")
            };
            Err(fields.wrong(name, &expected, &count.into()))
        }
        _ => Ok(count),
    }
}

/// Takes a whole number that may be larger than canon cares to know.
pub(in crate::openai) fn take_whole(
    fields: &mut Fields,
    name: &str,
    low: i64,
) -> Result<Option<Number>, Error> {
    let number = fields.number(name)?;
    match number {
        Some(number) if number.as_i64().is_none_or(|value| value < low) && !number.is_u64() => {
            let expected = if low == 0 {
                "a whole number of 0 or more"
            } else {
                "a whole number"
            };
            Err(fields.wrong(name, expected, &Value::Number(number)))
        }
        _ => Ok(number),
    }
}

fn take_stop(fields: &mut Fields) -> Result<Vec<String>, Error> {
    if let Some(Value::String(_)) = fields.peek("stop") {
        return Ok(vec![fields.required_string("stop")?]);
    }
    let stop = fields.strings("stop")?.unwrap_or_default();
    if stop.len() > STOPS_MAX {
        return Err(Error::Field {
            path: fields.path_of("stop"),
            expected: format!("a string or at most {STOPS_MAX} strings"),
            found: format!("{} strings", stop.len()),
        });
    }
    Ok(stop)
}

fn take_logit_bias(fields: &mut Fields) -> Result<Option<serde_json::Map<String, Value>>, Error> {
    let path = fields.path_of("logit_bias");
    let bias = fields.map("logit_bias")?;
    for (token, value) in bias.iter().flatten() {
        let fits = |value: f64| (-100.0..=100.0).contains(&value);
        if !value.as_f64().is_some_and(fits) {
            let path = format!("{path}.{token}");
            return Err(wrong(&path, "a number from -100 to 100", value));
        }
    }
    Ok(bias)
}

/// Takes `reasoning`, `reasoning_effort` and `include_reasoning`, which must not contradict each other.
pub(super) fn take_reasoning(fields: &mut Fields) -> Result<Option<Reasoning>, Error> {
    let short = take_effort(fields, "reasoning_effort")?;
    let include = fields.bool("include_reasoning")?;
    let mut reasoning = match fields.object("reasoning")? {
        Some(object) => Some(parse_reasoning(object, Dialect::OpenAiChat)?),
        None => None,
    };
    if let Some(short) = short {
        let reasoning = reasoning.get_or_insert_default();
        match reasoning.effort {
            Some(long) if long != short => {
                let expected = format!("{:?}, as reasoning.effort says", long.name());
                return Err(fields.wrong("reasoning_effort", &expected, &short.name().into()));
            }
            _ => reasoning.effort = Some(short),
        }
        refuse_both(reasoning, fields.path_of("reasoning_effort"))?;
    }
    if let Some(include) = include {
        let reasoning = reasoning.get_or_insert_default();
        if !include {
            reasoning.exclude.get_or_insert(true);
        }
    }
    Ok(reasoning)
}
