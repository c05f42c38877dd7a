//! OpenAI Responses: what two requests may differ in and still say the same.

use serde_json::{Map, Value, json};

use super::{drop_empty, drop_false, drop_nulls, each};

pub(super) fn normalise(body: &mut Value) {
    let Value::Object(body) = body else { return };
    drop_nulls(body);
    drop_false(body, "stream");
    // Nothing is stored, whether one says so or not.
    drop_false(body, "store");
    drop_false(body, "background");
    drop_empty(body, "tools");
    super::normalise_routing(body);
    // No instructions.
    if body.get("instructions").is_some_and(|text| text == "") {
        body.remove("instructions");
    }
    // Weir asks for what it needs to bring thinking back.
    if let Some(Value::Array(include)) = body.get_mut("include") {
        include.retain(|name| name != "reasoning.encrypted_content");
    }
    drop_empty(body, "include");
    // The default.
    if body
        .get("tool_choice")
        .is_some_and(|choice| choice == "auto")
    {
        body.remove("tool_choice");
    }
    if let Some(Value::Object(reasoning)) = body.get_mut("reasoning") {
        drop_nulls(reasoning);
        if reasoning.is_empty() {
            body.remove("reasoning");
        }
    }
    if let Some(Value::Object(text)) = body.get_mut("text") {
        drop_nulls(text);
        if let Some(Value::Object(format)) = text.get_mut("format") {
            drop_nulls(format);
        }
    }
    // A text is a message of the user's.
    if let Some(Value::String(text)) = body.get("input") {
        let input = json!([{"role": "user", "content": text}]);
        body.insert("input".to_owned(), input);
    }
    each(body, "tools", drop_nulls);
    each(body, "input", normalise_item);
}

fn normalise_item(item: &mut Map<String, Value>) {
    drop_nulls(item);
    // What an item with a role is where it does not say so.
    if item.get("type").is_some_and(|kind| kind == "message") {
        item.remove("type");
    }
    for name in ["content", "output"] {
        each(item, name, |part| {
            drop_nulls(part);
            drop_empty(part, "annotations");
            drop_empty(part, "logprobs");
        });
        unwrap_text(item, name);
    }
    drop_empty(item, "content");
}

/// `"text"` says what a list of one plain text part says.
fn unwrap_text(item: &mut Map<String, Value>, name: &str) {
    let kinds = ["input_text", "output_text", "text"];
    let text = match item.get(name).and_then(Value::as_array).map(Vec::as_slice) {
        Some([Value::Object(part)]) if part.len() == 2 => {
            let is_text = kinds
                .iter()
                .any(|kind| part.get("type") == Some(&json!(kind)));
            part.get("text").filter(|_| is_text).cloned()
        }
        _ => None,
    };
    if let Some(text) = text {
        item.insert(name.to_owned(), text);
    }
}
