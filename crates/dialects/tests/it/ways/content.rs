//! What is said reaches the other side: through every dialect that has a form for it, and back on its very place.

mod beside;
mod names;
mod numbers;
mod places;
mod signatures;
mod sound;
mod wishes;

use canon::Request;
use dialects::{Dialect, Form, Loss, Receipt, Stamp, Target, Thinking, called, render, served};
use serde_json::Value;

use crate::replay::replay;

/// What a caller of this dialect asks.
fn asked(dialect: Dialect, body: &Value) -> Request {
    let serve = served(dialect).unwrap();
    serve.parse_request(body.to_string().as_bytes()).unwrap()
}

/// What a vendor of this dialect is sent, and what of it is lost.
fn sent(dialect: Dialect, request: &Request) -> (Value, Vec<Loss>) {
    let form = Form::default();
    let target = Target {
        upstream_model: "x",
        model: "acme/x",
        form: &form,
        max_output_tokens: Some(1_000),
        thinking: Thinking::Effort,
    };
    let mut loss = Vec::new();
    let call = called(dialect).unwrap();
    let (body, _) = render(call, request, &target, &mut loss).unwrap();
    (serde_json::from_slice(&body).unwrap(), loss)
}

/// What a caller reads of a vendor's whole answer.
fn told(vendor: Dialect, answer: &str, caller: Dialect) -> Value {
    let response = called(vendor)
        .unwrap()
        .parse_response(answer.as_bytes())
        .unwrap();
    let mut out = Vec::new();
    let (stamp, receipt) = (Stamp::default(), Receipt::default());
    served(caller)
        .unwrap()
        .render_response(&response, &stamp, &receipt, &mut out);
    serde_json::from_slice(&out).unwrap()
}

/// The frames that a caller reads of a vendor's streamed answer, those that are JSON.
fn streamed(vendor: Dialect, frames: &[Value], caller: Dialect) -> Vec<Value> {
    let bytes: String = frames
        .iter()
        .map(|frame| format!("data: {frame}\n\n"))
        .collect();
    let replay = replay(called(vendor).unwrap(), [bytes.as_bytes()]).unwrap();
    let (events, error) = replay.into_events();
    assert_eq!(error, None);
    let mut stream = served(caller).unwrap().stream(Stamp::default());
    let mut out = Vec::new();
    for event in events {
        stream.event(event, &mut out);
    }
    stream.finish(&Receipt::default(), &mut out);
    let text = String::from_utf8(out).unwrap();
    let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
    data.filter_map(|data| serde_json::from_str(data).ok())
        .collect()
}
