//! What the vendors read in requests: schemas, limits, images, probabilities.

use serde_json::{Value, json};
use testbed::{Mood, Vendor, VendorConfig, Wire};

use crate::client::{
    WIRES, hello, is_error, moody, path, post, request, say_hello, send, vendor, words,
};
use crate::tools::weather;

#[tokio::test]
async fn a_schema_asked_for_is_fitted() {
    let vendor = vendor().await;
    for wire in WIRES {
        let mut body = hello(wire, false);
        let format = json!({"type": "json_schema", "name": "w", "schema": weather()});
        match wire {
            Wire::OpenAiChat => {
                body["response_format"] = json!({"type": "json_schema", "json_schema": format});
            }
            Wire::OpenAiResponses => body["text"] = json!({"format": format}),
            Wire::Anthropic | Wire::BedrockAnthropic | Wire::VertexAnthropic => {
                body["output_config"] = json!({"format": format});
            }
            Wire::Gemini | Wire::VertexGemini => {
                body["generationConfig"] =
                    json!({"responseMimeType": "application/json", "responseSchema": weather()});
            }
            Wire::Bedrock => {
                let schema = json!({"name": "w", "schema": weather().to_string()});
                body["outputConfig"] = json!({"textFormat": {"type": "json_schema",
                    "structure": {"jsonSchema": schema}}});
            }
            Wire::Cohere => {
                body["response_format"] = json!({"type": "json_object", "json_schema": weather()});
            }
            Wire::Ollama => body["format"] = weather(),
            Wire::Replicate => unreachable!("it takes a prompt and no more"),
        }
        let heard = post(&vendor, path(wire, false), &body)
            .await
            .unwrap()
            .json();
        let text = heard.pointer(words(wire).0).unwrap().as_str().unwrap();
        let fitted: Value = serde_json::from_str(text).unwrap();
        assert_eq!(fitted, json!({"city": "text", "days": 1}));
    }
}

/// How a wire is told when to end, and how it says that it did: the object that the settings stand
/// in, the place of the reason, and name and reason for the limit and for a stop sequence.
type Endings = (
    &'static str,
    &'static str,
    Vec<(&'static str, &'static str)>,
);

fn endings(wire: Wire) -> Endings {
    match wire {
        Wire::OpenAiChat => (
            "",
            "/choices/0/finish_reason",
            vec![("max_completion_tokens", "length"), ("stop", "stop")],
        ),
        // It knows no stop sequences.
        Wire::OpenAiResponses => (
            "",
            "/incomplete_details/reason",
            vec![("max_output_tokens", "max_output_tokens")],
        ),
        Wire::Anthropic | Wire::BedrockAnthropic | Wire::VertexAnthropic => (
            "",
            "/stop_reason",
            vec![
                ("max_tokens", "max_tokens"),
                ("stop_sequences", "stop_sequence"),
            ],
        ),
        Wire::Gemini | Wire::VertexGemini => (
            "generationConfig",
            "/candidates/0/finishReason",
            vec![("maxOutputTokens", "MAX_TOKENS"), ("stopSequences", "STOP")],
        ),
        Wire::Bedrock => (
            "inferenceConfig",
            "/stopReason",
            vec![
                ("maxTokens", "max_tokens"),
                ("stopSequences", "stop_sequence"),
            ],
        ),
        Wire::Cohere => (
            "",
            "/finish_reason",
            vec![
                ("max_tokens", "MAX_TOKENS"),
                ("stop_sequences", "STOP_SEQUENCE"),
            ],
        ),
        Wire::Replicate => unreachable!("it takes a prompt and no more"),
        Wire::Ollama => (
            "options",
            "/done_reason",
            vec![("num_predict", "length"), ("stop", "stop")],
        ),
    }
}

#[tokio::test]
async fn limits_and_stop_sequences_end_the_answer_in_each_vendors_words() {
    let vendor = vendor().await;
    for wire in WIRES {
        let (within, place, settings) = endings(wire);
        let values = [(json!(2), 2), (json!([" jumps"]), 4)];
        for ((name, reason), (value, tokens)) in settings.into_iter().zip(values) {
            let mut body = hello(wire, false);
            match within {
                "" => body[name] = value,
                within => body[within] = json!({name: value}),
            }
            let heard = post(&vendor, path(wire, false), &body)
                .await
                .unwrap()
                .json();
            assert_eq!(heard.pointer(place), Some(&json!(reason)), "{heard}");
            assert_eq!(vendor.bill().last().unwrap().completion_tokens, tokens);
        }
    }
}

#[tokio::test]
async fn images_are_counted_wherever_they_stand() {
    let vendor = vendor().await;
    let url = json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}});
    let source = json!({"type": "base64", "media_type": "image/png", "data": "AA=="});
    let image = json!({"type": "image", "source": source});
    let result = json!({"type": "tool_result", "tool_use_id": "t", "content": [image]});
    let inline = json!({"inlineData": {"mimeType": "image/png", "data": "AA=="}});
    let text = json!({"type": "text", "text": "what is it"});
    let chat = json!({"model": "m", "stream": false,
        "messages": [{"role": "user", "content": [text, url, url]}]});
    let claude = |version: &str| {
        json!({"model": "m", "max_tokens": 9, "anthropic_version": version,
            "messages": [{"role": "user", "content": [image, result]}]})
    };
    let hosted = |version: &str| {
        let mut body = claude(version);
        body.as_object_mut().unwrap().remove("model");
        body
    };
    let gemini = json!({"contents": [{"parts": [inline, {"text": "what is it"}, inline]}]});
    let input = json!({"type": "input_image", "image_url": "data:image/png;base64,AA=="});
    let output = json!({"type": "function_call_output", "call_id": "c", "output": [input]});
    let block = json!({"image": {"format": "png", "source": {"bytes": "AA=="}}});
    let inner = json!({"toolResult": {"toolUseId": "t", "content": [block]}});
    let bodies = [
        (Wire::OpenAiChat, chat.clone()),
        (
            Wire::OpenAiResponses,
            json!({"model": "m", "input": [{"role": "user", "content": [input]}, output]}),
        ),
        (Wire::Anthropic, claude("2023-06-01")),
        (Wire::BedrockAnthropic, hosted("bedrock-2023-05-31")),
        (Wire::VertexAnthropic, hosted("vertex-2023-10-16")),
        (Wire::Gemini, gemini.clone()),
        (Wire::VertexGemini, gemini),
        (
            Wire::Bedrock,
            json!({"messages": [{"role": "user", "content": [block, inner]}],
                "toolConfig": {"tools": []}}),
        ),
        (Wire::Cohere, chat),
        (
            Wire::Ollama,
            json!({"model": "m", "messages": [{"role": "user", "content": "what is it",
                "images": ["AA==", "AA=="]}]}),
        ),
    ];
    for (wire, body) in bodies {
        let heard = post(&vendor, path(wire, false), &body).await.unwrap();
        assert_eq!(heard.status.as_u16(), 200, "{wire:?} {heard:?}");
    }
    let seen: Vec<u64> = vendor
        .requests()
        .iter()
        .map(|request| request.images)
        .collect();
    assert_eq!(seen, [2; WIRES.len()]);
    assert_eq!(
        vendor.bill().iter().map(|entry| entry.images).sum::<u64>(),
        2 * u64::try_from(WIRES.len()).unwrap()
    );
}

#[tokio::test]
async fn logprobs_come_when_asked_for() {
    let vendor = vendor().await;
    for stream in [false, true] {
        let mut body = hello(Wire::OpenAiChat, stream);
        body["logprobs"] = true.into();
        body["top_logprobs"] = 2.into();
        let heard = post(&vendor, path(Wire::OpenAiChat, stream), &body)
            .await
            .unwrap();
        let events = if stream {
            heard.events()
        } else {
            vec![heard.text()]
        };
        let tokens: Vec<Value> = events
            .iter()
            .filter_map(|event| serde_json::from_str::<Value>(event).ok())
            .filter_map(|event| {
                event
                    .pointer("/choices/0/logprobs/content")?
                    .as_array()
                    .cloned()
            })
            .flatten()
            .collect();
        assert_eq!(tokens.len(), 9);
        assert!(
            tokens
                .iter()
                .all(|token| token["top_logprobs"].as_array().unwrap().len() == 2)
        );
    }
}

#[tokio::test]
async fn usage_ends_an_openai_stream_only_when_asked_for() {
    let vendor = vendor().await;
    let mut body = hello(Wire::OpenAiChat, true);
    assert!(
        say_hello(&vendor, Wire::OpenAiChat, true)
            .await
            .text()
            .contains("prompt_tokens")
    );
    body.as_object_mut().unwrap().remove("stream_options");
    let heard = post(&vendor, path(Wire::OpenAiChat, true), &body)
        .await
        .unwrap();
    assert!(!heard.text().contains("usage"));
}

#[tokio::test]
async fn an_echo_repeats_the_last_user_message() {
    let vendor = moody(Mood {
        echo: true,
        ..Mood::default()
    })
    .await;
    for wire in WIRES {
        let heard = say_hello(&vendor, wire, false).await.text();
        assert!(heard.contains("\"hello world\""), "{heard}");
    }
}

#[tokio::test]
async fn bad_requests_are_refused_in_the_vendors_form() {
    let vendor = vendor().await;
    for wire in WIRES {
        for body in ["", "{", "[]", "{}", r#"{"model": 7, "messages": "x"}"#] {
            let asking = request("POST", path(wire, false), body.to_owned());
            let heard = send(&vendor, asking).await.unwrap();
            assert_eq!(heard.status.as_u16(), 400, "{wire:?} {body}");
            assert!(is_error(wire, &heard.text()), "{heard:?}");
        }
    }
    let lost = post(&vendor, "/v1/nothing", &json!({})).await.unwrap();
    assert_eq!(lost.status.as_u16(), 404);
}

#[tokio::test]
async fn models_are_listed_in_the_form_of_whoever_asks() {
    let models = vec!["m-1".to_owned(), "m-2".to_owned()];
    let vendor = Vendor::start(VendorConfig {
        models,
        ..VendorConfig::default()
    })
    .await
    .unwrap();
    let get = |path| request("GET", path, String::new());
    let openai = send(&vendor, get("/v1/models")).await.unwrap().json();
    assert_eq!(openai.pointer("/data/1/id"), Some(&json!("m-2")));
    let gemini = send(&vendor, get("/v1beta/models")).await.unwrap().json();
    assert_eq!(gemini.pointer("/models/0/name"), Some(&json!("models/m-1")));
    let mut asking = get("/v1/models");
    asking
        .headers_mut()
        .insert("anthropic-version", "2023-06-01".parse().unwrap());
    let anthropic = send(&vendor, asking).await.unwrap().json();
    assert_eq!(anthropic["last_id"], "m-2");
}
