//! Arguments of a call that come in pieces: `partialArgs` name each piece's place by a JSON path.
//!
//! Only Vertex sends them, and only when asked (`streamFunctionCallArguments`).

use serde_json::{Map, Value};

use crate::{Error, Fields};

/// The furthest place in a list that a path may name; a vendor cannot make us allocate more.
const INDEX_MAX: usize = 4096;
/// The most steps of a path.
const DEPTH_MAX: usize = 64;

/// The arguments of a call.
#[derive(Debug)]
pub(super) struct Arguments {
    /// As they were written, unless more came in pieces.
    text: Option<String>,
    /// Put together from pieces.
    built: Value,
}

impl Arguments {
    /// As they were written, so far.
    pub(super) const fn new(text: Option<String>) -> Self {
        let built = Value::Null;
        Self { text, built }
    }

    /// What pieces are added to.
    pub(super) fn pieces(&mut self) -> &mut Value {
        if let Some(text) = self.text.take() {
            self.built = serde_json::from_str(&text).unwrap_or_default();
        }
        &mut self.built
    }

    /// All of them as JSON text.
    pub(super) fn into_text(self) -> String {
        match (self.text, self.built) {
            (Some(text), _) => text,
            (None, Value::Null) => "{}".to_owned(),
            (None, built) => built.to_string(),
        }
    }
}

/// One step of a path.
#[derive(Debug, PartialEq)]
enum Step<'p> {
    Field(&'p str),
    Index(usize),
}

/// Puts one piece into the arguments collected so far.
///
/// # Errors
/// It has no path, or one that leads nowhere.
pub(super) fn add(args: &mut Value, mut piece: Fields) -> Result<(), Error> {
    let path = piece.required_string("jsonPath")?;
    let found = Value::String(path.clone());
    let place = parse_path(&path).and_then(|steps| descend(args, &steps));
    let Some(place) = place else {
        return Err(piece.wrong("jsonPath", "a JSON path that fits what came before", &found));
    };
    if let Some(text) = piece.string("stringValue")? {
        if let Value::String(known) = place {
            known.push_str(&text);
        } else {
            *place = Value::String(text);
        }
    } else if let Some(number) = piece.number("numberValue")? {
        *place = Value::Number(number);
    } else if let Some(yes) = piece.bool("boolValue")? {
        *place = Value::Bool(yes);
    }
    Ok(())
}

/// `$.operations[0].action`, `$['a b'].c`.
fn parse_path(path: &str) -> Option<Vec<Step<'_>>> {
    let mut rest = path.strip_prefix('$')?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if steps.len() == DEPTH_MAX {
            return None;
        }
        let (step, behind) = if let Some(name) = rest.strip_prefix('.') {
            let end = name.find(['.', '[']).unwrap_or(name.len());
            let (name, behind) = name.split_at_checked(end)?;
            (Step::Field(name), behind)
        } else {
            let (inside, behind) = bracketed(rest)?;
            let quoted = ['\'', '"']
                .into_iter()
                .find_map(|quote| inside.strip_prefix(quote)?.strip_suffix(quote));
            match quoted {
                Some(name) => (Step::Field(name), behind),
                None => (Step::Index(inside.parse().ok()?), behind),
            }
        };
        steps.push(step);
        rest = behind;
    }
    Some(steps)
}

/// What stands between the brackets that `rest` begins with, and what follows. Quotes may hide a
/// bracket.
fn bracketed(rest: &str) -> Option<(&str, &str)> {
    let inside = rest.strip_prefix('[')?;
    for quote in ['\'', '"'] {
        if inside.starts_with(quote) {
            let end = inside
                .get(1..)?
                .find(&[quote, ']'].iter().collect::<String>())?
                + 2;
            let (inside, behind) = inside.split_at_checked(end)?;
            return Some((inside, behind.strip_prefix(']')?));
        }
    }
    inside.split_once(']')
}

/// The value at that place; what is missing on the way is made.
fn descend<'v>(mut value: &'v mut Value, steps: &[Step<'_>]) -> Option<&'v mut Value> {
    for step in steps {
        value = match step {
            Step::Field(name) => {
                if value.is_null() {
                    *value = Value::Object(Map::new());
                }
                value.as_object_mut()?.entry(*name).or_insert(Value::Null)
            }
            Step::Index(index) => {
                if value.is_null() {
                    *value = Value::Array(Vec::new());
                }
                let list = value.as_array_mut()?;
                if *index > INDEX_MAX {
                    return None;
                }
                if list.len() <= *index {
                    list.resize(index + 1, Value::Null);
                }
                list.get_mut(*index)?
            }
        };
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn add_piece(args: &mut Value, piece: Value) -> Result<(), Error> {
        add(args, Fields::from_value(piece, "piece".to_owned()).unwrap())
    }

    #[test]
    fn pieces_land_where_their_paths_say() {
        let mut args = Value::Null;
        for piece in [
            json!({"jsonPath": "$.a[0].b", "stringValue": "hel"}),
            json!({"jsonPath": "$.a[0].b", "stringValue": "lo"}),
            json!({"jsonPath": "$.a[1]['c ]d']", "numberValue": 0.5}),
            json!({"jsonPath": "$.e", "boolValue": true}),
            json!({"jsonPath": "$.f", "nullValue": null}),
        ] {
            add_piece(&mut args, piece).unwrap();
        }
        let wanted = json!({"a": [{"b": "hello"}, {"c ]d": 0.5}], "e": true, "f": null});
        assert_eq!(args, wanted);
    }

    #[test]
    fn a_path_that_leads_nowhere_is_an_error() {
        for path in ["", "a", "$.a.b", "$[", "$.a[99999999]", "$['x", "$[-1]"] {
            let mut args = json!({"a": "text"});
            assert!(
                add_piece(&mut args, json!({"jsonPath": path, "stringValue": ""})).is_err(),
                "{path}"
            );
        }
        let deep = format!("${}", "[0]".repeat(1000));
        assert!(
            add_piece(
                &mut Value::Null,
                json!({"jsonPath": deep, "stringValue": ""})
            )
            .is_err()
        );
    }
}
