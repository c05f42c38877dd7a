//! What stands beside the words of an answer: sources, refusals, tiers, probabilities, further choices.

use serde_json::{Value, json};
use testbed::{Mood, Vendor, Wire};

use crate::client::{WIRES, hello, moody, path, post, vendor};

const SOURCE: &str = "https://sources.example/fox";

/// A greeting with one more member, at the end of `place`.
fn asking(wire: Wire, stream: bool, place: &[&str], value: Value) -> Value {
    let mut body = hello(wire, stream);
    let mut inner = &mut body;
    for name in place {
        inner = &mut inner[*name];
    }
    *inner = value;
    body
}

/// What is answered, all events of a stream behind each other.
async fn hear(vendor: &Vendor, wire: Wire, stream: bool, body: &Value) -> String {
    let heard = post(vendor, path(wire, stream), body).await.unwrap();
    match stream {
        true => heard.events().concat(),
        false => heard.text(),
    }
}

#[tokio::test]
async fn a_source_is_named_by_every_wire_that_can() {
    let cites = Mood {
        cites: true,
        ..Mood::default()
    };
    let vendor = moody(cites).await;
    for wire in WIRES {
        for stream in [false, true] {
            let heard = hear(&vendor, wire, stream, &hello(wire, stream)).await;
            assert_eq!(
                heard.contains(SOURCE),
                wire != Wire::Ollama,
                "{wire:?} {stream}"
            );
        }
    }
}

#[tokio::test]
async fn a_refusal_is_said_in_the_words_of_the_wire() {
    let refuses = Mood {
        refuses: true,
        ..Mood::default()
    };
    let vendor = moody(refuses).await;
    for wire in WIRES {
        let sign = match wire {
            Wire::OpenAiChat => r#""refusal":"The"#,
            Wire::OpenAiResponses => r#""type":"refusal""#,
            Wire::Anthropic | Wire::BedrockAnthropic | Wire::VertexAnthropic => {
                r#""stop_reason":"refusal""#
            }
            Wire::Gemini | Wire::VertexGemini => r#""finishReason":"SAFETY""#,
            Wire::Bedrock => r#""stopReason":"content_filtered""#,
            Wire::Cohere => r#""finish_reason":"COMPLETE""#,
            Wire::Ollama | Wire::Replicate => r#""done_reason":"stop""#,
        };
        for stream in [false, true] {
            let text = hear(&vendor, wire, stream, &hello(wire, stream)).await;
            assert!(text.contains(sign), "{wire:?} {stream}: {text}");
        }
    }
}

#[tokio::test]
async fn every_choice_is_given_and_charged() {
    let places: [(Wire, &[&str]); 2] = [
        (Wire::OpenAiChat, &["n"]),
        (Wire::Gemini, &["generationConfig", "candidateCount"]),
    ];
    for (wire, place) in places {
        let vendor = vendor().await;
        for stream in [false, true] {
            let body = asking(wire, stream, place, json!(3));
            let text = hear(&vendor, wire, stream, &body).await;
            for index in 0..3 {
                assert!(text.contains(&format!(r#""index":{index}"#)), "{text}");
            }
            assert!(!text.contains(r#""index":3"#), "{text}");
        }
        let charged = vendor.bill_of(2).await;
        let tokens = charged.iter().map(|entry| entry.completion_tokens);
        assert_eq!(tokens.collect::<Vec<_>>(), [27, 27], "{wire:?}");
    }
}

#[tokio::test]
async fn a_tier_that_is_asked_for_is_the_one_that_serves() {
    let vendor = vendor().await;
    let places: [(Wire, &[&str], &str); 4] = [
        (Wire::OpenAiChat, &["service_tier"], "flex"),
        (Wire::OpenAiResponses, &["service_tier"], "flex"),
        (Wire::Gemini, &["serviceTier"], "flex"),
        (Wire::Bedrock, &["serviceTier", "type"], "flex"),
    ];
    for (wire, place, tier) in places {
        for stream in [false, true] {
            let body = asking(wire, stream, place, json!(tier));
            let asked = hear(&vendor, wire, stream, &body).await;
            assert!(asked.contains(r#""flex""#), "{wire:?} {stream}");
            let plain = hear(&vendor, wire, stream, &hello(wire, stream)).await;
            assert!(!plain.contains(r#""flex""#), "{wire:?} {stream}");
        }
    }
}

#[tokio::test]
async fn the_part_of_a_prediction_that_comes_true_is_counted() {
    let vendor = vendor().await;
    let guess = json!({"type": "content", "content": "The quick brown cat jumps"});
    let body = asking(Wire::OpenAiChat, false, &["prediction"], guess);
    let heard = post(&vendor, path(Wire::OpenAiChat, false), &body).await;
    let accepted = "/usage/completion_tokens_details/accepted_prediction_tokens";
    assert_eq!(heard.unwrap().json().pointer(accepted), Some(&json!(3)));
}
