//! OpenAI Responses: the items of an answer, and the same from the pieces of a stream.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Answer, Facts, Tokens, arguments, items, push};

/// Reads a whole answer.
pub(super) fn whole(body: &Value) -> Facts {
    let mut answer = Answer::default();
    for item in items(&body["output"]) {
        read_item(item, &mut answer);
    }
    answer.finish = finish_of(body, &answer);
    facts(answer, body)
}

/// Reads a stream: its items where they are done. Where it also brings them in pieces, the pieces must say the same.
pub(super) fn stream(frames: &[Value]) -> Facts {
    let mut answer = Answer::default();
    let mut pieces: BTreeMap<&str, String> = BTreeMap::new();
    let mut last = &Value::Null;
    for frame in frames {
        let kind = frame["type"].as_str().unwrap_or_default();
        match kind {
            "response.output_item.done" => read_item(&frame["item"], &mut answer),
            "response.completed" | "response.incomplete" | "response.failed" => {
                last = &frame["response"];
            }
            _ => {
                if let Some(of) = kind.strip_suffix(".delta") {
                    push(pieces.entry(of).or_default(), &frame["delta"]);
                }
            }
        }
    }
    let piece = |of: &[&str]| -> String {
        let of = of.iter().filter_map(|of| pieces.get(of)).cloned();
        of.collect()
    };
    // Recordings with gaps were cut by those who recorded them.
    let is_whole = (0_u64..)
        .zip(frames)
        .all(|(number, frame)| frame["sequence_number"] == number);
    for (of, said) in [
        (
            piece(&["response.output_text", "response.refusal"]),
            &answer.text,
        ),
        (
            piece(&["response.reasoning_summary_text", "response.reasoning_text"]),
            &answer.thoughts,
        ),
    ] {
        assert!(
            !is_whole || of.is_empty() || of == *said,
            "{of:?} is not {said:?}"
        );
    }
    answer.finish = finish_of(last, &answer);
    facts(answer, last)
}

fn facts(answer: Answer, response: &Value) -> Facts {
    Facts {
        answers: BTreeMap::from([(0, answer)]),
        tokens: tokens_of(&response["usage"]),
    }
}

fn read_item(item: &Value, answer: &mut Answer) {
    let args = match item["type"].as_str().unwrap() {
        "message" => {
            for part in items(&item["content"]) {
                push(&mut answer.text, &part["text"]);
                push(&mut answer.text, &part["refusal"]);
            }
            return;
        }
        "reasoning" => {
            for name in ["summary", "content"] {
                let parts = items(&item[name]).iter();
                parts.for_each(|part| push(&mut answer.thoughts, &part["text"]));
            }
            return;
        }
        "function_call" => &item["arguments"],
        "custom_tool_call" => &item["input"],
        _ => return,
    };
    let name = item["name"].as_str().unwrap().to_owned();
    answer.calls.push((name, arguments(args.as_str().unwrap())));
}

fn finish_of(response: &Value, answer: &Answer) -> Option<&'static str> {
    match response["status"].as_str()? {
        "completed" if answer.calls.is_empty() => Some("stop"),
        "completed" => Some("tool_calls"),
        "incomplete" => match response["incomplete_details"]["reason"].as_str() {
            Some("content_filter") => Some("content_filter"),
            _ => Some("length"),
        },
        "failed" => Some("error"),
        other => panic!("a status that the reader does not know: {other}"),
    }
}

fn tokens_of(usage: &Value) -> Option<Tokens> {
    Some(Tokens {
        prompt: usage["input_tokens"].as_u64()?,
        completion: usage["output_tokens"].as_u64()?,
        cached: usage["input_tokens_details"]["cached_tokens"]
            .as_u64()
            .unwrap_or(0),
        reasoning: usage["output_tokens_details"]["reasoning_tokens"]
            .as_u64()
            .unwrap_or(0),
    })
}
