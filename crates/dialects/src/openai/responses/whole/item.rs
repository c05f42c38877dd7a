//! The items of an answer, each as its reader and its writer of the long way would make it.

use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};

use crate::{
    Whole,
    json::{Array, Object},
    openai::responses::item::{is_made_up, kind_of, rest},
    short::whole::{Plain, Silent, is_deep},
};

/// Any of the items that are read; whatever else stands in one says something.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Item<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    id: &'a str,
    #[serde(rename = "status")]
    _status: Option<&'a str>,
    #[serde(rename = "role")]
    _role: Option<&'a str>,
    phase: Option<&'a str>,
    #[serde(borrow)]
    content: Option<Vec<Piece<'a>>>,
    call_id: Option<&'a str>,
    #[serde(borrow)]
    name: Option<&'a RawValue>,
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
    #[serde(borrow)]
    summary: Option<Vec<Piece<'a>>>,
    #[serde(borrow)]
    encrypted_content: Option<&'a RawValue>,
}

/// A text of a message, of thinking or of its summary.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Piece<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(borrow)]
    text: &'a RawValue,
    #[serde(rename = "annotations")]
    _annotations: Option<Silent>,
    #[serde(rename = "logprobs")]
    _logprobs: Option<Silent>,
}

/// Items as they are written.
pub(super) struct Items<'o> {
    list: Array<'o>,
    /// The ids of items of thinking: pieces of one id might be one item.
    thoughts: Vec<String>,
    /// Items that only this dialect has.
    own: Vec<Value>,
}

impl<'o> Items<'o> {
    pub(super) fn open(out: &'o mut Vec<u8>) -> Self {
        Self {
            list: Array::open(out),
            thoughts: Vec::new(),
            own: Vec::new(),
        }
    }

    /// One more; `None` where it goes the long way.
    pub(super) fn add(&mut self, whole: &mut Whole, raw: &RawValue) -> Option<()> {
        let Ok(item) = serde_json::from_str::<Item<'_>>(raw.get()) else {
            return self.add_own(raw);
        };
        if is_made_up(item.id) {
            return None;
        }
        match item {
            Item {
                kind: "message",
                call_id: None,
                name: None,
                arguments: None,
                summary: None,
                encrypted_content: None,
                ..
            } => write_message(whole, &item, self.list.object()),
            Item {
                kind: "function_call",
                content: None,
                phase: None,
                _role: None,
                summary: None,
                encrypted_content: None,
                ..
            } => write_call(whole, &item, self.list.object()),
            Item {
                kind: "reasoning",
                phase: None,
                _role: None,
                call_id: None,
                name: None,
                arguments: None,
                ..
            } => self.add_thought(whole, &item, raw),
            _ => self.add_own(raw),
        }
    }

    /// An item of thinking. One that says nothing stays as it is: its id may mean something to its vendor.
    fn add_thought(&mut self, whole: &mut Whole, item: &Item<'_>, raw: &RawValue) -> Option<()> {
        if self.thoughts.iter().any(|known| known == item.id) {
            return None;
        }
        self.thoughts.push(item.id.to_owned());
        let summary = texts(item.summary.as_deref())?;
        let content = texts(item.content.as_deref())?;
        let sealed = match item.encrypted_content {
            Some(sealed) => Some(Plain::of(sealed)?).filter(|sealed| sealed.bytes > 0),
            None => None,
        };
        if summary.is_empty() && content.is_empty() && sealed.is_none() {
            let fields: Map<String, Value> = serde_json::from_str(raw.get()).ok()?;
            self.list.item(&Value::Object(rest(fields)));
            return Some(());
        }
        let mut object = self.list.object();
        object.field("type", "reasoning");
        object.field("id", item.id);
        write_texts(whole, "summary", "summary_text", &summary, &mut object);
        if !content.is_empty() {
            write_texts(whole, "content", "reasoning_text", &content, &mut object);
        }
        if let Some(sealed) = sealed {
            object.raw("encrypted_content", sealed.json);
        }
        object.close();
        Some(())
    }

    /// An item that only this dialect has.
    fn add_own(&mut self, raw: &RawValue) -> Option<()> {
        if is_deep(raw.get()) {
            return None;
        }
        let fields: Map<String, Value> = serde_json::from_str(raw.get()).ok()?;
        let is_known = matches!(
            kind_of(&fields),
            "" | "message"
                | "reasoning"
                | "function_call"
                | "custom_tool_call"
                | "image_generation_call"
        );
        if is_known || !fields.contains_key("id") {
            return None;
        }
        let item = Value::Object(fields);
        self.list.item(&item);
        self.own.push(item);
        Some(())
    }

    /// Ends the list; gives the items that only this dialect has. `None` where there are no items at all.
    pub(super) fn close(self) -> Option<Vec<Value>> {
        let is_empty = self.list.len() == 0;
        self.list.close();
        (!is_empty).then_some(self.own)
    }
}

fn write_message(whole: &mut Whole, item: &Item<'_>, mut object: Object<'_>) -> Option<()> {
    object.field("id", item.id);
    object.field("type", "message");
    object.field("status", "completed");
    object.field("role", "assistant");
    let mut content = object.array("content");
    for piece in item.content.iter().flatten() {
        // An empty text begins no part.
        let text = Plain::of(piece.text).filter(|text| text.bytes > 0)?;
        if piece.kind != "output_text" {
            return None;
        }
        whole.hear(&text);
        let mut part = content.object();
        part.field("type", "output_text");
        part.raw("text", text.json);
        part.array("annotations").close();
        part.array("logprobs").close();
        part.close();
    }
    content.close();
    object.optional("phase", item.phase);
    object.close();
    Some(())
}

fn write_call(whole: &mut Whole, item: &Item<'_>, mut object: Object<'_>) -> Option<()> {
    let call_id = item.call_id.filter(|id| !id.is_empty())?;
    let name = Plain::of(item.name?).filter(|name| name.bytes > 0)?;
    let arguments = Plain::of(item.arguments?)?;
    object.field("id", item.id);
    object.field("type", "function_call");
    object.field("status", "completed");
    object.field("call_id", call_id);
    object.raw("name", name.json);
    object.raw("arguments", arguments.json);
    object.close();
    whole.call(0, name.text()?, arguments.text()?);
    Some(())
}

/// The texts that say something.
fn texts<'a>(pieces: Option<&[Piece<'a>]>) -> Option<Vec<Plain<'a>>> {
    let mut texts = Vec::new();
    for piece in pieces.into_iter().flatten() {
        let text = Plain::of(piece.text)?;
        if text.bytes > 0 {
            texts.push(text);
        }
    }
    Some(texts)
}

fn write_texts(
    whole: &mut Whole,
    name: &str,
    kind: &str,
    texts: &[Plain<'_>],
    object: &mut Object<'_>,
) {
    let mut list = object.array(name);
    for text in texts {
        whole.hear(text);
        let mut piece = list.object();
        piece.field("type", kind);
        piece.raw("text", text.json);
        piece.close();
    }
    list.close();
}
