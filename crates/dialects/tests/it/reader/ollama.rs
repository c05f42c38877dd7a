//! Ollama's own chat: a whole answer is a stream of one line.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Answer, Facts, Tokens, items, push};

pub(super) fn lines(lines: &[Value]) -> Facts {
    let mut answer = Answer::default();
    let mut tokens = None;
    for line in lines {
        let message = &line["message"];
        push(&mut answer.text, &message["content"]);
        push(&mut answer.thoughts, &message["thinking"]);
        for call in items(&message["tool_calls"]) {
            let function = &call["function"];
            let name = function["name"].as_str().unwrap().to_owned();
            answer.calls.push((name, function["arguments"].clone()));
        }
        if line["done"] == true {
            answer.finish = Some(match line["done_reason"].as_str() {
                Some("length") => "length",
                Some("stop") if answer.calls.is_empty() => "stop",
                Some("stop") => "tool_calls",
                other => panic!("a reason that the reader does not know: {other:?}"),
            });
            let count = |name: &str| line[name].as_u64();
            tokens = count("eval_count").map(|completion| Tokens {
                prompt: count("prompt_eval_count").unwrap_or(0),
                completion,
                cached: 0,
                reasoning: 0,
            });
        }
    }
    Facts {
        answers: BTreeMap::from([(0, answer)]),
        tokens,
    }
}
