//! Streams of vendors that each do it their own way, read into the same steps.

use canon::{FinishReason, Media, Part, ReasoningBody, Response, Source};
use dialects::{Call, VendorError, openai::chat::Chat};

use crate::replay::replay;

fn stream(frames: &[&str]) -> String {
    frames.iter().fold(String::new(), |bytes, frame| {
        bytes + "data: " + frame + "\n\n"
    })
}

fn read(frames: &[&str]) -> Response {
    let bytes = stream(frames);
    let replay = replay(&Chat, [bytes.as_bytes()]).unwrap();
    assert!(replay.is_complete, "{bytes}");
    replay.into_response().unwrap()
}

/// The parts of the answer, in a few words each.
fn said(response: &Response) -> Vec<String> {
    response.choices[0]
        .parts
        .iter()
        .map(|part| match part {
            Part::Text(text) => format!("text {}", text.text),
            Part::Reasoning(part) => match &part.body {
                ReasoningBody::Text { text, signature } => format!("thought {text} {signature:?}"),
                ReasoningBody::Summary(text) => format!("summary {text}"),
                ReasoningBody::Encrypted(data) => format!("encrypted {data}"),
            },
            Part::ToolCall(call) => format!("call {} {} {}", call.id, call.name, call.arguments),
            Part::Refusal(text) => format!("refusal {text}"),
            Part::Other { value, .. } => format!("other {value}"),
            Part::Media {
                media:
                    Media {
                        source: Source::Base64(data),
                        transcript: Some(words),
                        ..
                    },
                ..
            } => format!("sound {data} {words}"),
            Part::Media { .. } | Part::ToolResult(_) => format!("{part:?}"),
        })
        .collect()
}

const END: &str = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;

#[test]
fn thinking_is_read_under_every_name() {
    for deltas in [
        [
            r#"{"reasoning_content":"a"}"#,
            r#"{"content":null,"reasoning_content":"b"}"#,
        ],
        [
            r#"{"reasoning":"a"}"#,
            r#"{"content":"","reasoning":"b","reasoning_content":"b"}"#,
        ],
        [
            r#"{"reasoning":"a","reasoning_details":[{"type":"reasoning.text","text":"a","index":0}]}"#,
            r#"{"reasoning":"b","reasoning_details":[{"type":"reasoning.text","text":"b","index":0}]}"#,
        ],
        [
            r#"{"content":[{"type":"thinking","thinking":[{"type":"text","text":"a"}]}]}"#,
            r#"{"content":[{"type":"thinking","thinking":[{"type":"text","text":"b"}],"closed":true}]}"#,
        ],
    ] {
        let chunk = |delta| format!(r#"{{"choices":[{{"index":0,"delta":{delta}}}]}}"#);
        let response = read(&[
            &chunk(deltas[0]),
            &chunk(deltas[1]),
            &chunk(r#"{"content":"c","reasoning_content":null}"#),
            END,
        ]);
        assert_eq!(said(&response), ["thought ab None", "text c"], "{deltas:?}");
    }
}

#[test]
fn details_of_one_index_are_one_piece_and_kinds_are_kept_apart() {
    let response = read(&[
        r#"{"choices":[{"delta":{"reasoning_details":[{"type":"reasoning.text","text":"a","index":0,"format":"anthropic-claude-v1"}]}}]}"#,
        r#"{"choices":[{"delta":{"reasoning_details":[{"type":"reasoning.text","signature":"s","index":0,"format":"anthropic-claude-v1"}]}}]}"#,
        r#"{"choices":[{"delta":{"reasoning_details":[{"type":"reasoning.encrypted","data":"e","index":0,"id":"1"}]}}]}"#,
        r#"{"choices":[{"delta":{"reasoning_details":[{"type":"reasoning.encrypted","data":"f","index":0,"id":"2"}]}}]}"#,
        r#"{"choices":[{"delta":{"content":"c"},"finish_reason":"stop"}]}"#,
    ]);
    assert_eq!(
        said(&response),
        [
            "thought a Some(\"s\")",
            "encrypted e",
            "encrypted f",
            "text c"
        ]
    );
}

#[test]
fn calls_are_told_apart_however_they_are_numbered() {
    let one = r#"{"id":"x","function":{"name":"f","arguments":"{\"a\":1}"}}"#;
    let two = r#"{"id":"y","function":{"name":"g","arguments":"{}"}}"#;
    let chunk = |calls: &str| format!(r#"{{"choices":[{{"delta":{{"tool_calls":[{calls}]}}}}]}}"#);
    let numbered = |call: &str, index: u8| call.replacen('{', &format!("{{\"index\":{index},"), 1);
    let whole = vec![
        vec![chunk(&format!("{one},{two}"))],
        vec![chunk(one), chunk(two)],
        vec![chunk(&numbered(one, 0)), chunk(&numbered(two, 0))],
        vec![chunk(&numbered(one, 3)), chunk(&numbered(two, 7))],
        vec![
            chunk(r#"{"index":0,"id":"x","function":{"name":"f","arguments":""}}"#),
            chunk(
                r#"{"index":0,"id":null,"type":null,"function":{"name":null,"arguments":"{\"a\""}}"#,
            ),
            chunk(r#"{"index":0,"id":"","function":{"name":"","arguments":":1}"}}"#),
            chunk(&numbered(two, 1)),
        ],
        vec![
            chunk(r#"{"index":0,"id":"x","function":{"arguments":"{\"a\":"}}"#),
            chunk(r#"{"index":0,"function":{"name":"f","arguments":"1}"}}"#),
            chunk(two),
        ],
        vec![
            chunk(r#"{"id":"x","function":{"name":"f","arguments":{"a":1}}}"#),
            chunk(
                r#"{"id":"y","function":{"name":"g","arguments":null}},{"id":"y","function":{"arguments":"{}"}}"#,
            ),
        ],
    ];
    for frames in whole {
        let mut frames: Vec<&str> = frames.iter().map(String::as_str).collect();
        frames.push(r#"{"choices":[{"delta":{},"finish_reason":"tool_calls"}]}"#);
        let response = read(&frames);
        assert_eq!(
            said(&response),
            ["call x f {\"a\":1}", "call y g {}"],
            "{frames:?}"
        );
    }
}

#[test]
fn a_call_without_an_id_gets_one_that_stays_the_same() {
    let body = r#"{"id":"resp-1","choices":[{"message":{"tool_calls":[{"id":"","type":"function","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"stop"}]}"#;
    let id = || {
        let response = Chat.parse_response(body.as_bytes()).unwrap();
        let Part::ToolCall(call) = response.choices[0].parts[0].clone() else {
            panic!("no call")
        };
        call.id
    };
    assert!(id().starts_with("call_"));
    assert_eq!(id(), id());
}

#[test]
fn a_whole_message_behind_its_deltas_says_nothing_twice() {
    let begun = r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":"","reasoning_content":"hm"}}]}"#;
    let text = r#"{"choices":[{"index":0,"delta":{"content":"a"}}]}"#;
    let whole = r#"{"choices":[{"index":0,"message":{"role":"assistant","content":"a","reasoning_content":"hm"},"finish_reason":"stop"}]}"#;
    let once = ["thought hm None", "text a"];
    assert_eq!(said(&read(&[begun, text, whole])), once);
    assert_eq!(said(&read(&[whole])), once);
}

#[test]
fn usage_is_read_wherever_it_stands() {
    let usage = r#"{"prompt_tokens":9,"completion_tokens":4,"total_tokens":13}"#;
    let text = r#"{"choices":[{"index":0,"delta":{"content":"a"}}]}"#;
    let of_finish = format!(
        r#"{{"choices":[{{"index":0,"delta":{{}},"finish_reason":"stop"}}],"usage":{usage}}}"#
    );
    let of_piece = format!(
        r#"{{"choices":[{{"index":0,"delta":{{}},"finish_reason":"stop","usage":{usage}}}]}}"#
    );
    let of_last = format!(r#"{{"choices":[],"usage":{usage}}}"#);
    let of_groq = format!(r#"{{"choices":[],"x_groq":{{"id":"r","usage":{usage}}}}}"#);
    let early = r#"{"choices":[{"index":0,"delta":{"content":"a"}}],"usage":{"prompt_tokens":9,"completion_tokens":1,"total_tokens":10}}"#;
    let half = r#"{"choices":[{"index":0,"delta":{"content":"a"}}],"usage":{"prompt_tokens":9,"completion_tokens":null,"total_tokens":null}}"#;
    for frames in [
        vec![text, &of_finish],
        vec![text, END, &of_last, "[DONE]"],
        vec![text, END, &of_groq],
        vec![text, &of_piece],
        vec![early, &of_finish],
        vec![half, &of_finish],
    ] {
        let usage = read(&frames).usage.unwrap();
        assert_eq!(
            (usage.prompt_tokens, usage.completion_tokens),
            (9, 4),
            "{frames:?}"
        );
    }
    assert_eq!(read(&[text, END]).usage, None);
}

fn break_off(frames: &[&str]) -> VendorError {
    let bytes = stream(frames);
    replay(&Chat, [bytes.as_bytes()])
        .unwrap()
        .into_response()
        .unwrap_err()
}

#[test]
fn an_error_inside_a_stream_is_the_vendors_error_and_no_end() {
    let text = r#"{"choices":[{"index":0,"delta":{"content":"a"}}]}"#;
    for frame in [
        r#"{"error":{"message":"m","type":"overloaded"}}"#,
        r#"{"id":"1","error":{"code":"overloaded","message":"m"},"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]}"#,
        r#"{"choices":[{"index":0,"delta":{},"finish_reason":"error","error":{"code":"overloaded","message":"m"}}]}"#,
        r#"{"object":"error","message":"m","type":"overloaded","code":500}"#,
        r#"{"error":"m","code":"overloaded"}"#,
    ] {
        let error = break_off(&[text, frame]);
        assert_eq!(error.message.as_deref(), Some("m"), "{frame}");
        let bytes = stream(&[text, frame]);
        let replay = replay(&Chat, [bytes.as_bytes()]).unwrap();
        assert!(!replay.is_complete, "{frame}");
        assert!(!replay.transcript().contains("Finish"), "{frame}");
    }
    let bytes = "event: error\ndata: {\"message\":\"m\"}\n\n";
    let error = replay(&Chat, [bytes.as_bytes()])
        .unwrap()
        .into_response()
        .unwrap_err();
    assert_eq!(error.message.as_deref(), Some("m"));
}

#[test]
fn a_cut_stream_is_not_complete_and_garbage_is_an_error() {
    let bytes = stream(&[r#"{"choices":[{"index":0,"delta":{"content":"a"}}]}"#]);
    assert!(!replay(&Chat, [bytes.as_bytes()]).unwrap().is_complete);
    assert!(!replay(&Chat, [b"".as_slice()]).unwrap().is_complete);
    for garbage in ["{\"choices\":[{", "7", "\"text\"", "[]", "{\"choices\":7}"] {
        let bytes = stream(&[garbage]);
        assert!(replay(&Chat, [bytes.as_bytes()]).is_err(), "{garbage}");
    }
}

#[test]
fn every_vendors_finish_word_has_a_meaning_and_is_kept() {
    for (word, expected) in [
        ("stop", FinishReason::Stop),
        ("eos", FinishReason::Stop),
        ("a_word_of_tomorrow", FinishReason::Stop),
        ("length", FinishReason::Length),
        ("model_length", FinishReason::Length),
        ("function_call", FinishReason::ToolCalls),
        ("tool_use", FinishReason::ToolCalls),
        ("content_filter", FinishReason::ContentFilter),
        ("sensitive", FinishReason::ContentFilter),
        ("insufficient_system_resource", FinishReason::Error),
    ] {
        let end =
            format!(r#"{{"choices":[{{"delta":{{"content":"a"}},"finish_reason":"{word}"}}]}}"#);
        // OpenRouter repeats the finish in the chunk with the usage.
        let choice = read(&[&end, &end]).choices[0].clone();
        assert_eq!(choice.finish, Some(expected), "{word}");
        assert_eq!(choice.native_finish.as_deref(), Some(word));
    }
}

#[test]
fn sources_beside_the_answer_become_its_citations_once() {
    let chunk = r#"{"citations":["https://a","https://b"],"search_results":[{"url":"https://b","title":"B"}],"choices":[{"index":0,"delta":{"content":"x"},"message":{"content":"x"},"finish_reason":null}]}"#;
    let end = chunk.replace("null}", "\"stop\"}");
    let response = read(&[chunk, &end]);
    let [Part::Text(text)] = response.choices[0].parts.as_slice() else {
        panic!("{response:?}")
    };
    assert_eq!(text.text, "xx");
    let urls: Vec<_> = text
        .citations
        .iter()
        .map(|citation| (citation.url.as_deref(), citation.title.as_deref()))
        .collect();
    assert_eq!(
        urls,
        [(Some("https://a"), None), (Some("https://b"), Some("B"))]
    );
}

#[test]
fn fields_that_only_this_dialect_has_are_kept_and_noise_is_not() {
    let response = read(&[
        r#"{"obfuscation":"zz","p":"ab","choices":[{"delta":{"role":"assistant","content":"x","name":"assistant","token_id":5,"channel":"final","graph_data":{"status":null,"sources":[]},"audio":{"id":"a","data":"QU"}}}]}"#,
        r#"{"choices":[{"delta":{"audio":{"data":"JD","transcript":"t"}},"finish_reason":"stop"}]}"#,
    ]);
    assert_eq!(
        said(&response),
        ["text x", r#"other {"audio":{"id":"a"}}"#, "sound QUJD t"]
    );
    let whole = super::serve_whole(&response, &dialects::Receipt::default());
    assert!(
        whole.contains(r#""audio":{"id":"a","data":"QUJD","transcript":"t"}"#),
        "{whole}"
    );
}
