//! What is measured of vendors: on the endpoints page, for Prometheus, and for who sorts by it.

use gateway::clock;
use http::{Request, StatusCode, header};
use serde_json::{Value, json};
use testbed::Mood;

use crate::stage::{Answer, MODEL, PAIR, Stage, question, with};

/// What the endpoints page shows of MODEL at this vendor.
async fn shown(stage: &Stage, tag: &str) -> Value {
    let (status, body) = stage
        .house
        .get(&format!("/api/v1/models/{MODEL}/endpoints"))
        .await;
    assert_eq!(status, StatusCode::OK, "{body}");
    let endpoints = body["data"]["endpoints"].as_array().unwrap();
    let found = endpoints.iter().find(|endpoint| endpoint["tag"] == tag);
    found.unwrap_or_else(|| panic!("{body}")).clone()
}

#[tokio::test]
async fn the_endpoints_page_shows_what_was_measured_and_null_where_that_is_too_little() {
    let stage = Stage::open(PAIR, "").await;
    for _ in 0..4 {
        stage.chat(&question(true)).await;
    }
    let alpha = shown(&stage, "alpha").await;
    for name in [
        "uptime_last_5m",
        "uptime_last_1d",
        "latency_last_30m",
        "throughput_last_30m",
    ] {
        assert_eq!(alpha[name], Value::Null, "{name}");
    }
    assert_eq!(alpha["status"], 0);
    stage.script("alpha", &[Mood::fail(500)]);
    for _ in 0..2 {
        assert_eq!(stage.chat(&question(true)).await.status, StatusCode::OK);
    }
    let alpha = shown(&stage, "alpha").await;
    for name in ["uptime_last_5m", "uptime_last_30m", "uptime_last_1d"] {
        assert_eq!(alpha[name], 80.0, "{name}: four of five were answered");
    }
    assert_eq!(alpha["status"], -2, "it failed a moment ago");
    // The fifth answer comes from it as the last one left.
    let only = with(question(true), json!({"provider": {"only": ["alpha"]}}));
    assert_eq!(stage.chat(&only).await.status, StatusCode::OK);
    let alpha = shown(&stage, "alpha").await;
    for name in ["latency_last_30m", "throughput_last_30m"] {
        let of = &alpha[name];
        assert!(
            of["p50"].as_f64().unwrap() > 0.0 && of["p99"].is_number(),
            "{name}: {of}"
        );
    }
    assert!(
        alpha["latency_last_30m"]["p99"].as_f64() < Some(60.0),
        "seconds"
    );
    assert_eq!(shown(&stage, "beta").await["uptime_last_5m"], Value::Null);
}

#[tokio::test]
async fn who_sorts_by_throughput_gets_the_faster_one_once_both_are_measured() {
    let stage = Stage::open(PAIR, "").await;
    let slow = Mood {
        between_ms: 20,
        ..Mood::default()
    };
    stage.vendor("alpha").set_mood(slow);
    let to = |id: &str, stream: bool| with(question(stream), json!({"provider": {"only": [id]}}));
    for id in ["alpha", "beta"] {
        for _ in 0..5 {
            stage.chat(&to(id, true)).await;
        }
    }
    let begun = clock::now_micros();
    for provider in [
        json!({"sort": "throughput"}),
        json!({"sort": "price", "preferred_min_throughput": {"p90": 100}}),
    ] {
        let body = with(question(true), json!({"provider": provider}));
        // Figures are a second old at most.
        while !stage.chat(&body).await.said().starts_with("beta") {
            assert!(clock::now_micros() - begun < 10_000_000, "{provider}");
        }
    }
    let nitro = with(
        question(true),
        json!({"model": format!("{MODEL}:nitro"), "provider": {}}),
    );
    assert!(stage.chat(&nitro).await.said().starts_with("beta"));
}

async fn metrics(stage: &Stage, key: &str) -> Answer {
    let request = Request::get("/metrics").header(header::AUTHORIZATION, format!("Bearer {key}"));
    let request = request.body(axum::body::Body::empty()).unwrap();
    Answer::read(stage.house.call(request).await).await
}

#[tokio::test]
async fn prometheus_reads_requests_attempts_tokens_cost_faults_and_states() {
    let stage = Stage::open(PAIR, "").await;
    stage.script("alpha", &[Mood::fail(500)]);
    for _ in 0..2 {
        stage.chat(&question(false)).await;
    }
    stage
        .chat(&json!({"model": "acme/onne", "messages": []}))
        .await;
    assert_eq!(
        metrics(&stage, &stage.house.key.1).await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        metrics(&stage, "nobody").await.status,
        StatusCode::UNAUTHORIZED
    );
    let answer = metrics(&stage, &stage.house.manager).await;
    assert_eq!(answer.status, StatusCode::OK);
    let at = |id: &str| format!("provider=\"{id}\",model=\"{MODEL}\",endpoint=\"{id}\"");
    let (alpha, beta) = (at("alpha"), at("beta"));
    for line in [
        "weir_requests_total{dialect=\"openai-chat\",status=\"2xx\"} 2".to_owned(),
        "weir_requests_total{dialect=\"openai-chat\",status=\"4xx\"} 1".to_owned(),
        "weir_faults_total{scope=\"call\",kind=\"provider_unavailable\"} 1".to_owned(),
        "weir_faults_total{scope=\"request\",kind=\"invalid_request\"} 1".to_owned(),
        "weir_request_duration_seconds_count 2".to_owned(),
        "weir_request_duration_seconds_bucket{le=\"+Inf\"} 2".to_owned(),
        "weir_requests_under_way 0".to_owned(),
        format!("weir_attempts_total{{{alpha},outcome=\"failed\"}} 1"),
        format!("weir_attempts_total{{{beta},outcome=\"answered\"}} 2"),
        format!("weir_endpoint_state{{{alpha},state=\"shaky\"}} 1"),
        format!("weir_endpoint_state{{{beta},state=\"well\"}} 1"),
    ] {
        assert!(
            answer.text.lines().any(|found| found == line),
            "{line} in\n{}",
            answer.text
        );
    }
    let value = |name: &str| {
        let found = answer.text.lines().find_map(|line| line.strip_prefix(name));
        found.unwrap().trim().parse::<f64>().unwrap()
    };
    assert!(value(&format!("weir_tokens_total{{{beta},kind=\"completion\"}}")) > 0.0);
    assert!(value(&format!("weir_cost_usd_total{{{beta}}}")) > 0.0);
    // Every line is a comment or a name with a number, and every name has its help.
    for line in answer.text.lines().filter(|line| !line.starts_with('#')) {
        let (name, number) = line.rsplit_once(' ').unwrap();
        assert!(number.parse::<f64>().is_ok(), "{line}");
        let bare = name.split('{').next().unwrap();
        let family = ["_bucket", "_sum", "_count"]
            .iter()
            .find_map(|end| bare.strip_suffix(end));
        let helped = |name: &str| answer.text.contains(&format!("# HELP {name} "));
        assert!(helped(bare) || family.is_some_and(helped), "{line}");
    }
    answer.keeps_secrets();
}
