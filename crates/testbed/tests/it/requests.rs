//! What the vendors read in requests: tools, schemas, limits, images, keys.

use serde_json::{Value, json};
use testbed::{Mood, Vendor, VendorConfig, Wire};

use crate::client::{
    WIRES, hello, is_error, moody, path, post, request, say_hello, send, vendor, words,
};

fn weather() -> Value {
    let properties = json!({"city": {"type": "string"}, "days": {"type": "integer"}});
    json!({"type": "object", "properties": properties})
}

/// The request with `tools` of these names and schemas in the form of the wire.
pub(crate) fn offering(wire: Wire, mut body: Value, tools: &[(&str, Value)]) -> Value {
    let render = |(name, schema): &(&str, Value)| match wire {
        Wire::OpenAiChat | Wire::Cohere | Wire::Ollama => {
            json!({"type": "function", "function": {"name": name, "parameters": schema}})
        }
        Wire::OpenAiResponses => json!({"type": "function", "name": name, "parameters": schema}),
        Wire::Anthropic | Wire::BedrockAnthropic | Wire::VertexAnthropic => {
            json!({"name": name, "input_schema": schema})
        }
        Wire::Gemini | Wire::VertexGemini => json!({"name": name, "parameters": schema}),
        Wire::Bedrock => json!({"toolSpec": {"name": name, "inputSchema": {"json": schema}}}),
    };
    let tools: Vec<Value> = tools.iter().map(render).collect();
    match wire {
        Wire::Gemini | Wire::VertexGemini => {
            body["tools"] = json!([{"functionDeclarations": tools}]);
        }
        Wire::Bedrock => body["toolConfig"] = json!({"tools": tools}),
        Wire::OpenAiChat
        | Wire::OpenAiResponses
        | Wire::Anthropic
        | Wire::BedrockAnthropic
        | Wire::VertexAnthropic
        | Wire::Cohere
        | Wire::Ollama => body["tools"] = tools.into(),
    }
    body
}

fn with_tools(wire: Wire, stream: bool, forced: bool) -> Value {
    let names = ["get_weather", "get_time"].map(|name| (name, weather()));
    let mut body = offering(wire, hello(wire, stream), &names);
    match wire {
        _ if !forced => {}
        Wire::OpenAiChat | Wire::OpenAiResponses => body["tool_choice"] = "required".into(),
        Wire::Cohere => body["tool_choice"] = "REQUIRED".into(),
        Wire::Anthropic | Wire::BedrockAnthropic | Wire::VertexAnthropic => {
            body["tool_choice"] = json!({"type": "any"});
        }
        Wire::Gemini | Wire::VertexGemini => {
            body["toolConfig"] = json!({"functionCallingConfig": {"mode": "ANY"}});
        }
        Wire::Bedrock => body["toolConfig"]["toolChoice"] = json!({"any": {}}),
        // Ollama has no word for it.
        Wire::Ollama => {}
    }
    body
}

/// Names and arguments of the calls in a whole answer.
fn calls(wire: Wire, body: &Value) -> Vec<(String, Value)> {
    let function = ["/function/name", "/function/arguments"];
    let (list, [name, arguments]) = match wire {
        Wire::OpenAiChat => ("/choices/0/message/tool_calls", function),
        Wire::Cohere | Wire::Ollama => ("/message/tool_calls", function),
        Wire::OpenAiResponses => ("/output", ["/name", "/arguments"]),
        Wire::Anthropic | Wire::BedrockAnthropic | Wire::VertexAnthropic => {
            ("/content", ["/name", "/input"])
        }
        Wire::Gemini | Wire::VertexGemini => (
            "/candidates/0/content/parts",
            ["/functionCall/name", "/functionCall/args"],
        ),
        Wire::Bedrock => (
            "/output/message/content",
            ["/toolUse/name", "/toolUse/input"],
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
        let expected = if wire == Wire::Ollama {
            Vec::new()
        } else {
            vec![("get_weather".to_owned(), fitting.clone())]
        };
        assert_eq!(calls(wire, &heard.json()), expected);
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
        (Wire::OpenAiResponses, "/delta"),
        (Wire::Anthropic, "/delta/partial_json"),
        (Wire::BedrockAnthropic, "/delta/partial_json"),
        (Wire::VertexAnthropic, "/delta/partial_json"),
        (Wire::Bedrock, "/contentBlockDelta/delta/toolUse/input"),
        (Wire::Cohere, "/delta/message/tool_calls/function/arguments"),
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
            .values()
            .iter()
            .filter_map(|event| Some(event.pointer(place)?.as_str()?.to_owned()))
            .collect();
        assert!(fragments.len() > 3);
        let joined: Value = serde_json::from_str(&fragments.concat()).unwrap();
        assert_eq!(joined, json!({"city": "text", "days": 1}));
    }
}

/// A tool's result, as the last thing that is said.
fn with_result(wire: Wire) -> Value {
    let mut body = with_tools(wire, false, false);
    let list = match wire {
        Wire::OpenAiResponses => "input",
        Wire::Gemini | Wire::VertexGemini => "contents",
        Wire::OpenAiChat
        | Wire::Anthropic
        | Wire::BedrockAnthropic
        | Wire::VertexAnthropic
        | Wire::Bedrock
        | Wire::Cohere
        | Wire::Ollama => "messages",
    };
    let result = match wire {
        Wire::OpenAiChat | Wire::Cohere => {
            json!({"role": "tool", "tool_call_id": "call_1", "content": "sunny"})
        }
        Wire::Ollama => json!({"role": "tool", "tool_name": "get_weather", "content": "sunny"}),
        Wire::OpenAiResponses => {
            json!({"type": "function_call_output", "call_id": "call_1", "output": "sunny"})
        }
        Wire::Anthropic | Wire::BedrockAnthropic | Wire::VertexAnthropic => {
            let result = json!({"type": "tool_result", "tool_use_id": "t", "content": "sunny"});
            json!({"role": "user", "content": [result]})
        }
        Wire::Gemini | Wire::VertexGemini => {
            let result = json!({"name": "get_weather", "response": {"sky": "sunny"}});
            json!({"role": "user", "parts": [{"functionResponse": result}]})
        }
        Wire::Bedrock => {
            let result = json!({"toolUseId": "t", "content": [{"text": "sunny"}]});
            json!({"role": "user", "content": [{"toolResult": result}]})
        }
    };
    body[list].as_array_mut().unwrap().push(result);
    body
}

#[tokio::test]
async fn after_a_tools_result_the_mood_to_call_tools_is_over() {
    for wire in WIRES {
        let vendor = moody(Mood {
            tool_call: true,
            ..Mood::default()
        })
        .await;
        let before = with_tools(wire, false, false);
        for (body, called) in [(before, 1), (with_result(wire), 0)] {
            let heard = post(&vendor, path(wire, false), &body).await.unwrap();
            assert_eq!(calls(wire, &heard.json()).len(), called, "{wire:?}");
        }
        // What the tool said is part of the prompt, where it is text.
        let google = [Wire::Gemini, Wire::VertexGemini].contains(&wire);
        let tokens = if google { 3 } else { 4 };
        assert_eq!(vendor.bill()[1].prompt_tokens, tokens, "{wire:?}");
    }
}

#[tokio::test]
async fn a_tools_result_without_the_tools_is_refused_by_bedrock() {
    let mut body = with_result(Wire::Bedrock);
    body.as_object_mut().unwrap().remove("toolConfig");
    let heard = post(&vendor().await, path(Wire::Bedrock, false), &body)
        .await
        .unwrap();
    assert_eq!(heard.status.as_u16(), 400);
    assert!(
        heard
            .header("x-amzn-errortype")
            .starts_with("ValidationException:")
    );
}

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
async fn a_request_signed_for_aws_opens_bedrock_and_nothing_else() {
    let config = VendorConfig {
        key: Some("AKIDEXAMPLE".to_owned()),
        ..VendorConfig::default()
    };
    let vendor = Vendor::start(config).await.unwrap();
    let signature = "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7";
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261122/us-east-1/bedrock/aws4_request, \
         SignedHeaders=content-type;host;x-amz-date, Signature={signature}"
    );
    for wire in WIRES {
        let body = hello(wire, false).to_string();
        let mut asking = request("POST", path(wire, false), body);
        let headers = asking.headers_mut();
        headers.insert("authorization", authorization.parse().unwrap());
        headers.insert("x-amz-date", "20261122T140000Z".parse().unwrap());
        let heard = send(&vendor, asking).await.unwrap();
        let bedrock = [Wire::Bedrock, Wire::BedrockAnthropic].contains(&wire);
        assert_eq!(
            heard.status.as_u16(),
            if bedrock { 200 } else { 401 },
            "{wire:?}"
        );
    }
    let unsigned = say_hello(&vendor, Wire::Bedrock, false).await;
    assert_eq!(unsigned.status.as_u16(), 403);
    assert!(
        unsigned
            .header("x-amzn-errortype")
            .starts_with("UnrecognizedClientException:")
    );
}

#[tokio::test]
async fn hosts_want_their_version_in_the_body_and_the_model_in_the_path() {
    let vendor = vendor().await;
    for wire in [Wire::BedrockAnthropic, Wire::VertexAnthropic] {
        let good = hello(wire, false);
        let mut other = good.clone();
        other["anthropic_version"] = "2023-06-01".into();
        let mut named = good.clone();
        named["model"] = "m-1".into();
        let mut bare = good.clone();
        bare.as_object_mut().unwrap().remove("anthropic_version");
        for (body, status) in [(good, 200), (other, 400), (named, 400), (bare, 400)] {
            let heard = post(&vendor, path(wire, false), &body).await.unwrap();
            assert_eq!(heard.status.as_u16(), status, "{wire:?} {body}");
        }
    }
    let mut asking = hello(Wire::BedrockAnthropic, true);
    asking["stream"] = true.into();
    let heard = post(&vendor, path(Wire::BedrockAnthropic, true), &asking)
        .await
        .unwrap();
    assert_eq!(heard.status.as_u16(), 400);
}

#[tokio::test]
async fn an_encoded_model_in_the_path_is_named_in_the_books() {
    let vendor = vendor().await;
    let place = "/model/arn%3Aaws%3Abedrock%3A%3A1%3Aprofile%2Fx-v1%3A0/converse";
    post(&vendor, place, &hello(Wire::Bedrock, false))
        .await
        .unwrap();
    assert_eq!(vendor.bill()[0].model, "arn:aws:bedrock::1:profile/x-v1:0");
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
