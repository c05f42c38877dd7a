//! The streamed OpenAI form: a role, thoughts, words or calls, a reason to end, usage where wanted,
//! `[DONE]`.

use serde_json::{Value, json};

use super::{
    EPOCH_S, FINGERPRINT, SOUND, call_id, completion_id, finish_reason, logprob, picture, sound_id,
    tier, usage,
};
use crate::vendor::answer::{Answer, Call, Finish};
use crate::vendor::source::annotation;
use crate::vendor::wire::Frame;

/// The events of a streamed answer.
pub(in crate::vendor) fn stream(answer: &Answer) -> Vec<Frame> {
    let mut chunks = Chunks::new(answer);
    let mut frames = Vec::with_capacity(answer.text.len() + answer.reasoning.len() + 4);
    for index in 0..answer.choices {
        chunks.index = index;
        choice_frames(&chunks, answer, &mut frames);
    }
    if answer.include_usage
        && let Some(told) = answer.told()
    {
        frames.push(Frame::silent(chunks.usage(&usage(answer, told))));
    }
    frames.push(done());
    frames
}

/// The last event of every stream.
pub(in crate::vendor) fn done() -> Frame {
    Frame::silent("data: [DONE]\n\n")
}

/// One choice, from its role to its reason to end.
fn choice_frames(chunks: &Chunks, answer: &Answer, frames: &mut Vec<Frame>) {
    if answer.calls.is_empty() || !answer.reasoning.is_empty() {
        frames.push(Frame::silent(chunks.delta(&opening(answer), Some(""))));
    }
    for token in &answer.reasoning {
        let delta = json!({"content": null, "reasoning_content": token}).to_string();
        frames.push(Frame::thought(chunks.delta(&delta, None)));
    }
    for token in &answer.text {
        let delta = word(answer, token);
        frames.push(Frame::token(chunks.delta(&delta, Some(token))));
    }
    for delta in beside(answer) {
        frames.push(Frame::silent(chunks.delta(&delta.to_string(), None)));
    }
    for (index, call) in answer.calls.iter().enumerate() {
        let opens = index == 0 && answer.reasoning.is_empty();
        call_frames(chunks, index, call, opens, frames);
    }
    frames.push(Frame::silent(chunks.end(finish_reason(answer))));
}

/// A word, as what it is said as.
fn word(answer: &Answer, token: &str) -> String {
    let quoted = Value::from(token);
    if answer.finish == Finish::Refusal {
        format!("{{\"refusal\":{quoted}}}")
    } else if answer.spoken {
        let id = sound_id(answer);
        format!("{{\"audio\":{{\"id\":\"{id}\",\"transcript\":{quoted}}}}}")
    } else if answer.reasoning.is_empty() {
        format!("{{\"content\":{quoted}}}")
    } else {
        format!("{{\"content\":{quoted},\"reasoning_content\":null}}")
    }
}

/// What stands beside the words: sound, a picture, a source.
fn beside(answer: &Answer) -> Vec<Value> {
    let mut deltas = Vec::new();
    if answer.spoken {
        let id = sound_id(answer);
        deltas.push(json!({"audio": {"id": id, "data": SOUND}}));
        deltas.push(json!({"audio": {"id": id, "expires_at": EPOCH_S}}));
    }
    if answer.pictured {
        deltas.push(json!({"images": [picture()]}));
    }
    if answer.cited {
        deltas.push(json!({"annotations": [annotation(answer)]}));
    }
    deltas
}

/// What every chunk of one answer has in common, rendered once.
struct Chunks {
    /// The choice that they are of.
    index: usize,
    head: String,
    tail: &'static str,
    logprobs: Option<usize>,
}

// === impl Chunks ===

impl Chunks {
    fn new(answer: &Answer) -> Self {
        let head = format!(
            "data: {{\"id\":\"{}\",\"object\":\"chat.completion.chunk\",\
             \"created\":{},\"model\":{},\
             \"service_tier\":{},\"system_fingerprint\":\"{FINGERPRINT}\",\"choices\":[",
            completion_id(answer.number),
            EPOCH_S + answer.number,
            Value::from(answer.model.as_str()),
            Value::from(tier(answer)),
        );
        let tail = if answer.include_usage {
            "],\"usage\":null"
        } else {
            "]"
        };
        Self {
            index: 0,
            head,
            tail,
            logprobs: answer.logprobs,
        }
    }

    /// A chunk with a delta; `token` is the text that its logprobs are about, if it has any.
    fn delta(&self, delta: &str, token: Option<&str>) -> String {
        let logprobs = match (self.logprobs, token) {
            (Some(_), Some("")) => json!({"content": [], "refusal": null}),
            (Some(top), Some(token)) => json!({"content": [logprob(token, top)], "refusal": null}),
            (Some(_), None) | (None, _) => Value::Null,
        };
        self.choice(delta, &logprobs, "null")
    }

    fn end(&self, reason: &str) -> String {
        self.choice("{}", &Value::Null, &format!("\"{reason}\""))
    }

    fn choice(&self, delta: &str, logprobs: &Value, reason: &str) -> String {
        let Self {
            index, head, tail, ..
        } = self;
        // The vendor pads chunks to hide the length of tokens; clients have to bear the field.
        let padding = "xxxxxxxxxxxxxxxx"
            .get(..16 - delta.len() % 16)
            .unwrap_or_default();
        format!(
            "{head}{{\"index\":{index},\"delta\":{delta},\"logprobs\":{logprobs},\
             \"finish_reason\":{reason}}}\
             {tail},\"obfuscation\":\"{padding}\"}}\n\n"
        )
    }

    fn usage(&self, usage: &Value) -> String {
        format!(
            "{}],\"usage\":{usage},\"obfuscation\":\"\"}}\n\n",
            self.head
        )
    }
}

fn opening(answer: &Answer) -> String {
    if answer.reasoning.is_empty() {
        json!({"role": "assistant", "content": "", "refusal": null}).to_string()
    } else {
        json!({"role": "assistant", "content": null, "reasoning_content": ""}).to_string()
    }
}

/// The frames of a call; `opens` where it is the first thing that the stream says.
fn call_frames(chunks: &Chunks, index: usize, call: &Call, opens: bool, frames: &mut Vec<Frame>) {
    let (kind, member) = if call.custom {
        ("custom", "input")
    } else {
        ("function", "arguments")
    };
    let named = json!({"index": index, "id": call_id(call), "type": kind,
        kind: {"name": call.name, member: ""}});
    let delta = if opens {
        json!({"role": "assistant", "content": null, "tool_calls": [named], "refusal": null})
    } else {
        json!({"tool_calls": [named]})
    };
    frames.push(Frame::token(chunks.delta(&delta.to_string(), None)));
    for fragment in &call.fragments {
        let delta = json!({"tool_calls": [{"index": index, kind: {member: fragment}}]});
        frames.push(Frame::token(chunks.delta(&delta.to_string(), None)));
    }
}
