//! Anthropic Messages, as Anthropic speaks it and as OpenRouter offers it in front of every model
//! (spec/inference.md §5, §6.5, §8.1). [`platform`] has what differs on the clouds that host Claude.

mod block;
mod claude;
mod count;
mod error;
mod foreign;
mod platform;
mod request;
mod response;
mod stream;
mod usage;
mod whole;
mod wire;

use std::borrow::Cow;

use canon::{Dialect, Request, Response};
pub(crate) use claude::Claude;
pub(crate) use request::Plan;
pub(crate) use whole::{Said, read_whole};

use crate::{
    Call, CallCount, Error, ErrorBody, Form, Framing, Lacks, Loss, ParseStream, Platform, Receipt,
    RenderStream, Serve, ServeCount, Stamp, Target, VendorError,
};

/// Both sides of the wire format.
#[derive(Clone, Copy, Debug, Default)]
pub struct Anthropic;

impl Serve for Anthropic {
    fn dialect(&self) -> Dialect {
        wire::DIALECT
    }

    fn parse_request(&self, body: &[u8]) -> Result<Request, Error> {
        request::parse(body)
    }

    fn render_response(
        &self,
        response: &Response,
        stamp: &Stamp,
        receipt: &Receipt,
        out: &mut Vec<u8>,
    ) {
        response::render(response, stamp, receipt, out);
    }

    fn stream(&self, stamp: Stamp) -> Box<dyn RenderStream> {
        Box::new(stream::Renderer::new(stamp))
    }

    fn render_error(&self, error: &ErrorBody<'_>, out: &mut Vec<u8>) {
        error::render(error, out);
    }

    fn counting(&self) -> Option<&dyn ServeCount> {
        Some(self)
    }
}

impl Call for Anthropic {
    fn dialect(&self) -> Dialect {
        wire::DIALECT
    }

    fn path(&self, upstream_model: &str, form: &Form, stream: bool) -> Cow<'static, str> {
        platform::answer_path(upstream_model, form, stream)
    }

    fn framing(&self, form: &Form) -> Framing {
        match form.platform {
            Platform::Bedrock => Framing::AwsEventStream,
            Platform::Own | Platform::Vertex | Platform::Azure => Framing::Sse,
        }
    }

    fn lacks(&self, _target: &Target<'_>) -> Lacks {
        Lacks {
            custom_tools: true,
            json_object: true,
            names: true,
            grammar: true,
            voices: true,
            allowed_tools: true,
            ..Lacks::default()
        }
    }

    fn render_request(
        &self,
        request: &Request,
        target: &Target<'_>,
        loss: &mut Vec<Loss>,
    ) -> Result<Vec<u8>, Error> {
        request::render(request, target, loss)
    }

    fn parse_response(&self, body: &[u8]) -> Result<Response, Error> {
        response::parse(body)
    }

    fn stream(&self, form: &Form) -> Box<dyn ParseStream> {
        match form.platform {
            Platform::Bedrock => Box::new(platform::Chunks::default()),
            Platform::Own | Platform::Vertex | Platform::Azure => {
                Box::new(stream::Parser::default())
            }
        }
    }

    fn parse_error(&self, _status: u16, body: &[u8]) -> VendorError {
        error::parse(body)
    }

    fn counting(&self) -> Option<&dyn CallCount> {
        Some(self)
    }
}
