//! Schemas in Google's form (a subset of OpenAPI's, with types in capitals) as JSON Schema, which every other vendor
//! reads.
//!
//! Google's own form is kept beside it and goes back to Google as it came.

use serde_json::{Map, Value, json};

use super::spelling;

/// How deep a schema is read; what is deeper stays as it is.
const DEPTH_MAX: usize = 64;

/// The same schema as JSON Schema.
pub(super) fn to_json_schema(schema: &Value) -> Value {
    convert(schema, DEPTH_MAX)
}

fn convert(schema: &Value, depth: usize) -> Value {
    let (Value::Object(fields), Some(depth)) = (schema, depth.checked_sub(1)) else {
        return schema.clone();
    };
    let mut converted = Map::with_capacity(fields.len());
    let mut is_nullable = false;
    for (name, value) in fields {
        let name = spelling::camel(name);
        match name.as_str() {
            "nullable" => is_nullable = *value == Value::Bool(true),
            // The order of `properties` says it.
            "propertyOrdering" => {}
            "format" if value == "enum" => {}
            "example" => {
                converted.insert("examples".to_owned(), json!([value]));
            }
            _ if value.is_null() => {}
            _ => {
                if let Some(value) = convert_field(&name, value, depth) {
                    converted.insert(name, value);
                }
            }
        }
    }
    if is_nullable {
        allow_null(&mut converted);
    }
    Value::Object(converted)
}

/// One field of a schema; `None` where it says nothing.
fn convert_field(name: &str, value: &Value, depth: usize) -> Option<Value> {
    let each = |list: &Vec<Value>| list.iter().map(|item| convert(item, depth)).collect();
    Some(match (name, value) {
        ("type", Value::Array(list)) => {
            Value::Array(list.iter().filter_map(type_name).map(Value::from).collect())
        }
        ("type", _) => Value::from(type_name(value)?),
        ("properties" | "$defs" | "defs", Value::Object(schemas)) => schemas
            .iter()
            .map(|(name, schema)| (name.clone(), convert(schema, depth)))
            .collect(),
        ("anyOf" | "oneOf" | "allOf" | "prefixItems", Value::Array(list)) => each(list),
        ("items" | "additionalProperties" | "not", _) => convert(value, depth),
        // 64-bit numbers are texts on Google's wire.
        (
            "minItems" | "maxItems" | "minLength" | "maxLength" | "minProperties" | "maxProperties",
            Value::String(text),
        ) => text
            .parse::<u64>()
            .map_or_else(|_| value.clone(), Value::from),
        _ => value.clone(),
    })
}

/// The name of a type, which may be written as its number.
fn type_name(value: &Value) -> Option<String> {
    const BY_NUMBER: [&str; 8] = [
        "", "string", "number", "integer", "boolean", "array", "object", "null",
    ];
    let name = if let Value::Number(number) = value {
        let number = usize::try_from(number.as_u64()?).ok()?;
        (*BY_NUMBER.get(number)?).to_owned()
    } else {
        value.as_str()?.to_ascii_lowercase()
    };
    (!name.is_empty() && name != "type_unspecified").then_some(name)
}

fn allow_null(schema: &mut Map<String, Value>) {
    if let Some(Value::Array(values)) = schema.get_mut("enum")
        && !values.contains(&Value::Null)
    {
        values.push(Value::Null);
    }
    if let Some(Value::Array(choices)) = schema.get_mut("anyOf") {
        choices.push(json!({"type": "null"}));
    }
    match schema.get_mut("type") {
        Some(Value::Array(types)) if !types.iter().any(|name| name == "null") => {
            types.push("null".into());
        }
        Some(name @ Value::String(_)) if name != "null" => *name = json!([name.take(), "null"]),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn googles_schemas_become_json_schema() {
        let google = json!({
            "type": "OBJECT",
            "property_ordering": ["type", "list"],
            "properties": {
                "type": {"type": "STRING", "format": "enum", "enum": ["a"], "nullable": true},
                "list": {
                    "type": 5,
                    "min_items": "1",
                    "items": {"anyOf": [{"type": "INTEGER", "example": 3}], "nullable": true},
                    "description": null,
                },
            },
            "required": ["type"],
        });
        let wanted = json!({
            "type": "object",
            "properties": {
                "type": {"type": ["string", "null"], "enum": ["a", null]},
                "list": {
                    "type": "array",
                    "minItems": 1,
                    "items": {"anyOf": [{"type": "integer", "examples": [3]}, {"type": "null"}]},
                },
            },
            "required": ["type"],
        });
        assert_eq!(to_json_schema(&google), wanted);
    }

    #[test]
    fn json_schema_stays_as_it_is() {
        let schema = json!({
            "$schema": "x",
            "type": ["object", "null"],
            "additionalProperties": false,
            "properties": {"nullable": {"type": "boolean"}, "a_b": {"$ref": "#/$defs/c_d"}},
            "$defs": {"c_d": {"const": 1}},
        });
        assert_eq!(to_json_schema(&schema), schema);
    }

    #[test]
    fn depth_has_a_limit() {
        let mut deep = json!({"type": "STRING"});
        for _ in 0..200 {
            deep = json!({ "items": deep });
        }
        let converted = to_json_schema(&deep).to_string();
        assert!(converted.contains("STRING"));
    }
}
