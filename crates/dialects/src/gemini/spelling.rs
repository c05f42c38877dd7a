//! Google's two spellings: `generationConfig` and `generation_config` are one field.
//!
//! Names are brought into the first spelling level by level, as objects are read. What is a caller's own (arguments,
//! schemas, labels) and what is only passed on is left as it is; so is a list of one that is written without its
//! brackets, which Google reads, too.

use serde_json::{Map, Value};

use crate::{Error, Fields, fields::wrong};

/// A value that must be an object, its names in the one spelling.
///
/// # Errors
/// It is something else.
fn fields(outer: &Fields, value: Value, path: String) -> Result<Fields, Error> {
    Ok(outer.inner(value, path)?.renamed(camel_names))
}

/// Takes an object whose names may be in either spelling.
///
/// # Errors
/// It is something else.
pub(super) fn object(outer: &mut Fields, name: &str) -> Result<Option<Fields>, Error> {
    let path = outer.path_of(name);
    let value = outer.value(name);
    value.map(|value| fields(outer, value, path)).transpose()
}

/// Takes a list of such objects; one object counts as a list of one.
///
/// # Errors
/// It is something else.
pub(super) fn objects(outer: &mut Fields, name: &str) -> Result<Vec<Fields>, Error> {
    let path = outer.path_of(name);
    match outer.value(name) {
        None => Ok(Vec::new()),
        Some(Value::Array(list)) => list
            .into_iter()
            .enumerate()
            .map(|(index, value)| fields(outer, value, format!("{path}[{index}]")))
            .collect(),
        Some(one @ Value::Object(_)) => Ok(vec![fields(outer, one, path)?]),
        Some(other) => Err(wrong(&path, "an array", &other)),
    }
}

/// Takes a whole number of 0 or more; Google also reads it as text, as it writes its 64-bit numbers.
///
/// # Errors
/// It is something else.
pub(super) fn whole(outer: &mut Fields, name: &str) -> Result<Option<u64>, Error> {
    let as_text = outer.peek(name).and_then(Value::as_str);
    match as_text.and_then(|text| text.parse().ok()) {
        Some(number) => {
            outer.value(name);
            Ok(Some(number))
        }
        None => outer.u64(name),
    }
}

/// The same object with its names in the one spelling. Where both are there, the first counts.
pub(super) fn camel_names(map: Map<String, Value>) -> Map<String, Value> {
    if !map.keys().any(|name| name.contains('_')) {
        return map;
    }
    let mut renamed = Map::with_capacity(map.len());
    for (name, value) in map {
        renamed.entry(camel(&name)).or_insert(value);
    }
    renamed
}

/// `max_output_tokens` as `maxOutputTokens`.
pub(super) fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        camel.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        camel.push_str(letters.as_str());
    }
    camel
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_spellings_are_one_name_on_one_level() {
        let value = json!({"max_output_tokens": 1, "topP": 2, "top_p": 3, "a": {"b_c": 4}});
        let read = Fields::from_value(value, String::new())
            .unwrap()
            .renamed(camel_names)
            .into_map();
        let wanted = json!({"maxOutputTokens": 1, "topP": 2, "a": {"b_c": 4}});
        assert_eq!(Value::Object(read), wanted);
    }

    #[test]
    fn a_list_of_one_may_lack_its_brackets() {
        let read = |value: Value| {
            let mut outer = Fields::from_value(json!({ "parts": value }), String::new()).unwrap();
            objects(&mut outer, "parts").map(|list| list.len())
        };
        assert_eq!(read(json!({"text": "a"})), Ok(1));
        assert_eq!(read(json!([{"text": "a"}, {}])), Ok(2));
        assert_eq!(read(json!(null)), Ok(0));
        assert!(read(json!("a")).is_err());
        assert!(read(json!(["a"])).is_err());
    }
}
