//! The short way for whole answers: where the caller speaks the vendor's dialect, what the model said goes on as the
//! bytes it came in, and only what is ours is written anew around it (`id`, `model`, `provider`, the usage with its
//! cost, the native reason).
//!
//! It reads the forms that most answers have (text, calls of functions, the reasons to end) and nothing else: what it
//! does not know to the last field, or would be written in another spelling, it refuses, and the answer goes the long
//! way. So both ways give the same bytes or there is only one; the test holds that for every fixture, every recorded
//! answer and what a fuzzer makes of them.

use canon::{Dialect, FinishReason, Usage};
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::{Receipt, Stamp, anthropic, gemini, openai};

/// An answer in the caller's own dialect, read as far as the meter needs it.
#[derive(Debug, Default)]
pub struct Whole {
    /// The vendor's id of the answer.
    pub id: Option<String>,
    /// What the vendor counted.
    pub usage: Option<Usage>,
    /// Why the first choice ended.
    pub finish: Option<FinishReason>,
    /// The same in the vendor's word.
    pub native_finish: Option<String>,
    /// Bytes of text, thinking and arguments that the model wrote.
    pub bytes: u64,
    /// The calls of all choices, in order.
    pub calls: Vec<Called>,
    pub(crate) form: Option<Form>,
}

/// A call of a function.
#[derive(Debug)]
pub struct Called {
    /// The answer that it is of, from 0.
    pub choice: u32,
    /// The function.
    pub name: String,
    /// Its arguments, as the model wrote them.
    pub arguments: String,
}

/// What is written between our own fields.
#[derive(Debug)]
pub(crate) enum Form {
    Chat(openai::chat::Said),
    Anthropic(anthropic::Said),
    Responses(openai::responses::Said),
    Gemini(gemini::Said),
}

impl Whole {
    /// Reads an answer for a caller of the same dialect. `None` where it has to go the long way; that says nothing
    /// about whether it is a good one.
    #[must_use]
    pub fn read(dialect: Dialect, body: &[u8]) -> Option<Self> {
        // Checking the bytes as a whole is cheaper than text by text.
        let body = std::str::from_utf8(body).ok()?;
        match dialect {
            Dialect::OpenAiChat => openai::chat::read_whole(body),
            Dialect::Anthropic => anthropic::read_whole(body),
            Dialect::OpenAiResponses => openai::responses::read_whole(body),
            Dialect::Gemini => gemini::read_whole(body),
            Dialect::OpenAiCompletions
            | Dialect::Bedrock
            | Dialect::Cohere
            | Dialect::Ollama
            | Dialect::Replicate => None,
        }
    }

    /// Appends the answer as [`crate::Serve::render_response`] would.
    pub fn render(&self, stamp: &Stamp, receipt: &Receipt, out: &mut Vec<u8>) {
        match &self.form {
            Some(Form::Chat(said)) => said.render(stamp, receipt, out),
            Some(Form::Anthropic(said)) => said.render(stamp, receipt, out),
            Some(Form::Responses(said)) => said.render(stamp, receipt, out),
            Some(Form::Gemini(said)) => said.render(stamp, receipt, out),
            None => {}
        }
    }

    /// Counts a text that is passed on as it stands.
    pub(crate) fn hear(&mut self, text: &Plain<'_>) {
        self.bytes = self.bytes.saturating_add(text.bytes);
    }

    /// Counts a call and keeps it for the judge.
    pub(crate) fn call(&mut self, choice: u32, name: String, arguments: String) {
        let bytes = u64::try_from(arguments.len()).unwrap_or(u64::MAX);
        self.bytes = self.bytes.saturating_add(bytes);
        self.calls.push(Called {
            choice,
            name,
            arguments,
        });
    }
}

/// A JSON string that is written as this house writes strings, so that it can be passed on.
#[derive(Debug)]
pub(crate) struct Plain<'a> {
    /// With its quotation marks.
    pub(crate) json: &'a str,
    /// What the text has without escapes.
    pub(crate) bytes: u64,
}

impl<'a> Plain<'a> {
    /// `None` where it is no string, or has an escape that could be written otherwise.
    pub(crate) fn of(json: &'a RawValue) -> Option<Self> {
        let json = json.get();
        let mut rest = json.strip_prefix('"')?.strip_suffix('"')?.as_bytes();
        let mut bytes = rest.len();
        while let Some(found) = memchr::memchr(b'\\', rest) {
            let escape = rest.get(found + 1..)?;
            let length = match escape {
                [b'"' | b'\\' | b'n' | b'r' | b't' | b'b' | b'f', ..] => 1,
                [b'u', b'0', b'0', b'0', b'0'..=b'7' | b'b' | b'e', ..]
                | [b'u', b'0', b'0', b'1', b'0'..=b'9' | b'a'..=b'f', ..] => 5,
                _ => return None,
            };
            bytes = bytes.checked_sub(length)?;
            rest = escape.get(length..)?;
        }
        Some(Self {
            json,
            bytes: u64::try_from(bytes).ok()?,
        })
    }

    /// The text itself.
    pub(crate) fn text(&self) -> Option<String> {
        serde_json::from_str(self.json).ok()
    }
}

/// A value that is passed over, and would be an error where a value tree would be none: a number too large, half a
/// letter.
#[derive(Debug)]
pub(crate) struct Inert;

impl<'de> Deserialize<'de> for Inert {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(InertVisitor)
    }
}

struct InertVisitor;

impl<'de> Visitor<'de> for InertVisitor {
    type Value = Inert;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Inert, E> {
        Ok(Inert)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Inert, E> {
        Ok(Inert)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Inert, E> {
        Ok(Inert)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Inert, E> {
        Ok(Inert)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Inert, E> {
        Ok(Inert)
    }

    fn visit_str<E>(self, _: &str) -> Result<Inert, E> {
        Ok(Inert)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Inert, A::Error> {
        while let Some(Inert) = seq.next_element()? {}
        Ok(Inert)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Inert, A::Error> {
        while let Some((Inert, Inert)) = map.next_entry()? {}
        Ok(Inert)
    }
}

/// Levels of an object inside an answer; readers stop at 128 of the whole.
const LEVELS_MAX: usize = 100;

/// Whether JSON may be too deep for the readers of the long way, who count from the top of the answer.
pub(crate) fn is_deep(json: &str) -> bool {
    let (mut level, mut levels) = (0_usize, 0);
    let (mut is_quoted, mut is_escaped) = (false, false);
    for byte in json.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => is_quoted = !is_quoted,
            b'{' | b'[' if !is_quoted => {
                level = level.saturating_add(1);
                levels = levels.max(level);
            }
            b'}' | b']' if !is_quoted => level = level.saturating_sub(1),
            _ => {}
        }
    }
    levels > LEVELS_MAX
}

/// A field that may be there and say nothing: `null`, an empty text, an empty list. Anything else ends the short way.
#[derive(Debug, Default)]
pub(crate) struct Silent;

impl<'de> Deserialize<'de> for Silent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SilentVisitor)
    }
}

struct SilentVisitor;

impl<'de> Visitor<'de> for SilentVisitor {
    type Value = Silent;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("nothing")
    }

    fn visit_unit<E>(self) -> Result<Silent, E> {
        Ok(Silent)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Silent, E> {
        if text.is_empty() {
            Ok(Silent)
        } else {
            Err(E::custom("it says something"))
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Silent, A::Error> {
        match seq.next_element::<serde::de::IgnoredAny>()? {
            None => Ok(Silent),
            Some(_) => Err(A::Error::custom("it says something")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_passed_on_only_in_the_spelling_of_this_house() {
        for text in [
            "",
            "plain",
            "qu\"ote \\ line\nreturn\rtab\tback\u{8}feed\u{c}",
            "\u{1}\u{b}\u{1f}\u{7f}é\u{2028}🦀",
        ] {
            let json = serde_json::to_string(text).unwrap();
            let raw: Box<RawValue> = serde_json::from_str(&json).unwrap();
            let plain = Plain::of(&raw).unwrap();
            assert_eq!(
                (plain.json, plain.text().unwrap()),
                (&*json, text.to_owned())
            );
            assert_eq!(plain.bytes, text.len() as u64, "{json}");
        }
        for other in [
            r#""\/""#,
            r#""\u000a""#,
            r#""\u0041""#,
            r#""\u001F""#,
            r#""\u00e9""#,
            r#""\ud83e\udd80""#,
            "1",
            "null",
            "{}",
        ] {
            let raw: Box<RawValue> = serde_json::from_str(other).unwrap();
            assert!(Plain::of(&raw).is_none(), "{other}");
        }
    }
}
