//! The parts of a message's content.

use canon::{CacheMark, Media, MediaKind, Part, Source, TextPart};
use serde_json::Value;

use crate::{
    Error, Fields,
    fields::wrong,
    openai::{
        chat::request::take_cache,
        media::from_url,
        responses::{DIALECT, annotation::parse_annotation},
    },
};

const KINDS: &str = "the kind of part: \"input_text\", \"input_image\", \"input_file\", \"input_audio\", \
    \"input_video\", \"output_text\" or \"refusal\"";

/// Reads content: a text, or a list of parts.
pub(super) fn parse_content(content: Value, path: &str) -> Result<Vec<Part>, Error> {
    match content {
        Value::String(text) => Ok(vec![Part::text(text)]),
        Value::Array(parts) => parts
            .into_iter()
            .enumerate()
            .map(|(index, part)| parse_part(part, format!("{path}[{index}]")))
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {
            Err(wrong(path, "a string or an array of parts", &content))
        }
    }
}

fn parse_part(part: Value, path: String) -> Result<Part, Error> {
    let mut fields = Fields::from_value(part, path)?;
    let kind = match fields.peek("type") {
        Some(Value::String(kind)) => kind.clone(),
        Some(other) => return Err(fields.wrong("type", KINDS, other)),
        None => return Err(fields.missing("type", KINDS)),
    };
    let media = match kind.as_str() {
        "input_text" | "output_text" | "text" => return parse_text(fields),
        "refusal" => return fields.required_string("refusal").map(Part::Refusal),
        "input_image" => take_image(&mut fields)?,
        "input_file" => take_file(&mut fields)?,
        "input_audio" => take_audio(&mut fields)?,
        "input_video" => from_url(MediaKind::Video, fields.required_string("video_url")?),
        _ => {
            return Ok(Part::Other {
                dialect: DIALECT,
                value: Value::Object(fields.into_map()),
            });
        }
    };
    fields.value("type");
    Ok(Part::Media {
        media,
        cache: take_mark(&mut fields)?,
        extras: fields.rest(DIALECT),
    })
}

fn parse_text(mut fields: Fields) -> Result<Part, Error> {
    fields.value("type");
    let text = fields.required_string("text")?;
    let annotations = fields.array("annotations")?.unwrap_or_default();
    let cache = take_mark(&mut fields)?;
    if fields.peek("logprobs") == Some(&Value::Array(Vec::new())) {
        fields.value("logprobs");
    }
    Ok(Part::Text(TextPart {
        text,
        citations: annotations
            .into_iter()
            .filter_map(parse_annotation)
            .collect(),
        cache,
        extras: fields.rest(DIALECT),
    }))
}

/// A breakpoint of the prompt cache; OpenAI's own stays for OpenAI besides.
fn take_mark(fields: &mut Fields) -> Result<Option<CacheMark>, Error> {
    let mark = take_cache(fields)?;
    let own = fields
        .has("prompt_cache_breakpoint")
        .then(CacheMark::default);
    Ok(mark.or(own))
}

fn take_image(fields: &mut Fields) -> Result<Media, Error> {
    let detail = fields.string("detail")?;
    let media = match (fields.string("image_url")?, fields.string("file_id")?) {
        (Some(url), _) => from_url(MediaKind::Image, url),
        (None, Some(id)) => of(MediaKind::Image, Source::Upload(id)),
        (None, None) => return Err(fields.missing("image_url", "a URL or a data URL")),
    };
    Ok(Media { detail, ..media })
}

fn take_file(fields: &mut Fields) -> Result<Media, Error> {
    let name = fields.string("filename")?;
    let data = fields.string("file_data")?;
    let url = fields.string("file_url")?;
    let media = match (data.or(url), fields.string("file_id")?) {
        (Some(data), _) if data.contains(':') => from_url(MediaKind::File, data),
        (Some(data), _) => of(MediaKind::File, Source::Base64(data)),
        (None, Some(id)) => of(MediaKind::File, Source::Upload(id)),
        (None, None) => return Err(fields.missing("file_data", "a data URL")),
    };
    Ok(Media { name, ..media })
}

fn take_audio(fields: &mut Fields) -> Result<Media, Error> {
    let Some(mut audio) = fields.object("input_audio")? else {
        return Err(fields.missing("input_audio", "an object with data and format"));
    };
    Ok(Media {
        mime: Some(audio.required_string("format")?),
        ..of(
            MediaKind::Audio,
            Source::Base64(audio.required_string("data")?),
        )
    })
}

const fn of(kind: MediaKind, source: Source) -> Media {
    Media {
        kind,
        source,
        mime: None,
        name: None,
        detail: None,
        transcript: None,
    }
}
