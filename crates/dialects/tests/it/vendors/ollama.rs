//! Ollama's own wire: what it is sent.

use canon::{Request, ToolChoice};
use dialects::ollama::Ollama;
use dialects::{Call, Dialect, Form, Framing, Thinking};
use serde_json::{Value, json};

use crate::sent::{
    Sent, asked, assert_sums_equal_wholes, conversation_with_call, function, send, target,
};

fn sent(request: &Request) -> Sent {
    sent_to("qwen3:8b", request).unwrap()
}

fn sent_to(model: &str, request: &Request) -> Result<Sent, String> {
    let form = Form::default();
    send(
        &Ollama,
        request,
        &target("acme/x", model, Thinking::Effort, &form),
    )
}

fn user(text: &str) -> Value {
    json!([{"role": "user", "content": text}])
}

#[test]
fn the_sum_of_a_stream_is_the_whole_answer() {
    assert_eq!(assert_sums_equal_wholes(Dialect::Ollama), 3);
}

#[test]
fn it_is_asked_for_lines_or_told_not_to_stream() {
    assert_eq!(Ollama.path("x", &Form::default(), true), "/api/chat");
    assert_eq!(Ollama.framing(&Form::default()), Framing::JsonLines);
    let (body, _) = sent(&asked(user("Hi"), json!({})));
    assert_eq!(body["stream"], false);
    let (body, _) = sent(&asked(user("Hi"), json!({"stream": true})));
    assert_eq!(body["stream"], true);
}

#[test]
fn a_conversation_with_calls_has_arguments_as_objects_and_names_its_tools() {
    let tools = json!({"tools": [function("get_weather")], "temperature": 0.5, "stop": "END"});
    let (body, loss) = sent(&asked(conversation_with_call(), tools));
    let wanted = json!({
        "model": "qwen3:8b",
        "messages": [
            {"role": "user", "content": "Weather in Salta?"},
            {"role": "assistant", "content": "I look.", "tool_calls": [
                {"id": "call:1", "type": "function",
                 "function": {"name": "get_weather", "arguments": {"city": "Salta"}}},
            ]},
            {"role": "tool", "content": "sunny", "tool_name": "get_weather", "tool_call_id": "call:1"},
        ],
        "tools": [function("get_weather")],
        "options": {"num_predict": 4000, "temperature": 0.5, "stop": ["END"]},
        "stream": false,
    });
    assert_eq!(body, wanted);
    assert!(loss.is_empty(), "{loss:?}");
}

#[test]
fn arguments_that_are_no_object_are_packed_into_one() {
    let mut messages = conversation_with_call();
    messages[1]["tool_calls"][0]["function"]["arguments"] = json!("[1]");
    let (body, loss) = sent(&asked(messages, json!({})));
    let call = &body["messages"][1]["tool_calls"][0]["function"];
    assert_eq!(call["arguments"], json!({"arguments": "[1]"}));
    assert_eq!(loss.len(), 1, "{loss:?}");
}

#[test]
fn tools_that_may_not_be_used_are_not_offered() {
    let offered = |choice: Option<ToolChoice>| {
        let tools = json!({"tools": [function("a"), function("b")]});
        let mut request = asked(user("Hi"), tools);
        request.tool_choice = choice;
        let (body, loss) = sent(&request);
        let tools = body["tools"].as_array().cloned().unwrap_or_default();
        (tools, loss.len())
    };
    let both = vec![function("a"), function("b")];
    assert_eq!(offered(None), (both.clone(), 0));
    assert_eq!(offered(Some(ToolChoice::None)), (Vec::new(), 0));
    assert_eq!(offered(Some(ToolChoice::Required)), (both, 1));
    let one = ToolChoice::Function("b".to_owned());
    assert_eq!(offered(Some(one)), (vec![function("b")], 1));
    let allowed = ToolChoice::Allowed {
        required: false,
        names: vec!["a".to_owned()],
    };
    assert_eq!(offered(Some(allowed)), (vec![function("a")], 0));
}

#[test]
fn a_wish_to_think_is_a_level_on_gpt_oss_and_a_yes_elsewhere() {
    let wish = |model: &str, reasoning: Value| {
        let request = asked(user("Hi"), json!({ "reasoning": reasoning }));
        let (body, loss) = sent_to(model, &request).unwrap();
        (body["think"].clone(), loss.len())
    };
    assert_eq!(
        wish("gpt-oss:20b", json!({"effort": "high"})),
        (json!("high"), 0)
    );
    assert_eq!(
        wish("qwen3:8b", json!({"effort": "high"})),
        (json!(true), 1)
    );
    assert_eq!(wish("qwen3:8b", json!({"enabled": true})), (json!(true), 0));
    assert_eq!(
        wish("qwen3:8b", json!({"effort": "none"})),
        (json!(false), 0)
    );
    assert_eq!(wish("qwen3:8b", json!({"exclude": true})), (Value::Null, 0));
}

#[test]
fn a_form_is_json_or_a_schema() {
    let schema = json!({"type": "object"});
    let by_schema = json!({"type": "json_schema", "json_schema": {"schema": schema}});
    for (format, wanted) in [
        (json!({"type": "json_object"}), json!("json")),
        (by_schema, schema.clone()),
    ] {
        let (body, loss) = sent(&asked(user("Hi"), json!({"response_format": format})));
        assert_eq!(body["format"], wanted);
        assert!(loss.is_empty(), "{loss:?}");
    }
}

#[test]
fn pictures_stand_in_the_message_and_nothing_is_fetched() {
    let request = |url: &str| {
        let image = json!({"type": "image_url", "image_url": {"url": url}});
        let parts = json!([{"type": "text", "text": "See"}, image]);
        asked(json!([{"role": "user", "content": parts}]), json!({}))
    };
    let (body, loss) = sent(&request("data:image/png;base64,iVBORw0KGgo="));
    assert_eq!(body["messages"][0]["images"], json!(["iVBORw0KGgo="]));
    assert!(loss.is_empty(), "{loss:?}");
    let refused = sent_to("x", &request("https://example.org/a.png"));
    assert!(refused.unwrap_err().contains("fetches nothing"));
}

#[test]
fn the_callers_own_options_stand_beside_those_of_the_request() {
    let more = json!({
        "keep_alive": "5m", "options": {"num_ctx": 8192, "temperature": 1.5}, "temperature": 0.5,
    });
    let (body, loss) = sent(&asked(user("Hi"), more));
    let wanted = json!({"num_predict": 4000, "temperature": 0.5, "num_ctx": 8192});
    assert_eq!(body["options"], wanted);
    assert_eq!(body["keep_alive"], "5m");
    assert!(loss.is_empty(), "{loss:?}");
}
