//! The parts of a turn's content.

use canon::{Dialect, Extras, Media, MediaKind, Part, Source, TextPart};
use serde_json::Value;

use super::{message::with_inner, take_cache};
use crate::{Error, Fields, fields::wrong, openai::media::from_url};

const KINDS: &str = "the kind of part: \"text\", \"image_url\", \"input_audio\", \"video_url\", \"file\" or \"refusal\"";

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
    match kind.as_str() {
        "text" => parse_text(fields),
        "refusal" => fields.required_string("refusal").map(Part::Refusal),
        "image_url" => parse_media(fields, MediaKind::Image, "image_url"),
        "input_audio" => parse_media(fields, MediaKind::Audio, "input_audio"),
        "video_url" => parse_media(fields, MediaKind::Video, "video_url"),
        "input_video" => {
            let name = if fields.has("video_url") {
                "video_url"
            } else {
                "input_video"
            };
            parse_media(fields, MediaKind::Video, name)
        }
        "file" => parse_media(fields, MediaKind::File, "file"),
        _ => Ok(Part::Other {
            dialect: Dialect::OpenAiChat,
            value: Value::Object(fields.into_map()),
        }),
    }
}

fn parse_text(mut fields: Fields) -> Result<Part, Error> {
    fields.value("type");
    let text = fields.required_string("text")?;
    let mut cache = take_cache(&mut fields)?;
    // OpenAI's own breakpoints mean the same; the field stays for OpenAI.
    if cache.is_none() && fields.has("prompt_cache_breakpoint") {
        cache = Some(canon::CacheMark::default());
    }
    Ok(Part::Text(TextPart {
        text,
        citations: Vec::new(),
        cache,
        extras: fields.rest(Dialect::OpenAiChat),
    }))
}

/// A part whose object of the same name says where the bytes are. Mistral's clients write the address itself.
fn parse_media(mut fields: Fields, kind: MediaKind, name: &str) -> Result<Part, Error> {
    fields.value("type");
    let cache = take_cache(&mut fields)?;
    if let Some(Value::String(_)) = fields.peek(name) {
        let url = fields.required_string(name)?;
        return Ok(Part::Media {
            media: from_url(kind, url),
            cache,
            extras: fields.rest(Dialect::OpenAiChat),
        });
    }
    let Some(mut inner) = fields.object(name)? else {
        return Err(fields.missing(name, "an object"));
    };
    let media = match kind {
        MediaKind::Image | MediaKind::Video => {
            let url = inner.required_string("url")?;
            let detail = inner.string("detail")?;
            Media {
                detail,
                ..from_url(kind, url)
            }
        }
        MediaKind::Audio => Media {
            kind,
            source: Source::Base64(inner.required_string("data")?),
            mime: Some(inner.required_string("format")?),
            name: None,
            detail: None,
            transcript: None,
        },
        MediaKind::File => parse_file(&mut inner)?,
    };
    let extras: Extras = with_inner(fields, name, inner);
    Ok(Part::Media {
        media,
        cache,
        extras,
    })
}

fn parse_file(file: &mut Fields) -> Result<Media, Error> {
    let name = file.string("filename")?;
    let data = match file.string("file_data")? {
        Some(data) => Some(data),
        None => file.string("file_url")?,
    };
    let media = match (data, file.string("file_id")?) {
        (Some(data), _) if data.contains(':') => from_url(MediaKind::File, data),
        (Some(data), _) => upload_or_data(Source::Base64(data)),
        (None, Some(id)) => upload_or_data(Source::Upload(id)),
        (None, None) => return Err(file.missing("file_data", "a URL or a data URL")),
    };
    Ok(Media { name, ..media })
}

const fn upload_or_data(source: Source) -> Media {
    Media {
        kind: MediaKind::File,
        source,
        mime: None,
        name: None,
        detail: None,
        transcript: None,
    }
}
