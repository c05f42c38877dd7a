//! Who is left alone, and for what, end to end.

use futures_util::future::join_all;
use http::StatusCode;
use serde_json::json;
use testbed::{Mood, Wire};

use crate::stage::{Cast, PAIR, Stage, question, with};

const LONE: Cast<'_> = &[("alpha", Wire::OpenAiChat)];

#[tokio::test]
async fn a_no_to_our_key_rests_every_model_of_the_account_until_one_answers_again() {
    let stage = Stage::open(PAIR, "").await;
    stage.script("alpha", &[Mood::fail(401)]);
    for _ in 0..3 {
        assert!(stage.chat(&question(true)).await.said().starts_with("beta"));
    }
    assert_eq!(stage.asked(), [1, 3], "alpha is left alone after one no");
    // A model that only alpha serves: it is the last resort, and its answer ends the rest.
    let own = with(question(true), json!({"model": "alpha/own"}));
    assert!(stage.chat(&own).await.said().starts_with("alpha"));
    assert!(
        stage
            .chat(&question(true))
            .await
            .said()
            .starts_with("alpha")
    );
    assert_eq!(stage.asked(), [3, 3]);
}

#[tokio::test]
async fn a_model_that_an_account_may_not_use_does_not_rest_its_other_models() {
    let stage = Stage::open(PAIR, "").await;
    stage.script("alpha", &[Mood::fail(403)]);
    assert!(stage.chat(&question(true)).await.said().starts_with("beta"));
    let both = with(
        question(true),
        json!({"model": "alpha/own", "models": ["beta/own"]}),
    );
    assert!(stage.chat(&both).await.said().starts_with("alpha"));
    assert!(stage.chat(&question(true)).await.said().starts_with("beta"));
    assert_eq!(stage.asked(), [2, 2]);
}

#[tokio::test]
async fn while_everything_is_down_one_caller_at_a_time_asks_and_the_others_hear_when_to_come_again()
{
    let stage = Stage::open(LONE, "[upstream]\nfirst_byte_ms = 150\n").await;
    stage.vendor("alpha").set_mood(Mood::fail(500));
    for _ in 0..5 {
        assert_eq!(
            stage.chat(&question(true)).await.status,
            StatusCode::BAD_GATEWAY
        );
    }
    stage.vendor("alpha").set_mood(Mood::hang());
    let body = question(true);
    let answers = join_all((0..20).map(|_| stage.chat(&body))).await;
    assert_eq!(stage.asked(), [6], "one probe");
    let refused: Vec<_> = answers
        .iter()
        .filter(|answer| answer.status == StatusCode::SERVICE_UNAVAILABLE)
        .collect();
    assert_eq!(refused.len(), 19);
    for answer in refused {
        assert_eq!(
            answer.error()["availability"]["code"],
            "temporarily_unavailable"
        );
        let seconds: u64 = answer.headers["retry-after"]
            .to_str()
            .unwrap()
            .parse()
            .unwrap();
        assert!((1..=5).contains(&seconds), "{seconds}");
        answer.keeps_secrets();
    }
    stage.vendor("alpha").set_mood(Mood::default());
    assert!(
        stage.chat(&body).await.said().starts_with("alpha"),
        "the probe of the last resort"
    );
    assert!(stage.chat(&body).await.said().starts_with("alpha"));
}

#[tokio::test]
async fn a_request_that_was_never_sent_is_no_probe() {
    let stage = Stage::open(
        &[("alpha", Wire::Gemini)],
        "[upstream]\nfirst_byte_ms = 150\n",
    )
    .await;
    stage.vendor("alpha").set_mood(Mood::fail(500));
    for _ in 0..5 {
        let answer = stage.chat(&question(true)).await;
        assert_eq!(answer.status, StatusCode::BAD_GATEWAY);
    }
    // Gemini has no words for a picture among the instructions.
    let picture = json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}});
    let user = json!({"role": "user", "content": "Hi"});
    let system = json!({"role": "system", "content": [picture]});
    let silent = with(question(true), json!({"messages": [system, user]}));
    let answer = stage.chat(&silent).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text);
    assert_eq!(stage.asked(), [5]);
    stage.vendor("alpha").set_mood(Mood::hang());
    let body = question(true);
    join_all((0..20).map(|_| stage.chat(&body))).await;
    assert_eq!(stage.asked(), [6], "still one probe");
}

#[tokio::test]
async fn when_everything_is_down_there_are_hardly_more_calls_than_requests() {
    let stage = Stage::open(PAIR, "").await;
    for id in ["alpha", "beta"] {
        stage.vendor(id).set_mood(Mood::fail(500));
    }
    for _ in 0..60 {
        assert!(stage.chat(&question(false)).await.status.is_server_error());
    }
    let calls: usize = stage.asked().iter().sum();
    assert!(calls <= 72, "{calls} calls for 60 requests");
}

#[tokio::test]
async fn a_request_that_is_at_fault_harms_nobody() {
    let stage = Stage::open(PAIR, "").await;
    stage.vendor("alpha").set_mood(Mood::fail(400));
    for _ in 0..10 {
        assert_eq!(
            stage.chat(&question(true)).await.status,
            StatusCode::BAD_REQUEST
        );
    }
    assert_eq!(stage.asked(), [10, 0]);
    stage.vendor("alpha").set_mood(Mood::default());
    assert!(
        stage
            .chat(&question(true))
            .await
            .said()
            .starts_with("alpha")
    );
}

#[tokio::test]
async fn callers_who_leave_give_their_places_back() {
    let stage = Stage::open(LONE, "").await;
    stage.vendor("alpha").set_mood(Mood::fail(500));
    for _ in 0..5 {
        stage.chat(&question(true)).await;
    }
    stage.vendor("alpha").set_mood(Mood::hang());
    // The one that probes hangs up before it hears anything.
    let body = question(true);
    {
        let mut probing = Box::pin(stage.chat(&body));
        while stage.asked() == [5] {
            let idle = tokio::time::timeout(std::time::Duration::from_millis(1), &mut probing);
            assert!(idle.await.is_err(), "it hangs");
        }
    }
    stage.vendor("alpha").set_mood(Mood::default());
    assert!(
        stage.chat(&body).await.said().starts_with("alpha"),
        "the next one probes"
    );
}
