//! Bedrock Converse: what it is sent, and that what it thought comes back to it byte for byte.

use canon::{Extras, Message, Part, ReasoningBody, ReasoningFormat, ReasoningPart, Request, Role};
use dialects::bedrock::Bedrock;
use dialects::{Call, Dialect, Form, Thinking};
use proptest::prelude::*;
use serde_json::{Value, json};
use testbed::corpus;

use crate::sent::{
    Sent, asked, asked_anthropic, assert_sums_equal_wholes, conversation_with_call, function, send,
    target,
};

const CLAUDE: (&str, &str) = (
    "anthropic/claude-sonnet-4.5",
    "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
);
const NOVA: (&str, &str) = ("amazon/nova-2-lite", "us.amazon.nova-2-lite-v1:0");
const LLAMA: (&str, &str) = ("meta-llama/llama-3", "meta.llama3-8b-instruct-v1:0");

fn sent_to((model, upstream): (&str, &str), request: &Request) -> Sent {
    let form = Form::default();
    send(
        &Bedrock,
        request,
        &target(model, upstream, Thinking::Budget, &form),
    )
    .unwrap()
}

fn user(text: &str) -> Value {
    json!([{"role": "user", "content": text}])
}

#[test]
fn the_sum_of_a_stream_is_the_whole_answer() {
    assert_eq!(assert_sums_equal_wholes(Dialect::Bedrock), 4);
}

#[test]
fn a_request_without_anything_particular_is_its_conversation() {
    let messages = json!([
        {"role": "system", "content": "Be short."},
        {"role": "user", "content": "Hi"},
        {"role": "user", "content": "there"},
    ]);
    let more = json!({"temperature": 0.5, "top_p": 0.9, "stop": ["END"]});
    let (body, loss) = sent_to(LLAMA, &asked(messages, more));
    let wanted = json!({
        "system": [{"text": "Be short."}],
        "messages": [{"role": "user", "content": [{"text": "Hi"}, {"text": "there"}]}],
        "inferenceConfig": {
            "maxTokens": 4000, "temperature": 0.5, "topP": 0.9, "stopSequences": ["END"],
        },
    });
    assert_eq!(body, wanted);
    assert!(loss.is_empty(), "{loss:?}");
}

#[test]
fn calls_and_results_alternate_and_their_ids_are_ones_that_bedrock_takes() {
    let mut messages = conversation_with_call();
    let more = json!({"role": "user", "content": "And tomorrow?"});
    messages.as_array_mut().unwrap().push(more);
    let tools = json!({"tools": [function("get_weather")], "tool_choice": "required"});
    let (body, loss) = sent_to(NOVA, &asked(messages, tools));
    let wanted = json!([
        {"role": "user", "content": [{"text": "Weather in Salta?"}]},
        {"role": "assistant", "content": [
            {"text": "I look."},
            {"toolUse": {"toolUseId": "call_1", "name": "get_weather", "input": {"city": "Salta"}}},
        ]},
        {"role": "user", "content": [
            {"toolResult": {"toolUseId": "call_1", "content": [{"text": "sunny"}]}},
            {"text": "And tomorrow?"},
        ]},
    ]);
    assert_eq!(body["messages"], wanted);
    let wanted = json!({
        "tools": [{"toolSpec": {"name": "get_weather", "inputSchema": {"json": {"type": "object"}}}}],
        "toolChoice": {"any": {}},
    });
    assert_eq!(body["toolConfig"], wanted);
    assert!(loss.is_empty(), "{loss:?}");
}

#[test]
fn a_failed_result_is_marked_where_the_model_knows_the_mark() {
    let messages = json!([
        {"role": "user", "content": "Weather?"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "f", "input": {}}]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "a", "is_error": true, "content": "no"},
        ]},
    ]);
    let tools = json!({"tools": [{"name": "f", "input_schema": {"type": "object"}}]});
    let request = asked_anthropic(messages, tools);
    let (body, loss) = sent_to(CLAUDE, &request);
    assert_eq!(
        body["messages"][2]["content"][0]["toolResult"]["status"],
        "error"
    );
    assert!(loss.is_empty(), "{loss:?}");
    let (body, loss) = sent_to(LLAMA, &request);
    assert_eq!(
        body["messages"][2]["content"][0]["toolResult"].get("status"),
        None
    );
    assert_eq!(loss.len(), 1, "{loss:?}");
}

#[test]
fn no_tools_are_offered_where_none_may_be_used_unless_the_conversation_has_calls() {
    let more = json!({"tools": [function("get_weather")], "tool_choice": "none"});
    let (body, loss) = sent_to(NOVA, &asked(user("Hi"), more.clone()));
    assert_eq!(body.get("toolConfig"), None);
    assert!(loss.is_empty(), "{loss:?}");
    let (body, loss) = sent_to(NOVA, &asked(conversation_with_call(), more));
    assert_eq!(body["toolConfig"]["tools"].as_array().unwrap().len(), 1);
    assert_eq!(loss.len(), 1, "{loss:?}");
}

#[test]
fn one_function_is_demanded_by_name_and_others_stay_on_offer() {
    let choice = json!({"type": "function", "function": {"name": "b"}});
    let more = json!({"tools": [function("a"), function("b")], "tool_choice": choice});
    let (body, _) = sent_to(NOVA, &asked(user("Hi"), more));
    assert_eq!(body["toolConfig"]["tools"].as_array().unwrap().len(), 2);
    assert_eq!(
        body["toolConfig"]["toolChoice"],
        json!({"tool": {"name": "b"}})
    );
}

#[test]
fn a_custom_tool_is_lost_aloud() {
    let tools = json!({"tools": [{"type": "custom", "custom": {"name": "sql"}}]});
    let (body, loss) = sent_to(NOVA, &asked(user("Hi"), tools));
    assert_eq!(body.get("toolConfig"), None);
    assert!(
        loss.iter().any(|loss| loss.starts_with("tools[0]")),
        "{loss:?}"
    );
}

#[test]
fn prompts_are_cached_up_to_marks_where_the_model_knows_them() {
    let mark = json!({"type": "ephemeral", "ttl": "1h"});
    let messages = json!([{"role": "user", "content": [
        {"type": "text", "text": "Long", "cache_control": mark},
        {"type": "text", "text": "Question"},
    ]}]);
    let more = json!({
        "system": [{"type": "text", "text": "Rules", "cache_control": {"type": "ephemeral"}}],
        "tools": [{"name": "f", "input_schema": {"type": "object"}, "cache_control": {"type": "ephemeral"}}],
    });
    let request = asked_anthropic(messages, more);
    let (body, loss) = sent_to(CLAUDE, &request);
    let point = json!({"cachePoint": {"type": "default"}});
    assert_eq!(body["system"][1], point);
    assert_eq!(body["toolConfig"]["tools"][1], point);
    let hour = json!({"cachePoint": {"type": "default", "ttl": "1h"}});
    assert_eq!(body["messages"][0]["content"][1], hour);
    assert!(loss.is_empty(), "{loss:?}");

    let (body, loss) = sent_to(NOVA, &request);
    assert_eq!(body["messages"][0]["content"][1], point);
    assert_eq!(body["toolConfig"]["tools"].as_array().unwrap().len(), 1);
    assert_eq!(loss.len(), 2, "the lifetime, and the tools: {loss:?}");

    let (body, loss) = sent_to(LLAMA, &request);
    assert!(!body.to_string().contains("cachePoint"), "{body}");
    assert_eq!(loss.len(), 3, "{loss:?}");
}

#[test]
fn a_mark_for_the_whole_prompt_stands_behind_it() {
    let more = json!({"cache_control": {"type": "ephemeral"}});
    let (body, loss) = sent_to(CLAUDE, &asked(user("Hi"), more));
    let wanted = json!([{"text": "Hi"}, {"cachePoint": {"type": "default"}}]);
    assert_eq!(body["messages"][0]["content"], wanted);
    assert!(loss.is_empty(), "{loss:?}");
}

#[test]
fn what_converse_has_no_word_for_is_said_in_the_words_of_the_models_vendor() {
    let additional = |model, more: Value| {
        let (body, loss) = sent_to(model, &asked(user("Hi"), more));
        (body["additionalModelRequestFields"].clone(), loss.len())
    };
    let top_k = json!({"top_k": 5});
    assert_eq!(additional(CLAUDE, top_k.clone()), (json!({"top_k": 5}), 0));
    let nested = json!({"inferenceConfig": {"topK": 5}});
    assert_eq!(additional(NOVA, top_k.clone()), (nested, 0));
    assert_eq!(additional(LLAMA, top_k), (Value::Null, 1));

    let budget = json!({"reasoning": {"max_tokens": 2000}});
    let thinking = json!({"thinking": {"type": "enabled", "budget_tokens": 2000}});
    assert_eq!(additional(CLAUDE, budget), (thinking, 0));
    let effort = json!({"reasoning": {"effort": "low"}});
    let config = json!({"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "low"}});
    assert_eq!(additional(NOVA, effort.clone()), (config, 0));
    let gpt_oss = ("openai/gpt-oss-120b", "openai.gpt-oss-120b-1:0");
    let level = json!({"reasoning_effort": "low"});
    assert_eq!(additional(gpt_oss, effort.clone()), (level, 0));
    assert_eq!(additional(LLAMA, effort), (Value::Null, 1));

    let own = json!({"top_k": 5, "additionalModelRequestFields": {"anthropic_beta": ["x"]}});
    let joined = json!({"top_k": 5, "anthropic_beta": ["x"]});
    assert_eq!(additional(CLAUDE, own), (joined, 0));
}

#[test]
fn claude_thinks_by_the_rules_it_has_at_home() {
    let more = json!({"reasoning": {"effort": "high"}, "temperature": 0.5, "max_tokens": 1000});
    let (body, loss) = sent_to(CLAUDE, &asked(user("Hi"), more));
    let fields = &body["additionalModelRequestFields"];
    assert_eq!(fields["thinking"]["budget_tokens"], 1024);
    // The limit is above the budget, and the answer keeps its room.
    assert_eq!(body["inferenceConfig"], json!({"maxTokens": 2024}));
    assert_eq!(loss, ["temperature: not beside thinking"]);
}

#[test]
fn json_is_asked_for_by_its_schema_as_text() {
    let schema = json!({"type": "object", "properties": {"a": {"type": "integer"}}});
    let format = json!({"type": "json_schema", "json_schema": {"name": "n", "schema": schema}});
    let (body, loss) = sent_to(
        CLAUDE,
        &asked(user("Hi"), json!({"response_format": format})),
    );
    let sent = &body["outputConfig"]["textFormat"]["structure"]["jsonSchema"];
    assert_eq!(sent["name"], "n");
    let again: Value = serde_json::from_str(sent["schema"].as_str().unwrap()).unwrap();
    assert_eq!(again, schema);
    assert!(loss.is_empty(), "{loss:?}");
    let format = json!({"response_format": {"type": "json_object"}});
    let (_, loss) = sent_to(CLAUDE, &asked(user("Hi"), format));
    assert_eq!(loss, ["response_format: JSON comes only with a schema"]);
}

#[test]
fn tiers_have_words_of_their_own() {
    for (tier, name, value) in [
        ("flex", "serviceTier", json!({"type": "flex"})),
        ("priority", "serviceTier", json!({"type": "priority"})),
        ("fast", "performanceConfig", json!({"latency": "optimized"})),
    ] {
        let (body, loss) = sent_to(NOVA, &asked(user("Hi"), json!({"service_tier": tier})));
        assert_eq!(body[name], value);
        assert!(loss.is_empty(), "{loss:?}");
    }
    let (body, loss) = sent_to(NOVA, &asked(user("Hi"), json!({"service_tier": "scale"})));
    assert_eq!((body.get("serviceTier"), loss.len()), (None, 1));
}

#[test]
fn media_stand_in_the_message_or_in_s3() {
    let request = |part: Value| {
        asked(
            json!([{"role": "user", "content": [{"type": "text", "text": "See"}, part]}]),
            json!({}),
        )
    };
    let content =
        |part: Value| sent_to(NOVA, &request(part)).0["messages"][0]["content"][1].clone();
    let image = |url: &str| json!({"type": "image_url", "image_url": {"url": url}});
    assert_eq!(
        content(image("data:image/jpeg;base64,/9j/AA==")),
        json!({"image": {"format": "jpeg", "source": {"bytes": "/9j/AA=="}}})
    );
    assert_eq!(
        content(json!({"type": "video_url", "video_url": {"url": "s3://bucket/a.mp4"}})),
        json!({"video": {"format": "mp4", "source": {"s3Location": {"uri": "s3://bucket/a.mp4"}}}})
    );
    let file = json!({"filename": "My_report.v1.pdf", "file_data": "data:application/pdf;base64,JVBERi0="});
    assert_eq!(
        content(json!({"type": "file", "file": file})),
        json!({"document": {
            "format": "pdf", "name": "My report v1", "source": {"bytes": "JVBERi0="},
        }})
    );
    let form = Form::default();
    let nova = target(NOVA.0, NOVA.1, Thinking::Unknown, &form);
    let refused = send(
        &Bedrock,
        &request(image("https://example.org/a.png")),
        &nova,
    );
    assert!(
        refused.unwrap_err().contains("S3"),
        "addresses are not fetched"
    );
}

#[test]
fn the_models_own_fields_of_converse_are_handed_on() {
    let guardrail = json!({"guardrailIdentifier": "x", "guardrailVersion": "1"});
    let more = json!({"guardrailConfig": guardrail, "safe_prompt": true});
    let (body, loss) = sent_to(NOVA, &asked(user("Hi"), more));
    assert_eq!(body["guardrailConfig"], guardrail);
    assert_eq!(loss.len(), 1, "{loss:?}");
    assert!(loss[0].starts_with("safe_prompt"), "{loss:?}");
}

#[test]
fn thinking_goes_back_to_claude_only_and_only_what_it_can_verify() {
    let part = |body, format| {
        Part::Reasoning(ReasoningPart {
            body,
            id: None,
            format,
            index: None,
            extras: Extras::NONE,
        })
    };
    let text = |signature: Option<&str>| ReasoningBody::Text {
        text: "hm".to_owned(),
        signature: signature.map(str::to_owned),
    };
    let request = Request {
        messages: vec![
            Message::text(Role::User, "Hi"),
            Message {
                role: Role::Assistant,
                parts: vec![
                    part(text(Some("sig")), ReasoningFormat::ANTHROPIC),
                    part(text(None), ReasoningFormat::UNKNOWN),
                    part(text(Some("sig")), ReasoningFormat::GEMINI),
                    part(
                        ReasoningBody::Encrypted("data".to_owned()),
                        ReasoningFormat::ANTHROPIC,
                    ),
                    part(
                        ReasoningBody::Encrypted("//4=".to_owned()),
                        ReasoningFormat::UNKNOWN,
                    ),
                    Part::text("Hello"),
                ],
                name: None,
                extras: Extras::NONE,
            },
        ],
        ..Request::default()
    };
    let (body, loss) = sent_to(CLAUDE, &request);
    let wanted = json!([
        {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "sig"}}},
        {"reasoningContent": {"redactedContent": "ZGF0YQ=="}},
        {"reasoningContent": {"redactedContent": "//4="}},
        {"text": "Hello"},
    ]);
    assert_eq!(body["messages"][1]["content"], wanted);
    assert_eq!(loss.len(), 2, "{loss:?}");
    let (body, loss) = sent_to(NOVA, &request);
    assert_eq!(body["messages"][1]["content"], json!([{"text": "Hello"}]));
    assert_eq!(loss.len(), 5, "{loss:?}");
}

/// Every piece of thinking in a body, as it stands there.
fn thoughts_in(value: &Value, found: &mut Vec<Value>) {
    match value {
        Value::Object(object) => {
            let content = object.get("reasoningContent");
            // What is empty says nothing that a vendor could verify.
            found.extend(content.filter(|content| **content != json!({})).cloned());
            object.values().for_each(|value| thoughts_in(value, found));
        }
        Value::Array(list) => list.iter().for_each(|value| thoughts_in(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn recorded_signed_thinking_and_bedrocks_own_blocks_come_back_as_they_were() {
    if !corpus::available() {
        println!("skipped: the corpus is not at hand");
        return;
    }
    let (mut thoughts, mut own_blocks) = (0, 0);
    for exchange in corpus::exchanges(None, "converse") {
        let exchange = exchange.unwrap();
        let mut wanted = Vec::new();
        thoughts_in(&exchange.response.body, &mut wanted);
        let is_signed = |thought: &Value| {
            thought["reasoningText"].get("text").is_none()
                || thought["reasoningText"].get("signature").is_some()
        };
        wanted.retain(is_signed);
        let Ok(response) = Bedrock.parse_response(&exchange.response.wire_bytes()) else {
            continue;
        };
        let parts = response.choices[0].parts.clone();
        let of_bedrock = |part: &&Part| matches!(part, Part::Other { .. });
        let others = parts.iter().filter(of_bedrock).count();
        if wanted.is_empty() && others == 0 {
            continue;
        }
        let assistant = Message {
            role: Role::Assistant,
            parts,
            name: None,
            extras: Extras::NONE,
        };
        let request = Request {
            messages: vec![Message::text(Role::User, "Hi"), assistant],
            ..Request::default()
        };
        let (body, _) = sent_to(CLAUDE, &request);
        let mut again = Vec::new();
        thoughts_in(&body, &mut again);
        assert_eq!(again, wanted, "{}", exchange.label());
        let blocks = body["messages"][1]["content"].as_array().unwrap();
        for block in exchange.response.body["output"]["message"]["content"]
            .as_array()
            .unwrap()
        {
            let is_own =
                block["toolUse"]["type"] == "server_tool_use" || block.get("toolResult").is_some();
            assert!(
                !is_own || blocks.contains(block),
                "{}: {block}",
                exchange.label()
            );
        }
        thoughts += wanted.len();
        own_blocks += others;
    }
    println!("{thoughts} signed thoughts, {own_blocks} blocks of Bedrock's own");
    assert!(thoughts >= 3 && own_blocks >= 4);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn turns_alternate_and_no_text_is_blank(
        turns in prop::collection::vec((0_usize..4, prop::collection::vec("[ab \n]{0,3}", 0..3)), 1..8),
    ) {
        const ROLES: [Role; 4] = [Role::System, Role::User, Role::Assistant, Role::Developer];
        let messages = turns.into_iter().map(|(role, texts)| Message {
            role: ROLES[role],
            parts: texts.into_iter().map(Part::text).collect(),
            name: None,
            extras: Extras::NONE,
        });
        let request = Request { messages: messages.collect(), ..Request::default() };
        let (body, loss) = sent_to(NOVA, &request);
        let turns = body["messages"].as_array().unwrap();
        for pair in turns.windows(2) {
            prop_assert_ne!(&pair[0]["role"], &pair[1]["role"]);
        }
        let system = body["system"].as_array().into_iter().flatten();
        let blocks = turns.iter().flat_map(|turn| turn["content"].as_array().unwrap());
        let said: Vec<&str> = blocks.chain(system).map(|block| block["text"].as_str().unwrap()).collect();
        prop_assert!(said.iter().all(|text| !text.trim().is_empty()), "{:?}", said);
        let texts = request.messages.iter().flat_map(|message| &message.parts);
        let blank = texts.filter(|part| {
            matches!(part, Part::Text(text) if !text.text.is_empty() && text.text.trim().is_empty())
        });
        prop_assert!(loss.len() >= blank.count(), "{:?}", loss);
    }
}
