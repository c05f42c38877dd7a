//! Reading a streamed answer: typed events, of a message, its content blocks, its calls and its sources.

use canon::{Event, Extras, ReasoningBody, ReasoningDelta, ReasoningFormat};
use serde_json::{Map, Value};

use super::{TOOL_PLAN, citation, error, usage, wire};
use crate::{Error, Fields, Frame, ParseStream, Step};

/// The one answer there is.
const CHOICE: u32 = 0;
/// The block of the tool plan; content blocks count from the next one.
const PLAN_BLOCK: u32 = 0;
/// What callers read where a function is called without arguments.
const NO_ARGUMENTS: &str = "{}";

/// One answer under way.
#[derive(Debug, Default)]
pub(super) struct Stream {
    /// The content block that text came in last.
    text_block: Option<u32>,
    calls: Vec<CallUnderWay>,
    is_finished: bool,
}

#[derive(Debug)]
struct CallUnderWay {
    /// Its number on the wire.
    index: u64,
    /// The beginning of its arguments, as long as they may turn out to be none.
    held: String,
    has_arguments: bool,
    is_ended: bool,
}

impl ParseStream for Stream {
    fn frame(&mut self, frame: &Frame<'_>, out: &mut Vec<Step>) -> Result<(), Error> {
        if frame.data.trim_ascii() == b"[DONE]" {
            return Ok(());
        }
        let mut fields = Fields::parse(&frame.data)?;
        let Some(kind) = fields.string("type")? else {
            out.push(Step::Error(error::parse_error(&frame.data)));
            return Ok(());
        };
        let index = fields.u64("index")?.unwrap_or(0);
        match kind.as_str() {
            "message-start" => push(out, start(&mut fields)?),
            "message-end" => self.end(fields, out)?,
            "tool-call-end" => self.end_call(index, out),
            "content-start" | "content-delta" | "tool-plan-delta" | "tool-call-start"
            | "tool-call-delta" | "citation-start" => {
                let logprobs = fields.value("logprobs");
                if let Some(mut delta) = fields.object("delta")?
                    && let Some(message) = delta.object("message")?
                {
                    self.message(&kind, index, message, out)?;
                }
                self.logprobs(logprobs.as_ref(), out);
            }
            // `content-end`, `citation-end`, `debug`, and what is yet to come.
            _ => {}
        }
        Ok(())
    }

    fn is_complete(&self) -> bool {
        self.is_finished
    }
}

impl Stream {
    /// Reads what an event says of the message.
    fn message(
        &mut self,
        kind: &str,
        index: u64,
        mut message: Fields,
        out: &mut Vec<Step>,
    ) -> Result<(), Error> {
        if let Some(plan) = message.string("tool_plan")? {
            self.plan(plan, out);
        }
        if let Some(content) = message.object("content")? {
            self.content(index, content, out)?;
        }
        if let Some(call) = message.object("tool_calls")? {
            self.call(kind == "tool-call-start", index, call, out)?;
        }
        if let Some(citation) = message.map("citations")? {
            self.cite(citation, out);
        }
        Ok(())
    }

    /// More of the plan.
    pub(super) fn plan(&self, text: String, out: &mut Vec<Step>) {
        think(text, PLAN_BLOCK, Some(TOOL_PLAN.to_owned()), out);
    }

    /// A content block begins, goes on, or is whole.
    pub(super) fn content(
        &mut self,
        index: u64,
        mut content: Fields,
        out: &mut Vec<Step>,
    ) -> Result<(), Error> {
        let block = block_of(index);
        if let Some(text) = content.string("thinking")? {
            think(text, block, None, out);
        }
        if let Some(text) = content.string("text")?.filter(|text| !text.is_empty()) {
            self.text_block = Some(block);
            let choice = CHOICE;
            push(
                out,
                Event::Text {
                    choice,
                    block,
                    text,
                },
            );
        }
        Ok(())
    }

    /// A call begins or goes on.
    pub(super) fn call(
        &mut self,
        begins: bool,
        index: u64,
        mut call: Fields,
        out: &mut Vec<Step>,
    ) -> Result<(), Error> {
        let mut function = call
            .object("function")?
            .ok_or_else(|| call.missing("function", "an object"))?;
        let fragment = function.string("arguments")?.unwrap_or_default();
        if begins {
            let event = Event::ToolCall {
                choice: CHOICE,
                index: number(self.calls.len()),
                id: call.required_string("id")?,
                name: function.required_string("name")?,
                custom: false,
                extras: Extras::NONE,
            };
            push(out, event);
            self.calls.push(CallUnderWay {
                index,
                held: String::new(),
                has_arguments: false,
                is_ended: false,
            });
        }
        self.arguments(index, &fragment, out);
        Ok(())
    }

    /// `null` may be all there is: its beginning is held back until more comes.
    fn arguments(&mut self, index: u64, fragment: &str, out: &mut Vec<Step>) {
        let under_way = self.calls.iter_mut().enumerate().rev();
        let Some((place, call)) = under_way.into_iter().find(|(_, call)| call.index == index)
        else {
            return;
        };
        call.held.push_str(fragment);
        if call.held.is_empty() || (!call.has_arguments && "null".starts_with(&call.held)) {
            return;
        }
        call.has_arguments = true;
        push(out, arguments(place, std::mem::take(&mut call.held)));
    }

    /// A call is whole.
    pub(super) fn end_call(&mut self, index: u64, out: &mut Vec<Step>) {
        let under_way = self.calls.iter_mut().enumerate().rev();
        let of_index = under_way.into_iter().find(|(_, call)| call.index == index);
        if let Some((place, call)) = of_index {
            end_arguments(place, call, out);
        }
    }

    /// A source of a text: of the block it names, or else of the text that came last.
    pub(super) fn cite(&self, citation: Map<String, Value>, out: &mut Vec<Step>) {
        let named = citation.get("content_index").and_then(Value::as_u64);
        let block = named.map(block_of).or(self.text_block);
        for citation in citation::parse_citation(citation) {
            let event = Event::Citation {
                choice: CHOICE,
                block: block.unwrap_or_else(|| block_of(0)),
                citation,
            };
            push(out, event);
        }
    }

    /// Probabilities of the last piece, or of all of them.
    pub(super) fn logprobs(&self, logprobs: Option<&Value>, out: &mut Vec<Step>) {
        if let Some(logprobs) = logprobs.and_then(wire::parse_logprobs) {
            let choice = CHOICE;
            push(out, Event::Logprobs { choice, logprobs });
        }
    }

    fn end(&mut self, mut fields: Fields, out: &mut Vec<Step>) -> Result<(), Error> {
        let mut delta = fields.object("delta")?;
        let message = delta.as_mut().and_then(|delta| delta.value("error"));
        if let Some(message) = message.as_ref().and_then(Value::as_str) {
            let mut error = error::parse_fields(&Value::Null);
            error.message = Some(message.to_owned());
            out.push(Step::Error(error));
            return Ok(());
        }
        if let Some(delta) = delta {
            self.finish(delta, out)?;
        }
        out.push(Step::End);
        Ok(())
    }

    /// Why the answer ended, and what it used: of a whole answer, or of a stream's last event.
    pub(super) fn finish(&mut self, mut fields: Fields, out: &mut Vec<Step>) -> Result<(), Error> {
        for (place, call) in self.calls.iter_mut().enumerate() {
            end_arguments(place, call, out);
        }
        if let Some(native) = fields.string("finish_reason")? {
            self.is_finished = true;
            let event = Event::Finish {
                choice: CHOICE,
                reason: wire::finish(&native),
                native: Some(native),
                stop_sequence: None,
            };
            push(out, event);
        }
        if let Some(counts) = fields.object("usage")? {
            // What cannot be true counts as not stated.
            let usage = usage::parse_usage(counts).unwrap_or_default();
            out.extend(usage.map(|usage| Step::Event(Event::Usage(Box::new(usage)))));
        }
        Ok(())
    }
}

/// The first event: the id. What else it has is kept.
pub(super) fn start(fields: &mut Fields) -> Result<Event, Error> {
    Ok(Event::Start {
        id: fields.string("id")?,
        model: None,
        created: None,
        usage: None,
        system_fingerprint: None,
        extras: Extras::NONE,
    })
}

fn think(text: String, block: u32, id: Option<String>, out: &mut Vec<Step>) {
    if text.is_empty() {
        return;
    }
    let delta = ReasoningDelta {
        choice: CHOICE,
        block,
        body: ReasoningBody::Text {
            text,
            signature: None,
        },
        id,
        format: ReasoningFormat::UNKNOWN,
    };
    push(out, Event::Reasoning(delta));
}

fn end_arguments(place: usize, call: &mut CallUnderWay, out: &mut Vec<Step>) {
    if call.is_ended {
        return;
    }
    call.is_ended = true;
    let held = std::mem::take(&mut call.held);
    if !call.has_arguments {
        let is_none = matches!(held.as_str(), "" | "null");
        let fragment = if is_none {
            NO_ARGUMENTS.to_owned()
        } else {
            held
        };
        push(out, arguments(place, fragment));
    }
}

fn arguments(place: usize, fragment: String) -> Event {
    Event::ToolArguments {
        choice: CHOICE,
        index: number(place),
        fragment,
    }
}

fn block_of(index: u64) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1)
}

fn number(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

fn push(out: &mut Vec<Step>, event: Event) {
    out.push(Step::Event(event));
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

    const BEGUN: &str = r#"{"type":"tool-call-start","index":0,"delta":{"message":{"tool_calls":{"id":"1","type":"function","function":{"name":"f","arguments":""}}}}}"#;
    const ENDED: &str = r#"{"type":"tool-call-end","index":0}"#;

    fn arguments_of(pieces: &[&str]) -> String {
        let deltas: Vec<String> = pieces
            .iter()
            .map(|piece| {
                serde_json::json!({"type": "tool-call-delta", "index": 0, "delta": {"message":
                    {"tool_calls": {"function": {"arguments": piece}}}}})
                .to_string()
            })
            .collect();
        let mut frames = vec![BEGUN];
        frames.extend(deltas.iter().map(String::as_str));
        frames.push(ENDED);
        let (steps, _) = read(&frames);
        let piece = |step| {
            let Step::Event(Event::ToolArguments { fragment, .. }) = step else {
                return None;
            };
            Some(fragment)
        };
        steps.into_iter().filter_map(piece).collect()
    }

    #[test]
    fn arguments_of_a_function_without_any_are_an_empty_object() {
        assert_eq!(arguments_of(&[]), "{}");
        assert_eq!(arguments_of(&["null"]), "{}");
        assert_eq!(arguments_of(&["n", "ul", "l"]), "{}");
        assert_eq!(arguments_of(&["nul"]), "nul");
        assert_eq!(arguments_of(&["n", "o"]), "no");
        assert_eq!(arguments_of(&["{\"a\":", "null", "}"]), "{\"a\":null}");
    }

    #[test]
    fn an_answer_is_complete_when_it_says_why_it_ended() {
        let end = r#"{"type":"message-end","delta":{"finish_reason":"COMPLETE"}}"#;
        assert!(!read(&[]).1);
        let (steps, is_complete) = read(&[end, "[DONE]"]);
        assert!(is_complete);
        assert!(matches!(steps.last(), Some(Step::End)), "{steps:?}");
    }

    #[test]
    fn an_error_in_mid_stream_is_reported_as_one() {
        for (frame, said) in [
            (
                r#"{"message":"internal server error","id":"1"}"#,
                "internal server error",
            ),
            (
                r#"{"type":"message-end","delta":{"finish_reason":"ERROR","error":"it broke"}}"#,
                "it broke",
            ),
        ] {
            let (steps, is_complete) = read(&[frame]);
            assert!(!is_complete);
            let Some(Step::Error(error)) = steps.last() else {
                panic!("{steps:?}")
            };
            assert_eq!(error.message.as_deref(), Some(said));
        }
    }
}
