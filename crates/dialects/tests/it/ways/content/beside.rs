//! What stands beside an answer or between its turns: compactions, what a search found, items of the caller's own tools.

use canon::Usage;
use dialects::{CALLED, Dialect, Form, Target, Thinking, called, render};
use serde_json::{Value, json};

use super::{asked, told};

#[test]
fn a_compaction_counts_and_is_billed_and_stands_apart_for_callers_of_messages() {
    let usage = json!({
    "input_tokens": 23_000, "output_tokens": 1_000, "cache_read_input_tokens": 50,
    "iterations": [
        {"type": "compaction", "input_tokens": 180_000, "output_tokens": 3_500, "cache_read_input_tokens": 7,
            "cache_creation_input_tokens": 30, "cache_creation": {"ephemeral_1h_input_tokens": 20}},
        {"type": "message", "input_tokens": 23_000, "output_tokens": 1_000},
    ]});
    let answer = json!({"id": "m", "type": "message", "role": "assistant", "model": "claude",
        "content": [{"type": "text", "text": "hi"}], "stop_reason": "end_turn", "usage": usage});
    let response = called(Dialect::Anthropic)
        .unwrap()
        .parse_response(answer.to_string().as_bytes())
        .unwrap();
    let counted = response.usage.clone().unwrap();
    let wanted = Usage {
        prompt_tokens: 23_000 + 50 + 180_000 + 7 + 30,
        completion_tokens: 4_500,
        cached_tokens: 57,
        cache_write_tokens: 10,
        cache_write_1h_tokens: 20,
        ..Usage::default()
    };
    assert_eq!(counted, wanted);
    let receipt = dialects::Receipt {
        usage: counted,
        ..dialects::Receipt::default()
    };
    let mut out = Vec::new();
    let serve = dialects::served(Dialect::Anthropic).unwrap();
    serve.render_response(&response, &dialects::Stamp::default(), &receipt, &mut out);
    let said: Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(said["usage"]["input_tokens"], 23_000);
    assert_eq!(said["usage"]["output_tokens"], 1_000);
    assert_eq!(said["usage"]["cache_read_input_tokens"], 50);
    assert_eq!(said["usage"]["cache_creation_input_tokens"], 0);
    assert_eq!(said["usage"]["iterations"], usage["iterations"]);
}

#[test]
fn a_compaction_in_a_stream_counts_too() {
    let events = [
        json!({"type": "message_start", "message": {"id": "m", "model": "c", "content": [], "usage": {"input_tokens": 5}}}),
        json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2,
            "iterations": [{"type": "compaction", "input_tokens": 100, "output_tokens": 10}]}}),
        json!({"type": "message_stop"}),
    ];
    let bytes: String = events
        .iter()
        .map(|event| format!("data: {event}\n\n"))
        .collect();
    let call = called(Dialect::Anthropic).unwrap();
    let replay = crate::replay::replay(call, [bytes.as_bytes()]).unwrap();
    let usage = replay.into_response().unwrap().usage.unwrap();
    assert_eq!((usage.prompt_tokens, usage.completion_tokens), (105, 12));
}

#[test]
fn what_z_ai_found_are_sources_of_the_answer() {
    let answer = json!({"id": "1", "model": "glm", "choices": [{"index": 0, "finish_reason": "stop",
        "message": {"role": "assistant", "content": "Oslo."}}],
        "web_search": [{"title": "Norway", "link": "https://no.example", "content": "Oslo is the capital.",
            "media": "example", "icon": "", "refer": "ref_1", "publish_date": "2026-01-01"}]});
    let chat = told(
        Dialect::OpenAiChat,
        &answer.to_string(),
        Dialect::OpenAiChat,
    );
    let citation = &chat["choices"][0]["message"]["annotations"][0]["url_citation"];
    assert_eq!(citation["url"], "https://no.example");
    assert_eq!(citation["title"], "Norway");
    assert_eq!(citation["content"], "Oslo is the capital.");
    let gemini = told(Dialect::OpenAiChat, &answer.to_string(), Dialect::Gemini);
    assert!(
        gemini.to_string().contains("https://no.example"),
        "{gemini}"
    );
}

#[test]
fn items_of_the_callers_own_tools_are_named_where_they_cannot_go() {
    let items = [
        json!({"type": "shell_call", "call_id": "c", "action": {"commands": ["ls"]}, "status": "completed"}),
        json!({"type": "shell_call_output", "call_id": "c", "output": [{"stdout": "x", "stderr": "", "outcome": {"type": "exit", "exit_code": 0}}]}),
        json!({"type": "local_shell_call", "id": "l", "call_id": "c", "action": {"type": "exec", "command": ["ls"], "env": {}}, "status": "completed"}),
        json!({"type": "local_shell_call_output", "id": "l", "output": "x"}),
        json!({"type": "computer_call", "id": "i", "call_id": "c", "action": {"type": "screenshot"}, "pending_safety_checks": [], "status": "completed"}),
        json!({"type": "computer_call_output", "call_id": "c", "output": {"type": "computer_screenshot", "image_url": "https://a.example/s.png"}}),
        json!({"type": "apply_patch_call", "call_id": "c", "operation": {"type": "delete_file", "path": "a"}, "status": "completed"}),
        json!({"type": "apply_patch_call_output", "call_id": "c", "status": "completed"}),
        json!({"type": "code_interpreter_call", "id": "i", "code": "1", "container_id": "k", "status": "completed"}),
        json!({"type": "mcp_call", "id": "i", "name": "f", "server_label": "s", "arguments": "{}", "output": "x"}),
        json!({"type": "compaction", "id": "i", "encrypted_content": "abc"}),
    ];
    let form = Form::default();
    for item in items {
        let kind = item["type"].as_str().unwrap();
        let body = json!({"input": [{"role": "user", "content": "go"}, item, {"role": "user", "content": "on"}]});
        let request = asked(Dialect::OpenAiResponses, &body);
        for call in CALLED {
            let target = Target {
                upstream_model: "x",
                model: "acme/x",
                form: &form,
                max_output_tokens: Some(1_000),
                thinking: Thinking::Unknown,
            };
            let mut loss = Vec::new();
            let said = match render(*call, &request, &target, &mut loss) {
                Ok((body, _)) if call.dialect() == Dialect::OpenAiResponses => {
                    String::from_utf8(body).unwrap()
                }
                Ok(_) => format!("{loss:?}"),
                Err(error) => error.to_string(),
            };
            assert!(said.contains(kind), "{kind} to {}: {said}", call.dialect());
        }
    }
}
