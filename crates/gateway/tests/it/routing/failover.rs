//! A vendor that fails before its first token is replaced without a word; one that fails later never is.

use std::net::TcpListener;

use http::StatusCode;
use serde_json::{Value, json};
use testbed::{Cut, Failure, Mood, Reply, Wire};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::stage::{Answer, MODEL, PAIR, Stage, TRIO, message, question, with};

/// Small limits, so that a test waits no longer than it must.
const HASTY: &str = "[upstream]\nfirst_byte_ms = 150\nwhole_ms = 150\nidle_ms = 150\n";

/// The first token may take its time, the others may not.
const RESTLESS: &str = "[upstream]\nfirst_byte_ms = 5000\nidle_ms = 150\n";

/// Every way to fail before the first token, and how the vendor is asked.
fn failures() -> Vec<(&'static str, Mood)> {
    let mut failures = vec![
        ("429", Mood::rate_limited(1)),
        ("hang", Mood::hang()),
        ("refuse", Mood::refuse()),
        ("empty body", Mood::replying(Reply::EmptyBody)),
        ("done only", Mood::replying(Reply::DoneOnly)),
        ("html", Mood::replying(Reply::GarbageBody)),
        ("no json", Mood::replying(Reply::GarbageAfter(0))),
        ("an error first", Mood::replying(Reply::FirstEventError)),
        ("cut at once", Mood::cutting(Cut::Bytes(0))),
        ("cut in the first event", Mood::cutting(Cut::Bytes(20))),
    ];
    for status in [401, 402, 403, 404, 408, 500, 502, 503, 504, 529] {
        failures.push(("status", Mood::fail(status)));
    }
    failures
}

/// The text of an answer, streamed or whole.
fn words_of(answer: &Answer, stream: bool) -> String {
    if stream {
        return answer.said();
    }
    let content = &answer.json()["choices"][0]["message"]["content"];
    content.as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn whatever_fails_before_the_first_token_moves_on_without_a_word() {
    for wire in [Wire::OpenAiChat, Wire::Anthropic, Wire::Gemini] {
        for (name, mood) in failures() {
            for stream in [false, true] {
                let stage = Stage::open(&[("alpha", wire), ("beta", wire)], HASTY).await;
                stage.script("alpha", std::slice::from_ref(&mood));
                let answer = stage.chat(&question(stream)).await;
                let case = format!("{wire:?} {name} stream={stream} {mood:?}: {}", answer.text);
                assert_eq!(answer.status, StatusCode::OK, "{case}");
                let said = words_of(&answer, stream);
                assert!(said.contains("beta says hello"), "{case}");
                assert!(!answer.text.contains("alpha"), "{case}");
                assert!(!answer.text.contains("error"), "{case}");
                let record = stage.record(&answer).await;
                assert_eq!(
                    record["provider_responses"].as_array().unwrap().len(),
                    2,
                    "{record}"
                );
                assert_eq!(record["provider_responses"][0]["provider_name"], "alpha");
                assert_eq!(record["provider_responses"][1]["provider_name"], "beta");
                assert_eq!(record["provider_responses"][1]["status"], 200);
                assert_eq!(record["provider_name"], "beta");
            }
        }
    }
}

#[tokio::test]
async fn a_vendor_that_is_not_there_is_passed_over() {
    // A port that was just free: nobody listens there.
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let absent = format!(
        "[providers.absent]\ndialect = \"openai-chat\"\nbase_url = \"http://{free}/v1\"\n\
         [[providers.absent.models]]\nmodel = \"{MODEL}\"\nprice = {{ prompt = \"0\", completion = \"0\" }}\n"
    );
    let stage = Stage::open(PAIR, &absent).await;
    let answer = stage.chat(&question(true)).await;
    assert!(answer.said().starts_with("alpha says"), "{}", answer.text);
    let record = stage.record(&answer).await;
    assert_eq!(record["provider_responses"][0]["provider_name"], "absent");
    assert_eq!(record["provider_responses"][0]["status"], Value::Null);
}

#[tokio::test]
async fn a_connection_that_the_vendor_closed_in_the_meantime_is_not_a_failure() {
    const ANSWER: &str = r#"{"id":"x","object":"chat.completion","created":1,"model":"one","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}"#;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let closing = format!(
        "[providers.closing]\ndialect = \"openai-chat\"\nbase_url = \"http://{address}/v1\"\n\
         [[providers.closing.models]]\nmodel = \"{MODEL}\"\n"
    );
    let stage = Stage::open(&[], &closing).await;
    for _ in 0..10 {
        // Says that it would keep the connection, and closes it.
        let vendor = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut read = Vec::new();
            while !read.ends_with(b"}") {
                stream.read_buf(&mut read).await.unwrap();
            }
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
                ANSWER.len()
            );
            stream.write_all(head.as_bytes()).await.unwrap();
            stream.write_all(ANSWER.as_bytes()).await.unwrap();
        };
        let asked = question(false);
        let (answer, ()) = tokio::join!(stage.chat(&asked), vendor);
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    }
}

#[tokio::test]
async fn a_vendor_that_asked_for_peace_is_tried_last_afterwards() {
    let stage = Stage::open(PAIR, "[routing]\noutage_window_ms = 1\n").await;
    stage.script("alpha", &[Mood::rate_limited(60)]);
    assert!(stage.chat(&question(true)).await.said().starts_with("beta"));
    // The outage window is over at once, the vendor's own wish is not.
    assert!(stage.chat(&question(true)).await.said().starts_with("beta"));
    assert_eq!(stage.asked(), [1, 2]);
    stage.script("beta", &[Mood::fail(500)]);
    let answer = stage.chat(&question(true)).await;
    assert!(
        answer.said().starts_with("alpha"),
        "last is not never: {}",
        answer.text
    );
}

#[tokio::test]
async fn a_vendor_that_failed_is_tried_last_for_the_outage_window() {
    let stage = Stage::open(PAIR, "").await;
    stage.script("alpha", &[Mood::fail(500)]);
    for _ in 0..2 {
        assert!(stage.chat(&question(true)).await.said().starts_with("beta"));
    }
    assert_eq!(stage.asked(), [1, 2]);
}

#[tokio::test]
async fn at_most_three_are_tried_and_the_last_one_is_heard() {
    let four = [
        ("alpha", Wire::OpenAiChat),
        ("beta", Wire::OpenAiChat),
        ("gamma", Wire::OpenAiChat),
        ("delta", Wire::OpenAiChat),
    ];
    for stream in [false, true] {
        let stage = Stage::open(&four, "").await;
        stage.script("alpha", &[Mood::fail(500)]);
        stage.script("beta", &[Mood::fail(401)]);
        stage.script("gamma", &[Mood::rate_limited(7)]);
        let answer = stage.chat(&question(stream)).await;
        assert_eq!(
            answer.status,
            StatusCode::TOO_MANY_REQUESTS,
            "{}",
            answer.text
        );
        assert_eq!(answer.headers["retry-after"], "7");
        assert_eq!(stage.asked(), [1, 1, 1, 0]);
        let error = answer.error();
        assert_eq!(error["metadata"]["error_type"], "rate_limit_exceeded");
        assert_eq!(error["metadata"]["provider_name"], "gamma");
        let previous = error["metadata"]["previous_errors"].as_array().unwrap();
        let told: Vec<_> = previous
            .iter()
            .map(|error| {
                (
                    error["provider"].as_str().unwrap(),
                    error["status"].as_u64().unwrap(),
                )
            })
            .collect();
        assert_eq!(told[..2], [("alpha", 500), ("beta", 401)], "{error}");
        assert!(
            previous.iter().all(|error| error["code"].is_string()),
            "{error}"
        );
        answer.keeps_secrets();
        let record = stage.record(&answer).await;
        assert_eq!(record["provider_responses"].as_array().unwrap().len(), 3);
        assert_eq!(record["total_cost"], json!(0));
    }
}

#[tokio::test]
async fn when_everybody_is_busy_the_shortest_wait_is_told() {
    for (mood, code) in [
        (Mood::fail(429), "capacity_exhausted"),
        (Mood::fail(503), "temporarily_unavailable"),
    ] {
        let stage = Stage::open(TRIO, "").await;
        stage.vendor("alpha").set_mood(Mood::rate_limited(9));
        stage.vendor("beta").set_mood(Mood::rate_limited(4));
        stage.vendor("gamma").set_mood(mood);
        let answer = stage.chat(&question(true)).await;
        assert_eq!(answer.headers["retry-after"], "4", "{}", answer.text);
        let availability = &answer.error()["availability"];
        assert_eq!(availability["code"], code, "{}", answer.text);
        assert_eq!(availability["retryable"], true);
        assert_eq!(availability["retry_after"], 4);
        assert_eq!(availability["requested_models"], json!([MODEL]));
        let providers = json!(["alpha", "beta", "gamma"]);
        assert_eq!(availability["affected_providers"], providers);
    }
}

#[tokio::test]
async fn a_vendors_no_to_our_key_is_never_a_no_to_the_callers() {
    for status in [401, 402, 403] {
        for stream in [false, true] {
            let stage = Stage::open(PAIR, "").await;
            stage.vendor("alpha").set_mood(Mood::fail(status));
            stage.vendor("beta").set_mood(Mood::fail(status));
            for answer in [
                stage.chat(&question(stream)).await,
                stage.messages(&message(stream)).await,
            ] {
                assert_eq!(
                    answer.status,
                    StatusCode::BAD_GATEWAY,
                    "{status}: {}",
                    answer.text
                );
                answer.keeps_secrets();
            }
        }
    }
}

#[tokio::test]
async fn the_last_failure_has_its_own_status() {
    for (mood, status, kind) in [
        (Mood::fail(500), 502, "provider_unavailable"),
        (Mood::fail(503), 503, "provider_overloaded"),
        (Mood::fail(529), 503, "provider_overloaded"),
        (Mood::fail(429), 429, "rate_limit_exceeded"),
        (Mood::hang(), 504, "timeout"),
        (Mood::refuse(), 502, "provider_unavailable"),
        (
            Mood::replying(Reply::EmptyBody),
            502,
            "provider_unavailable",
        ),
        (Mood::fail(400), 400, "context_length_exceeded"),
    ] {
        let stage = Stage::open(PAIR, HASTY).await;
        stage.vendor("alpha").set_mood(mood.clone());
        stage.vendor("beta").set_mood(mood.clone());
        for stream in [false, true] {
            let answer = stage.chat(&question(stream)).await;
            assert_eq!(answer.status.as_u16(), status, "{mood:?} {}", answer.text);
            assert_eq!(answer.error()["metadata"]["error_type"], kind, "{mood:?}");
            answer.keeps_secrets();
            let answer = stage.messages(&message(stream)).await;
            assert_eq!(answer.status.as_u16(), status, "{mood:?} {}", answer.text);
            assert_eq!(answer.error()["error_type"], kind, "{mood:?}");
            answer.keeps_secrets();
        }
    }
}

/// Every way to fail after the first token.
fn late_failures() -> [Mood; 4] {
    [
        Mood::replying(Reply::ErrorAfter(6)),
        Mood::replying(Reply::GarbageAfter(6)),
        Mood::cutting(Cut::Events(6)),
        Mood {
            between_ms: 400,
            ..Mood::default()
        },
    ]
}

#[tokio::test]
async fn after_the_first_token_nobody_else_is_asked_and_one_error_ends_the_stream() {
    for wire in [Wire::OpenAiChat, Wire::Anthropic] {
        for mood in late_failures() {
            let stage = Stage::open(&[("alpha", wire), ("beta", wire)], RESTLESS).await;
            stage.script("alpha", std::slice::from_ref(&mood));
            let answer = stage.chat(&question(true)).await;
            let case = format!("{wire:?} {mood:?}: {}", answer.text);
            assert_eq!(answer.status, StatusCode::OK, "{case}");
            assert_eq!(stage.asked(), [1, 0], "{case}");
            let chunks = answer.chunks();
            let errors: Vec<_> = chunks
                .iter()
                .filter(|chunk| !chunk["error"].is_null())
                .collect();
            assert_eq!(errors.len(), 1, "{case}");
            assert_eq!(
                chunks.last().unwrap()["error"],
                errors[0]["error"],
                "{case}"
            );
            assert!(errors[0]["error"]["code"].is_i64(), "{case}");
            assert!(
                errors[0]["error"]["metadata"]["error_type"].is_string(),
                "{case}"
            );
            assert_eq!(errors[0]["choices"][0]["finish_reason"], "error", "{case}");
            assert_eq!(errors[0]["id"], answer.generation(), "{case}");
            assert!(!answer.said().contains("beta"), "{case}");
            answer.keeps_secrets();
            assert_cut_short(&stage, &answer).await;
        }
    }
}

#[tokio::test]
async fn an_anthropic_caller_hears_of_the_break_in_its_own_words() {
    for mood in late_failures() {
        let stage = Stage::open(PAIR, RESTLESS).await;
        stage.script("alpha", std::slice::from_ref(&mood));
        let answer = stage.messages(&message(true)).await;
        let case = format!("{mood:?}: {}", answer.text);
        assert_eq!(
            (answer.status, stage.asked()),
            (StatusCode::OK, vec![1, 0]),
            "{case}"
        );
        let events = answer.events();
        let errors = events.iter().filter(|(name, _)| name == "error").count();
        assert_eq!(errors, 1, "{case}");
        let (name, data) = events.last().unwrap();
        let data: Value = serde_json::from_str(data).unwrap();
        assert_eq!(
            (name.as_str(), &data["type"]),
            ("error", &json!("error")),
            "{case}"
        );
        assert!(data["error"]["type"].is_string() && data["error"]["error_type"].is_string());
        assert!(!answer.text.contains("message_stop"), "{case}");
        answer.keeps_secrets();
        assert_cut_short(&stage, &answer).await;
    }
}

/// The record of an answer that broke off: what was delivered is charged.
async fn assert_cut_short(stage: &Stage, answer: &Answer) {
    let record = stage.record(answer).await;
    assert_eq!(record["provider_name"], "alpha", "{record}");
    assert_eq!(record["cancelled"], false, "{record}");
    assert!(record["total_cost"].as_f64().unwrap() > 0.0, "{record}");
    assert!(
        record["tokens_completion"].as_u64().unwrap() > 0,
        "{record}"
    );
}

#[tokio::test]
async fn a_prompt_too_long_for_one_model_goes_to_the_next_model_of_the_list() {
    for stream in [false, true] {
        let stage = Stage::open(TRIO, "").await;
        stage.script("alpha", &[Mood::fail(400)]);
        let body = with(question(stream), json!({"models": ["gamma/own"]}));
        let answer = stage.chat(&body).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        assert_eq!(
            stage.asked(),
            [1, 0, 1],
            "the next model, not the next provider"
        );
        let model = if stream {
            answer.chunks()[0]["model"].clone()
        } else {
            answer.json()["model"].clone()
        };
        assert_eq!(model, "gamma/own");
        let record = stage.record(&answer).await;
        assert_eq!(record["model"], "gamma/own");
        assert_eq!(record["provider_responses"][0]["model_permaslug"], MODEL);
    }
}

#[tokio::test]
async fn without_another_model_a_prompt_too_long_is_the_callers_to_hear() {
    let stage = Stage::open(TRIO, "").await;
    stage.script("alpha", &[Mood::fail(400)]);
    let answer = stage.chat(&question(true)).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(stage.asked(), [1, 0, 0]);
    assert!(
        answer.error()["message"]
            .as_str()
            .unwrap()
            .contains("maximum context length")
    );
}

#[tokio::test]
async fn a_model_named_twice_is_tried_once() {
    let stage = Stage::open(&[("alpha", Wire::OpenAiChat)], "").await;
    stage.vendor("alpha").set_mood(Mood::fail(500));
    let body = with(question(false), json!({"models": [MODEL, MODEL]}));
    assert_eq!(stage.chat(&body).await.status, StatusCode::BAD_GATEWAY);
    assert_eq!(stage.asked(), [1]);
}

#[tokio::test]
async fn there_is_an_end_to_the_models_of_a_request() {
    let stage = Stage::open(&[("alpha", Wire::OpenAiChat)], "").await;
    let models: Vec<String> = (0..100_000)
        .map(|number| format!("acme/{number}"))
        .collect();
    let answer = stage
        .chat(&with(question(false), json!({"models": models})))
        .await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(
        answer.error()["message"]
            .as_str()
            .unwrap()
            .contains("`models`"),
        "{}",
        answer.text
    );
}

#[tokio::test]
async fn preferences_decide_who_is_asked() {
    let orders = [
        (json!({"order": ["gamma", "beta"]}), "gamma"),
        (json!({"order": ["nobody", "Beta"]}), "beta"),
        (json!({"only": ["gamma"]}), "gamma"),
        (json!({"ignore": ["alpha"], "sort": "price"}), "beta"),
        (json!({"sort": "price"}), "alpha"),
        (
            json!({"sort": {"by": "price", "partition": "none"}}),
            "alpha",
        ),
    ];
    let stage = Stage::open(TRIO, "").await;
    for (provider, expected) in orders {
        let answer = stage
            .chat(&with(question(true), json!({"provider": provider})))
            .await;
        let case = format!("{provider}: {}", answer.text);
        assert!(answer.said().starts_with(expected), "{case}");
        assert_eq!(answer.chunks()[0]["provider"], expected, "{case}");
    }
}

#[tokio::test]
async fn without_fallbacks_the_first_failure_is_the_answer() {
    let stage = Stage::open(TRIO, "").await;
    for (provider, asked) in [
        (
            json!({"allow_fallbacks": false, "sort": "price"}),
            vec![1, 0, 0],
        ),
        (
            json!({"allow_fallbacks": false, "order": ["beta", "gamma"]}),
            vec![1, 1, 1],
        ),
        (json!({"only": ["gamma"]}), vec![1, 1, 2]),
    ] {
        for id in ["alpha", "beta", "gamma"] {
            stage.vendor(id).set_mood(Mood::fail(500));
        }
        let answer = stage
            .chat(&with(question(false), json!({"provider": provider})))
            .await;
        assert_eq!(
            answer.status,
            StatusCode::BAD_GATEWAY,
            "{provider}: {}",
            answer.text
        );
        assert_eq!(stage.asked(), asked, "{provider}");
    }
}

#[tokio::test]
async fn a_vendors_own_words_about_its_account_stay_inside() {
    let stage = Stage::open(PAIR, "").await;
    let body = json!({"error": {"message": "org-123 of key-of-alpha-5e3c7f at 127.0.0.1 is broke", "code": "insufficient_quota"}});
    let failure = Failure {
        status: 429,
        retry_after_s: None,
        body: Some(body),
    };
    for id in ["alpha", "beta"] {
        stage
            .vendor(id)
            .set_mood(Mood::replying(Reply::Fail(failure.clone())));
    }
    let answer = stage.chat(&question(false)).await;
    assert!(
        !answer.text.contains("org-123") && !answer.text.contains("broke"),
        "{}",
        answer.text
    );
    answer.keeps_secrets();
}
