//! How the Responses form says no: as the chat form does, save that a prompt may be too long in
//! other words.

use serde_json::{Value, json};

use crate::vendor::openai;

/// The body of an error.
pub(in crate::vendor) fn error(status: u16, message: Option<&str>) -> Value {
    if status != 400 || message.is_some() {
        return openai::error(status, message);
    }
    json!({"error": {
        "message": "Your input exceeds the context window of this model. Please adjust your input \
                    and try again.",
        "type": "invalid_request_error",
        "param": "input",
        "code": "context_length_exceeded",
    }})
}
