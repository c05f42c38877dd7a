//! What the vendors read in requests: tools, schemas, limits, images, keys.

use serde_json::{Value, json};
use testbed::{Mood, Vendor, VendorConfig, Wire};

use crate::client::{WIRES, hello, moody, path, post, request, say_hello, send, vendor};

fn weather() -> Value {
    let properties = json!({"city": {"type": "string"}, "days": {"type": "integer"}});
    json!({"type": "object", "properties": properties})
}

fn with_tools(wire: Wire, stream: bool, forced: bool) -> Value {
    let mut body = hello(wire, stream);
    let names = ["get_weather", "get_time"];
    match wire {
        Wire::OpenAiChat => {
            let tool = |name| {
                let function = json!({"name": name, "parameters": weather()});
                json!({"type": "function", "function": function})
            };
            body["tools"] = names.map(tool).to_vec().into();
            if forced {
                body["tool_choice"] = "required".into();
            }
        }
        Wire::Anthropic => {
            let tool = |name| json!({"name": name, "input_schema": weather()});
            body["tools"] = names.map(tool).to_vec().into();
            if forced {
                body["tool_choice"] = json!({"type": "any"});
            }
        }
        Wire::Gemini => {
            let tool = |name| json!({"name": name, "parameters": weather()});
            body["tools"] = json!([{"functionDeclarations": names.map(tool)}]);
            if forced {
                body["toolConfig"] = json!({"functionCallingConfig": {"mode": "ANY"}});
            }
        }
    }
    body
}

/// Names and arguments of the calls in a whole answer.
fn calls(wire: Wire, body: &Value) -> Vec<(String, Value)> {
    let (list, name, arguments) = match wire {
        Wire::OpenAiChat => (
            "/choices/0/message/tool_calls",
            "/function/name",
            "/function/arguments",
        ),
        Wire::Anthropic => ("/content", "/name", "/input"),
        Wire::Gemini => (
            "/candidates/0/content/parts",
            "/functionCall/name",
            "/functionCall/args",
        ),
    };
    let list = body
        .pointer(list)
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let call = |part: &Value| {
        let given = part.pointer(arguments)?;
        let given = given
            .as_str()
            .map_or_else(|| given.clone(), |it| serde_json::from_str(it).unwrap());
        Some((part.pointer(name)?.as_str()?.to_owned(), given))
    };
    list.iter().filter_map(call).collect()
}

#[tokio::test]
async fn a_forced_tool_is_called_with_arguments_that_fit_its_schema() {
    let fitting = json!({"city": "text", "days": 1});
    for wire in WIRES {
        let vendor = vendor().await;
        let heard = post(&vendor, path(wire, false), &with_tools(wire, false, true))
            .await
            .unwrap();
        assert_eq!(
            calls(wire, &heard.json()),
            [("get_weather".to_owned(), fitting.clone())]
        );
        let free = post(&vendor, path(wire, false), &with_tools(wire, false, false))
            .await
            .unwrap();
        assert!(calls(wire, &free.json()).is_empty());
        vendor.set_mood(Mood {
            tools: 2,
            ..Mood::default()
        });
        let both = post(&vendor, path(wire, false), &with_tools(wire, false, false))
            .await
            .unwrap();
        let names: Vec<_> = calls(wire, &both.json())
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        assert_eq!(names, ["get_weather", "get_time"]);
    }
}

#[tokio::test]
async fn streamed_arguments_join_to_the_same_call() {
    for (wire, place) in [
        (
            Wire::OpenAiChat,
            "/choices/0/delta/tool_calls/0/function/arguments",
        ),
        (Wire::Anthropic, "/delta/partial_json"),
    ] {
        let vendor = moody(Mood {
            tool_call: true,
            ..Mood::default()
        })
        .await;
        let heard = post(&vendor, path(wire, true), &with_tools(wire, true, false))
            .await
            .unwrap();
        let fragments: Vec<String> = heard
            .events()
            .iter()
            .filter_map(|event| serde_json::from_str::<Value>(event).ok())
            .filter_map(|event| Some(event.pointer(place)?.as_str()?.to_owned()))
            .collect();
        assert!(fragments.len() > 3);
        let joined: Value = serde_json::from_str(&fragments.concat()).unwrap();
        assert_eq!(joined, json!({"city": "text", "days": 1}));
    }
}

#[tokio::test]
async fn after_a_tools_result_the_mood_to_call_tools_is_over() {
    let vendor = moody(Mood {
        tool_call: true,
        ..Mood::default()
    })
    .await;
    let mut body = with_tools(Wire::OpenAiChat, false, false);
    let result = json!({"role": "tool", "tool_call_id": "call_1", "content": "sunny"});
    body["messages"].as_array_mut().unwrap().push(result);
    let heard = post(&vendor, path(Wire::OpenAiChat, false), &body)
        .await
        .unwrap();
    assert!(calls(Wire::OpenAiChat, &heard.json()).is_empty());
}

#[tokio::test]
async fn a_schema_asked_for_is_fitted() {
    let vendor = vendor().await;
    for wire in WIRES {
        let mut body = hello(wire, false);
        match wire {
            Wire::OpenAiChat => {
                let format = json!({"name": "w", "schema": weather()});
                body["response_format"] = json!({"type": "json_schema", "json_schema": format});
            }
            Wire::Anthropic => {
                let format = json!({"type": "json_schema", "schema": weather()});
                body["output_config"] = json!({"format": format});
            }
            Wire::Gemini => {
                body["generationConfig"] =
                    json!({"responseMimeType": "application/json", "responseSchema": weather()});
            }
        }
        let heard = post(&vendor, path(wire, false), &body)
            .await
            .unwrap()
            .json();
        let places = [
            "/choices/0/message/content",
            "/content/0/text",
            "/candidates/0/content/parts/0/text",
        ];
        let text = places
            .iter()
            .find_map(|place| heard.pointer(place)?.as_str())
            .unwrap();
        let fitted: Value = serde_json::from_str(text).unwrap();
        assert_eq!(fitted, json!({"city": "text", "days": 1}));
    }
}

#[tokio::test]
async fn limits_and_stop_sequences_end_the_answer_in_each_vendors_words() {
    let vendor = vendor().await;
    let cases = [
        (
            Wire::OpenAiChat,
            "max_completion_tokens",
            "stop",
            "/choices/0/finish_reason",
            ["length", "stop"],
        ),
        (
            Wire::Anthropic,
            "max_tokens",
            "stop_sequences",
            "/stop_reason",
            ["max_tokens", "stop_sequence"],
        ),
        (
            Wire::Gemini,
            "maxOutputTokens",
            "stopSequences",
            "/candidates/0/finishReason",
            ["MAX_TOKENS", "STOP"],
        ),
    ];
    for (wire, limit, stop, place, reasons) in cases {
        let settings = [(limit, json!(2), 2), (stop, json!([" jumps"]), 4)];
        for ((name, value, tokens), reason) in settings.into_iter().zip(reasons) {
            let mut body = hello(wire, false);
            match wire {
                Wire::OpenAiChat | Wire::Anthropic => body[name] = value,
                Wire::Gemini => body["generationConfig"] = json!({name: value}),
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
    let bodies = [
        json!({"model": "m", "messages": [{"role": "user", "content": [text, url, url]}]}),
        json!({"model": "m", "max_tokens": 9,
            "messages": [{"role": "user", "content": [image, result]}]}),
        json!({"contents": [{"parts": [inline, {"text": "what is it"}, inline]}]}),
    ];
    for (wire, body) in WIRES.into_iter().zip(bodies) {
        post(&vendor, path(wire, false), &body).await.unwrap();
    }
    let seen: Vec<u64> = vendor
        .requests()
        .iter()
        .map(|request| request.images)
        .collect();
    assert_eq!(seen, [2, 2, 2]);
    assert_eq!(
        vendor.bill().iter().map(|entry| entry.images).sum::<u64>(),
        6
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
async fn only_the_vendors_key_opens() {
    let config = VendorConfig {
        key: Some("sk-right-key".to_owned()),
        ..VendorConfig::default()
    };
    let vendor = Vendor::start(config).await.unwrap();
    for (name, value, status) in [
        ("authorization", "Bearer sk-right-key", 200),
        ("x-api-key", "sk-right-key", 200),
        ("x-goog-api-key", "sk-right-key", 200),
        ("authorization", "Bearer sk-wrong", 401),
        ("accept", "*/*", 401),
    ] {
        let body = hello(Wire::OpenAiChat, false).to_string();
        let mut asking = request("POST", path(Wire::OpenAiChat, false), body);
        asking.headers_mut().insert(name, value.parse().unwrap());
        assert_eq!(send(&vendor, asking).await.unwrap().status.as_u16(), status);
    }
    let first = &vendor.requests()[0];
    assert_eq!(first.header("authorization"), Some("Bearer sk-right-key"));
    assert!(!format!("{first:?}").contains("sk-right"));
}

#[tokio::test]
async fn bad_requests_are_refused_in_the_vendors_form() {
    let vendor = vendor().await;
    for wire in WIRES {
        for body in ["", "{", "[]", "{}", r#"{"model": 7, "messages": "x"}"#] {
            let asking = request("POST", path(wire, false), body.to_owned());
            let heard = send(&vendor, asking).await.unwrap();
            assert_eq!(heard.status.as_u16(), 400, "{wire:?} {body}");
            assert!(heard.json()["error"]["message"].is_string());
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
