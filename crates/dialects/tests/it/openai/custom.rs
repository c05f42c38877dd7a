//! Custom tools: tools of the caller's that take text and not JSON.

use canon::{Part, ToolCall, ToolChoice, ToolKind};
use dialects::{Call, Dialect, Form, Receipt, Serve, openai::chat::Chat};
use serde_json::{Value, json};

use super::{asking, parse, refused, send, serve_whole};
use crate::equivalence;
use crate::golden::serve_steps;
use crate::replay::replay;

fn request() -> Value {
    json!({
        "model": "b-2026",
        "messages": [
            {"role": "user", "content": "how many?"},
            {"role": "assistant", "content": "I look.", "tool_calls": [
                {"id": "call_1", "type": "custom",
                 "custom": {"name": "sql", "input": "SELECT \"a\"\n FROM t"}},
                {"id": "call_2", "type": "function",
                 "function": {"name": "count", "arguments": "{}"}},
            ]},
            {"role": "tool", "tool_call_id": "call_1", "content": "3"},
            {"role": "tool", "tool_call_id": "call_2", "content": "4"},
        ],
        "tools": [
            {"type": "custom", "custom": {"name": "sql", "description": "asks",
                "format": {"type": "grammar", "grammar": {"syntax": "lark", "definition": "start: /.+/"}},
                "defer_loading": true}},
            {"type": "custom", "custom": {"name": "say", "format": {"type": "text"}}},
            {"type": "function", "function": {"name": "count"}},
        ],
        "tool_choice": {"type": "custom", "custom": {"name": "sql"}},
    })
}

#[test]
fn a_request_with_custom_tools_keeps_every_field() {
    let body = request();
    let (written, lost) = send(&parse(&body), &Form::default());
    let differences = equivalence::differences(Dialect::OpenAiChat, &body, &written);
    assert!(differences.is_empty(), "{differences:#?}");
    assert!(lost.is_empty(), "{lost:?}");
}

#[test]
fn canon_has_the_grammar_flat_and_the_input_as_it_came() {
    let request = parse(&request());
    let ToolKind::Custom { name, format, .. } = &request.tools[0].kind else {
        panic!("{:?}", request.tools[0])
    };
    assert_eq!(name, "sql");
    let flat = json!({"type": "grammar", "syntax": "lark", "definition": "start: /.+/"});
    assert_eq!(format.as_ref(), Some(&flat));
    assert_eq!(
        request.tool_choice,
        Some(ToolChoice::Custom("sql".to_owned()))
    );
    let Part::ToolCall(call) = &request.messages[1].parts[1] else {
        panic!("{:?}", request.messages[1])
    };
    assert!(call.custom);
    assert_eq!(call.arguments, "SELECT \"a\"\n FROM t");
}

#[test]
fn a_choice_among_functions_is_understood_and_one_among_other_tools_stays_whole() {
    let choice = |tool: Value| json!({"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [tool]}});
    let functions = choice(json!({"type": "function", "function": {"name": "count"}}));
    let mut body = request();
    body["tool_choice"] = functions.clone();
    let read = parse(&body);
    let allowed = ToolChoice::Allowed {
        required: true,
        names: vec!["count".to_owned()],
    };
    assert_eq!(read.tool_choice, Some(allowed));
    assert_eq!(send(&read, &Form::default()).0["tool_choice"], functions);
    let others = choice(json!({"type": "custom", "custom": {"name": "sql"}}));
    body["tool_choice"] = others.clone();
    let read = parse(&body);
    assert!(matches!(read.tool_choice, Some(ToolChoice::Native { .. })));
    assert_eq!(send(&read, &Form::default()).0["tool_choice"], others);
}

#[test]
fn a_custom_tool_without_its_object_is_refused_by_name() {
    let error = refused(&asking(
        &json!({"tools": [{"type": "custom", "name": "sql"}]}),
    ));
    assert_eq!(
        error.to_string(),
        "`tools[0].custom` is missing: expected an object with a name"
    );
}

fn call(call: &Value) -> Value {
    json!({"id": "x", "object": "chat.completion", "created": 7, "model": "m", "choices": [
        {"index": 0, "finish_reason": "tool_calls",
         "message": {"role": "assistant", "content": null, "tool_calls": [call]}}]})
}

fn calls_of(parts: &[Part]) -> Vec<&ToolCall> {
    let mut calls = Vec::new();
    for part in parts {
        if let Part::ToolCall(call) = part {
            calls.push(call);
        }
    }
    calls
}

#[test]
fn an_answer_that_calls_a_custom_tool_is_served_as_it_came() {
    let came =
        json!({"id": "call_1", "type": "custom", "custom": {"name": "sql", "input": "SELECT 1"}});
    let response = Chat
        .parse_response(call(&came).to_string().as_bytes())
        .unwrap();
    let calls = calls_of(&response.choices[0].parts);
    assert!(calls[0].custom);
    assert_eq!(calls[0].arguments, "SELECT 1");
    let served: Value = serde_json::from_str(&serve_whole(&response, &Receipt::default())).unwrap();
    let mut served = served["choices"][0]["message"]["tool_calls"][0].clone();
    served.as_object_mut().unwrap().shift_remove("index");
    assert_eq!(served, came);
}

#[test]
fn a_streamed_custom_call_is_served_and_read_again() {
    let chunk = |delta: Value, finish: Value| {
        let chunk = json!({"id": "x", "object": "chat.completion.chunk", "created": 7, "model": "m",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]});
        format!("data: {chunk}\n\n")
    };
    let piece = |piece: Value| json!({ "tool_calls": [piece] });
    let stream = [
        chunk(
            piece(json!({"index": 0, "id": "call_1", "type": "custom",
                "custom": {"name": "sql", "input": ""}})),
            Value::Null,
        ),
        chunk(
            piece(json!({"index": 0, "custom": {"input": "SELECT "}})),
            Value::Null,
        ),
        chunk(
            piece(json!({"index": 0, "custom": {"input": "1"}})),
            Value::Null,
        ),
        chunk(json!({}), json!("tool_calls")),
        "data: [DONE]\n\n".to_owned(),
    ]
    .concat();
    let read = |bytes: &[u8]| replay(&Chat as &dyn Call, [bytes]).unwrap();
    let serve: &dyn Serve = &Chat;
    let served = serve_steps(serve, read(stream.as_bytes()).steps);
    let again = read(&served).into_response().unwrap();
    let calls = calls_of(&again.choices[0].parts);
    assert_eq!(calls.len(), 1);
    assert!(calls[0].custom);
    assert_eq!((&*calls[0].name, &*calls[0].arguments), ("sql", "SELECT 1"));
    assert!(!String::from_utf8(served).unwrap().contains("\"function\""));
}
