//! Replicate's predictions (`/v1/models/{owner}/{name}/predictions`): text models that take one prompt.
//!
//! Only the vendors' side, [`Call`]. Facts: replicate.com/docs/topics/predictions/create-a-prediction and rate-limits,
//! replicate.com/changelog/2025-10-16-prediction-deadlines, the inputs that replicate.com shows of
//! `meta/meta-llama-3.1-405b-instruct`, and recorded traffic, read 2026-11-22.
//!
//! # Decisions
//! - **Whole answers only.** A stream has an address of its own, which a first answer names; what it used is said in
//!   neither. So the one request waits for the whole prediction, tokens counted, and a caller who streams is given the
//!   answer as a stream all at once ([`Framing::Whole`]).
//! - **The conversation is a prompt.** Instructions at its beginning are `system_prompt`. A single turn of the user's
//!   is the prompt as it stands. Several turns are written one below the other, an empty line between them, each with
//!   who speaks and a colon before it (`User: `, `Assistant: `, `System: `), and behind them `Assistant:` for the
//!   model to go on from, unless the last turn is the assistant's own. That is declared a loss.
//! - **Tools, calls and schemas are refused**: nothing in a prompt binds a model to them, and leaving them out would
//!   answer another question. Some JSON object is asked for in words ([`crate::Emulation`]).
//! - **One picture** has a place beside the prompt, `image`.
//! - **`stop_sequences`** is one text with commas in between: a sequence with a comma in it is lost.
//! - **A version** of a model that is not Replicate's own (`owner/name:version`) is asked at `/predictions`.
//! - **The end** is `length` where as many tokens came as the request, which the answer repeats, allowed; nothing else
//!   says so.
//! - **A prediction that is not over** when the wait is, or that its deadline cancelled, came too late: a timeout.

mod error;
mod options;
mod prompt;
mod request;
mod response;

use std::borrow::Cow;

use canon::{Dialect, Request, Response};

use crate::{
    Call, Error, Form, Framing, Lacks, Loss, ParseStream, Target, VendorError, path::segment,
};

const DIALECT: Dialect = Dialect::Replicate;

/// The status of a prediction that is over and went well.
const SUCCEEDED: &str = "succeeded";

/// The codec.
#[derive(Clone, Copy, Debug)]
pub struct Replicate;

impl Call for Replicate {
    fn dialect(&self) -> Dialect {
        DIALECT
    }

    fn path(&self, upstream_model: &str, _form: &Form, _stream: bool) -> Cow<'static, str> {
        Cow::Owned(
            match (version(upstream_model), upstream_model.split_once('/')) {
                (Some(_), _) => "/predictions".to_owned(),
                (None, Some((owner, name))) => {
                    format!("/models/{}/{}/predictions", segment(owner), segment(name))
                }
                (None, None) => format!("/models/{}/predictions", segment(upstream_model)),
            },
        )
    }

    fn framing(&self, _form: &Form) -> Framing {
        Framing::Whole
    }

    fn lacks(&self, _target: &Target<'_>) -> Lacks {
        Lacks {
            json_object: true,
            names: true,
            json_schema: true,
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
        Box::new(response::Stream::default())
    }

    fn parse_error(&self, _status: u16, body: &[u8]) -> VendorError {
        error::parse_error(body)
    }
}

/// The version that a model's name states, with the name: what `version` takes.
fn version(upstream_model: &str) -> Option<&str> {
    upstream_model.contains(':').then_some(upstream_model)
}
