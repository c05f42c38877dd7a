//! OpenAI Responses, as OpenAI and its followers speak it and as OpenRouter offers it in front of every model,
//! stateless (spec/inference.md §4, §6.4).
//!
//! A conversation is a flat list of items here. Canon has turns: what the assistant thinks, says and calls between
//! two words of the caller's is one turn of canon. An item that says more than its content (an id, a phase) stands
//! before that content as a part of this dialect, its header; so items come out of a turn as they went in.

mod annotation;
mod answer;
mod error;
mod item;
mod output;
mod reasoning;
mod request;
mod stream;
mod usage;
mod whole;

use std::borrow::Cow;

use canon::{Dialect, Request, Response};
use serde_json::{Map, Value};

use crate::{
    Call, Error, ErrorBody, Form, Lacks, Loss, ParseStream, Receipt, RenderStream, Serve, Stamp,
    Target, VendorError, openai,
};

pub use error::as_success;
pub(crate) use whole::{Said, read_whole};

const DIALECT: Dialect = Dialect::OpenAiResponses;

/// Both sides of the dialect.
#[derive(Clone, Copy, Debug)]
pub struct Responses;

impl Serve for Responses {
    fn dialect(&self) -> Dialect {
        DIALECT
    }

    fn parse_request(&self, body: &[u8]) -> Result<Request, Error> {
        request::parse_request(body)
    }

    fn echo(&self, request: &Request) -> Option<Box<Map<String, Value>>> {
        Some(Box::new(answer::echo(request)))
    }

    fn render_response(
        &self,
        response: &Response,
        stamp: &Stamp,
        receipt: &Receipt,
        out: &mut Vec<u8>,
    ) {
        answer::render_response(response, stamp, receipt, out);
    }

    fn stream(&self, stamp: Stamp) -> Box<dyn RenderStream> {
        Box::new(stream::Renderer::new(&stamp))
    }

    fn render_error(&self, error: &ErrorBody<'_>, out: &mut Vec<u8>) {
        error::render_error(error, out);
    }
}

impl Call for Responses {
    fn dialect(&self) -> Dialect {
        DIALECT
    }

    fn path(&self, _upstream_model: &str, _form: &Form, _stream: bool) -> Cow<'static, str> {
        Cow::Borrowed("/responses")
    }

    fn lacks(&self, _target: &Target<'_>) -> Lacks {
        Lacks {
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
        answer::parse_response(body)
    }

    fn stream(&self, _form: &Form) -> Box<dyn ParseStream> {
        Box::new(stream::Reader::default())
    }

    fn parse_error(&self, _status: u16, body: &[u8]) -> VendorError {
        openai::error::parse_error(body)
    }
}
