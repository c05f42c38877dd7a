//! Recorded traffic: every request of a caller of this dialect reaches Anthropic as it was, every answer is read.

use canon::Part;
use dialects::{Call, Form, Receipt, Serve, Stamp, Thinking, anthropic::Anthropic};
use serde_json::{Map, Value, json};
use testbed::corpus::{self, Exchange};

use super::{frames, parse, send, target};
use crate::replay::replay;

fn recorded(kind: &str) -> Vec<Exchange> {
    if !corpus::available() {
        println!("skipped: no corpus");
        return Vec::new();
    }
    let found: Vec<_> = corpus::exchanges(Some("anthropic"), kind)
        .collect::<Result<_, _>>()
        .unwrap();
    assert!(!found.is_empty());
    found
}

/// The same request in one of the forms that mean the same.
fn normal(mut body: Value) -> Value {
    let body_map = body.as_object_mut().unwrap();
    if let Some(format) = body_map.shift_remove("output_format") {
        body_map.entry("output_config").or_insert(json!({}))["format"] = format;
    }
    if body_map.get("stream") == Some(&json!(false)) {
        body_map.shift_remove("stream");
    }
    if body_map.get("tools") == Some(&json!([])) {
        body_map.shift_remove("tools");
    }
    if let Some(system) = body_map.get_mut("system") {
        *system = blocks(system.take());
    }
    let mut turns: Vec<Value> = Vec::new();
    for mut turn in body_map["messages"].take().as_array().unwrap().clone() {
        let content = blocks(turn["content"].take());
        match turns.last_mut() {
            Some(last) if last["role"] == turn["role"] => {
                let list = last["content"].as_array_mut().unwrap();
                list.extend(content.as_array().unwrap().iter().cloned());
            }
            _ => {
                turn["content"] = content;
                turns.push(turn);
            }
        }
    }
    body_map["messages"] = turns.into();
    for tool in body_map
        .get_mut("tools")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        let tool = tool.as_object_mut().unwrap();
        tool.shift_remove("eager_input_streaming");
        if tool.get("type") == Some(&json!("custom")) {
            tool.shift_remove("type");
        }
    }
    without_nulls(body)
}

fn blocks(content: Value) -> Value {
    let mut list = match content {
        Value::String(text) => vec![json!({"type": "text", "text": text})],
        Value::Array(list) => list,
        other => panic!("{other}"),
    };
    for block in &mut list {
        let block = block.as_object_mut().unwrap();
        match block["type"].as_str().unwrap() {
            "tool_result" => {
                if block.get("is_error") == Some(&json!(false)) {
                    block.shift_remove("is_error");
                }
                if let Some(content) = block.get_mut("content") {
                    *content = blocks(content.take());
                }
            }
            "tool_use" if block.get("caller") == Some(&json!({"type": "direct"})) => {
                block.shift_remove("caller");
            }
            _ => {}
        }
    }
    list.into()
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let kept = map.into_iter().filter(|(_, value)| !value.is_null());
            let kept: Map<_, _> = kept.map(|(k, v)| (k, without_nulls(v))).collect();
            kept.into()
        }
        Value::Array(list) => list.into_iter().map(without_nulls).collect(),
        other => other,
    }
}

#[test]
fn a_recorded_request_reaches_anthropic_with_every_field() {
    let form = Form::default();
    let mut seen = 0;
    for kind in ["messages", "messages_stream"] {
        for exchange in recorded(kind) {
            let Some(body) = exchange.request.as_ref().map(|request| &request.body) else {
                continue;
            };
            let request = parse(body);
            let model = body["model"].as_str().unwrap();
            let thinking = match body["thinking"]["type"].as_str() {
                Some("enabled") => Thinking::Budget,
                _ => Thinking::Adaptive,
            };
            let (sent, loss) = send(&request, &target(model, thinking, &form));
            let losses: Vec<_> = loss.iter().map(|loss| loss.what.as_ref()).collect();
            let allowed = ["tool_choice"];
            assert!(
                losses.iter().all(|what| allowed.contains(what)),
                "{}: {loss:?}",
                exchange.label()
            );
            let mut expected = normal(body.clone());
            for what in losses {
                expected.as_object_mut().unwrap().shift_remove(what);
            }
            assert_eq!(normal(sent), expected, "{}", exchange.label());
            seen += 1;
        }
    }
    assert!(seen > 150 || !corpus::available(), "{seen}");
}

#[test]
fn a_recorded_answer_is_read_and_written_back_with_every_block() {
    for exchange in recorded("messages") {
        let body = &exchange.response.body;
        let response = Anthropic
            .parse_response(&exchange.response.wire_bytes())
            .unwrap_or_else(|error| panic!("{}: {error}", exchange.label()));
        let receipt = Receipt {
            usage: response.usage.clone().unwrap(),
            ..Receipt::default()
        };
        let mut out = Vec::new();
        Anthropic.render_response(&response, &Stamp::default(), &receipt, &mut out);
        let written: Value = serde_json::from_slice(&out).unwrap();
        let label = exchange.label();
        for name in ["stop_reason", "stop_sequence", "stop_details", "container"] {
            assert_eq!(written[name], body[name], "{label}: {name}");
        }
        let whole = |content: &Value| -> Value {
            let mut content = blocks(content.clone());
            for block in content.as_array_mut().unwrap() {
                let block = block.as_object_mut().unwrap();
                if block.get("citations") == Some(&json!([])) {
                    block.shift_remove("citations");
                }
            }
            without_nulls(content)
        };
        assert_eq!(
            whole(&written["content"]),
            whole(&body["content"]),
            "{label}"
        );
        for (name, count) in body["usage"].as_object().unwrap() {
            // One vendor's split of written tokens does not add up to its total.
            let split = count.as_object().into_iter().flat_map(Map::values);
            let split: u64 = split.filter_map(Value::as_u64).sum();
            let is_torn = name == "cache_creation"
                && body["usage"]["cache_creation_input_tokens"] != json!(split);
            if !count.is_null() && !is_torn {
                assert_eq!(&written["usage"][name], count, "{label}: usage.{name}");
            }
        }
        assert_eq!(written["usage"]["cost"], json!(0));
    }
}

#[test]
fn a_recorded_stream_is_read_whole_and_written_back_with_every_block() {
    for exchange in recorded("messages_stream") {
        let bytes = exchange.response.wire_bytes();
        let label = exchange.label();
        let (events, error) = match replay(&Anthropic, [bytes.as_slice()]) {
            Ok(replay) => {
                let is_complete = replay.is_complete;
                let (events, error) = replay.into_events();
                assert!(is_complete || error.is_some(), "{label}: cut off");
                (events, error)
            }
            Err(error) => panic!("{label}: {error}"),
        };
        if error.is_some() {
            continue;
        }
        let mut stream = Serve::stream(&Anthropic, Stamp::default());
        let mut out = Vec::new();
        let mut usage = None;
        for event in events {
            if let canon::Event::Usage(stated) = &event {
                usage = Some((**stated).clone());
            }
            stream.event(event, &mut out);
        }
        let receipt = Receipt {
            usage: usage.unwrap_or_default(),
            ..Receipt::default()
        };
        stream.finish(&receipt, &mut out);
        frames(&out);
        let first = replay(&Anthropic, [bytes.as_slice()])
            .unwrap()
            .into_response();
        let second = replay(&Anthropic, [out.as_slice()])
            .unwrap()
            .into_response();
        let (first, second) = (first.unwrap(), second.unwrap());
        assert_eq!(first.choices, second.choices, "{label}");
        let counts = |response: &canon::Response| {
            let usage = response.usage.clone().unwrap();
            (
                usage.prompt_tokens,
                usage.completion_tokens,
                usage.cached_tokens,
            )
        };
        assert_eq!(counts(&first), counts(&second), "{label}");
        let choice = first
            .choices
            .first()
            .unwrap_or_else(|| panic!("{label}: empty"));
        assert!(choice.finish.is_some(), "{label}");
        for part in &choice.parts {
            if let Part::ToolCall(call) = part {
                serde_json::from_str::<Map<String, Value>>(&call.arguments)
                    .unwrap_or_else(|error| panic!("{label}: {error}: {}", call.arguments));
            }
        }
    }
}

#[test]
fn a_recorded_error_names_its_type_and_message() {
    for exchange in recorded("error") {
        if exchange.endpoint != "messages" {
            continue;
        }
        let error =
            Anthropic.parse_error(exchange.response.status, &exchange.response.wire_bytes());
        assert!(error.message.is_some(), "{}", exchange.label());
        if exchange.response.body.is_object() {
            let code = exchange.response.body["error"]["type"].as_str();
            assert_eq!(error.code.as_deref(), code, "{}", exchange.label());
        }
    }
}
