//! What an answer looks like on the wire, whole or in pieces, across all vendors of this dialect.
//!
//! Vendors differ in what is null, absent, a number or a text. So scalars are read as [`Loose`] values and
//! judged one level up: an odd field costs that field, never the answer. This is the hot path of a stream:
//! known fields are read without value trees, and text is borrowed from the frame until it is an event.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::{Map, Number, Value};

use crate::{Error, fields::json_error};

/// A whole answer, or one chunk of a streamed one.
#[derive(Debug, Deserialize)]
pub(super) struct Chunk<'a> {
    #[serde(borrow, default)]
    pub(super) id: Loose<'a>,
    #[serde(borrow, default)]
    pub(super) object: Loose<'a>,
    #[serde(borrow, default)]
    pub(super) model: Loose<'a>,
    #[serde(borrow, default)]
    pub(super) created: Loose<'a>,
    #[serde(borrow, default)]
    pub(super) system_fingerprint: Loose<'a>,
    #[serde(borrow, default)]
    pub(super) service_tier: Loose<'a>,
    #[serde(borrow, default)]
    pub(super) choices: Option<Vec<Piece<'a>>>,
    #[serde(borrow, default)]
    pub(super) usage: Loose<'a>,
    #[serde(borrow, default)]
    pub(super) x_groq: Loose<'a>,
    #[serde(borrow, default)]
    pub(super) error: Loose<'a>,
    /// Errors of some vendors stand at the top.
    #[serde(borrow, default)]
    pub(super) message: Loose<'a>,
    #[serde(borrow, default)]
    pub(super) detail: Loose<'a>,
    /// Perplexity: addresses of the sources.
    #[serde(borrow, default)]
    pub(super) citations: Loose<'a>,
    /// Perplexity: the same with titles.
    #[serde(borrow, default)]
    pub(super) search_results: Loose<'a>,
}

impl<'a> Chunk<'a> {
    /// Reads a whole answer, or one chunk.
    pub(super) fn parse(body: &'a [u8]) -> Result<Self, Error> {
        // serde would take a list for a struct.
        if body.trim_ascii_start().first() == Some(&b'[') {
            return Err(Error::Field {
                path: "the body".to_owned(),
                expected: "an object".to_owned(),
                found: "an array".to_owned(),
            });
        }
        serde_json::from_slice(body).map_err(|error| json_error(body, &error))
    }
}

/// A choice of an answer, or a piece of one.
#[derive(Debug, Deserialize)]
pub(super) struct Piece<'a> {
    #[serde(borrow, default)]
    pub(super) index: Loose<'a>,
    #[serde(borrow, default)]
    pub(super) delta: Option<Delta<'a>>,
    #[serde(borrow, default)]
    pub(super) message: Option<Delta<'a>>,
    #[serde(borrow, default)]
    pub(super) finish_reason: Loose<'a>,
    #[serde(borrow, default)]
    pub(super) native_finish_reason: Loose<'a>,
    #[serde(borrow, default)]
    pub(super) logprobs: Loose<'a>,
    /// vLLM: the stop sequence that ended it.
    #[serde(borrow, default)]
    pub(super) stop_reason: Loose<'a>,
    #[serde(borrow, default)]
    pub(super) error: Loose<'a>,
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
#[derive(Debug, Default, Deserialize)]
pub(super) struct FunctionPiece<'a> {
    #[serde(borrow, default)]
    pub(super) name: Loose<'a>,
    #[serde(borrow, default)]
    pub(super) arguments: Loose<'a>,
}

/// Any JSON value, its text borrowed where that is possible.
#[derive(Debug, Default)]
pub(super) enum Loose<'a> {
    /// `null`, or not there at all.
    #[default]
    Nothing,
    Bool(bool),
    Number(Number),
    Text(Cow<'a, str>),
    List(Vec<Value>),
    /// Boxed, so that the many fields that are no objects stay small to move.
    Object(Box<Map<String, Value>>),
}

impl<'a> Loose<'a> {
    /// The text, where it is one and not empty.
    pub(super) fn text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Text(text) if !text.is_empty() => Some(text),
            Self::Text(_)
            | Self::Nothing
            | Self::Bool(_)
            | Self::Number(_)
            | Self::List(_)
            | Self::Object(_) => None,
        }
    }

    /// The same as an owned text.
    pub(super) fn string(self) -> Option<String> {
        self.text().map(Cow::into_owned)
    }

    /// The whole number, where it is one.
    pub(super) fn u64(&self) -> Option<u64> {
        match self {
            Self::Number(number) => number.as_u64(),
            Self::Nothing | Self::Bool(_) | Self::Text(_) | Self::List(_) | Self::Object(_) => None,
        }
    }

    /// The list; empty where it is something else.
    pub(super) fn list(self) -> Vec<Value> {
        match self {
            Self::List(list) => list,
            Self::Nothing | Self::Bool(_) | Self::Number(_) | Self::Text(_) | Self::Object(_) => {
                Vec::new()
            }
        }
    }

    /// Whether there is nothing.
    pub(super) const fn is_nothing(&self) -> bool {
        matches!(self, Self::Nothing)
    }

    /// The value as a tree.
    pub(super) fn into_value(self) -> Value {
        match self {
            Self::Nothing => Value::Null,
            Self::Bool(yes) => Value::Bool(yes),
            Self::Number(number) => Value::Number(number),
            Self::Text(text) => Value::String(text.into_owned()),
            Self::List(list) => Value::Array(list),
            Self::Object(map) => Value::Object(*map),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Loose<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LooseVisitor)
    }
}

struct LooseVisitor;

impl<'de> Visitor<'de> for LooseVisitor {
    type Value = Loose<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Loose::Nothing)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Loose::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Loose::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Loose::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Number::from_f64(value).map_or(Loose::Nothing, Loose::Number))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Loose::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Loose::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_string<E>(self, value: String) -> Result<Self::Value, E> {
        Ok(Loose::Text(Cow::Owned(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = seq.next_element()? {
            list.push(item);
        }
        Ok(Loose::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let map = Map::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Loose::Object(Box::new(map)))
    }
}

/// The name of a field, borrowed.
struct Name<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Name<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = Loose::deserialize(deserializer)?;
        Ok(Self(name.text().unwrap_or_default()))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Delta<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(DeltaVisitor)
    }
}

struct DeltaVisitor;

impl<'de> Visitor<'de> for DeltaVisitor {
    type Value = Delta<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a message")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut delta = Delta::default();
        while let Some(Name(name)) = map.next_key()? {
            match &*name {
                "content" => delta.content = map.next_value()?,
                "reasoning" => delta.reasoning = map.next_value()?,
                "reasoning_content" => delta.reasoning_content = map.next_value()?,
                "reasoning_details" => delta.reasoning_details = map.next_value()?,
                "refusal" => delta.refusal = map.next_value()?,
                "tool_calls" => {
                    delta.tool_calls = map.next_value::<Option<Vec<_>>>()?.unwrap_or_default();
                }
                "annotations" => delta.annotations = map.next_value()?,
                "images" => delta.images = map.next_value()?,
                name if is_noise(name) => {
                    map.next_value::<IgnoredAny>()?;
                }
                _ => keep(&mut delta.rest, &name, map.next_value()?),
            }
        }
        Ok(delta)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for CallPiece<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(CallVisitor)
    }
}

struct CallVisitor;

impl<'de> Visitor<'de> for CallVisitor {
    type Value = CallPiece<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a tool call")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut call = CallPiece::default();
        while let Some(Name(name)) = map.next_key()? {
            match &*name {
                "index" => call.index = map.next_value()?,
                "id" => call.id = map.next_value()?,
                "function" => call.function = map.next_value()?,
                "custom" => call.custom = map.next_value()?,
                "type" => {
                    map.next_value::<IgnoredAny>()?;
                }
                _ => keep(&mut call.rest, &name, map.next_value()?),
            }
        }
        Ok(call)
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
