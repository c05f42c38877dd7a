//! Whatever bytes come in: an answer goes out, in the caller's dialect, and nothing panics.

use std::time::Duration;

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};
use testbed::Wire;

use crate::stage::{Answer, Stage, message, question, with};

const PATHS: [&str; 2] = ["/api/v1/chat/completions", "/api/v1/messages"];
const COUNT: &str = "/api/v1/messages/count_tokens";
const RESPONSES: &str = "/api/v1/responses";
const COMPLETIONS: &str = "/api/v1/completions";
const GEMINI: &str = "/api/v1beta/models/acme/one:generateContent";
const GEMINI_STREAM: &str = "/api/v1beta/models/acme/one:streamGenerateContent";
const GEMINI_COUNT: &str = "/api/v1beta/models/acme/one:countTokens";

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

/// A gateway that answers fast, whatever its vendor is made to do.
async fn stage() -> Stage {
    Stage::open(
        &[("alpha", Wire::OpenAiChat), ("beta", Wire::Anthropic)],
        "",
    )
    .await
}

/// Sends bytes to both routes that take the same and looks at the answers.
async fn throw(stage: &Stage, body: &[u8]) -> Vec<Answer> {
    throw_at(stage, &PATHS, body).await
}

/// Sends bytes to these routes and looks at the answers.
async fn throw_at(stage: &Stage, paths: &[&str], body: &[u8]) -> Vec<Answer> {
    let mut answers = Vec::new();
    for &path in paths {
        let asking = stage.post(path, body.to_vec());
        let answer = tokio::time::timeout(Duration::from_secs(20), asking)
            .await
            .unwrap();
        let shown = String::from_utf8_lossy(body.get(..300).unwrap_or(body)).into_owned();
        assert!(
            answer.status.as_u16() < 500,
            "{path} {shown}: {} {}",
            answer.status,
            answer.text
        );
        if answer.status.as_u16() >= 400 {
            answer.error();
        }
        answer.keeps_secrets();
        if path != COUNT && path != GEMINI_COUNT {
            answer.generation();
        }
        answers.push(answer);
    }
    answers
}

#[test]
fn random_bytes_are_refused_in_the_callers_dialect() {
    let runtime = runtime();
    let stage = runtime.block_on(stage());
    let mut runner = TestRunner::new(Config::with_cases(200));
    let bytes = prop::collection::vec(any::<u8>(), 0..400);
    let ran = runner.run(&bytes, |bytes| {
        let paths = [
            PATHS[0],
            PATHS[1],
            COUNT,
            RESPONSES,
            COMPLETIONS,
            GEMINI,
            GEMINI_STREAM,
            GEMINI_COUNT,
        ];
        for answer in runtime.block_on(throw_at(&stage, &paths, &bytes)) {
            prop_assert_eq!(answer.status.as_u16(), 400);
        }
        Ok(())
    });
    ran.unwrap();
}

/// A request with everything in it.
fn rich() -> Value {
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    with(
        message(false),
        json!({
            "messages": [
                {"role": "user", "content": [
                    {"type": "text", "text": "Hi", "cache_control": {"type": "ephemeral"}},
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
                ]},
                {"role": "assistant", "content": null, "tool_calls": [
                    {"id": "call_1", "type": "function", "function": {"name": "a", "arguments": "{}"}},
                ], "reasoning_details": [{"type": "reasoning.text", "text": "hm", "signature": "x"}]},
                {"role": "tool", "tool_call_id": "call_1", "content": "ok"},
                {"role": "user", "content": "And?"},
            ],
            "tools": [{"type": "function", "function": {"name": "a", "parameters": schema}}],
            "tool_choice": "auto",
            "response_format": {"type": "json_object"},
            "reasoning": {"effort": "low"},
            "temperature": 0.5, "top_p": 0.9, "top_k": 3, "seed": 7, "stop": ["x"], "n": 1,
            "logit_bias": {"5": 1}, "metadata": {"user_id": "u"}, "user": "u",
            "provider": {"order": ["alpha"], "max_price": {"prompt": "9"}, "sort": {"by": "price"}},
            "models": ["acme/one"], "session_id": "s", "trace": {}, "plugins": [], "stream_options": {"include_usage": true},
        }),
    )
}

/// The same for Responses.
fn rich_response() -> Value {
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    json!({
        "model": "acme/one",
        "instructions": "Be brief.",
        "input": [
            {"role": "user", "content": [
                {"type": "input_text", "text": "Hi"},
                {"type": "input_image", "detail": "auto", "image_url": "data:image/png;base64,iVBORw0KGgo="},
            ]},
            {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "hm"}], "encrypted_content": "x"},
            {"type": "message", "id": "msg_1", "status": "completed", "role": "assistant",
             "content": [{"type": "output_text", "text": "Well", "annotations": []}]},
            {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "a", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "call_1", "output": "ok"},
        ],
        "tools": [{"type": "function", "name": "a", "parameters": schema, "strict": false}],
        "tool_choice": {"type": "function", "name": "a"},
        "text": {"format": {"type": "json_schema", "name": "r", "schema": schema}, "verbosity": "low"},
        "reasoning": {"effort": "low", "summary": "auto"}, "include": ["reasoning.encrypted_content"],
        "temperature": 0.5, "top_p": 0.9, "max_output_tokens": 50, "metadata": {"a": "b"}, "store": false,
        "parallel_tool_calls": true, "truncation": "disabled", "provider": {"order": ["alpha"]}, "weir": {"loss": true},
    })
}

/// The same for Gemini.
fn rich_content() -> Value {
    let schema = json!({"type": "OBJECT", "properties": {"city": {"type": "STRING"}}});
    json!({
        "systemInstruction": {"parts": [{"text": "Be brief."}]},
        "contents": [
            {"role": "user", "parts": [
                {"text": "Hi"},
                {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}},
                {"fileData": {"mimeType": "image/png", "fileUri": "https://images.example/a.png"}},
            ]},
            {"role": "model", "parts": [
                {"text": "hm", "thought": true, "thoughtSignature": "eA=="},
                {"functionCall": {"name": "a", "args": {}}},
            ]},
            {"role": "user", "parts": [{"functionResponse": {"name": "a", "response": {"result": "ok"}}}]},
        ],
        "tools": [{"functionDeclarations": [{"name": "a", "parameters": schema}]}],
        "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["a"]}},
        "generationConfig": {
            "temperature": 0.5, "topP": 0.9, "topK": 3, "seed": 7, "stopSequences": ["x"], "maxOutputTokens": 50,
            "responseMimeType": "application/json", "responseSchema": schema,
            "thinkingConfig": {"includeThoughts": true, "thinkingBudget": 128},
        },
        "safetySettings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}],
        "provider": {"order": ["alpha"]}, "labels": {"a": "b"},
    })
}

/// Every place in a value, as a JSON pointer.
fn places(value: &Value, at: &str, out: &mut Vec<String>) {
    out.push(at.to_owned());
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                places(member, &format!("{at}/{name}"), out);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                places(item, &format!("{at}/{index}"), out);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        Just(json!(-1)),
        Just(json!("")),
        Just(json!("\u{0}\u{feff}\u{202e}")),
        ".{0,20}".prop_map(Value::from),
        prop::sample::select(vec![
            "acme/one", "auto", "none", "user", "tool", "text", "1e400", "0"
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[a-z_]{0,8}", inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

#[test]
fn a_good_request_with_anything_in_the_wrong_place_is_answered() {
    let runtime = runtime();
    let stage = runtime.block_on(stage());
    let mut all = Vec::new();
    places(&rich(), "", &mut all);
    let mutations = prop::collection::vec((prop::sample::select(all), any_value()), 1..4);
    let mut runner = TestRunner::new(Config::with_cases(300));
    let ran = runner.run(&(mutations, any::<bool>()), |(mutations, stream)| {
        let mut body = rich();
        for (place, value) in mutations {
            if let Some(old) = body.pointer_mut(&place) {
                *old = value;
            }
        }
        if let Some(members) = body.as_object_mut() {
            members.insert("stream".to_owned(), json!(stream));
        }
        runtime.block_on(throw(&stage, body.to_string().as_bytes()));
        Ok(())
    });
    ran.unwrap();
}

#[test]
fn in_every_other_dialect_too() {
    let completion = json!({
        "model": "acme/one", "prompt": "Hi", "suffix": null, "max_tokens": 50, "temperature": 0.5, "stop": ["x"],
        "n": 1, "echo": false, "logprobs": 0, "best_of": 1, "logit_bias": {"5": 1}, "user": "u", "seed": 7,
    });
    let runtime = runtime();
    let stage = runtime.block_on(stage());
    for (good, paths) in [
        (rich(), &[COUNT][..]),
        (rich_response(), &[RESPONSES]),
        (completion, &[COMPLETIONS]),
        (rich_content(), &[GEMINI, GEMINI_STREAM, GEMINI_COUNT]),
    ] {
        let mut all = Vec::new();
        places(&good, "", &mut all);
        let mutations = prop::collection::vec((prop::sample::select(all), any_value()), 0..4);
        let mut runner = TestRunner::new(Config::with_cases(150));
        let ran = runner.run(&mutations, |mutations| {
            let mut body = good.clone();
            for (place, value) in mutations {
                if let Some(old) = body.pointer_mut(&place) {
                    *old = value;
                }
            }
            runtime.block_on(throw_at(&stage, paths, body.to_string().as_bytes()));
            Ok(())
        });
        ran.unwrap();
    }
}

#[test]
fn a_good_request_with_bytes_changed_is_answered() {
    let runtime = runtime();
    let stage = runtime.block_on(stage());
    let good = rich().to_string().into_bytes();
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4);
    let mut runner = TestRunner::new(Config::with_cases(200));
    let ran = runner.run(
        &(changes, any::<prop::sample::Index>(), any::<bool>()),
        |(changes, end, cut)| {
            let mut bytes = good.clone();
            for (place, byte) in changes {
                *place.get_mut(&mut bytes) = byte;
            }
            if cut {
                bytes.truncate(end.index(bytes.len()));
            }
            runtime.block_on(throw(&stage, &bytes));
            Ok(())
        },
    );
    ran.unwrap();
}

#[tokio::test]
async fn known_poisons_are_harmless() {
    let stage = stage().await;
    let user = r#""messages":[{"role":"user","content":"x"}],"max_tokens":50"#;
    let model = r#""model":"acme/one""#;
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(10_000), close.repeat(10_000));
    let refused = [
        deep("[", "]"),
        "[".repeat(1_000_000),
        deep("{\"a\":", "}"),
        format!("{{{model},{user},\"x\":{}}}", deep("[", "]")),
        format!(
            "{{{model},\"max_tokens\":5,\"messages\":[{{\"role\":\"user\",\"content\":{}}}]}}",
            deep("[", "]")
        ),
        format!(
            "{{{model},{user},\"x\":{}}}",
            deep("{\"a\":", "1}").replacen("1}", "}", 0)
        ),
        format!("{{{model},{user},\"temperature\":1e999}}"),
        format!("{{{model},{user},\"temperature\":-1e308}}"),
        format!("{{{model},{user},\"temperature\":NaN}}"),
        format!(
            "{{{model},\"max_tokens\":5,\"messages\":[{{\"role\":\"user\",\"content\":\"\\ud800\"}}]}}"
        ),
        format!(
            "{{{model},\"max_tokens\":5,\"messages\":[{{\"role\":\"user\",\"content\":\"a\u{0}b\"}}]}}"
        ),
        format!("\u{feff}{{{model},{user}}}"),
        format!("{{{model},{user}}} trailing"),
        format!("{{'model':'acme/one',{user}}}"),
    ];
    for body in refused {
        for answer in throw(&stage, body.as_bytes()).await {
            let shown = body.get(..120).unwrap_or(&body);
            assert_eq!(answer.status.as_u16(), 400, "{shown}: {}", answer.text);
        }
    }
    assert_eq!(stage.asked(), [0, 0]);
    let taken = [
        format!("{{{model},{model},{user}}}"),
        format!(
            "{{{model},\"max_tokens\":5,\"messages\":[{{\"role\":\"user\",\"content\":\"a\\u0000b \\ud83d\\ude00\"}}]}}"
        ),
        format!(" \n\t{{{model},{user}}}\r\n "),
        format!("{{{model},{user},\"x\":99999999999999999999999999999999}}"),
    ];
    for body in taken {
        for answer in throw(&stage, body.as_bytes()).await {
            assert_eq!(answer.status.as_u16(), 200, "{body}: {}", answer.text);
        }
    }
    let mut invalid = question(false).to_string().into_bytes();
    let place = invalid.iter().position(|byte| *byte == b'?').unwrap();
    invalid[place] = 0xff;
    for answer in throw(&stage, &invalid).await {
        assert_eq!(answer.status.as_u16(), 400, "{}", answer.text);
    }
}

#[tokio::test]
async fn much_of_anything_is_still_answered_in_time() {
    const MANY: usize = 5_000;
    let many = |one: Value| Value::Array(vec![one; MANY]);
    let text = json!({"role": "user", "content": "x"});
    let call = |number| {
        let id = format!("call_{number}");
        let function = json!({"name": "a", "arguments": "{}"});
        [
            json!({"role": "assistant", "content": null, "tool_calls": [{"id": id, "type": "function", "function": function}]}),
            json!({"role": "tool", "tool_call_id": id, "content": "ok"}),
        ]
    };
    let calls: Vec<Value> = std::iter::once(text.clone())
        .chain((0..MANY).flat_map(call))
        .collect();
    let details = many(json!({"type": "reasoning.text", "text": "hm", "index": 0}));
    let tool = |number| json!({"type": "function", "function": {"name": format!("tool_{number}"), "parameters": {"type": "object"}}});
    let deep = (0..40).fold(
        json!({"type": "string"}),
        |schema, _| json!({"type": "object", "properties": {"a": schema}}),
    );
    let cases = [
        json!({"model": format!("acme/one{}", ":nitro".repeat(500_000))}),
        json!({"model": "é".repeat(1_000_000)}),
        json!({"messages": many(text.clone())}),
        json!({"messages": [{"role": "user", "content": many(json!({"type": "text", "text": "x"}))}]}),
        json!({"messages": calls}),
        json!({"messages": [text, {"role": "assistant", "content": "x", "reasoning_details": details}, text]}),
        json!({"tools": (0..MANY).map(tool).collect::<Vec<_>>()}),
        json!({"tools": [{"type": "function", "function": {"name": "a", "parameters": deep}}]}),
        json!({"stop": many(json!("zzz"))}),
        json!({"logit_bias": (0..MANY).map(|token| (token.to_string(), json!(1))).collect::<serde_json::Map<_, _>>()}),
        json!({"provider": {"order": many(json!("nobody")), "ignore": many(json!("nobody"))}}),
        json!({"x": many(json!([{}, [], null]))}),
    ];
    for wire in [Wire::OpenAiChat, Wire::Anthropic, Wire::Gemini] {
        let stage = Stage::open(&[("alpha", wire)], "").await;
        for more in &cases {
            let body = with(message(false), more.clone()).to_string();
            throw(&stage, body.as_bytes()).await;
        }
    }
}
