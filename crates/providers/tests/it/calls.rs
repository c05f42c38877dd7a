//! One call: what comes back, and what every way of failing means before anything was said.

use canon::{Again, Blame, Dialect, Kind};
use providers::{Client, Limits, Reply, Sent};
use testbed::{Cut, Mood, Vendor, VendorConfig, Writes};

use crate::{
    KEY, REQUEST_ID, ask, ask_within, own,
    server::{Server, response},
    text, vendor, wires,
};

#[tokio::test]
async fn a_whole_answer_arrives() {
    let (client, vendor) = (Client::new().unwrap(), vendor().await);
    for (dialect, wire) in wires() {
        let upstream = own(dialect, &vendor.base_url(wire));
        let Ok(Reply::Whole {
            response, status, ..
        }) = ask(&client, &upstream, false).await
        else {
            panic!("{dialect}: no whole answer");
        };
        // Replicate creates a prediction.
        let created = dialect == Dialect::Replicate;
        assert_eq!(
            (text(&response).as_str(), status),
            (testbed::TEXT, if created { 201 } else { 200 }),
            "{dialect}"
        );
        let usage = response.usage.unwrap();
        let bill = vendor.bill().pop().unwrap();
        assert_eq!(
            (usage.prompt_tokens, usage.completion_tokens),
            (bill.prompt_tokens, bill.completion_tokens),
            "{dialect}"
        );
        assert_eq!(bill.idempotency.as_deref(), Some(REQUEST_ID), "{dialect}");
    }
}

#[tokio::test]
async fn whatever_goes_wrong_before_the_answer_begins_lets_another_provider_take_over() {
    use testbed::Reply::{DoneOnly, EmptyBody, FirstEventError, GarbageBody};
    let (client, vendor) = (Client::new().unwrap(), vendor().await);
    for (dialect, wire) in wires() {
        let upstream = own(dialect, &vendor.base_url(wire));
        for mood in [
            Mood::replying(EmptyBody),
            Mood::replying(DoneOnly),
            Mood::replying(GarbageBody),
            Mood::replying(FirstEventError),
            Mood::fail(500),
            Mood::fail(502),
            Mood::fail(503),
            Mood::fail(529),
            Mood::refuse(),
            Mood::cutting(Cut::Bytes(0)),
            Mood::cutting(Cut::Bytes(30)),
        ] {
            // Where the end itself says why it came, an end alone is an answer: one of no words.
            let ends_with_a_reason = matches!(
                dialect,
                Dialect::OpenAiResponses | Dialect::Bedrock | Dialect::Cohere | Dialect::Ollama
            );
            let is_answer = ends_with_a_reason && mood.reply == DoneOnly;
            for stream in [false, true].into_iter().filter(|_| !is_answer) {
                vendor.set_mood(mood.clone());
                let failure = ask(&client, &upstream, stream).await.unwrap_err();
                let what = format!("{dialect}, stream {stream}, {:?}: {failure:?}", mood.reply);
                assert!(
                    matches!(failure.fault.again, Again::Elsewhere { .. }),
                    "{what}"
                );
                assert_eq!(
                    failure.fault.blame,
                    Blame::Upstream(upstream.id().clone()),
                    "{what}"
                );
                assert_eq!(failure.sent, Sent::Maybe, "{what}");
                let kinds = [Kind::ProviderUnavailable, Kind::ProviderOverloaded];
                assert!(kinds.contains(&failure.fault.kind), "{what}");
            }
        }
    }
}

#[tokio::test]
async fn a_429_says_for_how_long_the_vendor_wants_to_be_left_alone() {
    let (client, vendor) = (Client::new().unwrap(), vendor().await);
    vendor.set_mood(Mood::rate_limited(7));
    for (dialect, wire) in wires() {
        let upstream = own(dialect, &vendor.base_url(wire));
        let failure = ask(&client, &upstream, true).await.unwrap_err();
        assert_eq!(failure.status, Some(429), "{dialect}");
        assert_eq!(failure.fault.kind, Kind::RateLimitExceeded, "{dialect}");
        let again = Again::Elsewhere {
            after_ms: Some(7_000),
        };
        assert_eq!(failure.fault.again, again, "{dialect}");
    }
}

#[tokio::test]
async fn a_key_that_the_vendor_refuses_is_the_operators_trouble() {
    let client = Client::new().unwrap();
    let config = VendorConfig {
        key: Some("another".to_owned()),
        ..VendorConfig::default()
    };
    let vendor = Vendor::start(config).await.unwrap();
    for (dialect, wire) in wires() {
        let upstream = own(dialect, &vendor.base_url(wire));
        let failure = ask(&client, &upstream, false).await.unwrap_err();
        assert_eq!(failure.fault.again, Again::OtherAccount, "{dialect}");
        assert_eq!(failure.fault.kind, Kind::ProviderUnavailable, "{dialect}");
        assert_eq!(failure.fault.say, "Provider returned error", "{dialect}");
    }
}

#[tokio::test]
async fn the_right_key_opens_the_door() {
    let client = Client::new().unwrap();
    let config = VendorConfig {
        key: Some(KEY.to_owned()),
        ..VendorConfig::default()
    };
    let vendor = Vendor::start(config).await.unwrap();
    for (dialect, wire) in wires() {
        let upstream = own(dialect, &vendor.base_url(wire));
        assert!(ask(&client, &upstream, false).await.is_ok(), "{dialect}");
    }
}

#[tokio::test]
async fn a_prompt_that_is_too_long_is_the_callers() {
    let (client, vendor) = (Client::new().unwrap(), vendor().await);
    vendor.set_mood(Mood::fail(400));
    for (dialect, wire) in wires() {
        let upstream = own(dialect, &vendor.base_url(wire));
        let failure = ask(&client, &upstream, false).await.unwrap_err();
        assert_eq!(failure.fault.kind, Kind::ContextLengthExceeded, "{dialect}");
        assert_eq!(failure.fault.blame, Blame::Caller, "{dialect}");
        assert!(
            ["token", "context", "too long"]
                .iter()
                .any(|word| failure.fault.say.contains(word)),
            "{dialect}: {}",
            failure.fault.say
        );
    }
}

#[tokio::test]
async fn a_vendor_that_hangs_is_given_up_in_time() {
    let (client, vendor) = (Client::new().unwrap(), vendor().await);
    vendor.set_mood(Mood::hang());
    let limits = Limits {
        first_byte_ms: 40,
        whole_ms: 40,
        ..Limits::default()
    };
    for (dialect, wire) in wires() {
        let upstream = own(dialect, &vendor.base_url(wire));
        for stream in [false, true] {
            let failure = ask_within(&client, &upstream, stream, &limits)
                .await
                .unwrap_err();
            assert_eq!(failure.fault.kind, Kind::Timeout, "{dialect}");
            assert_eq!(
                (failure.sent, failure.status),
                (Sent::Maybe, None),
                "{dialect}"
            );
        }
    }
}

#[tokio::test]
async fn where_nobody_listens_nothing_was_sent() {
    let client = Client::new().unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    for (dialect, _) in wires() {
        let upstream = own(dialect, &format!("http://127.0.0.1:{port}"));
        let failure = ask(&client, &upstream, true).await.unwrap_err();
        assert_eq!((failure.sent, failure.status), (Sent::Nothing, None));
        assert_eq!(failure.fault.kind, Kind::ProviderUnavailable);
    }
}

#[tokio::test]
async fn a_handshake_without_an_answer_is_given_up_in_time_and_nothing_was_sent() {
    let (client, server) = (Client::new().unwrap(), Server::mute().await);
    let limits = Limits {
        connect_ms: 40,
        ..Limits::default()
    };
    for (dialect, _) in wires() {
        let upstream = own(dialect, &format!("https://127.0.0.1:{}", server.port));
        let failure = ask_within(&client, &upstream, true, &limits)
            .await
            .unwrap_err();
        assert_eq!(
            (failure.fault.kind, failure.sent),
            (Kind::Timeout, Sent::Nothing)
        );
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let client = Client::new().unwrap();
    let canary = Server::start(|_| response("200 OK", "application/json", "{}")).await;
    let location = format!(
        "HTTP/1.1 307 Moved\r\nlocation: http://127.0.0.1:{}/x\r\ncontent-length: 0\r\n\r\n",
        canary.port
    );
    let server = Server::start(move |_| location.clone()).await;
    for (dialect, _) in wires() {
        let upstream = own(dialect, &format!("http://127.0.0.1:{}", server.port));
        let failure = ask(&client, &upstream, false).await.unwrap_err();
        assert_eq!(failure.status, Some(307));
        assert_eq!(failure.fault.kind, Kind::ProviderUnavailable);
    }
    assert_eq!(canary.connections(), 0);
}

#[tokio::test]
async fn json_where_a_stream_was_asked_for_is_an_error_and_read_as_one() {
    let client = Client::new().unwrap();
    let body =
        r#"{"error":{"type":"x","status":"RESOURCE_EXHAUSTED","code":429,"message":"slow down"}}"#;
    let server = Server::start(move |_| response("200 OK", "application/json", body)).await;
    for (dialect, _) in wires() {
        let upstream = own(dialect, &format!("http://127.0.0.1:{}", server.port));
        for stream in [true, false] {
            let failure = ask(&client, &upstream, stream).await.unwrap_err();
            assert!(
                matches!(failure.fault.again, Again::Elsewhere { .. }),
                "{failure:?}"
            );
            assert_eq!(failure.status, Some(200));
        }
    }
}

#[tokio::test]
async fn an_answer_above_the_limit_is_not_read_to_its_end() {
    let (client, vendor) = (Client::new().unwrap(), vendor().await);
    let limits = Limits {
        response_bytes_max: 64,
        frame_bytes_max: 64,
        ..Limits::default()
    };
    vendor.set_mood(Mood {
        text: Some("word ".repeat(1_000)),
        chunks: Some(2),
        writes: Writes::Bytes(100),
        ..Mood::default()
    });
    for (dialect, wire) in wires() {
        let upstream = own(dialect, &vendor.base_url(wire));
        for stream in [true, false] {
            let failure = ask_within(&client, &upstream, stream, &limits)
                .await
                .unwrap_err();
            assert_eq!(failure.fault.kind, Kind::ProviderUnavailable, "{dialect}");
        }
    }
}
