//! The parts of a candidate: texts, thoughts and calls, each with its signature.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    Whole,
    gemini::candidate::id_stem,
    json::Array,
    raw::compact,
    short::whole::{Inert, Plain, is_deep},
};

/// Whatever else stands in a part says something.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Part<'a> {
    #[serde(borrow)]
    text: Option<&'a RawValue>,
    thought: Option<bool>,
    #[serde(borrow)]
    thought_signature: Option<&'a RawValue>,
    #[serde(borrow)]
    function_call: Option<Call<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Call<'a> {
    id: Option<&'a str>,
    #[serde(borrow)]
    name: &'a RawValue,
    #[serde(borrow)]
    args: &'a RawValue,
}

/// What a part is; two texts that follow each other would be one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Thought,
    Call,
}

/// The parts as they are written.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) shown: Vec<u8>,
    /// Without the words of thoughts, where there are some.
    pub(super) hidden: Option<Vec<u8>>,
}

impl Written {
    /// Writes the parts of this candidate of this answer.
    pub(super) fn of(
        whole: &mut Whole,
        (choice, answer): (u32, Option<&str>),
        parts: &[Part<'_>],
    ) -> Option<Self> {
        let mut ids: Vec<Cow<'_, str>> = Vec::new();
        let (mut last, mut has_thought) = (None, false);
        for part in parts {
            let kind = part.kind();
            if last == Some(kind) && kind != Kind::Call {
                return None;
            }
            last = Some(kind);
            has_thought |= kind == Kind::Thought;
            if let Some(call) = &part.function_call {
                let id = match call.id.filter(|id| !id.is_empty()) {
                    Some(id) => Cow::Borrowed(id),
                    None => Cow::Owned(format!("{}{}", id_stem(choice, answer), ids.len())),
                };
                // Other ids name the places of texts; and of two calls, each has its own signature.
                if id.contains(':') || ids.contains(&id) {
                    return None;
                }
                let name = Plain::of(call.name)?.text()?;
                whole.call(choice, name, compact(call.args.get()));
                ids.push(id);
            } else {
                whole.hear(&Plain::of(part.text?).filter(|text| text.bytes > 0)?);
            }
        }
        last?;
        Some(Self {
            shown: write(parts, &ids, true)?,
            hidden: match has_thought {
                true => Some(write(parts, &ids, false)?),
                false => None,
            },
        })
    }
}

/// The parts, with the words of thoughts or without; `ids` are those of the calls.
fn write(parts: &[Part<'_>], ids: &[Cow<'_, str>], is_shown: bool) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut list = Array::open(&mut out);
    let mut ids = ids.iter();
    for part in parts {
        if let Some(call) = &part.function_call {
            part.write_call(call, ids.next()?, &mut list)?;
            continue;
        }
        let is_thought = part.kind() == Kind::Thought;
        if is_shown || !is_thought {
            part.write_text(part.text?.get(), is_thought, &mut list)?;
        } else if part.thought_signature.is_some() {
            part.write_text("\"\"", true, &mut list)?;
        }
    }
    list.close();
    Some(out)
}

impl Part<'_> {
    /// What it is.
    pub(super) const fn kind(&self) -> Kind {
        match self {
            Self {
                function_call: Some(_),
                ..
            } => Kind::Call,
            Self {
                thought: Some(true),
                ..
            } => Kind::Thought,
            Self { .. } => Kind::Text,
        }
    }

    /// The signature; `None` inside where there is none.
    fn signature(&self) -> Option<Option<&str>> {
        match self.thought_signature {
            None => Some(None),
            Some(signature) => {
                let signature = Plain::of(signature).filter(|text| text.bytes > 0)?;
                Some(Some(signature.json))
            }
        }
    }

    fn write_text(&self, text: &str, is_thought: bool, list: &mut Array<'_>) -> Option<()> {
        let mut part = list.object();
        part.raw("text", text);
        if is_thought {
            part.field("thought", &true);
        }
        if let Some(signature) = self.signature()? {
            part.raw("thoughtSignature", signature);
        }
        part.close();
        Some(())
    }

    fn write_call(&self, call: &Call<'_>, id: &str, list: &mut Array<'_>) -> Option<()> {
        let name = Plain::of(call.name)?;
        let args = call.args.get();
        let is_sound =
            args.starts_with('{') && !is_deep(args) && serde_json::from_str::<Inert>(args).is_ok();
        if !is_sound || self.text.is_some() || self.thought.is_some() {
            return None;
        }
        let mut part = list.object();
        let mut inner = part.object("functionCall");
        inner.field("id", id);
        inner.raw("name", name.json);
        inner.raw("args", &compact(args));
        inner.close();
        if let Some(signature) = self.signature()? {
            part.raw("thoughtSignature", signature);
        }
        part.close();
        Some(())
    }
}
