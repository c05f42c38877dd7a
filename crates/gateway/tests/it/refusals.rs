//! What is refused, and in which words: each mistake of a caller, in the dialect that it speaks.

use std::time::Duration;

use axum::body::Body;
use gateway::{clock, keyring::NewKey};
use http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};
use testbed::Wire;

use crate::{
    house::{House, new_key},
    stage::{Answer, MODEL, Stage, TRIO, message, question, with},
};

const CHAT: &str = "/api/v1/chat/completions";
const MESSAGES: &str = "/api/v1/messages";
const LONE: &[(&str, Wire)] = &[("alpha", Wire::OpenAiChat)];

/// The message of an error, in either dialect's form.
fn words(answer: &Answer) -> String {
    let body = answer.json();
    if body["type"] == "error" {
        assert!(body["error"]["type"].is_string(), "{body}");
    }
    body["error"]["message"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_is_wrong_with_a_body_is_said_with_its_place() {
    let user = json!([{"role": "user", "content": "x"}]);
    let cases: Vec<(String, &[&str])> = vec![
        (String::new(), &["byte 0"]),
        ("{".to_owned(), &["byte 1"]),
        (r#"{"model": "acme/one", "messages": [}"#.to_owned(), &["byte 35", "messages"]),
        ("[]".to_owned(), &["object"]),
        ("null".to_owned(), &["object"]),
        (json!({"model": MODEL}).to_string(), &["messages"]),
        (json!({"model": MODEL, "messages": "x"}).to_string(), &["messages", "array"]),
        (json!({"model": 5, "messages": user}).to_string(), &["model", "string"]),
        (
            json!({"model": MODEL, "messages": user, "max_tokens": 9, "temperature": "hot"}).to_string(),
            &["temperature", "number"],
        ),
        (
            json!({"model": MODEL, "messages": user, "max_tokens": "many"}).to_string(),
            &["max_tokens", "whole number"],
        ),
        (
            json!({"model": MODEL, "messages": user, "max_tokens": 9, "stream": "yes"}).to_string(),
            &["stream", "true or false"],
        ),
        (
            json!({"model": MODEL, "max_tokens": 9, "messages": [{"role": "emperor", "content": "x"}]}).to_string(),
            &["messages[0].role"],
        ),
        (
            json!({"model": MODEL, "max_tokens": 9, "messages": [{"role": "user", "content": 7}]}).to_string(),
            &["messages[0].content"],
        ),
    ];
    let stage = Stage::open(LONE, "").await;
    for (body, expected) in cases {
        for path in [CHAT, MESSAGES] {
            let answer = stage.post(path, body.clone()).await;
            assert_eq!(
                answer.status,
                StatusCode::BAD_REQUEST,
                "{path} {body}: {}",
                answer.text
            );
            assert_eq!(
                answer.json()["type"] == "error",
                path == MESSAGES,
                "{}",
                answer.text
            );
            let words = words(&answer);
            for part in expected {
                assert!(
                    words.contains(part),
                    "{path} {body}: {part} is not in {words:?}"
                );
            }
            assert!(answer.generation().starts_with("gen-"));
            answer.error();
        }
    }
    assert_eq!(stage.asked(), [0]);
}

#[tokio::test]
async fn a_model_nobody_knows_brings_those_most_like_it() {
    let stage = Stage::open(LONE, "").await;
    for model in ["acme/onr", "nonsense"] {
        let answer = stage
            .chat(&with(question(true), json!({"model": model})))
            .await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text);
        let error = answer.error();
        assert_eq!(error["availability"]["code"], "model_not_found", "{error}");
        assert_eq!(error["availability"]["retryable"], false);
        assert_eq!(error["availability"]["requested_models"], json!([model]));
        assert!(error["availability"]["docs_url"].is_string(), "{error}");
        assert_eq!(error["metadata"]["error_type"], "invalid_request");
        if model == "acme/onr" {
            assert!(
                error["message"].as_str().unwrap().contains(MODEL),
                "{error}"
            );
            assert_eq!(error["availability"]["fallback_models"][0], MODEL);
        }
    }
    let answer = stage
        .messages(&with(message(true), json!({"model": "acme/onr"})))
        .await;
    assert_eq!(
        answer.json()["error"]["type"],
        "invalid_request_error",
        "{}",
        answer.text
    );
    assert!(words(&answer).contains(MODEL));
    let answer = stage
        .chat(&with(question(true), json!({"model": null})))
        .await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(words(&answer).contains("`model`"), "{}", answer.text);
}

#[tokio::test]
async fn a_vendor_without_a_key_is_named_with_the_variable_to_set() {
    let stage = Stage::open(LONE, "").await;
    let answer = stage
        .chat(&with(
            question(false),
            json!({"model": "openai/gpt-4o-mini"}),
        ))
        .await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND, "{}", answer.text);
    let error = answer.error();
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("OPENAI_API_KEY"),
        "{error}"
    );
    assert_eq!(error["availability"]["code"], "no_endpoints");
}

/// Requests that exclude everybody: the code, the word of `excluded_by` and the field that say so.
fn filters() -> [(Value, &'static str, &'static str, &'static str); 9] {
    [
        (
            json!({"provider": {"only": ["nobody"]}}),
            "constraint_filtered",
            "allowed_providers",
            "provider.only",
        ),
        (
            json!({"provider": {"ignore": ["alpha", "beta", "gamma"]}}),
            "constraint_filtered",
            "allowed_providers",
            "provider.ignore",
        ),
        (
            json!({"provider": {"order": ["nobody"], "allow_fallbacks": false}}),
            "constraint_filtered",
            "allowed_providers",
            "provider.allow_fallbacks",
        ),
        (
            json!({"provider": {"require_parameters": true}, "top_k": 5}),
            "constraint_filtered",
            "require_parameters",
            "provider.require_parameters",
        ),
        (
            json!({"provider": {"data_collection": "deny"}}),
            "privacy_restricted",
            "data_policy:training",
            "provider.data_collection",
        ),
        (
            json!({"provider": {"zdr": true}}),
            "privacy_restricted",
            "data_policy:zdr",
            "provider.zdr",
        ),
        (
            json!({"provider": {"quantizations": ["fp8"]}}),
            "constraint_filtered",
            "quantization",
            "provider.quantizations",
        ),
        (
            json!({"provider": {"max_price": {"prompt": "0.5"}}}),
            "constraint_filtered",
            "max_price",
            "provider.max_price",
        ),
        (
            json!({"provider": {"max_price": {"completion": 0.5}}}),
            "constraint_filtered",
            "max_price",
            "provider.max_price",
        ),
    ]
}

#[tokio::test]
async fn each_filter_says_which_it_was_and_how_to_pass_it() {
    let stage = Stage::open(TRIO, "").await;
    for (more, code, excluded_by, field) in filters() {
        let answer = stage.chat(&with(question(true), more.clone())).await;
        assert_eq!(
            answer.status,
            StatusCode::NOT_FOUND,
            "{more}: {}",
            answer.text
        );
        let error = answer.error();
        let availability = &error["availability"];
        assert_eq!(availability["code"], code, "{more}: {error}");
        assert_eq!(availability["excluded_by"], json!([excluded_by]), "{more}");
        assert_eq!(availability["constraint"]["field"], field, "{more}");
        assert_eq!(
            availability["affected_providers"],
            json!(["alpha", "beta", "gamma"]),
            "{more}"
        );
        assert_eq!(error["metadata"]["error_type"], "not_found");
        let answer = stage.messages(&with(message(false), more.clone())).await;
        assert_eq!(
            answer.status,
            StatusCode::NOT_FOUND,
            "{more}: {}",
            answer.text
        );
        assert_eq!(answer.json()["error"]["type"], "not_found_error");
        assert_eq!(
            answer.json()["error"]["availability"]["code"],
            code,
            "{}",
            answer.text
        );
    }
    assert_eq!(stage.asked(), [0, 0, 0]);
}

#[tokio::test]
async fn what_fits_nowhere_is_too_long() {
    let stage = Stage::open(TRIO, "").await;
    let long = "fox ".repeat(200_000);
    for more in [
        json!({"messages": [{"role": "user", "content": long}]}),
        json!({"max_tokens": 9_000}),
    ] {
        let answer = stage.chat(&with(question(false), more)).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text);
        let error = answer.error();
        assert_eq!(
            error["metadata"]["error_type"], "context_length_exceeded",
            "{error}"
        );
        assert_eq!(
            error["availability"]["excluded_by"],
            json!(["context_length"])
        );
    }
    assert_eq!(stage.asked(), [0, 0, 0]);
}

#[tokio::test]
async fn what_weir_does_not_do_yet_is_said() {
    let stage = Stage::open(LONE, "").await;
    for (more, word) in [
        (
            json!({"plugins": [{"id": "file-parser", "pdf": {}}]}),
            "file-parser",
        ),
        (
            json!({"debug": {"echo_upstream_body": true}}),
            "echo_upstream_body",
        ),
        (
            json!({"tools": [{"type": "openrouter:web_search"}]}),
            "openrouter:web_search",
        ),
        (json!({"plugins": [{"id": "web", "engine": "exa"}]}), "exa"),
    ] {
        let answer = stage.chat(&with(question(false), more.clone())).await;
        assert_eq!(
            answer.status,
            StatusCode::BAD_REQUEST,
            "{more}: {}",
            answer.text
        );
        assert!(words(&answer).contains(word), "{more}: {}", answer.text);
    }
    assert_eq!(stage.asked(), [0]);
}

/// Asks with exactly these headers.
async fn ask(house: &House, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::post(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = message(false).to_string();
    Answer::read(house.call(request.body(Body::from(body)).unwrap()).await).await
}

/// A key that has expired and one that was disabled.
async fn keys_no_more(house: &House) -> [String; 2] {
    let create = |key: NewKey| async move {
        house
            .app
            .keyring
            .create(key)
            .await
            .unwrap()
            .1
            .expose()
            .clone()
    };
    let expired = create(NewKey {
        expires_at: Some(clock::now_micros() - 1),
        ..new_key("old", false)
    })
    .await;
    let disabled = create(new_key("off", false)).await;
    let (_, listed) = house.manage("GET", "/api/v1/keys", Value::Null).await;
    let off = listed["data"]
        .as_array()
        .unwrap()
        .iter()
        .find(|key| key["name"] == "off")
        .unwrap();
    let path = format!("/api/v1/keys/{}", off["hash"].as_str().unwrap());
    let (status, body) = house
        .manage("PATCH", &path, json!({"disabled": true}))
        .await;
    assert_eq!(status, StatusCode::OK, "{body}");
    [expired, disabled]
}

#[tokio::test]
async fn without_a_good_key_there_is_nothing() {
    let stage = Stage::open(LONE, "").await;
    let house = &stage.house;
    let [expired, disabled] = keys_no_more(house).await;
    let unknown = format!("sk-or-v1-{}", "0".repeat(64));
    let bearer = |key: &str| format!("Bearer {key}");
    let values = [
        String::new(),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        "Basic dXNlcjpwYXNz".to_owned(),
        bearer("x"),
        bearer(&"x".repeat(9_000)),
        bearer(&unknown),
        bearer(&expired),
        bearer(&disabled),
        format!("{}x", bearer(&house.key.1)),
    ];
    for path in [CHAT, MESSAGES] {
        let mut answers = vec![ask(house, path, &[]).await];
        for value in &values {
            answers.push(ask(house, path, &[("authorization", value)]).await);
        }
        for answer in answers {
            assert_eq!(
                answer.status,
                StatusCode::UNAUTHORIZED,
                "{path}: {}",
                answer.text
            );
            let error = answer.error();
            let kind = if path == CHAT {
                &error["metadata"]["error_type"]
            } else {
                &error["error_type"]
            };
            assert_eq!(*kind, "authentication", "{error}");
            answer.keeps_secrets();
            answer.generation();
        }
        let manager = bearer(&house.manager);
        let answer = ask(house, path, &[("authorization", &manager)]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.text);
        answer.error();
    }
    let key = house.key.1.as_str();
    assert_eq!(
        ask(house, MESSAGES, &[("x-api-key", key)]).await.status,
        StatusCode::OK
    );
    assert_eq!(
        ask(
            house,
            CHAT,
            &[(
                "authorization",
                &bearer(key).to_lowercase().replace("bearer", "BEARER")
            )]
        )
        .await
        .status,
        StatusCode::OK
    );
    assert_eq!(stage.asked(), [2]);
}

#[tokio::test]
async fn unknown_routes_and_wrong_methods_are_told_in_the_callers_dialect() {
    let house = House::open("").await;
    for (method, path, status, dialect) in [
        ("GET", "/nowhere", 404, "openai"),
        ("POST", "/api/v1/chat/completion", 404, "openai"),
        ("POST", "/v1/messages/count", 404, "anthropic"),
        ("GET", CHAT, 405, "openai"),
        ("DELETE", MESSAGES, 405, "anthropic"),
        ("POST", "/health", 405, "openai"),
    ] {
        let request = Request::builder()
            .method(Method::from_bytes(method.as_bytes()).unwrap())
            .uri(path);
        let answer = Answer::read(house.call(request.body(Body::empty()).unwrap()).await).await;
        assert_eq!(
            answer.status.as_u16(),
            status,
            "{method} {path}: {}",
            answer.text
        );
        let error = answer.error();
        assert_eq!(
            answer.json()["type"] == "error",
            dialect == "anthropic",
            "{}",
            answer.text
        );
        assert!(error["message"].as_str().unwrap().contains(path), "{error}");
        if status == 405 {
            assert!(answer.headers.contains_key(header::ALLOW), "{path}");
        }
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_too_large_and_one_at_the_limit_is_not() {
    let stage = Stage::open(LONE, "[server]\nbody_bytes_max = 2048\n").await;
    for path in [CHAT, MESSAGES] {
        let mut body = message(false).to_string();
        body.push_str(&" ".repeat(2_048 - body.len()));
        assert_eq!(stage.post(path, body.clone()).await.status, StatusCode::OK);
        body.push(' ');
        let answer = stage.post(path, body).await;
        assert_eq!(
            answer.status,
            StatusCode::PAYLOAD_TOO_LARGE,
            "{}",
            answer.text
        );
        assert!(words(&answer).contains("2048"), "{}", answer.text);
        answer.error();
        answer.generation();
    }
}

#[tokio::test]
async fn a_body_that_stops_coming_is_given_up() {
    let stage = Stage::open(LONE, "[server]\nbody_timeout_ms = 50\n").await;
    for path in [CHAT, MESSAGES, "/api/v1/keys"] {
        let pieces = futures_util::stream::unfold(0, |sent| async move {
            if sent > 0 {
                std::future::pending::<()>().await;
            }
            Some((Ok::<_, std::io::Error>("{\"model\":"), sent + 1))
        });
        let mut request = stage.request(path, Body::from_stream(pieces));
        if path.ends_with("/keys") {
            let manager = format!("Bearer {}", stage.house.manager);
            let manager = manager.parse().unwrap();
            request.headers_mut().insert(header::AUTHORIZATION, manager);
        }
        let asking = async { Answer::read(stage.house.call(request).await).await };
        let soon = Duration::from_secs(5);
        let answer = tokio::time::timeout(soon, asking).await.unwrap();
        assert_eq!(
            answer.status,
            StatusCode::REQUEST_TIMEOUT,
            "{}",
            answer.text
        );
        answer.error();
    }
}

#[tokio::test]
async fn sixty_megabytes_are_read_and_judged() {
    let stage = Stage::open(LONE, "").await;
    let words = "word ".repeat(12_000_000);
    let body = with(
        question(false),
        json!({"messages": [{"role": "user", "content": words}]}),
    );
    let answer = stage.chat(&body).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text);
    assert_eq!(
        answer.error()["metadata"]["error_type"],
        "context_length_exceeded"
    );
}

#[tokio::test]
async fn while_it_drains_it_is_not_ready() {
    let house = House::open("").await;
    assert_eq!(house.get("/ready").await.0, StatusCode::OK);
    house.app.drain_begins();
    assert_eq!(house.get("/ready").await.0, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(house.get("/health").await.0, StatusCode::OK);
}

#[tokio::test]
async fn an_answer_about_availability_points_to_a_page_that_explains_its_code() {
    let house = House::open("").await;
    let page = |path: String| {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let house = &house;
        async move { Answer::read(house.call(request).await).await }
    };
    let (_, key) = house
        .app
        .keyring
        .create(new_key("reader", false))
        .await
        .unwrap();
    let body = json!({"model": "nobody/nothing", "messages": [{"role": "user", "content": "x"}]});
    let request = Request::post(CHAT)
        .header(header::AUTHORIZATION, format!("Bearer {}", key.expose()))
        .body(Body::from(body.to_string()))
        .unwrap();
    let refused = Answer::read(house.call(request).await).await;
    let availability = &refused.error()["availability"];
    let url = availability["docs_url"].as_str().unwrap();
    let (path, code) = url.split_once('#').unwrap();
    assert_eq!(availability["code"], code);
    let page = page(path.to_owned()).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains(&format!("`{code}`")), "{}", page.text);
}
