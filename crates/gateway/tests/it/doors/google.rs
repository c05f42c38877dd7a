//! What is Google's own at the door: models and keys in the address, streams as arrays, and that no key is written down.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use serde_json::{Value, json};
use testbed::{Mood, Reply, Wire};
use tokio::sync::watch;

use crate::{
    lab::{self, Lab, Leave},
    stage::{Answer, Stage},
};

const LONE: &[(&str, Wire)] = &[("alpha", Wire::OpenAiChat)];
const SAID: &str = "alpha says hello to the whole wide world";

fn question() -> String {
    json!({"contents": [{"parts": [{"text": "What does the fox say?"}]}]}).to_string()
}

async fn ask(stage: &Stage, path: &str) -> Answer {
    stage.post(path, question()).await
}

#[tokio::test]
async fn a_model_is_found_by_every_name_that_a_client_may_write() {
    let stage = Stage::open(LONE, "").await;
    for model in [
        "acme/one",
        "acme%2Fone",
        "one",
        "models/acme/one",
        "acme/one:floor",
        "one:nitro",
    ] {
        for root in ["/v1beta", "/api/v1beta", "/v1", "/api/v1"] {
            let answer = ask(&stage, &format!("{root}/models/{model}:generateContent")).await;
            assert_eq!(
                answer.status,
                StatusCode::OK,
                "{root} {model}: {}",
                answer.text
            );
            let body = answer.json();
            assert_eq!(body["modelVersion"], "acme/one", "{body}");
            assert_eq!(body["candidates"][0]["content"]["parts"][0]["text"], SAID);
        }
    }
}

#[tokio::test]
async fn a_name_that_two_authors_have_is_not_guessed() {
    let twins = r#"
[providers.twins]
dialect = "openai-chat"
base_url = "http://127.0.0.1:9/v1"
[[providers.twins.models]]
model = "left/twin"
price = { prompt = "0", completion = "0" }
[[providers.twins.models]]
model = "right/twin"
price = { prompt = "0", completion = "0" }
"#;
    let stage = Stage::open(LONE, twins).await;
    for model in ["twin", "nobody"] {
        let answer = ask(&stage, &format!("/v1beta/models/{model}:generateContent")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text);
        assert_eq!(answer.json()["error"]["status"], "INVALID_ARGUMENT");
        assert!(answer.text.contains("model_not_found"), "{}", answer.text);
    }
}

#[tokio::test]
async fn without_alt_sse_a_stream_is_one_json_array() {
    let stage = Stage::open(LONE, "[server]\ngrace_ms = 10\nkeep_alive_ms = 100\n").await;
    let path = "/v1beta/models/acme/one:streamGenerateContent";
    let text_of = |body: &Value| -> String {
        let elements = body.as_array().unwrap().iter();
        let text =
            elements.filter_map(|it| it["candidates"][0]["content"]["parts"][0]["text"].as_str());
        text.collect()
    };
    for first_token_ms in [0, 350] {
        stage.vendor("alpha").set_mood(Mood {
            first_token_ms,
            ..Mood::default()
        });
        let answer = ask(&stage, path).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        assert_eq!(answer.headers["content-type"], "application/json");
        let body = answer.json();
        assert_eq!(text_of(&body), SAID);
        let last = body.as_array().unwrap().last().unwrap();
        assert_eq!(last["candidates"][0]["finishReason"], "STOP", "{last}");
        assert_eq!(last["usageMetadata"]["candidatesTokenCount"], 8, "{last}");
    }
    stage.vendor("alpha").set_mood(Mood {
        first_token_ms: 150,
        reply: Reply::ErrorAfter(4),
        ..Mood::default()
    });
    let body = ask(&stage, path).await.json();
    assert!(SAID.starts_with(&text_of(&body)), "{body}");
    let last = body.as_array().unwrap().last().unwrap();
    assert!(last["error"]["status"].is_string(), "{body}");
    stage.vendor("alpha").set_mood(Mood {
        latency_ms: 150,
        ..Mood::fail(503)
    });
    let body = ask(&stage, path).await.json();
    assert_eq!(body.as_array().unwrap().len(), 1, "{body}");
    assert!(body[0]["error"]["status"].is_string(), "{body}");
}

#[tokio::test]
async fn a_form_of_streams_that_there_is_not_is_named() {
    let stage = Stage::open(LONE, "").await;
    let answer = ask(
        &stage,
        "/v1beta/models/acme/one:streamGenerateContent?alt=proto",
    )
    .await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text);
    assert!(answer.text.contains("sse or json"), "{}", answer.text);
    for path in [
        "/v1beta/models/acme/one:embedContent",
        "/v1beta/models",
        "/v1beta/files",
    ] {
        let answer = ask(&stage, path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.json()["error"]["status"], "NOT_FOUND", "{path}");
    }
}

#[tokio::test]
async fn a_key_may_stand_in_the_address_of_this_dialect_only() {
    let stage = Stage::open(LONE, "").await;
    let key = &stage.house.key.1;
    let chat = json!({"model": "acme/one", "messages": [{"role": "user", "content": "x"}]});
    for (path, body, expected) in [
        (
            "/v1beta/models/one:generateContent",
            question(),
            StatusCode::OK,
        ),
        ("/v1beta/models/one:countTokens", question(), StatusCode::OK),
        (
            "/v1/chat/completions",
            chat.to_string(),
            StatusCode::UNAUTHORIZED,
        ),
    ] {
        for (key, expected) in [
            (key.as_str(), expected),
            ("wrong", StatusCode::UNAUTHORIZED),
            ("", StatusCode::UNAUTHORIZED),
        ] {
            let request = Request::post(format!("{path}?key={key}"));
            let request = request.body(Body::from(body.clone())).unwrap();
            let answer = Answer::read(stage.house.call(request).await).await;
            assert_eq!(answer.status, expected, "{path}: {}", answer.text);
            assert!(
                key.len() < 9 || !answer.text.contains(key),
                "{}",
                answer.text
            );
        }
    }
}

#[tokio::test]
async fn no_key_in_an_address_or_a_header_is_ever_logged() {
    let lab = Lab::open().await;
    let key = lab.key("google", &[]);
    let (server, address) = lab.start().await;
    let wrong = format!("sk-or-v1-{}", "5e".repeat(32));
    let model = "/v1beta/models/lab/storm";
    for key in [&key, &wrong] {
        for path in [
            format!("{model}:generateContent?key={key}"),
            format!("{model}:streamGenerateContent?alt=sse&key={key}"),
            format!("{model}:streamGenerateContent?alt=nothing&key={key}"),
            format!("{model}:countTokens?key={key}"),
            format!("{model}:embedContent?key={key}"),
            format!("/v1beta/models/%ff:generateContent?key={key}"),
        ] {
            for body in [question(), "{".to_owned()] {
                let request = Request::post(&path).header("host", "localhost");
                let request = request
                    .header("x-goog-api-key", key)
                    .body(Full::new(Bytes::from(body)))
                    .unwrap();
                let answer =
                    lab::send(address, request, Leave::Never, &watch::Sender::new(0)).await;
                let answer = answer.unwrap();
                let text = String::from_utf8_lossy(&answer.body);
                assert!(!text.contains(key.as_str()), "{path}: {text}");
            }
        }
    }
    assert_eq!(server.terminate().await, Some(0));
    let log = lab.log();
    for key in [&key, &wrong] {
        assert!(!log.contains(key.as_str()), "{log}");
    }
}

#[tokio::test]
async fn an_array_ends_with_its_caller() {
    let stage = Stage::open(LONE, "").await;
    stage.vendor("alpha").set_mood(Mood {
        between_ms: 30,
        ..Mood::default()
    });
    let request = stage.request("/v1beta/models/one:streamGenerateContent", question());
    let mut response = stage.house.call(request).await;
    assert!(
        response
            .body_mut()
            .frame()
            .await
            .unwrap()
            .unwrap()
            .is_data()
    );
    drop(response);
    let bill = stage.vendor("alpha").bill_of(1);
    let bill = tokio::time::timeout(Duration::from_secs(2), bill)
        .await
        .unwrap();
    assert!(bill[0].client_left_after_events.is_some(), "{bill:?}");
}
