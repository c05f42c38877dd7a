//! Amazon Bedrock's Converse API: one wire for the models of many vendors.
//!
//! Only the vendors' side, [`Call`]. Facts: docs.aws.amazon.com/bedrock/latest/APIReference (Converse, ConverseStream
//! and the types they name) and recorded exchanges, read 2026-11-22.
//!
//! # What is particular
//! - What Converse has no word for is said in the model's own words, in `additionalModelRequestFields`: [`model`] knows
//!   whose they are.
//! - Thinking has the form of Anthropic's blocks, whoever thinks: words with a signature, or redacted. It is
//!   [`canon::ReasoningFormat::ANTHROPIC`], so a conversation can go on at Anthropic itself and come back. Redacted
//!   thinking is base64 here of what Anthropic calls its `data`; it is unpacked where it is text, and otherwise stays
//!   as it came, as [`canon::ReasoningFormat::UNKNOWN`]. Both ways byte for byte.
//! - Tools that Bedrock runs itself (`server_tool_use` and its results) are parts of this dialect only
//!   ([`canon::Part::Other`]), whole: streamed ones become the block that a whole answer would have.
//! - Measurements and traces of guardrails are kept of whole answers, and left out of streams.
//! - The type of an error stands in a header (`x-amzn-errortype`), which a codec does not see; where the body does
//!   not repeat it, the status names it.

mod block;
mod config;
mod error;
mod media;
mod model;
mod names;
mod piece;
mod request;
mod response;
mod stream;
mod tools;
mod turns;
mod usage;

use std::borrow::Cow;

use canon::{Dialect, FinishReason, Request, Response};

use crate::{
    Call, Error, Form, Framing, Lacks, Loss, ParseStream, Target, VendorError, path::segment,
};

const DIALECT: Dialect = Dialect::Bedrock;

/// The codec.
#[derive(Clone, Copy, Debug)]
pub struct Bedrock;

impl Call for Bedrock {
    fn dialect(&self) -> Dialect {
        DIALECT
    }

    /// `/model/{id}/converse`, or `converse-stream`; the id may be a whole ARN.
    fn path(&self, upstream_model: &str, _form: &Form, stream: bool) -> Cow<'static, str> {
        let method = if stream {
            "converse-stream"
        } else {
            "converse"
        };
        Cow::Owned(format!("/model/{}/{method}", segment(upstream_model)))
    }

    fn framing(&self, _form: &Form) -> Framing {
        Framing::AwsEventStream
    }

    fn lacks(&self, _target: &Target<'_>) -> Lacks {
        Lacks {
            custom_tools: true,
            json_object: true,
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
}

/// What a stop reason means.
fn finish(reason: &str) -> FinishReason {
    match reason {
        "end_turn" | "stop_sequence" => FinishReason::Stop,
        "tool_use" => FinishReason::ToolCalls,
        "max_tokens" | "model_context_window_exceeded" => FinishReason::Length,
        "guardrail_intervened" | "content_filtered" => FinishReason::ContentFilter,
        // malformed_model_output, malformed_tool_use, and what is yet to come.
        _ => FinishReason::Error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_is_one_segment_of_the_path() {
        let arn = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc";
        assert_eq!(
            Bedrock.path(arn, &Form::default(), false),
            "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Aapplication-inference-profile%2Fabc/converse"
        );
        assert_eq!(
            Bedrock.path("amazon.nova-lite-v1:0", &Form::default(), true),
            "/model/amazon.nova-lite-v1%3A0/converse-stream"
        );
    }
}
