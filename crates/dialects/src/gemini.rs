//! Gemini `generateContent`, in the form of the Gemini API (AI Studio); Vertex speaks the same
//! bodies.
//!
//! Nothing of Google's is lost between a caller and a vendor who both speak it: unknown fields ride as extras of
//! [`Dialect::Gemini`], parts without a canonical name as [`canon::Part::Other`], signatures as
//! reasoning of [`canon::ReasoningFormat::GEMINI`], what stands beside the parts of an answer as `metadata`.
//!
//! # Signatures
//! Gemini signs parts of any kind and wants the signatures back byte for byte on the same parts. A
//! thought's signature is that of its [`canon::ReasoningBody::Text`]. Every other one becomes
//! [`canon::ReasoningBody::Encrypted`]: before its tool call and with the call's id, or behind its
//! text or picture and without an id.

mod candidate;
mod config;
mod contents;
mod count;
mod error;
mod foreign;
mod grounding;
mod logprobs;
mod media;
mod metadata;
mod partial;
mod reply;
mod request;
mod response;
mod schema;
mod signature;
mod spelling;
mod stream;
mod usage;
mod wire;

use std::borrow::Cow;

use canon::{Dialect, Request, Response};
use serde_json::{Map, Value};

use crate::{
    Call, CallCount, Error, ErrorBody, Form, Lacks, Loss, ParseStream, Platform, Receipt,
    RenderStream, Serve, ServeCount, Stamp, Target, VendorError, path,
};

pub(crate) use response::{Said, read_whole};

/// The codec.
#[derive(Clone, Copy, Debug)]
pub struct Gemini;

impl Serve for Gemini {
    fn dialect(&self) -> Dialect {
        Dialect::Gemini
    }

    /// The model and whether to stream stand in the address; a model in the body is read, and the address goes before
    /// it.
    fn parse_request(&self, body: &[u8]) -> Result<Request, Error> {
        request::parse(body)
    }

    fn echo(&self, request: &Request) -> Option<Box<Map<String, Value>>> {
        Some(Box::new(request::echo(request)))
    }

    fn render_response(
        &self,
        response: &Response,
        stamp: &Stamp,
        receipt: &Receipt,
        out: &mut Vec<u8>,
    ) {
        response::render_response(response, stamp, receipt, out);
    }

    fn stream(&self, stamp: Stamp) -> Box<dyn RenderStream> {
        Box::new(stream::Renderer::new(stamp))
    }

    fn render_error(&self, error: &ErrorBody<'_>, out: &mut Vec<u8>) {
        error::render_error(error, out);
    }

    fn counting(&self) -> Option<&dyn ServeCount> {
        Some(self)
    }
}

impl Call for Gemini {
    fn dialect(&self) -> Dialect {
        Dialect::Gemini
    }

    /// `/models/{model}:generateContent`, or `:streamGenerateContent?alt=sse`. What could leave the
    /// path segment is percent-encoded here and refused by [`Call::render_request`].
    fn path(&self, upstream_model: &str, form: &Form, stream: bool) -> Cow<'static, str> {
        let method = if stream {
            "streamGenerateContent?alt=sse"
        } else {
            "generateContent"
        };
        method_path(upstream_model, form, method)
    }

    fn lacks(&self, _target: &Target<'_>) -> Lacks {
        Lacks {
            custom_tools: true,
            names: true,
            grammar: true,
            voices: true,
            ..Lacks::default()
        }
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

    fn counting(&self) -> Option<&dyn CallCount> {
        Some(self)
    }
}

/// The path of a model's method; on Vertex, models of many publishers stand side by side.
fn method_path(model: &str, form: &Form, method: &str) -> Cow<'static, str> {
    let publisher = match form.platform {
        Platform::Vertex => "/publishers/google",
        Platform::Own | Platform::Bedrock | Platform::Azure => "",
    };
    let segment = path::segment(model);
    Cow::Owned(format!("{publisher}/models/{segment}:{method}"))
}
