//! The recordings, read where they stand; skipped where they are absent.

use testbed::corpus;

fn absent() -> bool {
    if !corpus::available() {
        println!("skipped: no recordings at {}", corpus::root().display());
    }
    !corpus::available()
}

#[test]
fn every_recording_can_be_read_and_has_bytes() {
    if absent() {
        return;
    }
    let mut read = 0;
    for provider in corpus::providers().unwrap() {
        for kind in corpus::kinds(&provider).unwrap() {
            for exchange in corpus::exchanges(Some(&provider), &kind) {
                let exchange = exchange.unwrap();
                assert_eq!((&exchange.provider, &exchange.kind), (&provider, &kind));
                let answers = ["chat", "messages", "generate_content", "responses"];
                let kind = kind.trim_end_matches("_stream");
                let binary = exchange
                    .response
                    .base64
                    .as_ref()
                    .is_some_and(|text| !text.is_empty());
                if binary || answers.contains(&kind) {
                    let bytes = exchange.response.wire_bytes();
                    assert!(!bytes.is_empty(), "{} has no bytes", exchange.label());
                }
                read += 1;
            }
        }
    }
    assert!(read > 2_500, "{read} recordings");
}

#[test]
fn a_stream_comes_back_with_its_separators() {
    if absent() {
        return;
    }
    let streams: Vec<_> = corpus::exchanges(Some("openai"), "chat_stream")
        .collect::<Result<_, _>>()
        .unwrap();
    assert!(!streams.is_empty());
    for exchange in streams {
        let text = String::from_utf8(exchange.response.wire_bytes()).unwrap();
        let separator = exchange.response.sse_sep.as_deref().unwrap();
        let frames = exchange.response.sse.as_ref().unwrap();
        assert!(text.starts_with("data:"), "{}", exchange.label());
        assert_eq!(
            text.matches(separator).count(),
            frames.len(),
            "{}",
            exchange.label()
        );
    }
}

#[test]
fn exchanges_come_sorted_by_provider_and_name() {
    let labels: Vec<_> = corpus::exchanges(None, "chat")
        .map(|exchange| exchange.unwrap())
        .map(|exchange| (exchange.provider, exchange.name))
        .collect();
    assert!(labels.is_sorted());
    assert_eq!(labels.is_empty(), !corpus::available());
}

#[test]
fn a_provider_nobody_recorded_has_no_exchanges() {
    assert_eq!(corpus::exchanges(Some("nobody"), "chat").count(), 0);
    assert!(corpus::kinds("nobody").unwrap().is_empty());
}
