//! A signature of Gemini's comes back on the very part it came on, whatever dialect the caller speaks.

use dialects::Dialect;
use serde_json::{Value, json};

use super::{asked, sent, streamed, told};

/// Parts of an answer as Gemini signs them: thoughts, text, a picture, calls, the empty end of a stream.
fn turns() -> Vec<Value> {
    vec![
        json!([{"text": "Hello.", "thoughtSignature": "c2ln+/8="}]),
        json!([{"text": "Hello."}, {"text": "", "thoughtSignature": "ZW5k"}]),
        json!([{"text": "Hé"}, {"text": "llo", "thoughtSignature": "bWlk"}, {"text": " there"}]),
        json!([{"text": "a", "thoughtSignature": "b25l"}, {"text": "b", "thoughtSignature": "dHdv"}]),
        json!([{"text": "", "thoughtSignature": "bm90aGluZw=="}]),
        json!([
            {"functionCall": {"id": "call_1", "name": "f", "args": {"a": 1}}, "thoughtSignature": "Y2FsbA=="},
            {"functionCall": {"id": "call_2", "name": "f", "args": {"a": 2}}},
        ]),
        json!([
            {"text": "I look.", "thoughtSignature": "dGV4dA=="},
            {"functionCall": {"id": "call_1", "name": "f", "args": {}}, "thoughtSignature": "Y2FsbA=="},
        ]),
        json!([{"text": "words"}, {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}, "thoughtSignature": "cGlj"}]),
    ]
}

fn answer_of(parts: &Value) -> Value {
    json!({"candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": "STOP", "index": 0}]})
}

/// What Gemini is sent when a caller returns what it read, and a result for each call.
fn returned(caller: Dialect, history: Value) -> Value {
    let body = match caller {
        Dialect::OpenAiChat => json!({"messages": history}),
        Dialect::OpenAiResponses => json!({"input": history}),
        Dialect::Anthropic => json!({"model": "m", "max_tokens": 9, "messages": history}),
        Dialect::Gemini => json!({"contents": history}),
        Dialect::OpenAiCompletions
        | Dialect::Bedrock
        | Dialect::Cohere
        | Dialect::Ollama
        | Dialect::Replicate => panic!("nobody asks in {caller} here"),
    };
    let (body, _) = sent(Dialect::Gemini, &asked(caller, &body));
    let models = |turn: &&Value| turn["role"] == "model";
    body["contents"]
        .as_array()
        .unwrap()
        .iter()
        .find(models)
        .unwrap()["parts"]
        .clone()
}

/// The history of a caller that was told this.
fn history(caller: Dialect, told: &Value) -> Value {
    let mut turns = vec![];
    match caller {
        Dialect::OpenAiChat => {
            turns.push(json!({"role": "user", "content": "hi"}));
            turns.push(told["choices"][0]["message"].clone());
            turns.push(json!({"role": "user", "content": "go on"}));
        }
        Dialect::OpenAiResponses => {
            turns.push(json!({"role": "user", "content": "hi"}));
            turns.extend(told["output"].as_array().unwrap().iter().cloned());
            turns.push(json!({"role": "user", "content": "go on"}));
        }
        Dialect::Anthropic => {
            turns.push(json!({"role": "user", "content": "hi"}));
            turns.push(json!({"role": "assistant", "content": told["content"]}));
            turns.push(json!({"role": "user", "content": "go on"}));
        }
        Dialect::Gemini
        | Dialect::OpenAiCompletions
        | Dialect::Bedrock
        | Dialect::Cohere
        | Dialect::Ollama
        | Dialect::Replicate => {
            turns.push(json!({"role": "user", "parts": [{"text": "hi"}]}));
            turns.push(told["candidates"][0]["content"].clone());
            turns.push(json!({"role": "user", "parts": [{"text": "go on"}]}));
        }
    }
    turns.into()
}

#[test]
fn a_signature_returns_on_the_part_it_came_on_through_every_dialect() {
    for parts in turns() {
        let has_picture = parts.to_string().contains("inlineData");
        for caller in [
            Dialect::Gemini,
            Dialect::OpenAiChat,
            Dialect::OpenAiResponses,
            Dialect::Anthropic,
        ] {
            if has_picture && matches!(caller, Dialect::OpenAiResponses | Dialect::Anthropic) {
                continue;
            }
            let told = told(Dialect::Gemini, &answer_of(&parts).to_string(), caller);
            let back = returned(caller, history(caller, &told));
            assert_eq!(back, parts, "{caller}: {told}");
        }
    }
}

#[test]
fn callers_of_gemini_read_signed_parts_as_they_came_in_streams_too() {
    for parts in turns() {
        let frames: Vec<Value> = parts
            .as_array()
            .unwrap()
            .iter()
            .map(|part| json!({"candidates": [{"content": {"role": "model", "parts": [part]}, "index": 0}]}))
            .chain([json!({"candidates": [{"finishReason": "STOP", "index": 0}]})])
            .collect();
        let read = streamed(Dialect::Gemini, &frames, Dialect::Gemini);
        let mut read: Vec<Value> = read
            .iter()
            .map(|frame| frame["candidates"][0]["content"]["parts"][0].clone())
            .collect();
        assert_eq!(read.pop(), Some(json!({"text": ""})));
        assert_eq!(Value::Array(read), parts);
    }
}

#[test]
fn a_signature_without_a_place_goes_where_gemini_signs() {
    // As OpenRouter gives them out.
    let messages = json!([
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": "Hello.", "reasoning_details": [
            {"type": "reasoning.encrypted", "data": "c2ln", "format": "google-gemini-v1", "id": null, "index": 0}]},
        {"role": "user", "content": "go on"},
    ]);
    let back = returned(Dialect::OpenAiChat, messages);
    assert_eq!(
        back,
        json!([{"text": "Hello.", "thoughtSignature": "c2ln"}])
    );
}

#[test]
fn a_signed_thought_is_a_part_of_its_own() {
    let frame = |part: Value| json!({"candidates": [{"content": {"role": "model", "parts": [part]}, "index": 0}]});
    let thoughts = json!([{"text": "hm", "thought": true}, {"text": "so", "thought": true, "thoughtSignature": "dGg="}]);
    let answer = json!([thoughts[0], thoughts[1], {"text": "Hello."}]);
    let frames = [
        frame(answer[0].clone()),
        frame(answer[1].clone()),
        frame(answer[2].clone()),
        json!({"candidates": [{"finishReason": "STOP", "index": 0}]}),
    ];
    // A caller of chat returns the fragments as they came.
    let mut details = vec![];
    for chunk in streamed(Dialect::Gemini, &frames, Dialect::OpenAiChat) {
        details.extend(
            chunk["choices"][0]["delta"]["reasoning_details"]
                .as_array()
                .cloned()
                .unwrap_or_default(),
        );
    }
    let messages = json!([
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": "Hello.", "reasoning_details": details},
        {"role": "user", "content": "go on"},
    ]);
    assert_eq!(returned(Dialect::OpenAiChat, messages), answer);
}

#[test]
fn a_draft_of_a_picture_is_no_part_of_the_answer_but_for_callers_of_gemini() {
    let draft = json!({"inlineData": {"mimeType": "image/png", "data": "ZHJhZnQ="}, "thought": true, "thoughtSignature": "ZHI="});
    let last = json!({"inlineData": {"mimeType": "image/png", "data": "bGFzdA=="}, "thoughtSignature": "bGE="});
    let parts = json!([draft, last]);
    let answer = answer_of(&parts).to_string();
    let told_gemini = told(Dialect::Gemini, &answer, Dialect::Gemini);
    assert_eq!(told_gemini["candidates"][0]["content"]["parts"], parts);
    let back = returned(Dialect::Gemini, history(Dialect::Gemini, &told_gemini));
    assert_eq!(back, parts);
    for caller in [
        Dialect::OpenAiChat,
        Dialect::OpenAiResponses,
        Dialect::Anthropic,
    ] {
        let told = told(Dialect::Gemini, &answer, caller).to_string();
        assert!(told.contains("bGFzdA=="), "{caller}: {told}");
        assert!(!told.contains("ZHJhZnQ="), "{caller}: {told}");
    }
    let chat = told(Dialect::Gemini, &answer, Dialect::OpenAiChat);
    assert_eq!(
        chat["choices"][0]["message"]["images"]
            .as_array()
            .map(Vec::len),
        Some(1)
    );
}
