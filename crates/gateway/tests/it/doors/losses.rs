//! What a vendor cannot be told: said to those who ask, and kept from happening for those who want that.

use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};
use testbed::{Mood, Wire};

use crate::stage::{Answer, PAIR, Stage, question, with};

/// Anthropic's dialect has no word for a seed.
const MIXED: &[(&str, Wire)] = &[("alpha", Wire::Anthropic), ("beta", Wire::OpenAiChat)];
const LOSSY: &[(&str, Wire)] = &[("alpha", Wire::Anthropic)];

fn seeded(stream: bool) -> Value {
    with(question(stream), json!({"seed": 7}))
}

async fn chat_with(stage: &Stage, wish: &str, body: &Value) -> Answer {
    let mut request = stage.request("/api/v1/chat/completions", body.to_string());
    let wish = HeaderValue::try_from(wish).unwrap();
    request.headers_mut().insert("x-weir-loss", wish);
    Answer::read(stage.house.call(request).await).await
}

fn told(answer: &Answer) -> &str {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer.headers["x-weir-loss"].to_str().unwrap()
}

#[tokio::test]
async fn losses_are_told_to_those_who_ask_whole_and_streamed() {
    let stage = Stage::open(LOSSY, "").await;
    for stream in [false, true] {
        let silent = stage.chat(&seeded(stream)).await;
        assert_eq!(silent.status, StatusCode::OK);
        assert!(!silent.headers.contains_key("x-weir-loss"));
        let by_header = chat_with(&stage, "1", &seeded(stream)).await;
        assert!(
            told(&by_header).starts_with("seed; "),
            "{}",
            told(&by_header)
        );
        let body = with(seeded(stream), json!({"weir": {"loss": true}}));
        let by_body = stage.chat(&body).await;
        assert_eq!(told(&by_body), told(&by_header));
        let nothing = chat_with(&stage, "1", &question(stream)).await;
        assert_eq!(told(&nothing), "none");
    }
}

#[tokio::test]
async fn losses_stand_in_the_head_though_the_vendor_is_slow() {
    let stage = Stage::open(LOSSY, "[server]\ngrace_ms = 10\nkeep_alive_ms = 100\n").await;
    stage.vendor("alpha").set_mood(Mood {
        latency_ms: 200,
        ..Mood::default()
    });
    let answer = chat_with(&stage, "1", &seeded(true)).await;
    assert!(told(&answer).starts_with("seed; "), "{:?}", answer.headers);
}

#[tokio::test]
async fn the_losses_of_the_vendor_that_answers_are_told_and_of_no_other() {
    let stage = Stage::open(MIXED, "").await;
    stage.script("alpha", &[Mood::fail(503)]);
    let answer = chat_with(&stage, "1", &seeded(false)).await;
    assert_eq!(told(&answer), "none");
    assert_eq!(stage.asked(), [1, 1]);
}

#[tokio::test]
async fn who_refuses_losses_is_served_by_those_who_can_be_told_everything() {
    let stage = Stage::open(MIXED, "").await;
    for stream in [false, true] {
        let by_header = chat_with(&stage, "refuse", &seeded(stream)).await;
        assert_eq!(told(&by_header), "none");
        let body = with(seeded(stream), json!({"weir": {"loss": "refuse"}}));
        assert_eq!(told(&stage.chat(&body).await), "none");
    }
    assert_eq!(stage.asked(), [0, 4]);
    let plain = chat_with(&stage, "refuse", &question(false)).await;
    assert_eq!(told(&plain), "none");
    assert_eq!(stage.asked(), [1, 4], "without a seed nothing is lost");
}

#[tokio::test]
async fn where_nobody_can_be_told_everything_each_loss_is_named() {
    let stage = Stage::open(LOSSY, "").await;
    let body = with(
        seeded(true),
        json!({"logit_bias": {"5": 1}, "weir": {"loss": "refuse"}}),
    );
    let answer = stage.chat(&body).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND, "{}", answer.text);
    let error = answer.error();
    let availability = &error["availability"];
    assert_eq!(availability["code"], "constraint_filtered", "{error}");
    assert_eq!(availability["constraint"]["field"], "weir.loss", "{error}");
    assert_eq!(availability["affected_providers"], json!(["alpha"]));
    let losses = error["metadata"]["losses"].as_array().unwrap();
    let mut names: Vec<&str> = losses
        .iter()
        .filter_map(|loss| loss["what"].as_str())
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["logit_bias", "seed"], "{error}");
    assert!(
        losses
            .iter()
            .all(|loss| loss["why"].is_string() && loss["provider"] == "alpha")
    );
    assert_eq!(stage.asked(), [0]);
    assert_eq!(stage.house.app.books.open_attempts(), 0);
}

#[tokio::test]
async fn required_parameters_are_those_that_reach_the_vendor() {
    // Both list the parameter, but only one dialect has a word for it.
    let settings = r#"
[providers.gamma]
dialect = "anthropic"
base_url = "http://127.0.0.1:9/v1"
[[providers.gamma.models]]
model = "acme/seeded"
supported_parameters = ["seed", "max_tokens"]
price = { prompt = "0.000001", completion = "0.000001" }
"#;
    let stage = Stage::open(PAIR, settings).await;
    let body = json!({
        "model": "acme/seeded",
        "messages": [{"role": "user", "content": "x"}],
        "seed": 7,
        "provider": {"require_parameters": true},
    });
    let answer = stage.chat(&body).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND, "{}", answer.text);
    let availability = answer.error()["availability"].clone();
    assert_eq!(availability["code"], "constraint_filtered");
    assert_eq!(availability["excluded_by"], json!(["require_parameters"]));
    let field = &availability["constraint"]["field"];
    assert_eq!(field, "provider.require_parameters", "{availability}");
}

#[tokio::test]
async fn a_wish_that_has_no_meaning_is_refused() {
    let stage = Stage::open(LOSSY, "").await;
    let answer = chat_with(&stage, "perhaps", &question(false)).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text);
    assert!(answer.text.contains("X-Weir-Loss"), "{}", answer.text);
    let body = with(question(false), json!({"weir": {"loss": "all"}}));
    let answer = stage.chat(&body).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text);
    assert!(answer.text.contains("weir.loss"), "{}", answer.text);
    assert_eq!(stage.asked(), [0]);
}
