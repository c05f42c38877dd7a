//! The books: what is charged when answers end well, are cut, or are left by the client.

use http_body_util::BodyExt as _;
use testbed::{BillRule, Cut, Mood, Vendor, VendorConfig, Wire};

use crate::client::{WIRES, begin, hello, path, post, request, say_hello, vendor};

#[tokio::test]
async fn a_whole_answer_is_charged_in_full_before_its_end_is_seen() {
    for wire in WIRES {
        for stream in [false, true] {
            let vendor = vendor().await;
            say_hello(&vendor, wire, stream).await;
            let bill = vendor.bill();
            assert_eq!(bill.len(), 1);
            let entry = &bill[0];
            assert_eq!(
                (entry.wire, entry.stream, entry.status),
                (wire, stream, 200)
            );
            assert_eq!((entry.prompt_tokens, entry.completion_tokens), (3, 9));
            assert_eq!((entry.model.as_str(), entry.completed), ("m-1", true));
            assert_eq!(entry.client_left_after_events, None);
        }
    }
}

#[tokio::test]
async fn errors_are_entered_and_cost_nothing() {
    let vendor = vendor().await;
    vendor.script([Mood::fail(429)]);
    say_hello(&vendor, Wire::OpenAiChat, false).await;
    post(&vendor, path(Wire::OpenAiChat, false), &"no object".into())
        .await
        .unwrap();
    let bill = vendor.bill();
    assert_eq!(
        bill.iter().map(|entry| entry.status).collect::<Vec<_>>(),
        [429, 400]
    );
    assert!(
        bill.iter()
            .all(|entry| entry.prompt_tokens + entry.completion_tokens == 0)
    );
}

#[tokio::test]
async fn a_cut_answer_is_charged_up_to_the_cut_or_not_at_all() {
    let cut = Mood::cutting(Cut::Events(4));
    for (bill_rule, prompt, completion) in
        [(BillRule::Delivered, 3, 3), (BillRule::Completed, 0, 0)]
    {
        let config = VendorConfig {
            bill_rule,
            mood: cut.clone(),
            ..VendorConfig::default()
        };
        let vendor = Vendor::start(config).await.unwrap();
        let heard = say_hello(&vendor, Wire::OpenAiChat, true).await;
        assert_eq!(heard.events().len(), 4);
        let entry = &vendor.bill()[0];
        assert_eq!(
            (entry.prompt_tokens, entry.completion_tokens),
            (prompt, completion)
        );
        assert_eq!(
            (entry.completed, entry.client_left_after_events),
            (false, None)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_hangs_up_is_charged_for_what_it_was_sent() {
    for wire in WIRES {
        let vendor = vendor().await;
        vendor.set_mood(Mood {
            between_ms: 1_000,
            ..Mood::default()
        });
        let asking = request("POST", path(wire, true), hello(wire, true).to_string());
        let mut answering = begin(vendor.connect(), asking).await.unwrap();
        for _ in 0..5 {
            answering
                .response
                .body_mut()
                .frame()
                .await
                .unwrap()
                .unwrap();
        }
        drop(answering);
        let entry = vendor.bill_of(1).await.remove(0);
        assert_eq!(
            (entry.completed, entry.client_left_after_events),
            (false, Some(5))
        );
        let silent = match wire {
            Wire::OpenAiChat | Wire::Bedrock => 1, // the role
            Wire::Cohere => 2,                     // message-start, content-start
            // message_start, content_block_start, ping
            Wire::Anthropic | Wire::VertexAnthropic => 3,
            Wire::BedrockAnthropic => 2,
            Wire::OpenAiResponses => 4, // the response twice, the item, its part
            Wire::Gemini | Wire::VertexGemini | Wire::Ollama | Wire::Replicate => 0,
        };
        assert_eq!(
            (entry.prompt_tokens, entry.completion_tokens),
            (3, 5 - silent)
        );
    }
}

#[tokio::test]
async fn a_client_that_leaves_before_the_headers_owes_nothing() {
    let vendor = vendor().await;
    vendor.set_mood(Mood {
        latency_ms: 3_600_000,
        ..Mood::default()
    });
    let asking = request(
        "POST",
        path(Wire::OpenAiChat, false),
        hello(Wire::OpenAiChat, false).to_string(),
    );
    let stream = tokio::net::TcpStream::connect(vendor.address())
        .await
        .unwrap();
    let mut clients = tokio::task::JoinSet::new();
    clients.spawn(begin(stream, asking));
    assert_eq!(vendor.requests_of(1).await.len(), 1);
    clients.shutdown().await;
    let entry = vendor.bill_of(1).await.remove(0);
    assert_eq!(
        (entry.prompt_tokens, entry.client_left_after_events),
        (0, Some(0))
    );
}

#[tokio::test]
async fn the_file_has_a_line_for_each_request() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bill.jsonl");
    let config = VendorConfig {
        bill_file: Some(path.clone()),
        ..VendorConfig::default()
    };
    let vendor = Vendor::start(config).await.unwrap();
    vendor.script([
        Mood::default(),
        Mood::fail(500),
        Mood::cutting(Cut::Bytes(500)),
    ]);
    for wire in WIRES {
        say_hello(&vendor, wire, true).await;
    }
    assert_eq!(testbed::read_bill(&path).unwrap(), vendor.bill());
    assert_eq!(vendor.bill().len(), WIRES.len());
    let torn = std::fs::read_to_string(&path).unwrap() + "{\"request_id\":4,\"wi";
    std::fs::write(&path, torn).unwrap();
    assert_eq!(testbed::read_bill(&path).unwrap().len(), WIRES.len());
}

#[tokio::test]
async fn the_books_name_the_request_by_its_header_or_its_user() {
    let vendor = vendor().await;
    let mut body = hello(Wire::OpenAiChat, false);
    body["user"] = "user-7".into();
    let place = path(Wire::OpenAiChat, false);
    post(&vendor, place, &body).await.unwrap();
    let mut asking = request("POST", place, body.to_string());
    asking
        .headers_mut()
        .insert("x-request-id", "gen-1".parse().unwrap());
    crate::client::send(&vendor, asking).await.unwrap();
    let named: Vec<_> = vendor
        .bill()
        .into_iter()
        .filter_map(|entry| entry.idempotency)
        .collect();
    assert_eq!(named, ["user-7", "gen-1"]);
}
