//! What a vendor lacks is asked for in other words, and the answer comes back in the caller's.

use canon::{
    Event, FinishReason, Format, Message, Part, Request, Role, Tool, ToolChoice, ToolKind,
};
use dialects::{CALLED, Dialect, Form, Loss, Step, Target, Thinking, called, render};
use proptest::prelude::*;
use serde_json::{Value, json};

const SQL: &str = "select \"a\"\nfrom b -- \u{e4}\u{1f600}";

fn target(form: &Form) -> Target<'_> {
    Target {
        upstream_model: "m",
        model: "acme/m",
        form,
        max_output_tokens: Some(1_000),
        thinking: Thinking::Unknown,
    }
}

/// Asks for a query in free text, and has asked once before.
fn request() -> Request {
    let tool = Tool {
        kind: ToolKind::Custom {
            name: "query".to_owned(),
            description: Some("runs a query".to_owned()),
            format: Some(json!({"type": "grammar", "syntax": "lark", "definition": "start: WORD"})),
        },
        cache: None,
        extras: canon::Extras::NONE,
    };
    let call = Part::ToolCall(canon::ToolCall {
        id: "call_1".to_owned(),
        name: "query".to_owned(),
        arguments: SQL.to_owned(),
        custom: true,
        cache: None,
        extras: canon::Extras::NONE,
    });
    let result = Part::ToolResult(canon::ToolResult {
        call_id: "call_1".to_owned(),
        parts: vec![Part::text("none")],
        is_error: false,
        cache: None,
        extras: canon::Extras::NONE,
    });
    let turn = |role, part| Message {
        role,
        parts: vec![part],
        name: None,
        extras: canon::Extras::NONE,
    };
    Request {
        messages: vec![
            Message::text(Role::User, "how many?"),
            turn(Role::Assistant, call),
            turn(Role::Tool, result),
        ],
        tools: vec![tool],
        tool_choice: Some(ToolChoice::Custom("query".to_owned())),
        ..Request::default()
    }
}

#[test]
fn a_custom_tool_reaches_every_vendor_and_its_grammar_is_declared_not_guaranteed() {
    for call in CALLED {
        let form = Form::default();
        let mut loss: Vec<Loss> = Vec::new();
        if call.dialect() == Dialect::Replicate {
            // A prompt has no words for tools of any kind.
            let refused = render(*call, &request(), &target(&form), &mut loss);
            assert!(matches!(refused, Err(dialects::Error::Unsayable { .. })));
            continue;
        }
        let (body, emulation) = render(*call, &request(), &target(&form), &mut loss).unwrap();
        let text = String::from_utf8(body).unwrap();
        assert!(text.contains("query"), "{}: {text}", call.dialect());
        assert!(text.contains("runs a query"), "{}: {text}", call.dialect());
        if emulation.is_some() {
            let whats: Vec<&str> = loss.iter().map(|loss| loss.what.as_ref()).collect();
            assert!(
                whats.contains(&"tools[0].format"),
                "{}: {whats:?}",
                call.dialect()
            );
            assert!(
                !whats.contains(&"tools[0]"),
                "{}: {whats:?}",
                call.dialect()
            );
            assert!(text.contains("start: WORD"), "{}: {text}", call.dialect());
        } else {
            assert_eq!(call.dialect(), Dialect::OpenAiResponses);
        }
    }
}

#[test]
fn a_vendor_with_custom_tools_is_sent_them_as_they_are() {
    let form = Form {
        custom_tools: true,
        ..Form::default()
    };
    let chat = called(Dialect::OpenAiChat).unwrap();
    let (body, emulation) = render(chat, &request(), &target(&form), &mut Vec::new()).unwrap();
    assert!(emulation.is_none());
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["tools"][0]["type"], "custom");
    assert_eq!(body["messages"][1]["tool_calls"][0]["custom"]["input"], SQL);
}

fn frames(arguments: &str) -> Vec<String> {
    let chunk = |delta: Value, finish: Value| {
        json!({"id": "x", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})
            .to_string()
    };
    let call = |call: Value| chunk(json!({"tool_calls": [call]}), Value::Null);
    let begin = json!({"index": 0, "id": "c", "type": "function", "function": {"name": "query", "arguments": ""}});
    let mut frames = vec![call(begin)];
    let letters: Vec<char> = arguments.chars().collect();
    frames.extend(letters.chunks(3).map(|piece| {
        let piece: String = piece.iter().collect();
        call(json!({"index": 0, "function": {"arguments": piece}}))
    }));
    frames.push(chunk(json!({}), json!("tool_calls")));
    frames
}

/// What a caller hears of a call whose arguments are these: the kind, the text, and whether the end came behind it.
fn heard(arguments: &str) -> (bool, String, bool) {
    let chat = called(Dialect::OpenAiChat).unwrap();
    let form = Form::default();
    let (_, emulation) = render(chat, &request(), &target(&form), &mut Vec::new()).unwrap();
    let mut stream = emulation.unwrap().stream(chat.stream(&form));
    let mut steps = Vec::new();
    for data in frames(arguments) {
        let frame = dialects::Frame {
            event: None,
            data: data.into_bytes().into(),
        };
        stream.frame(&frame, &mut steps).unwrap();
    }
    let (mut is_custom, mut text, mut has_ended) = (false, String::new(), false);
    for step in steps {
        match step {
            Step::Event(Event::ToolCall { custom, .. }) => is_custom = custom,
            Step::Event(Event::ToolArguments { fragment, .. }) => text.push_str(&fragment),
            Step::Event(Event::Finish { reason, .. }) => {
                assert_eq!(reason, FinishReason::ToolCalls);
                has_ended = !text.is_empty();
            }
            Step::Event(_) | Step::Error(_) | Step::End => {}
        }
    }
    (is_custom, text, has_ended)
}

proptest! {
    #[test]
    fn free_text_comes_back_as_it_was_written(input in ".{1,40}") {
        let arguments = json!({"input": input}).to_string();
        prop_assert_eq!(heard(&arguments), (true, input, true));
    }
}

#[test]
fn arguments_that_are_not_as_asked_are_given_out_as_they_came() {
    for odd in ["{\"input\": 7}", "{\"inp", "[]", "select 1"] {
        assert_eq!(heard(odd), (true, odd.to_owned(), true), "{odd}");
    }
}

#[test]
fn some_json_object_is_asked_for_in_words_where_vendors_know_only_schemas() {
    let mut request = request();
    request.tools.clear();
    request.tool_choice = None;
    request.messages.truncate(1);
    request.format = Some(Format::JsonObject);
    let lacking = |call: &&&dyn dialects::Call| call.lacks(&target(&Form::default())).json_object;
    for call in CALLED.iter().filter(lacking) {
        let form = Form::default();
        let mut loss = Vec::new();
        let (body, _) = render(*call, &request, &target(&form), &mut loss).unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        let system = [&body["system"], &body["input"]["system_prompt"]];
        let told = system.map(Value::to_string).concat();
        assert!(told.contains("JSON object"), "{body}");
        assert_eq!(loss.len(), 1, "{loss:?}");
    }
}

#[test]
fn a_speakers_name_stands_before_the_words_where_models_know_no_names() {
    let mut asked = Request {
        messages: vec![Message::text(Role::User, "hello")],
        ..Request::default()
    };
    asked.messages[0].name = Some("Ada".to_owned());
    for call in CALLED {
        let form = Form::default();
        let mut loss = Vec::new();
        let (body, _) = render(*call, &asked, &target(&form), &mut loss).unwrap();
        let text = String::from_utf8(body).unwrap();
        assert!(text.contains("Ada: hello"), "{}: {text}", call.dialect());
        assert!(loss.is_empty(), "{}: {loss:?}", call.dialect());
    }
    let chat = called(Dialect::OpenAiChat).unwrap();
    let form = Form::default();
    let openai = Target {
        model: "openai/gpt-5",
        ..target(&form)
    };
    let (body, _) = render(chat, &asked, &openai, &mut Vec::new()).unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(
        body["messages"][0],
        json!({"role": "user", "content": "hello", "name": "Ada"})
    );
}
