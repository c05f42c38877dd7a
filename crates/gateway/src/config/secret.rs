//! Secrets by reference: `env:NAME`, `file:PATH`, or the secret itself.

use std::{fs::File, io::Read as _};

use canon::Secret;

use super::env::Variables;

/// The longest secret that is accepted, in bytes. Service account files of clouds are about 2 400.
const BYTES_MAX: u64 = 64 << 10;

/// A secret, and whether it stood in the open.
#[derive(Debug)]
pub(super) struct Resolved {
    pub(super) secret: Secret<String>,
    pub(super) literal: bool,
}

/// Follows a reference.
///
/// # Errors
/// What is wrong and what is allowed, without the secret.
pub(super) fn resolve(reference: &str, variables: &dyn Variables) -> Result<Resolved, String> {
    if let Some(name) = reference.strip_prefix("env:") {
        let value = variables
            .get(name)
            .ok_or_else(|| format!("the variable {name:?} is not set"))?;
        return sound(&value).map(|secret| Resolved {
            secret,
            literal: false,
        });
    }
    if let Some(path) = reference.strip_prefix("file:") {
        let text =
            read(path).map_err(|error| format!("the file {path:?} cannot be read: {error}"))?;
        return sound(&text).map(|secret| Resolved {
            secret,
            literal: false,
        });
    }
    sound(reference).map(|secret| Resolved {
        secret,
        literal: true,
    })
}

/// Follows a reference to something that may have many lines: a key in PEM form, a file of credentials.
///
/// # Errors
/// What is wrong and what is allowed, without the secret.
pub(super) fn document(reference: &str, variables: &dyn Variables) -> Result<Resolved, String> {
    let (text, literal) = if let Some(name) = reference.strip_prefix("env:") {
        let value = variables.get(name);
        let value = value.ok_or_else(|| format!("the variable {name:?} is not set"))?;
        (value, false)
    } else if let Some(path) = reference.strip_prefix("file:") {
        let text = read(path);
        let text = text.map_err(|error| format!("the file {path:?} cannot be read: {error}"))?;
        (text, false)
    } else {
        (reference.to_owned(), true)
    };
    bounded(&text).map(|text| Resolved {
        secret: Secret::new(text.to_owned()),
        literal,
    })
}

fn read(path: &str) -> std::io::Result<String> {
    let mut text = String::new();
    File::open(path)?
        .take(BYTES_MAX + 1)
        .read_to_string(&mut text)?;
    Ok(text)
}

/// A secret must fit into a header, once the end of its line is cut off.
fn sound(text: &str) -> Result<Secret<String>, String> {
    let text = bounded(text)?;
    if text.chars().any(char::is_control) && !text.starts_with('{') {
        return Err(
            "the secret has more than one line, or characters that do not print".to_owned(),
        );
    }
    Ok(Secret::new(text.to_owned()))
}

/// A secret is not empty, and no longer than one is.
fn bounded(text: &str) -> Result<&str, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("the secret is empty".to_owned());
    }
    if u64::try_from(text.len()).unwrap_or(u64::MAX) > BYTES_MAX {
        return Err("the secret has more than 64 KiB".to_owned());
    }
    Ok(text)
}
