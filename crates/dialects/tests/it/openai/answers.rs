//! Whole answers as callers see them: OpenRouter's shape, byte for byte.

use canon::{NanoUsd, Usage};
use dialects::{Call, Receipt, Serve, openai::chat::Chat};
use serde_json::{Value, json};

use super::{broken, serve_whole};

fn read(body: &Value) -> canon::Response {
    Chat.parse_response(body.to_string().as_bytes()).unwrap()
}

#[test]
fn a_whole_answer_has_openrouters_fields_in_openrouters_order() {
    let response = read(&json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "b-2026",
        "system_fingerprint": "fp_1", "service_tier": "default",
        "choices": [{"index": 0, "finish_reason": "tool_calls", "message": {
            "role": "assistant", "content": "on it", "reasoning_content": "hm",
            "annotations": [{"type": "url_citation", "url_citation": {"url": "https://x", "title": "X", "start_index": 0, "end_index": 5}}],
            "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{\"a\": 1}"}}]}}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15,
            "prompt_tokens_details": {"cached_tokens": 4}},
    }));
    let receipt = Receipt {
        usage: response.usage.clone().unwrap(),
        cost: NanoUsd::new(1_234_500),
        upstream_cost: NanoUsd::new(1_234_500),
        upstream_prompt_cost: NanoUsd::new(1_000_000),
        upstream_completion_cost: NanoUsd::new(234_500),
        is_byok: false,
        completed_at: None,
        router: None,
        weir: None,
    };
    let expected = concat!(
        r#"{"id":"gen-1","object":"chat.completion","created":7,"model":"a/b","provider":"Acme","#,
        r#""system_fingerprint":"fp_1","service_tier":"default","choices":[{"index":0,"logprobs":null,"#,
        r#""finish_reason":"tool_calls","native_finish_reason":"tool_calls","message":{"role":"assistant","#,
        r#""content":"on it","refusal":null,"reasoning":"hm","tool_calls":[{"type":"function","index":0,"#,
        r#""id":"c1","function":{"name":"f","arguments":"{\"a\": 1}"}}],"reasoning_details":"#,
        r#"[{"type":"reasoning.text","text":"hm","format":"unknown","index":0}],"annotations":"#,
        r#"[{"type":"url_citation","url_citation":{"url":"https://x","title":"X","start_index":0,"end_index":5}}]}}],"#,
        r#""usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,"cost":0.0012345,"is_byok":false,"#,
        r#""prompt_tokens_details":{"cached_tokens":4,"cache_write_tokens":0,"audio_tokens":0,"video_tokens":0},"#,
        r#""cost_details":{"upstream_inference_cost":0.0012345,"upstream_inference_prompt_cost":0.001,"#,
        r#""upstream_inference_completions_cost":0.0002345},"completion_tokens_details":"#,
        r#"{"reasoning_tokens":0,"image_tokens":0,"audio_tokens":0}}}"#,
    );
    assert_eq!(serve_whole(&response, &receipt), expected);
}

#[test]
fn content_that_is_not_there_is_null() {
    let response = read(&json!({"choices": [{"index": 0, "finish_reason": "stop",
        "message": {"role": "assistant", "content": null, "refusal": "I can't."}}]}));
    let body: Value = serde_json::from_str(&serve_whole(&response, &Receipt::default())).unwrap();
    let message = &body["choices"][0]["message"];
    assert_eq!(message["content"], Value::Null);
    assert_eq!(message["refusal"], "I can't.");
    assert_eq!(body["usage"]["total_tokens"], 0);
}

#[test]
fn pictures_logprobs_and_a_vendors_own_fields_come_through() {
    let response = read(&json!({"choices": [{"index": 0, "finish_reason": "stop",
        "logprobs": {"content": [{"token": "a", "logprob": -0.5}], "refusal": null},
        "message": {"role": "assistant", "content": "here", "token_id": 3, "audio": null,
            "images": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,QUJD"}}],
            "annotations": [{"type": "file", "file": {"hash": "h"}}],
            "executed_tools": [{"type": "search"}]}}]}));
    let body: Value = serde_json::from_str(&serve_whole(&response, &Receipt::default())).unwrap();
    let message = &body["choices"][0]["message"];
    assert_eq!(
        message["images"],
        json!([{"type": "image_url", "image_url": {"url": "data:image/png;base64,QUJD"}, "index": 0}])
    );
    assert_eq!(
        message["annotations"],
        json!([{"type": "file", "file": {"hash": "h"}}])
    );
    assert_eq!(message["executed_tools"], json!([{"type": "search"}]));
    assert_eq!(message.get("token_id"), None);
    assert_eq!(body["choices"][0]["logprobs"]["content"][0]["token"], "a");
}

#[test]
fn a_whole_answer_that_broke_off_says_so() {
    let response = read(&json!({"choices": [{"index": 0, "finish_reason": "error",
        "error": {"code": 502, "message": "m"}, "message": {"role": "assistant", "content": "par"}}]}));
    assert_eq!(response.choices[0].finish, Some(canon::FinishReason::Error));
    let body: Value = serde_json::from_str(&serve_whole(&response, &Receipt::default())).unwrap();
    assert_eq!(body["choices"][0]["finish_reason"], "error");
    assert_eq!(body["choices"][0]["message"]["content"], "par");
}

#[test]
fn what_is_no_answer_is_an_error() {
    for body in [
        "",
        "null",
        "[]",
        "{}",
        r#"{"choices":[]}"#,
        r#"{"error":{"message":"m"}}"#,
        "<html>",
    ] {
        assert!(Chat.parse_response(body.as_bytes()).is_err(), "{body}");
    }
}

#[test]
fn an_error_body_says_kind_and_code() {
    let mut out = Vec::new();
    Chat.render_error(&broken("Provider returned error"), &mut out);
    assert_eq!(
        String::from_utf8(out).unwrap(),
        r#"{"error":{"code":502,"message":"Provider returned error","metadata":{"error_type":"provider_unavailable","provider_code":"overloaded"}}}"#
    );
}

#[test]
fn absurd_usage_never_kills_the_answer() {
    for usage in [
        json!({"prompt_tokens": -5, "completion_tokens": 1}),
        json!({"prompt_tokens": 1e300, "completion_tokens": 1}),
        json!("many"),
        json!([]),
        json!(null),
    ] {
        let response = read(&json!({"usage": usage, "choices": [{"message": {"content": "x"}}]}));
        assert_eq!(response.usage, None::<Usage>, "{usage}");
        assert_eq!(response.choices.len(), 1);
    }
}
