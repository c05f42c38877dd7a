//! What a caller of one dialect reads of what a vendor of another says.

use dialects::{Call, Serve};
use serde_json::Value;

use super::features::{Feature, Sheet};
use crate::golden::{receipt_of, stamp};

/// What becomes of one feature of an answer.
#[derive(Debug, PartialEq)]
pub(super) enum Heard {
    /// The caller reads all of it.
    Whole,
    /// The caller reads something of it; these texts and numbers of the vendor's are missing.
    Partly(Vec<String>),
    /// The caller reads the same without it.
    Nothing,
    /// The vendor's answer is taken for a failure: why.
    Failed(String),
}

/// What is heard of every feature of a sheet.
pub(super) fn heard<'s>(
    sheet: &'s Sheet,
    call: &'static dyn Call,
    serve: &'static dyn Serve,
) -> impl Iterator<Item = (&'s Feature, Heard)> {
    sheet.pairs().map(move |(feature, with, without)| {
        let plain = served(call, serve, &without)
            .unwrap_or_else(|error| panic!("{} without {}: {error}", sheet.dialect, feature.name));
        let heard = match served(call, serve, &with) {
            Ok(featured) => heard_of(&feature.patch, &plain, &featured),
            Err(error) => Heard::Failed(error),
        };
        (feature, heard)
    })
}

fn served(call: &dyn Call, serve: &dyn Serve, body: &Value) -> Result<Value, String> {
    let response = call
        .parse_response(body.to_string().as_bytes())
        .map_err(|error| error.to_string())?;
    let receipt = receipt_of(response.usage.clone().unwrap_or_default());
    let mut out = Vec::new();
    serve.render_response(&response, &stamp(), &receipt, &mut out);
    Ok(serde_json::from_slice(&out).unwrap())
}

fn heard_of(patch: &Value, plain: &Value, featured: &Value) -> Heard {
    if plain == featured {
        return Heard::Nothing;
    }
    let text = featured.to_string();
    let mut missing = Vec::new();
    marks(patch, "", &mut |name, mark| {
        if !text.contains(mark) && !missing.iter().any(|known| known == name) {
            missing.push(name.to_owned());
        }
    });
    if missing.is_empty() {
        Heard::Whole
    } else {
        Heard::Partly(missing)
    }
}

/// What may stand before a mark: that it is a picture, as bytes.
const BEFORE_MARK: &str = "data:image/png;base64,";

/// The texts (`mark…`) and numbers (…4711) of a patch that cannot be in an answer by chance, with the names of their
/// fields.
fn marks(value: &Value, name: &str, found: &mut impl FnMut(&str, &str)) {
    match value {
        Value::Object(object) => object
            .iter()
            .for_each(|(name, value)| marks(value, name, found)),
        Value::Array(list) => list.iter().for_each(|value| marks(value, name, found)),
        // Arguments are JSON inside a text.
        Value::String(text) if text.starts_with('{') => {
            marks(&serde_json::from_str(text).unwrap(), name, found);
        }
        // What stands before it other dialects say elsewhere.
        Value::String(text) if text.contains("mark") => {
            found(name, text.trim_start_matches(BEFORE_MARK));
        }
        Value::Number(number) if number.to_string().ends_with("4711") => {
            found(name, number.to_string().trim_start_matches('-'));
        }
        Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null => {}
    }
}
