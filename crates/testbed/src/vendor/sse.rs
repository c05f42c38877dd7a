//! Events as `text/event-stream` carries them, named after their own `type`.

use serde_json::Value;

/// An event whose name is the `type` of its data.
pub(super) fn event(data: &Value) -> String {
    let name = data.get("type").and_then(Value::as_str).unwrap_or_default();
    format!("event: {name}\ndata: {data}\n\n")
}
