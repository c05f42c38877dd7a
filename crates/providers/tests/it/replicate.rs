//! Replicate answers in one piece, whoever asks, and says in it whether it came to an end.

use canon::{Again, Dialect, Event, Kind};
use providers::{Client, Failure, Limits, Reply};
use testbed::{Cut, Mood, TEXT};

use crate::{
    Drained, ask, ask_within, drain, own,
    server::{Server, response},
    streamed, text_of, vendor,
};

const WIRE: testbed::Wire = testbed::Wire::Replicate;

/// What becomes of a prediction, asked for whole and as a stream.
async fn failures(status: &'static str, body: &'static str) -> [Failure; 2] {
    let client = Client::new().unwrap();
    let server = Server::start(move |_| response(status, "application/json", body)).await;
    let upstream = own(
        Dialect::Replicate,
        &format!("http://127.0.0.1:{}", server.port),
    );
    let whole = ask(&client, &upstream, false).await.unwrap_err();
    let stream = ask(&client, &upstream, true).await.unwrap_err();
    [whole, stream]
}

#[tokio::test]
async fn who_streams_is_given_the_whole_answer_at_once_and_its_usage() {
    let (client, vendor) = (Client::new().unwrap(), vendor().await);
    let upstream = own(Dialect::Replicate, &vendor.base_url(WIRE));
    let reply = ask(&client, &upstream, true).await.unwrap();
    let Drained { events, fault } = drain(streamed(reply)).await;
    assert!(fault.is_none(), "{fault:?}");
    assert!(matches!(events.first(), Some(Event::Start { .. })));
    let Some(Event::Usage(usage)) = events.last() else {
        panic!("{events:?}")
    };
    let bill = vendor.bill().pop().unwrap();
    assert_eq!(
        (usage.prompt_tokens, usage.completion_tokens),
        (bill.prompt_tokens, bill.completion_tokens)
    );
    let texts = events
        .iter()
        .filter(|event| matches!(event, Event::Text { .. }));
    assert_eq!(texts.count(), 1);
    assert_eq!(text_of(events), TEXT);
}

#[tokio::test]
async fn the_answer_is_waited_for_and_nothing_is_computed_behind_the_wait() {
    let (client, vendor) = (Client::new().unwrap(), vendor().await);
    let upstream = own(Dialect::Replicate, &vendor.base_url(WIRE));
    for stream in [false, true] {
        ask(&client, &upstream, stream).await.unwrap();
        let sent = vendor.requests().pop().unwrap();
        assert_eq!(sent.headers["prefer"], "wait");
        assert_eq!(sent.headers["cancel-after"], "1m");
        assert_eq!(sent.headers["accept"], "application/json");
        assert!(
            sent.path.ends_with("/models/test-model/predictions"),
            "{}",
            sent.path
        );
    }
}

#[tokio::test]
async fn a_prediction_that_is_not_over_in_time_is_a_timeout_that_says_so() {
    for body in [
        r#"{"id":"p","status":"processing","output":["half"],"error":null}"#,
        r#"{"id":"p","status":"starting","output":null,"error":null}"#,
        r#"{"id":"p","status":"canceled","output":["half"],"error":null}"#,
        r#"{"id":"p","status":"aborted","output":null,"error":null}"#,
    ] {
        for failure in failures("201 Created", body).await {
            assert_eq!(failure.fault.kind, Kind::Timeout, "{body}: {failure:?}");
            assert_eq!(failure.fault.say, "Lab did not answer in time", "{body}");
            assert!(
                matches!(failure.fault.again, Again::Elsewhere { .. }),
                "{body}"
            );
            assert_eq!(failure.status, Some(201), "{body}");
        }
    }
}

#[tokio::test]
async fn a_prediction_that_failed_is_the_vendors_trouble() {
    let body = r#"{"id":"p","status":"failed","output":null,"error":"CUDA out of memory"}"#;
    for failure in failures("201 Created", body).await {
        assert_eq!(failure.fault.kind, Kind::ProviderUnavailable, "{failure:?}");
        assert_eq!(failure.fault.provider_code.as_deref(), Some("failed"));
        assert!(matches!(failure.fault.again, Again::Elsewhere { .. }));
    }
}

#[tokio::test]
async fn who_streams_waits_as_long_as_for_a_whole_answer_and_no_longer() {
    let (client, vendor) = (Client::new().unwrap(), vendor().await);
    let upstream = own(Dialect::Replicate, &vendor.base_url(WIRE));
    vendor.set_mood(Mood {
        latency_ms: 100,
        ..Mood::default()
    });
    let limits = |first_byte_ms, whole_ms| Limits {
        first_byte_ms,
        whole_ms,
        ..Limits::default()
    };
    let reply = ask_within(&client, &upstream, true, &limits(10, 60_000)).await;
    assert!(matches!(reply, Ok(Reply::Stream(_))), "{reply:?}");
    let failure = ask_within(&client, &upstream, true, &limits(60_000, 10)).await;
    assert_eq!(failure.unwrap_err().fault.kind, Kind::Timeout);
}

#[tokio::test]
async fn an_answer_that_is_cut_is_none() {
    let (client, vendor) = (Client::new().unwrap(), vendor().await);
    let upstream = own(Dialect::Replicate, &vendor.base_url(WIRE));
    for bytes in (0..400).step_by(37) {
        vendor.set_mood(Mood::cutting(Cut::Bytes(bytes)));
        for stream in [false, true] {
            let failure = ask(&client, &upstream, stream).await.unwrap_err();
            assert_eq!(
                failure.fault.kind,
                Kind::ProviderUnavailable,
                "cut at {bytes}"
            );
        }
    }
}
