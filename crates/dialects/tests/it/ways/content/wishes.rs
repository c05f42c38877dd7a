//! What is wished of an answer reaches every vendor: in its own words, or in plain ones that are declared.

use canon::Request;
use dialects::{CALLED, Dialect, Form, Loss, Target, Thinking, called, render};
use serde_json::{Value, json};

use super::{asked, sent};

fn chat(more: &Value) -> Request {
    let mut body = json!({"messages": [{"role": "user", "content": "hi"}]});
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    asked(Dialect::OpenAiChat, &body)
}

#[test]
fn a_form_that_a_vendor_cannot_promise_is_asked_for_in_words() {
    let schema = json!({"type": "object", "properties": {"mark": {"type": "string"}}});
    for (format, words) in [
        (
            json!({"type": "grammar", "grammar": "root ::= mark"}),
            "root ::= mark",
        ),
        (json!({"type": "python"}), "Python code"),
        (
            json!({"type": "json_schema", "json_schema": {"name": "n", "schema": schema}}),
            "mark",
        ),
    ] {
        for call in CALLED {
            let dialect = call.dialect();
            let (body, loss) = sent(dialect, &chat(&json!({"response_format": format})));
            let text = body.to_string();
            let is_said = text.contains(words) || text.contains("\"python\"");
            assert!(is_said, "{dialect}: {text}");
            let has_form = dialect == Dialect::OpenAiChat || format["type"] == "json_schema";
            let is_told = loss.iter().any(|loss| loss.what == "response_format");
            assert!(has_form || is_told, "{dialect}: {loss:?}");
        }
    }
}

#[test]
fn where_some_tools_may_be_called_no_others_are_offered_to_claude() {
    let tool = |name: &str| json!({"type": "function", "function": {"name": name, "parameters": {"type": "object"}}});
    let request = chat(&json!({
        "tools": [tool("a"), tool("b"), tool("c")],
        "tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [
            {"type": "function", "function": {"name": "a"}}, {"type": "function", "function": {"name": "c"}}]}},
    }));
    let (body, loss) = sent(Dialect::Anthropic, &request);
    let names: Vec<_> = body["tools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| &tool["name"])
        .collect();
    assert_eq!(names, ["a", "c"]);
    assert_eq!(body["tool_choice"]["type"], "any");
    assert_eq!(loss, []);
}

/// What OpenAI is sent for this model, and what is lost.
fn sent_to(model: &str, dialect: Dialect, request: &Request) -> (Value, Vec<Loss>) {
    let form = Form::default();
    let target = Target {
        upstream_model: "x",
        model,
        form: &form,
        max_output_tokens: Some(1_000),
        thinking: Thinking::Effort,
    };
    let mut loss = Vec::new();
    let (body, _) = render(called(dialect).unwrap(), request, &target, &mut loss).unwrap();
    (serde_json::from_slice(&body).unwrap(), loss)
}

#[test]
fn marks_of_the_prompt_cache_go_to_openai_in_its_words() {
    let marked = |ttl: Value| {
        json!({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": [
            {"type": "text", "text": "long", "cache_control": {"type": "ephemeral", "ttl": ttl}},
            {"type": "text", "text": "short"}]}]})
    };
    let request = asked(Dialect::Anthropic, &marked(json!("1h")));
    let mark = json!({"mode": "explicit"});
    let (body, loss) = sent_to("openai/gpt-5.6", Dialect::OpenAiChat, &request);
    assert_eq!(
        body["messages"][0]["content"][0]["prompt_cache_breakpoint"],
        mark
    );
    assert_eq!(
        body["messages"][0]["content"][1].get("prompt_cache_breakpoint"),
        None
    );
    let lost: Vec<_> = loss.iter().map(|loss| &*loss.what).collect();
    assert_eq!(lost, ["messages[0].content[0].cache_control.ttl"]);
    let (body, _) = sent_to("openai/gpt-5.6", Dialect::OpenAiResponses, &request);
    assert_eq!(
        body["input"][0]["content"][0]["prompt_cache_breakpoint"],
        mark
    );
    // Older models cache by themselves and take no marks.
    let (body, loss) = sent_to("openai/gpt-5.5", Dialect::OpenAiChat, &request);
    assert!(!body.to_string().contains("breakpoint"), "{body}");
    assert!(!loss.is_empty());
    // And back: a mark in OpenAI's words is one of Claude's.
    let openai = json!({"messages": [{"role": "user", "content": [
        {"type": "text", "text": "long", "prompt_cache_breakpoint": {"mode": "explicit"}}]}]});
    let (body, _) = sent(Dialect::Anthropic, &asked(Dialect::OpenAiChat, &openai));
    assert_eq!(
        body["messages"][0]["content"][0]["cache_control"],
        json!({"type": "ephemeral"})
    );
}

#[test]
fn a_strict_tool_of_claudes_callers_is_a_strict_tool_elsewhere() {
    let body = json!({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}],
        "tools": [{"name": "f", "input_schema": {"type": "object"}, "strict": true}]});
    let request = asked(Dialect::Anthropic, &body);
    for (dialect, place) in [
        (Dialect::OpenAiChat, "/tools/0/function/strict"),
        (Dialect::OpenAiResponses, "/tools/0/strict"),
        (Dialect::Anthropic, "/tools/0/strict"),
    ] {
        let (body, loss) = sent(dialect, &request);
        assert_eq!(body.pointer(place), Some(&json!(true)), "{dialect}: {body}");
        assert_eq!(loss, [], "{dialect}");
    }
}
