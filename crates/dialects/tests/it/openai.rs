//! OpenAI Chat Completions: what only this dialect promises.

mod answers;
mod callers;
mod completions;
mod custom;
mod grammar;
mod law;
mod requests;
mod responses;
mod streams;
mod vendors;

use canon::Request;
use dialects::{
    Call, Error, ErrorBody, Form, Loss, Receipt, Serve, Stamp, Target, Thinking, openai::chat::Chat,
};
use serde_json::{Value, json};

pub(crate) fn parse(body: &Value) -> Request {
    Chat.parse_request(body.to_string().as_bytes())
        .unwrap_or_else(|error| panic!("{error}\n{body}"))
}

pub(crate) fn refused(body: &Value) -> Error {
    Chat.parse_request(body.to_string().as_bytes())
        .expect_err("it should be refused")
}

/// A request of one user turn with these fields besides.
pub(crate) fn asking(fields: &Value) -> Value {
    let mut body = json!({"model": "a/b", "messages": [{"role": "user", "content": "hi"}]});
    for (name, value) in fields.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

pub(crate) fn target<'a>(form: &'a Form, thinking: Thinking) -> Target<'a> {
    Target {
        upstream_model: "b-2026",
        model: "a/b",
        form,
        max_output_tokens: Some(10_000),
        thinking,
    }
}

/// The body that a vendor of this form is sent, and what is lost on the way.
pub(crate) fn send(request: &Request, form: &Form) -> (Value, Vec<String>) {
    let mut loss: Vec<Loss> = Vec::new();
    let body = Chat
        .render_request(request, &target(form, Thinking::Effort), &mut loss)
        .unwrap();
    let lost = loss
        .into_iter()
        .map(|loss| loss.what.into_owned())
        .collect();
    (serde_json::from_slice(&body).unwrap(), lost)
}

pub(crate) fn stamp() -> Stamp {
    Stamp {
        generation: "gen-1".to_owned(),
        created: 7,
        model: "a/b".to_owned(),
        provider: "Acme".to_owned(),
        echo: None,
    }
}

pub(crate) fn serve_whole(response: &canon::Response, receipt: &Receipt) -> String {
    let mut out = Vec::new();
    Chat.render_response(response, &stamp(), receipt, &mut out);
    String::from_utf8(out).unwrap()
}

pub(crate) const fn broken(message: &str) -> ErrorBody<'_> {
    ErrorBody {
        status: 502,
        kind: canon::Kind::ProviderUnavailable,
        message,
        provider_code: Some("overloaded"),
        metadata: None,
        availability: None,
        generation: None,
        router: None,
    }
}
