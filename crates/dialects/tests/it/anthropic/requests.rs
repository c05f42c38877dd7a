//! Requests of callers of other dialects, as Anthropic is sent them; and back.

use canon::{
    CacheMark, CacheTtl, Effort, Extras, Format, Media, MediaKind, Message, Part, Reasoning,
    ReasoningBody, ReasoningFormat, ReasoningPart, Request, Role, Source, TextPart, Tool, ToolCall,
    ToolChoice, ToolKind, ToolResult,
};
use dialects::{Call, Error, Form, Loss, Thinking, anthropic::Anthropic};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{parse, send, target};

const MODEL: &str = "anthropic/claude-sonnet-4.5";

fn ask(messages: Vec<Message>) -> Request {
    Request {
        messages,
        ..Request::default()
    }
}

fn message(role: Role, parts: Vec<Part>) -> Message {
    Message {
        role,
        parts,
        name: None,
        extras: Extras::NONE,
    }
}

fn call(id: &str, arguments: &str) -> Part {
    Part::ToolCall(ToolCall {
        id: id.to_owned(),
        name: "f".to_owned(),
        arguments: arguments.to_owned(),
        custom: false,
        cache: None,
        extras: Extras::NONE,
    })
}

fn result(id: &str, text: &str) -> Message {
    let result = ToolResult {
        call_id: id.to_owned(),
        parts: vec![Part::text(text)],
        is_error: false,
        cache: None,
        extras: Extras::NONE,
    };
    message(Role::Tool, vec![Part::ToolResult(result)])
}

fn media(kind: MediaKind, source: Source, mime: Option<&str>) -> Part {
    Part::Media {
        media: Media {
            kind,
            source,
            mime: mime.map(str::to_owned),
            name: None,
            detail: None,
            transcript: None,
        },
        cache: None,
        extras: Extras::NONE,
    }
}

fn sent(request: &Request) -> (Value, Vec<String>) {
    let form = Form::default();
    let (body, loss) = send(request, &target(MODEL, Thinking::Budget, &form));
    (
        body,
        loss.into_iter()
            .map(|loss| loss.what.into_owned())
            .collect(),
    )
}

#[test]
fn system_messages_lead_and_later_ones_become_the_users_words() {
    let request = ask(vec![
        Message::text(Role::System, "one"),
        Message::text(Role::Developer, "two"),
        Message::text(Role::User, "hi"),
        Message::text(Role::Assistant, "hello"),
        Message::text(Role::System, "three"),
        Message::text(Role::User, "bye"),
    ]);
    let (body, lost) = sent(&request);
    assert_eq!(
        body["system"],
        json!([{"type": "text", "text": "one"}, {"type": "text", "text": "two"}])
    );
    assert_eq!(
        body["messages"],
        json!([
            {"role": "user", "content": "hi"},
            {"role": "assistant", "content": "hello"},
            {"role": "user", "content": "three"},
            {"role": "user", "content": "bye"},
        ])
    );
    assert_eq!(lost, ["messages[4].role"]);
    assert_eq!(
        (&body["model"], &body["max_tokens"]),
        (&json!(MODEL), &json!(4096))
    );
}

#[test]
fn models_that_take_system_turns_get_them_behind_the_user() {
    let request = ask(vec![
        Message::text(Role::User, "hi"),
        Message::text(Role::System, "be brief"),
        Message::text(Role::Assistant, "hello"),
        Message::text(Role::System, "be long"),
        Message::text(Role::User, "bye"),
    ]);
    let form = Form::default();
    let model = "anthropic/claude-opus-4.8";
    let (body, loss) = send(&request, &target(model, Thinking::Adaptive, &form));
    let roles = body["messages"].as_array().unwrap().iter();
    let roles: Vec<_> = roles.map(|turn| turn["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["user", "system", "assistant", "user", "user"]);
    assert_eq!(
        loss,
        [Loss::new("messages[3].role", "sent as the user's words")]
    );
}

#[test]
fn a_conversation_of_instructions_alone_still_asks_something() {
    let request = ask(vec![
        Message::text(Role::System, "one"),
        Message::text(Role::System, "two"),
    ]);
    let (body, lost) = sent(&request);
    assert_eq!(body["system"], "one");
    assert_eq!(
        body["messages"],
        json!([{"role": "user", "content": "two"}])
    );
    assert_eq!(lost, ["messages[1].role"]);
}

#[test]
fn results_of_one_answer_stand_together_and_first() {
    let request = ask(vec![
        Message::text(Role::User, "hi"),
        message(
            Role::Assistant,
            vec![call("a:1", "{\"x\": 1}"), call("b", "")],
        ),
        Message::text(Role::System, "be brief"),
        result("a:1", "one"),
        result("b", "two"),
        Message::text(Role::User, "and?"),
    ]);
    let (body, lost) = sent(&request);
    assert_eq!(
        body["messages"],
        json!([
            {"role": "user", "content": "hi"},
            {"role": "assistant", "content": [
                {"type": "tool_use", "id": "a_1", "name": "f", "input": {"x": 1}},
                {"type": "tool_use", "id": "b", "name": "f", "input": {}}]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "a_1", "content": "one"},
                {"type": "tool_result", "tool_use_id": "b", "content": "two"},
                {"type": "text", "text": "be brief"},
                {"type": "text", "text": "and?"}]},
        ])
    );
    assert_eq!(lost, ["messages[2].role"]);
}

#[test]
fn arguments_that_are_no_object_are_sent_as_text_and_reported() {
    for arguments in ["{\"x\":", "[1]", "5", "nonsense \" \\"] {
        let request = ask(vec![
            Message::text(Role::User, "hi"),
            message(Role::Assistant, vec![call("a", arguments)]),
            result("a", "one"),
        ]);
        let (body, lost) = sent(&request);
        let input = &body["messages"][1]["content"][0]["input"];
        assert_eq!(*input, json!({ "arguments": arguments }));
        assert_eq!(lost, ["messages[1].content[0].arguments"]);
    }
}

#[test]
fn thinking_goes_back_only_to_whom_it_belongs() {
    let piece = |body, format| {
        Part::Reasoning(ReasoningPart {
            body,
            id: Some("r".to_owned()),
            format,
            index: Some(0),
            extras: Extras::NONE,
        })
    };
    let words = |signature: Option<&str>| ReasoningBody::Text {
        text: "hm \u{e4}".to_owned(),
        signature: signature.map(str::to_owned),
    };
    let request = ask(vec![
        Message::text(Role::User, "hi"),
        message(
            Role::Assistant,
            vec![
                piece(words(Some("c2ln+/==")), ReasoningFormat::ANTHROPIC),
                piece(
                    ReasoningBody::Encrypted("ZGF0YQ==".to_owned()),
                    ReasoningFormat::ANTHROPIC,
                ),
                piece(words(None), ReasoningFormat::ANTHROPIC),
                piece(words(Some("x")), ReasoningFormat::GEMINI),
                piece(
                    ReasoningBody::Encrypted("y".to_owned()),
                    ReasoningFormat::OPENAI,
                ),
                piece(
                    ReasoningBody::Summary("z".to_owned()),
                    ReasoningFormat::OPENAI,
                ),
                Part::text("so"),
            ],
        ),
        Message::text(Role::User, "bye"),
    ]);
    let (body, lost) = sent(&request);
    assert_eq!(
        body["messages"][1]["content"],
        json!([
            {"type": "thinking", "thinking": "hm \u{e4}", "signature": "c2ln+/=="},
            {"type": "redacted_thinking", "data": "ZGF0YQ=="},
            {"type": "text", "text": "so"},
        ])
    );
    let expected = [2, 3, 4, 5].map(|index| format!("messages[1].content[{index}]"));
    assert_eq!(lost, expected);
}

#[test]
fn a_budget_is_not_given_where_the_last_turn_lost_its_thinking() {
    let mut request = ask(vec![
        Message::text(Role::User, "hi"),
        message(Role::Assistant, vec![call("a", "{}")]),
        result("a", "one"),
    ]);
    request.reasoning = Some(Reasoning {
        effort: Some(Effort::High),
        ..Reasoning::default()
    });
    let (body, lost) = sent(&request);
    assert_eq!(body.get("thinking"), None);
    assert_eq!(lost, ["reasoning"]);
    request.messages.push(Message::text(Role::User, "go on"));
    assert!(sent(&request).0.get("thinking").is_some());
}

#[test]
fn pictures_and_documents_find_their_blocks() {
    let pdf = json!({"type": "document", "source":
        {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="}});
    let url = |url: &str| Source::Url(url.to_owned());
    let data = |data: &str| Source::Base64(data.to_owned());
    for (part, block) in [
        (
            media(MediaKind::Image, url("https://a/b.png"), None),
            json!({"type": "image", "source": {"type": "url", "url": "https://a/b.png"}}),
        ),
        (
            media(
                MediaKind::Image,
                url("data:image/jpg;base64,/9j/4A=="),
                None,
            ),
            json!({"type": "image", "source":
                {"type": "base64", "media_type": "image/jpeg", "data": "/9j/4A=="}}),
        ),
        (
            media(MediaKind::Image, data("iVBORw0KGgoAAAA="), None),
            json!({"type": "image", "source":
                {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgoAAAA="}}),
        ),
        (
            media(MediaKind::File, data("JVBERi0="), Some("application/pdf")),
            pdf.clone(),
        ),
        (
            media(
                MediaKind::File,
                url("data:application/pdf;base64,JVBERi0="),
                None,
            ),
            pdf,
        ),
        (
            media(MediaKind::File, data("aGk="), Some("text/csv")),
            json!({"type": "document", "source":
                {"type": "text", "media_type": "text/plain", "data": "hi"}}),
        ),
        (
            media(MediaKind::File, url("https://a/b.pdf"), None),
            json!({"type": "document", "source": {"type": "url", "url": "https://a/b.pdf"}}),
        ),
        (
            media(MediaKind::File, Source::Upload("file_1".to_owned()), None),
            json!({"type": "document", "source": {"type": "file", "file_id": "file_1"}}),
        ),
    ] {
        let (body, lost) = sent(&ask(vec![message(Role::User, vec![part])]));
        assert_eq!(body["messages"][0]["content"], json!([block]));
        assert!(lost.is_empty(), "{lost:?}");
    }
}

#[test]
fn media_that_claude_does_not_know_is_refused_and_named() {
    let data = |data: &str| Source::Base64(data.to_owned());
    for part in [
        media(MediaKind::Audio, data("AAAA"), Some("wav")),
        media(
            MediaKind::Video,
            Source::Url("https://a/b.mp4".to_owned()),
            None,
        ),
        media(MediaKind::Image, data("AAAA"), Some("image/tiff")),
        media(
            MediaKind::Image,
            Source::Url("ftp://a/b.png".to_owned()),
            None,
        ),
        media(MediaKind::File, data("UEsDBA=="), Some("application/zip")),
        media(MediaKind::File, data("!!"), Some("text/plain")),
    ] {
        let request = ask(vec![message(Role::User, vec![Part::text("see"), part])]);
        let form = Form::default();
        let target = target(MODEL, Thinking::Unknown, &form);
        let error = Anthropic.render_request(&request, &target, &mut Vec::new());
        let Err(Error::Unsayable { what, .. }) = error else {
            panic!("{error:?}")
        };
        assert!(what.starts_with("messages[0].content[1]: "), "{what}");
    }
}

#[test]
fn tools_are_offered_in_anthropics_form() {
    let function = |parameters, strict| Tool {
        kind: ToolKind::Function {
            name: "f".to_owned(),
            description: None,
            parameters,
            strict,
        },
        cache: Some(CacheMark {
            ttl: Some(CacheTtl::OneHour),
        }),
        extras: Extras::NONE,
    };
    let mut request = ask(vec![Message::text(Role::User, "hi")]);
    request.tools = vec![
        function(None, None),
        function(Some(json!({"properties": {}})), Some(true)),
    ];
    request.parallel_tool_calls = Some(false);
    let cache = json!({"type": "ephemeral", "ttl": "1h"});
    let (body, lost) = sent(&request);
    assert_eq!(
        body["tools"],
        json!([
            {"name": "f", "input_schema": {"type": "object", "properties": {}}, "cache_control": cache},
            {"name": "f", "input_schema": {"properties": {}, "type": "object"}, "cache_control": cache},
        ])
    );
    assert_eq!(
        body["tool_choice"],
        json!({"type": "auto", "disable_parallel_tool_use": true})
    );
    assert_eq!(lost, ["tools[1].strict"]);
    request.stream = true;
    let (body, _) = sent(&request);
    assert_eq!(body["stream"], true);
    let tools = body["tools"].as_array().unwrap();
    assert!(
        tools
            .iter()
            .all(|tool| tool["eager_input_streaming"] == true)
    );
    request.tools.clear();
    request.tool_choice = Some(ToolChoice::Required);
    let (body, lost) = sent(&request);
    assert_eq!(body.get("tool_choice"), None);
    assert_eq!(lost, ["tool_choice"]);
}

#[test]
fn what_anthropic_has_no_field_for_is_reported() {
    let mut request = ask(vec![Message::text(Role::User, "hi")]);
    let number = || serde_json::from_str("1.5").ok();
    request.sampling.temperature = number();
    request.sampling.seed = number();
    request.sampling.min_p = number();
    request.sampling.frequency_penalty = number();
    request.sampling.logprobs = Some(true);
    request.sampling.n = Some(2);
    request.sampling.stop = vec!["\n".to_owned(), "end".to_owned()];
    request.format = Some(Format::JsonObject);
    request.service_tier = Some("flex".to_owned());
    request.user = Some("u".to_owned());
    request
        .extras
        .insert(canon::Dialect::OpenAiChat, "store", json!(true));
    let (body, lost) = sent(&request);
    assert_eq!(
        lost,
        [
            "temperature",
            "stop",
            "response_format",
            "service_tier",
            "store",
            "min_p",
            "frequency_penalty",
            "seed",
            "logprobs",
            "n"
        ]
    );
    assert_eq!(
        body,
        json!({"model": MODEL, "max_tokens": 4096, "messages": [{"role": "user", "content": "hi"}],
            "temperature": 1, "stop_sequences": ["end"], "metadata": {"user_id": "u"}})
    );
}

#[test]
fn a_schema_is_closed_and_asked_for_natively() {
    let mut request = ask(vec![Message::text(Role::User, "hi")]);
    request.format = Some(Format::JsonSchema {
        name: None,
        description: None,
        schema: Some(json!({"type": "object", "properties": {
            "a": {"type": "object", "additionalProperties": true},
            "b": {"type": "array", "items": {"type": "object"}},
            "c": {"enum": [{"type": "object"}]}}})),
        strict: Some(true),
    });
    let (body, lost) = sent(&request);
    assert_eq!(
        body["output_config"]["format"],
        json!({"type": "json_schema", "schema": {"type": "object", "properties": {
            "a": {"type": "object", "additionalProperties": true},
            "b": {"type": "array", "items": {"type": "object", "additionalProperties": false}},
            "c": {"enum": [{"type": "object"}]}}, "additionalProperties": false}})
    );
    assert!(lost.is_empty());
}

#[test]
fn fields_that_a_vendor_refuses_are_left_out_and_reported() {
    let form = Form {
        drops: &["metadata", "top_k", "output_config"],
        ..Form::default()
    };
    let request = parse(
        &json!({"model": "m", "max_tokens": 5, "top_k": 3, "top_p": 0.5,
        "metadata": {"user_id": "u"}, "output_config": {"effort": "low"},
        "messages": [{"role": "user", "content": "hi"}]}),
    );
    let (body, loss) = send(&request, &target(MODEL, Thinking::Budget, &form));
    let lost: Vec<_> = loss.iter().map(|loss| loss.what.as_ref()).collect();
    assert_eq!(lost, ["top_k", "output_config", "metadata"]);
    assert_eq!(body["top_p"], 0.5);
    assert!(body.get("top_k").is_none() && body.get("metadata").is_none());
}

#[test]
fn a_prefill_ends_without_white_space() {
    let request = ask(vec![
        Message::text(Role::User, "hi"),
        Message::text(Role::Assistant, "I say: \n"),
    ]);
    let (body, lost) = sent(&request);
    assert_eq!(body["messages"][1]["content"], "I say:");
    assert_eq!(lost, ["messages[1].content[0]"]);
}

#[test]
fn what_speaks_to_the_router_stays_here() {
    let request = parse(
        &json!({"model": "m", "max_tokens": 5, "stop_server_tools_when": [],
        "provider": {"only": ["anthropic"]}, "models": ["c/d"], "session_id": "s", "trace": {},
        "tools": [{"type": "openrouter:web_search"}], "speed": "fast",
        "messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": [
            {"type": "openrouter_bash_tool_result", "tool_use_id": "1", "content": {}},
            {"type": "text", "text": "ok"}]}, {"role": "user", "content": "so?"}]}),
    );
    let (body, lost) = sent(&request);
    assert_eq!(
        body,
        json!({"model": MODEL, "max_tokens": 5, "speed": "fast", "messages": [
            {"role": "user", "content": "hi"},
            {"role": "assistant", "content": "ok"},
            {"role": "user", "content": "so?"}]})
        .clone()
    );
    assert_eq!(lost, ["messages[1].content[0]", "tools[0]"]);
}

fn words() -> impl Strategy<Value = String> + Clone {
    "[a-z\"\\\\\u{e4}\u{1f600}]{1,8}"
}

fn marks() -> impl Strategy<Value = Option<CacheMark>> + Clone {
    let ttl = prop::option::of(prop_oneof![
        Just(CacheTtl::FiveMinutes),
        Just(CacheTtl::OneHour)
    ]);
    prop::option::of(ttl.prop_map(|ttl| CacheMark { ttl }))
}

fn texts() -> impl Strategy<Value = Part> + Clone {
    (words(), marks()).prop_map(|(text, cache)| {
        Part::Text(TextPart {
            text,
            cache,
            ..TextPart::default()
        })
    })
}

fn user_turns() -> impl Strategy<Value = Vec<Message>> + Clone {
    let picture = (words(), marks()).prop_map(|(data, cache)| Part::Media {
        media: Media {
            kind: MediaKind::Image,
            source: Source::Base64(data),
            mime: Some("image/png".to_owned()),
            name: None,
            detail: None,
            transcript: None,
        },
        cache,
        extras: Extras::NONE,
    });
    let other = words().prop_map(|text| Part::Other {
        dialect: canon::Dialect::Anthropic,
        value: json!({"type": "search_result", "source": text, "title": "t", "content": []}),
    });
    prop::collection::vec(prop_oneof![texts(), picture, other], 1..4)
        .prop_map(|parts| vec![message(Role::User, parts)])
}

/// A call and its result.
fn exchanges() -> impl Strategy<Value = Vec<Message>> {
    let result = (words(), marks(), prop::bool::ANY).prop_map(|(text, cache, is_error)| {
        Part::ToolResult(ToolResult {
            call_id: "c1".to_owned(),
            parts: vec![Part::text(text)],
            is_error,
            cache,
            extras: Extras::NONE,
        })
    });
    (texts(), words(), result).prop_map(|(said, argument, result)| {
        let call = call("c1", &json!({ "x": argument }).to_string());
        vec![
            message(Role::Assistant, vec![said, call]),
            message(Role::Tool, vec![result]),
        ]
    })
}

fn conversations() -> impl Strategy<Value = Vec<Message>> {
    let said = texts().prop_map(|part| vec![message(Role::Assistant, vec![part])]);
    let turns = prop::collection::vec(prop_oneof![user_turns(), exchanges(), said], 0..5);
    let system = prop::collection::vec(texts(), 0..3);
    (system, turns, user_turns()).prop_map(|(system, turns, last)| {
        let system = (!system.is_empty()).then(|| message(Role::System, system));
        let turns = turns.into_iter().flatten();
        system.into_iter().chain(turns).chain(last).collect()
    })
}

/// Requests in the form in which this dialect's parser gives them.
fn requests() -> impl Strategy<Value = Request> {
    let choice = prop::option::of(prop_oneof![
        Just(ToolChoice::Auto),
        Just(ToolChoice::Required),
        Just(ToolChoice::None),
        Just(ToolChoice::Function("f".to_owned())),
    ]);
    let heat = prop::option::of((0..=10u8).prop_map(|heat| f64::from(heat) / 10.0));
    let stop = prop::collection::vec(words(), 0..3);
    let flags = (marks(), prop::bool::ANY);
    (conversations(), choice, 1..9_000u64, heat, stop, flags).prop_map(
        |(messages, tool_choice, max_tokens, heat, stop, (cache, stream))| {
            let mut request = ask(messages);
            request.model = Some(MODEL.to_owned());
            request.tool_choice = tool_choice;
            request.tools = vec![Tool {
                kind: ToolKind::Function {
                    name: "f".to_owned(),
                    description: Some("d".to_owned()),
                    parameters: Some(json!({"type": "object"})),
                    strict: None,
                },
                cache,
                extras: Extras::NONE,
            }];
            request.sampling.max_tokens = Some(max_tokens);
            request.sampling.temperature =
                heat.and_then(|heat| serde_json::from_value(json!(heat)).ok());
            request.sampling.stop = stop;
            request.cache = cache;
            request.stream = stream;
            request
        },
    )
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(request in requests()) {
        let (body, lost) = sent(&request);
        prop_assert!(lost.is_empty(), "{:?}", lost);
        let mut read = parse(&body);
        for tool in &mut read.tools {
            // Added to every tool of a streamed request.
            if request.stream {
                prop_assert!(tool.extras.any().is_some());
                tool.extras = Extras::NONE;
            }
        }
        prop_assert_eq!(read, request);
    }
}
