//! What vendors are sent, by their form; and what is reported as lost.

use canon::{
    CacheMark, Extras, Media, MediaKind, Message, Part, Reasoning, Request, Role, Source,
    ToolResult,
};
use dialects::{Call, Form, Thinking, openai::chat::Chat};
use serde_json::{Value, json};

use super::{asking, parse, send, target};

#[test]
fn what_was_not_asked_for_is_not_sent() {
    let (body, loss) = send(&parse(&asking(&json!({}))), &Form::default());
    let expected = json!({"model": "b-2026", "messages": [{"role": "user", "content": "hi"}]});
    assert_eq!(body, expected);
    assert_eq!(loss, Vec::<String>::new());
}

#[test]
fn numbers_keep_the_form_in_which_they_were_written() {
    let body =
        br#"{"messages":[{"role":"user","content":"x"}],"temperature":1.0,"top_p":1,"seed":7}"#;
    let request = dialects::Serve::parse_request(&Chat, body).unwrap();
    let form = Form::default();
    let sent = Chat
        .render_request(&request, &target(&form, Thinking::Unknown), &mut Vec::new())
        .unwrap();
    let text = String::from_utf8(sent).unwrap();
    assert!(
        text.ends_with(r#""temperature":1.0,"top_p":1,"seed":7}"#),
        "{text}"
    );
}

#[test]
fn a_vendors_own_words_are_used() {
    let request = parse(&asking(&json!({
        "max_tokens": 5, "seed": 1, "tool_choice": "required", "stream": true,
        "tools": [{"type": "function", "function": {"name": "f"}}],
        "messages": [{"role": "developer", "content": "d"}, {"role": "user", "content": "u"}],
    })));
    let mistral = Form {
        random_seed: true,
        required_is_any: true,
        ..Form::default()
    };
    let (body, _) = send(&request, &mistral);
    assert_eq!(body["random_seed"], 1);
    assert_eq!(body["tool_choice"], "any");
    assert_eq!(body["max_tokens"], 5);
    assert_eq!(body["messages"][0]["role"], "system");
    assert_eq!(body.get("stream_options"), None);
    let openai = Form {
        max_completion_tokens: true,
        developer_role: true,
        ask_for_usage: true,
        ..Form::default()
    };
    let (body, _) = send(&request, &openai);
    assert_eq!(body["seed"], 1);
    assert_eq!(body["tool_choice"], "required");
    assert_eq!(body["max_completion_tokens"], 5);
    assert_eq!(body["messages"][0]["role"], "developer");
    assert_eq!(body["stream_options"], json!({"include_usage": true}));
}

#[test]
fn what_a_vendor_refuses_is_left_out_and_reported() {
    let request = parse(&asking(
        &json!({"top_k": 4, "safe_prompt": true, "temperature": 1}),
    ));
    let form = Form {
        drops: &["top_k", "safe_prompt"],
        ..Form::default()
    };
    let (body, loss) = send(&request, &form);
    assert_eq!((body.get("top_k"), body.get("safe_prompt")), (None, None));
    assert_eq!(body["temperature"], 1);
    assert_eq!(loss, ["top_k", "safe_prompt"]);
}

#[test]
fn what_only_a_router_reads_stays_with_the_router() {
    let request = parse(&asking(&json!({
        "models": ["c/d"], "session_id": "s", "trace": {"trace_id": "t"}, "metadata": {"a": "b"},
        "provider": {"zdr": true, "data_collection": "deny", "order": ["x"]},
        "plugins": [{"id": "web", "enabled": false}], "max_tool_calls": 3,
        "debug": {"echo_upstream_body": true},
    })));
    let (body, loss) = send(&request, &Form::default());
    let names: Vec<&String> = body.as_object().unwrap().keys().collect();
    assert_eq!(names, ["model", "messages"]);
    assert_eq!(loss, Vec::<String>::new());
    let router = Form {
        openrouter: true,
        ..Form::default()
    };
    let (body, _) = send(&request, &router);
    assert_eq!(
        body["provider"],
        json!({"zdr": true, "data_collection": "deny"})
    );
    assert_eq!(body["session_id"], "s");
    assert_eq!(body["max_tool_calls"], 3);
    assert_eq!(body.get("models"), None);
}

#[test]
fn thinking_is_asked_for_by_the_nearest_level() {
    let effort = |reasoning: Value, max_tokens: u64| {
        let fields = json!({"reasoning": reasoning, "max_tokens": max_tokens});
        send(&parse(&asking(&fields)), &Form::default()).0["reasoning_effort"].clone()
    };
    for (budget, expected) in [
        (1_000, "minimal"),
        (1_400, "minimal"),
        (2_000, "low"),
        (5_000, "medium"),
        (7_000, "high"),
        (9_500, "xhigh"),
        (900_000, "xhigh"),
    ] {
        assert_eq!(
            effort(json!({"max_tokens": budget}), 10_000),
            expected,
            "{budget}"
        );
    }
    assert_eq!(effort(json!({"enabled": true}), 10), "medium");
    assert_eq!(effort(json!({"enabled": false}), 10), "none");
    assert_eq!(effort(json!({"effort": "max"}), 10), "xhigh");
    assert_eq!(effort(json!({"exclude": true}), 10), Value::Null);
}

#[test]
fn a_model_that_does_not_think_is_not_told_so() {
    let request = Request {
        reasoning: Some(Reasoning {
            enabled: Some(false),
            ..Reasoning::default()
        }),
        ..parse(&asking(&json!({})))
    };
    let form = Form::default();
    let body = Chat
        .render_request(&request, &target(&form, Thinking::Unknown), &mut Vec::new())
        .unwrap();
    assert!(!String::from_utf8(body).unwrap().contains("reasoning"));
}

#[test]
fn thinking_goes_back_only_where_it_is_wanted() {
    let message = json!({"role": "assistant", "content": "a", "reasoning_details": [
        {"type": "reasoning.text", "text": "one ", "format": "unknown"},
        {"type": "reasoning.text", "text": "two", "format": "unknown"}]});
    let request = parse(&json!({"messages": [message]}));
    let (body, loss) = send(&request, &Form::default());
    assert_eq!(
        body["messages"][0],
        json!({"role": "assistant", "content": "a"})
    );
    assert_eq!(loss, ["messages[0].reasoning"]);
    let deepseek = Form {
        reasoning_field: Some("reasoning_content"),
        ..Form::default()
    };
    let (body, loss) = send(&request, &deepseek);
    assert_eq!(body["messages"][0]["reasoning_content"], "one two");
    assert_eq!(loss, Vec::<String>::new());
}

fn result(call_id: &str, parts: Vec<Part>) -> Part {
    Part::ToolResult(ToolResult {
        call_id: call_id.to_owned(),
        parts,
        is_error: false,
        cache: None,
        extras: Extras::NONE,
    })
}

fn picture() -> Part {
    Part::Media {
        media: Media {
            kind: MediaKind::Image,
            source: Source::Base64("QUJD".to_owned()),
            mime: Some("image/png".to_owned()),
            name: None,
            detail: None,
            transcript: None,
        },
        cache: None,
        extras: Extras::NONE,
    }
}

fn user(parts: Vec<Part>) -> Message {
    Message {
        role: Role::User,
        parts,
        name: None,
        extras: Extras::NONE,
    }
}

#[test]
fn results_inside_a_users_turn_become_turns_before_it() {
    let request = Request {
        messages: vec![user(vec![
            Part::text("what now?"),
            result("1", vec![Part::text("a")]),
            result("2", Vec::new()),
        ])],
        ..Request::default()
    };
    let (body, loss) = send(&request, &Form::default());
    assert_eq!(
        body["messages"],
        json!([
            {"role": "tool", "tool_call_id": "1", "content": "a"},
            {"role": "tool", "tool_call_id": "2", "content": ""},
            {"role": "user", "content": "what now?"},
        ])
    );
    assert_eq!(loss, Vec::<String>::new());
}

#[test]
fn pictures_in_results_move_behind_all_results_and_say_where_they_are_from() {
    let tool = |id: &str, parts| Message {
        role: Role::Tool,
        ..user(vec![result(id, parts)])
    };
    let request = Request {
        messages: vec![
            tool("1", vec![Part::text("seen"), picture()]),
            tool("2", vec![Part::text("b")]),
        ],
        ..Request::default()
    };
    let (body, loss) = send(&request, &Form::default());
    assert_eq!(
        body["messages"],
        json!([
            {"role": "tool", "tool_call_id": "1", "content": "seen"},
            {"role": "tool", "tool_call_id": "2", "content": "b"},
            {"role": "user", "content": [
                {"type": "text", "text": "From the result of tool call 1:"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,QUJD"}},
            ]},
        ])
    );
    assert_eq!(loss, ["messages[0].content"]);
}

#[test]
fn cache_marks_are_sent_where_they_are_understood_and_else_reported() {
    let mut request = parse(&asking(&json!({})));
    request.cache = Some(CacheMark::default());
    if let Part::Text(text) = &mut request.messages[0].parts[0] {
        text.cache = Some(CacheMark::default());
    }
    let (body, loss) = send(&request, &Form::default());
    assert_eq!(body["messages"][0]["content"], "hi");
    assert_eq!(loss, ["messages[0].cache_control", "cache_control"]);
    let form = Form {
        cache_marks: true,
        ..Form::default()
    };
    let (body, loss) = send(&request, &form);
    let mark = json!({"type": "ephemeral"});
    assert_eq!(body["cache_control"], mark);
    assert_eq!(body["messages"][0]["content"][0]["cache_control"], mark);
    assert_eq!(loss, Vec::<String>::new());
}

#[test]
fn a_choice_among_no_tools_is_not_sent() {
    let request = parse(&asking(
        &json!({"tool_choice": "auto", "parallel_tool_calls": true}),
    ));
    let (body, _) = send(&request, &Form::default());
    assert_eq!(body.get("tool_choice"), None);
    assert_eq!(body.get("parallel_tool_calls"), None);
}

#[test]
fn what_cannot_be_left_out_without_answering_another_question_is_an_error() {
    let sound = Part::Media {
        media: Media {
            kind: MediaKind::Audio,
            source: Source::Url("https://x/a.wav".to_owned()),
            mime: None,
            name: None,
            detail: None,
            transcript: None,
        },
        cache: None,
        extras: Extras::NONE,
    };
    let request = Request {
        messages: vec![user(vec![sound])],
        ..Request::default()
    };
    let form = Form::default();
    let error = Chat
        .render_request(&request, &target(&form, Thinking::Unknown), &mut Vec::new())
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "messages[0]: audio cannot be sent to this model: sound must stand in the request as base64"
    );
}
