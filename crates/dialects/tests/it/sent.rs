//! What a vendor is sent of a caller's request, for tests of dialects that are only called.

use canon::Request;
use dialects::{Call, Dialect, Form, Target, Thinking, called, served};
use serde_json::{Value, json};

use crate::fixtures::{self, Fixture};
use crate::replay::replay;

/// A target of these names.
pub(crate) fn target<'a>(
    model: &'a str,
    upstream_model: &'a str,
    thinking: Thinking,
    form: &'a Form,
) -> Target<'a> {
    Target {
        upstream_model,
        model,
        form,
        max_output_tokens: Some(8192),
        thinking,
    }
}

/// The body, and what was lost, as `WHAT: WHY`.
pub(crate) type Sent = (Value, Vec<String>);

/// What `call` makes of a request.
pub(crate) fn send(
    call: &dyn Call,
    request: &Request,
    target: &Target<'_>,
) -> Result<Sent, String> {
    let mut loss = Vec::new();
    let body = call
        .render_request(request, target, &mut loss)
        .map_err(|error| error.to_string())?;
    let loss = loss
        .iter()
        .map(|loss| format!("{}: {}", loss.what, loss.why));
    Ok((serde_json::from_slice(&body).unwrap(), loss.collect()))
}

/// A request of a caller of OpenAI chat: the conversation, and further fields.
pub(crate) fn asked(messages: Value, more: Value) -> Request {
    parse(Dialect::OpenAiChat, messages, more)
}

/// A request of a caller of Anthropic Messages.
pub(crate) fn asked_anthropic(messages: Value, more: Value) -> Request {
    parse(Dialect::Anthropic, messages, more)
}

fn parse(dialect: Dialect, messages: Value, more: Value) -> Request {
    let mut body = json!({ "model": "acme/x", "max_tokens": 4000, "messages": messages });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    let serve = served(dialect).unwrap();
    serve.parse_request(body.to_string().as_bytes()).unwrap()
}

/// A function on offer, as OpenAI chat has it.
pub(crate) fn function(name: &str) -> Value {
    json!({"type": "function", "function": {"name": name, "parameters": {"type": "object"}}})
}

/// A conversation with a call of `get_weather` and its result.
pub(crate) fn conversation_with_call() -> Value {
    json!([
        {"role": "user", "content": "Weather in Salta?"},
        {"role": "assistant", "content": "I look.", "tool_calls": [
            {"id": "call:1", "type": "function",
             "function": {"name": "get_weather", "arguments": "{\"city\":\"Salta\"}"}},
        ]},
        {"role": "tool", "tool_call_id": "call:1", "content": "sunny"},
    ])
}

/// Asserts that each of our own streams of this dialect adds up to the whole answer beside it; says how many there are.
pub(crate) fn assert_sums_equal_wholes(dialect: Dialect) -> usize {
    let call = called(dialect).unwrap();
    let is_ours = |fixture: &Fixture| fixture.dialect == dialect;
    let mut checked = 0;
    for whole in fixtures::with_file("response.json")
        .into_iter()
        .filter(is_ours)
    {
        let mut streams = fixtures::streams().into_iter().filter(is_ours);
        let stream = streams.find(|stream| stream.case == whole.case).unwrap();
        let sum = replay(call, [stream.bytes.as_slice()]).unwrap();
        assert!(sum.is_complete, "{}", whole.case);
        let sum = sum.into_response().unwrap();
        let whole_response = call.parse_response(&whole.bytes).unwrap();
        assert_eq!(sum.id, whole_response.id, "{}", whole.case);
        assert_eq!(sum.model, whole_response.model, "{}", whole.case);
        assert_eq!(sum.usage, whole_response.usage, "{}", whole.case);
        assert_eq!(sum.choices, whole_response.choices, "{}", whole.case);
        checked += 1;
    }
    checked
}
