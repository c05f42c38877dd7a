//! Reading a streamed answer: every line is an answer in small, the last one says why it ended and what it used.

use canon::{
    Event, Extras, FinishReason, Media, MediaKind, ReasoningBody, ReasoningDelta, ReasoningFormat,
    Source, Usage,
};
use serde_json::{Value, json};

use super::{DIALECT, error};
use crate::{Error, Fields, Frame, ParseStream, Step};

/// The one answer there is.
const CHOICE: u32 = 0;

/// One answer under way.
#[derive(Debug, Default)]
pub(super) struct Stream {
    has_begun: bool,
    /// How ids of calls begin that come without.
    id_stem: String,
    calls: u32,
    /// How many blocks there are, and what the last one is.
    blocks: u32,
    open: Option<Kind>,
    is_done: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Thought,
}

/// Objects that are read as text: the arguments of calls.
pub(super) const AS_WRITTEN: &[&str] = &["arguments"];

impl ParseStream for Stream {
    fn frame(&mut self, frame: &Frame<'_>, out: &mut Vec<Step>) -> Result<(), Error> {
        let mut fields = Fields::parse_keeping(&frame.data, AS_WRITTEN)?;
        if let Some(error) = fields.value("error") {
            out.push(Step::Error(error::parse_field(&error)));
            return Ok(());
        }
        self.read(fields, out)?;
        if self.is_done {
            out.push(Step::End);
        }
        Ok(())
    }

    fn is_complete(&self) -> bool {
        self.is_done
    }
}

impl Stream {
    /// Reads one line, or a whole answer.
    ///
    /// # Errors
    /// Something in it is not what it should be.
    pub(super) fn read(&mut self, mut fields: Fields, out: &mut Vec<Step>) -> Result<(), Error> {
        let message = fields.object("message")?;
        let logprobs = fields.value("logprobs");
        let is_done = fields.bool("done")? == Some(true);
        let reason = fields.string("done_reason")?;
        let counts = (fields.u64("prompt_eval_count"), fields.u64("eval_count"));
        self.begin(fields, out)?;
        if let Some(message) = message {
            self.message(message, out)?;
        }
        if let Some(Value::Array(list)) = logprobs.filter(|list| *list != json!([])) {
            let (choice, logprobs) = (CHOICE, json!({ "content": list }));
            push(out, Event::Logprobs { choice, logprobs });
        }
        if is_done && !self.is_done {
            self.is_done = true;
            self.finish(reason, out);
            // What cannot be true counts as not stated.
            if let (Ok(prompt), Ok(completion)) = counts {
                count(prompt, completion, out);
            }
        }
        Ok(())
    }

    fn begin(&mut self, mut fields: Fields, out: &mut Vec<Step>) -> Result<(), Error> {
        if self.has_begun {
            return Ok(());
        }
        self.has_begun = true;
        let created = fields.peek("created_at").and_then(Value::as_str);
        let digits = created.unwrap_or_default().chars();
        self.id_stem = String::from("call_");
        self.id_stem.extend(digits.filter(char::is_ascii_digit));
        if self.id_stem.len() > "call_".len() {
            self.id_stem.push('_');
        }
        let model = fields.string("model")?;
        let event = Event::Start {
            id: None,
            model,
            created: None,
            usage: None,
            system_fingerprint: None,
            extras: fields.rest(DIALECT),
        };
        push(out, event);
        Ok(())
    }

    fn message(&mut self, mut message: Fields, out: &mut Vec<Step>) -> Result<(), Error> {
        if let Some(text) = message.string("thinking")?.filter(|text| !text.is_empty()) {
            let delta = ReasoningDelta {
                choice: CHOICE,
                block: self.block(Kind::Thought),
                body: ReasoningBody::Text {
                    text,
                    signature: None,
                },
                id: None,
                format: ReasoningFormat::UNKNOWN,
            };
            push(out, Event::Reasoning(delta));
        }
        if let Some(text) = message.string("content")?.filter(|text| !text.is_empty()) {
            let (choice, block) = (CHOICE, self.block(Kind::Text));
            push(
                out,
                Event::Text {
                    choice,
                    block,
                    text,
                },
            );
        }
        for data in message.strings("images")?.unwrap_or_default() {
            self.open = None;
            let media = Media {
                kind: MediaKind::Image,
                source: Source::Base64(data),
                mime: None,
                name: None,
                detail: None,
                transcript: None,
            };
            push(
                out,
                Event::Media {
                    choice: CHOICE,
                    media,
                },
            );
        }
        for call in message.objects("tool_calls")?.unwrap_or_default() {
            self.call(call, out)?;
        }
        Ok(())
    }

    fn call(&mut self, mut call: Fields, out: &mut Vec<Step>) -> Result<(), Error> {
        self.open = None;
        let id = call.string("id")?.filter(|id| !id.is_empty());
        let mut function = call
            .object("function")?
            .ok_or_else(|| call.missing("function", "an object"))?;
        let name = function.required_string("name")?;
        let is_text = function.peek("arguments").is_some_and(Value::is_string);
        let fragment = if is_text {
            function.string("arguments")?
        } else {
            function.json_text("arguments")
        };
        let fragment = fragment.unwrap_or_else(|| "{}".to_owned());
        let (choice, index) = (CHOICE, self.calls);
        self.calls = self.calls.saturating_add(1);
        let event = Event::ToolCall {
            choice,
            index,
            id: id.unwrap_or_else(|| format!("{}{index}", self.id_stem)),
            name,
            custom: false,
            extras: Extras::NONE,
        };
        push(out, event);
        push(
            out,
            Event::ToolArguments {
                choice,
                index,
                fragment,
            },
        );
        Ok(())
    }

    /// `stop` is said of calls, too; `load` and `unload` of answers to nothing.
    fn finish(&self, native: Option<String>, out: &mut Vec<Step>) {
        let reason = match native.as_deref() {
            Some("length") => FinishReason::Length,
            _ if self.calls > 0 => FinishReason::ToolCalls,
            _ => FinishReason::Stop,
        };
        let event = Event::Finish {
            choice: CHOICE,
            reason,
            native,
            stop_sequence: None,
        };
        push(out, event);
    }

    /// The block under way where it is of this kind, or a new one.
    fn block(&mut self, kind: Kind) -> u32 {
        if self.open != Some(kind) {
            self.open = Some(kind);
            self.blocks = self.blocks.saturating_add(1);
        }
        self.blocks.saturating_sub(1)
    }
}

/// Counts that are 0 are left out on this wire.
fn count(prompt: Option<u64>, completion: Option<u64>, out: &mut Vec<Step>) {
    if prompt.is_none() && completion.is_none() {
        return;
    }
    let usage = Usage {
        prompt_tokens: prompt.unwrap_or(0),
        completion_tokens: completion.unwrap_or(0),
        ..Usage::default()
    };
    push(out, Event::Usage(Box::new(usage)));
}

fn push(out: &mut Vec<Step>, event: Event) {
    out.push(Step::Event(event));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> (Vec<Step>, bool) {
        let mut stream = Stream::default();
        let mut steps = Vec::new();
        for line in lines {
            let data = line.as_bytes().into();
            stream
                .frame(&Frame { event: None, data }, &mut steps)
                .unwrap();
        }
        (steps, stream.is_complete())
    }

    const BEGUN: &str = r#"{"model":"x","created_at":"2026-01-02T03:04:05.6Z","message":{"role":"assistant","content":"a"},"done":false}"#;

    #[test]
    fn an_answer_is_complete_when_a_line_says_that_it_is_done() {
        let done = r#"{"message":{"content":""},"done":true,"done_reason":"stop","eval_count":1}"#;
        assert!(!read(&[]).1);
        assert!(!read(&[BEGUN]).1);
        let (steps, is_complete) = read(&[BEGUN, done]);
        assert!(is_complete);
        assert!(matches!(steps.last(), Some(Step::End)));
    }

    #[test]
    fn an_error_in_mid_stream_is_reported_as_one() {
        let (steps, is_complete) = read(&[BEGUN, r#"{"error":"an error was encountered"}"#]);
        assert!(!is_complete);
        let Some(Step::Error(error)) = steps.last() else {
            panic!("{steps:?}")
        };
        assert_eq!(error.message.as_deref(), Some("an error was encountered"));
    }

    #[test]
    fn calls_without_ids_get_some_that_differ_from_each_other_and_from_those_of_other_answers() {
        let calls = r#"{"message":{"tool_calls":[{"function":{"name":"f"}},{"id":"own","function":{"name":"f"}},{"function":{"name":"f","arguments":{"a":1}}}]}}"#;
        let (steps, _) = read(&[BEGUN, calls]);
        let id = |step| {
            let Step::Event(Event::ToolCall { id, .. }) = step else {
                return None;
            };
            Some(id)
        };
        let ids: Vec<String> = steps.into_iter().filter_map(id).collect();
        let wanted = ["call_202601020304056_0", "own", "call_202601020304056_2"];
        assert_eq!(ids, wanted);
    }
}
