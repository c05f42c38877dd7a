//! What two requests of Gemini's may differ in and still say the same.

use serde_json::{Map, Value, json};

/// What a caller's own data stands under: compared as it is.
const OPAQUE: [&str; 2] = ["args", "response"];
/// Lists that may be written without brackets where they hold one object.
const LISTS: [&str; 4] = ["contents", "parts", "tools", "functionDeclarations"];

/// One of the forms that mean the same.
pub(super) fn normalise(body: &mut Value) {
    *body = respell(body.take());
    let Value::Object(fields) = body else { return };
    // The address names the model.
    fields.remove("model");
    if let Some(Value::Object(system)) = fields.get_mut("systemInstruction") {
        // Nobody speaks in a system instruction but the system.
        system.remove("role");
        normalise_parts(system);
        if system.get("parts") == Some(&json!([])) {
            fields.remove("systemInstruction");
        }
    }
    normalise_contents(fields);
    normalise_tools(fields);
    normalise_config(fields);
    for name in ["generationConfig", "toolConfig", "tools"] {
        let is_empty = fields
            .get(name)
            .is_some_and(|value| *value == json!({}) || *value == json!([]));
        if is_empty {
            fields.remove(name);
        }
    }
}

/// Both spellings of a name are one, `null` is absent, and an object is a list of one.
fn respell(value: Value) -> Value {
    match value {
        Value::Array(list) => list.into_iter().map(respell).collect(),
        Value::Object(map) => {
            let fields = map.into_iter().filter(|(_, value)| !value.is_null());
            let fields = fields.map(|(name, value)| {
                let name = camel(&name);
                let value = if OPAQUE.contains(&name.as_str()) {
                    value
                } else if LISTS.contains(&name.as_str()) && value.is_object() {
                    json!([respell(value)])
                } else {
                    respell(value)
                };
                (name, value)
            });
            Value::Object(fields.collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

fn camel(name: &str) -> String {
    let mut camel = String::new();
    let mut is_start = false;
    for letter in name.chars() {
        match letter {
            '_' => is_start = true,
            letter if is_start => {
                camel.push(letter.to_ascii_uppercase());
                is_start = false;
            }
            letter => camel.push(letter),
        }
    }
    camel
}

fn normalise_parts(content: &mut Map<String, Value>) {
    let Some(Value::Array(parts)) = content.get_mut("parts") else {
        return;
    };
    for part in parts.iter_mut() {
        if part["thought"] == false {
            part.as_object_mut().unwrap().remove("thought");
        }
        // Two alphabets of base64, with padding and without.
        if let Some(Value::String(data)) = part.pointer_mut("/inlineData/data") {
            let standard = data.replace('-', "+").replace('_', "/");
            *data = standard.trim_end_matches('=').to_owned();
        }
    }
    // An empty text says nothing, unless it is signed.
    parts.retain(|part| *part != json!({"text": ""}));
}

fn normalise_contents(fields: &mut Map<String, Value>) {
    let Some(Value::Array(contents)) = fields.remove("contents") else {
        return;
    };
    let mut turns: Vec<Value> = Vec::new();
    for mut content in contents {
        let turn = content.as_object_mut().unwrap();
        normalise_parts(turn);
        turn.entry("role").or_insert_with(|| "user".into());
        match turns.last_mut() {
            // Two turns of one role in a row are one turn.
            Some(last) if last["role"] == content["role"] => {
                let parts = content["parts"].as_array().unwrap().clone();
                last["parts"].as_array_mut().unwrap().extend(parts);
            }
            _ => turns.push(content),
        }
    }
    fields.insert("contents".to_owned(), turns.into());
}

/// A list of tools is the union of its entries.
fn normalise_tools(fields: &mut Map<String, Value>) {
    let Some(Value::Array(tools)) = fields.remove("tools") else {
        return;
    };
    let (mut functions, mut natives) = (Vec::new(), Vec::new());
    for tool in tools {
        for (name, value) in tool.as_object().unwrap() {
            if name == "functionDeclarations" {
                functions.extend(value.as_array().unwrap().clone());
            } else {
                natives.push(json!({ name: value }));
            }
        }
    }
    let mut tools = natives;
    if !functions.is_empty() {
        tools.insert(0, json!({ "functionDeclarations": functions }));
    }
    fields.insert("tools".to_owned(), tools.into());
}

fn normalise_config(fields: &mut Map<String, Value>) {
    if let Some(Value::Object(config)) = fields.get_mut("generationConfig")
        && let Some(Value::Object(thinking)) = config.get_mut("thinkingConfig")
    {
        // Thoughts are not shown unless asked for.
        if thinking.get("includeThoughts") == Some(&json!(false)) {
            thinking.remove("includeThoughts");
        }
        lower(thinking.get_mut("thinkingLevel"));
        if thinking.is_empty() {
            config.remove("thinkingConfig");
        }
    }
    let calling = fields
        .get_mut("toolConfig")
        .and_then(|config| config.get_mut("functionCallingConfig")?.as_object_mut());
    if let Some(calling) = calling
        && calling.get("allowedFunctionNames") == Some(&json!([]))
    {
        // Of no names, any.
        calling.remove("allowedFunctionNames");
    }
}

fn lower(text: Option<&mut Value>) {
    if let Some(Value::String(text)) = text {
        *text = text.to_lowercase();
    }
}

/// What Weir adds where the original has nothing: ids of calls and their results (other vendors need them), and the
/// excuse for a call that nobody signed (later models demand one).
pub(super) fn forgive(original: &Value, rendered: &mut Value) {
    let parts_of = |turn: &Value| turn["parts"].as_array().cloned().unwrap_or_default();
    let original: Vec<Value> = original["contents"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(parts_of)
        .collect();
    let turns = rendered["contents"].as_array_mut().into_iter().flatten();
    let parts = turns.flat_map(|turn| turn["parts"].as_array_mut().into_iter().flatten());
    for (original, part) in original.iter().zip(parts) {
        let part = part.as_object_mut().unwrap();
        for name in ["functionCall", "functionResponse"] {
            if original[name]["id"].is_null()
                && let Some(Value::Object(inner)) = part.get_mut(name)
            {
                inner.remove("id");
            }
        }
        let is_excused =
            part.get("thoughtSignature") == Some(&json!("skip_thought_signature_validator"));
        if is_excused && original["thoughtSignature"].is_null() {
            part.remove("thoughtSignature");
        }
    }
}
