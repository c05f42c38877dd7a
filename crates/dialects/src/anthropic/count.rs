//! Counting the tokens of a prompt: `/messages/count_tokens` and its forms on the clouds.
//!
//! Facts: recorded exchanges; docs.aws.amazon.com/bedrock/latest/APIReference (CountTokens: the body that would be
//! invoked, as base64, answered with `inputTokens`), read 2026-11-22.

use std::borrow::Cow;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use canon::Request;

use super::{Anthropic, platform, request};
use crate::{CallCount, Error, Fields, Form, Loss, Platform, ServeCount, Target, json::Object};

impl ServeCount for Anthropic {
    fn parse_count(&self, body: &[u8]) -> Result<Request, Error> {
        request::parse(body)
    }

    fn render_count(&self, tokens: u64, out: &mut Vec<u8>) {
        let mut count = Object::open(out);
        count.field("input_tokens", &tokens);
        count.close();
    }
}

impl CallCount for Anthropic {
    fn count_path(&self, upstream_model: &str, form: &Form) -> Cow<'static, str> {
        platform::count_path(upstream_model, form)
    }

    fn render_count(
        &self,
        request: &Request,
        target: &Target<'_>,
        loss: &mut Vec<Loss>,
    ) -> Result<Vec<u8>, Error> {
        let body = request::render_count(request, target, loss)?;
        if target.form.platform != Platform::Bedrock {
            return Ok(body);
        }
        let mut out = Vec::with_capacity(body.len() * 4 / 3 + 64);
        let mut outer = Object::open(&mut out);
        let mut input = outer.object("input");
        let mut invoke = input.object("invokeModel");
        invoke.field("body", &BASE64.encode(body));
        invoke.close();
        input.close();
        outer.close();
        Ok(out)
    }

    fn parse_count(&self, body: &[u8]) -> Result<u64, Error> {
        let mut fields = Fields::parse(body)?;
        let count = match fields.u64("input_tokens")? {
            Some(count) => Some(count),
            // Bedrock's name for it.
            None => fields.u64("inputTokens")?,
        };
        count.ok_or_else(|| fields.missing("input_tokens", "a whole number of 0 or more"))
    }
}
