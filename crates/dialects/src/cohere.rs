//! Cohere's chat wire, version 2 (`/v2/chat`).
//!
//! Only the vendors' side, [`Call`]. Facts: docs.cohere.com/v2/reference/chat,
//! docs.cohere.com/v2/docs/how-does-cohere-pricing-work and recorded traffic, read 2026-11-22.
//!
//! # Decisions
//! - **Usage** is what is billed (`billed_units`): Cohere puts words of its own before a prompt and marks of its own
//!   into an answer, counts them in `tokens` and does not charge them. `cached_tokens` counts of `tokens`, costs
//!   nothing less and may be more than what is billed: it is left out.
//! - **`tool_plan`**, what the model says it will do before it calls tools, is thinking: a piece of
//!   [`canon::ReasoningFormat::UNKNOWN`] with the id [`TOOL_PLAN`], and goes back as `tool_plan`. Thinking without an
//!   id is a `thinking` block, in both directions.
//! - **Citations** have several sources each. Each source becomes a citation of its own, so that callers see every
//!   address; the first one carries the whole, which goes back to Cohere.
//! - **`tool_choice`** knows `REQUIRED` and `NONE`. A particular function is demanded by offering no other.
//! - **Arguments** of functions without any come as `null` or as nothing; callers read `{}`.
//! - **`logprobs`** come by pieces of several tokens. A piece stands as one token whose logprob is the sum: that of
//!   the piece.

mod citation;
mod error;
mod messages;
mod options;
mod request;
mod response;
mod stream;
mod usage;
mod wire;

use std::borrow::Cow;

use canon::{Dialect, Request, Response};

use crate::{Call, Error, Form, Lacks, Loss, ParseStream, Target, VendorError};

const DIALECT: Dialect = Dialect::Cohere;

/// The id that tells a tool plan from other thinking.
pub const TOOL_PLAN: &str = "tool_plan";

/// The codec.
#[derive(Clone, Copy, Debug)]
pub struct Cohere;

impl Call for Cohere {
    fn dialect(&self) -> Dialect {
        DIALECT
    }

    fn path(&self, _upstream_model: &str, _form: &Form, _stream: bool) -> Cow<'static, str> {
        Cow::Borrowed("/chat")
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
