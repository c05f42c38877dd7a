//! Recorded requests, read as from a caller and written again to the same dialect: every field is
//! kept.

use std::collections::BTreeMap;

use dialects::{Call, Dialect, Form, Platform, Serve, Target, Thinking, called, served};
use serde_json::Value;
use testbed::corpus::{self, Exchange};

use crate::corpus::WIRES;
use crate::equivalence;
use crate::roundtrip::widest_form;

/// Requests that vendors answered and Weir changes or refuses, by a part of the label: why.
const EXCEPTIONS: &[(&str, &str)] = &[
    (
        "openinference__fixtures-agent_run_reasoning",
        "the answer shall be stored, and nothing is stored here; refused aloud",
    ),
    (
        "sends_audio",
        "sound by address (Mistral): OpenAI's wire has sound as base64 only; refused aloud",
    ),
    (
        "image_tool_result-a_tool_result_image_is_read_by_the_model",
        "a picture in a tool's result: OpenAI takes text only there; it follows in a user's turn",
    ),
    (
        "test_openrouter_advisor_tool",
        "one of OpenRouter's server tools, which Weir has not; refused aloud",
    ),
    (
        "test_openrouter_web_search",
        "one of OpenRouter's server tools, which Weir has not; refused aloud",
    ),
    (
        "gpt-5_2_searches_transparently",
        "one of OpenRouter's server tools, which Weir has not; refused aloud",
    ),
    (
        "test_openrouter_with_preset",
        "a preset of an account at OpenRouter, which Weir has not; refused aloud",
    ),
];

/// What became of one request: nothing lost, or what.
fn lost(
    serve: &dyn Serve,
    call: &dyn Call,
    exchange: &Exchange,
    body: &Value,
) -> Result<(), String> {
    let bytes = body.to_string();
    let request = serve
        .parse_request(bytes.as_bytes())
        .map_err(|error| format!("not read: {error}"))?;
    let form = form_of(exchange, body);
    let in_address = model_in_address(exchange);
    let model = body["model"].as_str().unwrap_or(&in_address);
    let model = model.trim_start_matches("models/");
    let thinking = match body["thinking"]["type"].as_str() {
        Some("enabled") => Thinking::Budget,
        // As the catalogue says of Google's generations.
        _ if call.dialect() == Dialect::Gemini => match model {
            _ if model.contains("gemini-2.5") || model.contains("-latest") => Thinking::Budget,
            _ if model.contains("gemini-3") => Thinking::Effort,
            _ => Thinking::Unknown,
        },
        _ if call.dialect() == Dialect::Anthropic => Thinking::Adaptive,
        _ => Thinking::Effort,
    };
    let target = Target {
        upstream_model: model,
        model,
        form: &form,
        max_output_tokens: None,
        thinking,
    };
    let written = call
        .render_request(&request, &target, &mut Vec::new())
        .map_err(|error| format!("not written: {error}"))?;
    let written = serde_json::from_slice(&written).map_err(|error| error.to_string())?;
    let differences = equivalence::differences(call.dialect(), body, &written);
    if differences.is_empty() {
        Ok(())
    } else {
        Err(differences.join("; "))
    }
}

/// The model, where the address names it (`/models/gemini-2.5-flash:generateContent`).
fn model_in_address(exchange: &Exchange) -> String {
    let url = exchange
        .request
        .as_ref()
        .map(|request| request.url.as_str());
    let segment = url.and_then(|url| url.rsplit_once("/models/"));
    let model = segment.and_then(|(_, segment)| segment.split(':').next());
    model.unwrap_or("unknown").to_owned()
}

/// How the vendor of this recording differs, as far as its own request shows.
fn form_of(exchange: &Exchange, body: &Value) -> Form {
    let messages = body["messages"].as_array().map_or(&[][..], Vec::as_slice);
    let has = |name: &str| messages.iter().any(|message| message[name].is_string());
    Form {
        // Vercel and Snowflake speak OpenRouter's thinking, too.
        openrouter: exchange.provider == "openrouter"
            || body["reasoning"].is_object()
            || messages
                .iter()
                .any(|message| message["reasoning_details"].is_array()),
        reasoning_field: ["reasoning_content", "reasoning"]
            .into_iter()
            .find(|name| has(name)),
        required_is_any: body["tool_choice"] == "any",
        random_seed: body.get("random_seed").is_some(),
        platform: match exchange.provider.as_str() {
            "vertex" => Platform::Vertex,
            _ => Platform::Own,
        },
        ..widest_form()
    }
}

fn body_of(exchange: &Exchange) -> Option<&Value> {
    let body = &exchange.request.as_ref()?.body;
    let names = ["messages", "contents", "input"];
    let has_one = names.iter().any(|name| body.get(name).is_some());
    has_one.then_some(body)
}

/// What became of the recorded requests of one dialect.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    /// By vendor: all, kept whole, excepted.
    pub(crate) tallies: BTreeMap<String, (usize, usize, usize)>,
    /// Requests that are rightly changed or refused: which, and why.
    pub(crate) excepted: Vec<(String, &'static str)>,
    failures: Vec<String>,
}

/// Reads every recorded request of a dialect as from a caller, and writes it again.
pub(crate) fn requests_of(dialect: Dialect) -> Requests {
    let (serve, call) = (served(dialect).unwrap(), called(dialect).unwrap());
    let wire = WIRES.iter().find(|wire| wire.dialect == dialect).unwrap();
    let mut requests = Requests::default();
    for exchange in wire.wholes().chain(wire.streams()) {
        let Some(body) = body_of(&exchange) else {
            continue;
        };
        let label = exchange.label();
        let tally = requests.tallies.entry(exchange.provider.clone());
        let (all, kept, excepted) = tally.or_default();
        *all += 1;
        let Err(why) = lost(serve, call, &exchange, body) else {
            *kept += 1;
            continue;
        };
        match EXCEPTIONS.iter().find(|(name, _)| label.contains(name)) {
            Some((_, reason)) => {
                *excepted += 1;
                requests.excepted.push((label, reason));
            }
            None => requests.failures.push(format!("{label}: {why}")),
        }
    }
    requests
}

fn recorded_requests_keep_every_field(dialect: Dialect, at_least: usize) {
    if !corpus::available() {
        println!("skipped: the corpus is not at hand");
        return;
    }
    let requests = requests_of(dialect);
    println!("vendor            requests  kept  excepted");
    let mut all = 0;
    for (provider, tally) in &requests.tallies {
        println!(
            "{provider:<17} {:>8} {:>5} {:>9}",
            tally.0, tally.1, tally.2
        );
        all += tally.0;
    }
    let failures = requests.failures;
    let shown: Vec<&String> = failures.iter().take(60).collect();
    assert!(shown.is_empty(), "{} failures: {shown:#?}", failures.len());
    assert!(all >= at_least, "only {all} requests");
}

#[test]
fn recorded_openai_chat_requests_keep_every_field() {
    recorded_requests_keep_every_field(Dialect::OpenAiChat, 700);
}

#[test]
fn recorded_openai_responses_requests_keep_every_field() {
    recorded_requests_keep_every_field(Dialect::OpenAiResponses, 260);
}

#[test]
fn recorded_anthropic_requests_keep_every_field() {
    recorded_requests_keep_every_field(Dialect::Anthropic, 120);
}

#[test]
fn recorded_gemini_requests_keep_every_field() {
    recorded_requests_keep_every_field(Dialect::Gemini, 200);
}
