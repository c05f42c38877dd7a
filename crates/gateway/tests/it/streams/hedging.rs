//! Hedging: where the first token is late, a second endpoint is asked, and whoever answers first answers.

use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};
use testbed::{Mood, Wire};

use crate::stage::{Answer, PAIR, Stage, question, with};

/// After 30 milliseconds a second endpoint is asked.
fn hedged(stream: bool) -> Value {
    with(
        question(stream),
        json!({"weir": {"hedge": {"after_ms": 30}}}),
    )
}

/// Says nothing for so long.
fn late(first_token_ms: u64) -> Mood {
    Mood {
        first_token_ms,
        ..Mood::default()
    }
}

fn said(answer: &Answer, stream: bool) -> String {
    if stream {
        return answer.said();
    }
    let content = answer.json()["choices"][0]["message"]["content"].clone();
    content.as_str().unwrap().to_owned()
}

/// What the key has spent, in dollars.
async fn spent(stage: &Stage) -> f64 {
    let key = &stage.house.key.1;
    let (_, body) = stage
        .house
        .ask(key, "GET", "/api/v1/key", Value::Null)
        .await;
    body["data"]["usage"].as_f64().unwrap()
}

#[tokio::test]
async fn whoever_answers_first_answers_and_the_other_costs_the_caller_nothing() {
    for stream in [true, false] {
        let stage = Stage::open(PAIR, "").await;
        // A whole answer has no token before its end.
        let slow = Mood {
            latency_ms: 20_000,
            ..Mood::default()
        };
        stage.vendor("alpha").set_mood(slow);
        let answer = stage.chat(&hedged(stream)).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        assert!(
            said(&answer, stream).starts_with("beta says"),
            "{}",
            answer.text
        );
        assert_eq!(stage.asked(), [1, 1]);
        // The slower one is hung up on.
        let soon = Duration::from_secs(1);
        let bill = tokio::time::timeout(soon, stage.vendor("alpha").bill_of(1)).await;
        assert!(bill.unwrap()[0].client_left_after_events.is_some());
        let record = stage.record(&answer).await;
        let attempts = record["provider_responses"].as_array().unwrap();
        assert_eq!(attempts.len(), 2, "{record}");
        assert_eq!(
            record["total_cost"].as_f64(),
            Some(spent(&stage).await),
            "{record}"
        );
        assert_eq!(stage.house.app.books.open_attempts(), 0);
        let cost = record["total_cost"].as_f64().unwrap();
        assert!(
            cost > 0.0 && cost < 0.001,
            "only one answer is paid for: {cost}"
        );
        let lost = &attempts[0]["weir"];
        assert_eq!(lost["cause"], "hedge", "{record}");
        assert!(lost["insured"].as_f64().unwrap() > 0.0, "{record}");
        assert_eq!(attempts[1]["status"], 200, "{record}");
    }
}

#[tokio::test]
async fn who_is_in_time_is_not_hedged() {
    let stage = Stage::open(PAIR, "").await;
    for stream in [true, false] {
        let body = with(
            question(stream),
            json!({"weir": {"hedge": {"after_ms": 30_000}}}),
        );
        let answer = stage.chat(&body).await;
        assert!(
            said(&answer, stream).starts_with("alpha says"),
            "{}",
            answer.text
        );
    }
    assert_eq!(stage.asked(), [2, 0]);
}

#[tokio::test]
async fn a_second_endpoint_that_is_slower_or_fails_changes_nothing() {
    for second in [late(20_000), Mood::fail(503)] {
        let stage = Stage::open(PAIR, "").await;
        stage.vendor("alpha").set_mood(late(150));
        stage.vendor("beta").set_mood(second);
        let answer = stage.chat(&hedged(true)).await;
        assert!(answer.said().starts_with("alpha says"), "{}", answer.text);
        assert_eq!(stage.asked(), [1, 1]);
        assert_eq!(stage.house.app.books.open_attempts(), 0);
    }
}

#[tokio::test]
async fn where_the_late_one_fails_in_the_end_the_other_one_answers() {
    let stage = Stage::open(PAIR, "").await;
    stage.vendor("alpha").set_mood(Mood {
        latency_ms: 80,
        ..Mood::fail(503)
    });
    stage.vendor("beta").set_mood(late(250));
    let answer = stage.chat(&hedged(true)).await;
    assert!(answer.said().starts_with("beta says"), "{}", answer.text);
    assert_eq!(stage.asked(), [1, 1], "nobody is asked twice");
}

#[tokio::test]
async fn the_house_may_hedge_and_a_request_may_not_want_it() {
    let stage = Stage::open(PAIR, "[routing]\nhedge_after_ms = 30\n").await;
    stage.vendor("alpha").set_mood(late(200));
    let unwanted = with(question(true), json!({"weir": {"hedge": false}}));
    let answer = stage.chat(&unwanted).await;
    assert!(answer.said().starts_with("alpha says"), "{}", answer.text);
    let answer = stage.chat(&question(true)).await;
    assert!(answer.said().starts_with("beta says"), "{}", answer.text);
}

/// The count of a line of the metrics.
async fn counted(stage: &Stage, line: &str) -> u64 {
    let request = http::Request::get("/metrics")
        .header("authorization", format!("Bearer {}", stage.house.manager))
        .body(axum::body::Body::empty());
    let answer = Answer::read(stage.house.call(request.unwrap()).await).await;
    let found = answer
        .text
        .lines()
        .find_map(|found| found.strip_prefix(line));
    found
        .unwrap_or_else(|| panic!("{line} in {}", answer.text))
        .trim()
        .parse()
        .unwrap()
}

#[tokio::test]
async fn one_request_in_twenty_is_asked_twice_however_late_all_are() {
    const REQUESTS: usize = 200;
    let pair = &[("alpha", Wire::OpenAiChat), ("beta", Wire::OpenAiChat)];
    let stage = Stage::open(pair, "").await;
    for id in ["alpha", "beta"] {
        stage.vendor(id).set_mood(late(60));
    }
    let body = with(question(true), json!({"weir": {"hedge": {"after_ms": 5}}}));
    let asking = (0..REQUESTS).map(|_| stage.chat(&body));
    for answer in futures_util::future::join_all(asking).await {
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    }
    let calls: usize = stage.asked().iter().sum();
    assert!(calls > REQUESTS, "some are hedged");
    // Three are allowed from the start.
    assert!(calls <= REQUESTS + REQUESTS / 20 + 3, "{calls} calls");
    let won = counted(&stage, "weir_hedges_total{outcome=\"won\"}").await;
    let lost = counted(&stage, "weir_hedges_total{outcome=\"lost\"}").await;
    let refused = counted(&stage, "weir_hedges_total{outcome=\"refused\"}").await;
    assert_eq!(won + lost, u64::try_from(calls - REQUESTS).unwrap());
    assert!(refused > 100, "{refused} were late and not hedged");
    assert_eq!(stage.house.app.books.open_attempts(), 0);
}

/// Asks with a key that may spend so much.
async fn ask_with(stage: &Stage, nanos: i64, body: &Value) -> Answer {
    let limit = canon::NanoUsd::new(nanos);
    let key = gateway::keyring::NewKey {
        limit: Some(limit),
        ..crate::house::new_key("small", false)
    };
    let (_, secret) = stage.house.app.keyring.create(key).await.unwrap();
    let mut request = stage.request("/api/v1/chat/completions", body.to_string());
    let bearer = format!("Bearer {}", secret.expose());
    let headers = request.headers_mut();
    headers.insert("authorization", bearer.parse().unwrap());
    Answer::read(stage.house.call(request).await).await
}

/// Limits that grow by less than twice: one of them pays for one call and not for two.
fn limits() -> impl Iterator<Item = i64> {
    std::iter::successors(Some(100_000), |nanos| Some(nanos * 3 / 2)).take(14)
}

#[tokio::test]
async fn who_cannot_be_paid_beside_the_first_is_there_once_that_has_failed() {
    let mut served = 0;
    for nanos in limits() {
        let mut statuses = Vec::new();
        for after_ms in [99, 10] {
            let stage = Stage::open(PAIR, "").await;
            stage.vendor("alpha").set_mood(Mood {
                latency_ms: 60,
                ..Mood::fail(503)
            });
            // As long as the other, so that the same is set aside for both.
            let hedge = json!({"weir": {"hedge": {"after_ms": after_ms}}, "max_tokens": 300});
            let body = with(question(true), hedge);
            let answer = ask_with(&stage, nanos, &body).await;
            statuses.push(answer.status);
            assert_eq!(stage.house.app.books.open_attempts(), 0);
        }
        assert_eq!(statuses[0], statuses[1], "{nanos}");
        served += usize::from(statuses[1] == StatusCode::OK);
    }
    assert!((1..limits().count()).contains(&served), "{served}");
}

#[tokio::test]
async fn nobody_is_asked_for_a_shorter_answer_beside_one_who_gives_the_whole() {
    let body = with(hedged(true), json!({"max_tokens": 2_000}));
    for nanos in limits() {
        let stage = Stage::open(PAIR, "").await;
        stage.vendor("alpha").set_mood(late(90));
        let answer = ask_with(&stage, nanos, &body).await;
        if answer.status == StatusCode::OK && answer.said().starts_with("beta") {
            let shortened = answer.headers.get("x-weir-max-tokens");
            assert_eq!(shortened, None, "{nanos}");
        }
        assert_eq!(stage.house.app.books.open_attempts(), 0);
    }
}
