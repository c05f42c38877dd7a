//! Gemini `generateContent`, in the form of the Gemini API (AI Studio); Vertex speaks the same
//! bodies.
//!
//! Only the vendors' side, [`Call`]. The callers' side reads with the same names (`wire`) and finds
//! what it needs to lose nothing already in place: unknown fields ride as extras of
//! [`Dialect::Gemini`], parts without a canonical name as [`canon::Part::Other`], signatures as
//! reasoning of [`canon::ReasoningFormat::GEMINI`].
//!
//! # Signatures
//! Gemini signs parts of any kind and wants the signatures back byte for byte on the same parts. A
//! thought's signature is that of its [`canon::ReasoningBody::Text`]. Every other one becomes
//! [`canon::ReasoningBody::Encrypted`]: before its tool call and with the call's id, or behind its
//! text or picture and without an id.

mod candidate;
mod config;
mod contents;
mod error;
mod grounding;
mod logprobs;
mod media;
mod partial;
mod request;
mod response;
mod stream;
mod usage;
mod wire;

use std::borrow::Cow;

use canon::{Dialect, Request, Response};

use crate::{Call, Error, Form, Loss, ParseStream, Target, VendorError, path};

/// The codec.
#[derive(Clone, Copy, Debug)]
pub struct Gemini;

impl Call for Gemini {
    fn dialect(&self) -> Dialect {
        Dialect::Gemini
    }

    /// `/models/{model}:generateContent`, or `:streamGenerateContent?alt=sse`. What could leave the
    /// path segment is percent-encoded here and refused by [`Call::render_request`].
    fn path(&self, upstream_model: &str, _form: &Form, stream: bool) -> Cow<'static, str> {
        let method = if stream {
            "streamGenerateContent?alt=sse"
        } else {
            "generateContent"
        };
        let segment = path::segment(upstream_model);
        Cow::Owned(format!("/models/{segment}:{method}"))
    }

    fn render_request(
        &self,
        request: &Request,
        target: &Target<'_>,
        loss: &mut Vec<Loss>,
    ) -> Result<Vec<u8>, Error> {
        request::render_request(request, target, loss)
    }

    fn parse_response(&self, body: &[u8]) -> Result<Response, Error> {
        response::parse_response(body)
    }

    fn stream(&self, _form: &Form) -> Box<dyn ParseStream> {
        Box::new(stream::Stream::default())
    }

    fn parse_error(&self, status: u16, body: &[u8]) -> VendorError {
        error::parse_error(status, body)
    }
}
