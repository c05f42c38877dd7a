//! Reasoning items: what belongs together under one id, in both directions and unchanged (spec/inference.md §8.1).
//!
//! An item holds summaries, words and encrypted content at once; canon has a piece for each. Pieces of one id that
//! stand beside each other are one item again.

use std::borrow::Cow;

use canon::{Extras, Part, ReasoningBody, ReasoningFormat, ReasoningPart};
use serde_json::{Map, Value};

use super::{DIALECT, item::is_made_up};
use crate::json::Object;

/// Reads a reasoning item. One that says nothing stays whole: its id may still mean something to its vendor.
pub(super) fn parse_reasoning(item: Map<String, Value>) -> Vec<Part> {
    let mut rest = item.clone();
    let text = |rest: &mut Map<String, Value>, name: &str| match rest.shift_remove(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    };
    rest.shift_remove("type");
    let id = text(&mut rest, "id").filter(|id| !is_made_up(id));
    let format = text(&mut rest, "format");
    let format = format.map_or(ReasoningFormat::OPENAI, |name| {
        ReasoningFormat::named(&name)
    });
    let signature = text(&mut rest, "signature");
    let mut bodies = Vec::new();
    bodies.extend(texts(rest.shift_remove("summary")).map(ReasoningBody::Summary));
    let words = texts(rest.shift_remove("content"));
    bodies.extend(words.map(|text| ReasoningBody::Text {
        text,
        signature: None,
    }));
    if signature.is_some() {
        sign(&mut bodies, signature);
    }
    let encrypted = text(&mut rest, "encrypted_content").filter(|data| !data.is_empty());
    bodies.extend(encrypted.map(ReasoningBody::Encrypted));
    if bodies.is_empty() {
        return vec![Part::Other {
            dialect: DIALECT,
            value: Value::Object(item),
        }];
    }
    rest.retain(|_, value| !value.is_null());
    let mut extras = Extras::new(DIALECT, rest);
    let piece = |body| {
        Part::Reasoning(ReasoningPart {
            body,
            id: id.clone(),
            format: format.clone(),
            index: None,
            extras: std::mem::take(&mut extras),
        })
    };
    bodies.into_iter().map(piece).collect()
}

/// A signature stands over the last words; some come without words.
fn sign(bodies: &mut Vec<ReasoningBody>, signed: Option<String>) {
    if let Some(ReasoningBody::Text { signature, .. }) = bodies.last_mut() {
        *signature = signed;
    } else {
        bodies.push(ReasoningBody::Text {
            text: String::new(),
            signature: signed,
        });
    }
}

/// The texts of a list of `{"type":…,"text":…}`.
fn texts(list: Option<Value>) -> impl Iterator<Item = String> {
    let list = match list {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    };
    list.into_iter()
        .filter_map(|mut part| match part.get_mut("text").map(Value::take) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        })
}

/// One reasoning item, as it grows piece by piece.
#[derive(Debug, Default)]
pub(super) struct Thinking<'a> {
    id: Option<Cow<'a, str>>,
    format: ReasoningFormat,
    summary: Vec<Cow<'a, str>>,
    content: Vec<Cow<'a, str>>,
    signature: Option<Cow<'a, str>>,
    encrypted: Option<Cow<'a, str>>,
    extras: Map<String, Value>,
}

impl<'a> Thinking<'a> {
    /// An item without content.
    pub(super) fn new(id: Option<Cow<'a, str>>, format: ReasoningFormat) -> Self {
        Self {
            id,
            format,
            ..Self::default()
        }
    }

    /// The item that begins with this piece.
    pub(super) fn of(part: &'a ReasoningPart) -> Self {
        let mut item = Self::new(part.id.as_deref().map(Cow::Borrowed), part.format.clone());
        item.extras = part.extras.of(DIALECT).cloned().unwrap_or_default();
        item.push(part);
        item
    }

    /// Whether a piece of this id and format belongs to it. A signature or encrypted content ends an item.
    pub(super) fn takes(&self, id: Option<&str>, format: &ReasoningFormat) -> bool {
        let is_sealed = self.signature.is_some() || self.encrypted.is_some();
        !is_sealed && self.id.as_deref() == id && self.format.name() == format.name()
    }

    /// Adds a whole piece.
    pub(super) fn push(&mut self, part: &'a ReasoningPart) {
        match &part.body {
            ReasoningBody::Summary(text) => self.summary.push(Cow::Borrowed(text)),
            ReasoningBody::Text { text, signature } => {
                if !text.is_empty() || signature.is_none() {
                    self.content.push(Cow::Borrowed(text));
                }
                if let Some(signature) = signature {
                    self.signature = Some(Cow::Borrowed(signature));
                }
            }
            ReasoningBody::Encrypted(data) => self.encrypted = Some(Cow::Borrowed(data)),
        }
    }

    /// The vendor's id.
    pub(super) fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The summaries so far.
    pub(super) const fn summary(&mut self) -> &mut Vec<Cow<'a, str>> {
        &mut self.summary
    }

    /// The words so far.
    pub(super) const fn content(&mut self) -> &mut Vec<Cow<'a, str>> {
        &mut self.content
    }

    /// Goes on with the signature.
    pub(super) fn sign(&mut self, more: &str) {
        self.signature
            .get_or_insert_default()
            .to_mut()
            .push_str(more);
    }

    /// Goes on with the encrypted content.
    pub(super) fn encrypt(&mut self, more: &str) {
        self.encrypted
            .get_or_insert_default()
            .to_mut()
            .push_str(more);
    }

    /// Writes the item; `id` is what it is called here.
    pub(super) fn render(&self, id: Option<&str>, mut object: Object<'_>) {
        object.field("type", "reasoning");
        object.optional("id", id);
        render_texts("summary", "summary_text", &self.summary, &mut object);
        if !self.content.is_empty() {
            render_texts("content", "reasoning_text", &self.content, &mut object);
        }
        object.optional("encrypted_content", self.encrypted.as_deref());
        object.optional("signature", self.signature.as_deref());
        // Its own form goes without saying.
        if self.format != ReasoningFormat::OPENAI {
            object.field("format", self.format.name());
        }
        for (name, value) in &self.extras {
            object.field(name, value);
        }
        object.close();
    }
}

fn render_texts(name: &str, kind: &str, texts: &[Cow<'_, str>], object: &mut Object<'_>) {
    let mut list = object.array(name);
    for text in texts {
        render_text(kind, text, list.object());
    }
    list.close();
}

/// Writes one summary, or one text.
pub(super) fn render_text(kind: &str, text: &str, mut object: Object<'_>) {
    object.field("type", kind);
    object.field("text", text);
    object.close();
}

/// Whether vendors of this dialect take thinking of this form back.
pub(super) fn is_returnable(format: &ReasoningFormat) -> bool {
    format.name().ends_with("-responses-v1")
}
