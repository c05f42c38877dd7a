//! Names of models inside of paths: a name can never lead out of its segment.

use std::{borrow::Cow, fmt::Write as _};

use crate::Error;

/// A name as one segment of a path; what is not safe there is percent-encoded.
pub(crate) fn segment(name: &str) -> Cow<'_, str> {
    if name.bytes().all(is_plain) {
        return Cow::Borrowed(name);
    }
    let mut segment = String::with_capacity(name.len() * 3);
    for byte in name.bytes() {
        if is_plain(byte) {
            segment.push(char::from(byte));
        } else {
            let _infallible = write!(segment, "%{byte:02X}");
        }
    }
    Cow::Owned(segment)
}

/// Refuses names that no encoding makes a segment: an empty one, and dots alone, which lead upwards even encoded.
///
/// # Errors
/// It is one of these.
pub(crate) fn check(name: &str) -> Result<(), Error> {
    if name.bytes().any(|byte| byte != b'.') {
        return Ok(());
    }
    Err(Error::Unsayable {
        what: format!("the model name {name:?}"),
        why: "it must have more than dots",
    })
}

/// Letters, digits, and marks that mean nothing in paths; `@` stands before versions on Vertex.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'@')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_segment() {
        for name in [
            "a/b", "a?b", "a#b", "a:b", "a%2fb", "ü", "a b", "../x", "a\\b",
        ] {
            let segment = segment(name);
            let is_safe = |byte| is_plain(byte) || byte == b'%';
            assert!(segment.bytes().all(is_safe), "{segment}");
            assert_ne!(segment, name);
        }
        for name in ["gemini-2.5-flash", "claude-3-7-sonnet@20250219"] {
            assert_eq!(segment(name), name);
        }
        for name in ["", ".", ".."] {
            assert!(check(name).is_err(), "{name:?}");
        }
        assert!(check("x.").is_ok());
    }
}
