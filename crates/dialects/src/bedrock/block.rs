//! The blocks of an answer: whole, or under way in a stream.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use canon::{
    Citation, Event, Extras, Media, MediaKind, ReasoningBody, ReasoningDelta, ReasoningFormat,
    Source,
};
use serde_json::{Map, Value};

use super::DIALECT;
use crate::{Error, Fields, Step};

/// The one answer there is.
pub(super) const CHOICE: u32 = 0;

/// Writes the steps of an answer; numbers its calls and remembers its last text.
#[derive(Debug, Default)]
pub(super) struct Writer {
    calls: u32,
    text_block: Option<u32>,
}

impl Writer {
    /// More text of a block.
    pub(super) fn text(&mut self, block: u32, text: String, out: &mut Vec<Step>) {
        if !text.is_empty() {
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
    }

    /// A source: of the text of its own block, or (Nova: a block of sources alone) of the text before.
    pub(super) fn cite(&self, block: u32, citation: Map<String, Value>, out: &mut Vec<Step>) {
        let event = Event::Citation {
            choice: CHOICE,
            block: self.text_block.unwrap_or(block),
            citation: parse_citation(citation),
        };
        push(out, event);
    }

    /// Thinking in words, or their signature.
    pub(super) fn think(
        &self,
        block: u32,
        (text, signature): (String, Option<String>),
        out: &mut Vec<Step>,
    ) {
        if !text.is_empty() || signature.is_some() {
            let body = ReasoningBody::Text { text, signature };
            self.reason(block, body, ReasoningFormat::ANTHROPIC, out);
        }
    }

    /// Thinking that only its vendor can read; base64 as it came, or the bytes in it.
    pub(super) fn redacted(&self, block: u32, base64: String, out: &mut Vec<Step>) {
        let bytes = BASE64.decode(&base64).ok();
        let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        // What is encoded again must be what came.
        match text.filter(|text| BASE64.encode(text) == base64) {
            Some(text) => {
                let body = ReasoningBody::Encrypted(text);
                self.reason(block, body, ReasoningFormat::ANTHROPIC, out);
            }
            None => {
                let body = ReasoningBody::Encrypted(base64);
                self.reason(block, body, ReasoningFormat::UNKNOWN, out);
            }
        }
    }

    fn reason(
        &self,
        block: u32,
        body: ReasoningBody,
        format: ReasoningFormat,
        out: &mut Vec<Step>,
    ) {
        let delta = ReasoningDelta {
            choice: CHOICE,
            block,
            body,
            id: None,
            format,
        };
        push(out, Event::Reasoning(delta));
    }

    /// A call begins; gives back its number.
    pub(super) fn call(&mut self, id: String, name: String, out: &mut Vec<Step>) -> u32 {
        let index = self.calls;
        self.calls = self.calls.saturating_add(1);
        let event = Event::ToolCall {
            choice: CHOICE,
            index,
            id,
            name,
            custom: false,
            extras: Extras::NONE,
        };
        push(out, event);
        index
    }

    /// More of a call's arguments.
    pub(super) fn arguments(&self, index: u32, fragment: String, out: &mut Vec<Step>) {
        let event = Event::ToolArguments {
            choice: CHOICE,
            index,
            fragment,
        };
        push(out, event);
    }

    /// A picture or a sound: `format` and `source` of its block; `None` where its bytes are not there.
    pub(super) fn media(
        &self,
        kind: MediaKind,
        media: &Map<String, Value>,
        out: &mut Vec<Step>,
    ) -> Option<()> {
        let format = media.get("format").and_then(Value::as_str);
        let source = media.get("source")?;
        let source = match source.get("bytes").and_then(Value::as_str) {
            Some(bytes) => Source::Base64(bytes.to_owned()),
            None => Source::Url(source.pointer("/s3Location/uri")?.as_str()?.to_owned()),
        };
        let family = if kind == MediaKind::Image {
            "image"
        } else {
            "audio"
        };
        let media = Media {
            kind,
            source,
            mime: format.map(|format| format!("{family}/{format}")),
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
        Some(())
    }

    /// A block that only this dialect has.
    pub(super) fn other(&self, value: Value, out: &mut Vec<Step>) {
        let (choice, dialect) = (CHOICE, DIALECT);
        push(
            out,
            Event::Other {
                choice,
                dialect,
                value,
            },
        );
    }

    /// A whole block.
    ///
    /// # Errors
    /// Something in it is not what it should be.
    pub(super) fn whole(
        &mut self,
        block: u32,
        mut fields: Fields,
        out: &mut Vec<Step>,
    ) -> Result<(), Error> {
        if let Some(text) = fields.string("text")? {
            self.text(block, text, out);
        } else if fields
            .peek("toolUse")
            .is_some_and(|call| !is_server_call(call))
        {
            if let Some(mut call) = fields.object("toolUse")? {
                let (id, name) = (
                    call.required_string("toolUseId")?,
                    call.required_string("name")?,
                );
                let index = self.call(id, name, out);
                let input = call.json_text("input");
                self.arguments(index, input.unwrap_or_else(|| "{}".to_owned()), out);
            }
        } else if fields.peek("reasoningContent").is_some_and(is_thought) {
            if let Some(content) = fields.object("reasoningContent")? {
                self.whole_thought(block, content, out)?;
            }
        } else if let Some(cited) = fields.object("citationsContent")? {
            self.whole_cited(block, cited, out)?;
        } else {
            let is_shown = [("image", MediaKind::Image), ("audio", MediaKind::Audio)]
                .into_iter()
                .any(|(name, kind)| {
                    let media = fields.peek(name).and_then(Value::as_object);
                    media.is_some_and(|media| self.media(kind, media, out).is_some())
                });
            if !is_shown {
                self.other(Value::Object(fields.into_map()), out);
            }
        }
        Ok(())
    }

    fn whole_thought(
        &self,
        block: u32,
        mut content: Fields,
        out: &mut Vec<Step>,
    ) -> Result<(), Error> {
        if let Some(mut words) = content.object("reasoningText")? {
            let text = words.string("text")?.unwrap_or_default();
            self.think(block, (text, words.string("signature")?), out);
        }
        if let Some(data) = content.string("redactedContent")? {
            self.redacted(block, data, out);
        }
        Ok(())
    }

    fn whole_cited(
        &mut self,
        block: u32,
        mut cited: Fields,
        out: &mut Vec<Step>,
    ) -> Result<(), Error> {
        for mut piece in cited.objects("content")?.unwrap_or_default() {
            let text = piece.string("text")?.unwrap_or_default();
            self.text(block, text, out);
        }
        for citation in cited.array("citations")?.unwrap_or_default() {
            if let Value::Object(citation) = citation {
                self.cite(block, citation, out);
            }
        }
        Ok(())
    }
}

/// Whether Bedrock runs the tool itself.
pub(super) fn is_server_call(call: &Value) -> bool {
    call.get("type").and_then(Value::as_str) == Some("server_tool_use")
}

/// Whether thinking says anything; an empty one is kept as it is.
fn is_thought(content: &Value) -> bool {
    ["reasoningText", "redactedContent"]
        .into_iter()
        .any(|name| content.get(name).is_some())
}

fn parse_citation(citation: Map<String, Value>) -> Citation {
    let value = Value::Object(citation);
    let text = |path: &str| value.pointer(path).and_then(Value::as_str);
    let source = text("/source").filter(|source| source.contains("://"));
    let citation = Citation {
        url: text("/location/web/url").or(source).map(str::to_owned),
        title: text("/title")
            .or_else(|| text("/location/web/domain"))
            .map(str::to_owned),
        content: text("/sourceContent/0/text").map(str::to_owned),
        start: None,
        end: None,
        native: Extras::NONE,
    };
    let Value::Object(native) = value else {
        return citation;
    };
    Citation {
        native: Extras::new(DIALECT, native),
        ..citation
    }
}

pub(super) fn push(out: &mut Vec<Step>, event: Event) {
    out.push(Step::Event(event));
}
