//! Reading `generationConfig`: sampling, the form of the answer and how much to think.

use canon::{Dialect, Effort, Format, Reasoning, Sampling, Speech};
use serde_json::{Map, Value};

use super::super::{schema, spelling};
use crate::{Error, Fields};

/// The field that asks for thinking to be shown; also what the answer is told of it.
pub(in crate::gemini) const SHOWN: &str = "includeThoughts";
/// How a wish to see thinking is called in [`Reasoning::display`].
pub(in crate::gemini) const DISPLAYED: &str = "summarized";
/// And the wish not to.
pub(in crate::gemini) const OMITTED: &str = "omitted";
/// A budget of tokens that says "as the model likes".
const BUDGET_DYNAMIC: i64 = -1;

/// What `generationConfig` says.
#[derive(Debug, Default)]
pub(super) struct Generation {
    pub(super) sampling: Sampling,
    pub(super) reasoning: Option<Reasoning>,
    pub(super) format: Option<Format>,
    pub(super) modalities: Vec<String>,
    pub(super) speech: Option<Speech>,
    /// What only Google has, and Google's own form of a schema.
    pub(super) rest: Map<String, Value>,
}

/// Takes `generationConfig`.
///
/// # Errors
/// A wrong type or a value that is not allowed.
pub(super) fn parse(outer: &mut Fields) -> Result<Generation, Error> {
    let Some(mut config) = spelling::object(outer, "generationConfig")? else {
        return Ok(Generation::default());
    };
    let sampling = parse_sampling(&mut config)?;
    let reasoning = spelling::object(&mut config, "thinkingConfig")?
        .map(parse_thinking)
        .transpose()?;
    let modalities = config.strings("responseModalities")?.unwrap_or_default();
    let (format, kept) = parse_format(&mut config)?;
    let speech = parse_speech(&mut config);
    let mut rest = config.into_map();
    rest.extend(kept);
    Ok(Generation {
        sampling,
        reasoning,
        format,
        modalities: modalities.iter().map(|name| name.to_lowercase()).collect(),
        speech,
        rest,
    })
}

fn parse_sampling(config: &mut Fields) -> Result<Sampling, Error> {
    Ok(Sampling {
        max_tokens: spelling::whole(config, "maxOutputTokens")?,
        temperature: config.number_within("temperature", 0.0, 2.0)?,
        top_p: config.number_within("topP", 0.0, 1.0)?,
        top_k: config.number_within("topK", 0.0, f64::MAX)?,
        frequency_penalty: config.number_within("frequencyPenalty", -2.0, 2.0)?,
        presence_penalty: config.number_within("presencePenalty", -2.0, 2.0)?,
        seed: config.number("seed")?,
        stop: config.strings("stopSequences")?.unwrap_or_default(),
        logprobs: config.bool("responseLogprobs")?,
        top_logprobs: spelling::whole(config, "logprobs")?,
        n: spelling::whole(config, "candidateCount")?,
        ..Sampling::default()
    })
}

/// The form of the answer, and what of it is kept in Google's own words: a schema that is no JSON Schema, a type of
/// text that only Google has.
fn parse_format(config: &mut Fields) -> Result<(Option<Format>, Map<String, Value>), Error> {
    let mime = config.string("responseMimeType")?;
    let google = config.value("responseSchema");
    let json = config.value("responseJsonSchema");
    let mut kept = Map::new();
    let mut keep = |name: &str, value: Option<Value>| {
        kept.extend(value.map(|value| (name.to_owned(), value)));
    };
    let schema = json.or_else(|| google.as_ref().map(schema::to_json_schema));
    let format = match mime.as_deref() {
        Some("application/json") => Some(match schema {
            None => Format::JsonObject,
            schema => Format::JsonSchema {
                name: None,
                description: None,
                schema,
                strict: None,
            },
        }),
        // One word of a list, or a kind of text yet to come; and a schema that nothing asks for.
        _ => {
            keep("responseMimeType", mime.clone().map(Value::String));
            if google.is_none() {
                keep("responseJsonSchema", schema);
            }
            (mime.as_deref() == Some("text/plain")).then_some(Format::Text)
        }
    };
    keep("responseSchema", google);
    Ok((format, kept))
}

/// One of Google's voices. What else may be said of speech (several speakers, a language) stays Google's own.
fn parse_speech(config: &mut Fields) -> Option<Speech> {
    let only = |value: &Value, names: [&str; 2]| {
        let object = value.as_object().filter(|object| object.len() == 1)?;
        names.iter().find_map(|name| object.get(*name)).cloned()
    };
    let voice = only(
        config.peek("speechConfig")?,
        ["voiceConfig", "voice_config"],
    )?;
    let voice = only(&voice, ["prebuiltVoiceConfig", "prebuilt_voice_config"])?;
    let voice = only(&voice, ["voiceName", "voice_name"])?;
    let voice = voice.as_str()?.to_owned();
    config.value("speechConfig");
    Some(Speech {
        voice: Some(voice),
        ..Speech::default()
    })
}

fn parse_thinking(mut config: Fields) -> Result<Reasoning, Error> {
    let mut reasoning = Reasoning::default();
    if let Some(level) = config.string("thinkingLevel")? {
        let name = level.to_ascii_lowercase();
        reasoning.effort = match name.as_str() {
            "thinking_level_unspecified" => None,
            _ => match Effort::named(&name) {
                Some(Effort::None) | None => {
                    let expected = "\"minimal\", \"low\", \"medium\" or \"high\"";
                    return Err(config.wrong("thinkingLevel", expected, &level.into()));
                }
                effort => effort,
            },
        };
    }
    if let Some(budget) = config.value("thinkingBudget") {
        match budget.as_i64() {
            Some(0) => reasoning.enabled = Some(false),
            Some(BUDGET_DYNAMIC) => reasoning.adaptive = true,
            Some(tokens) if tokens > 0 => reasoning.max_tokens = u64::try_from(tokens).ok(),
            _ => {
                let expected = "a whole number of -1 or more";
                return Err(config.wrong("thinkingBudget", expected, &budget));
            }
        }
    }
    // Not shown is not the same as excluded: signatures come in any case, and must come back. Anthropic has the same
    // two words.
    let is_shown = config.bool(SHOWN)?.unwrap_or(false);
    reasoning.exclude = is_shown.then_some(false);
    reasoning.display = Some(if is_shown { DISPLAYED } else { OMITTED }.to_owned());
    reasoning.extras = config.rest(Dialect::Gemini);
    Ok(reasoning)
}
