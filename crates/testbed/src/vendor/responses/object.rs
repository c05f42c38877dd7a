//! The response object and the items in it.

use serde_json::{Map, Value, json};

use crate::vendor::answer::{Answer, Call, Finish, Told};
use crate::vendor::openai::{logprob, tier};
use crate::vendor::source::flat_annotation;

/// The second of the first answer; each later one is a second older.
const EPOCH_S: u64 = 1_760_000_000;
/// What only the vendor could read of the thoughts.
const SEALED: &str = "gAAAAABmYWtlIHZlbmRvciBzZWFsZWQgdGhvdWdodHM=";

/// The answer in one piece.
pub(in crate::vendor) fn whole(answer: &Answer) -> Value {
    let mut output = Vec::new();
    if !answer.reasoning.is_empty() {
        output.push(reasoning(answer, &answer.reasoning.concat()));
    }
    if !answer.text.is_empty() {
        output.push(message(
            answer,
            status(answer),
            &[part(answer, &answer.text)],
        ));
    }
    output.extend(
        answer
            .calls
            .iter()
            .map(|it| call(it, status(answer), it.arguments())),
    );
    ended(answer, &output)
}

/// The response when it is over.
pub(super) fn ended(answer: &Answer, output: &[Value]) -> Value {
    let mut response = begun(answer);
    let mut set = |name: &str, value: Value| response.insert(name.to_owned(), value);
    set("status", json!(status(answer)));
    set("output", json!(output));
    set("service_tier", json!(tier(answer)));
    if answer.finish == Finish::Length {
        set("incomplete_details", json!({"reason": "max_output_tokens"}));
    } else {
        set("completed_at", json!(created(answer) + 1));
    }
    set("usage", answer.told().map_or(Value::Null, usage));
    Value::Object(response)
}

/// The response when it has failed.
pub(super) fn failed(answer: &Answer, error: &Value) -> Value {
    let mut response = begun(answer);
    response.insert("status".to_owned(), json!("failed"));
    response.insert("error".to_owned(), error.clone());
    Value::Object(response)
}

/// The response before anything was said.
pub(super) fn begun(answer: &Answer) -> Map<String, Value> {
    let mut response = answer.echo.clone();
    let members = [
        ("id", json!(format!("resp_{:050}", answer.number))),
        ("object", json!("response")),
        ("created_at", json!(created(answer))),
        ("status", json!("in_progress")),
        ("completed_at", Value::Null),
        ("error", Value::Null),
        ("incomplete_details", Value::Null),
        ("model", json!(answer.model)),
        ("output", json!([])),
        ("usage", Value::Null),
    ];
    response.extend(members.map(|(name, value)| (name.to_owned(), value)));
    response
}

/// How the response, and the item that it ends in, came out.
pub(super) fn status(answer: &Answer) -> &'static str {
    match answer.finish {
        Finish::Stop | Finish::StopSequence(_) | Finish::Tools | Finish::Refusal => "completed",
        Finish::Length => "incomplete",
    }
}

/// The item of the thoughts; `thought` is what is said of them so far.
pub(super) fn reasoning(answer: &Answer, thought: &str) -> Value {
    let mut summary = Vec::new();
    if !answer.hidden && !thought.is_empty() {
        summary.push(json!({"type": "summary_text", "text": thought}));
    }
    let mut item = json!({"id": reasoning_id(answer), "type": "reasoning", "summary": summary});
    if let (true, Some(members)) = (answer.sealed, item.as_object_mut()) {
        members.insert("encrypted_content".to_owned(), json!(SEALED));
    }
    item
}

pub(super) fn reasoning_id(answer: &Answer) -> String {
    format!("rs_{:050}", answer.number)
}

/// The item of the words.
pub(super) fn message(answer: &Answer, status: &str, content: &[Value]) -> Value {
    json!({"id": message_id(answer), "type": "message", "status": status, "role": "assistant",
        "content": content})
}

pub(super) fn message_id(answer: &Answer) -> String {
    format!("msg_{:050}", answer.number)
}

/// The part of a message that has these words.
pub(super) fn part(answer: &Answer, words: &[String]) -> Value {
    if answer.finish == Finish::Refusal {
        return json!({"type": "refusal", "refusal": words.concat()});
    }
    let cited = answer.cited && !words.is_empty();
    let sources = cited.then(|| flat_annotation(answer));
    json!({"type": "output_text", "annotations": Vec::from_iter(sources),
        "logprobs": logprobs(answer, words), "text": words.concat()})
}

/// What each word could have been instead, where that was asked for.
pub(super) fn logprobs(answer: &Answer, words: &[String]) -> Vec<Value> {
    let Some(top) = answer.logprobs else {
        return Vec::new();
    };
    words.iter().map(|word| logprob(word, top)).collect()
}

/// The item of a call with these arguments.
pub(super) fn call(call: &Call, status: &str, arguments: String) -> Value {
    let (kind, member) = if call.custom {
        ("custom_tool_call", "input")
    } else {
        ("function_call", "arguments")
    };
    let call_id = format!("call_{}", call.id);
    let mut item = json!({"id": item_id(call), "type": kind, "status": status, "call_id": call_id,
        "name": call.name});
    if let Some(members) = item.as_object_mut() {
        members.insert(member.to_owned(), Value::String(arguments));
    }
    item
}

/// The id of the item, which is not the id of the call.
pub(super) fn item_id(call: &Call) -> String {
    let prefix = if call.custom { "ctc" } else { "fc" };
    format!("{prefix}_{:0>50}", call.id)
}

fn created(answer: &Answer) -> u64 {
    EPOCH_S + answer.number
}

fn usage(told: Told) -> Value {
    json!({
        "input_tokens": told.prompt,
        "input_tokens_details": {
            "cached_tokens": told.cached,
            "cache_write_tokens": told.cache_written,
        },
        "output_tokens": told.completion,
        "output_tokens_details": {"reasoning_tokens": told.reasoning},
        "total_tokens": told.prompt.saturating_add(told.completion),
    })
}
