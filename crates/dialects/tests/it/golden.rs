//! The matrix: each of our own examples in every dialect that is called or served, as a snapshot
//! beside the example.
//!
//! `request.to-X.snap` is what a vendor of dialect X is sent, with the declared losses;
//! `response.as-X.snap` and `stream.as-X.snap` are what a caller of dialect X reads of that
//! vendor's answer.

use std::path::Path;

use canon::{Kind, NanoUsd, Usage};
use dialects::{
    CALLED, Dialect, ErrorBody, Form, Receipt, RenderStream, SERVED, Serve, Stamp, Step, Target,
    Thinking, VendorError, called, served,
};
use serde_json::Value;

use crate::fixtures::{self, Fixture};
use crate::replay::replay;

/// The endpoint that each dialect's request is written for.
pub(crate) fn target_of<'a>(dialect: Dialect, form: &'a Form) -> Target<'a> {
    let (upstream_model, model, thinking) = match dialect {
        Dialect::OpenAiChat => ("small-2026", "acme/small", Thinking::Effort),
        Dialect::Anthropic => ("claude-x", "acme/claude", Thinking::Budget),
        Dialect::Gemini => ("gemini-x", "acme/gemini", Thinking::Effort),
        Dialect::Bedrock => (
            "us.anthropic.claude-x-v1:0",
            "acme/claude",
            Thinking::Budget,
        ),
        Dialect::Cohere => ("command-x", "acme/command", Thinking::Budget),
        Dialect::Ollama => ("x:8b", "acme/x", Thinking::Effort),
        Dialect::Replicate => ("acme/x", "acme/x", Thinking::Unknown),
        Dialect::OpenAiResponses | Dialect::OpenAiCompletions => ("x", "acme/x", Thinking::Effort),
    };
    Target {
        upstream_model,
        model,
        form,
        max_output_tokens: Some(8192),
        thinking,
    }
}

fn assert_golden(folder: &Path, name: &str, text: &str) {
    insta::with_settings!({
        snapshot_path => folder,
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!(name, text);
    });
}

/// The vendors' side of every fixture in every dialect.
#[test]
fn every_request_is_written_for_every_vendor_as_its_snapshot_says() {
    let form = Form::default();
    for fixture in fixtures::with_file("request.json") {
        let serve = served(fixture.dialect).unwrap();
        let request = serve.parse_request(&fixture.bytes).unwrap();
        for call in CALLED {
            let mut loss = Vec::new();
            let target = target_of(call.dialect(), &form);
            let text = match dialects::render(*call, &request, &target, &mut loss) {
                Ok((body, _)) => {
                    let body: Value = serde_json::from_slice(&body).unwrap();
                    let mut text = serde_json::to_string_pretty(&body).unwrap();
                    text.push_str("\n\nlost:");
                    for loss in &loss {
                        text.push_str(&format!("\n- {}: {}", loss.what, loss.why));
                    }
                    if loss.is_empty() {
                        text.push_str(" nothing");
                    }
                    text
                }
                Err(error) => format!("refused: {error}"),
            };
            let name = format!("request.to-{}", call.dialect());
            assert_golden(&fixture.folder, &name, &text);
        }
    }
}

#[test]
fn every_answer_is_served_in_every_dialect_as_its_snapshot_says() {
    for fixture in fixtures::with_file("response.json") {
        let call = called(fixture.dialect).unwrap();
        let response = call.parse_response(&fixture.bytes).unwrap();
        for serve in SERVED {
            let receipt = receipt_of(response.usage.clone().unwrap_or_default());
            let mut body = Vec::new();
            serve.render_response(&response, &stamp(), &receipt, &mut body);
            let body: Value = serde_json::from_slice(&body).unwrap();
            let text = serde_json::to_string_pretty(&body).unwrap();
            let name = format!("response.as-{}", serve.dialect());
            assert_golden(&fixture.folder, &name, &text);
        }
    }
}

#[test]
fn every_stream_is_served_in_every_dialect_as_its_snapshot_says() {
    for fixture in fixtures::streams() {
        for serve in SERVED {
            let bytes = relayed(&fixture, *serve);
            let text = String::from_utf8(bytes).unwrap();
            let name = format!("stream.as-{}", serve.dialect());
            assert_golden(&fixture.folder, &name, &text);
        }
    }
}

/// What a caller reads of this vendor's stream.
fn relayed(fixture: &Fixture, serve: &dyn Serve) -> Vec<u8> {
    let call = called(fixture.dialect).unwrap();
    let replay = replay(call, [fixture.bytes.as_slice()]).unwrap();
    serve_steps(serve, replay.steps)
}

/// A vendor's steps as the bytes that a caller of that dialect reads.
pub(crate) fn serve_steps(serve: &dyn Serve, steps: Vec<Step>) -> Vec<u8> {
    serve_steps_as(serve, stamp(), steps)
}

/// The same with a stamp of the test's own.
pub(crate) fn serve_steps_as(serve: &dyn Serve, stamp: Stamp, steps: Vec<Step>) -> Vec<u8> {
    let mut stream = serve.stream(stamp);
    let mut out = Vec::new();
    let mut usage = Usage::default();
    for step in steps {
        match step {
            Step::Event(event) => {
                if let canon::Event::Usage(counts) = &event {
                    usage.clone_from(counts);
                }
                stream.event(event, &mut out);
            }
            Step::Error(error) => {
                break_off(stream.as_mut(), &error, &mut out);
                return out;
            }
            Step::End => break,
        }
    }
    stream.finish(&receipt_of(usage), &mut out);
    out
}

pub(crate) fn break_off(stream: &mut dyn RenderStream, error: &VendorError, out: &mut Vec<u8>) {
    let body = ErrorBody {
        status: 502,
        kind: Kind::ProviderUnavailable,
        message: "Provider returned error",
        provider_code: error.code.as_deref(),
        metadata: None,
        availability: None,
        generation: Some("gen-1760000000-example"),
        router: None,
    };
    stream.fault(&body, out);
}

pub(crate) fn stamp() -> Stamp {
    Stamp {
        generation: "gen-1760000000-example".to_owned(),
        created: 1_760_000_000,
        model: "acme/small".to_owned(),
        provider: "Acme".to_owned(),
        echo: None,
    }
}

pub(crate) fn receipt_of(usage: Usage) -> Receipt {
    Receipt {
        usage,
        cost: NanoUsd::new(12_500),
        upstream_cost: NanoUsd::new(12_500),
        upstream_prompt_cost: NanoUsd::new(2_500),
        upstream_completion_cost: NanoUsd::new(10_000),
        is_byok: false,
        completed_at: Some(1_763_800_009),
        router: None,
        weir: None,
    }
}
