//! OpenAI Responses: what only this dialect promises.

use canon::{
    Event, Extras, FinishReason, Kind, Message, Part, ReasoningBody, ReasoningDelta,
    ReasoningFormat, ReasoningPart, Request, Role, ToolCall, ToolResult, Usage,
};
use dialects::{
    Call, Dialect, ErrorBody, Form, Loss, RenderStream, Serve, Stamp, Thinking,
    openai::responses::{Responses, as_success},
};
use serde_json::{Value, json};

use super::{grammar, target};
use crate::corpus::frames_of;
use crate::golden::{receipt_of, stamp};

fn parse(body: &Value) -> Request {
    Responses
        .parse_request(body.to_string().as_bytes())
        .unwrap_or_else(|error| panic!("{error}\n{body}"))
}

fn refused(body: &Value) -> String {
    let read = Responses.parse_request(body.to_string().as_bytes());
    read.expect_err("it should be refused").to_string()
}

/// A request of one user turn with these fields besides.
fn asking(fields: &Value) -> Value {
    let mut body = json!({"model": "a/b", "input": "hi"});
    for (name, value) in fields.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

fn send_to(request: &Request, form: &Form, thinking: Thinking) -> (Value, Vec<Loss>) {
    let mut loss = Vec::new();
    let body = Responses
        .render_request(request, &target(form, thinking), &mut loss)
        .unwrap();
    (serde_json::from_slice(&body).unwrap(), loss)
}

fn send(request: &Request) -> (Value, Vec<Loss>) {
    send_to(request, &Form::default(), Thinking::Effort)
}

/// What a caller reads of these steps.
fn streamed(events: Vec<Event>) -> Vec<Value> {
    let mut stream = Serve::stream(&Responses, stamp());
    let mut out = Vec::new();
    for event in events {
        stream.event(event, &mut out);
    }
    stream.finish(&receipt_of(Usage::default()), &mut out);
    let frames = frames_of(&out);
    grammar::check(&frames, grammar::Rules::OURS).unwrap();
    frames
}

fn text(block: u32, text: &str) -> Event {
    Event::Text {
        choice: 0,
        block,
        text: text.to_owned(),
    }
}

fn call(index: u32, name: &str) -> Event {
    Event::ToolCall {
        choice: 0,
        index,
        id: format!("call_{index}"),
        name: name.to_owned(),
        custom: false,
        extras: Extras::NONE,
    }
}

fn arguments(index: u32, fragment: &str) -> Event {
    Event::ToolArguments {
        choice: 0,
        index,
        fragment: fragment.to_owned(),
    }
}

// === requests ===

#[test]
fn what_needs_a_memory_is_refused_in_words() {
    for (fields, wanted) in [
        (json!({"store": true}), "`store`: expected false"),
        (json!({"background": true}), "`background`: expected false"),
        (
            json!({"previous_response_id": "resp_1"}),
            "`previous_response_id`: expected null",
        ),
        (
            json!({"conversation": {"id": "conv_1"}}),
            "`conversation`: expected null",
        ),
        (
            json!({"input": [{"type": "item_reference", "id": "msg_1"}]}),
            "`input[0].type`: expected an item itself",
        ),
        (
            json!({"input": []}),
            "`input`: expected a string or an array of at least one item",
        ),
        (json!({"input": null}), "`input` is missing"),
        (
            json!({"tools": [{"type": "openrouter:web_search"}]}),
            "no server tools",
        ),
        (
            json!({"reasoning": {"effort": "low", "max_tokens": 5}}),
            "either an effort or max_tokens",
        ),
        (
            json!({"input": [{"type": "function_call", "call_id": "c", "name": "f"}]}),
            "`input[0].arguments` is missing",
        ),
    ] {
        let said = refused(&asking(&fields));
        assert!(said.contains(wanted), "{fields}: {said}");
    }
    let quiet = asking(&json!({"store": false, "background": null, "previous_response_id": null}));
    assert_eq!(parse(&quiet).messages, [Message::text(Role::User, "hi")]);
}

#[test]
fn instructions_and_a_system_item_stay_what_they_were() {
    let items =
        json!([{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hi"}]);
    for body in [
        asking(&json!({"instructions": "Be brief."})),
        asking(&json!({"input": items})),
        asking(&json!({"instructions": "Be kind.", "input": items})),
    ] {
        let request = parse(&body);
        assert_eq!(request.messages[0].role, Role::System);
        let (sent, loss) = send(&request);
        assert_eq!(sent.get("instructions"), body.get("instructions"));
        let echo = Responses.echo(&request).unwrap();
        assert_eq!(echo["instructions"], body["instructions"]);
        assert!(loss.is_empty(), "{loss:?}");
    }
}

#[test]
fn a_caller_of_another_dialect_gets_instructions_from_its_first_system_turn() {
    let mut request = parse(&asking(&json!({})));
    request
        .messages
        .insert(0, Message::text(Role::System, "Be brief."));
    let (sent, _) = send(&request);
    assert_eq!(sent["instructions"], "Be brief.");
    assert_eq!(sent["input"], json!([{"role": "user", "content": "hi"}]));
}

#[test]
fn reasoning_items_come_back_byte_for_byte_even_without_ids() {
    let items = json!([
        {"role": "user", "content": "hi"},
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "one"}], "encrypted_content": "a+/="},
        {"type": "reasoning", "summary": [], "encrypted_content": "b+/="},
        {"type": "reasoning", "id": "rs_3", "summary": []},
        {"type": "reasoning", "id": "rs_4", "summary": [{"type": "summary_text", "text": "x"},
            {"type": "summary_text", "text": "y"}], "content": [{"type": "reasoning_text", "text": "z"}]},
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{ \"a\" : 1}"},
        {"type": "function_call_output", "call_id": "c", "output": "1"},
    ]);
    let request = parse(&asking(&json!({ "input": items })));
    assert_eq!(request.messages.len(), 3, "one turn of the assistant's");
    let (sent, loss) = send(&request);
    assert_eq!(sent["input"], items);
    assert!(loss.is_empty(), "{loss:?}");
}

#[test]
fn thinking_of_another_family_is_dropped_and_said_to_be() {
    let thought = |format| {
        Part::Reasoning(ReasoningPart {
            body: ReasoningBody::Encrypted("c2ln".to_owned()),
            id: None,
            format,
            index: None,
            extras: Extras::NONE,
        })
    };
    let mut request = parse(&asking(&json!({})));
    let mut answer = Message::text(Role::Assistant, "done");
    answer.parts.insert(0, thought(ReasoningFormat::ANTHROPIC));
    answer
        .parts
        .insert(1, thought(ReasoningFormat::named("xai-responses-v1")));
    request.messages.push(answer);
    let (sent, loss) = send(&request);
    let input = sent["input"].as_array().unwrap();
    assert_eq!(input.len(), 3, "{input:?}");
    assert_eq!(input[1]["type"], "reasoning");
    assert_eq!(loss.len(), 1, "{loss:?}");
    assert_eq!(loss[0].what, "messages[1].reasoning");
}

#[test]
fn thinking_is_asked_for_encrypted_only_where_there_may_be_some() {
    let include = |fields: &Value, thinking| {
        let (sent, _) = send_to(&parse(&asking(fields)), &Form::default(), thinking);
        assert_eq!(sent["store"], false);
        sent["include"].clone()
    };
    let encrypted = json!(["reasoning.encrypted_content"]);
    assert_eq!(include(&json!({}), Thinking::Unknown), Value::Null);
    assert_eq!(include(&json!({}), Thinking::Effort), encrypted);
    let asked = json!({"include": ["reasoning.encrypted_content"]});
    assert_eq!(include(&asked, Thinking::Unknown), encrypted);
    let off = json!({"reasoning": {"effort": "none"}});
    assert_eq!(include(&off, Thinking::Effort), Value::Null);
    let logprobs = json!({"top_logprobs": 3});
    let wanted = json!(["message.output_text.logprobs"]);
    assert_eq!(include(&logprobs, Thinking::Unknown), wanted);
}

#[test]
fn the_end_user_is_named_as_the_caller_named_them_and_is_no_extra() {
    let mut request = parse(&asking(&json!({"safety_identifier": "alice"})));
    assert_eq!(request.user.as_deref(), Some("alice"));
    assert!(!format!("{:?}", request.extras).contains("alice"));
    let echo = Responses.echo(&request).unwrap();
    assert_eq!(
        (&echo["safety_identifier"], &echo["user"]),
        (&json!("alice"), &Value::Null)
    );
    request.user = Some("hashed".to_owned());
    let (sent, _) = send(&request);
    assert_eq!(sent["safety_identifier"], "hashed");
    assert_eq!(sent.get("user"), None);
}

#[test]
fn results_of_custom_tools_are_items_of_their_own_kind_for_callers_of_chat() {
    let mut request = parse(&asking(&json!({})));
    let mut answer = Message::text(Role::Assistant, "I ask.");
    answer.parts.push(Part::ToolCall(ToolCall {
        id: "call_1".to_owned(),
        name: "sql".to_owned(),
        arguments: "SELECT 1".to_owned(),
        custom: true,
        cache: None,
        extras: Extras::NONE,
    }));
    let result = Part::ToolResult(ToolResult {
        call_id: "call_1".to_owned(),
        parts: vec![Part::text("1")],
        is_error: false,
        cache: None,
        extras: Extras::NONE,
    });
    request.messages.push(answer);
    request.messages.push(Message {
        role: Role::Tool,
        parts: vec![result],
        name: None,
        extras: Extras::NONE,
    });
    let (sent, _) = send(&request);
    assert_eq!(
        sent["input"].as_array().unwrap()[2..],
        [
            json!({"type": "custom_tool_call", "call_id": "call_1", "name": "sql", "input": "SELECT 1"}),
            json!({"type": "custom_tool_call_output", "call_id": "call_1", "output": "1"}),
        ]
    );
}

#[test]
fn what_the_dialect_cannot_say_is_reported() {
    let mut request = parse(&asking(&json!({})));
    request.sampling.stop = vec!["END".to_owned()];
    request.sampling.seed = Some(7.into());
    request.sampling.top_k = Some(40.into());
    request.sampling.n = Some(2);
    let (sent, loss) = send(&request);
    let mut lost: Vec<_> = loss.iter().map(|loss| loss.what.as_ref()).collect();
    lost.sort_unstable();
    assert_eq!(lost, ["n", "seed", "stop", "top_k"]);
    assert!(
        ["n", "seed", "stop", "top_k"]
            .iter()
            .all(|name| sent.get(name).is_none())
    );
}

// === answers ===

#[test]
fn the_answer_repeats_the_request_with_the_defaults_of_the_rest() {
    let request = parse(&asking(&json!({
        "instructions": "Be brief.", "temperature": 0.5, "max_output_tokens": 40,
        "tools": [{"type": "function", "name": "f"}], "tool_choice": "required",
        "reasoning": {"effort": "low", "context": "all_turns"}, "metadata": {"a": "b"},
        "text": {"verbosity": "low"}, "truncation": "auto", "user": "u",
    })));
    let stamp = Stamp {
        echo: Responses.echo(&request),
        ..stamp()
    };
    let mut out = Vec::new();
    let response = canon::Response::default();
    Responses.render_response(&response, &stamp, &receipt_of(Usage::default()), &mut out);
    let body: Value = serde_json::from_slice(&out).unwrap();
    for (name, wanted) in [
        ("status", json!("completed")),
        ("instructions", json!("Be brief.")),
        ("temperature", json!(0.5)),
        ("top_p", json!(1)),
        ("presence_penalty", json!(0)),
        ("frequency_penalty", json!(0)),
        ("max_output_tokens", json!(40)),
        (
            "tools",
            json!([{"type": "function", "name": "f", "parameters": null, "strict": null}]),
        ),
        ("tool_choice", json!("required")),
        ("parallel_tool_calls", json!(true)),
        (
            "reasoning",
            json!({"effort": "low", "summary": null, "context": "all_turns"}),
        ),
        (
            "text",
            json!({"format": {"type": "text"}, "verbosity": "low"}),
        ),
        ("metadata", json!({"a": "b"})),
        ("truncation", json!("auto")),
        ("user", json!("u")),
        ("store", json!(false)),
        ("error", Value::Null),
        ("incomplete_details", Value::Null),
    ] {
        assert_eq!(body[name], wanted, "{name}");
        assert!(body.get(name).is_some(), "{name} is required");
    }
    assert_eq!(body["usage"]["cost"], json!(0.0000125));
    assert_eq!(
        body["usage"]["cost_details"]["upstream_inference_input_cost"],
        json!(0.0000025)
    );
}

#[test]
fn calls_whose_arguments_come_interleaved_are_each_whole() {
    let frames = streamed(vec![
        text(0, "I look."),
        call(0, "f"),
        call(1, "g"),
        arguments(0, "{\"a\":"),
        arguments(1, "{}"),
        arguments(0, "1}"),
        text(1, "Done."),
    ]);
    let output = &frames.last().unwrap()["response"]["output"];
    assert_eq!(output[1]["arguments"], "{\"a\":1}");
    assert_eq!(output[2]["arguments"], "{}");
    assert_eq!(output[3]["content"][0]["text"], "Done.");
}

#[test]
fn a_signature_that_comes_before_its_words_keeps_them() {
    let piece = |text: &str, signature: Option<&str>| {
        Event::Reasoning(ReasoningDelta {
            choice: 0,
            block: 0,
            body: ReasoningBody::Text {
                text: text.to_owned(),
                signature: signature.map(str::to_owned),
            },
            id: None,
            format: ReasoningFormat::ANTHROPIC,
        })
    };
    for pieces in [
        vec![
            piece("", Some("")),
            piece("I think.", None),
            piece("", Some("c2ln")),
        ],
        vec![piece("I think.", None), piece("", Some("c2ln"))],
        vec![piece("I think.", Some("c2ln"))],
    ] {
        let frames = streamed(pieces);
        let item = &frames.last().unwrap()["response"]["output"][0];
        assert_eq!(
            item["content"],
            json!([{"type": "reasoning_text", "text": "I think."}])
        );
        assert_eq!(item["signature"], "c2ln");
        assert_eq!(item["format"], "anthropic-claude-v1");
    }
}

#[test]
fn ids_that_were_made_up_here_mean_nothing_when_they_come_back() {
    let frames = streamed(vec![text(0, "One."), call(0, "f"), arguments(0, "{}")]);
    let output = frames.last().unwrap()["response"]["output"].clone();
    assert!(output[0]["id"].as_str().unwrap().starts_with("msg_tmp_"));
    let mut input = output.as_array().unwrap().clone();
    input.push(json!({"type": "function_call_output", "call_id": "call_0", "output": "1"}));
    let (sent, _) = send(&parse(&asking(&json!({ "input": input }))));
    for item in sent["input"].as_array().unwrap() {
        assert_eq!(item.get("id"), None, "{item}");
    }
}

// === errors ===

fn fault(kind: Kind) -> ErrorBody<'static> {
    ErrorBody {
        status: 502,
        kind,
        message: "Provider returned error",
        provider_code: None,
        metadata: None,
        availability: None,
        generation: None,
        router: None,
    }
}

/// What a caller reads of an answer that breaks off with an error of this kind.
fn broken(kind: Kind) -> Value {
    let mut stream: Box<dyn RenderStream> = Serve::stream(&Responses, stamp());
    let mut out = Vec::new();
    stream.event(text(0, "Half"), &mut out);
    stream.fault(&fault(kind), &mut out);
    assert!(out.ends_with(b"data: [DONE]\n\n"));
    let frames = frames_of(&out);
    frames.last().unwrap().clone()
}

#[test]
fn every_kind_of_error_has_its_code_in_a_stream_that_breaks_off() {
    for &kind in Kind::ALL {
        let end = broken(kind);
        let response = &end["response"];
        assert_eq!(response["output"][0]["content"][0]["text"], "Half");
        assert_eq!(response["output"][0]["status"], "incomplete");
        if as_success(kind).is_some() {
            assert_eq!(end["type"], "response.incomplete", "{kind:?}");
            assert_eq!(
                response["incomplete_details"]["reason"],
                "max_output_tokens"
            );
            continue;
        }
        let codes = [
            (Kind::RateLimitExceeded, "rate_limit_exceeded"),
            (Kind::InvalidRequest, "invalid_prompt"),
            (
                Kind::ContentPolicyViolation,
                "image_content_policy_violation",
            ),
        ];
        let known = codes.iter().find(|(known, _)| *known == kind);
        let code = known.map_or("server_error", |(_, code)| code);
        assert_eq!(end["type"], "response.failed", "{kind:?}");
        assert_eq!(response["error"]["code"], code, "{kind:?}");
        assert_eq!(response["error_type"], kind.name());
    }
}

#[test]
fn what_is_too_long_is_an_answer_that_ended_at_its_limit() {
    let long = [
        Kind::ContextLengthExceeded,
        Kind::MaxTokensExceeded,
        Kind::TokenLimitExceeded,
        Kind::StringTooLong,
    ];
    for &kind in Kind::ALL {
        let response = as_success(kind);
        assert_eq!(response.is_some(), long.contains(&kind), "{kind:?}");
        let Some(response) = response else { continue };
        assert_eq!(response.choices[0].finish, Some(FinishReason::Length));
        let mut out = Vec::new();
        Responses.render_response(&response, &stamp(), &receipt_of(Usage::default()), &mut out);
        let body: Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(
            (&body["status"], &body["output"]),
            (&json!("incomplete"), &json!([]))
        );
    }
}

#[test]
fn an_answer_that_failed_as_a_whole_keeps_what_it_said() {
    let body = json!({"id": "resp_1", "object": "response", "status": "failed", "model": "m",
        "error": {"code": "server_error", "message": "no"}, "usage": null,
        "output": [{"type": "message", "id": "msg_1", "role": "assistant", "status": "incomplete",
            "content": [{"type": "output_text", "text": "Half", "annotations": []}]}]});
    let response = Responses
        .parse_response(body.to_string().as_bytes())
        .unwrap();
    assert_eq!(response.choices[0].finish, Some(FinishReason::Error));
    let is_half = |part: &Part| matches!(part, Part::Text(text) if text.text == "Half");
    assert!(response.choices[0].parts.iter().any(is_half));
    assert!(Responses.parse_response(b"{\"id\":\"resp_1\"}").is_err());
}

#[test]
fn a_phase_comes_back_on_its_message_and_reaches_no_other_dialect() {
    let items = json!([{"type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
        "phase": "commentary", "content": [{"type": "output_text", "text": "Hm.", "annotations": []}]}]);
    let request = parse(&asking(&json!({ "input": items })));
    assert_eq!(send(&request).0["input"][0]["phase"], "commentary");
    let mut loss = Vec::new();
    let chat = dialects::called(Dialect::OpenAiChat).unwrap();
    let form = Form::default();
    let body = chat
        .render_request(&request, &target(&form, Thinking::Unknown), &mut loss)
        .unwrap();
    assert!(!String::from_utf8(body).unwrap().contains("commentary"));
    assert_eq!(loss.len(), 1, "{loss:?}");
}
