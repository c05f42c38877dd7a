//! What callers of Gemini are told, whole.

use canon::{
    Choice, Extras, FinishReason, Part, ReasoningBody, ReasoningFormat, ReasoningPart, Response,
    ToolCall,
};
use dialects::{Dialect, Receipt, Stamp, served};
use serde_json::{Map, Value, json};

/// An answer of these parts; `shown` is what the request said of thinking.
pub(super) fn whole(parts: &[Part], shown: Option<bool>) -> Value {
    let choice = Choice {
        parts: parts.to_vec(),
        finish: Some(FinishReason::Stop),
        ..Choice::default()
    };
    let response = Response {
        choices: vec![choice],
        ..Response::default()
    };
    let mut out = Vec::new();
    let receipt = Receipt::default();
    let serve = served(Dialect::Gemini).unwrap();
    serve.render_response(&response, &stamp(shown), &receipt, &mut out);
    serde_json::from_slice(&out).unwrap()
}

pub(super) fn stamp(shown: Option<bool>) -> Stamp {
    let echo = shown.map(|shown| {
        Box::new(Map::from_iter([(
            "includeThoughts".to_owned(),
            Value::Bool(shown),
        )]))
    });
    Stamp {
        generation: "gen-1".to_owned(),
        model: "acme/small".to_owned(),
        provider: "Acme".to_owned(),
        echo,
        ..Stamp::default()
    }
}

pub(super) fn thought(body: ReasoningBody, id: Option<&str>, format: ReasoningFormat) -> Part {
    Part::Reasoning(ReasoningPart {
        body,
        id: id.map(str::to_owned),
        format,
        index: None,
        extras: Extras::NONE,
    })
}

fn call(id: &str, arguments: &str, custom: bool) -> Part {
    Part::ToolCall(ToolCall {
        id: id.to_owned(),
        name: "f".to_owned(),
        arguments: arguments.to_owned(),
        custom,
        cache: None,
        extras: Extras::NONE,
    })
}

fn parts_of(answer: &Value) -> Vec<Value> {
    answer["candidates"][0]["content"]["parts"]
        .as_array()
        .unwrap()
        .clone()
}

#[test]
fn arguments_are_an_object_whatever_the_model_wrote() {
    for (arguments, custom, args) in [
        ("{\"b\": 1.50, \"a\": 2}", false, json!({"b": 1.50, "a": 2})),
        ("", false, json!({})),
        ("null", false, json!({})),
        ("{\"a\": ", false, json!({"arguments": "{\"a\": "})),
        ("[1]", false, json!({"arguments": "[1]"})),
        ("free {text}", true, json!({"input": "free {text}"})),
    ] {
        let answer = whole(&[call("c", arguments, custom)], None);
        let wanted = json!([{"functionCall": {"id": "c", "name": "f", "args": args}}]);
        assert_eq!(Value::from(parts_of(&answer)), wanted);
        assert_eq!(answer["candidates"][0]["finishReason"], "STOP");
    }
}

#[test]
fn thinking_nobody_asked_to_see_is_hidden_and_still_comes_back() {
    let text = |words: &str, signature: Option<&str>| ReasoningBody::Text {
        text: words.to_owned(),
        signature: signature.map(str::to_owned),
    };
    let parts = vec![
        thought(
            text("claude's secret", Some("sig")),
            None,
            ReasoningFormat::ANTHROPIC,
        ),
        thought(text("plain secret", None), None, ReasoningFormat::UNKNOWN),
        thought(
            ReasoningBody::Summary("summed secret".to_owned()),
            Some("rs_1"),
            ReasoningFormat::OPENAI,
        ),
        thought(
            ReasoningBody::Encrypted("sealed".to_owned()),
            Some("rs_1"),
            ReasoningFormat::OPENAI,
        ),
        Part::text("said"),
    ];
    let hidden = whole(&parts, Some(false));
    assert!(!hidden.to_string().contains("secret"), "{hidden}");
    for shown in [Some(false), Some(true), None] {
        let answer = whole(&parts, shown);
        let content = &answer["candidates"][0]["content"];
        let body = json!({"contents": [{"parts": [{"text": "hi"}]}, content]}).to_string();
        let serve = served(Dialect::Gemini).unwrap();
        let request = serve.parse_request(body.as_bytes()).unwrap();
        assert_eq!(request.messages[1].parts, parts, "{shown:?}");
    }
}

#[test]
fn geminis_own_hidden_thoughts_leave_only_their_signatures() {
    let own = |signature: Option<&str>| {
        let body = ReasoningBody::Text {
            text: "secret".to_owned(),
            signature: signature.map(str::to_owned),
        };
        thought(body, None, ReasoningFormat::GEMINI)
    };
    let answer = whole(
        &[own(Some("c2ln")), own(None), Part::text("said")],
        Some(false),
    );
    let wanted = json!([
        {"text": "", "thought": true, "thoughtSignature": "c2ln"},
        {"text": "said"},
    ]);
    assert_eq!(Value::from(parts_of(&answer)), wanted);
}

#[test]
fn signatures_stand_on_the_parts_they_belong_to() {
    let sealed = |data: &str, call: Option<&str>| {
        let body = ReasoningBody::Encrypted(data.to_owned());
        thought(body, call, ReasoningFormat::GEMINI)
    };
    let parts = [
        Part::text("a"),
        sealed("b2YgYQ==", None),
        sealed("b2YgYw==", Some("c")),
        call("c", "{}", false),
        sealed("b2Ygbm8=", None),
        sealed("Z29uZQ==", Some("gone")),
    ];
    let answer = whole(&parts, None);
    let mut written = parts_of(&answer);
    let orphan = written.pop().unwrap();
    let wanted = json!([
        {"text": "a", "thoughtSignature": "b2YgYQ=="},
        {"functionCall": {"id": "c", "name": "f", "args": {}}, "thoughtSignature": "b2YgYw=="},
        {"text": "", "thoughtSignature": "b2Ygbm8="},
    ]);
    assert_eq!(Value::from(written), wanted);
    // Without its call, a signature is packed: Google would refuse it on another part.
    assert_ne!(orphan["thoughtSignature"], "Z29uZQ==");
    assert_eq!(orphan["thought"], true);
}

#[test]
fn a_prompt_that_was_blocked_has_a_reason_and_no_candidate() {
    let body = json!({
        "promptFeedback": {"blockReason": "SAFETY", "safetyRatings": [{"blocked": true}]},
        "usageMetadata": {"promptTokenCount": 3},
    });
    let call = dialects::called(Dialect::Gemini).unwrap();
    let response = call.parse_response(body.to_string().as_bytes()).unwrap();
    assert_eq!(
        response.choices[0].finish,
        Some(FinishReason::ContentFilter)
    );
    let mut out = Vec::new();
    let serve = served(Dialect::Gemini).unwrap();
    serve.render_response(&response, &stamp(None), &Receipt::default(), &mut out);
    let answer: Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(answer["promptFeedback"], body["promptFeedback"]);
    assert_eq!(answer.get("candidates"), None);
}
