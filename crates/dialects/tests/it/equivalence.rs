//! What two request bodies may differ in and still say the same. The list is short, and every rule
//! says why.

mod gemini;
mod responses;

use dialects::Dialect;
use serde_json::{Map, Value};

/// The fields in which a rendered body differs from the original, behind the rules below.
pub(crate) fn differences(dialect: Dialect, original: &Value, rendered: &Value) -> Vec<String> {
    let mut original = original.clone();
    let mut rendered = rendered.clone();
    // Weir names the model as the vendor does.
    rendered["model"] = original["model"].clone();
    for body in [&mut original, &mut rendered] {
        match dialect {
            Dialect::OpenAiChat => normalise_chat(body),
            Dialect::Anthropic => normalise_anthropic(body),
            Dialect::OpenAiResponses => responses::normalise(body),
            Dialect::Gemini => gemini::normalise(body),
            Dialect::OpenAiCompletions
            | Dialect::Bedrock
            | Dialect::Cohere
            | Dialect::Ollama
            | Dialect::Replicate => {}
        }
    }
    if dialect == Dialect::Gemini {
        gemini::forgive(&original, &mut rendered);
    }
    let mut found = Vec::new();
    compare("", &original, &rendered, &mut found);
    found
}

fn compare(path: &str, original: &Value, rendered: &Value, found: &mut Vec<String>) {
    match (original, rendered) {
        (Value::Object(left), Value::Object(right)) => {
            for (name, value) in left {
                let path = format!("{path}.{name}");
                match right.get(name) {
                    Some(other) => compare(&path, value, other, found),
                    None => found.push(format!("{path} is missing, was {}", shorten(value))),
                }
            }
            for (name, value) in right {
                if !left.contains_key(name) {
                    found.push(format!("{path}.{name} is new: {}", shorten(value)));
                }
            }
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            for (index, (left, right)) in left.iter().zip(right).enumerate() {
                compare(&format!("{path}[{index}]"), left, right, found);
            }
        }
        // 3 and 3.0 are one number.
        (Value::Number(left), Value::Number(right)) if left.as_f64() == right.as_f64() => {}
        (left, right) if left == right => {}
        _ => found.push(format!(
            "{path}: {} became {}",
            shorten(original),
            shorten(rendered)
        )),
    }
}

fn shorten(value: &Value) -> String {
    const CHARS_MAX: usize = 160;
    let text = value.to_string();
    if text.chars().count() <= CHARS_MAX {
        return text;
    }
    text.chars().take(CHARS_MAX).chain(['…']).collect()
}

// === rules of both ===

/// `null` says what absence says.
fn drop_nulls(object: &mut Map<String, Value>) {
    object.retain(|_, value| !value.is_null());
}

/// `"text"` says what a list of one plain text part says.
fn unwrap_text(object: &mut Map<String, Value>, name: &str) {
    let text = match object
        .get(name)
        .and_then(Value::as_array)
        .map(Vec::as_slice)
    {
        Some([Value::Object(part)]) if part.len() == 2 && part["type"] == "text" => {
            part.get("text").cloned()
        }
        _ => None,
    };
    if let Some(text) = text {
        object.insert(name.to_owned(), text);
    }
}

/// `false` is the default of this field.
fn drop_false(object: &mut Map<String, Value>, name: &str) {
    if object.get(name) == Some(&Value::Bool(false)) {
        object.remove(name);
    }
}

/// An empty list says what absence says.
fn drop_empty(object: &mut Map<String, Value>, name: &str) {
    if object
        .get(name)
        .and_then(Value::as_array)
        .is_some_and(Vec::is_empty)
    {
        object.remove(name);
    }
}

/// Every object of a list.
fn each(object: &mut Map<String, Value>, name: &str, change: impl FnMut(&mut Map<String, Value>)) {
    let list = object.get_mut(name).and_then(Value::as_array_mut);
    list.into_iter()
        .flatten()
        .filter_map(Value::as_object_mut)
        .for_each(change);
}

// === OpenAI chat ===

fn normalise_chat(body: &mut Value) {
    let Value::Object(body) = body else { return };
    drop_nulls(body);
    drop_false(body, "stream");
    drop_empty(body, "tools");
    drop_empty(body, "stop");
    normalise_routing(body);
    // The caller's labels are for Weir's records.
    body.remove("metadata");
    // Whether usage is stated is Weir's to ask for: it always needs it.
    body.remove("stream_options");
    body.remove("usage");
    // Thinking is shown unless it is excluded.
    if body.get("include_reasoning") == Some(&Value::Bool(true)) {
        body.remove("include_reasoning");
    }
    // The default.
    if body
        .get("tool_choice")
        .is_some_and(|choice| choice == "auto")
    {
        body.remove("tool_choice");
    }
    // OpenAI demands a name; a schema without one gets one.
    if let Some(schema) = body
        .get_mut("response_format")
        .and_then(|format| format.get_mut("json_schema"))
        .and_then(Value::as_object_mut)
        && !schema.contains_key("name")
    {
        schema.insert("name".to_owned(), "response".into());
    }
    // One limit, two spellings.
    if let Some(limit) = body.remove("max_completion_tokens") {
        body.insert("max_tokens".to_owned(), limit);
    }
    // One stop sequence, or a list of one.
    if let Some(Value::String(stop)) = body.get("stop") {
        let list = Value::from(vec![stop.clone()]);
        body.insert("stop".to_owned(), list);
    }
    each(body, "tools", imply_function);
    if let Some(Value::Object(choice)) = body.get_mut("tool_choice") {
        imply_function(choice);
    }
    each(body, "messages", |message| {
        drop_nulls(message);
        each(message, "content", normalise_chat_part);
        unwrap_text(message, "content");
        move_mark(message);
        drop_empty(message, "tool_calls");
        normalise_details(message);
        each(message, "tool_calls", |call| {
            drop_nulls(call);
            imply_function(call);
            // The place in the list says it.
            call.remove("index");
        });
    });
}

/// Where a request may go is Weir's to decide; what limits the data's way is handed on to the next
/// router.
fn normalise_routing(body: &mut Map<String, Value>) {
    const HANDED_ON: [&str; 5] = [
        "zdr",
        "enforce_distillable_text",
        "require_parameters",
        "data_collection",
        "quantizations",
    ];
    for name in ["models", "route", "transforms"] {
        body.remove(name);
    }
    if let Some(Value::Object(provider)) = body.get_mut("provider") {
        provider.retain(|name, _| HANDED_ON.contains(&name.as_str()));
        if provider.is_empty() {
            body.remove("provider");
        }
    }
}

/// A function is what a tool, a call or a choice is where it does not say so (Mistral, Hugging
/// Face).
fn imply_function(object: &mut Map<String, Value>) {
    drop_nulls(object);
    if object.contains_key("function") {
        object
            .entry("type")
            .or_insert_with(|| Value::from("function"));
    }
    if let Some(Value::Object(function)) = object.get_mut("function") {
        drop_nulls(function);
    }
}

fn normalise_chat_part(part: &mut Map<String, Value>) {
    drop_nulls(part);
    // Mistral takes the address itself, too.
    if let Some(Value::String(url)) = part.get("image_url") {
        let object = serde_json::json!({ "url": url });
        part.insert("image_url".to_owned(), object);
    }
    if let Some(Value::Object(image)) = part.get_mut("image_url") {
        drop_nulls(image);
    }
}

/// A cache breakpoint behind a message stands behind its last part.
fn move_mark(message: &mut Map<String, Value>) {
    let Some(mark) = message.remove("cache_control") else {
        return;
    };
    if let Some(Value::String(text)) = message.get("content") {
        let part = serde_json::json!([{ "type": "text", "text": text }]);
        message.insert("content".to_owned(), part);
    }
    let parts = message.get_mut("content").and_then(Value::as_array_mut);
    if let Some(Value::Object(last)) = parts.and_then(|parts| parts.last_mut()) {
        last.insert("cache_control".to_owned(), mark);
    }
}

/// `reasoning` and `reasoning_content` repeat the words of `reasoning_details`, or each other's.
fn normalise_details(message: &mut Map<String, Value>) {
    drop_empty(message, "reasoning_details");
    if message.get("reasoning").is_some()
        && message.get("reasoning") == message.get("reasoning_content")
    {
        message.remove("reasoning");
    }
    if message.contains_key("reasoning_details") {
        each(message, "reasoning_details", |detail| {
            drop_nulls(detail);
            // What a detail has that does not say so: no known format, no words (a signature
            // alone).
            if detail
                .get("format")
                .is_some_and(|format| format == "unknown")
            {
                detail.remove("format");
            }
            for name in ["text", "data"] {
                if detail.get(name).is_some_and(|text| text == "") {
                    detail.remove(name);
                }
            }
        });
        message.remove("reasoning");
        message.remove("reasoning_content");
    }
}

// === Anthropic messages ===

fn normalise_anthropic(body: &mut Value) {
    let Value::Object(body) = body else { return };
    drop_nulls(body);
    drop_false(body, "stream");
    drop_empty(body, "tools");
    unwrap_text(body, "system");
    // The older spelling of the same field.
    if let Some(format) = body.remove("output_format") {
        body.entry("output_config")
            .or_insert_with(|| serde_json::json!({}))["format"] = format;
    }
    // With thinking, 1 is the only temperature there is.
    let thinks = body
        .get("thinking")
        .is_some_and(|thinking| thinking["type"] != "disabled");
    if thinks && body.get("temperature").and_then(Value::as_f64) == Some(1.0) {
        body.remove("temperature");
    }
    each(body, "tools", |tool| {
        drop_nulls(tool);
        // What a tool is where it does not say so.
        if tool.get("type").is_some_and(|kind| kind == "custom") {
            tool.remove("type");
        }
        // Asked for on every streamed request with tools (spec/inference.md §8.4).
        tool.remove("eager_input_streaming");
    });
    each(body, "messages", |message| {
        each(message, "content", normalise_block);
        unwrap_text(message, "content");
    });
}

fn normalise_block(block: &mut Map<String, Value>) {
    drop_nulls(block);
    match block.get("type").and_then(Value::as_str) {
        Some("tool_result") => {
            drop_false(block, "is_error");
            unwrap_text(block, "content");
        }
        // The model itself called: who else.
        Some("tool_use")
            if block
                .get("caller")
                .is_some_and(|who| who["type"] == "direct") =>
        {
            block.remove("caller");
        }
        _ => {}
    }
}
