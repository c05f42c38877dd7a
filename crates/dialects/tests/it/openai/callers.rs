//! What callers may write, and what they hear where they must not.

use canon::{
    CacheMark, CacheTtl, Effort, Format, MediaKind, Part, ReasoningBody, Role, Source, ToolChoice,
};
use serde_json::{Value, json};

use super::{asking, parse, refused};

#[test]
fn a_wrong_turn_is_named_with_what_is_allowed() {
    for (fields, expected) in [
        (
            json!({"messages": []}),
            "`messages`: expected an array of at least one message, got an array",
        ),
        (
            json!({"messages": [{"content": "x"}]}),
            "`messages[0].role` is missing: expected \"system\", \"developer\", \"user\", \"assistant\" or \"tool\"",
        ),
        (
            json!({"messages": [{"role": "robot", "content": "x"}]}),
            "`messages[0].role`: expected \"system\", \"developer\", \"user\", \"assistant\" or \"tool\", got \"robot\"",
        ),
        (
            json!({"messages": [{"role": "user"}]}),
            "`messages[0].content` is missing: expected a string or an array of parts",
        ),
        (
            json!({"messages": [{"role": "user", "content": [{"type": "text"}]}]}),
            "`messages[0].content[0].text` is missing: expected a string",
        ),
        (
            json!({"messages": [{"role": "user", "content": [{"text": "x"}]}]}),
            "`messages[0].content[0].type` is missing: expected the kind of part: \"text\", \"image_url\", \"input_audio\", \"video_url\", \"file\" or \"refusal\"",
        ),
        (
            json!({"messages": [{"role": "tool", "content": "x"}]}),
            "`messages[0].tool_call_id` is missing: expected a string",
        ),
        (
            json!({"messages": [{"role": "assistant", "tool_calls": [{"id": "1", "function": {"arguments": "{}"}}]}]}),
            "`messages[0].tool_calls[0].function.name` is missing: expected a string",
        ),
    ] {
        assert_eq!(refused(&asking(&fields)).to_string(), expected, "{fields}");
    }
    assert_eq!(
        refused(&json!({"model": "a/b"})).to_string(),
        "`messages` is missing: expected an array of at least one message"
    );
}

#[test]
fn a_wrong_number_is_named_with_what_is_allowed() {
    for (fields, expected) in [
        (
            json!({"temperature": 2.1}),
            "`temperature`: expected a number from 0 to 2, got 2.1",
        ),
        (
            json!({"max_tokens": 0}),
            "`max_tokens`: expected a whole number of 1 or more, got 0",
        ),
        (
            json!({"max_tokens": -1}),
            "`max_tokens`: expected a whole number of 0 or more, got -1",
        ),
        (
            json!({"seed": 1.5}),
            "`seed`: expected a whole number, got 1.5",
        ),
        (
            json!({"stop": ["1", "2", "3", "4", "5"]}),
            "`stop`: expected a string or at most 4 strings, got 5 strings",
        ),
        (
            json!({"top_logprobs": 2}),
            "`logprobs` is missing: expected true, because top_logprobs is set",
        ),
        (
            json!({"logit_bias": {"5": 101}}),
            "`logit_bias.5`: expected a number from -100 to 100, got 101",
        ),
        (
            json!({"reasoning_effort": "huge"}),
            "`reasoning_effort`: expected one of none, minimal, low, medium, high, xhigh, max, got \"huge\"",
        ),
        (
            json!({"reasoning_effort": "low", "reasoning": {"effort": "high"}}),
            "`reasoning_effort`: expected \"high\", as reasoning.effort says, got \"low\"",
        ),
        (
            json!({"reasoning": {"effort": "high", "max_tokens": 5}}),
            "`reasoning.max_tokens`: expected either an effort or max_tokens for reasoning, got effort \"high\" and max_tokens 5",
        ),
    ] {
        assert_eq!(refused(&asking(&fields)).to_string(), expected, "{fields}");
    }
}

#[test]
fn a_wrong_wish_is_named_with_what_is_allowed() {
    for (fields, expected) in [
        (
            json!({"response_format": {"type": "xml"}}),
            "`response_format.type`: expected \"text\", \"json_object\", \"json_schema\", \"grammar\" or \"python\", got \"xml\"",
        ),
        (
            json!({"response_format": {"type": "json_schema", "json_schema": {"name": "a b"}}}),
            "`response_format.json_schema.name`: expected 1 to 64 letters, digits, '_' or '-', got \"a b\"",
        ),
        (
            json!({"tools": [{"type": "openrouter:web_search"}]}),
            "`tools[0].type`: expected \"function\": this server has no server tools, got \"openrouter:web_search\"",
        ),
        (
            json!({"tools": [{"type": "function"}]}),
            "`tools[0].function` is missing: expected an object with name and parameters",
        ),
        (
            json!({"tool_choice": "maybe"}),
            "`tool_choice`: expected \"none\", \"auto\", \"required\" or {\"type\":\"function\",\"function\":{\"name\":…}}, got \"maybe\"",
        ),
        (
            json!({"cache_control": {"type": "ephemeral", "ttl": "2h"}}),
            "`cache_control.ttl`: expected \"5m\" or \"1h\", got \"2h\"",
        ),
        (
            json!({"modalities": ["text", "smell"]}),
            "`modalities[1]`: expected \"text\", \"image\" or \"audio\", got \"smell\"",
        ),
        (
            json!({"metadata": {"a": 1}}),
            "`metadata.a`: expected a string, got 1",
        ),
        (
            json!({"stream": "yes"}),
            "`stream`: expected true or false, got \"yes\"",
        ),
        (
            json!({"preset": "x"}),
            "`preset`: expected no preset: this server has none, got \"x\"",
        ),
    ] {
        assert_eq!(refused(&asking(&fields)).to_string(), expected, "{fields}");
    }
}

#[test]
fn a_prompt_is_the_one_turn_of_a_user() {
    let request = parse(&json!({"prompt": "hi"}));
    assert_eq!(request.messages, [canon::Message::text(Role::User, "hi")]);
    assert_eq!(request.model, None);
}

#[test]
fn every_kind_of_part_is_understood() {
    let parts = json!([
        {"type": "text", "text": "t", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
        {"type": "image_url", "image_url": {"url": "https://x/i.png", "detail": "low"}},
        {"type": "image_url", "image_url": {"url": "data:image/webp;base64,QUJD"}},
        {"type": "image_url", "image_url": "https://x/j.png"},
        {"type": "input_audio", "input_audio": {"data": "QUJD", "format": "mp3"}},
        {"type": "video_url", "video_url": {"url": "https://x/v.mp4"}},
        {"type": "input_video", "video_url": {"url": "https://x/w.mp4"}},
        {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,QUJD"}},
        {"type": "file", "file": {"file_id": "file-1"}},
        {"type": "refusal", "refusal": "no"},
        {"type": "hologram", "hologram": {"x": 1}},
    ]);
    let request = parse(&json!({"messages": [{"role": "user", "content": parts}]}));
    let found: Vec<String> = request.messages[0]
        .parts
        .iter()
        .map(|part| match part {
            Part::Text(text) => format!("text {} {:?}", text.text, text.cache),
            Part::Media { media, .. } => {
                format!("{:?} {:?} {:?}", media.kind, media.source, media.mime)
            }
            Part::Refusal(text) => format!("refusal {text}"),
            Part::Other { value, .. } => format!("other {value}"),
            Part::Reasoning(_) | Part::ToolCall(_) | Part::ToolResult(_) => panic!("{part:?}"),
        })
        .collect();
    assert_eq!(
        found,
        [
            "text t Some(CacheMark { ttl: Some(OneHour) })",
            "Image Url(\"https://x/i.png\") None",
            "Image Base64(\"QUJD\") Some(\"image/webp\")",
            "Image Url(\"https://x/j.png\") None",
            "Audio Base64(\"QUJD\") Some(\"mp3\")",
            "Video Url(\"https://x/v.mp4\") None",
            "Video Url(\"https://x/w.mp4\") None",
            "File Base64(\"QUJD\") Some(\"application/pdf\")",
            "File Upload(\"file-1\") None",
            "refusal no",
            "other {\"type\":\"hologram\",\"hologram\":{\"x\":1}}",
        ]
    );
}

#[test]
fn a_data_url_with_parameters_stays_as_it_is() {
    let url = "data:text/plain;charset=utf-8;base64,QUJD";
    let part = json!({"type": "image_url", "image_url": {"url": url}});
    let request = parse(&json!({"messages": [{"role": "user", "content": [part]}]}));
    let Part::Media { media, .. } = &request.messages[0].parts[0] else {
        panic!("no media")
    };
    assert_eq!(media.kind, MediaKind::Image);
    assert_eq!(media.source, Source::Url(url.to_owned()));
}

#[test]
fn thinking_comes_back_unmodified_and_in_order() {
    let details = json!([
        {"type": "reasoning.summary", "summary": "s", "id": "rs_1", "format": "openai-responses-v1", "index": 0},
        {"type": "reasoning.encrypted", "data": "e+/==", "id": "rs_1", "format": "openai-responses-v1", "index": 0},
        {"type": "reasoning.text", "text": "t", "signature": "sig", "format": "anthropic-claude-v1", "index": 1},
        {"type": "reasoning.server_tool_call", "tool_name": "x", "result": {}},
    ]);
    let message = json!({"role": "assistant", "content": "a", "reasoning": "s", "reasoning_details": details});
    let request = parse(&json!({"messages": [message]}));
    let bodies: Vec<&ReasoningBody> = request.messages[0]
        .parts
        .iter()
        .filter_map(|part| {
            if let Part::Reasoning(reasoning) = part {
                Some(&reasoning.body)
            } else {
                None
            }
        })
        .collect();
    assert_eq!(bodies.len(), 3);
    let form = dialects::Form {
        openrouter: true,
        ..dialects::Form::default()
    };
    let (body, loss) = super::send(&request, &form);
    assert_eq!(body["messages"][0]["reasoning_details"], details);
    assert_eq!(loss, Vec::<String>::new());
}

#[test]
fn either_name_of_plain_thinking_is_read() {
    for name in ["reasoning", "reasoning_content"] {
        let request =
            parse(&json!({"messages": [{"role": "assistant", "content": null, name: "hm"}]}));
        let [Part::Reasoning(part)] = request.messages[0].parts.as_slice() else {
            panic!("{request:?}")
        };
        assert_eq!(
            part.body,
            ReasoningBody::Text {
                text: "hm".to_owned(),
                signature: None
            }
        );
    }
}

#[test]
fn asking_for_thinking_has_one_meaning_however_it_is_written() {
    let reasoning = |fields: Value| parse(&asking(&fields)).reasoning.unwrap();
    assert_eq!(
        reasoning(json!({"reasoning_effort": "low"})).effort,
        Some(Effort::Low)
    );
    let both = json!({"reasoning_effort": "low", "reasoning": {"effort": "low", "exclude": true}});
    assert_eq!(reasoning(both).exclude, Some(true));
    assert_eq!(
        reasoning(json!({"include_reasoning": false})).exclude,
        Some(true)
    );
    assert_eq!(reasoning(json!({"include_reasoning": true})).exclude, None);
    assert_eq!(
        reasoning(json!({"reasoning": {"max_tokens": 9}})).max_tokens,
        Some(9)
    );
    assert_eq!(parse(&asking(&json!({"reasoning": null}))).reasoning, None);
}

#[test]
fn tools_choices_and_formats_have_all_their_forms() {
    let choice = |value: Value| {
        parse(&asking(&json!({"tool_choice": value})))
            .tool_choice
            .unwrap()
    };
    assert_eq!(choice(json!("any")), ToolChoice::Required);
    let named = json!({"type": "function", "function": {"name": "f"}});
    assert_eq!(choice(named), ToolChoice::Function("f".to_owned()));
    let native = json!({"type": "allowed_tools", "allowed_tools": {}});
    assert!(matches!(choice(native), ToolChoice::Native { .. }));
    let format = |value: Value| {
        parse(&asking(&json!({"response_format": value})))
            .format
            .unwrap()
    };
    assert_eq!(format(json!({"type": "json_object"})), Format::JsonObject);
    let grammar = json!({"type": "grammar", "grammar": "root ::= x"});
    assert_eq!(format(grammar), Format::Grammar("root ::= x".to_owned()));
}

#[test]
fn a_cache_mark_of_a_turn_is_one_behind_its_last_part() {
    let mark = json!({"type": "ephemeral"});
    let request = parse(&json!({"messages": [
        {"role": "user", "content": "x", "cache_control": mark},
        {"role": "tool", "tool_call_id": "1", "content": "y",
            "cache_control": {"type": "ephemeral", "ttl": "5m"}},
    ]}));
    let [Part::Text(text)] = request.messages[0].parts.as_slice() else {
        panic!("no text")
    };
    assert_eq!(text.cache, Some(CacheMark { ttl: None }));
    let [Part::ToolResult(result)] = request.messages[1].parts.as_slice() else {
        panic!("no result")
    };
    assert_eq!(result.cache.unwrap().ttl, Some(CacheTtl::FiveMinutes));
}

#[test]
fn what_is_not_known_is_kept() {
    let request = parse(&asking(&json!({
        "safe_prompt": true,
        "usage": {"include": true},
        "stream_options": {"include_usage": true},
        "prediction": {"type": "content", "content": "x"},
    })));
    let extras = request.extras.of(canon::Dialect::OpenAiChat).unwrap();
    let names: Vec<&String> = extras.keys().collect();
    assert_eq!(names, ["safe_prompt", "prediction"]);
}
