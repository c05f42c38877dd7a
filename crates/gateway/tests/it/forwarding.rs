//! What reaches a vendor of a request, and what never does.

use serde_json::{Value, json};
use testbed::{Mood, Wire};

use crate::stage::{Stage, message, question, secret_of, with};

const ALL: [Wire; 3] = [Wire::OpenAiChat, Wire::Anthropic, Wire::Gemini];

async fn lone(wire: Wire) -> Stage {
    Stage::open(&[("alpha", wire)], "").await
}

fn last_body(stage: &Stage) -> Value {
    stage.vendor("alpha").requests().last().unwrap().json()
}

#[tokio::test]
async fn what_is_for_the_router_stays_with_the_router() {
    let secrets = json!({
        "provider": {"sort": "price", "only": ["alpha"]},
        "models": ["alpha/own"],
        "plugins": [{"id": "web", "enabled": false}],
        "session_id": "session-zzz",
        "trace": {"trace_id": "trace-zzz"},
        "debug": {"echo_upstream_body": false},
        "route": "fallback",
        "transforms": [],
        "usage": {"include": true},
        "user": "jane@example.com",
    });
    for wire in ALL {
        let stage = lone(wire).await;
        for answer in [
            stage.chat(&with(question(true), secrets.clone())).await,
            stage.chat(&with(question(false), secrets.clone())).await,
        ] {
            assert!(answer.status.is_success(), "{wire:?}: {}", answer.text);
            let request = stage.vendor("alpha").requests().pop().unwrap();
            let body = request.json();
            for field in [
                "provider",
                "models",
                "plugins",
                "session_id",
                "trace",
                "debug",
                "route",
                "transforms",
                "usage",
            ] {
                assert!(body.get(field).is_none(), "{wire:?} {field}: {body}");
            }
            let seen = format!("{:?} {body}", request.headers);
            for secret in [
                "session-zzz",
                "trace-zzz",
                "jane@example.com",
                &stage.house.key.1,
            ] {
                assert!(!seen.contains(secret), "{wire:?} {secret}: {seen}");
            }
            assert!(seen.contains(&secret_of("alpha")));
        }
    }
}

#[tokio::test]
async fn the_callers_user_arrives_hashed_and_the_same_each_time() {
    let stage = lone(Wire::OpenAiChat).await;
    let user = json!({"user": "jane@example.com"});
    let mut seen = Vec::new();
    for _ in 0..2 {
        let answer = stage.chat(&with(question(false), user.clone())).await;
        assert!(answer.status.is_success(), "{}", answer.text);
        seen.push(last_body(&stage)["user"].clone());
        assert_eq!(
            stage.record(&answer).await["external_user"],
            "jane@example.com"
        );
    }
    assert_eq!(seen[0], seen[1]);
    assert!(seen[0].as_str().unwrap().starts_with("user_"), "{seen:?}");
    stage
        .chat(&with(question(false), json!({"user": "joe"})))
        .await;
    assert_ne!(last_body(&stage)["user"], seen[0]);
    let metadata = json!({"metadata": {"user_id": "jane@example.com"}});
    stage.messages(&with(message(false), metadata)).await;
    assert_eq!(
        last_body(&stage)["user"],
        seen[0],
        "the same person in both dialects"
    );
    let stage = lone(Wire::Anthropic).await;
    stage.chat(&with(question(false), user)).await;
    assert_eq!(last_body(&stage)["metadata"]["user_id"], seen[0]);
}

#[tokio::test]
async fn a_field_nobody_knows_goes_to_vendors_of_the_same_dialect() {
    let unknown = json!({"frobnicate": {"deep": [1, 2.50, "x"]}});
    let stage = lone(Wire::OpenAiChat).await;
    stage.chat(&with(question(false), unknown.clone())).await;
    assert_eq!(last_body(&stage)["frobnicate"], unknown["frobnicate"]);
    let stage = lone(Wire::Anthropic).await;
    stage.messages(&with(message(false), unknown.clone())).await;
    assert_eq!(last_body(&stage)["frobnicate"], unknown["frobnicate"]);
    stage.chat(&with(question(false), unknown)).await;
    assert!(last_body(&stage).get("frobnicate").is_none());
}

#[tokio::test]
async fn pictures_arrive_in_every_form() {
    const DOT: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=";
    let url = format!("data:image/png;base64,{DOT}");
    let shown = json!([{"role": "user", "content": [
        {"type": "text", "text": "What is it?"},
        {"type": "image_url", "image_url": {"url": url}},
        {"type": "image_url", "image_url": {"url": url}},
    ]}]);
    let source = json!({"type": "base64", "media_type": "image/png", "data": DOT});
    let shown_otherwise = json!([{"role": "user", "content": [
        {"type": "image", "source": source},
        {"type": "text", "text": "What is it?"},
        {"type": "image", "source": source},
    ]}]);
    for wire in ALL {
        let stage = lone(wire).await;
        let answer = stage
            .chat(&with(question(true), json!({"messages": shown})))
            .await;
        assert!(answer.status.is_success(), "{wire:?}: {}", answer.text);
        assert_eq!(stage.record(&answer).await["num_media_prompt"], 2);
        let answer = stage
            .messages(&with(message(true), json!({"messages": shown_otherwise})))
            .await;
        assert!(answer.status.is_success(), "{wire:?}: {}", answer.text);
        let images: Vec<u64> = stage
            .vendor("alpha")
            .requests()
            .iter()
            .map(|request| request.images)
            .collect();
        assert_eq!(images, [2, 2], "{wire:?}");
    }
}

#[tokio::test]
async fn thoughts_and_their_signature_make_the_round_trip_in_openrouters_form() {
    let stage = lone(Wire::Anthropic).await;
    stage.vendor("alpha").set_mood(Mood {
        reasoning: true,
        ..Mood::default()
    });
    let asks = json!({"reasoning": {"max_tokens": 1024}, "max_tokens": 3000});
    let whole = stage
        .chat(&with(question(false), asks.clone()))
        .await
        .json();
    let told = whole["choices"][0]["message"].clone();
    let signature = told["reasoning_details"][0]["signature"].clone();
    assert!(
        signature.as_str().is_some_and(|text| text.len() > 20),
        "{told}"
    );
    let streamed = stage.chat(&with(question(true), asks.clone())).await;
    let mut details: Vec<Value> = Vec::new();
    for chunk in streamed.chunks() {
        let delta = &chunk["choices"][0]["delta"]["reasoning_details"];
        details.extend(delta.as_array().into_iter().flatten().cloned());
    }
    let text: String = details
        .iter()
        .filter_map(|detail| detail["text"].as_str())
        .collect();
    let signed: String = details
        .iter()
        .filter_map(|detail| detail["signature"].as_str())
        .collect();
    assert_eq!(
        json!(text),
        told["reasoning_details"][0]["text"],
        "{}",
        streamed.text
    );
    assert_eq!(json!(signed), signature, "{}", streamed.text);
    for details in [told["reasoning_details"].clone(), json!(details)] {
        let messages = json!([
            {"role": "user", "content": "Hello?"},
            {"role": "assistant", "content": "Hello.", "reasoning_details": details},
            {"role": "user", "content": "And?"},
        ]);
        let body = with(
            with(question(false), asks.clone()),
            json!({"messages": messages}),
        );
        let answer = stage.chat(&body).await;
        assert!(answer.status.is_success(), "{}", answer.text);
        let sent = last_body(&stage);
        let thought = &sent["messages"][1]["content"][0];
        assert_eq!(thought["type"], "thinking", "{sent}");
        assert_eq!(thought["signature"], signature, "{sent}");
        assert_eq!(
            thought["thinking"], told["reasoning_details"][0]["text"],
            "{sent}"
        );
    }
}

#[tokio::test]
async fn thoughts_and_their_signature_make_the_round_trip_in_anthropics_form() {
    let stage = lone(Wire::Anthropic).await;
    stage.vendor("alpha").set_mood(Mood {
        reasoning: true,
        ..Mood::default()
    });
    let asks = json!({"thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 3000});
    let whole = stage
        .messages(&with(message(false), asks.clone()))
        .await
        .json();
    let thought = whole["content"][0].clone();
    assert_eq!(thought["type"], "thinking", "{whole}");
    let messages = json!([
        {"role": "user", "content": "Hello?"},
        {"role": "assistant", "content": whole["content"]},
        {"role": "user", "content": "And?"},
    ]);
    let answer = stage
        .messages(&with(
            with(message(true), asks),
            json!({"messages": messages}),
        ))
        .await;
    assert!(answer.text.contains("signature_delta"), "{}", answer.text);
    let sent = last_body(&stage);
    assert_eq!(sent["messages"][1]["content"][0], thought, "{sent}");
}

#[tokio::test]
async fn thoughts_that_are_not_wanted_are_not_shown_and_still_paid() {
    let asks = json!({"reasoning": {"max_tokens": 1024, "exclude": true}, "max_tokens": 3000});
    // Of the caller's own dialect, too: such an answer may not be passed on as it came.
    for (wire, stream) in [
        (Wire::Anthropic, true),
        (Wire::Anthropic, false),
        (Wire::OpenAiChat, true),
        (Wire::OpenAiChat, false),
    ] {
        let stage = lone(wire).await;
        stage.vendor("alpha").set_mood(Mood {
            reasoning: true,
            ..Mood::default()
        });
        let answer = stage.chat(&with(question(stream), asks.clone())).await;
        assert!(
            answer.status.is_success() && !answer.text.contains("The user wants"),
            "{}",
            answer.text
        );
        let record = stage.record(&answer).await;
        assert!(
            record["tokens_completion"].as_u64().unwrap() > 8,
            "{record}"
        );
    }
}
