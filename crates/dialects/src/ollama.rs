//! Ollama's own chat wire (`/api/chat`): whole answers and JSON lines.
//!
//! Only the vendors' side, [`Call`]. Facts: docs.ollama.com/openapi.yaml and `api/types.go` of
//! github.com/ollama/ollama, read 2026-11-22.
//!
//! # What is particular
//! - An answer streams unless it is told not to; an answer that does not is the last line of one that does.
//! - Calls have ids only from newer servers. Where there is none, one is made of when the answer was made and of the
//!   call's number, so that whole and streamed answers of one recording say the same.
//! - Pictures stand in the message as base64; nothing is fetched.
//! - No word demands a call: functions that may not be used are not offered, and that is all that can be done.
//! - How long things took is said in the last line. Canon has no place for it: it is kept of whole answers, and left
//!   out of streams.
//! - Thinking has levels on `gpt-oss` only; other models are told yes or no.

mod error;
mod messages;
mod options;
mod request;
mod response;
mod stream;

use std::borrow::Cow;

use canon::{Dialect, Request, Response};

use crate::{Call, Error, Form, Framing, Lacks, Loss, ParseStream, Target, VendorError};

const DIALECT: Dialect = Dialect::Ollama;

/// The codec.
#[derive(Clone, Copy, Debug)]
pub struct Ollama;

impl Call for Ollama {
    fn dialect(&self) -> Dialect {
        DIALECT
    }

    fn path(&self, _upstream_model: &str, _form: &Form, _stream: bool) -> Cow<'static, str> {
        Cow::Borrowed("/api/chat")
    }

    fn framing(&self, _form: &Form) -> Framing {
        Framing::JsonLines
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

    fn parse_error(&self, _status: u16, body: &[u8]) -> VendorError {
        error::parse_error(body)
    }
}
