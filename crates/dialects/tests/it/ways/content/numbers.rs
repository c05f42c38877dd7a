//! Numbers in what models and tools say to each other are the ones that were written, to the last digit.

use dialects::Dialect;
use serde_json::{Value, json};

use super::{asked, told};

/// Arguments that no value tree can hold.
const ARGUMENTS: &str =
    r#"{"price":1.50,"id":12345678901234567890123,"rate":1e-7,"zero":-0.0,"text":"1.50 \" {"}"#;

/// The arguments of the first call that a caller of chat reads.
fn arguments_told(vendor: Dialect, answer: &str) -> String {
    let told = told(vendor, answer, Dialect::OpenAiChat);
    let arguments = told["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"].clone();
    arguments.as_str().unwrap().to_owned()
}

#[test]
fn arguments_of_every_vendor_reach_the_caller_as_they_were_written() {
    // Vendors break lines as they like.
    let spread = ARGUMENTS.replace(",\"", " ,\n \"");
    let answers = [
        (
            Dialect::Gemini,
            format!(
                r#"{{"candidates":[{{"content":{{"parts":[{{"text":"x"}},{{"functionCall":{{"name":"f","args":{spread}}}}}]}}}}]}}"#
            ),
        ),
        (
            Dialect::Bedrock,
            format!(
                r#"{{"output":{{"message":{{"role":"assistant","content":[{{"toolUse":{{"toolUseId":"c","name":"f","input":{spread}}}}}]}}}},"stopReason":"tool_use"}}"#
            ),
        ),
        (
            Dialect::Ollama,
            format!(
                r#"{{"model":"m","message":{{"role":"assistant","tool_calls":[{{"function":{{"name":"f","arguments":{spread}}}}}]}},"done":true}}"#
            ),
        ),
        (
            Dialect::Anthropic,
            format!(
                r#"{{"id":"m","type":"message","role":"assistant","content":[{{"type":"tool_use","id":"c","name":"f","input":{spread}}}],"stop_reason":"tool_use"}}"#
            ),
        ),
        (
            Dialect::OpenAiChat,
            format!(
                r#"{{"id":"c","choices":[{{"index":0,"message":{{"role":"assistant","tool_calls":[{{"id":"c","type":"function","function":{{"name":"f","arguments":{spread}}}}}]}},"finish_reason":"tool_calls"}}]}}"#
            ),
        ),
    ];
    for (vendor, answer) in answers {
        assert_eq!(arguments_told(vendor, &answer), ARGUMENTS, "{vendor}");
    }
}

/// What a vendor of this dialect is sent, as text.
fn sent_text(dialect: Dialect, request: &canon::Request) -> String {
    let form = dialects::Form::default();
    let target = dialects::Target {
        upstream_model: "x",
        model: "acme/x",
        form: &form,
        max_output_tokens: Some(1_000),
        thinking: dialects::Thinking::Unknown,
    };
    let call = dialects::called(dialect).unwrap();
    let (body, _) = dialects::render(call, request, &target, &mut Vec::new()).unwrap();
    String::from_utf8(body).unwrap()
}

#[test]
fn arguments_of_every_caller_reach_the_vendor_as_they_were_written() {
    let raw = |body: &Value| body.to_string().replace("\"ARGUMENTS\"", ARGUMENTS);
    let chat = json!({"messages": [
        {"role": "user", "content": "go"},
        {"role": "assistant", "content": null, "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "f", "arguments": ARGUMENTS}}]},
        {"role": "tool", "tool_call_id": "c1", "content": "done"}]});
    let odd_chat = json!({"messages": [
        {"role": "user", "content": "go"},
        {"role": "assistant", "content": null, "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "ARGUMENTS"}}]},
        {"role": "tool", "tool_call_id": "c1", "content": "done"}]});
    let responses = json!({"input": [
        {"role": "user", "content": "go"},
        {"type": "function_call", "call_id": "c1", "name": "f", "arguments": ARGUMENTS},
        {"type": "function_call_output", "call_id": "c1", "output": "done"}]});
    let anthropic = json!({"model": "m", "max_tokens": 9, "messages": [
        {"role": "user", "content": "go"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "c1", "name": "f", "input": "ARGUMENTS"}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c1", "content": "done"}]}]});
    let gemini = json!({"contents": [
        {"role": "user", "parts": [{"text": "go"}]},
        {"role": "model", "parts": [{"function_call": {"id": "c1", "name": "f", "args": "ARGUMENTS"}}]},
        {"role": "user", "parts": [{"functionResponse": {"id": "c1", "name": "f", "response": {"result": "done"}}}]}]});
    let callers = [
        (Dialect::OpenAiChat, chat.to_string()),
        (Dialect::OpenAiChat, raw(&odd_chat)),
        (Dialect::OpenAiResponses, responses.to_string()),
        (Dialect::Anthropic, raw(&anthropic)),
        (Dialect::Gemini, raw(&gemini)),
    ];
    for (caller, body) in callers {
        let serve = dialects::served(caller).unwrap();
        let request = serve.parse_request(body.as_bytes()).unwrap();
        for vendor in [
            Dialect::Gemini,
            Dialect::Bedrock,
            Dialect::Ollama,
            Dialect::Anthropic,
        ] {
            let sent = sent_text(vendor, &request);
            assert!(sent.contains(ARGUMENTS), "{caller} to {vendor}: {sent}");
        }
        for vendor in [
            Dialect::OpenAiChat,
            Dialect::OpenAiResponses,
            Dialect::Cohere,
        ] {
            let sent = sent_text(vendor, &request);
            let quoted = Value::from(ARGUMENTS).to_string();
            assert!(sent.contains(&quoted), "{caller} to {vendor}: {sent}");
        }
    }
}

#[test]
fn what_a_tool_says_in_an_object_goes_on_as_it_was_written() {
    let body = |response: &str| {
        format!(
            r#"{{"contents":[
            {{"role":"user","parts":[{{"text":"go"}}]}},
            {{"role":"model","parts":[{{"functionCall":{{"id":"c1","name":"f","args":{{}}}}}}]}},
            {{"role":"user","parts":[{{"functionResponse":{{"id":"c1","name":"f","response":{response}}}}}]}}]}}"#
        )
    };
    let serve = dialects::served(Dialect::Gemini).unwrap();
    for (response, text) in [
        (r#"{ "price": 1.50 }"#, r#"{"price":1.50}"#),
        (r#"{"error": {"code": 1.0}}"#, r#"{"code":1.0}"#),
        (r#"{"result": "1.50"}"#, "1.50"),
    ] {
        let request = serve.parse_request(body(response).as_bytes()).unwrap();
        let (sent, _) = super::sent(Dialect::OpenAiChat, &request);
        assert_eq!(sent["messages"][2]["content"], text);
        let back = sent_text(Dialect::Gemini, &request);
        assert!(back.contains(&response.replace(' ', "")), "{back}");
    }
}

#[test]
fn arguments_that_are_no_object_are_refused_as_ever() {
    let body = json!({"contents": [{"role": "model", "parts": [{"functionCall": {"name": "f", "args": [1]}}]}]});
    let serve = dialects::served(Dialect::Gemini).unwrap();
    let error = serve
        .parse_request(body.to_string().as_bytes())
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("contents[0].parts[0].functionCall.args"),
        "{error}"
    );
    assert_eq!(
        asked(
            Dialect::Gemini,
            &json!({"contents": [{"parts": [{"text": "a"}]}]})
        )
        .messages
        .len(),
        1
    );
}
