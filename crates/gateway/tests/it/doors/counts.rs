//! Counts of tokens: a vendor's where one counts, else an estimate, and never a bill.

use http::StatusCode;
use serde_json::{Value, json};
use testbed::{Mood, Wire};

use crate::{
    house::new_key,
    stage::{Answer, MODEL, Stage},
};

const LONE: &[(&str, Wire)] = &[("alpha", Wire::OpenAiChat)];
const WORDS: &str = "What does the fox say?";

fn message() -> Value {
    json!({"model": MODEL, "messages": [{"role": "user", "content": WORDS}]})
}

async fn anthropic(stage: &Stage, body: &Value) -> Answer {
    let path = "/api/v1/messages/count_tokens";
    stage.post(path, body.to_string()).await
}

async fn gemini(stage: &Stage) -> Answer {
    let body = json!({"contents": [{"parts": [{"text": WORDS}]}]});
    let path = "/api/v1beta/models/acme/one:countTokens";
    stage.post(path, body.to_string()).await
}

fn tokens(answer: &Answer, name: &str) -> u64 {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer.json()[name].as_u64().unwrap()
}

#[tokio::test]
async fn a_vendor_who_counts_is_asked() {
    for wire in [Wire::Anthropic, Wire::Gemini] {
        let stage = Stage::open(&[("alpha", wire)], "").await;
        let first = anthropic(&stage, &message()).await;
        let second = gemini(&stage).await;
        for answer in [&first, &second] {
            assert_eq!(answer.headers["x-weir-token-count"], "vendor", "{wire:?}");
            answer.keeps_secrets();
        }
        let counted = tokens(&first, "input_tokens");
        assert!(
            counted > 0 && counted == tokens(&second, "totalTokens"),
            "{wire:?}"
        );
        let longer =
            json!({"model": MODEL, "messages": [{"role": "user", "content": WORDS.repeat(9)}]});
        let longer = tokens(&anthropic(&stage, &longer).await, "input_tokens");
        assert!(longer > counted, "{wire:?}: {longer}");
        assert_eq!(stage.asked(), [3]);
        assert_eq!(
            stage
                .house
                .app
                .books
                .spent(&stage.house.key.0.id, canon::Window::Lifetime),
            canon::NanoUsd::ZERO
        );
        assert_eq!(stage.house.app.books.open_attempts(), 0);
    }
}

#[tokio::test]
async fn the_first_who_counts_is_asked_whoever_is_cheaper() {
    let stage = Stage::open(
        &[("alpha", Wire::OpenAiChat), ("beta", Wire::Anthropic)],
        "",
    )
    .await;
    let answer = anthropic(&stage, &message()).await;
    assert_eq!(answer.headers["x-weir-token-count"], "vendor");
    assert_eq!(stage.asked(), [0, 1]);
}

#[tokio::test]
async fn where_nobody_counts_it_is_estimated_on_the_safe_side() {
    let stage = Stage::open(LONE, "").await;
    let plain = anthropic(&stage, &message()).await;
    assert_eq!(plain.headers["x-weir-token-count"], "estimate");
    let bytes = u64::try_from(WORDS.len()).unwrap();
    assert_eq!(tokens(&plain, "input_tokens"), bytes.div_ceil(2));
    assert_eq!(
        tokens(&gemini(&stage).await, "totalTokens"),
        bytes.div_ceil(2)
    );
    let mut more = message();
    more["system"] = json!("Be brief.");
    more["tools"] = json!([{"name": "weather", "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}}}]);
    let more = tokens(&anthropic(&stage, &more).await, "input_tokens");
    assert!(more > bytes.div_ceil(2) + 25, "{more}");
    assert_eq!(stage.asked(), [0]);
}

#[tokio::test]
async fn a_vendor_who_fails_to_count_is_replaced_by_an_estimate() {
    let stage = Stage::open(&[("alpha", Wire::Anthropic)], "").await;
    for mood in [Mood::fail(503), Mood::fail(404), Mood::rate_limited(3)] {
        stage.script("alpha", &[mood]);
        let answer = anthropic(&stage, &message()).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        assert_eq!(answer.headers["x-weir-token-count"], "estimate");
    }
}

#[tokio::test]
async fn what_a_vendor_has_no_words_for_is_estimated() {
    let stage = Stage::open(&[("alpha", Wire::Gemini)], "").await;
    let upload = json!({"type": "image", "source": {"type": "file", "file_id": "file_1"}});
    let mut body = message();
    body["messages"][0]["content"] = json!([{"type": "text", "text": WORDS}, upload]);
    let answer = anthropic(&stage, &body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert_eq!(answer.headers["x-weir-token-count"], "estimate");
    assert_eq!(stage.asked(), [0]);
}

#[tokio::test]
async fn a_request_for_a_count_is_judged_as_any_other() {
    let stage = Stage::open(LONE, "[server]\nbody_bytes_max = 2048\n").await;
    let path = "/v1/messages/count_tokens";
    let type_of = |answer: &Answer| answer.json()["error"]["type"].as_str().unwrap().to_owned();
    for body in [
        "{",
        "[]",
        r#"{"model": "acme/one"}"#,
        r#"{"model": 5, "messages": []}"#,
    ] {
        let answer = stage.post(path, body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text);
        assert_eq!(type_of(&answer), "invalid_request_error");
    }
    let mut unknown = message();
    unknown["model"] = json!("acme/onne");
    let answer = anthropic(&stage, &unknown).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text);
    assert!(answer.text.contains(MODEL), "{}", answer.text);
    let answer = stage.post(path, " ".repeat(2_049)).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    let (status, body) = stage.house.ask("sk-or-v1-0", "POST", path, message()).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED, "{body}");
    assert_eq!(body["error"]["type"], "authentication_error");
    let (status, body) = stage
        .house
        .ask(&stage.house.key.1, "GET", path, Value::Null)
        .await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED, "{body}");
    assert_eq!(body["type"], "error");
}

#[tokio::test]
async fn a_key_that_is_spent_is_not_counted_for() {
    let stage = Stage::open(&[("alpha", Wire::Anthropic)], "").await;
    let spent = gateway::keyring::NewKey {
        limit: Some(canon::NanoUsd::ZERO),
        ..new_key("spent", false)
    };
    let (_, secret) = stage.house.app.keyring.create(spent).await.unwrap();
    let path = "/v1/messages/count_tokens";
    let (status, body) = stage
        .house
        .ask(secret.expose(), "POST", path, message())
        .await;
    assert_eq!(status, StatusCode::PAYMENT_REQUIRED, "{body}");
    assert_eq!(body["error"]["type"], "billing_error", "{body}");
    assert_eq!(stage.asked(), [0]);
}
