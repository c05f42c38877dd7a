//! A streamed answer: its events, its ends, and what is left of it when somebody goes away.

use canon::{Dialect, Event, Kind};
use providers::{Client, Limits};
use testbed::{Cut, Mood, TEXT, Wire, Writes};

use crate::{Drained, ask, ask_within, drain, own, streamed, text_of, vendor, wires};

/// The wires whose vendors stream in the request that asks.
fn streaming() -> impl Iterator<Item = (Dialect, Wire)> {
    wires().filter(|(_, wire)| wire.streams())
}

#[tokio::test]
async fn a_stream_says_what_a_whole_answer_says_however_it_is_cut_into_pieces() {
    let (client, vendor) = (Client::new().unwrap(), vendor().await);
    for (dialect, wire) in wires() {
        let upstream = own(dialect, &vendor.base_url(wire));
        for writes in [
            Writes::PerEvent,
            Writes::AllAtOnce,
            Writes::Bytes(1),
            Writes::Bytes(17),
        ] {
            vendor.set_mood(Mood {
                writes,
                ..Mood::default()
            });
            let reply = ask(&client, &upstream, true).await.unwrap();
            let Drained { events, fault } = drain(streamed(reply)).await;
            assert!(fault.is_none(), "{dialect} {writes:?}: {fault:?}");
            assert!(
                matches!(events[0], Event::Start { .. }),
                "{dialect}: {:?}",
                events[0]
            );
            let starts = events
                .iter()
                .filter(|event| matches!(event, Event::Start { .. }));
            assert_eq!(starts.count(), 1, "{dialect}");
            assert!(
                events.iter().any(|event| matches!(event, Event::Usage(_))),
                "{dialect}"
            );
            assert_eq!(text_of(events), TEXT, "{dialect} {writes:?}");
        }
    }
}

#[tokio::test]
async fn comments_before_the_answer_do_no_harm() {
    let (client, vendor) = (Client::new().unwrap(), vendor().await);
    vendor.set_mood(Mood {
        comments: 5,
        first_token_ms: 25,
        ..Mood::default()
    });
    for (dialect, wire) in wires() {
        let upstream = own(dialect, &vendor.base_url(wire));
        let reply = ask(&client, &upstream, true).await.unwrap();
        assert_eq!(
            text_of(drain(streamed(reply)).await.events),
            TEXT,
            "{dialect}"
        );
    }
}

#[tokio::test]
async fn comments_alone_are_no_answer() {
    let (client, vendor) = (Client::new().unwrap(), vendor().await);
    vendor.set_mood(Mood {
        comments: 100,
        first_token_ms: 60_000,
        ..Mood::default()
    });
    let limits = Limits {
        first_byte_ms: 40,
        ..Limits::default()
    };
    for (dialect, wire) in streaming() {
        let upstream = own(dialect, &vendor.base_url(wire));
        let failure = ask_within(&client, &upstream, true, &limits)
            .await
            .unwrap_err();
        assert_eq!(failure.fault.kind, Kind::Timeout, "{dialect}");
    }
}

#[tokio::test]
async fn a_stream_that_is_cut_never_looks_whole() {
    let (client, vendor) = (Client::new().unwrap(), vendor().await);
    let mut broken = 0;
    for (dialect, wire) in wires() {
        let upstream = own(dialect, &vendor.base_url(wire));
        for bytes in (0..4_000).step_by(61) {
            vendor.set_mood(Mood::cutting(Cut::Bytes(bytes)));
            // Before the answer begins, the cut is a failure.
            let Ok(reply) = ask(&client, &upstream, true).await else {
                continue;
            };
            let Drained { events, fault } = drain(streamed(reply)).await;
            match fault {
                None => assert_eq!(text_of(events), TEXT, "{dialect}, cut at {bytes}"),
                Some(fault) => {
                    broken += 1;
                    assert_eq!(
                        fault.kind,
                        Kind::ProviderUnavailable,
                        "{dialect}, cut at {bytes}"
                    );
                }
            }
        }
    }
    assert!(broken > 10, "{broken}");
}

#[tokio::test]
async fn what_came_before_garbage_or_an_error_stands() {
    let (client, vendor) = (Client::new().unwrap(), vendor().await);
    for (dialect, wire) in streaming() {
        let upstream = own(dialect, &vendor.base_url(wire));
        for reply in [
            testbed::Reply::GarbageAfter(5),
            testbed::Reply::ErrorAfter(5),
        ] {
            vendor.set_mood(Mood::replying(reply.clone()));
            let answer = ask(&client, &upstream, true).await.unwrap();
            let Drained { events, fault } = drain(streamed(answer)).await;
            let fault = fault.unwrap();
            let kinds = [Kind::ProviderUnavailable, Kind::ProviderOverloaded];
            assert!(
                kinds.contains(&fault.kind),
                "{dialect} {reply:?}: {fault:?}"
            );
            let text = text_of(events);
            assert!(
                !text.is_empty() && TEXT.starts_with(&text),
                "{dialect} {reply:?}: {text}"
            );
        }
    }
}

#[tokio::test]
async fn a_stream_that_stalls_is_given_up_in_time() {
    let (client, vendor) = (Client::new().unwrap(), vendor().await);
    vendor.set_mood(Mood {
        between_ms: 300,
        ..Mood::default()
    });
    let limits = Limits {
        idle_ms: 30,
        ..Limits::default()
    };
    for (dialect, wire) in streaming() {
        let upstream = own(dialect, &vendor.base_url(wire));
        let reply = ask_within(&client, &upstream, true, &limits).await.unwrap();
        let fault = drain(streamed(reply)).await.fault.unwrap();
        assert_eq!(fault.kind, Kind::Timeout, "{dialect}");
    }
}

#[tokio::test]
async fn hanging_up_hangs_up_at_the_vendor() {
    let client = Client::new().unwrap();
    for (dialect, wire) in streaming() {
        let vendor = vendor().await;
        // The vendor waits for an hour after its first words: only hanging up can end this call.
        vendor.set_mood(Mood {
            between_ms: 3_600_000,
            ..Mood::default()
        });
        let upstream = own(dialect, &vendor.base_url(wire));
        let limits = Limits {
            first_byte_ms: 200,
            ..Limits::default()
        };
        match ask_within(&client, &upstream, true, &limits).await {
            Ok(reply) => drop(streamed(reply)),
            // Where the first event says nothing, the call gives up instead, and hangs up likewise.
            Err(failure) => assert_eq!(failure.fault.kind, Kind::Timeout, "{dialect}"),
        }
        let bill = vendor.bill_of(1).await;
        assert!(
            bill[0].client_left_after_events.is_some(),
            "{dialect}: {bill:?}"
        );
        assert!(!bill[0].completed, "{dialect}");
    }
}

#[tokio::test]
async fn a_connection_serves_one_call_after_the_other() {
    for (dialect, wire) in wires() {
        let (client, vendor) = (Client::new().unwrap(), vendor().await);
        let upstream = own(dialect, &vendor.base_url(wire));
        for _ in 0..3 {
            let reply = ask(&client, &upstream, true).await.unwrap();
            assert!(drain(streamed(reply)).await.fault.is_none());
            tokio::task::yield_now().await;
        }
        // In this mood a new connection is closed at once, and counted; a kept one only after the
        // request.
        vendor.set_mood(Mood::refuse());
        assert!(ask(&client, &upstream, true).await.is_err());
        assert_eq!(vendor.refused(), 0, "{dialect}");
    }
}
