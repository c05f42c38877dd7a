//! One item of an answer under way at a vendor: what was told of it so far, and what the whole item adds.

use canon::{Event, ReasoningBody, ReasoningDelta, ReasoningFormat};
use serde_json::{Map, Value};

use super::event::{call, other, own_done};
use crate::openai::responses::{
    annotation::parse_annotation,
    item::{header, kind_of, rest},
};

/// What all items of an answer share: the numbers of blocks and calls.
#[derive(Debug, Default)]
pub(super) struct Sink {
    blocks: u32,
    calls: u32,
}

/// An item under way.
#[derive(Debug)]
pub(super) struct OpenItem {
    id: Option<String>,
    kind: Kind,
    /// Parts of a message, summaries and words of thinking, by their number on the wire.
    parts: Vec<Told>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Message,
    Reasoning,
    /// A call of a tool of the caller's: its number, and whether arguments were told.
    Call(u32, bool),
    /// Anything else: it is told when it is whole.
    Own,
}

/// What was told of a part.
#[derive(Debug)]
struct Told {
    group: Group,
    index: u64,
    block: u32,
    has_words: bool,
    citations: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Group {
    Text,
    Refusal,
    Summary,
    Thought,
}

impl Sink {
    /// Whether tools of the caller's are called.
    pub(super) const fn has_calls(&self) -> bool {
        self.calls > 0
    }

    fn block(&mut self) -> u32 {
        let block = self.blocks;
        self.blocks = block.saturating_add(1);
        block
    }
}

impl OpenItem {
    /// An item begins: what is known of it before its content.
    pub(super) fn begin(
        mut item: Map<String, Value>,
        sink: &mut Sink,
        out: &mut impl FnMut(Event),
    ) -> Self {
        let id = item.get("id").and_then(Value::as_str).map(str::to_owned);
        let kind = match kind_of(&item) {
            "message" => {
                for name in ["type", "content", "status", "role"] {
                    item.shift_remove(name);
                }
                out(other(header(rest(item))));
                Kind::Message
            }
            "reasoning" => Kind::Reasoning,
            kind @ ("function_call" | "custom_tool_call") => {
                let custom = kind == "custom_tool_call";
                out(call(item, custom, sink.calls));
                sink.calls = sink.calls.saturating_add(1);
                Kind::Call(sink.calls.saturating_sub(1), false)
            }
            _ => Kind::Own,
        };
        Self {
            id,
            kind,
            parts: Vec::new(),
        }
    }

    /// The vendor's id of it.
    pub(super) fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// More text.
    pub(super) fn text(
        &mut self,
        index: u64,
        text: String,
        sink: &mut Sink,
        out: &mut impl FnMut(Event),
    ) {
        if text.is_empty() {
            return;
        }
        let told = self.told(Group::Text, index, sink);
        told.has_words = true;
        out(Event::Text {
            choice: 0,
            block: told.block,
            text,
        });
    }

    /// More of a refusal.
    pub(super) fn refusal(&mut self, index: u64, text: String, out: &mut impl FnMut(Event)) {
        if text.is_empty() {
            return;
        }
        let told = self.told(Group::Refusal, index, &mut Sink::default());
        told.has_words = true;
        out(Event::Refusal { choice: 0, text });
    }

    /// A source of the text.
    pub(super) fn cite(
        &mut self,
        index: u64,
        annotation: Value,
        sink: &mut Sink,
        out: &mut impl FnMut(Event),
    ) {
        let Some(citation) = parse_annotation(annotation) else {
            return;
        };
        let told = self.told(Group::Text, index, sink);
        told.citations = told.citations.saturating_add(1);
        out(Event::Citation {
            choice: 0,
            block: told.block,
            citation,
        });
    }

    /// Probabilities of the last piece of text, in the form that canon has them.
    #[expect(clippy::unused_self, reason = "all pieces of an item are told by it")]
    pub(super) fn logprobs(&self, logprobs: Vec<Value>, out: &mut impl FnMut(Event)) {
        if !logprobs.is_empty() {
            out(Event::Logprobs {
                choice: 0,
                logprobs: serde_json::json!({ "content": logprobs }),
            });
        }
    }

    /// More thinking in words.
    pub(super) fn thought(
        &mut self,
        index: u64,
        text: String,
        sink: &mut Sink,
        out: &mut impl FnMut(Event),
    ) {
        if !text.is_empty() {
            let body = ReasoningBody::Text {
                text,
                signature: None,
            };
            self.think((Group::Thought, index), body, sink, out);
        }
    }

    /// More of a summary.
    pub(super) fn summary(
        &mut self,
        index: u64,
        text: String,
        sink: &mut Sink,
        out: &mut impl FnMut(Event),
    ) {
        if !text.is_empty() {
            let body = ReasoningBody::Summary(text);
            self.think((Group::Summary, index), body, sink, out);
        }
    }

    /// More of a call's arguments, or of a custom tool's input.
    pub(super) fn arguments(&mut self, fragment: String, out: &mut impl FnMut(Event)) {
        if let Kind::Call(index, told) = &mut self.kind
            && !fragment.is_empty()
        {
            *told = true;
            out(Event::ToolArguments {
                choice: 0,
                index: *index,
                fragment,
            });
        }
    }

    /// The item is whole: gives out what the pieces left out.
    pub(super) fn done(
        mut self,
        mut item: Map<String, Value>,
        sink: &mut Sink,
        out: &mut impl FnMut(Event),
    ) {
        match self.kind {
            Kind::Message => {
                for (index, part) in (0..).zip(list(item.shift_remove("content"))) {
                    self.part_done(index, part, sink, out);
                }
            }
            Kind::Reasoning => self.reasoning_done(item, sink, out),
            Kind::Call(_, told) => {
                let names = ["arguments", "input"];
                let whole = names.iter().find_map(|name| item.get(*name)?.as_str());
                let more = whole.filter(|_| !told);
                self.arguments(more.unwrap_or_default().to_owned(), out);
            }
            Kind::Own => own_done(item, out),
        }
    }

    fn part_done(
        &mut self,
        index: u64,
        mut part: Value,
        sink: &mut Sink,
        out: &mut impl FnMut(Event),
    ) {
        let annotations = list(part.get_mut("annotations").map(Value::take));
        let logprobs = list(part.get_mut("logprobs").map(Value::take));
        let kind = part.get("type").and_then(Value::as_str);
        if kind == Some("refusal") {
            let more = self.more(Group::Refusal, index, part.get("refusal"));
            return self.refusal(index, more, out);
        }
        let was_told = self.find(Group::Text, index).is_some();
        let more = self.more(Group::Text, index, part.get("text"));
        self.text(index, more, sink, out);
        let told = self
            .find(Group::Text, index)
            .map_or(0, |told| told.citations);
        for annotation in annotations.into_iter().skip(told) {
            self.cite(index, annotation, sink, out);
        }
        // Pieces bring their own.
        if !was_told {
            self.logprobs(logprobs, out);
        }
    }

    fn reasoning_done(
        &mut self,
        mut item: Map<String, Value>,
        sink: &mut Sink,
        out: &mut impl FnMut(Event),
    ) {
        // The id that goes with the encrypted content is the one that stands beside it.
        let id = item.get("id").and_then(Value::as_str).map(str::to_owned);
        self.id = id.or_else(|| self.id.take());
        let texts = |item: &mut Map<String, Value>, name: &str| list(item.shift_remove(name));
        let whole = item.clone();
        for (index, part) in (0..).zip(texts(&mut item, "summary")) {
            let more = self.more(Group::Summary, index, part.get("text"));
            self.summary(index, more, sink, out);
        }
        for (index, part) in (0..).zip(texts(&mut item, "content")) {
            let more = self.more(Group::Thought, index, part.get("text"));
            self.thought(index, more, sink, out);
        }
        match item.get_mut("encrypted_content").map(Value::take) {
            Some(Value::String(data)) if !data.is_empty() => {
                out(Event::Reasoning(ReasoningDelta {
                    choice: 0,
                    block: sink.block(),
                    body: ReasoningBody::Encrypted(data),
                    id: self.id.take(),
                    format: ReasoningFormat::OPENAI,
                }));
            }
            _ if self.parts.is_empty() => out(other(Value::Object(rest(whole)))),
            _ => {}
        }
    }

    fn think(
        &mut self,
        (group, index): (Group, u64),
        body: ReasoningBody,
        sink: &mut Sink,
        out: &mut impl FnMut(Event),
    ) {
        let is_new = self.find(group, index).is_none();
        let id = self.id.clone().filter(|_| is_new);
        let told = self.told(group, index, sink);
        told.has_words = true;
        out(Event::Reasoning(ReasoningDelta {
            choice: 0,
            block: told.block,
            body,
            id,
            format: ReasoningFormat::OPENAI,
        }));
    }

    fn find(&self, group: Group, index: u64) -> Option<&Told> {
        let mut parts = self.parts.iter();
        parts.find(|told| told.group == group && told.index == index)
    }

    fn told(&mut self, group: Group, index: u64, sink: &mut Sink) -> &mut Told {
        let is_it = |told: &Told| told.group == group && told.index == index;
        let position = self.parts.iter().position(is_it).unwrap_or_else(|| {
            self.parts.push(Told {
                group,
                index,
                block: sink.block(),
                has_words: false,
                citations: 0,
            });
            self.parts.len().saturating_sub(1)
        });
        #[expect(clippy::indexing_slicing, reason = "found or put there just before")]
        &mut self.parts[position]
    }

    /// What the whole text says where nothing was told of it in pieces. Pieces are never counted against the
    /// whole: not all of them need to have come this way ([`crate::short`]).
    fn more(&self, group: Group, index: u64, whole: Option<&Value>) -> String {
        let was_told = self.find(group, index).is_some_and(|told| told.has_words);
        let whole = whole.and_then(Value::as_str).filter(|_| !was_told);
        whole.unwrap_or_default().to_owned()
    }
}

fn list(value: Option<Value>) -> Vec<Value> {
    match value {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    }
}
