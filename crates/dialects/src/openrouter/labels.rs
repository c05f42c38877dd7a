//! The caller's own labels on a request: user, session, metadata.

use serde_json::{Map, Value};

use crate::{Error, Fields};

/// The longest session id, in characters.
const SESSION_CHARS_MAX: usize = 256;
/// The most pairs that `metadata` may have.
const METADATA_PAIRS_MAX: usize = 16;
/// The longest key in `metadata`, in characters.
const METADATA_KEY_CHARS_MAX: usize = 64;
/// The longest value in `metadata`, in characters.
const METADATA_VALUE_CHARS_MAX: usize = 512;

/// Takes `user`: who the end user is, as the caller names them.
///
/// # Errors
/// It is no text.
pub fn take_user(fields: &mut Fields) -> Result<Option<String>, Error> {
    fields.string("user")
}

/// Takes `session_id`.
///
/// # Errors
/// It is no text, or longer than 256 characters.
pub fn take_session(fields: &mut Fields) -> Result<Option<String>, Error> {
    let session = fields.string("session_id")?;
    if let Some(session) = &session {
        at_most(fields.path_of("session_id"), session, SESSION_CHARS_MAX)?;
    }
    Ok(session)
}

/// Takes `metadata`: up to 16 pairs of texts.
///
/// # Errors
/// It is no object of texts, or there is too much of it.
pub fn take_metadata(fields: &mut Fields) -> Result<Option<Map<String, Value>>, Error> {
    let path = fields.path_of("metadata");
    let Some(map) = fields.map("metadata")? else {
        return Ok(None);
    };
    if map.len() > METADATA_PAIRS_MAX {
        return Err(Error::Field {
            path,
            expected: format!("at most {METADATA_PAIRS_MAX} pairs"),
            found: format!("{} pairs", map.len()),
        });
    }
    for (key, value) in &map {
        at_most(format!("{path} (key {key:?})"), key, METADATA_KEY_CHARS_MAX)?;
        let path = format!("{path}.{key}");
        let Value::String(text) = value else {
            return Err(crate::fields::wrong(&path, "a string", value));
        };
        at_most(path, text, METADATA_VALUE_CHARS_MAX)?;
    }
    Ok(Some(map))
}

fn at_most(path: String, text: &str, chars_max: usize) -> Result<(), Error> {
    let chars = text.chars().count();
    if chars <= chars_max {
        return Ok(());
    }
    Err(Error::Field {
        path,
        expected: format!("a string of at most {chars_max} characters"),
        found: format!("{chars} characters"),
    })
}
