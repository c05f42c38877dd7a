//! Where Claude is spoken to: at Anthropic's own address, on Google's Vertex AI or on Amazon's Bedrock.
//!
//! The clouds put the model into the path and the version of the wire into the body. Bedrock's streams are AWS
//! event streams; each `chunk` carries one of Anthropic's events as base64.
//!
//! Facts: recorded exchanges with both clouds; docs.aws.amazon.com/bedrock/latest/APIReference
//! (InvokeModelWithResponseStream, CountTokens), read 2026-11-22.

use std::borrow::Cow;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde::Deserialize;

use super::{error, stream::Parser};
use crate::{
    Error, Form, ParseStream, Platform, Step, VendorError, fields,
    framing::{Frame, aws},
    path::segment,
};

/// The path behind the base address for an answer.
pub(super) fn answer_path(model: &str, form: &Form, stream: bool) -> Cow<'static, str> {
    let model = segment(model);
    match (form.platform, stream) {
        (Platform::Own | Platform::Azure, _) => Cow::Borrowed("/messages"),
        (Platform::Vertex, false) => {
            Cow::Owned(format!("/publishers/anthropic/models/{model}:rawPredict"))
        }
        (Platform::Vertex, true) => {
            let method = "streamRawPredict";
            Cow::Owned(format!("/publishers/anthropic/models/{model}:{method}"))
        }
        (Platform::Bedrock, false) => Cow::Owned(format!("/model/{model}/invoke")),
        (Platform::Bedrock, true) => {
            Cow::Owned(format!("/model/{model}/invoke-with-response-stream"))
        }
    }
}

/// The path behind the base address for counting tokens.
pub(super) fn count_path(model: &str, form: &Form) -> Cow<'static, str> {
    match form.platform {
        Platform::Own | Platform::Azure => Cow::Borrowed("/messages/count_tokens"),
        // One address for all models: the body names the model.
        Platform::Vertex => Cow::Borrowed("/publishers/anthropic/models/count-tokens:rawPredict"),
        Platform::Bedrock => Cow::Owned(format!("/model/{}/count-tokens", segment(model))),
    }
}

/// The version of the wire, where the body states it (elsewhere a header does).
pub(super) const fn version(platform: Platform) -> Option<&'static str> {
    match platform {
        Platform::Own | Platform::Azure => None,
        Platform::Vertex => Some("vertex-2023-10-16"),
        Platform::Bedrock => Some("bedrock-2023-05-31"),
    }
}

/// Reads a stream of Bedrock's: Anthropic's events out of base64, and Amazon's own exceptions.
#[derive(Debug, Default)]
pub(super) struct Chunks {
    events: Parser,
}

/// What a message of kind `chunk` carries.
#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(borrow)]
    bytes: Cow<'a, str>,
}

impl ParseStream for Chunks {
    fn frame(&mut self, frame: &Frame<'_>, out: &mut Vec<Step>) -> Result<(), Error> {
        let event = frame.event.unwrap_or_default();
        if let Some(name) = [aws::EXCEPTION, aws::ERROR]
            .into_iter()
            .find_map(|prefix| event.strip_prefix(prefix))
        {
            out.push(Step::Error(VendorError {
                code: Some(name.to_owned()),
                ..error::parse(&frame.data)
            }));
            return Ok(());
        }
        if event != "chunk" {
            // A kind of event that came later than this code.
            return Ok(());
        }
        let chunk: Chunk<'_> = serde_json::from_slice(&frame.data)
            .map_err(|error| fields::json_error(&frame.data, &error))?;
        let bytes = BASE64.decode(chunk.bytes.as_bytes());
        let data = bytes.map_err(|_| Error::Field {
            path: "bytes".to_owned(),
            expected: "base64".to_owned(),
            found: "other text".to_owned(),
        })?;
        let frame = Frame {
            event: None,
            data: data.into(),
        };
        self.events.frame(&frame, out)
    }

    fn is_complete(&self) -> bool {
        self.events.is_complete()
    }
}
