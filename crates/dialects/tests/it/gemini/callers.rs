//! What callers ask in Google's words.

use canon::{
    Effort, Format, MediaKind, Part, ReasoningBody, ReasoningFormat, Request, Role, Source,
    ToolChoice, ToolKind,
};
use dialects::{Call, Dialect, Error, Form, Serve, Target, Thinking, called, served};
use serde_json::{Value, json};

fn serve() -> &'static dyn Serve {
    served(Dialect::Gemini).unwrap()
}

fn read(body: &Value) -> Result<Request, Error> {
    serve().parse_request(body.to_string().as_bytes())
}

/// A question with one more field.
fn asking(name: &str, value: Value) -> Request {
    let mut body = json!({"contents": [{"role": "user", "parts": [{"text": "hi"}]}]});
    body[name] = value;
    read(&body).unwrap()
}

fn written(request: &Request, dialect: Dialect) -> (Value, Vec<dialects::Loss>) {
    let call: &dyn Call = called(dialect).unwrap();
    let form = Form::default();
    let target = Target {
        upstream_model: "x",
        model: "acme/x",
        form: &form,
        max_output_tokens: None,
        thinking: Thinking::Budget,
    };
    let mut loss = Vec::new();
    let body = call.render_request(request, &target, &mut loss).unwrap();
    (serde_json::from_slice(&body).unwrap(), loss)
}

#[test]
fn both_spellings_and_missing_brackets_say_the_same() {
    let camel = json!({
        "systemInstruction": {"parts": [{"text": "Be terse."}]},
        "contents": [{"role": "user", "parts": [
            {"inlineData": {"mimeType": "image/png", "data": "aa+/"}},
            {"fileData": {"mimeType": "audio/mp3", "fileUri": "https://a.example/b"}},
        ]}],
        "tools": [{"functionDeclarations": [{"name": "f", "parametersJsonSchema": {"a_b": 1}}]}],
        "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["f"]}},
        "generationConfig": {
            "maxOutputTokens": 7,
            "responseMimeType": "application/json",
            "thinkingConfig": {"thinkingBudget": 9, "includeThoughts": true},
        },
        "cachedContent": "c",
    });
    let snake = json!({
        "system_instruction": {"parts": {"text": "Be terse."}},
        "contents": {"parts": [
            {"inline_data": {"mime_type": "image/png", "data": "aa-_"}},
            {"file_data": {"mime_type": "audio/mp3", "file_uri": "https://a.example/b"}},
        ]},
        "tools": {"function_declarations": {"name": "f", "parameters_json_schema": {"a_b": 1}}},
        "tool_config": {"function_calling_config": {"mode": "any", "allowed_function_names": ["f"]}},
        "generation_config": {
            "max_output_tokens": "7",
            "response_mime_type": "application/json",
            "thinking_config": {"thinking_budget": 9, "include_thoughts": true},
        },
        "cached_content": "c",
    });
    let request = read(&camel).unwrap();
    assert_eq!(read(&snake).unwrap(), request);
    assert_eq!(request.sampling.max_tokens, Some(7));
    assert_eq!(
        request.tool_choice,
        Some(ToolChoice::Function("f".to_owned()))
    );
    assert_eq!(request.format, Some(Format::JsonObject));
    let [_, user] = request.messages.as_slice() else {
        panic!()
    };
    let [
        Part::Media { media: image, .. },
        Part::Media { media: sound, .. },
    ] = user.parts.as_slice()
    else {
        panic!("{user:?}")
    };
    assert_eq!(image.source, Source::Base64("aa+/".to_owned()));
    assert_eq!(
        (image.kind, sound.kind),
        (MediaKind::Image, MediaKind::Audio)
    );
}

#[test]
fn what_openrouter_adds_is_read_beside_googles_fields() {
    let body = json!({
        "model": "models/gemini-x",
        "models": ["acme/other"],
        "provider": {"order": ["acme"], "allow_fallbacks": false},
        "user": "u",
        "session_id": "s",
        "contents": [{"parts": [{"text": "hi"}]}],
    });
    let request = read(&body).unwrap();
    assert_eq!(request.model.as_deref(), Some("gemini-x"));
    assert_eq!(request.routing.models, ["acme/other"]);
    assert_eq!(request.routing.preferences.order, ["acme"]);
    assert_eq!(request.routing.preferences.allow_fallbacks, Some(false));
    assert_eq!(
        (request.user.as_deref(), request.session_id.as_deref()),
        (Some("u"), Some("s"))
    );
    assert!(request.extras.is_empty(), "{:?}", request.extras);
}

// === calls and results ===

fn conversation(turns: &[Value]) -> Request {
    read(&json!({ "contents": turns })).unwrap()
}

fn call(name: &str, number: u64) -> Value {
    json!({"functionCall": {"name": name, "args": {"n": number}}})
}

fn result(name: &str, number: u64) -> Value {
    json!({"functionResponse": {"name": name, "response": {"n": number}}})
}

/// The arguments of the call that each result answers, and the result.
fn answered(request: &Request) -> Vec<(String, String)> {
    let mut calls = Vec::new();
    let mut pairs = Vec::new();
    for part in request.messages.iter().flat_map(|message| &message.parts) {
        match part {
            Part::ToolCall(call) => calls.push((call.id.clone(), call.arguments.clone())),
            Part::ToolResult(result) => {
                let mut matching = calls.iter().filter(|(id, _)| *id == result.call_id);
                let (_, arguments) = matching.next().unwrap();
                assert!(matching.next().is_none(), "an id twice");
                let [Part::Text(text)] = result.parts.as_slice() else {
                    panic!()
                };
                pairs.push((arguments.clone(), text.text.clone()));
            }
            _ => {}
        }
    }
    pairs
}

#[test]
fn results_without_ids_answer_the_open_call_of_their_name() {
    let turns = [
        json!({"role": "user", "parts": [{"text": "go"}]}),
        json!({"role": "model", "parts": [call("a", 1), call("b", 2), call("a", 3)]}),
        json!({"role": "user", "parts": [result("b", 2), result("a", 1), result("a", 3)]}),
        json!({"role": "model", "parts": [call("a", 4)]}),
        json!({"role": "function", "parts": [result("a", 4)]}),
    ];
    let request = conversation(&turns);
    let pairs = answered(&request);
    let wanted = ["{\"n\":2}", "{\"n\":1}", "{\"n\":3}", "{\"n\":4}"];
    assert_eq!(pairs.len(), wanted.len());
    for ((arguments, text), wanted) in pairs.iter().zip(wanted) {
        assert_eq!((arguments.as_str(), text.as_str()), (wanted, wanted));
    }
    // One that names a call by an id nobody gave out is a result all the same.
    let mut named = turns[..3].to_vec();
    named[2]["parts"][1]["functionResponse"]["id"] = json!("made-up");
    assert_eq!(answered(&conversation(&named)), pairs[..3]);
    // The next request of the same conversation makes up the same ids.
    let earlier = conversation(&turns[..3]);
    assert_eq!(
        earlier.messages[..],
        request.messages[..earlier.messages.len()]
    );
}

#[test]
fn a_result_is_the_text_or_the_object_that_the_tool_said() {
    for (response, text, is_error) in [
        (json!({"result": "sunny"}), "sunny", false),
        (json!({"error": "boom"}), "boom", true),
        (json!({"error": {"code": 7}}), "{\"code\":7}", true),
        (
            json!({"result": "{\"a\":1}"}),
            "{\"result\":\"{\\\"a\\\":1}\"}",
            false,
        ),
        (
            json!({"result": 1, "b": 2.5}),
            "{\"result\":1,\"b\":2.5}",
            false,
        ),
        (json!({}), "{}", false),
    ] {
        let turns = [
            json!({"role": "model", "parts": [call("f", 1)]}),
            json!({"parts": [{"functionResponse": {"name": "f", "response": response}}]}),
        ];
        let request = conversation(&turns);
        let Some(Part::ToolResult(result)) = request.messages[1].parts.first() else {
            panic!()
        };
        assert_eq!(result.parts, [Part::text(text)]);
        assert_eq!(result.is_error, is_error, "{response}");
        let (body, _) = written(&request, Dialect::Gemini);
        let sent = &body["contents"][1]["parts"][0]["functionResponse"]["response"];
        assert_eq!(*sent, response, "back to Google as it came");
    }
}

#[test]
fn a_result_whose_call_is_not_here_goes_to_gemini_whole_and_is_lost_to_others_aloud() {
    let part = json!({"functionResponse": {"name": "cached", "response": {"a": 1}}});
    let request = conversation(&[json!({"role": "user", "parts": [part, {"text": "so?"}]})]);
    let (body, loss) = written(&request, Dialect::Gemini);
    assert_eq!(body["contents"][0]["parts"][0], part);
    assert!(loss.is_empty(), "{loss:?}");
    let (body, loss) = written(&request, Dialect::OpenAiChat);
    assert!(!body.to_string().contains("cached"), "{body}");
    assert_eq!(loss.len(), 1, "{loss:?}");
}

#[test]
fn pictures_in_a_result_stand_inside_of_it() {
    let picture = json!({"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}});
    let turns = [
        json!({"role": "model", "parts": [call("shot", 1)]}),
        json!({"role": "user", "parts": [{"functionResponse": {
            "name": "shot", "response": {"ok": true}, "parts": [picture], "willContinue": false,
        }}]}),
    ];
    let request = conversation(&turns);
    let Some(Part::ToolResult(result)) = request.messages[1].parts.first() else {
        panic!()
    };
    assert!(matches!(
        &result.parts[..],
        [Part::Text(_), Part::Media { .. }]
    ));
    let (body, _) = written(&request, Dialect::OpenAiChat);
    assert!(
        body.to_string()
            .contains("data:image/png;base64,iVBORw0KGgo="),
        "{body}"
    );
}

// === what is configured ===

#[test]
fn thinking_is_read_in_every_form() {
    let read = |config: Value| {
        let request = asking("generationConfig", json!({ "thinkingConfig": config }));
        let reasoning = request.reasoning.unwrap();
        (
            reasoning.effort,
            reasoning.max_tokens,
            reasoning.enabled,
            reasoning.adaptive,
            reasoning.exclude,
        )
    };
    let none = (None, None, None, false, None);
    for (config, wanted) in [
        (json!({}), none),
        (
            json!({"includeThoughts": true}),
            (None, None, None, false, Some(false)),
        ),
        (
            json!({"thinkingBudget": 0}),
            (None, None, Some(false), false, None),
        ),
        (
            json!({"thinkingBudget": -1}),
            (None, None, None, true, None),
        ),
        (
            json!({"thinkingBudget": 900}),
            (None, Some(900), None, false, None),
        ),
        (
            json!({"thinkingLevel": "HIGH"}),
            (Some(Effort::High), None, None, false, None),
        ),
        (
            json!({"thinking_level": "minimal"}),
            (Some(Effort::Minimal), None, None, false, None),
        ),
        (json!({"thinkingLevel": "THINKING_LEVEL_UNSPECIFIED"}), none),
    ] {
        assert_eq!(read(config.clone()), wanted, "{config}");
    }
    assert_eq!(
        asking("generationConfig", json!({"topP": 0.5})).reasoning,
        None
    );
}

#[test]
fn thinking_is_shown_only_where_it_was_asked_for() {
    let echo = |config: Value| {
        let request = asking("generationConfig", config);
        Value::Object(*serve().echo(&request).unwrap())
    };
    assert_eq!(echo(json!({})), json!({"includeThoughts": false}));
    let asked = json!({"thinkingConfig": {"includeThoughts": true}});
    assert_eq!(echo(asked), json!({"includeThoughts": true}));
    // And the vendor is not asked to show what nobody asked to see.
    let request = asking(
        "generationConfig",
        json!({"thinkingConfig": {"thinkingBudget": 900}}),
    );
    let (body, _) = written(&request, Dialect::Gemini);
    let config = &body["generationConfig"]["thinkingConfig"];
    assert_eq!(
        *config,
        json!({"thinkingBudget": 900, "includeThoughts": false})
    );
}

#[test]
fn the_form_of_the_answer_is_json_schema_for_others_and_googles_own_for_google() {
    let google = json!({"type": "OBJECT", "properties": {"a": {"type": "STRING"}}});
    let config = json!({"responseMimeType": "application/json", "responseSchema": google});
    let request = asking("generationConfig", config.clone());
    let Some(Format::JsonSchema { schema, .. }) = &request.format else {
        panic!()
    };
    let wanted = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    assert_eq!(schema.as_ref(), Some(&wanted));
    assert_eq!(
        written(&request, Dialect::Gemini).0["generationConfig"],
        config
    );

    for config in [
        json!({"responseMimeType": "text/x.enum", "responseSchema": {"enum": ["a", "b"]}}),
        json!({"responseMimeType": "text/plain"}),
        json!({"responseMimeType": "application/json", "responseJsonSchema": {"const": 1}}),
        json!({"responseMimeType": "application/json"}),
        json!({"speechConfig": {"voice_config": {}}, "imageConfig": {"aspectRatio": "1:1"}}),
    ] {
        let request = asking("generationConfig", config.clone());
        assert_eq!(
            written(&request, Dialect::Gemini).0["generationConfig"],
            config
        );
    }
}

#[test]
fn every_mode_of_calling_is_a_choice() {
    let function = json!([{"functionDeclarations": [{"name": "f"}, {"name": "g"}]}]);
    let names = || vec!["f".to_owned(), "g".to_owned()];
    for (calling, wanted) in [
        (json!({"mode": "AUTO"}), Some(ToolChoice::Auto)),
        (json!({"mode": "NONE"}), Some(ToolChoice::None)),
        (json!({"mode": "ANY"}), Some(ToolChoice::Required)),
        (
            json!({"mode": "ANY", "allowedFunctionNames": ["f"]}),
            Some(ToolChoice::Function("f".to_owned())),
        ),
        (
            json!({"mode": "ANY", "allowedFunctionNames": ["f", "g"]}),
            Some(ToolChoice::Allowed {
                required: true,
                names: names(),
            }),
        ),
        (
            json!({"mode": "VALIDATED", "allowedFunctionNames": ["f", "g"]}),
            Some(ToolChoice::Allowed {
                required: false,
                names: names(),
            }),
        ),
    ] {
        let config = json!({"functionCallingConfig": calling, "retrievalConfig": {"a": 1}});
        let body = json!({
            "contents": {"parts": {"text": "hi"}}, "tools": function, "toolConfig": config,
        });
        let request = read(&body).unwrap();
        assert_eq!(request.tool_choice, wanted, "{calling}");
        assert_eq!(written(&request, Dialect::Gemini).0["toolConfig"], config);
    }
}

#[test]
fn tools_in_one_entry_are_tools_of_their_own() {
    let tools = json!([{"functionDeclarations": [{"name": "f"}], "googleSearch": {}}, {"x": null}]);
    let request = asking("tools", tools);
    let kinds: Vec<bool> = request
        .tools
        .iter()
        .map(|tool| matches!(tool.kind, ToolKind::Function { .. }))
        .collect();
    assert_eq!(kinds, [true, false]);
}

// === thinking of others ===

#[test]
fn thinking_that_comes_back_in_pieces_is_one_piece_with_its_signature() {
    let parts = vec![
        Part::Reasoning(canon::ReasoningPart {
            body: ReasoningBody::Text {
                text: "ab".to_owned(),
                signature: Some("sig".to_owned()),
            },
            id: None,
            format: ReasoningFormat::ANTHROPIC,
            index: None,
            extras: canon::Extras::NONE,
        }),
        Part::text("said"),
    ];
    let answer = super::answers::whole(&parts, None);
    let signed = &answer["candidates"][0]["content"]["parts"][0];
    let signature = &signed["thoughtSignature"];
    let turns = [json!({"role": "model", "parts": [
        {"text": "a", "thought": true},
        {"text": "b", "thought": true},
        {"text": "", "thought": true, "thoughtSignature": signature},
        {"text": "said"},
    ]})];
    let request = conversation(&turns);
    assert_eq!(
        (request.messages[0].role, &request.messages[0].parts),
        (Role::Assistant, &parts)
    );
}

// === what is refused ===

#[test]
fn bad_requests_are_refused_by_the_name_of_the_field() {
    let hi = json!([{"role": "user", "parts": [{"text": "hi"}]}]);
    let with = |name: &str, value: Value| {
        let mut body = json!({ "contents": hi });
        body[name] = value;
        body
    };
    let part = |part: Value| json!({"contents": [{"role": "user", "parts": [part]}]});
    for (body, path) in [
        (json!({}), "`contents`"),
        (json!({"contents": "hi"}), "`contents`"),
        (
            json!({"contents": [{"role": "system", "parts": []}]}),
            "`contents[0].role`",
        ),
        (part(json!("hi")), "`contents[0].parts[0]`"),
        (part(json!({"text": 7})), "`contents[0].parts[0].text`"),
        (
            part(json!({"functionCall": {}})),
            "`contents[0].parts[0].functionCall.name`",
        ),
        (
            part(json!({"functionCall": {"name": "f", "args": "{}"}})),
            "`contents[0].parts[0].functionCall.args`",
        ),
        (
            part(json!({"inline_data": {}})),
            "`contents[0].parts[0].inlineData.data`",
        ),
        (
            part(json!({"thought": "yes", "text": ""})),
            "`contents[0].parts[0].thought`",
        ),
        (
            with("generationConfig", json!({"temperature": 3})),
            "`generationConfig.temperature`",
        ),
        (
            with("generationConfig", json!({"logprobs": -1})),
            "`generationConfig.logprobs`",
        ),
        (
            with(
                "generation_config",
                json!({"thinking_config": {"thinking_level": "much"}}),
            ),
            "`generationConfig.thinkingConfig.thinkingLevel`",
        ),
        (
            with(
                "generationConfig",
                json!({"thinkingConfig": {"thinkingBudget": -2}}),
            ),
            "`generationConfig.thinkingConfig.thinkingBudget`",
        ),
        (
            with(
                "toolConfig",
                json!({"functionCallingConfig": {"mode": "SOME"}}),
            ),
            "`toolConfig.functionCallingConfig.mode`",
        ),
        (
            with("tools", json!([{"functionDeclarations": [{}]}])),
            "`tools[0].functionDeclarations[0].name`",
        ),
        (with("provider", json!({"orders": []})), "`provider.orders`"),
    ] {
        let error = read(&body).unwrap_err().to_string();
        assert!(error.contains(path), "{body}: {error}");
    }
}
