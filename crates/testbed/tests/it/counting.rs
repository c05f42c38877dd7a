//! Tokens counted before anything is generated: asked for like an answer, and free.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use testbed::{Mood, Wire};

use crate::client::{hello, is_error, moody, path, post, vendor};

const BEDROCK: &str = "/model/m-1/count-tokens";
const GEMINI: &str = "/v1beta/models/m-1:countTokens";
const VERTEX: &str = "/v1/projects/p/locations/l/publishers/google/models/m-1:countTokens";
const VERTEX_ANTHROPIC: &str =
    "/v1/projects/p/locations/l/publishers/anthropic/models/count-tokens:rawPredict";

/// The path, the body and the place of the count for each wire that counts.
fn questions() -> Vec<(Wire, &'static str, Value, &'static str)> {
    let claude = json!({"model": "m-1", "messages": [{"role": "user", "content": "hello world"}]});
    let gemini = hello(Wire::Gemini, false);
    let wrapped = json!({"generateContentRequest": gemini});
    let invoked = BASE64.encode(hello(Wire::BedrockAnthropic, false).to_string());
    vec![
        (
            Wire::Bedrock,
            BEDROCK,
            json!({"input": {"converse": hello(Wire::Bedrock, false)}}),
            "inputTokens",
        ),
        (
            Wire::Bedrock,
            BEDROCK,
            json!({"input": {"invokeModel": {"body": invoked}}}),
            "inputTokens",
        ),
        (
            Wire::Anthropic,
            "/v1/messages/count_tokens",
            claude.clone(),
            "input_tokens",
        ),
        (
            Wire::VertexAnthropic,
            VERTEX_ANTHROPIC,
            claude,
            "input_tokens",
        ),
        (Wire::Gemini, GEMINI, gemini.clone(), "totalTokens"),
        (Wire::Gemini, GEMINI, wrapped, "totalTokens"),
        (Wire::VertexGemini, VERTEX, gemini, "totalTokens"),
    ]
}

#[tokio::test]
async fn a_count_is_what_the_answer_would_be_charged_for_its_prompt() {
    for (wire, place, body, name) in questions() {
        let vendor = vendor().await;
        let counted = post(&vendor, place, &body).await.unwrap().json();
        assert_eq!(counted[name], 3, "{wire:?}");
        post(&vendor, path(wire, false), &hello(wire, false))
            .await
            .unwrap();
        let bill = vendor.bill();
        let charged = |index: usize| (bill[index].wire, bill[index].prompt_tokens);
        assert_eq!([charged(0), charged(1)], [(wire, 0), (wire, 3)]);
        let counting = &bill[0];
        assert_eq!((counting.model.as_str(), counting.stream), ("m-1", false));
        assert!(counting.completed);
    }
}

#[tokio::test]
async fn counting_has_its_moods_too() {
    for (wire, place, body, name) in questions() {
        let vendor = moody(Mood::claiming(77, 0)).await;
        let counted = post(&vendor, place, &body).await.unwrap().json();
        assert_eq!(counted[name], 77);
        vendor.set_mood(Mood::rate_limited(3));
        let refused = post(&vendor, place, &body).await.unwrap();
        assert_eq!(refused.status.as_u16(), 429);
        assert!(is_error(wire, &refused.text()));
    }
}

#[tokio::test]
async fn what_cannot_be_counted_is_refused() {
    let vendor = vendor().await;
    for body in [
        json!({}),
        json!({"input": {"invokeModel": {"body": "no base64"}}}),
        json!({"input": {"invokeModel": {"body": BASE64.encode("no JSON")}}}),
        json!({"input": {"converse": {}}}),
    ] {
        let refused = post(&vendor, BEDROCK, &body).await.unwrap();
        assert_eq!(refused.status.as_u16(), 400);
        assert!(is_error(Wire::Bedrock, &refused.text()));
    }
}
