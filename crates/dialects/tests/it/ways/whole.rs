//! A whole answer for a caller of the vendor's dialect is the same bytes the short way and the long way.

use canon::{NanoUsd, Part, ReasoningBody, Response};
use dialects::{Dialect, Receipt, Stamp, Whole, called, served};
use proptest::prelude::*;
use serde_json::json;
use testbed::corpus;

use crate::corpus::WIRES;
use crate::fixtures;

/// The dialects that have a short way for whole answers.
const SHORT: &[Dialect] = &[
    Dialect::OpenAiChat,
    Dialect::OpenAiResponses,
    Dialect::Anthropic,
    Dialect::Gemini,
];

fn stamp() -> Stamp {
    Stamp {
        generation: "gen-1".to_owned(),
        created: 1_700_000_000,
        model: "acme/small".to_owned(),
        provider: "Acme".to_owned(),
        echo: None,
    }
}

/// The same for a caller of Gemini's who did not ask to see what the model thinks.
fn unthinking_stamp() -> Stamp {
    let body = json!({"contents": [{"parts": [{"text": "hi"}]}]}).to_string();
    let serve = served(Dialect::Gemini).unwrap();
    let request = serve.parse_request(body.as_bytes()).unwrap();
    Stamp {
        echo: serve.echo(&request),
        ..stamp()
    }
}

/// What the meter makes of an answer: its usage with a cost.
fn receipt(usage: Option<canon::Usage>) -> Receipt {
    Receipt {
        usage: usage.unwrap_or_default(),
        cost: NanoUsd::new(1_234_567),
        upstream_cost: NanoUsd::new(1_234_567),
        ..Receipt::default()
    }
}

/// Bytes of text and arguments, and the calls.
fn said(response: &Response) -> (u64, Vec<(u32, String, String)>) {
    let (mut bytes, mut calls) = (0, Vec::new());
    for (choice, answer) in (0..).zip(&response.choices) {
        for part in &answer.parts {
            match part {
                Part::Text(text) => bytes += text.text.len(),
                Part::ToolCall(call) => {
                    bytes += call.arguments.len();
                    calls.push((choice, call.name.clone(), call.arguments.clone()));
                }
                Part::Refusal(text) => bytes += text.len(),
                Part::Reasoning(part) => match &part.body {
                    ReasoningBody::Text { text, .. } | ReasoningBody::Summary(text) => {
                        bytes += text.len();
                    }
                    ReasoningBody::Encrypted(_) => {}
                },
                Part::Media { .. } | Part::ToolResult(_) => {
                    panic!("not for the short way: {part:?}")
                }
                Part::Other { .. } => {}
            }
        }
    }
    (bytes as u64, calls)
}

/// Whether an answer takes the short way; if it does, all that comes of it is what comes of the long one.
fn goes_short(dialect: Dialect, body: &[u8], label: &str) -> bool {
    let Some(short) = Whole::read(dialect, body) else {
        return false;
    };
    let long = called(dialect).unwrap().parse_response(body);
    let long = long.unwrap_or_else(|error| panic!("{label}: the long way says {error}"));
    assert_eq!(
        (&short.id, &short.usage),
        (&long.id, &long.usage),
        "{label}"
    );
    let first = long.choices.iter().find_map(|choice| choice.finish);
    let native = long
        .choices
        .iter()
        .find_map(|choice| choice.native_finish.clone());
    assert_eq!(
        (short.finish, &short.native_finish),
        (first, &native),
        "{label}"
    );
    let calls: Vec<_> = short
        .calls
        .iter()
        .map(|call| (call.choice, call.name.clone(), call.arguments.clone()))
        .collect();
    assert_eq!((short.bytes, calls), said(&long), "{label}");
    let receipt = receipt(short.usage.clone());
    let serve = served(dialect).unwrap();
    for stamp in [stamp(), unthinking_stamp()] {
        let (mut left, mut right) = (Vec::new(), Vec::new());
        short.render(&stamp, &receipt, &mut left);
        serve.render_response(&long, &stamp, &receipt, &mut right);
        assert_eq!(
            String::from_utf8(left).unwrap(),
            String::from_utf8(right).unwrap(),
            "{label}"
        );
    }
    true
}

/// Our own examples, recorded answers, and the plainest of each kind.
fn examples() -> Vec<(Dialect, Vec<u8>)> {
    let mut examples: Vec<_> = fixtures::with_file("response.json")
        .into_iter()
        .filter(|fixture| SHORT.contains(&fixture.dialect))
        .map(|fixture| (fixture.dialect, fixture.bytes))
        .collect();
    for body in [
        json!({"id": "a", "object": "chat.completion", "created": 1, "model": "m", "choices": [
            {"index": 0, "message": {"role": "assistant", "content": "say \"hi\"\n", "refusal": null,
                "annotations": []}, "logprobs": null, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7,
                "prompt_tokens_details": {"cached_tokens": 1}}, "service_tier": "default",
            "system_fingerprint": "fp"}),
        json!({"id": "b", "choices": [
            {"index": 0, "message": {"role": "assistant", "content": null, "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{\"a\":1}"}},
                {"id": "c2", "type": "function", "function": {"name": "g", "arguments": ""}}]},
             "finish_reason": "tool_calls"},
            {"index": 1, "message": {"content": "é"}, "finish_reason": "length"}]}),
    ] {
        examples.push((Dialect::OpenAiChat, body.to_string().into_bytes()));
    }
    for message in [
        json!({"content": "so", "reasoning_content": "hm", "reasoning": null, "padding": "xx"}),
        json!({"content": null, "refusal": "no", "reasoning": "hm", "reasoning_details": [
            {"type": "reasoning.summary", "summary": "hm", "format": "openai-responses-v1", "index": 0},
            {"type": "reasoning.encrypted", "data": "QQ==", "id": "rs_1", "index": 0}]}),
        json!({"content": "so", "reasoning_details": [
            {"type": "reasoning.text", "text": "a", "index": 0},
            {"type": "reasoning.text", "text": "b", "signature": "s", "index": 0}]}),
    ] {
        let body = json!({"id": "c", "choices": [{"message": message, "finish_reason": "stop"}],
            "x_groq": {"id": "req"}, "usage": {"prompt_tokens": 1, "completion_tokens": 2}});
        examples.push((Dialect::OpenAiChat, body.to_string().into_bytes()));
    }
    let body = json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [
        {"type": "thinking", "thinking": "hm", "signature": "c2ln"},
        {"type": "redacted_thinking", "data": "QQ=="},
        {"type": "text", "text": "Let me see."},
        {"type": "tool_use", "id": "t1", "name": "f", "input": {"b": 1.50, "a": []}}],
        "stop_reason": "tool_use", "stop_sequence": null, "usage": {"input_tokens": 5,
            "cache_creation_input_tokens": 0, "output_tokens": 9, "service_tier": "standard"}});
    examples.push((Dialect::Anthropic, body.to_string().into_bytes()));
    let body = json!({"id": "resp_1", "object": "response", "created_at": 1, "status": "completed", "error": null,
        "incomplete_details": null, "model": "m", "tools": [{"type": "function", "parameters": {"a": [1.5, true]}}],
        "output": [
            {"id": "rs_0", "type": "reasoning", "summary": [], "status": null},
            {"id": "rs_1", "type": "reasoning", "encrypted_content": "QQ==",
                "summary": [{"type": "summary_text", "text": "hm"}]},
            {"id": "ws_1", "type": "web_search_call", "status": "completed", "action": {"type": "search"}},
            {"id": "msg_1", "type": "message", "status": "completed", "role": "assistant", "phase": "final_answer",
                "content": [{"type": "output_text", "text": "a\n", "annotations": [], "logprobs": []},
                    {"type": "output_text", "text": "b"}]},
            {"id": "fc_1", "type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}",
                "status": "completed"}],
        "usage": {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7}, "service_tier": "default"});
    examples.push((Dialect::OpenAiResponses, body.to_string().into_bytes()));
    let body = json!({"candidates": [{"content": {"role": "model", "parts": [
            {"text": "hm", "thought": true},
            {"text": "so", "thoughtSignature": "c2ln"},
            {"functionCall": {"name": "f", "args": {"b": 1.50, "a": []}}, "thoughtSignature": "QQ=="},
            {"functionCall": {"name": "f", "args": {}, "id": "c2"}},
            {"text": "hm", "thought": true, "thoughtSignature": "Qg=="}]},
            "finishReason": "STOP", "avgLogprobs": -0.25},
        {"content": {"parts": [{"text": "or"}]}, "finishReason": "MAX_TOKENS", "index": 1}],
        "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 4, "totalTokenCount": 7},
        "modelVersion": "m", "responseId": "r/1", "createTime": "2026-01-01T00:00:00Z"});
    examples.push((Dialect::Gemini, body.to_string().into_bytes()));
    examples
}

#[test]
fn our_own_answers_are_the_same_both_ways() {
    let examples = examples();
    let goes = |(dialect, body): &(Dialect, Vec<u8>)| {
        let is_short = goes_short(*dialect, body, &String::from_utf8_lossy(body));
        is_short.then_some(*dialect)
    };
    let short: Vec<_> = examples.iter().filter_map(goes).collect();
    for dialect in SHORT {
        let count = short.iter().filter(|known| *known == dialect).count();
        println!("{}: {count}", dialect.name());
        assert!(
            count >= 1,
            "{}: the plain ones go the short way",
            dialect.name()
        );
    }
    assert!(short.len() >= 10, "{} go the short way", short.len());
}

#[test]
fn recorded_answers_are_the_same_both_ways() {
    if !corpus::available() {
        println!("skipped: the corpus is not at hand");
        return;
    }
    for wire in WIRES.iter().filter(|wire| SHORT.contains(&wire.dialect)) {
        let (mut answers, mut short) = (0, 0);
        for exchange in wire.wholes() {
            let body = exchange.response.body.to_string();
            answers += 1;
            short += u32::from(goes_short(wire.dialect, body.as_bytes(), &exchange.label()));
        }
        println!(
            "{}: {short} of {answers} go the short way",
            wire.dialect.name()
        );
        assert!(
            short * 4 > answers * 3,
            "{}: {short} of {answers}",
            wire.dialect.name()
        );
    }
}

/// What may stand in an answer, wherever it is put.
const PIECES: &[&str] = &[
    "null",
    "\"\"",
    "[]",
    "{}",
    "0",
    "-1",
    "1.5",
    "true",
    "\"x\"",
    "\\u0041",
    "\\/",
    "\\n",
    ",",
    "\"",
    "}",
    "]",
    "\"error\":null,",
    "\"error\":\"\",",
    "\"index\":1,",
    "\"index\":0,",
    "\"refusal\":\"no\",",
    "\"reasoning\":\"\",",
    "\"reasoning_content\":\"hm\",",
    "\"extra\":1,",
    "\"type\":\"text\",",
    "\"id\":\"\",",
    "\"citations\":[],",
    "\"citations\":\"\",",
    "\"stop_reason\":\"end_turn\",",
    "\"reasoning_details\":[{\"type\":\"reasoning.text\",\"text\":\"b\"}],",
    "\"reasoning_details\":[{\"type\":\"reasoning.odd\",\"x\":1}],",
    "\"logprobs\":{\"content\":[]},",
    "\"thought\":true,",
    "\"thought\":false,",
    "\"text\":\"b\",",
    "\"thoughtSignature\":\"\",",
    "\"thoughtSignature\":\"QQ==\",",
    "\"index\":null,",
    "\"phase\":\"commentary\",",
    "\"signature\":\"c2ln\",",
    "\"phase\":null,",
    "\"encrypted_content\":\"QQ==\",",
    "\"summary\":[],",
    "\"status\":\"incomplete\",",
    "\"safetyRatings\":[],",
    "\"avgLogprobs\":null,",
    "\"usage\":null,",
    "\"finish_reason\":\"error\",",
    "\"cache_control\":null,",
    " ",
    "\t",
    "\u{1}",
];

/// Cuts, repeats or puts something in.
fn disturbed(body: &[u8], edits: &[(prop::sample::Index, prop::sample::Index, u8)]) -> Vec<u8> {
    let mut body = body.to_vec();
    for (at, piece, length) in edits {
        if body.is_empty() {
            break;
        }
        let at = at.index(body.len());
        let end = (at + usize::from(length % 8)).min(body.len());
        let piece = PIECES[piece.index(PIECES.len())].bytes();
        body.splice(at..end, piece);
    }
    body
}

/// The same with fields put where fields begin, so that more of it is an answer.
fn with_fields(body: &[u8], edits: &[(prop::sample::Index, prop::sample::Index)]) -> Vec<u8> {
    let mut body = String::from_utf8(body.to_vec()).unwrap();
    for (at, piece) in edits {
        let places: Vec<_> = body.match_indices('{').map(|(at, _)| at + 1).collect();
        let fields: Vec<_> = PIECES
            .iter()
            .filter(|piece| piece.ends_with("\",") || piece.contains(':'))
            .collect();
        body.insert_str(
            places[at.index(places.len())],
            fields[piece.index(fields.len())],
        );
    }
    body.into_bytes()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_disturbed_answer_is_the_same_both_ways_or_goes_the_long_one(
        which in any::<prop::sample::Index>(),
        edits in prop::collection::vec(any::<(prop::sample::Index, prop::sample::Index, u8)>(), 1..4),
        fields in prop::collection::vec(any::<(prop::sample::Index, prop::sample::Index)>(), 1..4),
    ) {
        let examples = examples();
        let (dialect, body) = &examples[which.index(examples.len())];
        for body in [disturbed(body, &edits), with_fields(body, &fields)] {
            goes_short(*dialect, &body, &String::from_utf8_lossy(&body));
        }
    }

    #[test]
    fn any_text_is_the_same_both_ways(text in any::<String>(), escaped in any::<bool>()) {
        let body = json!({"id": "a", "choices": [{"message": {"content": text}, "finish_reason": "stop"}]});
        let mut body = body.to_string();
        if escaped {
            body = body.replace('/', "\\/").replace('e', "\\u0065");
        }
        goes_short(Dialect::OpenAiChat, body.as_bytes(), &body);
        let body = json!({"content": [{"type": "text", "text": text}], "stop_reason": "end_turn"});
        prop_assert!(goes_short(Dialect::Anthropic, body.to_string().as_bytes(), &text));
        let body = json!({"candidates": [{"content": {"parts": [{"text": text}]}, "finishReason": "STOP"}]});
        goes_short(Dialect::Gemini, body.to_string().as_bytes(), &text);
        let body = json!({"status": "completed", "output": [{"type": "message", "id": "m", "content": [
            {"type": "output_text", "text": text}]}]});
        prop_assert_eq!(
            goes_short(Dialect::OpenAiResponses, body.to_string().as_bytes(), &text),
            !text.is_empty()
        );
    }
}
