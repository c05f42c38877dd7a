//! The streamed Cohere form: the message, its contents, then its calls, the end with the usage.

use serde_json::{Value, json};

use super::{call_id, finish_reason, id, logprob, usage};
use crate::vendor::answer::{Answer, Call};
use crate::vendor::source::document;
use crate::vendor::sse;
use crate::vendor::wire::Frame;

/// The events of a streamed answer.
pub(in crate::vendor) fn stream(answer: &Answer) -> Vec<Frame> {
    let mut frames = vec![opening(answer)];
    let contents = [
        (
            "thinking",
            &answer.reasoning,
            Frame::thought as fn(String) -> Frame,
        ),
        ("text", &answer.text, Frame::token),
    ];
    let said = contents.iter().filter(|(_, tokens, _)| !tokens.is_empty());
    for (index, (kind, tokens, frame)) in said.enumerate() {
        let start = json!({"type": kind, *kind: ""});
        let start = content("content-start", index, &start);
        frames.push(Frame::silent(sse::event(&start)));
        for token in *tokens {
            let mut delta = content("content-delta", index, &json!({*kind: token}));
            if let (Some(_), "text", Some(members)) =
                (answer.logprobs, *kind, delta.as_object_mut())
            {
                members.insert("logprobs".to_owned(), logprob(token));
            }
            frames.push(frame(sse::event(&delta)));
        }
        if answer.cited && *kind == "text" {
            frames.extend(cite(answer));
        }
        let end = json!({"type": "content-end", "index": index});
        frames.push(Frame::silent(sse::event(&end)));
    }
    for (index, call) in answer.calls.iter().enumerate() {
        call_frames(index, call, &mut frames);
    }
    let mut delta = json!({"finish_reason": finish_reason(&answer.finish)});
    if let (Some(told), Some(members)) = (answer.told(), delta.as_object_mut()) {
        members.insert("usage".to_owned(), usage(told));
    }
    let end = json!({"type": "message-end", "delta": delta});
    frames.push(Frame::silent(sse::event(&end)));
    frames.push(done());
    frames
}

/// The last line of every stream.
pub(in crate::vendor) fn done() -> Frame {
    Frame::silent("data: [DONE]\n\n")
}

/// The end of a stream that went wrong: an error is a reason to finish.
pub(in crate::vendor) fn error_event() -> Frame {
    let delta = json!({"finish_reason": "ERROR", "error": "internal server error"});
    let end = json!({"type": "message-end", "delta": delta});
    Frame::silent(sse::event(&end))
}

fn opening(answer: &Answer) -> Frame {
    let message = json!({"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [],
        "citations": []});
    let start = json!({"id": id(answer.number), "type": "message-start",
        "delta": {"message": message}});
    Frame {
        early: true,
        ..Frame::silent(sse::event(&start))
    }
}

fn content(kind: &str, index: usize, content: &Value) -> Value {
    json!({"type": kind, "index": index, "delta": {"message": {"content": content}}})
}

/// The source of the text.
fn cite(answer: &Answer) -> [Frame; 2] {
    let delta = json!({"message": {"citations": document(answer)}});
    let start = json!({"type": "citation-start", "index": 0, "delta": delta});
    let end = json!({"type": "citation-end", "index": 0});
    [start, end].map(|event| Frame::silent(sse::event(&event)))
}

fn call_frames(index: usize, call: &Call, frames: &mut Vec<Frame>) {
    let event = |kind: &str, calls: &Value| {
        let delta = json!({"message": {"tool_calls": calls}});
        sse::event(&json!({"type": kind, "index": index, "delta": delta}))
    };
    let start = json!({"id": call_id(call), "type": "function",
        "function": {"name": call.name, "arguments": ""}});
    frames.push(Frame::token(event("tool-call-start", &start)));
    for fragment in &call.fragments {
        let delta = json!({"function": {"arguments": fragment}});
        frames.push(Frame::token(event("tool-call-delta", &delta)));
    }
    let end = json!({"type": "tool-call-end", "index": index});
    frames.push(Frame::silent(sse::event(&end)));
}
