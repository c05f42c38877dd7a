//! Counting the tokens of a prompt: `:countTokens`.
//!
//! The Gemini API counts a whole request where it stands in `generateContentRequest`; Vertex takes the parts of it that
//! count beside each other.
//!
//! Facts: recorded exchanges with both; the REST references of `models.countTokens` and of Vertex's `countTokens`.

use std::borrow::Cow;

use canon::Request;
use serde_json::{Map, Value};

use super::{Gemini, method_path, request};
use crate::json::Object;
use crate::{CallCount, Error, Fields, Form, Loss, Platform, ServeCount, Target};

/// What Vertex counts.
const COUNTED_FIELDS: [&str; 4] = ["contents", "systemInstruction", "tools", "generationConfig"];

impl ServeCount for Gemini {
    fn parse_count(&self, body: &[u8]) -> Result<Request, Error> {
        request::parse_count(body)
    }

    fn render_count(&self, tokens: u64, out: &mut Vec<u8>) {
        let mut count = Object::open(out);
        count.field("totalTokens", &tokens);
        count.close();
    }
}

impl CallCount for Gemini {
    fn count_path(&self, upstream_model: &str, form: &Form) -> Cow<'static, str> {
        method_path(upstream_model, form, "countTokens")
    }

    fn render_count(
        &self,
        request: &Request,
        target: &Target<'_>,
        loss: &mut Vec<Loss>,
    ) -> Result<Vec<u8>, Error> {
        let body = request::render_request(request, target, loss)?;
        let mut out = Vec::with_capacity(body.len() + 64);
        let mut count = Object::open(&mut out);
        let fields = Fields::parse(&body)?.into_map();
        if target.form.platform == Platform::Vertex {
            render_fields(fields, |name| COUNTED_FIELDS.contains(&name), &mut count);
        } else {
            let mut whole = count.object("generateContentRequest");
            whole.field("model", &format!("models/{}", target.upstream_model));
            render_fields(fields, |_| true, &mut whole);
            whole.close();
        }
        count.close();
        Ok(out)
    }

    fn parse_count(&self, body: &[u8]) -> Result<u64, Error> {
        let mut fields = Fields::parse(body)?;
        let count = fields.u64("totalTokens")?;
        count.ok_or_else(|| fields.missing("totalTokens", "a whole number of 0 or more"))
    }
}

fn render_fields(
    fields: Map<String, Value>,
    is_wanted: impl Fn(&str) -> bool,
    out: &mut Object<'_>,
) {
    for (name, value) in &fields {
        if is_wanted(name) {
            out.field(name, value);
        }
    }
}
