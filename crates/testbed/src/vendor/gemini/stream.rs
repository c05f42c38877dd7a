//! The streamed Gemini form: chunks that each look like a whole answer, the last with the reason to
//! end.

use serde_json::{Value, json};

use super::{body, call_parts, finish_reason, sign};
use crate::vendor::answer::{Answer, Finish};
use crate::vendor::place::Host;
use crate::vendor::wire::Frame;

/// The events of a streamed answer.
pub(in crate::vendor) fn stream(answer: &Answer, host: Host) -> Vec<Frame> {
    let mut spoken = Spoken {
        answer,
        host,
        frames: Vec::new(),
        completion: 0,
        reasoning: 0,
    };
    for token in &answer.reasoning {
        spoken.part(&json!({"text": token, "thought": true}), 1, 1, None);
    }
    let calls = call_parts(answer, host);
    let signed_end = !answer.reasoning.is_empty() && calls.is_empty();
    let plain_end = answer.calls.is_empty() && !signed_end;
    for (index, token) in answer.text.iter().enumerate() {
        let last = plain_end && index + 1 == answer.text.len();
        let finish = last.then_some(&answer.finish);
        spoken.part(&json!({"text": token}), 1, 0, finish);
    }
    for (part, tokens) in calls {
        spoken.part(&part, tokens, 0, None);
    }
    if !plain_end || answer.text.is_empty() {
        let mut last = json!({"text": ""});
        if signed_end {
            sign(&mut last, answer);
        }
        spoken.part(&last, 0, 0, Some(&answer.finish));
    }
    spoken.frames
}

/// The chunks so far, and the tokens in them.
struct Spoken<'a> {
    answer: &'a Answer,
    host: Host,
    frames: Vec<Frame>,
    completion: u64,
    reasoning: u64,
}

// === impl Spoken ===

impl Spoken<'_> {
    /// Says a part with so many tokens, so many of them thoughts; `finish` is set in the last.
    fn part(&mut self, part: &Value, tokens: u64, thoughts: u64, finish: Option<&Finish>) {
        self.completion += tokens;
        self.reasoning += thoughts;
        let mut candidate = json!({"content": {"parts": [part], "role": "model"}});
        if let Some(members) = candidate.as_object_mut() {
            if let Some(finish) = finish {
                members.insert("finishReason".to_owned(), json!(finish_reason(finish)));
            }
            if self.host == Host::Own {
                members.insert("index".to_owned(), json!(0));
            }
        }
        let told = self.answer.told_after(self.completion, self.reasoning);
        let body = body(self.answer, &candidate, told, self.host);
        let bytes = format!("data: {body}\r\n\r\n");
        self.frames.push(Frame {
            tokens,
            reasoning: thoughts,
            ..Frame::silent(bytes)
        });
    }
}
