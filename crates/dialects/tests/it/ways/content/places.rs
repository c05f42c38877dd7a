//! What cannot be sent is named by the place where its caller wrote it.

use dialects::{Dialect, Form, Target, Thinking, called, render, served};
use serde_json::{Value, json};

/// What a caller hears whose request cannot be said to this vendor.
fn refused(caller: Dialect, vendor: Dialect, body: &Value) -> String {
    let serve = served(caller).unwrap();
    let request = serve.parse_request(body.to_string().as_bytes()).unwrap();
    let form = Form::default();
    let target = Target {
        upstream_model: "x",
        model: "acme/x",
        form: &form,
        max_output_tokens: Some(1_000),
        thinking: Thinking::Unknown,
    };
    let call = called(vendor).unwrap();
    let error = render(call, &request, &target, &mut Vec::new()).unwrap_err();
    error.to_string()
}

#[test]
fn a_refusal_names_the_place_that_the_caller_wrote() {
    let sound =
        json!({"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}});
    let responses = json!({"instructions": "Be brief.", "input": [
        {"role": "user", "content": "hi"},
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "abc"},
        {"type": "message", "role": "assistant", "id": "m", "status": "completed",
            "content": [{"type": "output_text", "text": "hello", "annotations": []}]},
        {"role": "user", "content": [{"type": "input_text", "text": "what is said?"}, sound]},
    ]});
    let gemini = json!({"systemInstruction": {"parts": [{"text": "Be brief."}]}, "contents": [
        {"role": "user", "parts": [{"text": "hi"}]},
        {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {}}, "thoughtSignature": "c2ln"}]},
        {"role": "user", "parts": [
            {"functionResponse": {"name": "f", "response": {"result": "x"}}},
            {"text": "what is said?"},
            {"inlineData": {"mimeType": "audio/wav", "data": "UklGRg=="}}]},
    ]});
    let chat = json!({"messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "what is said?"}, sound]},
    ]});
    for vendor in [Dialect::Anthropic, Dialect::Cohere, Dialect::Ollama] {
        for (caller, body, place) in [
            (Dialect::OpenAiResponses, &responses, "input[3].content[1]"),
            (Dialect::Gemini, &gemini, "contents[2].parts[2]"),
            (Dialect::OpenAiChat, &chat, "messages[1].content[1]"),
        ] {
            let error = refused(caller, vendor, body);
            assert!(error.starts_with(place), "{caller} to {vendor}: {error}");
        }
    }
    // `messages` has no turn of the system's here.
    let anthropic = json!({"model": "m", "max_tokens": 9, "system": "Be brief.", "messages": [
        {"role": "user", "content": [
            {"type": "text", "text": "what does it say?"},
            {"type": "document", "source": {"type": "file", "file_id": "file_1"}}]}]});
    let error = refused(Dialect::Anthropic, Dialect::Cohere, &anthropic);
    assert!(error.starts_with("messages[0].content[1]"), "{error}");
}

#[test]
fn a_turn_of_ours_ahead_moves_no_place() {
    let body = json!({"messages": [{"role": "user", "content": [
        {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}}]}],
        "response_format": {"type": "json_object"}});
    let error = refused(Dialect::OpenAiChat, Dialect::Anthropic, &body);
    assert!(error.starts_with("messages[0].content[0]"), "{error}");
}
