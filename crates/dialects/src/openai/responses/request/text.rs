//! `text`: the form of the answer and its length in words.

use canon::Format;
use serde_json::{Map, Value};

use crate::{Error, Fields};

const SCHEMA_NAME_CHARS_MAX: usize = 64;
const FORMATS: &str = "\"text\", \"json_object\" or \"json_schema\"";

/// Format, verbosity, and what is left over.
type Text = (Option<Format>, Option<String>, Map<String, Value>);

/// Takes `text`.
pub(super) fn take_text(fields: &mut Fields) -> Result<Text, Error> {
    let Some(mut text) = fields.object("text")? else {
        return Ok((None, None, Map::new()));
    };
    let format = match text.object("format")? {
        Some(format) => Some(parse_format(format)?),
        None => None,
    };
    let verbosity = text.string("verbosity")?;
    Ok((format, verbosity, text.into_map()))
}

fn parse_format(mut format: Fields) -> Result<Format, Error> {
    let Some(kind) = format.string("type")? else {
        return Err(format.missing("type", FORMATS));
    };
    match kind.as_str() {
        "text" => Ok(Format::Text),
        "json_object" => Ok(Format::JsonObject),
        "json_schema" => parse_schema(&mut format),
        other => Err(format.wrong("type", FORMATS, &other.into())),
    }
}

fn parse_schema(schema: &mut Fields) -> Result<Format, Error> {
    let name = schema.string("name")?;
    if let Some(name) = &name {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        if name.is_empty() || name.len() > SCHEMA_NAME_CHARS_MAX || !name.bytes().all(fits) {
            let expected = "1 to 64 letters, digits, '_' or '-'";
            return Err(schema.wrong("name", expected, &name.as_str().into()));
        }
    }
    Ok(Format::JsonSchema {
        name,
        description: schema.string("description")?,
        schema: schema.map("schema")?.map(Value::Object),
        strict: schema.bool("strict")?,
    })
}
