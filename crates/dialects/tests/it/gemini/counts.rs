//! Counting tokens in Google's words, and the paths of both its surfaces.

use dialects::{
    Call, CallCount, Dialect, Form, Platform, Serve, ServeCount, Target, Thinking, gemini::Gemini,
};
use serde_json::{Value, json};
use testbed::corpus;

use crate::equivalence;

fn serve() -> &'static dyn ServeCount {
    Serve::counting(&Gemini).unwrap()
}

fn call() -> &'static dyn CallCount {
    Call::counting(&Gemini).unwrap()
}

fn on(platform: Platform) -> Form {
    Form {
        platform,
        ..Form::default()
    }
}

fn asked(body: &Value, platform: Platform) -> Value {
    let form = on(platform);
    let request = serve().parse_count(body.to_string().as_bytes()).unwrap();
    let target = Target {
        upstream_model: "gemini-x",
        model: "google/gemini-x",
        form: &form,
        max_output_tokens: None,
        thinking: Thinking::Unknown,
    };
    let body = call()
        .render_count(&request, &target, &mut Vec::new())
        .unwrap();
    serde_json::from_slice(&body).unwrap()
}

#[test]
fn both_surfaces_name_the_model_in_the_path() {
    let path = |platform, stream| Call::path(&Gemini, "gemini-x", &on(platform), stream);
    assert_eq!(
        path(Platform::Own, false),
        "/models/gemini-x:generateContent"
    );
    assert_eq!(
        path(Platform::Vertex, true),
        "/publishers/google/models/gemini-x:streamGenerateContent?alt=sse"
    );
    let count = |platform| call().count_path("gemini-x", &on(platform));
    assert_eq!(count(Platform::Own), "/models/gemini-x:countTokens");
    assert_eq!(
        count(Platform::Vertex),
        "/publishers/google/models/gemini-x:countTokens"
    );
}

#[test]
fn labels_are_for_vertex_alone() {
    let body = json!({"contents": {"parts": {"text": "hi"}}, "labels": {"team": "a_b"}});
    let request = Gemini.parse_request(body.to_string().as_bytes()).unwrap();
    let labels = |platform| {
        let form = on(platform);
        let target = Target {
            upstream_model: "gemini-x",
            model: "google/gemini-x",
            form: &form,
            max_output_tokens: None,
            thinking: Thinking::Unknown,
        };
        let mut loss = Vec::new();
        let body = Gemini.render_request(&request, &target, &mut loss).unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        (body["labels"].clone(), loss.len())
    };
    assert_eq!(labels(Platform::Vertex), (json!({"team": "a_b"}), 0));
    assert_eq!(labels(Platform::Own), (Value::Null, 1));
}

#[test]
fn instructions_and_tools_are_counted_too() {
    let question = json!({
        "generateContentRequest": {
            "model": "models/gemini-x",
            "systemInstruction": {"parts": [{"text": "Be terse."}]},
            "contents": [{"role": "user", "parts": [{"text": "hi"}]}],
            "tools": [{"googleSearch": {}}],
            "safetySettings": [],
        },
    });
    assert_eq!(asked(&question, Platform::Own), question);
    let vertex = asked(&question, Platform::Vertex);
    let names: Vec<&String> = vertex.as_object().unwrap().keys().collect();
    assert_eq!(names, ["systemInstruction", "contents", "tools"]);
}

#[test]
fn an_answer_without_a_count_is_an_error() {
    assert_eq!(call().parse_count(br#"{"totalTokens":7}"#), Ok(7));
    for body in [&b"{}"[..], br#"{"totalTokens":-1}"#, b"[]", b""] {
        assert!(call().parse_count(body).is_err());
    }
    assert!(serve().parse_count(b"{}").is_err());
}

#[test]
fn recorded_counts_keep_every_field_and_are_read_and_served_as_they_came() {
    if !corpus::available() {
        println!("skipped: the corpus is not at hand");
        return;
    }
    let mut checked = 0;
    for exchange in corpus::exchanges(None, "count_tokens") {
        let exchange = exchange.unwrap();
        let platform = match exchange.provider.as_str() {
            "gemini" => Platform::Own,
            "vertex" => Platform::Vertex,
            _ => continue,
        };
        let question = &exchange.request.as_ref().unwrap().body;
        let inner = |body: &Value| body.get("generateContentRequest").unwrap_or(body).clone();
        let (original, written) = (inner(question), inner(&asked(question, platform)));
        let changed = equivalence::differences(Dialect::Gemini, &original, &written);
        assert!(changed.is_empty(), "{}: {changed:?}", exchange.label());
        let count = call().parse_count(&exchange.response.wire_bytes()).unwrap();
        let mut out = Vec::new();
        serve().render_count(count, &mut out);
        let served: Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(served["totalTokens"], exchange.response.body["totalTokens"]);
        checked += 1;
    }
    assert!(checked >= 7, "only {checked}");
}
