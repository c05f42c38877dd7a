//! Streamed answers, both ways. Every frame is a whole answer in small: candidates with parts, and
//! the counts so far.

mod render;

use std::collections::BTreeMap;

use canon::{Dialect, Event, Usage};
use serde_json::{Map, Value};

pub(super) use render::Renderer;

use super::candidate::Candidate;
use super::{error, metadata, usage, wire};
use crate::framing::Frame;
use crate::{Error, Fields, ParseStream, Step};

/// Objects that are read as text: the arguments of calls.
pub(super) const AS_WRITTEN: &[&str] = &["args"];

/// One streamed answer.
#[derive(Debug, Default)]
pub(super) struct Stream {
    has_begun: bool,
    /// Where ids of calls come from that have none.
    response_id: Option<String>,
    candidates: BTreeMap<u32, Candidate>,
    usage: Option<Usage>,
    is_blocked: bool,
}

impl ParseStream for Stream {
    fn frame(&mut self, frame: &Frame<'_>, out: &mut Vec<Step>) -> Result<(), Error> {
        let fields = Fields::parse_keeping(&frame.data, AS_WRITTEN)?;
        if fields.has("error") {
            let value = Value::Object(fields.into_map());
            out.push(Step::Error(error::parse_status(&value).unwrap_or_default()));
            return Ok(());
        }
        self.read(fields, out)
    }

    fn heard(&mut self, choice: u32, text: &str) {
        if let Some(candidate) = self.candidates.get_mut(&choice) {
            candidate.heard(text);
        }
    }

    /// Gemini has no end marker: an answer is complete when each candidate said why it ended.
    fn is_complete(&self) -> bool {
        self.is_blocked
            || (!self.candidates.is_empty() && self.candidates.values().all(Candidate::is_finished))
    }
}

impl Stream {
    /// Reads one frame.
    ///
    /// # Errors
    /// Something in it is not what it should be.
    pub(super) fn read(&mut self, mut fields: Fields, out: &mut Vec<Step>) -> Result<(), Error> {
        let candidates = fields.objects("candidates")?.unwrap_or_default();
        let feedback = fields.object("promptFeedback")?;
        let counts = fields.object("usageMetadata")?;
        self.begin(fields, out)?;
        for mut fields in candidates {
            let number = fields.u64("index")?.unwrap_or(0);
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            let candidate = self
                .candidates
                .entry(number)
                .or_insert_with(|| Candidate::new(number, self.response_id.as_deref()));
            candidate.read(fields, out)?;
        }
        if let Some(feedback) = feedback {
            self.block(feedback, out);
        }
        if let Some(counts) = counts {
            self.count(counts, out);
        }
        Ok(())
    }

    /// What is still held back when nothing more comes.
    pub(super) fn flush(&mut self, out: &mut Vec<Step>) {
        for candidate in self.candidates.values_mut() {
            candidate.end_sound(out);
        }
    }

    fn begin(&mut self, mut fields: Fields, out: &mut Vec<Step>) -> Result<(), Error> {
        if self.has_begun {
            return Ok(());
        }
        self.has_begun = true;
        self.response_id = fields.string("responseId")?;
        out.push(Step::Event(Event::Start {
            id: self.response_id.clone(),
            model: fields.string("modelVersion")?,
            created: None,
            usage: None,
            system_fingerprint: None,
            extras: fields.rest(Dialect::Gemini),
        }));
        Ok(())
    }

    /// A prompt that was not answered at all.
    fn block(&mut self, feedback: Fields, out: &mut Vec<Step>) {
        let Some(reason) = feedback.peek("blockReason").map(wire::name_of) else {
            return;
        };
        if self.is_blocked || !self.candidates.is_empty() {
            return;
        }
        self.is_blocked = true;
        let whole = Value::Object(feedback.into_map());
        out.push(Step::Event(Event::Other {
            choice: 0,
            dialect: Dialect::Gemini,
            value: metadata::of_whole(Map::from_iter([("promptFeedback".to_owned(), whole)])),
        }));
        out.push(Step::Event(Event::Finish {
            choice: 0,
            reason: canon::FinishReason::ContentFilter,
            native: Some(reason),
            stop_sequence: None,
        }));
    }

    /// What cannot be true counts as not stated: a bad count must neither kill the answer nor give credit.
    fn count(&mut self, counts: Fields, out: &mut Vec<Step>) {
        let searches = self.candidates.values().map(Candidate::searches).sum();
        let usage = usage::parse_usage(counts, searches).unwrap_or_default();
        if usage.is_some() && usage != self.usage {
            self.usage.clone_from(&usage);
            out.extend(usage.map(|usage| Step::Event(Event::Usage(Box::new(usage)))));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(frames: &[&str]) -> (Vec<Step>, bool) {
        let mut stream = Stream::default();
        let mut steps = Vec::new();
        for data in frames {
            let data = data.as_bytes().into();
            stream
                .frame(&Frame { event: None, data }, &mut steps)
                .unwrap();
        }
        (steps, stream.is_complete())
    }

    #[test]
    fn a_stream_without_a_finish_reason_is_cut() {
        let begun = r#"{"candidates":[{"content":{"parts":[{"text":"a"}]}}]}"#;
        let ended = r#"{"candidates":[{"finishReason":"STOP"}]}"#;
        assert!(!read(&[]).1);
        assert!(!read(&[begun]).1);
        assert!(read(&[begun, ended]).1);
    }

    #[test]
    fn a_blocked_prompt_is_a_filtered_answer() {
        let (steps, is_complete) =
            read(&[r#"{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"}}"#]);
        assert!(is_complete);
        let wanted = |step: &Step| {
            matches!(
                step,
                Step::Event(Event::Finish {
                    reason: canon::FinishReason::ContentFilter,
                    native: Some(native),
                    ..
                }) if native == "PROHIBITED_CONTENT"
            )
        };
        assert!(steps.iter().any(wanted), "{steps:?}");
    }

    #[test]
    fn an_error_in_a_frame_is_reported_as_one() {
        let (steps, is_complete) = read(&[
            r#"{"candidates":[{"content":{"parts":[{"text":"a"}]}}]}"#,
            r#"{"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}}"#,
        ]);
        assert!(!is_complete);
        let Some(Step::Error(error)) = steps.last() else {
            panic!("{steps:?}")
        };
        assert_eq!(error.code.as_deref(), Some("UNAVAILABLE"));
    }
}
