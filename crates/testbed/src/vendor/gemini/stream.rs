//! The streamed Gemini form: chunks that each look like a whole answer, the last with the reason to
//! end.

use serde_json::{Value, json};

use super::{body, call_parts, finish_reason, media, sign, tell_beside};
use crate::vendor::answer::{Answer, Finish};
use crate::vendor::place::Host;
use crate::vendor::wire::Frame;

/// The events of a streamed answer.
pub(in crate::vendor) fn stream(answer: &Answer, host: Host) -> Vec<Frame> {
    let mut spoken = Spoken {
        answer,
        host,
        frames: Vec::new(),
        words: &[],
        completion: 0,
        reasoning: 0,
    };
    for token in &answer.reasoning {
        spoken.part(&json!({"text": token, "thought": true}), 1, 1, None);
    }
    let calls = call_parts(answer, host);
    let signed_end = !answer.reasoning.is_empty() && calls.is_empty();
    let media = media(answer);
    let plain_end = answer.calls.is_empty() && !signed_end && media.is_empty();
    for (index, token) in answer.text.iter().enumerate() {
        let last = plain_end && index + 1 == answer.text.len();
        let finish = last.then_some(&answer.finish);
        spoken.words = std::slice::from_ref(token);
        // Sound comes without its words, and they are paid for all the same.
        let said = if answer.spoken { "" } else { token };
        spoken.part(&json!({"text": said}), 1, 0, finish);
    }
    spoken.words = &[];
    for part in media {
        spoken.part(&part, 0, 0, None);
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
    /// The words of the chunk that is said.
    words: &'a [String],
    completion: u64,
    reasoning: u64,
}

// === impl Spoken ===

impl Spoken<'_> {
    /// Says a part with so many tokens, so many of them thoughts; `finish` is set in the last.
    fn part(&mut self, part: &Value, tokens: u64, thoughts: u64, finish: Option<&Finish>) {
        let choices = u64::try_from(self.answer.choices).unwrap_or(u64::MAX);
        let (tokens, thoughts) = (tokens * choices, thoughts * choices);
        self.completion += tokens;
        self.reasoning += thoughts;
        let mut candidate = json!({"content": {"parts": [part], "role": "model"}});
        if let (Some(finish), Some(members)) = (finish, candidate.as_object_mut()) {
            members.insert("finishReason".to_owned(), json!(finish_reason(finish)));
        }
        tell_beside(&mut candidate, self.answer, self.words, finish.is_some());
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
