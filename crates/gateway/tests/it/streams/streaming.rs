//! What a stream looks like from outside: usage once, signs of life, errors in it, and what becomes of its money
//! when the caller leaves.

use std::{collections::BTreeMap, time::Duration};

use http::StatusCode;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use testbed::{Mood, Reply, UsageClaim, Wire};

use crate::stage::{Answer, PAIR, Stage, message, question, with};

const LONE: &[(&str, Wire)] = &[("alpha", Wire::OpenAiChat)];
/// The status is sent at once, and comments every few milliseconds.
const NERVOUS: &str = "[server]\ngrace_ms = 10\nkeep_alive_ms = 100\n";
const COMMENT: &str = ": OPENROUTER PROCESSING\n\n";

fn silent_for(first_token_ms: u64) -> Mood {
    Mood {
        first_token_ms,
        ..Mood::default()
    }
}

#[tokio::test]
async fn usage_comes_exactly_once_and_last() {
    for wire in [Wire::OpenAiChat, Wire::Anthropic, Wire::Gemini] {
        for usage in [
            UsageClaim::Honest,
            UsageClaim::None,
            UsageClaim::Claimed {
                prompt: -5,
                completion: i64::MAX,
            },
        ] {
            let stage = Stage::open(&[("alpha", wire)], "").await;
            let mood = Mood {
                usage,
                ..Mood::default()
            };
            stage.vendor("alpha").set_mood(mood);
            let answer = stage.chat(&question(true)).await;
            let case = format!("{wire:?} {usage:?}: {}", answer.text);
            let chunks = answer.chunks();
            let with_usage = chunks
                .iter()
                .filter(|chunk| chunk["usage"].is_object())
                .count();
            assert_eq!(with_usage, 1, "{case}");
            let last = chunks.last().unwrap();
            assert_eq!(last["choices"], json!([]), "{case}");
            let usage = &last["usage"];
            let tokens = |name: &str| usage[name].as_u64().unwrap();
            assert_eq!(
                tokens("prompt_tokens") + tokens("completion_tokens"),
                tokens("total_tokens"),
                "{case}"
            );
            assert!(
                tokens("completion_tokens") > 0 && tokens("completion_tokens") < 1_000,
                "{case}"
            );
            assert!(usage["cost"].as_f64().unwrap() > 0.0, "{case}");
            let finishes = chunks
                .iter()
                .filter(|chunk| chunk["choices"][0]["finish_reason"].is_string())
                .count();
            assert_eq!(finishes, 1, "{case}");
            for chunk in &chunks {
                assert_eq!(chunk["id"], answer.generation(), "{case}");
                assert_eq!(chunk["object"], "chat.completion.chunk");
            }
            let record = stage.record(&answer).await;
            assert_eq!(
                record["total_cost"].as_f64(),
                usage["cost"].as_f64(),
                "{record}"
            );
        }
    }
}

#[tokio::test]
async fn the_whole_answer_says_the_same_as_the_stream() {
    for wire in [Wire::OpenAiChat, Wire::Anthropic, Wire::Gemini] {
        let stage = Stage::open(&[("alpha", wire)], "").await;
        let streamed = stage.chat(&question(true)).await;
        let whole = stage.chat(&question(false)).await.json();
        let chunks = streamed.chunks();
        let last = chunks.last().unwrap();
        assert_eq!(whole["choices"][0]["message"]["content"], streamed.said());
        assert_eq!(
            whole["usage"]["cost"], last["usage"]["cost"],
            "{whole} {last}"
        );
        assert_eq!(
            whole["usage"]["total_tokens"],
            last["usage"]["total_tokens"]
        );
        assert_eq!(whole["model"], "acme/one");
        assert_eq!(whole["choices"][0]["finish_reason"], "stop");
    }
}

#[tokio::test]
async fn a_slow_vendor_is_waited_for_with_comments() {
    let stage = Stage::open(LONE, NERVOUS).await;
    stage.vendor("alpha").set_mood(silent_for(350));
    let answer = stage.chat(&question(true)).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.text.starts_with(COMMENT), "{}", answer.text);
    assert!(answer.said().starts_with("alpha says"), "{}", answer.text);
    assert_eq!(answer.headers["content-type"], "text/event-stream");
    let answer = stage.messages(&message(true)).await;
    assert!(
        answer.text.contains("event: message_stop"),
        "{}",
        answer.text
    );
    assert!(
        answer.text.starts_with(':') || answer.text.starts_with("event: ping"),
        "{}",
        answer.text
    );
}

#[tokio::test]
async fn once_the_status_is_sent_a_failure_of_all_is_an_event() {
    let stage = Stage::open(PAIR, NERVOUS).await;
    let slow_no = Mood {
        latency_ms: 250,
        ..Mood::fail(503)
    };
    for id in ["alpha", "beta"] {
        stage.vendor(id).set_mood(slow_no.clone());
    }
    let answer = stage.chat(&question(true)).await;
    assert_eq!((answer.status, stage.asked()), (StatusCode::OK, vec![1, 1]));
    assert!(answer.text.starts_with(COMMENT), "{}", answer.text);
    let chunks = answer.chunks();
    assert_eq!(chunks.len(), 1, "{}", answer.text);
    assert_eq!(chunks[0]["error"]["code"], 503);
    assert_eq!(
        chunks[0]["error"]["metadata"]["error_type"],
        "provider_overloaded"
    );
    let previous = chunks[0]["error"]["metadata"]["previous_errors"]
        .as_array()
        .unwrap();
    assert_eq!(previous.len(), 2, "{}", answer.text);
    assert_eq!(chunks[0]["choices"][0]["finish_reason"], "error");
    assert_eq!(chunks[0]["id"], answer.generation());
    assert!(
        chunks[0]["created"].as_i64().unwrap() > 1_700_000_000,
        "{}",
        answer.text
    );
    let answer = stage.messages(&message(true)).await;
    assert_eq!(answer.status, StatusCode::OK);
    let events = answer.events();
    let (name, data) = events.last().unwrap();
    let data: Value = serde_json::from_str(data).unwrap();
    assert_eq!(name, "error");
    assert_eq!(data["error"]["type"], "overloaded_error");
    assert_eq!(data["request_id"], answer.generation());
}

#[tokio::test]
async fn after_the_status_is_sent_another_vendor_may_still_answer() {
    let stage = Stage::open(PAIR, NERVOUS).await;
    stage.vendor("alpha").set_mood(Mood {
        latency_ms: 250,
        ..Mood::fail(500)
    });
    let answer = stage.chat(&question(true)).await;
    assert!(answer.text.starts_with(COMMENT), "{}", answer.text);
    assert!(answer.said().starts_with("beta says"), "{}", answer.text);
    assert!(!answer.text.contains("error"), "{}", answer.text);
}

#[tokio::test]
async fn a_silence_within_a_stream_is_filled_with_signs_of_life() {
    let stage = Stage::open(LONE, NERVOUS).await;
    stage.vendor("alpha").set_mood(Mood {
        between_ms: 150,
        ..Mood::default()
    });
    let answer = stage.chat(&question(true)).await;
    let (_, behind) = answer.text.split_once("\"content\":\"alpha\"").unwrap();
    assert!(behind.contains(COMMENT), "{}", answer.text);
    assert!(
        answer.said().starts_with("alpha says hello"),
        "{}",
        answer.text
    );
    let answer = stage.messages(&message(true)).await;
    let (_, behind) = answer.text.split_once("text_delta").unwrap();
    assert!(behind.contains("event: ping"), "{}", answer.text);
}

#[tokio::test]
async fn a_vendors_comments_are_no_tokens() {
    let stage = Stage::open(LONE, "").await;
    stage.vendor("alpha").set_mood(Mood {
        comments: 5,
        first_token_ms: 20,
        ..Mood::default()
    });
    let answer = stage.chat(&question(true)).await;
    assert_eq!(answer.said(), "alpha says hello to the whole wide world");
}

/// The record of a request whose caller left, once it is there.
pub(crate) async fn left(stage: &Stage, path: &str) -> Value {
    loop {
        let (status, body) = stage
            .house
            .ask(&stage.house.key.1, "GET", path, Value::Null)
            .await;
        if status == StatusCode::OK {
            return body["data"].clone();
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_caller_who_leaves_mid_stream_stops_the_vendor_and_pays_what_it_got() {
    let stage = Stage::open(LONE, "").await;
    stage.vendor("alpha").set_mood(Mood {
        between_ms: 30,
        ..Mood::default()
    });
    let request = stage.request("/api/v1/chat/completions", question(true).to_string());
    let mut response = stage.house.call(request).await;
    let id = response.headers()["x-generation-id"]
        .to_str()
        .unwrap()
        .to_owned();
    let first = response.body_mut().frame().await.unwrap().unwrap();
    assert!(first.is_data());
    drop(response);
    let soon = Duration::from_secs(1);
    let bill = tokio::time::timeout(soon, stage.vendor("alpha").bill_of(1)).await;
    assert!(bill.unwrap()[0].client_left_after_events.is_some());
    let record = left(&stage, &format!("/api/v1/generation?id={id}")).await;
    assert_eq!(record["cancelled"], true, "{record}");
    assert!(record["total_cost"].as_f64().unwrap() > 0.0, "{record}");
}

#[tokio::test]
async fn a_caller_who_leaves_before_the_first_token_pays_for_the_prompt_and_no_more() {
    let stage = Stage::open(LONE, NERVOUS).await;
    stage.vendor("alpha").set_mood(silent_for(60_000));
    let request = stage.request("/api/v1/chat/completions", question(true).to_string());
    let mut response = stage.house.call(request).await;
    let id = response.headers()["x-generation-id"]
        .to_str()
        .unwrap()
        .to_owned();
    response.body_mut().frame().await.unwrap().unwrap();
    stage.vendor("alpha").requests_of(1).await;
    drop(response);
    let soon = Duration::from_secs(1);
    let bill = tokio::time::timeout(soon, stage.vendor("alpha").bill_of(1)).await;
    assert!(bill.unwrap()[0].client_left_after_events.is_some());
    let record = left(&stage, &format!("/api/v1/generation?id={id}")).await;
    assert_eq!(record["cancelled"], true, "{record}");
    assert_eq!(record["tokens_completion"], 0, "{record}");
    let cost = record["total_cost"].as_f64().unwrap();
    assert!(
        cost > 0.0 && cost < 0.0001,
        "a prompt of some tokens costs {cost}"
    );
    assert_eq!(
        record["provider_responses"].as_array().unwrap().len(),
        1,
        "{record}"
    );
}

#[tokio::test]
async fn a_whole_answer_is_finished_though_its_caller_left() {
    let stage = Stage::open(LONE, "").await;
    stage.vendor("alpha").set_mood(Mood {
        latency_ms: 50,
        ..Mood::default()
    });
    let request = stage.request("/api/v1/chat/completions", question(false).to_string());
    let asking = stage.house.call(request);
    let in_time = tokio::time::timeout(Duration::from_millis(20), asking).await;
    assert!(
        in_time.is_err(),
        "the vendor answers later than the caller waits"
    );
    let soon = Duration::from_secs(5);
    let bill = tokio::time::timeout(soon, stage.vendor("alpha").bill_of(1)).await;
    let bill = bill.unwrap();
    assert!(bill[0].completed, "{bill:?}");
}

#[tokio::test]
async fn who_gets_nothing_pays_nothing() {
    let stage = Stage::open(PAIR, "").await;
    for id in ["alpha", "beta"] {
        stage
            .vendor(id)
            .set_mood(Mood::replying(Reply::FirstEventError));
    }
    let answer = stage.chat(&question(true)).await;
    assert!(!answer.status.is_success());
    let record = stage.record(&answer).await;
    assert_eq!(record["total_cost"], 0, "{record}");
    let (_, key) = stage
        .house
        .ask(&stage.house.key.1, "GET", "/api/v1/key", Value::Null)
        .await;
    assert_eq!(key["data"]["usage"], 0, "{key}");
}

/// The names and arguments of the calls in a stream of OpenAI's kind, put together by their index.
fn calls_of(answer: &Answer) -> Vec<(String, String)> {
    let mut calls: BTreeMap<u64, (String, String)> = BTreeMap::new();
    for chunk in answer.chunks() {
        let fragments = chunk["choices"][0]["delta"]["tool_calls"]
            .as_array()
            .cloned();
        for fragment in fragments.unwrap_or_default() {
            let call = calls
                .entry(fragment["index"].as_u64().unwrap())
                .or_default();
            let function = &fragment["function"];
            call.0
                .push_str(function["name"].as_str().unwrap_or_default());
            call.1
                .push_str(function["arguments"].as_str().unwrap_or_default());
        }
    }
    calls.into_values().collect()
}

/// The inputs of the tools called in a stream of Anthropic's kind; each delta belongs to the block that is open.
fn inputs_of(answer: &Answer) -> Vec<String> {
    let mut inputs: Vec<(Value, String)> = Vec::new();
    for (_, data) in answer.events() {
        let data: Value = serde_json::from_str(&data).unwrap();
        if data["content_block"]["type"] == "tool_use" {
            inputs.push((data["index"].clone(), String::new()));
        }
        if data["delta"]["type"] == "input_json_delta" {
            let last = inputs.last_mut().unwrap();
            assert_eq!(last.0, data["index"], "{}", answer.text);
            last.1
                .push_str(data["delta"]["partial_json"].as_str().unwrap());
        }
    }
    inputs.into_iter().map(|(_, input)| input).collect()
}

#[tokio::test]
async fn tools_called_in_parallel_arrive_whole_in_both_dialects() {
    for wire in [Wire::OpenAiChat, Wire::Anthropic, Wire::Gemini] {
        let stage = Stage::open(&[("alpha", wire)], "").await;
        stage.vendor("alpha").set_mood(Mood {
            tools: 3,
            ..Mood::default()
        });
        let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}});
        let tool = |name: &str| json!({"type": "function", "function": {"name": name, "parameters": schema}});
        let tools = json!({"tools": [tool("a"), tool("b"), tool("c")]});
        let answer = stage.chat(&with(question(true), tools)).await;
        let calls = calls_of(&answer);
        let expected =
            ["a", "b", "c"].map(|name| (name.to_owned(), r#"{"city":"text"}"#.to_owned()));
        assert_eq!(calls, expected, "{wire:?}: {}", answer.text);
        let tool = |name: &str| json!({"name": name, "input_schema": schema});
        let tools = json!({"tools": [tool("a"), tool("b"), tool("c")]});
        let answer = stage.messages(&with(message(true), tools)).await;
        let inputs = inputs_of(&answer);
        assert_eq!(
            inputs, [r#"{"city":"text"}"#; 3],
            "{wire:?}: {}",
            answer.text
        );
    }
}

/// Alpha's bill goes on though it is hung up on.
const METERED: &str = "cancel_stops_billing = false\n";

/// A stage with one vendor whose bill hanging up does not stop.
pub(super) async fn metered() -> Stage {
    Stage::open_metered(LONE, METERED).await
}

/// Asks for a stream, reads the first piece of it, and leaves. Gives the id of the request.
pub(super) async fn taste(stage: &Stage) -> String {
    let request = stage.request("/api/v1/chat/completions", question(true).to_string());
    let mut response = stage.house.call(request).await;
    let id = response.headers()["x-generation-id"]
        .to_str()
        .unwrap()
        .to_owned();
    let first = response.body_mut().frame().await.unwrap().unwrap();
    assert!(first.is_data());
    id
}

#[tokio::test]
async fn where_hanging_up_does_not_stop_the_bill_the_rest_is_read_and_paid_by_its_counts() {
    let stage = metered().await;
    stage.vendor("alpha").set_mood(Mood {
        between_ms: 20,
        ..Mood::default()
    });
    let id = taste(&stage).await;
    let soon = Duration::from_secs(5);
    let bill = tokio::time::timeout(soon, stage.vendor("alpha").bill_of(1)).await;
    let bill = bill.unwrap();
    assert!(bill[0].completed, "{bill:?}");
    let record = left(&stage, &format!("/api/v1/generation?id={id}")).await;
    assert_eq!(record["cancelled"], true, "{record}");
    assert_eq!(
        record["tokens_completion"], bill[0].completion_tokens,
        "{record}"
    );
    assert_eq!(record["tokens_prompt"], bill[0].prompt_tokens, "{record}");
    assert_eq!(stage.asked(), [1], "nothing is asked again for nobody");
}

#[tokio::test]
async fn who_leaves_is_not_tried_for_again() {
    let stage = Stage::open(PAIR, "").await;
    stage.vendor("alpha").set_mood(Mood {
        latency_ms: 100,
        ..Mood::fail(503)
    });
    let request = stage.request("/api/v1/chat/completions", question(false).to_string());
    let asking = stage.house.call(request);
    let in_time = tokio::time::timeout(Duration::from_millis(40), asking).await;
    assert!(
        in_time.is_err(),
        "alpha answers later than the caller waits"
    );
    stage.vendor("alpha").bill_of(1).await;
    // What is under way ends in the background; then nothing is.
    while stage.house.app.drain.count() > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(stage.asked(), [1, 0]);
    assert_eq!(stage.house.app.books.open_attempts(), 0);
}

#[tokio::test]
async fn a_vendor_hears_within_a_tenth_of_a_second_that_its_caller_left() {
    const STREAMS: u64 = 40;
    let stage = Stage::open(LONE, "").await;
    stage.vendor("alpha").set_mood(Mood {
        between_ms: 5,
        chunks: Some(40),
        text: Some("x".repeat(4_000)),
        ..Mood::default()
    });
    let mut waits = Vec::new();
    for number in 1..=STREAMS {
        taste(&stage).await;
        let left = tokio::time::Instant::now();
        let bill = stage.vendor("alpha").bill_of(number).await;
        waits.push(left.elapsed());
        assert!(bill.last().unwrap().client_left_after_events.is_some());
    }
    waits.sort();
    let (median, worst) = (waits[waits.len() / 2], waits[waits.len() - 1]);
    println!("{STREAMS} callers left: vendors heard after {median:?}, at most {worst:?}");
    assert!(worst < Duration::from_millis(100), "{worst:?}");
}
