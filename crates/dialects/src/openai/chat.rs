//! OpenAI Chat Completions, as OpenRouter extends it: the dialect of most callers and most vendors.
//!
//! Many vendors speak it and no two alike; reading takes all their forms, writing follows [`crate::Form`].

mod citation;
mod finish;
mod reasoning;
pub(in crate::openai) mod request;
mod response;
mod stream;
mod usage;
mod whole;
mod wire;

use std::borrow::Cow;

use canon::{Dialect, Request, Response};

use crate::{
    Call, Error, ErrorBody, Form, Lacks, Loss, ParseStream, Receipt, RenderStream, Serve, Stamp,
    Target, VendorError, openai::error, openrouter,
};

pub(crate) use whole::{Said, read_whole};

/// Both sides of the dialect.
#[derive(Clone, Copy, Debug)]
pub struct Chat;

impl Serve for Chat {
    fn dialect(&self) -> Dialect {
        Dialect::OpenAiChat
    }

    fn parse_request(&self, body: &[u8]) -> Result<Request, Error> {
        request::parse_request(body)
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
        Box::new(stream::Renderer::new(&stamp))
    }

    fn render_error(&self, error: &ErrorBody<'_>, out: &mut Vec<u8>) {
        openrouter::render_error(error, out);
    }
}

impl Call for Chat {
    fn dialect(&self) -> Dialect {
        Dialect::OpenAiChat
    }

    fn path(&self, _upstream_model: &str, _form: &Form, _stream: bool) -> Cow<'static, str> {
        Cow::Borrowed("/chat/completions")
    }

    fn lacks(&self, target: &Target<'_>) -> Lacks {
        let knows_names = target.form.openrouter || target.model.starts_with("openai/");
        Lacks {
            custom_tools: !target.form.custom_tools,
            names: !knows_names,
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
        Box::new(stream::Reader::default())
    }

    fn parse_error(&self, _status: u16, body: &[u8]) -> VendorError {
        error::parse_error(body)
    }
}
