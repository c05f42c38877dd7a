//! What items of requests and of answers have in common: their kinds, their ids and the headers of messages.

use canon::{Extras, Media, MediaKind, Part, Source};
use serde_json::{Map, Value};

use super::DIALECT;

/// What stands in ids that were made up here, because the answer came from a vendor without such ids. They mean
/// nothing to anybody, and are dropped when they come back.
const MADE_UP: &str = "_tmp_";

/// Whether an id was made up by a router.
pub(super) fn is_made_up(id: &str) -> bool {
    id.contains(MADE_UP)
}

/// An id for the item of this number: `msg_tmp_1760000000_x_0`.
pub(super) fn made_up_id(prefix: &str, generation: &str, number: usize) -> String {
    let tail = generation.strip_prefix("gen-").unwrap_or(generation);
    let mut id = format!("{prefix}{MADE_UP}");
    id.extend(tail.chars().map(|letter| match letter {
        'a'..='z' | 'A'..='Z' | '0'..='9' => letter,
        _ => '_',
    }));
    id.push_str(&format!("_{number}"));
    id
}

/// What a message item says beside its content. It stands before that content, as a part of this dialect.
pub(super) fn header(mut fields: Map<String, Value>) -> Value {
    fields.insert("type".to_owned(), "message".into());
    Value::Object(fields)
}

/// The header of a message, where the value is one.
pub(super) fn as_header(value: &Value) -> Option<&Map<String, Value>> {
    let fields = value.as_object()?;
    (fields.get("type")? == "message").then_some(fields)
}

/// A picture that the model drew, behind what else its item says. Without the picture the item stays whole.
pub(super) fn picture(mut item: Map<String, Value>) -> Vec<Part> {
    let data = match item.shift_remove("result") {
        Some(Value::String(data)) if !data.is_empty() => Some(data),
        Some(other) => {
            item.insert("result".to_owned(), other);
            None
        }
        None => None,
    };
    let media = data.map(|data| {
        let format = item.get("output_format").and_then(Value::as_str);
        let mime = format!("image/{}", format.unwrap_or("png"));
        let is_address = data.starts_with("https://") || data.starts_with("http://");
        Media {
            kind: MediaKind::Image,
            mime: (!is_address).then_some(mime),
            source: if is_address {
                Source::Url(data)
            } else {
                Source::Base64(data)
            },
            name: None,
            detail: None,
            transcript: None,
        }
    });
    let head = Part::Other {
        dialect: DIALECT,
        value: Value::Object(rest(item)),
    };
    let picture = media.map(|media| Part::Media {
        media,
        cache: None,
        extras: Extras::NONE,
    });
    [head].into_iter().chain(picture).collect()
}

/// The kind of an item.
pub(super) fn kind_of(item: &Map<String, Value>) -> &str {
    item.get("type").and_then(Value::as_str).unwrap_or_default()
}

/// What is left over of an item, without nulls and without ids that were made up.
pub(super) fn rest(mut fields: Map<String, Value>) -> Map<String, Value> {
    fields.retain(|name, value| {
        let is_ours = name == "id" && value.as_str().is_some_and(is_made_up);
        !value.is_null() && !is_ours
    });
    fields
}

/// The same, to hang on a part.
pub(super) fn extras(fields: Map<String, Value>) -> Extras {
    Extras::new(DIALECT, rest(fields))
}
