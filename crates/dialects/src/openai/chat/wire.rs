//! What an answer looks like on the wire, whole or in pieces, across all vendors of this dialect.
//!
//! Vendors differ in what is null, absent, a number or a text. So scalars are read as [`Loose`] values and
//! judged one level up: an odd field costs that field, never the answer. This is the hot path of a stream:
//! known fields are read without value trees, text is borrowed from the frame until it is an event, and what
//! few vendors write stands behind a pointer.

use std::{borrow::Cow, fmt, marker::PhantomData};

use canon::Usage;
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, IgnoredAny, MapAccess, Visitor},
};
use serde_json::{Map, Value, value::RawValue};

use super::usage::{GroqUsage, Stated};
pub(super) use crate::openai::loose::Loose;
use crate::{Error, fields::json_error, raw::compact};

/// A whole answer, or one chunk of a streamed one.
#[derive(Debug, Default)]
pub(super) struct Chunk<'a> {
    pub(super) id: Loose<'a>,
    pub(super) object: Loose<'a>,
    pub(super) model: Loose<'a>,
    pub(super) created: Loose<'a>,
    pub(super) system_fingerprint: Loose<'a>,
    pub(super) service_tier: Loose<'a>,
    pub(super) choices: Option<Vec<Piece<'a>>>,
    pub(super) usage: Stated,
    pub(super) error: Loose<'a>,
    pub(super) rare: Option<Box<Rare<'a>>>,
}

/// What few vendors write beside an answer.
#[derive(Debug, Default)]
pub(super) struct Rare<'a> {
    /// Groq: the usage of a stream.
    pub(super) groq: Option<Box<Usage>>,
    /// Errors of some vendors stand at the top.
    pub(super) message: Loose<'a>,
    pub(super) detail: Loose<'a>,
    /// Perplexity: addresses of the sources.
    pub(super) citations: Loose<'a>,
    /// Perplexity: the same with titles. Z.AI: what its search found, with `link` for `url`
    /// (<https://docs.rs/crate/zai-rs/latest/source/src/tool/web_search/response.rs>, read 2026-11).
    pub(super) search_results: Loose<'a>,
}

impl<'a> Chunk<'a> {
    /// Reads a whole answer, or one chunk.
    pub(super) fn parse(body: &'a [u8]) -> Result<Self, Error> {
        if body.trim_ascii_start().first() == Some(&b'[') {
            return Err(Error::Field {
                path: "the body".to_owned(),
                expected: "an object".to_owned(),
                found: "an array".to_owned(),
            });
        }
        // Checking the bytes as a whole is cheaper than text by text.
        match std::str::from_utf8(body) {
            Ok(text) => serde_json::from_str(text),
            Err(_) => serde_json::from_slice(body),
        }
        .map_err(|error| json_error(body, &error))
    }

    fn rare(&mut self) -> &mut Rare<'a> {
        self.rare.get_or_insert_default()
    }
}

/// A choice of an answer, or a piece of one.
#[derive(Debug, Default)]
pub(super) struct Piece<'a> {
    pub(super) index: Loose<'a>,
    pub(super) delta: Option<Box<Delta<'a>>>,
    pub(super) message: Option<Box<Delta<'a>>>,
    pub(super) finish_reason: Loose<'a>,
    pub(super) native_finish_reason: Loose<'a>,
    pub(super) logprobs: Loose<'a>,
    /// vLLM: the stop sequence that ended it.
    pub(super) stop_reason: Loose<'a>,
    pub(super) error: Loose<'a>,
    /// Moonshot: the counts, in the piece that ends the answer.
    pub(super) usage: Stated,
}

/// A message, or a piece of one.
#[derive(Debug, Default)]
pub(super) struct Delta<'a> {
    pub(super) content: Loose<'a>,
    pub(super) reasoning: Loose<'a>,
    pub(super) reasoning_content: Loose<'a>,
    pub(super) reasoning_details: Loose<'a>,
    pub(super) refusal: Loose<'a>,
    pub(super) tool_calls: Vec<CallPiece<'a>>,
    pub(super) annotations: Loose<'a>,
    pub(super) images: Loose<'a>,
    /// Whatever else says something.
    pub(super) rest: Map<String, Value>,
}

/// A tool call, or a piece of one.
#[derive(Debug, Default)]
pub(super) struct CallPiece<'a> {
    pub(super) index: Loose<'a>,
    pub(super) id: Loose<'a>,
    pub(super) function: Option<FunctionPiece<'a>>,
    pub(super) custom: Loose<'a>,
    /// Whatever else says something.
    pub(super) rest: Map<String, Value>,
}

/// The function of a tool call, or a piece of it.
#[derive(Debug, Default)]
pub(super) struct FunctionPiece<'a> {
    pub(super) name: Loose<'a>,
    pub(super) arguments: Loose<'a>,
}

/// The name of a field, borrowed where that is possible.
pub(super) struct Name<'a>(pub(super) Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Name<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(NameVisitor)
    }
}

struct NameVisitor;

impl<'de> Visitor<'de> for NameVisitor {
    type Value = Name<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Name(Cow::Borrowed(name)))
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Name(Cow::Owned(name.to_owned())))
    }
}

/// An object that is filled field by field, in whatever order they come.
trait Fill<'de>: Default {
    /// What it is called in errors.
    const WHAT: &'static str;

    /// Takes the value of the field of this name.
    fn fill<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error>;
}

struct FillVisitor<T>(PhantomData<T>);

impl<'de, T: Fill<'de>> Visitor<'de> for FillVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::WHAT)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        let mut filled = T::default();
        while let Some(Name(name)) = map.next_key()? {
            filled.fill(&name, &mut map)?;
        }
        Ok(filled)
    }
}

macro_rules! deserialize_by_filling {
    ($($name:ident),*) => {$(
        impl<'de: 'a, 'a> Deserialize<'de> for $name<'a> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_map(FillVisitor(PhantomData))
            }
        }
    )*};
}

deserialize_by_filling!(Chunk, Piece, Delta, CallPiece, FunctionPiece);

impl<'de: 'a, 'a> Fill<'de> for Chunk<'a> {
    const WHAT: &'static str = "an answer";

    fn fill<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "id" => self.id = map.next_value()?,
            "object" => self.object = map.next_value()?,
            "created" => self.created = map.next_value()?,
            "model" => self.model = map.next_value()?,
            "choices" => self.choices = map.next_value()?,
            "usage" => self.usage = map.next_value()?,
            "system_fingerprint" => self.system_fingerprint = map.next_value()?,
            "service_tier" => self.service_tier = map.next_value()?,
            "error" => self.error = map.next_value()?,
            "message" => self.rare().message = map.next_value()?,
            "detail" => self.rare().detail = map.next_value()?,
            "citations" => self.rare().citations = map.next_value()?,
            "search_results" | "web_search" => self.rare().search_results = map.next_value()?,
            "x_groq" => {
                let GroqUsage(usage) = map.next_value()?;
                if usage.is_some() {
                    self.rare().groq = usage;
                }
            }
            _ => {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

impl<'de: 'a, 'a> Fill<'de> for Piece<'a> {
    const WHAT: &'static str = "a choice";

    fn fill<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "index" => self.index = map.next_value()?,
            "delta" => self.delta = map.next_value()?,
            "message" => self.message = map.next_value()?,
            "finish_reason" => self.finish_reason = map.next_value()?,
            "logprobs" => self.logprobs = map.next_value()?,
            "native_finish_reason" => self.native_finish_reason = map.next_value()?,
            "stop_reason" => self.stop_reason = map.next_value()?,
            "error" => self.error = map.next_value()?,
            "usage" => self.usage = map.next_value()?,
            _ => {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

impl<'de: 'a, 'a> Fill<'de> for Delta<'a> {
    const WHAT: &'static str = "a message";

    fn fill<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "content" => self.content = map.next_value()?,
            "reasoning" => self.reasoning = map.next_value()?,
            "reasoning_content" => self.reasoning_content = map.next_value()?,
            "reasoning_details" => self.reasoning_details = map.next_value()?,
            "refusal" => self.refusal = map.next_value()?,
            "tool_calls" => {
                self.tool_calls = map.next_value::<Option<Vec<_>>>()?.unwrap_or_default();
            }
            "annotations" => self.annotations = map.next_value()?,
            "images" => self.images = map.next_value()?,
            name if is_noise(name) => {
                map.next_value::<IgnoredAny>()?;
            }
            _ => keep(&mut self.rest, name, map.next_value()?),
        }
        Ok(())
    }
}

impl<'de: 'a, 'a> Fill<'de> for CallPiece<'a> {
    const WHAT: &'static str = "a tool call";

    fn fill<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "index" => self.index = map.next_value()?,
            "id" => self.id = map.next_value()?,
            "function" => self.function = map.next_value()?,
            "custom" => self.custom = map.next_value()?,
            "type" => {
                map.next_value::<IgnoredAny>()?;
            }
            _ => keep(&mut self.rest, name, map.next_value()?),
        }
        Ok(())
    }
}

impl<'de: 'a, 'a> Fill<'de> for FunctionPiece<'a> {
    const WHAT: &'static str = "a function";

    fn fill<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "name" => self.name = map.next_value()?,
            "arguments" => {
                let written: &RawValue = map.next_value()?;
                self.arguments = if written.get().starts_with('{') {
                    // Not as the wire has it, but as some vendors write it: kept token by token.
                    Loose::Text(compact(written.get()).into())
                } else {
                    serde_json::from_str(written.get()).map_err(A::Error::custom)?
                };
            }
            _ => {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// Fields of a message that repeat what is said elsewhere, or pad it.
fn is_noise(name: &str) -> bool {
    matches!(
        name,
        "role"
            | "name"
            | "channel"
            | "obfuscation"
            | "p"
            | "padding"
            | "parsed"
            | "provider_metadata"
            | "token_id"
            | "token_ids"
    )
}

fn keep(rest: &mut Map<String, Value>, name: &str, value: Value) {
    if !says_nothing(&value) {
        rest.insert(name.to_owned(), value);
    }
}

/// Null, empty, or made of nothing else: some vendors write every field of every message.
fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(_) => false,
        Value::Number(number) => number.as_u64() == Some(0),
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.values().all(says_nothing),
    }
}
