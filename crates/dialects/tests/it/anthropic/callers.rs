//! What callers of `/messages` may write, and what they are told when they may not.

use canon::{
    Availability, Kind, MediaKind, Part, ReasoningBody, ReasoningFormat, Role, Source, ToolChoice,
};
use dialects::{ErrorBody, Serve, anthropic::Anthropic};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::parse;

fn with(name: &str, value: Value) -> Value {
    let mut body = json!({"model": "a/b", "messages": [{"role": "user", "content": "hi"}]});
    body[name] = value;
    body
}

fn refusal(body: &Value) -> String {
    let error = Anthropic.parse_request(body.to_string().as_bytes());
    error
        .expect_err("it is wrong")
        .path()
        .unwrap_or_default()
        .to_owned()
}

#[test]
fn fallbacks_become_models_and_are_narrow() {
    let models = |value| parse(&with("fallbacks", value)).routing.models;
    assert_eq!(
        models(json!([{"model": "c/d"}, {"model": "e/f"}])),
        ["c/d", "e/f"]
    );
    assert!(models(json!([])).is_empty());
    for (value, path) in [
        (
            json!([{"model": "c/d", "max_tokens": 1}]),
            "fallbacks[0].max_tokens",
        ),
        (json!([{}]), "fallbacks[0].model"),
        (json!(["c/d"]), "fallbacks[0]"),
        (
            json!([{"model": "a"}, {"model": "a"}, {"model": "a"}, {"model": "a"}]),
            "fallbacks",
        ),
        (json!({"model": "a"}), "fallbacks"),
    ] {
        assert_eq!(refusal(&with("fallbacks", value)), path);
    }
    let mut both = with("fallbacks", json!([{"model": "c/d"}]));
    both["models"] = json!(["e/f"]);
    assert_eq!(refusal(&both), "fallbacks");
}

#[test]
fn what_is_wrong_is_named() {
    for (name, value, path) in [
        ("model", Value::Null, "model"),
        ("messages", Value::Null, "messages"),
        ("messages", json!([]), "messages"),
        (
            "messages",
            json!([{"role": "tool", "content": ""}]),
            "messages[0].role",
        ),
        ("messages", json!([{"role": "user"}]), "messages[0].content"),
        (
            "messages",
            json!([{"role": "user", "content": 1}]),
            "messages[0].content",
        ),
        (
            "messages",
            json!([{"role": "user", "content": [{"text": "a"}]}]),
            "messages[0].content[0].type",
        ),
        (
            "messages",
            json!([{"role": "user", "content": [{"type": "text"}]}]),
            "messages[0].content[0].text",
        ),
        (
            "messages",
            json!([{"role": "user", "content": [{"type": "image"}]}]),
            "messages[0].content[0].source",
        ),
        (
            "messages",
            json!([{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a",
            "content": [{"type": "text", "text": 1}]}]}]),
            "messages[0].content[0].content[0].text",
        ),
        ("temperature", json!(-5.0), "temperature"),
        ("max_tokens", json!(-1), "max_tokens"),
        (
            "thinking",
            json!({"type": "enabled"}),
            "thinking.budget_tokens",
        ),
        ("thinking", json!({"type": "much"}), "thinking.type"),
        (
            "output_config",
            json!({"effort": "huge"}),
            "output_config.effort",
        ),
        (
            "output_config",
            json!({"format": {"type": "xml"}}),
            "output_config.format.type",
        ),
        ("tools", json!([{"description": "x"}]), "tools[0].name"),
        ("tool_choice", json!("auto"), "tool_choice"),
        ("tool_choice", json!({"type": "tool"}), "tool_choice.name"),
        (
            "cache_control",
            json!({"type": "ephemeral", "ttl": "2h"}),
            "cache_control.ttl",
        ),
        ("system", json!({"text": "a"}), "system"),
        ("stop_sequences", json!("a"), "stop_sequences"),
    ] {
        assert_eq!(refusal(&with(name, value.clone())), path, "{name}: {value}");
    }
}

#[test]
fn a_request_is_understood_in_canons_terms() {
    let request = parse(&json!({
        "model": "a/b", "max_tokens": 7, "system": "be brief", "user": "u1", "session_id": "s",
        "metadata": {"user_id": "u2"}, "models": ["c/d"], "stop_sequences": ["x"],
        "tools": [{"name": "f", "input_schema": {"type": "object"}, "strict": true},
            {"type": "web_search_20250305", "name": "web_search"}],
        "tool_choice": {"type": "tool", "name": "f", "disable_parallel_tool_use": true},
        "messages": [
            {"role": "user", "content": [
                {"type": "document", "title": "t", "source":
                    {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="}},
                {"type": "document", "source": {"type": "content", "content": [
                    {"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}}]},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "", "signature": "sig"},
                {"type": "thinking", "thinking": "mine", "signature": ""},
                {"type": "tool_use", "id": "1", "name": "f", "input": {"b": 1, "a": [2.5]}}]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "1", "content": "no", "is_error": true},
                {"type": "text", "text": "go on"}]}]}));
    let roles: Vec<_> = request
        .messages
        .iter()
        .map(|message| message.role)
        .collect();
    let expected = [
        Role::System,
        Role::User,
        Role::Assistant,
        Role::Tool,
        Role::User,
    ];
    assert_eq!(roles, expected);
    assert_eq!(request.user.as_deref(), Some("u1"));
    assert_eq!(
        request.tool_choice,
        Some(ToolChoice::Function("f".to_owned()))
    );
    assert_eq!(request.parallel_tool_calls, Some(false));
    let [
        Part::Media { media: pdf, .. },
        Part::Media { media: text, .. },
    ] = request.messages[1].parts.as_slice()
    else {
        panic!("{:?}", request.messages[1])
    };
    assert_eq!(
        (pdf.kind, pdf.name.as_deref()),
        (MediaKind::File, Some("t"))
    );
    assert_eq!(text.source, Source::Text("a\nb".to_owned()));
    let [
        Part::Reasoning(signed),
        Part::Reasoning(unsigned),
        Part::ToolCall(call),
    ] = request.messages[2].parts.as_slice()
    else {
        panic!("{:?}", request.messages[2])
    };
    assert_eq!(signed.format, ReasoningFormat::ANTHROPIC);
    assert_eq!(unsigned.format, ReasoningFormat::UNKNOWN);
    assert!(matches!(
        &unsigned.body,
        ReasoningBody::Text {
            signature: None,
            ..
        }
    ));
    assert_eq!(call.arguments, r#"{"b":1,"a":[2.5]}"#);
}

#[test]
fn an_error_of_every_kind_has_its_type() {
    for &kind in Kind::ALL {
        let availability = Availability {
            code: "capacity_exhausted",
            ..Availability::default()
        };
        let error = ErrorBody {
            status: 400,
            kind,
            message: "no",
            provider_code: Some("x"),
            metadata: None,
            availability: Some(&availability),
            generation: None,
            router: None,
        };
        let mut out = Vec::new();
        Anthropic.render_error(&error, &mut out);
        let body: Value = serde_json::from_slice(&out).unwrap();
        let expected = match kind.name() {
            "authentication" => "authentication_error",
            "permission_denied" => "permission_error",
            "payment_required" => "billing_error",
            "not_found" | "image_not_found" => "not_found_error",
            "rate_limit_exceeded" => "rate_limit_error",
            "provider_overloaded" => "overloaded_error",
            "timeout" => "timeout_error",
            "server" | "unmapped" | "provider_unavailable" => "api_error",
            _ => "invalid_request_error",
        };
        assert_eq!(body["type"], "error");
        assert_eq!(body["error"]["type"], expected);
        assert_eq!(body["error"]["error_type"], kind.name());
        assert_eq!(body["error"]["availability"]["code"], "capacity_exhausted");
        assert_eq!(body["request_id"], Value::Null);
        assert_eq!(body["metadata"]["provider_code"], "x");
        // A stream that breaks off says the same, in one frame.
        let mut stream = Serve::stream(&Anthropic, dialects::Stamp::default());
        let mut frames = Vec::new();
        stream.fault(&error, &mut frames);
        assert_eq!(super::frames(&frames), [("error".to_owned(), body)]);
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        use dialects::Call;
        let mut steps = Vec::new();
        let frame = dialects::framing::Frame {
            event: None,
            data: bytes.as_slice().into(),
        };
        prop_assert!(Anthropic.parse_request(&bytes).is_err());
        prop_assert!(Anthropic.parse_response(&bytes).is_err());
        prop_assert!(Call::stream(&Anthropic, &dialects::Form::default()).frame(&frame, &mut steps).is_err());
        Anthropic.parse_error(500, &bytes);
    }
}
