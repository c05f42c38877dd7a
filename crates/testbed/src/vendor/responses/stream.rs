//! The streamed Responses form: the response, its items one after the other with their parts, the
//! response again. Every event has a number, and none is missing.

use serde_json::{Value, json};

use super::object::{
    begun, call, ended, failed, item_id, logprobs, message, message_id, part, reasoning,
    reasoning_id, status,
};
use crate::vendor::answer::{Answer, Call, Finish};
use crate::vendor::source::flat_annotation;
use crate::vendor::sse;
use crate::vendor::wire::Frame;

/// The events of a streamed answer.
pub(in crate::vendor) fn stream(answer: &Answer) -> Vec<Frame> {
    let mut said = Said {
        frames: Vec::new(),
        output: Vec::new(),
    };
    for kind in ["response.created", "response.in_progress"] {
        let opening = said.number(json!({"type": kind, "response": begun(answer)}));
        said.frames.push(Frame {
            early: true,
            ..Frame::silent(opening)
        });
    }
    if !answer.reasoning.is_empty() {
        think(&mut said, answer);
    }
    if !answer.text.is_empty() {
        speak(&mut said, answer);
    }
    for it in &answer.calls {
        make_call(&mut said, answer, it);
    }
    said.end(answer)
}

/// The stream that only says that it is over.
pub(in crate::vendor) fn done(answer: &Answer) -> Vec<Frame> {
    let mut response = ended(answer, &[]);
    if let Some(members) = response.as_object_mut() {
        members.insert("usage".to_owned(), Value::Null);
    }
    let event = json!({"type": "response.completed", "sequence_number": 0, "response": response});
    vec![Frame::silent(sse::event(&event))]
}

/// The error that ends a stream of which `sent` events are out.
pub(in crate::vendor) fn error_frames(answer: &Answer, sent: usize) -> Vec<Frame> {
    let said = "The server had an error while processing your request. Sorry about that!";
    let code = "server_error";
    let error = json!({"type": code, "code": code, "message": said, "param": null});
    let failed = failed(answer, &json!({"code": code, "message": said}));
    let events = [
        json!({"type": "error", "sequence_number": sent, "error": error}),
        json!({"type": "response.failed", "sequence_number": sent + 1, "response": failed}),
    ];
    events
        .iter()
        .map(|event| Frame::silent(sse::event(event)))
        .collect()
}

/// The events and the finished items so far.
struct Said {
    frames: Vec<Frame>,
    output: Vec<Value>,
}

// === impl Said ===

impl Said {
    /// The event with its number in the stream.
    fn number(&self, mut event: Value) -> String {
        if let Some(members) = event.as_object_mut() {
            members.insert("sequence_number".to_owned(), json!(self.frames.len()));
        }
        sse::event(&event)
    }

    /// Says something about the item that is open.
    fn say(&mut self, frame: fn(String) -> Frame, mut event: Value) {
        if let Some(members) = event.as_object_mut() {
            members.insert("output_index".to_owned(), json!(self.output.len()));
        }
        let bytes = self.number(event);
        self.frames.push(frame(bytes));
    }

    /// Says a piece of the item that is open, padded as the vendor does to hide its length.
    fn delta(&mut self, frame: fn(String) -> Frame, delta: &str, mut event: Value) {
        let padding = "xxxxxxxxxxxxxxxx".get(..16 - delta.len() % 16);
        if let Some(members) = event.as_object_mut() {
            members.insert("delta".to_owned(), json!(delta));
            members.insert("obfuscation".to_owned(), json!(padding));
        }
        self.say(frame, event);
    }

    /// Opens an item that itself carries a token, or none.
    fn open(&mut self, frame: fn(String) -> Frame, item: &Value) {
        self.say(
            frame,
            json!({"type": "response.output_item.added", "item": item}),
        );
    }

    fn close(&mut self, item: Value) {
        self.say(
            Frame::silent,
            json!({"type": "response.output_item.done", "item": item}),
        );
        self.output.push(item);
    }

    fn end(mut self, answer: &Answer) -> Vec<Frame> {
        let kind = match answer.finish {
            Finish::Stop | Finish::StopSequence(_) | Finish::Tools | Finish::Refusal => {
                "response.completed"
            }
            Finish::Length => "response.incomplete",
        };
        let last = self.number(json!({"type": kind, "response": ended(answer, &self.output)}));
        self.frames.push(Frame::silent(last));
        self.frames
    }
}

/// The item of the thoughts, with a summary unless they are hidden.
fn think(said: &mut Said, answer: &Answer) {
    said.open(Frame::silent, &reasoning(answer, ""));
    let thought = answer.reasoning.concat();
    if answer.hidden {
        said.close(reasoning(answer, &thought));
        // Nothing was shown of the thoughts; they are paid for with the item.
        if let Some(last) = said.frames.last_mut() {
            last.tokens = answer.used.reasoning;
            last.reasoning = answer.used.reasoning;
        }
        return;
    }
    let event = |kind: &str| {
        json!({"type": format!("response.reasoning_summary_{kind}"),
            "item_id": reasoning_id(answer), "summary_index": 0})
    };
    let summary = |text: &str| json!({"type": "summary_text", "text": text});
    said.say(
        Frame::silent,
        with(event("part.added"), "part", summary("")),
    );
    for token in &answer.reasoning {
        said.delta(Frame::thought, token, event("text.delta"));
    }
    said.say(
        Frame::silent,
        with(event("text.done"), "text", json!(thought)),
    );
    said.say(
        Frame::silent,
        with(event("part.done"), "part", summary(&thought)),
    );
    said.close(reasoning(answer, &thought));
}

/// The item of the words.
fn speak(said: &mut Said, answer: &Answer) {
    said.open(Frame::silent, &message(answer, "in_progress", &[]));
    let event = |kind: &str| {
        json!({"type": format!("response.{kind}"), "item_id": message_id(answer),
            "content_index": 0})
    };
    said.say(
        Frame::silent,
        with(event("content_part.added"), "part", part(answer, &[])),
    );
    if answer.finish == Finish::Refusal {
        for token in &answer.text {
            said.delta(Frame::token, token, event("refusal.delta"));
        }
        let refusal = json!(answer.text.concat());
        said.say(
            Frame::silent,
            with(event("refusal.done"), "refusal", refusal),
        );
    } else {
        say_words(said, answer, event);
    }
    let part = part(answer, &answer.text);
    let mut bare = part.clone();
    if answer.finish != Finish::Refusal {
        // Here, of all places, the vendor leaves the logprobs out.
        bare = with(bare, "logprobs", json!([]));
    }
    said.say(
        Frame::silent,
        with(event("content_part.done"), "part", bare),
    );
    said.close(message(answer, status(answer), &[part]));
}

/// The words of a text, then its source.
fn say_words(said: &mut Said, answer: &Answer, event: impl Fn(&str) -> Value) {
    for token in &answer.text {
        let probable = logprobs(answer, std::slice::from_ref(token));
        let delta = with(event("output_text.delta"), "logprobs", json!(probable));
        said.delta(Frame::token, token, delta);
    }
    if answer.cited {
        let added = with(
            event("output_text.annotation.added"),
            "annotation_index",
            json!(0),
        );
        let added = with(added, "annotation", flat_annotation(answer));
        said.say(Frame::silent, added);
    }
    let text = with(
        event("output_text.done"),
        "text",
        json!(answer.text.concat()),
    );
    let probable = json!(logprobs(answer, &answer.text));
    said.say(Frame::silent, with(text, "logprobs", probable));
}

/// The item of a call.
fn make_call(said: &mut Said, answer: &Answer, it: &Call) {
    let (kind, member) = if it.custom {
        ("custom_tool_call_input", "input")
    } else {
        ("function_call_arguments", "arguments")
    };
    let event =
        |end: &str| json!({"type": format!("response.{kind}.{end}"), "item_id": item_id(it)});
    said.open(Frame::token, &call(it, "in_progress", String::new()));
    for fragment in &it.fragments {
        said.delta(Frame::token, fragment, event("delta"));
    }
    let arguments = json!(it.arguments());
    said.say(Frame::silent, with(event("done"), member, arguments));
    said.close(call(it, status(answer), it.arguments()));
}

fn with(mut event: Value, name: &str, value: Value) -> Value {
    if let Some(members) = event.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
    event
}
