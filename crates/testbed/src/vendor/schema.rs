//! The smallest value that fits a JSON schema, chosen by type, so that a caller can check a
//! structured answer.
//!
//! Understood: `type` (also Gemini's upper case), `enum`, `const`, `default`, `properties`,
//! `items`, `minItems`, `minLength`, `minimum`, `exclusiveMinimum`, `anyOf`, `oneOf`, `allOf`,
//! `$ref` into the same document. All properties are given, required or not. `pattern` and `format`
//! are not looked at.

use serde_json::{Map, Value, json};

/// Deeper than any honest schema; a schema that refers to itself ends here with null.
const DEPTH_MAX: usize = 16;
/// More elements or characters than a test can want.
const LENGTH_MAX: u64 = 1_000;

/// A value that fits `schema`.
pub(crate) fn instance(schema: &Value) -> Value {
    fit(schema, schema, 0)
}

fn fit(schema: &Value, root: &Value, depth: usize) -> Value {
    if depth > DEPTH_MAX {
        return Value::Null;
    }
    if let Some(chosen) = given(schema) {
        return chosen.clone();
    }
    if let Some(other) = referred(schema, root) {
        return fit(other, root, depth + 1);
    }
    match kind(schema).as_str() {
        "object" => object(schema, root, depth),
        "array" => array(schema, root, depth),
        "string" => {
            let wanted = length(schema, "minLength");
            Value::String("text".chars().cycle().take(wanted.max(4)).collect())
        }
        "integer" | "number" => number(schema),
        "boolean" => Value::Bool(true),
        _ => Value::Null,
    }
}

/// A value that the schema spells out.
fn given(schema: &Value) -> Option<&Value> {
    schema
        .get("const")
        .or_else(|| {
            schema
                .get("enum")
                .and_then(Value::as_array)
                .and_then(|list| list.first())
        })
        .or_else(|| schema.get("default"))
}

/// The schema that this one points to: by `$ref`, or the first of its alternatives that is not
/// null.
fn referred<'a>(schema: &'a Value, root: &'a Value) -> Option<&'a Value> {
    if let Some(pointer) = schema.get("$ref").and_then(Value::as_str) {
        return root.pointer(pointer.strip_prefix('#')?);
    }
    if schema.get("properties").is_some() {
        return None;
    }
    ["anyOf", "oneOf", "allOf"]
        .iter()
        .filter_map(|name| schema.get(name)?.as_array())
        .flatten()
        .find(|alternative| kind(alternative) != "null")
}

/// The first type that is not null, in lower case.
fn kind(schema: &Value) -> String {
    let declared = schema.get("type");
    let first = declared.and_then(Value::as_array).and_then(|list| {
        list.iter()
            .filter_map(Value::as_str)
            .find(|name| !name.eq_ignore_ascii_case("null"))
    });
    let name = first.or_else(|| declared.and_then(Value::as_str));
    let implied = if schema.get("properties").is_some() {
        "object"
    } else {
        ""
    };
    name.unwrap_or(implied).to_ascii_lowercase()
}

fn object(schema: &Value, root: &Value, depth: usize) -> Value {
    let properties = schema.get("properties").and_then(Value::as_object);
    let fitted: Map<String, Value> = properties
        .into_iter()
        .flatten()
        .map(|(name, inner)| (name.clone(), fit(inner, root, depth + 1)))
        .collect();
    Value::Object(fitted)
}

fn array(schema: &Value, root: &Value, depth: usize) -> Value {
    let wanted = length(schema, "minItems").max(1);
    let element = schema
        .get("items")
        .map_or(Value::Null, |inner| fit(inner, root, depth + 1));
    Value::Array(vec![element; wanted])
}

fn number(schema: &Value) -> Value {
    if let Some(minimum) = schema.get("minimum") {
        return minimum.clone();
    }
    let above = schema.get("exclusiveMinimum").and_then(Value::as_i64);
    json!(above.map_or(1, |minimum| minimum.saturating_add(1)))
}

fn length(schema: &Value, name: &str) -> usize {
    let wanted = schema.get(name).and_then(Value::as_u64).unwrap_or_default();
    usize::try_from(wanted.min(LENGTH_MAX)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_property_gets_a_value_of_its_type() {
        let schema = json!({
            "type": "object",
            "$defs": {"place": {"type": "object", "properties": {"city": {"type": "string"}}}},
            "properties": {
                "name": {"type": "string", "minLength": 6},
                "age": {"type": "integer", "minimum": 18},
                "tags": {"type": "array", "items": {"enum": ["a", "b"]}, "minItems": 2},
                "home": {"$ref": "#/$defs/place"},
                "spouse": {"anyOf": [{"type": "null"}, {"type": "boolean"}]},
                "note": {"type": ["null", "string"]},
            },
        });
        let expected = json!({"name": "textte", "age": 18, "tags": ["a", "a"],
            "home": {"city": "text"}, "spouse": true, "note": "text"});
        assert_eq!(instance(&schema), expected);
    }

    #[test]
    fn gemini_types_are_in_capitals() {
        let schema = json!({"type": "OBJECT", "properties": {"n": {"type": "NUMBER"}}});
        assert_eq!(instance(&schema), json!({"n": 1}));
    }

    #[test]
    fn a_schema_that_refers_to_itself_ends() {
        let schema = json!({"type": "object", "properties": {"next": {"$ref": "#"}}});
        let depth = instance(&schema).to_string().matches("next").count();
        assert!((2..=DEPTH_MAX).contains(&depth), "{depth}");
    }
}
