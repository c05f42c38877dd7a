//! Cohere: what it is sent, and that its plans and sources come back to it.

use canon::{Extras, Message, Request, Role};
use dialects::cohere::Cohere;
use dialects::{Call, Dialect, Form, Thinking};
use serde_json::{Value, json};

use crate::fixtures;
use crate::sent::{
    Sent, asked, asked_anthropic, assert_sums_equal_wholes, conversation_with_call, function, send,
    target,
};

fn sent(request: &Request) -> Sent {
    sent_where(request, Thinking::Budget).unwrap()
}

fn sent_where(request: &Request, thinking: Thinking) -> Result<Sent, String> {
    let form = Form::default();
    send(
        &Cohere,
        request,
        &target("cohere/command-a", "command-a-03-2025", thinking, &form),
    )
}

fn user(text: &str) -> Value {
    json!([{"role": "user", "content": text}])
}

#[test]
fn the_sum_of_a_stream_is_the_whole_answer() {
    assert_eq!(assert_sums_equal_wholes(Dialect::Cohere), 4);
}

#[test]
fn a_conversation_with_calls_is_sent_as_it_stands() {
    let tools = json!({"tools": [function("get_weather")], "tool_choice": "required"});
    let (body, loss) = sent(&asked(conversation_with_call(), tools));
    let wanted = json!({
        "model": "command-a-03-2025",
        "messages": [
            {"role": "user", "content": "Weather in Salta?"},
            {"role": "assistant", "content": "I look.", "tool_calls": [
                {"id": "call:1", "type": "function",
                 "function": {"name": "get_weather", "arguments": "{\"city\":\"Salta\"}"}},
            ]},
            {"role": "tool", "tool_call_id": "call:1", "content": "sunny"},
        ],
        "tools": [function("get_weather")],
        "tool_choice": "REQUIRED",
        "max_tokens": 4000,
    });
    assert_eq!(body, wanted);
    assert!(loss.is_empty(), "{loss:?}");
}

#[test]
fn one_function_is_demanded_by_offering_no_other() {
    let tools = json!([function("a"), function("b")]);
    let choice = json!({"type": "function", "function": {"name": "b"}});
    let more = json!({"tools": tools, "tool_choice": choice});
    let (body, loss) = sent(&asked(user("Hi"), more));
    assert_eq!(body["tools"], json!([function("b")]));
    assert_eq!(body["tool_choice"], "REQUIRED");
    assert!(loss.is_empty(), "{loss:?}");
    let more = json!({"tools": tools, "tool_choice": "none"});
    let (body, _) = sent(&asked(user("Hi"), more));
    assert_eq!(body["tool_choice"], "NONE");
}

#[test]
fn numbers_are_drawn_to_what_cohere_takes() {
    let more = json!({
        "top_p": 1, "top_k": 900, "frequency_penalty": -0.5, "presence_penalty": 0.25,
        "temperature": 0.0, "seed": 7, "stop": ["1", "2", "3", "4"],
    });
    let (body, loss) = sent(&asked(user("Hi"), more));
    for (name, value) in [
        ("p", json!(0.99)),
        ("k", json!(500)),
        ("frequency_penalty", json!(0)),
        ("presence_penalty", json!(0.25)),
        ("temperature", json!(0.0)),
        ("seed", json!(7)),
        ("stop_sequences", json!(["1", "2", "3", "4"])),
    ] {
        assert_eq!(body[name], value, "{name}");
    }
    assert_eq!(loss.len(), 3, "{loss:?}");
}

#[test]
fn json_and_thinking_are_asked_for_in_coheres_words() {
    let schema = json!({"type": "object"});
    let format = json!({"type": "json_schema", "json_schema": {"name": "n", "schema": schema}});
    let more = json!({"response_format": format, "reasoning": {"effort": "high"}});
    let request = asked(user("Hi"), more);
    let (body, loss) = sent(&request);
    let wanted = json!({"type": "json_object", "json_schema": schema});
    assert_eq!(body["response_format"], wanted);
    assert_eq!(
        body["thinking"],
        json!({"type": "enabled", "token_budget": 3200})
    );
    assert_eq!(
        loss,
        ["response_format.json_schema.name: schemas have no names here"]
    );
    let (body, loss) = sent_where(&request, Thinking::Unknown).unwrap();
    assert_eq!(body.get("thinking"), None);
    assert_eq!(loss.len(), 2, "{loss:?}");
    let off = asked(user("Hi"), json!({"reasoning": {"effort": "none"}}));
    assert_eq!(sent(&off).0["thinking"], json!({"type": "disabled"}));
}

#[test]
fn pictures_stand_in_the_turn_and_text_documents_beside_it() {
    let source = json!({"type": "text", "media_type": "text/plain", "data": "The lake is high."});
    let messages = json!([{"role": "user", "content": [
        {"type": "document", "title": "Lakes", "source": source},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}},
        {"type": "text", "text": "How high?"},
    ]}]);
    let (body, loss) = sent(&asked_anthropic(messages, json!({})));
    let wanted = json!([
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
        {"type": "text", "text": "How high?"},
    ]);
    assert_eq!(body["messages"][0]["content"], wanted);
    let document = json!([{"data": {"text": "The lake is high.", "title": "Lakes"}}]);
    assert_eq!(body["documents"], document);
    assert!(loss.is_empty(), "{loss:?}");
}

#[test]
fn fields_of_coheres_own_are_handed_on_and_others_lost_aloud() {
    let documents = json!([{"id": "1", "data": {"text": "a"}}]);
    let more = json!({"documents": documents, "safety_mode": "STRICT", "safe_prompt": true});
    let (body, loss) = sent(&asked(user("Hi"), more));
    assert_eq!(
        (&body["documents"], &body["safety_mode"]),
        (&documents, &json!("STRICT"))
    );
    assert_eq!(loss.len(), 1, "{loss:?}");
}

#[test]
fn what_cohere_cannot_have_is_refused_or_lost_aloud() {
    let audio = json!({"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav"}});
    let request = asked(json!([{"role": "user", "content": [audio]}]), json!({}));
    assert!(sent_where(&request, Thinking::Unknown).is_err());
    let tools =
        json!({"tools": [{"type": "custom", "custom": {"name": "sql"}}], "logit_bias": {"1": 5}});
    let (body, loss) = sent(&asked(user("Hi"), tools));
    assert_eq!(body.get("tools"), None);
    assert_eq!(loss.len(), 2, "{loss:?}");
}

#[test]
fn plans_thinking_and_sources_go_back_as_they_came() {
    for fixture in fixtures::with_file("response.json") {
        if fixture.dialect != Dialect::Cohere {
            continue;
        }
        let response = Cohere.parse_response(&fixture.bytes).unwrap();
        let assistant = Message {
            role: Role::Assistant,
            parts: response.choices[0].parts.clone(),
            name: None,
            extras: Extras::NONE,
        };
        let request = Request {
            messages: vec![Message::text(Role::User, "Hi"), assistant],
            ..Request::default()
        };
        let (body, loss) = sent(&request);
        let came: Value = serde_json::from_slice(&fixture.bytes).unwrap();
        let mut wanted = came["message"].clone();
        // One text needs no list; no arguments are an empty object.
        if let Some([block]) = wanted["content"].as_array().map(Vec::as_slice) {
            wanted["content"] = block["text"].clone();
        }
        for call in wanted["tool_calls"].as_array_mut().into_iter().flatten() {
            if call["function"]["arguments"] == "null" {
                call["function"]["arguments"] = json!("{}");
            }
        }
        wanted
            .as_object_mut()
            .unwrap()
            .retain(|_, value| !value.is_null());
        assert_eq!(body["messages"][1], wanted, "{}", fixture.case);
        assert!(loss.is_empty(), "{}: {loss:?}", fixture.case);
    }
}
