//! Reading a streamed answer: events of a message and of its blocks, by number; the counts come behind the end.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use canon::{Event, MediaKind};
use serde_json::{Map, Value, json};

use super::{
    block::{CHOICE, Writer, is_server_call, push},
    error, finish as reason_of,
    response::start,
    usage,
};
use crate::{Error, Fields, Frame, ParseStream, Step, framing::aws};

/// One streamed answer.
#[derive(Debug, Default)]
pub(super) struct Stream {
    writer: Writer,
    open: BTreeMap<u32, Block>,
    is_finished: bool,
    is_counted: bool,
}

/// What a block under way still has to say when it ends.
#[derive(Debug)]
enum Block {
    /// A call, and whether any of its arguments came.
    Call { index: u32, has_input: bool },
    /// A call that Bedrock runs itself: the beginning, and the text of its input.
    ServerCall {
        start: Map<String, Value>,
        input: String,
    },
    /// What a tool that Bedrock ran said: the beginning, and its content.
    ServerResult {
        start: Map<String, Value>,
        content: Vec<Value>,
    },
    /// The bytes of redacted thinking.
    Redacted(Vec<u8>),
    /// A picture or a sound: the beginning, and its bytes.
    Media {
        kind: MediaKind,
        start: Map<String, Value>,
        bytes: Vec<u8>,
    },
}

impl ParseStream for Stream {
    fn frame(&mut self, frame: &Frame<'_>, out: &mut Vec<Step>) -> Result<(), Error> {
        let event = frame.event.unwrap_or_default();
        if let Some(name) = [aws::EXCEPTION, aws::ERROR]
            .into_iter()
            .find_map(|prefix| event.strip_prefix(prefix))
        {
            out.push(Step::Error(error::parse_exception(name, &frame.data)));
            return Ok(());
        }
        let mut fields = Fields::parse(&frame.data)?;
        let index = fields.u64("contentBlockIndex")?.unwrap_or(0);
        let block = u32::try_from(index).unwrap_or(u32::MAX);
        match event {
            "messageStart" => push(out, start()),
            "contentBlockStart" => self.start(block, fields, out)?,
            "contentBlockDelta" => {
                if let Some(delta) = fields.object("delta")? {
                    self.delta(block, delta, out)?;
                }
            }
            "contentBlockStop" => self.stop(block, out),
            "messageStop" => {
                for block in self.open.keys().copied().collect::<Vec<_>>() {
                    self.stop(block, out);
                }
                self.is_finished |= finish(&mut fields, out)?;
            }
            "metadata" => {
                count(&mut fields, out)?;
                self.is_counted = true;
            }
            // A kind of event that came later than this code.
            _ => {}
        }
        // There is no end marker: both of these are the last, in either order.
        if self.is_finished && self.is_counted && matches!(event, "messageStop" | "metadata") {
            out.push(Step::End);
        }
        Ok(())
    }

    fn is_complete(&self) -> bool {
        self.is_finished
    }
}

impl Stream {
    fn start(&mut self, block: u32, mut fields: Fields, out: &mut Vec<Step>) -> Result<(), Error> {
        let Some(mut start) = fields.object("start")? else {
            return Ok(());
        };
        let opened = if start.peek("toolUse").is_some_and(is_server_call) {
            Block::ServerCall {
                start: start.map("toolUse")?.unwrap_or_default(),
                input: String::new(),
            }
        } else if let Some(mut call) = start.object("toolUse")? {
            let (id, name) = (
                call.required_string("toolUseId")?,
                call.required_string("name")?,
            );
            let index = self.writer.call(id, name, out);
            Block::Call {
                index,
                has_input: false,
            }
        } else if let Some(result) = start.map("toolResult")? {
            Block::ServerResult {
                start: result,
                content: Vec::new(),
            }
        } else if let Some(image) = start.map("image")? {
            Block::media(MediaKind::Image, image)
        } else if let Some(audio) = start.map("audio")? {
            Block::media(MediaKind::Audio, audio)
        } else {
            return Ok(());
        };
        self.open.insert(block, opened);
        Ok(())
    }

    fn delta(&mut self, block: u32, mut delta: Fields, out: &mut Vec<Step>) -> Result<(), Error> {
        if let Some(text) = delta.string("text")? {
            self.writer.text(block, text, out);
        }
        if let Some(mut call) = delta.object("toolUse")? {
            let input = call.string("input")?.unwrap_or_default();
            self.input(block, input, out);
        }
        if let Some(pieces) = delta.array("toolResult")?
            && let Some(Block::ServerResult { content, .. }) = self.open.get_mut(&block)
        {
            content.extend(pieces);
        }
        if let Some(mut thought) = delta.object("reasoningContent")? {
            let text = thought.string("text")?.unwrap_or_default();
            let signature = thought.string("signature")?;
            self.writer.think(block, (text, signature), out);
            if let Some(data) = thought.string("redactedContent")? {
                self.bytes(block, &data, || Block::Redacted(Vec::new()));
            }
        }
        if let Some(citation) = delta.map("citation")? {
            self.writer.cite(block, citation, out);
        }
        for (name, kind) in [("image", MediaKind::Image), ("audio", MediaKind::Audio)] {
            let source = delta.object(name)?.map(|mut media| media.object("source"));
            let data = source
                .transpose()?
                .flatten()
                .map(|mut source| source.string("bytes"));
            if let Some(data) = data.transpose()?.flatten() {
                self.bytes(block, &data, || Block::media(kind, Map::new()));
            }
        }
        Ok(())
    }

    /// More of a call's arguments.
    fn input(&mut self, block: u32, fragment: String, out: &mut Vec<Step>) {
        if fragment.is_empty() {
            return;
        }
        match self.open.get_mut(&block) {
            Some(Block::Call { index, has_input }) => {
                *has_input = true;
                self.writer.arguments(*index, fragment, out);
            }
            Some(Block::ServerCall { input, .. }) => input.push_str(&fragment),
            Some(Block::ServerResult { .. } | Block::Redacted(_) | Block::Media { .. }) | None => {}
        }
    }

    /// More bytes of a block, which may not have been announced. Bytes that are no base64 are none.
    fn bytes(&mut self, block: u32, base64: &str, begin: impl FnOnce() -> Block) {
        let more = BASE64.decode(base64).unwrap_or_default();
        match self.open.entry(block).or_insert_with(begin) {
            Block::Redacted(bytes) | Block::Media { bytes, .. } => bytes.extend(more),
            Block::Call { .. } | Block::ServerCall { .. } | Block::ServerResult { .. } => {}
        }
    }

    /// A block ends: what was gathered is said.
    fn stop(&mut self, block: u32, out: &mut Vec<Step>) {
        match self.open.remove(&block) {
            // Callers read arguments where there are none.
            Some(Block::Call {
                index,
                has_input: false,
            }) => self.writer.arguments(index, "{}".to_owned(), out),
            Some(Block::Call { .. }) | None => {}
            Some(Block::ServerCall { mut start, input }) => {
                let value = match input.as_str() {
                    "" => json!({}),
                    text => serde_json::from_str(text).unwrap_or(Value::String(input)),
                };
                start.insert("input".to_owned(), value);
                self.writer.other(json!({ "toolUse": start }), out);
            }
            Some(Block::ServerResult { mut start, content }) => {
                start.insert("content".to_owned(), Value::Array(content));
                self.writer.other(json!({ "toolResult": start }), out);
            }
            Some(Block::Redacted(bytes)) => {
                self.writer.redacted(block, BASE64.encode(bytes), out);
            }
            Some(Block::Media {
                kind,
                mut start,
                bytes,
            }) => {
                let source = json!({ "bytes": BASE64.encode(bytes) });
                start.insert("source".to_owned(), source);
                // With its bytes there it is always shown.
                let _shown = self.writer.media(kind, &start, out);
            }
        }
    }
}

impl Block {
    const fn media(kind: MediaKind, start: Map<String, Value>) -> Self {
        Self::Media {
            kind,
            start,
            bytes: Vec::new(),
        }
    }
}

/// Why an answer ended: of a whole one, or of the event that ends a stream. Says whether it was said.
///
/// # Errors
/// It is no text.
pub(super) fn finish(fields: &mut Fields, out: &mut Vec<Step>) -> Result<bool, Error> {
    let Some(native) = fields.string("stopReason")? else {
        return Ok(false);
    };
    let said = fields.peek("additionalModelResponseFields");
    let stop_sequence = ["/stop_sequence", "/delta/stop_sequence"]
        .into_iter()
        .find_map(|path| said?.pointer(path)?.as_str());
    let event = Event::Finish {
        choice: CHOICE,
        reason: reason_of(&native),
        stop_sequence: stop_sequence.map(str::to_owned),
        native: Some(native),
    };
    push(out, event);
    Ok(true)
}

/// What an answer used: of a whole one, or of the last event of a stream.
///
/// # Errors
/// `usage` is no object.
pub(super) fn count(fields: &mut Fields, out: &mut Vec<Step>) -> Result<(), Error> {
    let tier = fields
        .peek("serviceTier")
        .and_then(|tier| tier.get("type")?.as_str());
    let tier = tier.map(str::to_owned);
    if let Some(counts) = fields.object("usage")? {
        // What cannot be true counts as not stated: a bad count must neither kill the answer nor give credit.
        let usage = usage::parse_usage(counts, tier).unwrap_or_default();
        out.extend(usage.map(|usage| Step::Event(Event::Usage(Box::new(usage)))));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use canon::{Part, ReasoningBody, ReasoningFormat, fold};

    use super::*;

    fn read(frames: &[(&str, Value)]) -> (Vec<Step>, bool) {
        let mut stream = Stream::default();
        let mut steps = Vec::new();
        for (event, data) in frames {
            let frame = Frame {
                event: Some(event),
                data: data.to_string().into_bytes().into(),
            };
            stream.frame(&frame, &mut steps).unwrap();
        }
        (steps, stream.is_complete())
    }

    fn parts(frames: &[(&str, Value)]) -> Vec<Part> {
        let (steps, _) = read(frames);
        let events = steps.into_iter().filter_map(|step| match step {
            Step::Event(event) => Some(event),
            Step::Error(_) | Step::End => None,
        });
        fold(events).unwrap().choices.remove(0).parts
    }

    fn delta(block: u32, delta: Value) -> (&'static str, Value) {
        let data = json!({ "contentBlockIndex": block, "delta": delta });
        ("contentBlockDelta", data)
    }

    fn stop(block: u32) -> (&'static str, Value) {
        ("contentBlockStop", json!({ "contentBlockIndex": block }))
    }

    #[test]
    fn an_answer_is_complete_when_it_says_why_it_ended() {
        let text = delta(0, json!({ "text": "a" }));
        let end = ("messageStop", json!({ "stopReason": "end_turn" }));
        assert!(!read(&[text.clone(), stop(0)]).1);
        assert!(read(&[text, stop(0), end]).1);
    }

    #[test]
    fn an_exception_in_mid_stream_is_reported_as_an_error() {
        let exception = (
            "exception:modelStreamErrorException",
            json!({ "message": "no" }),
        );
        let (steps, is_complete) = read(&[delta(0, json!({ "text": "a" })), exception]);
        assert!(!is_complete);
        let Some(Step::Error(error)) = steps.last() else {
            panic!("{steps:?}")
        };
        assert_eq!(error.code.as_deref(), Some("ModelStreamErrorException"));
        assert_eq!(error.status, Some(424));
    }

    #[test]
    fn redacted_thinking_in_pieces_is_unpacked_as_one() {
        let whole = "EqQB+data";
        for cut in 0..=whole.len() {
            let (before, behind) = whole.split_at(cut);
            let piece = |text: &str| json!({ "reasoningContent": { "redactedContent": BASE64.encode(text) } });
            let parts = parts(&[delta(0, piece(before)), delta(0, piece(behind)), stop(0)]);
            let [Part::Reasoning(part)] = parts.as_slice() else {
                panic!("{parts:?}")
            };
            assert_eq!(part.body, ReasoningBody::Encrypted(whole.to_owned()));
            assert_eq!(part.format, ReasoningFormat::ANTHROPIC);
        }
    }

    #[test]
    fn redacted_thinking_that_is_no_text_stays_as_it_came() {
        let data = BASE64.encode(b"\xff\xfe");
        let piece = json!({ "reasoningContent": { "redactedContent": data } });
        let parts = parts(&[delta(0, piece), stop(0)]);
        let [Part::Reasoning(part)] = parts.as_slice() else {
            panic!("{parts:?}")
        };
        assert_eq!(part.body, ReasoningBody::Encrypted(data));
        assert_eq!(part.format, ReasoningFormat::UNKNOWN);
    }
}
