//! Gemini: what it is sent, rule by rule, and (below) what its callers say and are told.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a test names what it expects; anything else fails it"
)]

mod answers;
mod callers;
mod counts;
mod mutants;
mod recorded;
mod streams;

use canon::{
    Effort, Extras, Media, MediaKind, Message, Part, Reasoning, ReasoningBody, ReasoningFormat,
    ReasoningPart, Request, Role, Source, Tool, ToolCall, ToolChoice, ToolKind, ToolResult,
};
use dialects::{Call, Dialect, Error, Form, Loss, Target, Thinking, called};
use serde_json::{Map, Value, json};

fn gemini() -> &'static dyn Call {
    called(Dialect::Gemini).unwrap()
}

fn target<'a>(upstream_model: &'a str, thinking: Thinking, form: &'a Form) -> Target<'a> {
    Target {
        upstream_model,
        model: "google/gemini",
        form,
        max_output_tokens: Some(65_536),
        thinking,
    }
}

fn written(request: &Request, thinking: Thinking) -> Result<(Value, Vec<Loss>), Error> {
    let form = Form::default();
    let mut loss = Vec::new();
    let target = target("gemini-x", thinking, &form);
    let body = gemini().render_request(request, &target, &mut loss)?;
    Ok((serde_json::from_slice(&body).unwrap(), loss))
}

fn asking(messages: Vec<Message>) -> Request {
    Request {
        messages,
        ..Request::default()
    }
}

fn hello() -> Request {
    asking(vec![Message::text(Role::User, "hi")])
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
        name: format!("fn_{id}"),
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

fn signature(call: Option<&str>, data: &str) -> Part {
    Part::Reasoning(ReasoningPart {
        body: ReasoningBody::Encrypted(data.to_owned()),
        id: call.map(str::to_owned),
        format: ReasoningFormat::GEMINI,
        index: None,
        extras: Extras::NONE,
    })
}

// === thinking (spec/inference.md §8.1) ===

/// Model, how it is told to think, the wish, the limit of the answer, the amount that is sent.
type Row = (
    &'static str,
    Thinking,
    &'static str,
    Option<u64>,
    &'static str,
);

const THINKING: &[Row] = {
    use Thinking::{Budget, Effort as Level, Unknown};
    &[
        ("gemini-3-flash", Level, "minimal", None, "minimal"),
        ("gemini-3-flash", Level, "medium", None, "medium"),
        ("gemini-3-flash", Level, "xhigh", None, "high"),
        ("gemini-3-flash", Level, "max", None, "high"),
        ("gemini-3-flash", Level, "on", None, "medium"),
        ("gemini-3-flash", Level, "none", None, "minimal, off"),
        ("gemini-3-flash", Level, "low, hidden", None, "low, hidden"),
        ("gemini-3-flash", Level, "3000 tokens", None, "3000"),
        ("gemini-3-pro", Level, "minimal", None, "low"),
        ("gemini-3-pro", Level, "off", None, "low, off"),
        ("gemini-2.5-flash", Budget, "3000 tokens", None, "3000"),
        ("gemini-2.5-flash", Budget, "high", Some(10_000), "8000"),
        ("gemini-2.5-flash", Budget, "low", Some(100), "512"),
        ("gemini-2.5-flash", Budget, "max", None, "24576"),
        ("gemini-2.5-flash", Budget, "on", Some(4000), "2000"),
        ("gemini-2.5-flash", Budget, "off", None, "0, off"),
        ("gemini-2.5-flash", Budget, "adaptive", None, "-1"),
        ("gemini-2.5-pro", Budget, "off", None, "128, off"),
        ("gemma", Unknown, "off", None, "nothing"),
        ("gemma", Unknown, "high", None, "nothing"),
    ]
};

fn wish(words: &str) -> Reasoning {
    let amount = words.split(", ").next().unwrap();
    Reasoning {
        effort: Effort::named(amount),
        max_tokens: amount
            .strip_suffix(" tokens")
            .map(|number| number.parse().unwrap()),
        enabled: ["off", "on"]
            .iter()
            .position(|word| *word == amount)
            .map(|place| place == 1),
        adaptive: amount == "adaptive",
        exclude: words.ends_with("hidden").then_some(true),
        ..Reasoning::default()
    }
}

fn thinking_config(words: &str) -> Value {
    let amount = words.split(", ").next().unwrap();
    let mut config = match amount.parse::<i64>() {
        _ if amount == "nothing" => return Value::Null,
        Ok(tokens) => json!({ "thinkingBudget": tokens }),
        Err(_) => json!({ "thinkingLevel": amount }),
    };
    if !words.ends_with("off") {
        config["includeThoughts"] = json!(!words.ends_with("hidden"));
    }
    config
}

#[test]
fn how_much_to_think_is_said_in_the_words_of_the_model() {
    let form = Form::default();
    for (model, thinking, words, limit, wanted) in THINKING {
        let mut request = hello();
        request.sampling.max_tokens = *limit;
        request.reasoning = Some(wish(words));
        let target = target(model, *thinking, &form);
        let body = gemini()
            .render_request(&request, &target, &mut Vec::new())
            .unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        let found = &body["generationConfig"]["thinkingConfig"];
        let label = format!("{model}: {words}, limit {limit:?}");
        assert_eq!(*found, thinking_config(wanted), "{label}");
    }
}

// === turns and signatures ===

#[test]
fn parallel_calls_and_their_results_are_one_turn_each() {
    let request = asking(vec![
        Message::text(Role::User, "go"),
        message(
            Role::Assistant,
            vec![
                call("a", "{\"x\": 1.50}"),
                call("b", ""),
                signature(Some("a"), "S+/="),
            ],
        ),
        result("a", "{\"ok\":true}"),
        result("b", "done"),
    ]);
    let (body, loss) = written(&request, Thinking::Effort).unwrap();
    let wanted = json!([
        {"role": "user", "parts": [{"text": "go"}]},
        {"role": "model", "parts": [
            {
                "functionCall": {"id": "a", "name": "fn_a", "args": {"x": 1.50}},
                "thoughtSignature": "S+/=",
            },
            {"functionCall": {"id": "b", "name": "fn_b", "args": {}}},
        ]},
        {"role": "user", "parts": [
            {"functionResponse": {"id": "a", "name": "fn_a", "response": {"ok": true}}},
            {"functionResponse": {"id": "b", "name": "fn_b", "response": {"result": "done"}}},
        ]},
    ]);
    assert_eq!(body["contents"], wanted);
    assert!(loss.is_empty(), "{loss:?}");
}

#[test]
fn a_call_without_a_signature_is_excused_where_signatures_are_demanded() {
    let request = asking(vec![
        Message::text(Role::User, "go"),
        message(Role::Assistant, vec![call("a", "{}"), call("b", "{}")]),
        result("a", "1"),
        result("b", "2"),
    ]);
    let signs = |thinking| {
        let (body, _) = written(&request, thinking).unwrap();
        let parts = body["contents"][1]["parts"].clone();
        [0, 1].map(|index| parts[index]["thoughtSignature"].clone())
    };
    let excuse = json!("skip_thought_signature_validator");
    assert_eq!(signs(Thinking::Effort), [excuse, Value::Null]);
    assert_eq!(signs(Thinking::Budget), [Value::Null, Value::Null]);
}

#[test]
fn a_signature_of_a_call_that_is_gone_is_a_declared_loss() {
    let parts = vec![Part::text("a"), signature(Some("gone"), "SIG")];
    let request = asking(vec![
        Message::text(Role::User, "go"),
        message(Role::Assistant, parts),
    ]);
    let (body, loss) = written(&request, Thinking::Budget).unwrap();
    assert!(!body.to_string().contains("SIG"), "{body}");
    assert_eq!(loss.len(), 1, "{loss:?}");
}

#[test]
fn what_cannot_be_said_is_refused_by_name() {
    let media = |source| {
        let media = Media {
            kind: MediaKind::Image,
            source,
            mime: None,
            name: None,
            detail: None,
            transcript: None,
        };
        let cache = None;
        let extras = Extras::NONE;
        asking(vec![message(
            Role::User,
            vec![Part::Media {
                media,
                cache,
                extras,
            }],
        )])
    };
    let refused = [
        (
            media(Source::Url("file:///etc/passwd".to_owned())),
            "messages[0].content[0]",
        ),
        (
            media(Source::Url("data:image/png,raw".to_owned())),
            "messages[0].content[0]",
        ),
        (
            media(Source::Upload("file-abc".to_owned())),
            "messages[0].content[0]",
        ),
        (
            asking(vec![result("never", "x")]),
            "messages[0].content[0].tool_call_id",
        ),
        (
            asking(vec![message(Role::Assistant, vec![call("a", "[1")])]),
            "messages[0].content[0].arguments",
        ),
    ];
    for (request, place) in refused {
        let error = written(&request, Thinking::Unknown).unwrap_err();
        assert!(error.to_string().contains(place), "{error}");
    }
}

#[test]
fn a_model_name_cannot_leave_the_path() {
    let form = Form::default();
    for model in ["../files", "a/b:generateContent", "x?key=", "", ".."] {
        let target = target(model, Thinking::Unknown, &form);
        let sent = gemini().render_request(&hello(), &target, &mut Vec::new());
        assert!(sent.is_err(), "{model}");
        let path = gemini().path(model, &form, false);
        assert_eq!(path.matches('/').count(), 2, "{path}");
        assert_eq!(path.matches(['?', '#']).count(), 0, "{path}");
    }
    assert_eq!(
        gemini().path("gemini-2.5-flash", &form, true),
        "/models/gemini-2.5-flash:streamGenerateContent?alt=sse"
    );
}

#[test]
fn instructions_alone_are_asked_as_a_turn() {
    let request = asking(vec![Message::text(Role::System, "Say hi.")]);
    let (body, loss) = written(&request, Thinking::Unknown).unwrap();
    assert_eq!(
        body,
        json!({"contents": [{"role": "user", "parts": [{"text": "Say hi."}]}]})
    );
    assert_eq!(loss.len(), 1);
}

// === tools, extras ===

#[test]
fn a_choice_of_tools_is_said_only_where_there_are_functions() {
    let function = Tool {
        kind: ToolKind::Function {
            name: "f".to_owned(),
            description: None,
            parameters: None,
            strict: None,
        },
        cache: None,
        extras: Extras::NONE,
    };
    let mode = |choice: ToolChoice, tools: Vec<Tool>| {
        let mut request = hello();
        request.tools = tools;
        request.tool_choice = Some(choice);
        let (body, loss) = written(&request, Thinking::Unknown).unwrap();
        let config = body["toolConfig"]["functionCallingConfig"].clone();
        (config, loss.len())
    };
    let tools = || vec![function.clone()];
    let named = ToolChoice::Function("f".to_owned());
    assert_eq!(
        mode(ToolChoice::Auto, tools()),
        (json!({"mode": "AUTO"}), 0)
    );
    assert_eq!(
        mode(ToolChoice::None, tools()),
        (json!({"mode": "NONE"}), 0)
    );
    assert_eq!(
        mode(ToolChoice::Required, tools()),
        (json!({"mode": "ANY"}), 0)
    );
    assert_eq!(
        mode(named.clone(), tools()),
        (json!({"mode": "ANY", "allowedFunctionNames": ["f"]}), 0)
    );
    assert_eq!(mode(ToolChoice::Auto, Vec::new()), (Value::Null, 0));
    assert_eq!(mode(named, Vec::new()), (Value::Null, 1));
}

#[test]
fn fields_of_its_own_are_merged_and_refused_ones_left_out() {
    let own = json!({
        "safetySettings": [],
        "cachedContent": "cachedContents/1",
        "generationConfig": {"temperature": 9, "mediaResolution": "MEDIA_RESOLUTION_LOW"},
    });
    let Value::Object(own) = own else {
        unreachable!()
    };
    let mut request = hello();
    request.extras = Extras::new(Dialect::Gemini, own);
    request.sampling.temperature = serde_json::from_str("0.5").ok();
    request.sampling.seed = serde_json::from_str("7").ok();
    let form = Form {
        drops: &["seed", "cachedContent"],
        ..Form::default()
    };
    let mut loss = Vec::new();
    let target = target("gemini-x", Thinking::Unknown, &form);
    let body = gemini()
        .render_request(&request, &target, &mut loss)
        .unwrap();
    let body: Map<String, Value> = serde_json::from_slice(&body).unwrap();
    assert_eq!(
        body["generationConfig"],
        json!({"temperature": 0.5, "mediaResolution": "MEDIA_RESOLUTION_LOW"})
    );
    assert_eq!(body["safetySettings"], json!([]));
    assert!(!body.contains_key("cachedContent"));
    let lost: Vec<&str> = loss.iter().map(|loss| loss.what.as_ref()).collect();
    assert_eq!(lost, ["seed", "cachedContent"]);
}

// === answers ===

#[test]
fn calls_without_ids_get_ids_that_are_unique_in_and_across_answers() {
    let answer = |response_id: &str| {
        let calls =
            json!([{"functionCall": {"name": "f"}}, {"functionCall": {"name": "f", "args": {}}}]);
        json!({"responseId": response_id, "candidates": [
            {"content": {"parts": calls.clone()}, "finishReason": "STOP"},
            {"index": 1, "content": {"parts": calls}, "finishReason": "STOP"},
        ]})
    };
    let mut ids = Vec::new();
    for response_id in ["one", "two/with+odd=letters-and-a-very-long-rest-of-it"] {
        let body = answer(response_id).to_string();
        let response = gemini().parse_response(body.as_bytes()).unwrap();
        let again = gemini().parse_response(body.as_bytes()).unwrap();
        assert_eq!(response, again, "the same answer gets the same ids");
        for choice in response.choices {
            for part in choice.parts {
                let Part::ToolCall(call) = part else { panic!() };
                assert_eq!(call.arguments, "{}");
                ids.push(call.id);
            }
        }
    }
    for id in &ids {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        assert!(id.len() <= 40 && id.bytes().all(is_plain), "{id}");
    }
    let mut unique = ids.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), ids.len(), "{ids:?}");
}

#[test]
fn an_answer_that_is_none_is_an_error() {
    for body in [
        &b"{}"[..],
        b"[]",
        b"null",
        b"",
        br#"{"candidates":{}}"#,
        br#"{"candidates":[{"content":{"parts":[{"functionCall":{}}]}}]}"#,
    ] {
        let text = String::from_utf8_lossy(body);
        assert!(gemini().parse_response(body).is_err(), "{text}");
    }
}
