//! Tools: offered, forced, called, and over once they have answered.

use serde_json::{Value, json};
use testbed::{Mood, Wire};

use crate::client::{WIRES, hello, moody, path, post, vendor};

pub(crate) fn weather() -> Value {
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
        Wire::Replicate => unreachable!("it takes a prompt and no more"),
    };
    let tools: Vec<Value> = tools.iter().map(render).collect();
    match wire {
        Wire::Gemini | Wire::VertexGemini => {
            body["tools"] = json!([{"functionDeclarations": tools}]);
        }
        Wire::Bedrock => body["toolConfig"] = json!({"tools": tools}),
        Wire::Replicate => unreachable!("it takes a prompt and no more"),
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
        Wire::Replicate => unreachable!("it takes a prompt and no more"),
    }
    body
}

/// Names and arguments of the calls in a whole answer.
fn calls(wire: Wire, body: &Value) -> Vec<(String, Value)> {
    let function = ["/function/name", "/function/arguments"];
    let (list, [name, arguments]) = match wire {
        Wire::OpenAiChat => ("/choices/0/message/tool_calls", function),
        Wire::Cohere | Wire::Ollama => ("/message/tool_calls", function),
        Wire::Replicate => unreachable!("it takes a prompt and no more"),
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
        Wire::Replicate => unreachable!("it takes a prompt and no more"),
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
        Wire::Replicate => unreachable!("it takes a prompt and no more"),
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
async fn chat_calls_custom_tools_with_free_text_and_only_allowed_ones() {
    let tool = |name: &str| json!({"type": "custom", "custom": {"name": name}});
    let mut body = hello(Wire::OpenAiChat, false);
    body["tools"] = json!([tool("first"), tool("second")]);
    body["tool_choice"] = json!({"type": "allowed_tools",
        "allowed_tools": {"mode": "required", "tools": [tool("second")]}});
    let vendor = vendor().await;
    let place = path(Wire::OpenAiChat, false);
    let whole = post(&vendor, place, &body).await.unwrap().json();
    let calls = &whole["choices"][0]["message"]["tool_calls"];
    assert_eq!(calls.as_array().unwrap().len(), 1);
    assert_eq!(
        (&calls[0]["type"], &calls[0]["custom"]["name"]),
        (&json!("custom"), &json!("second"))
    );
    body["stream"] = true.into();
    let streamed = post(&vendor, place, &body).await.unwrap().values();
    let input: String = streamed
        .iter()
        .filter_map(|event| {
            event
                .pointer("/choices/0/delta/tool_calls/0/custom/input")?
                .as_str()
        })
        .collect();
    assert_eq!(calls[0]["custom"]["input"], input);
    assert!(!input.is_empty());
}
