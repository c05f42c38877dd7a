//! What was seen of an answer while it went by: what the bill, the record and the figures of the endpoint need.

use canon::{Event, FinishReason, Format, MediaKind, Part, Request, Response, ToolKind, Usage};
use dialects::Whole;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::record;
use crate::{clock, health::Form};

/// More than that is not kept to be judged.
const KEPT_BYTES_MAX: usize = 256 << 10;

/// What was seen of the answer.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) usage: Option<Usage>,
    pub(super) bytes: u64,
    /// Of these, what the caller was not given: it had it already.
    pub(super) withheld: u64,
    pub(super) pictures: u64,
    pub(super) finish: Option<FinishReason>,
    pub(super) native_finish: Option<String>,
    pub(super) upstream_id: Option<String>,
    pub(super) first_token_at: Option<i64>,
    kept: Kept,
}

/// What is judged at the end.
#[derive(Debug, Default)]
struct Kept {
    calls: Vec<Call>,
    /// The text of the first answer, where it was to have a form.
    text: Option<String>,
    bytes: usize,
    /// Some of it was not kept.
    is_cut: bool,
}

#[derive(Debug)]
struct Call {
    choice: u32,
    index: u32,
    name: String,
    custom: bool,
    arguments: String,
}

impl Seen {
    pub(super) fn of(request: &Request) -> Self {
        let formed = matches!(
            request.format,
            Some(Format::JsonObject | Format::JsonSchema { .. })
        );
        let kept = Kept {
            text: formed.then(String::new),
            ..Kept::default()
        };
        Self {
            kept,
            ..Self::default()
        }
    }

    /// What the caller was given, of all bytes.
    pub(super) fn delivered(&self) -> (u64, u64) {
        (self.bytes.saturating_sub(self.withheld), self.bytes)
    }

    /// Looks at one step of the answer.
    pub(super) fn see(&mut self, event: &Event) {
        let mut bytes = 0;
        match event {
            // What it says of usage here does not count the answer.
            Event::Start { id, .. } => {
                self.upstream_id.clone_from(id);
                return;
            }
            Event::Usage(usage) => {
                self.usage = Some(Usage::clone(usage));
                return;
            }
            Event::Finish { reason, native, .. } => {
                self.finish = Some(*reason);
                self.native_finish.clone_from(native);
                return;
            }
            Event::Text { choice, text, .. } => {
                bytes = length(text);
                self.kept.text(*choice, text);
            }
            Event::Refusal { text, .. } => bytes = length(text),
            Event::Reasoning(delta) => bytes = record::reasoning_bytes(&delta.body),
            Event::ToolCall {
                choice,
                index,
                name,
                custom,
                ..
            } => {
                bytes = length(name);
                self.kept.call(Call {
                    choice: *choice,
                    index: *index,
                    name: name.clone(),
                    custom: *custom,
                    arguments: String::new(),
                });
            }
            Event::ToolArguments {
                choice,
                index,
                fragment,
            } => {
                bytes = length(fragment);
                self.kept.arguments((*choice, *index), fragment);
            }
            // Sound comes in pieces; its words are what there is to count of it.
            Event::Media { media, .. } if media.kind == MediaKind::Audio => {
                bytes = media.transcript.as_deref().map_or(1, length);
            }
            Event::Media { .. } => self.pictures += 1,
            Event::Citation { .. }
            | Event::Logprobs { .. }
            | Event::Other { .. }
            | Event::Fault(_) => {}
        }
        self.bytes = self.bytes.saturating_add(bytes);
        if self.first_token_at.is_none() {
            self.first_token_at = Some(clock::now_micros());
        }
    }

    /// Looks at a whole answer.
    pub(super) fn see_whole(&mut self, response: &Response) {
        self.upstream_id.clone_from(&response.id);
        self.usage.clone_from(&response.usage);
        self.first_token_at = Some(clock::now_micros());
        for (choice, answer) in (0..).zip(&response.choices) {
            self.finish = self.finish.or(answer.finish);
            if self.native_finish.is_none() {
                self.native_finish.clone_from(&answer.native_finish);
            }
            for part in &answer.parts {
                self.see_part(choice, part);
            }
        }
    }

    /// Looks at a whole answer that is passed on.
    pub(super) fn see_short(&mut self, whole: &Whole) {
        self.upstream_id.clone_from(&whole.id);
        self.usage.clone_from(&whole.usage);
        self.first_token_at = Some(clock::now_micros());
        self.finish = whole.finish;
        self.native_finish.clone_from(&whole.native_finish);
        self.bytes = self.bytes.saturating_add(whole.bytes);
        for call in &whole.calls {
            self.kept.call(Call {
                choice: call.choice,
                index: u32::MAX,
                name: call.name.clone(),
                custom: false,
                arguments: call.arguments.clone(),
            });
        }
    }

    fn see_part(&mut self, choice: u32, part: &Part) {
        self.bytes += match part {
            Part::Text(text) => {
                self.kept.text(choice, &text.text);
                length(&text.text)
            }
            Part::Refusal(text) => length(text),
            Part::Reasoning(part) => record::reasoning_bytes(&part.body),
            Part::ToolCall(call) => {
                self.kept.call(Call {
                    choice,
                    index: u32::MAX,
                    name: call.name.clone(),
                    custom: call.custom,
                    arguments: call.arguments.clone(),
                });
                length(&call.arguments)
            }
            Part::Media { .. } | Part::ToolResult(_) | Part::Other { .. } => 0,
        };
        self.pictures += u64::from(matches!(part, Part::Media { .. }));
    }

    /// Whether what was called and what was promised has its form; `None` where the answer was cut off, or is too
    /// long to tell.
    pub(super) fn form(&self, request: &Request) -> Option<Form> {
        let cut = matches!(
            self.finish,
            Some(FinishReason::Length | FinishReason::ContentFilter | FinishReason::Error)
        );
        if self.kept.is_cut || cut {
            return None;
        }
        let calls = &self.kept.calls;
        let text = self.kept.text.as_deref();
        Some(Form {
            tools: (!calls.is_empty()).then(|| calls.iter().all(|call| call.is_good(request))),
            // Who calls a tool instead of answering breaks no promise.
            structured: text
                .filter(|_| calls.is_empty())
                .map(|text| is_structured(text, request)),
        })
    }
}

impl Kept {
    fn text(&mut self, choice: u32, text: &str) {
        if choice == 0
            && self.text.is_some()
            && self.has_room(text.len())
            && let Some(kept) = &mut self.text
        {
            kept.push_str(text);
        }
    }

    fn call(&mut self, call: Call) {
        if self.has_room(call.name.len() + call.arguments.len() + size_of::<Call>()) {
            self.calls.push(call);
        }
    }

    fn arguments(&mut self, (choice, index): (u32, u32), fragment: &str) {
        let room = self.has_room(fragment.len());
        let mut calls = self.calls.iter_mut().rev();
        let found = calls.find(|call| call.choice == choice && call.index == index);
        if let Some(call) = found.filter(|_| room) {
            call.arguments.push_str(fragment);
        }
    }

    fn has_room(&mut self, bytes: usize) -> bool {
        self.bytes = self.bytes.saturating_add(bytes);
        self.is_cut |= self.bytes > KEPT_BYTES_MAX;
        !self.is_cut
    }
}

impl Call {
    /// Whether its arguments are JSON and its name was on offer. A vendor's own tools have names that nobody lists.
    fn is_good(&self, request: &Request) -> bool {
        let offered = request.tools.iter().any(|tool| match &tool.kind {
            ToolKind::Function { name, .. } | ToolKind::Custom { name, .. } => *name == self.name,
            ToolKind::Native { .. } => true,
        });
        // Some vendors write nothing where there are no arguments.
        let written = self.arguments.trim();
        let parses = self.custom
            || written.is_empty()
            || serde_json::from_str::<IgnoredAny>(written).is_ok();
        offered && parses
    }
}

/// Whether a text is JSON, and has what the schema requires at the top.
fn is_structured(text: &str, request: &Request) -> bool {
    let Ok(value) = serde_json::from_str::<Value>(text) else {
        return false;
    };
    let required = match &request.format {
        Some(Format::JsonSchema {
            schema: Some(schema),
            ..
        }) => schema.get("required").and_then(Value::as_array),
        Some(_) | None => None,
    };
    let mut required = required.into_iter().flatten().filter_map(Value::as_str);
    required.all(|name| value.get(name).is_some())
}

fn length(text: &str) -> u64 {
    u64::try_from(text.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use canon::{Dialect, Extras};
    use serde_json::json;

    use super::*;

    /// A request with one tool and a promised form.
    fn request() -> Request {
        let body = json!({
            "model": "a/b",
            "messages": [{"role": "user", "content": "Hi"}],
            "tools": [{"type": "function", "function": {"name": "weather"}}],
            "response_format": {"type": "json_schema", "json_schema": {
                "name": "x", "schema": {"type": "object", "required": ["city"]}}},
        });
        let serve = dialects::served(Dialect::OpenAiChat).unwrap();
        serve.parse_request(body.to_string().as_bytes()).unwrap()
    }

    fn call(name: &str, fragments: &[&str]) -> Vec<Event> {
        let begins = Event::ToolCall {
            choice: 0,
            index: 0,
            id: "1".to_owned(),
            name: name.to_owned(),
            custom: false,
            extras: Extras::default(),
        };
        let more = fragments.iter().map(|fragment| Event::ToolArguments {
            choice: 0,
            index: 0,
            fragment: (*fragment).to_owned(),
        });
        [begins].into_iter().chain(more).collect()
    }

    fn text(text: &str) -> Vec<Event> {
        vec![Event::Text {
            choice: 0,
            block: 0,
            text: text.to_owned(),
        }]
    }

    fn form(events: &[Event]) -> Option<Form> {
        let request = request();
        let mut seen = Seen::of(&request);
        events.iter().for_each(|event| seen.see(event));
        seen.form(&request)
    }

    #[test]
    fn a_call_is_good_where_its_arguments_are_json_and_its_name_was_on_offer() {
        for (events, good) in [
            (call("weather", &["{\"city\":", "\"Oslo\"}"]), true),
            (call("weather", &[]), true),
            (call("weather", &["{\"city\":"]), false),
            (call("whether", &["{}"]), false),
            (call("weather", &["{}", "{}"]), false),
        ] {
            let form = form(&events).unwrap();
            assert_eq!(
                (form.tools, form.structured),
                (Some(good), None),
                "{events:?}"
            );
        }
    }

    #[test]
    fn a_text_has_its_form_where_it_is_json_with_what_is_required() {
        for (said, good) in [
            (r#"{"city":"Oslo"}"#, true),
            (r#"{"town":"Oslo"}"#, false),
            ("Oslo", false),
            ("", false),
        ] {
            assert_eq!(form(&text(said)).unwrap().structured, Some(good), "{said}");
        }
        let long = format!("\"{}\"", "x".repeat(KEPT_BYTES_MAX));
        assert_eq!(form(&text(&long)), None, "too long to tell");
    }
}
