//! OpenAI's legacy Completions: a prompt in, text out (spec/inference.md §3). Served, never called: behind it is a
//! chat of one turn, and its request is that of chat but for the prompt.

mod logprobs;
mod request;
mod response;
mod stream;

use canon::{Dialect, Request, Response};
use serde_json::{Map, Value};

use crate::{Error, ErrorBody, Receipt, RenderStream, Serve, Stamp, openrouter};

/// The callers' side of the dialect.
#[derive(Clone, Copy, Debug)]
pub struct Completions;

impl Serve for Completions {
    fn dialect(&self) -> Dialect {
        Dialect::OpenAiCompletions
    }

    fn parse_request(&self, body: &[u8]) -> Result<Request, Error> {
        request::parse_request(body)
    }

    fn echo(&self, request: &Request) -> Option<Box<Map<String, Value>>> {
        request::echo(request).map(Box::new)
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
