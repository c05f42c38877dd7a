//! A JSON value of whatever kind: what vendors write where a text, a number or nothing is expected.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::{Map, Number, Value};

/// Any JSON value, its text borrowed where that is possible.
#[derive(Debug, Default)]
pub(in crate::openai) enum Loose<'a> {
    /// `null`, or not there at all.
    #[default]
    Nothing,
    Bool(bool),
    Number(Number),
    Text(Cow<'a, str>),
    /// Without spare room and behind a pointer, as the object: most fields are neither, and stay small to move.
    List(Box<[Value]>),
    Object(Box<Map<String, Value>>),
}

impl<'a> Loose<'a> {
    /// The text, where it is one and not empty.
    pub(in crate::openai) fn text(self) -> Option<Cow<'a, str>> {
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
    pub(in crate::openai) fn string(self) -> Option<String> {
        self.text().map(Cow::into_owned)
    }

    /// The whole number, where it is one.
    pub(in crate::openai) fn u64(&self) -> Option<u64> {
        match self {
            Self::Number(number) => number.as_u64(),
            Self::Nothing | Self::Bool(_) | Self::Text(_) | Self::List(_) | Self::Object(_) => None,
        }
    }

    /// The list; empty where it is something else.
    pub(in crate::openai) fn list(self) -> Vec<Value> {
        match self {
            Self::List(list) => list.into_vec(),
            Self::Nothing | Self::Bool(_) | Self::Number(_) | Self::Text(_) | Self::Object(_) => {
                Vec::new()
            }
        }
    }

    /// Whether there is nothing.
    pub(in crate::openai) const fn is_nothing(&self) -> bool {
        matches!(self, Self::Nothing)
    }

    /// The value as a tree.
    pub(in crate::openai) fn into_value(self) -> Value {
        match self {
            Self::Nothing => Value::Null,
            Self::Bool(yes) => Value::Bool(yes),
            Self::Number(number) => Value::Number(number),
            Self::Text(text) => Value::String(text.into_owned()),
            Self::List(list) => Value::Array(list.into_vec()),
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
        Ok(Loose::List(list.into_boxed_slice()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let map = Map::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Loose::Object(Box::new(map)))
    }
}
