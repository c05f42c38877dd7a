//! The matrix: each dialect served × each one called × nine cases, as one snapshot a pair (`fixtures/matrix`).
//!
//! A cell says what the vendor is sent and what is declared lost, and what the caller reads of the vendor's answer,
//! whole and streamed. What a dialect cannot say at all is said in the cell.

use std::fmt::Write as _;
use std::path::Path;

use canon::Kind;
use dialects::{CALLED, Call, ErrorBody, Form, SERVED, Serve, render};
use serde_json::Value;

use super::features::Sheet;
use crate::golden::{break_off, receipt_of, serve_steps, stamp, target_of};
use crate::robustness::read_odd;

/// A case: its name; what asks for it, in the first of these features that a sheet has; what answers it, likewise;
/// the odd stream that shows it.
struct Case {
    name: &'static str,
    asked: &'static [&'static str],
    answered: &'static [&'static str],
    streamed: &'static [&'static str],
}

/// The plain body of a sheet.
const PLAIN: &[&str] = &[""];

const CASES: &[Case] = &[
    Case {
        name: "text",
        asked: PLAIN,
        answered: PLAIN,
        streamed: &["as it should be"],
    },
    Case {
        name: "tools",
        asked: &["tools"],
        answered: &["tool call", "tool use", "function call"],
        streamed: &[
            "tool call as it should be",
            "tool use as it should be",
            "tool use",
            "tool call",
            "function call",
        ],
    },
    Case {
        name: "parallel tools",
        asked: &[
            "tool call in history",
            "tool use in history",
            "functionCall in history",
        ],
        answered: &["two tool calls", "two tool uses", "two function calls"],
        streamed: &[
            "tool calls by turns",
            "two tool uses by turns",
            "two tool calls by turns",
            "two function calls in two chunks",
            "two tool calls in one line",
        ],
    },
    Case {
        name: "image",
        asked: &["picture as bytes"],
        answered: &["picture", "picture made by a tool"],
        streamed: &[],
    },
    Case {
        name: "reasoning",
        asked: &[
            "reasoning effort",
            "thinking with a budget",
            "thinkingLevel",
        ],
        answered: &[
            "reasoning with a signature",
            "encrypted reasoning",
            "signed thinking",
            "signed reasoning",
            "thought",
            "thinking",
        ],
        streamed: &[],
    },
    Case {
        name: "structured",
        asked: &[
            "response_format strict schema",
            "text.format strict schema",
            "output_config.format",
            "responseJsonSchema",
            "response_format json_object",
        ],
        answered: PLAIN,
        streamed: &[],
    },
    Case {
        name: "cache",
        asked: &["cache mark on a part", "cache_control on a block"],
        answered: &["cached tokens"],
        streamed: &[],
    },
];

#[test]
fn every_pair_does_in_every_case_what_its_snapshot_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/matrix");
    let mut cells = 0;
    for serve in SERVED {
        for call in CALLED {
            let mut page = String::new();
            for case in CASES {
                writeln!(page, "== {}", case.name).unwrap();
                asked(case, *serve, *call, &mut page);
                answered(case, *serve, *call, &mut page);
                cells += 1;
            }
            error(*serve, *call, &mut page);
            cut(*serve, *call, &mut page);
            cells += 2;
            let name = format!("{}-to-{}", serve.dialect(), call.dialect());
            insta::with_settings!({
                snapshot_path => &folder,
                prepend_module_to_snapshot => false,
                omit_expression => true,
            }, {
                insta::assert_snapshot!(name, page);
            });
        }
    }
    println!("{cells} cells");
    assert_eq!(cells, SERVED.len() * CALLED.len() * 9);
}

/// What the vendor is sent.
fn asked(case: &Case, serve: &dyn Serve, call: &dyn Call, page: &mut String) {
    let sheet = Sheet::read("requests", serve.dialect()).unwrap();
    let Some(body) = case.asked.iter().find_map(|name| sheet.body(name)) else {
        writeln!(page, "asked: {} has no words for it", serve.dialect()).unwrap();
        return;
    };
    let form = Form::default();
    let target = target_of(call.dialect(), &form);
    let request = serve.parse_request(body.to_string().as_bytes()).unwrap();
    let mut loss = Vec::new();
    match render(call, &request, &target, &mut loss) {
        Ok((body, _)) => {
            let body: Value = serde_json::from_slice(&body).unwrap();
            writeln!(page, "asked: {body}").unwrap();
        }
        Err(error) => writeln!(page, "asked: refused: {error}").unwrap(),
    }
    for loss in loss {
        writeln!(page, "lost: {}: {}", loss.what, loss.why).unwrap();
    }
}

/// What the caller reads of the answer.
fn answered(case: &Case, serve: &dyn Serve, call: &dyn Call, page: &mut String) {
    let sheet = Sheet::read("answers", call.dialect()).unwrap();
    match case.answered.iter().find_map(|name| sheet.body(name)) {
        Some(body) => {
            let response = call.parse_response(body.to_string().as_bytes()).unwrap();
            let receipt = receipt_of(response.usage.clone().unwrap_or_default());
            let mut out = Vec::new();
            serve.render_response(&response, &stamp(), &receipt, &mut out);
            let body: Value = serde_json::from_slice(&out).unwrap();
            writeln!(page, "answered: {body}").unwrap();
        }
        None => writeln!(page, "answered: {} has no words for it", call.dialect()).unwrap(),
    }
    let Some(replay) = case.streamed.iter().find_map(|name| read_odd(call, name)) else {
        return;
    };
    let out = serve_steps(serve, replay.steps);
    writeln!(
        page,
        "streamed:\n{}",
        String::from_utf8(out).unwrap().trim_end()
    )
    .unwrap();
}

/// What the caller reads where the vendor refuses.
fn error(serve: &dyn Serve, call: &dyn Call, page: &mut String) {
    const BODY: &str = r#"{"error":{"message":"Slow down","type":"rate_limit_error","code":"rate_limited","status":"RESOURCE_EXHAUSTED"},"message":"Slow down","__type":"ThrottlingException"}"#;
    let said = call.parse_error(429, BODY.as_bytes());
    writeln!(page, "== error\nsaid: {:?}: {:?}", said.code, said.message).unwrap();
    let body = ErrorBody {
        status: 429,
        kind: Kind::RateLimitExceeded,
        message: said.message.as_deref().unwrap_or("Provider returned error"),
        provider_code: said.code.as_deref(),
        metadata: None,
        availability: None,
        generation: Some("gen-1760000000-example"),
        router: None,
    };
    let mut out = Vec::new();
    serve.render_error(&body, &mut out);
    writeln!(page, "answered: {}", String::from_utf8(out).unwrap()).unwrap();
}

/// What the caller reads where the vendor's stream is cut.
fn cut(serve: &dyn Serve, call: &dyn Call, page: &mut String) {
    let replay = read_odd(call, "cut before the end").unwrap();
    assert!(!replay.is_complete, "{}", call.dialect());
    let mut stream = serve.stream(stamp());
    let mut out = Vec::new();
    for event in replay.into_events().0 {
        stream.event(event, &mut out);
    }
    break_off(stream.as_mut(), &dialects::VendorError::default(), &mut out);
    let text = String::from_utf8(out).unwrap();
    assert_eq!(text.matches("Provider returned error").count(), 1, "{text}");
    writeln!(page, "== cut stream\n{}", text.trim_end()).unwrap();
}
