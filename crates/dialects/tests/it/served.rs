//! Recorded answers served to callers of every dialect: the independent reader finds in what we
//! write what it finds in what the vendor wrote. Every dialect is translated into every other.

use canon::{Part, Response};
use dialects::{Call, Dialect, SERVED, Serve, called};
use serde_json::Value;
use testbed::corpus::{self, Exchange};

use crate::corpus::{WIRES, Wire, stream_bytes};
use crate::golden::{receipt_of, serve_steps, stamp};
use crate::reader::{self, Facts};
use crate::replay::replay;

/// What a caller of a dialect can be told. Anthropic has one answer only; it has no word for a
/// vendor that failed, always states a reason, and says `tool_use` of every answer that calls.
fn tellable(dialect: Dialect, mut facts: Facts) -> Facts {
    if dialect == Dialect::Anthropic {
        facts.answers.retain(|number, _| *number == 0);
        for answer in facts.answers.values_mut() {
            answer.finish = match answer.finish {
                Some("stop") | None if !answer.calls.is_empty() => Some("tool_calls"),
                None | Some("error") => Some("stop"),
                other => other,
            };
        }
    }
    if dialect == Dialect::Gemini {
        // One word for the end of an answer, with calls and without.
        for answer in facts.answers.values_mut() {
            for (_, args) in &mut answer.calls {
                // Arguments are an object; what a model broke off is shown inside of one.
                *args = match args.take() {
                    Value::Null => serde_json::json!({}),
                    text @ Value::String(_) => serde_json::json!({ "arguments": text }),
                    args @ (Value::Object(_)
                    | Value::Array(_)
                    | Value::Bool(_)
                    | Value::Number(_)) => args,
                };
            }
            answer.finish = match answer.finish {
                Some("stop" | "tool_calls") if answer.calls.is_empty() => Some("stop"),
                Some("stop") => Some("tool_calls"),
                other => other,
            };
        }
    }
    if dialect == Dialect::OpenAiCompletions {
        // Text only.
        let answers = facts.answers.values_mut();
        answers.for_each(|answer| answer.calls.clear());
    }
    if dialect == Dialect::OpenAiResponses {
        // One answer only; whether it calls is seen, and not said.
        facts.answers.retain(|number, _| *number == 0);
        for answer in facts.answers.values_mut() {
            let has_calls = !answer.calls.is_empty();
            if matches!(answer.finish, None | Some("stop" | "tool_calls")) {
                answer.finish = Some(if has_calls { "tool_calls" } else { "stop" });
            }
        }
    }
    facts
}

/// Gemini has arguments only as objects: the text of a custom tool is one field of it.
fn wrap_inputs(response: &Response, facts: &mut Facts) {
    for choice in &response.choices {
        let answer = facts.answers.entry(choice.index.into()).or_default();
        let mut calls = answer.calls.iter_mut();
        for part in &choice.parts {
            if let Part::ToolCall(call) = part
                && let Some((_, args)) = calls.next()
                && call.custom
            {
                *args = serde_json::json!({ "input": call.arguments });
            }
        }
    }
}

/// What the vendor said, in the words that the dialect has for it: a refusal ends with a reason of
/// its own there.
pub(crate) fn wanted_of(dialect: Dialect, response: &Response) -> Facts {
    let mut facts = reader::facts_of(response);
    if dialect == Dialect::Gemini {
        wrap_inputs(response, &mut facts);
    }
    for choice in &response.choices {
        let is_refusal = |part: &Part| matches!(part, Part::Refusal(text) if !text.is_empty());
        let is_refused = choice.parts.iter().any(is_refusal);
        if let Some(answer) = facts.answers.get_mut(&choice.index.into())
            && dialect == Dialect::Anthropic
            && is_refused
            && answer.calls.is_empty()
            && answer.finish == Some("stop")
        {
            answer.finish = Some("content_filter");
        }
    }
    facts
}

fn whole_as(serve: &dyn Serve, call: &dyn Call, exchange: &Exchange) -> Option<(Facts, Facts)> {
    let bytes = exchange.response.wire_bytes();
    let response = call.parse_response(&bytes).ok()?;
    let receipt = receipt_of(response.usage.clone().unwrap_or_default());
    let mut out = Vec::new();
    serve.render_response(&response, &stamp(), &receipt, &mut out);
    let body: Value = serde_json::from_slice(&out).unwrap();
    Some((
        reader::read_whole(serve.dialect(), &body),
        wanted_of(serve.dialect(), &response),
    ))
}

fn stream_as(serve: &dyn Serve, call: &dyn Call, exchange: &Exchange) -> Option<(Facts, Facts)> {
    let bytes = stream_bytes(exchange);
    let replay = || replay(call, [bytes.as_slice()]).unwrap();
    let response = replay().into_response().ok()?;
    let out = serve_steps(serve, replay().steps);
    let frames = crate::corpus::frames_of(&out);
    Some((
        reader::read_stream(serve.dialect(), &frames),
        wanted_of(serve.dialect(), &response),
    ))
}

fn wire(dialect: Dialect) -> &'static Wire {
    WIRES.iter().find(|wire| wire.dialect == dialect).unwrap()
}

#[test]
fn recorded_openai_responses_answers_say_the_same_in_every_served_dialect() {
    served_as_in_every_dialect(wire(Dialect::OpenAiResponses), 300);
}

fn served_as_in_every_dialect(wire: &Wire, at_least: usize) {
    if !corpus::available() {
        println!("skipped: the corpus is not at hand");
        return;
    }
    let call = called(wire.dialect).unwrap();
    let mut failures = Vec::new();
    let mut checked = 0;
    for exchange in wire.wholes().chain(wire.streams()) {
        let is_stream = exchange.kind.ends_with("_stream");
        let serve_as = if is_stream { stream_as } else { whole_as };
        for serve in SERVED {
            let Some((found, wanted)) = serve_as(*serve, call, &exchange) else {
                continue;
            };
            checked += 1;
            let wanted = tellable(serve.dialect(), wanted);
            let mut found = tellable(serve.dialect(), found);
            if wanted.tokens.is_none() {
                // Weir always states counts; where the vendor did not, they are its own.
                found.tokens = None;
            }
            if found != wanted {
                let label = exchange.label();
                let differences = found.differences(&wanted);
                failures.push(format!("{label} as {}: {differences}", serve.dialect()));
            }
        }
    }
    println!(
        "{}: {checked} answers served, {} wrong",
        wire.dialect,
        failures.len()
    );
    let shown: Vec<&String> = failures.iter().take(30).collect();
    assert!(shown.is_empty(), "{} failures: {shown:#?}", failures.len());
    assert!(checked >= at_least, "only {checked} answers served");
}

#[test]
fn recorded_openai_chat_answers_say_the_same_in_every_served_dialect() {
    served_as_in_every_dialect(&WIRES[0], 300);
}

#[test]
fn recorded_anthropic_answers_say_the_same_in_every_served_dialect() {
    served_as_in_every_dialect(&WIRES[1], 300);
}

#[test]
fn recorded_gemini_answers_say_the_same_in_every_served_dialect() {
    served_as_in_every_dialect(&WIRES[2], 300);
}

#[test]
fn recorded_bedrock_answers_say_the_same_in_every_served_dialect() {
    served_as_in_every_dialect(wire(Dialect::Bedrock), 190);
}

#[test]
fn recorded_cohere_answers_say_the_same_in_every_served_dialect() {
    served_as_in_every_dialect(wire(Dialect::Cohere), 120);
}

#[test]
fn recorded_ollama_answers_say_the_same_in_every_served_dialect() {
    served_as_in_every_dialect(wire(Dialect::Ollama), 44);
}
