//! The frames of a stream: each has a `type`, and the next number.

use canon::Citation;

use super::item::{Body, Content, Item};
use crate::{
    json::Object,
    openai::responses::{annotation::render_citation, reasoning::render_text},
};

const FRAME_BEGIN: &[u8] = b"data: ";
const FRAME_END: &[u8] = b"\n\n";

/// Writes frames, unless nobody wants them.
#[derive(Debug, Default)]
pub(in crate::openai::responses) struct Frames {
    /// The number of the next frame.
    next: u64,
    is_quiet: bool,
}

/// What a piece is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Text,
    Refusal,
    Thought,
    Summary,
    Arguments,
    Input,
}

/// Where a frame belongs: number and id of the item, number of the part.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    item: usize,
    id: &'a str,
    part: usize,
}

impl<'a> Place<'a> {
    /// A part of an item.
    pub(super) const fn of(item: usize, id: &'a str, part: usize) -> Self {
        Self { item, id, part }
    }
}

impl Part {
    /// The kind of its pieces.
    const fn delta(self) -> &'static str {
        match self {
            Self::Text => "response.output_text.delta",
            Self::Refusal => "response.refusal.delta",
            Self::Thought => "response.reasoning_text.delta",
            Self::Summary => "response.reasoning_summary_text.delta",
            Self::Arguments => "response.function_call_arguments.delta",
            Self::Input => "response.custom_tool_call_input.delta",
        }
    }

    /// What its number within the item is called.
    const fn index(self) -> Option<&'static str> {
        match self {
            Self::Text | Self::Refusal | Self::Thought => Some("content_index"),
            Self::Summary => Some("summary_index"),
            Self::Arguments | Self::Input => None,
        }
    }
}

impl Frames {
    /// No frames at all.
    pub(super) fn quiet() -> Self {
        Self {
            is_quiet: true,
            ..Self::default()
        }
    }

    /// Writes one frame.
    pub(in crate::openai::responses) fn write(
        &mut self,
        kind: &str,
        out: &mut Vec<u8>,
        fill: impl FnOnce(&mut Object<'_>),
    ) {
        if self.is_quiet {
            return;
        }
        out.extend_from_slice(FRAME_BEGIN);
        let mut object = Object::open(out);
        object.field("type", kind);
        fill(&mut object);
        object.field("sequence_number", &self.next);
        object.close();
        out.extend_from_slice(FRAME_END);
        self.next = self.next.saturating_add(1);
    }

    /// Writes one frame of a part.
    fn at(
        &mut self,
        kind: &str,
        place: Place<'_>,
        index: Option<&str>,
        out: &mut Vec<u8>,
        fill: impl FnOnce(&mut Object<'_>),
    ) {
        self.write(kind, out, |object| {
            object.field("output_index", &place.item);
            object.field("item_id", place.id);
            if let Some(index) = index {
                object.field(index, &place.part);
            }
            fill(object);
        });
    }

    /// A piece of a part.
    pub(super) fn delta(&mut self, place: Place<'_>, part: Part, text: &str, out: &mut Vec<u8>) {
        self.at(part.delta(), place, part.index(), out, |object| {
            object.field("delta", text);
            if part == Part::Text {
                object.array("logprobs").close();
            }
        });
    }

    /// A part of a message begins.
    pub(super) fn part_added(&mut self, place: Place<'_>, content: &Content, out: &mut Vec<u8>) {
        let kind = "response.content_part.added";
        self.at(kind, place, Some("content_index"), out, |object| {
            content.render(object.object("part"));
        });
    }

    /// A part of a message is whole.
    pub(super) fn part_done(&mut self, place: Place<'_>, content: &Content, out: &mut Vec<u8>) {
        let index = Some("content_index");
        match content {
            Content::Text(words) => {
                self.at("response.output_text.done", place, index, out, |object| {
                    object.field("text", &words.text);
                    object.field("logprobs", &words.logprobs);
                });
            }
            Content::Refusal(refusal) => {
                self.at("response.refusal.done", place, index, out, |object| {
                    object.field("refusal", refusal);
                });
            }
        }
        self.at("response.content_part.done", place, index, out, |object| {
            content.render(object.object("part"));
        });
    }

    /// A source of a text.
    pub(super) fn cited(
        &mut self,
        place: Place<'_>,
        number: usize,
        citation: &Citation,
        out: &mut Vec<u8>,
    ) {
        let kind = "response.output_text.annotation.added";
        self.at(kind, place, Some("content_index"), out, |object| {
            object.field("annotation_index", &number);
            let mut list = Vec::new();
            let mut annotation = crate::json::Array::open(&mut list);
            render_citation(citation, &mut annotation);
            // The list has no end yet, and its one element begins behind the bracket.
            let text = list.get(1..).unwrap_or_default();
            object.key("annotation").extend_from_slice(text);
        });
    }

    /// A piece of thinking begins.
    pub(super) fn thought_added(&mut self, place: Place<'_>, part: Part, out: &mut Vec<u8>) {
        let (kind, text_kind) = if part == Part::Summary {
            ("response.reasoning_summary_part.added", "summary_text")
        } else {
            ("response.content_part.added", "reasoning_text")
        };
        self.at(kind, place, part.index(), out, |object| {
            render_text(text_kind, "", object.object("part"));
        });
    }

    /// A piece of thinking is whole.
    pub(super) fn thought_done(
        &mut self,
        place: Place<'_>,
        part: Part,
        text: &str,
        out: &mut Vec<u8>,
    ) {
        let (kind, part_kind, text_kind) = if part == Part::Summary {
            (
                "response.reasoning_summary_text.done",
                "response.reasoning_summary_part.done",
                "summary_text",
            )
        } else {
            (
                "response.reasoning_text.done",
                "response.content_part.done",
                "reasoning_text",
            )
        };
        self.at(kind, place, part.index(), out, |object| {
            object.field("text", text);
        });
        self.at(part_kind, place, part.index(), out, |object| {
            render_text(text_kind, text, object.object("part"));
        });
    }

    /// The steps of a picture before it is there.
    pub(super) fn drawn(&mut self, place: Place<'_>, out: &mut Vec<u8>) {
        for kind in [
            "response.image_generation_call.in_progress",
            "response.image_generation_call.generating",
            "response.image_generation_call.completed",
        ] {
            self.at(kind, place, None, out, |_| {});
        }
    }

    /// An item begins.
    pub(super) fn item_added(&mut self, number: usize, item: &Item, out: &mut Vec<u8>) {
        self.write("response.output_item.added", out, |object| {
            object.field("output_index", &number);
            item.render("in_progress", object.key("item"));
        });
    }

    /// An item is whole, where it was not before.
    pub(super) fn close_item(
        &mut self,
        number: usize,
        item: &mut Item,
        status: &str,
        out: &mut Vec<u8>,
    ) {
        if item.is_done {
            return;
        }
        item.is_done = true;
        if let Body::Call(call) = &item.body {
            let place = Place::of(number, &item.id, 0);
            let (kind, arguments) = if call.custom {
                ("response.custom_tool_call_input.done", "input")
            } else {
                ("response.function_call_arguments.done", "arguments")
            };
            self.at(kind, place, None, out, |object| {
                if !call.custom {
                    object.field("name", &call.name);
                }
                object.field(arguments, &call.arguments);
            });
        }
        self.write("response.output_item.done", out, |object| {
            object.field("output_index", &number);
            item.render(status, object.key("item"));
        });
    }
}
