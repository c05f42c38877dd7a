//! Replicate's wire: predictions that are waited for. It alone neither streams nor takes tools.

use serde_json::{Value, json};
use testbed::{BillRule, Cut, Mood, Reply, TEXT, UsageClaim, Vendor, VendorConfig, Wire};

use crate::client::{WIRES, hello, is_error, moody, path, post, say_hello, usage, vendor};

const WIRE: Wire = Wire::Replicate;

/// What was said.
fn text(prediction: &Value) -> String {
    let pieces = prediction["output"].as_array().unwrap();
    pieces.iter().map(|piece| piece.as_str().unwrap()).collect()
}

#[test]
fn it_is_the_only_wire_that_does_not_stream() {
    assert!(WIRES.iter().all(|wire| wire.streams()));
    let whole: Vec<Wire> = Wire::ALL
        .into_iter()
        .filter(|wire| !wire.streams())
        .collect();
    assert_eq!(whole, [WIRE]);
}

#[tokio::test]
async fn a_prediction_says_its_words_and_what_they_cost_and_so_do_the_books() {
    let vendor = vendor().await;
    let heard = say_hello(&vendor, WIRE, false).await;
    assert_eq!(heard.status.as_u16(), 201);
    let prediction = heard.json();
    assert_eq!(prediction["status"], "succeeded");
    assert_eq!(prediction["model"], "acme/m-1");
    assert_eq!(text(&prediction), TEXT);
    let (prompt, completion) = usage(WIRE);
    let told = [prompt, completion].map(|at| prediction.pointer(at).unwrap().as_u64().unwrap());
    assert_eq!(told, [3, 9]);
    let bill = vendor.bill();
    let entry = &bill[0];
    assert_eq!((entry.wire, entry.stream, entry.status), (WIRE, false, 201));
    assert_eq!((entry.prompt_tokens, entry.completion_tokens), (3, 9));
    assert_eq!((entry.model.as_str(), entry.completed), ("acme/m-1", true));
}

#[tokio::test]
async fn a_version_is_asked_at_another_address() {
    let vendor = vendor().await;
    let body = json!({"version": "acme/m-1:5c7d", "input": {"prompt": "hello"}});
    let heard = post(&vendor, "/v1/predictions", &body).await.unwrap();
    assert_eq!(heard.json()["model"], "acme/m-1:5c7d");
}

#[tokio::test]
async fn inputs_are_obeyed() {
    let vendor = vendor().await;
    let mut body = hello(WIRE, false);
    body["input"]["max_tokens"] = 2.into();
    body["input"]["system_prompt"] = "abcd".into();
    body["input"]["image"] = "data:image/png;base64,AA==".into();
    let heard = post(&vendor, path(WIRE, false), &body).await.unwrap();
    assert_eq!(text(&heard.json()), "The quick");
    assert_eq!(heard.json()["input"], body["input"]);
    let bill = vendor.bill();
    let charged = (
        bill[0].prompt_tokens,
        bill[0].completion_tokens,
        bill[0].images,
    );
    assert_eq!(charged, (4, 2, 1));
    let mut body = hello(WIRE, false);
    body["input"]["stop_sequences"] = "never, fox".into();
    let heard = post(&vendor, path(WIRE, false), &body).await.unwrap();
    assert_eq!(text(&heard.json()), "The quick brown");
}

#[tokio::test]
async fn what_is_no_request_is_refused_in_the_vendors_form() {
    let vendor = vendor().await;
    for body in [
        json!({}),
        json!({"input": 1}),
        json!({"input": {"prompt": 1}}),
    ] {
        let heard = post(&vendor, path(WIRE, false), &body).await.unwrap();
        assert_eq!(heard.status.as_u16(), 400, "{body}");
        assert!(is_error(WIRE, &heard.text()), "{}", heard.text());
    }
    let nameless = json!({"input": {"prompt": "hi"}});
    let heard = post(&vendor, "/v1/predictions", &nameless).await.unwrap();
    assert_eq!(heard.status.as_u16(), 400);
    assert!(vendor.bill().iter().all(|entry| entry.prompt_tokens == 0));
}

#[tokio::test]
async fn failures_come_in_the_vendors_form() {
    for status in [400, 401, 402, 403, 404, 413, 422, 429, 500, 502, 503, 529] {
        let vendor = moody(Mood::fail(status)).await;
        let heard = say_hello(&vendor, WIRE, false).await;
        assert_eq!(heard.status.as_u16(), status);
        assert!(is_error(WIRE, &heard.text()), "{status}: {}", heard.text());
    }
    let vendor = moody(Mood::rate_limited(20)).await;
    let heard = say_hello(&vendor, WIRE, false).await;
    let said = heard.json()["detail"].as_str().unwrap().to_owned();
    assert!(said.contains("resets in ~20s"), "{said}");
}

#[tokio::test]
async fn moods_do_what_they_say() {
    let vendor = moody(Mood::replying(Reply::EmptyBody)).await;
    assert_eq!(say_hello(&vendor, WIRE, false).await.text(), "");
    let vendor = moody(Mood::replying(Reply::GarbageBody)).await;
    let heard = say_hello(&vendor, WIRE, false).await;
    assert_eq!(heard.header("content-type"), "text/html");
    let vendor = moody(Mood::replying(Reply::FirstEventError)).await;
    let heard = say_hello(&vendor, WIRE, false).await;
    assert!(is_error(WIRE, &heard.text()), "{}", heard.text());
    let vendor = moody(Mood {
        usage: UsageClaim::None,
        ..Mood::default()
    })
    .await;
    let prediction = say_hello(&vendor, WIRE, false).await.json();
    assert_eq!(prediction.pointer(usage(WIRE).0), None);
}

#[tokio::test]
async fn an_answer_that_is_cut_is_not_whole_and_charged_by_the_rule() {
    let config = VendorConfig {
        bill_rule: BillRule::Completed,
        mood: Mood::cutting(Cut::Bytes(30)),
        ..VendorConfig::default()
    };
    let vendor = Vendor::start(config).await.unwrap();
    let heard = say_hello(&vendor, WIRE, false).await;
    assert!(!heard.whole);
    let bill = vendor.bill_of(1).await;
    let charged = (
        bill[0].prompt_tokens,
        bill[0].completion_tokens,
        bill[0].completed,
    );
    assert_eq!(charged, (0, 0, false));
}
