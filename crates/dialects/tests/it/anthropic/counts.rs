//! Counting tokens in Anthropic's words.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use dialects::{
    Call, CallCount, Form, Platform, Serve, ServeCount, Target, Thinking, anthropic::Anthropic,
};
use serde_json::{Value, json};
use testbed::corpus;

use crate::equivalence;

fn serve() -> &'static dyn ServeCount {
    Serve::counting(&Anthropic).unwrap()
}

fn call() -> &'static dyn CallCount {
    Call::counting(&Anthropic).unwrap()
}

fn asked(body: &Value, platform: Platform) -> Value {
    let form = Form {
        platform,
        ..Form::default()
    };
    let request = serve().parse_count(body.to_string().as_bytes()).unwrap();
    let model = body["model"].as_str().unwrap();
    let target = Target {
        upstream_model: model,
        model,
        form: &form,
        max_output_tokens: None,
        thinking: Thinking::Adaptive,
    };
    let body = call()
        .render_count(&request, &target, &mut Vec::new())
        .unwrap();
    serde_json::from_slice(&body).unwrap()
}

#[test]
fn what_does_not_change_the_count_is_not_sent() {
    let question = json!({
        "model": "claude-x",
        "max_tokens": 7,
        "stream": true,
        "temperature": 0.5,
        "stop_sequences": ["x"],
        "metadata": {"user_id": "u"},
        "service_tier": "auto",
        "container": "c",
        "system": "Be terse.",
        "tools": [{"name": "f", "input_schema": {"type": "object"}, "eager_input_streaming": true}],
        "tool_choice": {"type": "auto"},
        "messages": [{"role": "user", "content": "hi"}],
    });
    let body = asked(&question, Platform::Own);
    let names: Vec<&String> = body.as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        ["model", "system", "messages", "tools", "tool_choice"]
    );

    let vertex = asked(&question, Platform::Vertex);
    assert_eq!(vertex["anthropic_version"], "vertex-2023-10-16");
    assert_eq!(
        vertex["model"], "claude-x",
        "one address counts for all models"
    );

    let bedrock = asked(&question, Platform::Bedrock);
    let inner = bedrock["input"]["invokeModel"]["body"].as_str().unwrap();
    let inner: Value = serde_json::from_slice(&BASE64.decode(inner).unwrap()).unwrap();
    assert_eq!(inner["max_tokens"], 7);
    assert_eq!(inner["anthropic_version"], "bedrock-2023-05-31");
    assert_eq!((inner.get("model"), inner.get("temperature")), (None, None));
}

#[test]
fn counts_are_asked_at_the_address_of_the_platform() {
    for (platform, path) in [
        (Platform::Own, "/messages/count_tokens"),
        (Platform::Azure, "/messages/count_tokens"),
        (
            Platform::Vertex,
            "/publishers/anthropic/models/count-tokens:rawPredict",
        ),
        (Platform::Bedrock, "/model/claude-v1%3A0/count-tokens"),
    ] {
        let form = Form {
            platform,
            ..Form::default()
        };
        assert_eq!(call().count_path("claude-v1:0", &form), path);
    }
}

#[test]
fn an_answer_without_a_count_is_an_error() {
    assert_eq!(call().parse_count(br#"{"input_tokens":14}"#), Ok(14));
    assert_eq!(call().parse_count(br#"{"inputTokens":14}"#), Ok(14));
    for body in [
        &b"{}"[..],
        br#"{"input_tokens":-1}"#,
        b"[]",
        b"",
        br#"{"input_tokens":"7"}"#,
    ] {
        assert!(call().parse_count(body).is_err());
    }
}

#[test]
fn recorded_counts_keep_every_field_and_are_read_and_served_as_they_came() {
    if !corpus::available() {
        println!("skipped: the corpus is not at hand");
        return;
    }
    let mut checked = 0;
    for exchange in corpus::exchanges(Some("anthropic"), "count_tokens") {
        let exchange = exchange.unwrap();
        let question = &exchange.request.as_ref().unwrap().body;
        let written = asked(question, Platform::Own);
        let changed = equivalence::differences(dialects::Dialect::Anthropic, question, &written);
        assert!(changed.is_empty(), "{}: {changed:?}", exchange.label());
        let count = call().parse_count(&exchange.response.wire_bytes()).unwrap();
        let mut out = Vec::new();
        serve().render_count(count, &mut out);
        let served: Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(
            served,
            json!({"input_tokens": exchange.response.body["input_tokens"]})
        );
        checked += 1;
    }
    assert!(checked >= 10, "only {checked}");
}
