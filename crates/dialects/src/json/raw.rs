//! Objects as they were written: what a model says to a tool, and a tool to a model, goes on token by token.
//!
//! `1.50` is no `1.5` to who reads a price, and `12345678901234567890123` no number that a value tree can hold. So
//! where a dialect has arguments as objects, their text is kept beside the value tree, found by its path, and taken by
//! [`crate::Fields::json_text`]. White space between tokens is not kept: it would break lines of streams.

use std::{
    borrow::Cow,
    collections::{HashMap, hash_map::Entry},
    fmt,
    sync::Arc,
};

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// The texts of some objects of a body, by their paths. Mostly there are none. `None` stands where a path is there twice:
/// which of the two the value tree has is not known here, so its own value counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Texts(Option<Arc<HashMap<String, Option<String>>>>);

impl Texts {
    /// No texts.
    pub(crate) const NONE: Self = Self(None);

    /// The texts of the objects in fields of these names, wherever they stand in a body that is JSON.
    pub(crate) fn of(body: &[u8], names: &[&str]) -> Self {
        if !names.iter().any(|name| has_object(body, name)) {
            return Self::NONE;
        }
        let mut search = Search {
            names,
            path: String::new(),
            found: HashMap::new(),
        };
        let mut reader = serde_json::Deserializer::from_slice(body);
        // Whether the body is JSON is judged by who reads it.
        let _read = (&mut search).deserialize(&mut reader);
        if search.found.is_empty() {
            return Self::NONE;
        }
        Self(Some(Arc::new(search.found)))
    }

    /// The text of the object at this path.
    pub(crate) fn at(&self, path: &str) -> Option<&str> {
        self.0.as_ref()?.get(&*plain(path))?.as_deref()
    }
}

/// A path without what spellings differ in: `function_call` is `functionCall` on Google's wire.
fn plain(path: &str) -> Cow<'_, str> {
    if path
        .bytes()
        .any(|byte| byte == b'_' || byte.is_ascii_uppercase())
    {
        let plain = path.chars().filter(|letter| *letter != '_');
        return Cow::Owned(plain.map(|letter| letter.to_ascii_lowercase()).collect());
    }
    Cow::Borrowed(path)
}

/// Whether the bytes hold a field of this name with an object behind it.
fn has_object(body: &[u8], name: &str) -> bool {
    let quoted = format!("\"{name}\"");
    memchr::memmem::find_iter(body, &quoted).any(|place| {
        let behind = body.get(place + quoted.len()..).unwrap_or_default();
        let behind = behind.trim_ascii_start().strip_prefix(b":");
        behind.is_some_and(|value| value.trim_ascii_start().first() == Some(&b'{'))
    })
}

/// The text of a JSON value without the white space between its tokens.
pub(crate) fn compact(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut is_quoted, mut is_escaped) = (false, false);
    for letter in text.chars() {
        if is_quoted {
            let ends = letter == '"' && !is_escaped;
            is_escaped = letter == '\\' && !is_escaped;
            is_quoted = !ends;
        } else if matches!(letter, ' ' | '\t' | '\n' | '\r') {
            continue;
        } else {
            is_quoted = letter == '"';
        }
        out.push(letter);
    }
    out
}

struct Search<'n> {
    names: &'n [&'n str],
    path: String,
    found: HashMap<String, Option<String>>,
}

impl<'de> DeserializeSeed<'de> for &mut Search<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Search<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let length = self.path.len();
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            if length > 0 {
                self.path.push('.');
            }
            self.path.push_str(&name);
            if self.names.contains(&&*name) {
                let text = map.next_value::<&RawValue>()?.get();
                let path = plain(&self.path).into_owned();
                match self.found.entry(path) {
                    Entry::Occupied(mut twice) => drop(twice.insert(None)),
                    Entry::Vacant(once) => {
                        once.insert(text.starts_with('{').then(|| compact(text)));
                    }
                }
            } else {
                map.next_value_seed(&mut *self)?;
            }
            self.path.truncate(length);
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let length = self.path.len();
        let mut index = 0_usize;
        loop {
            self.path.push_str(&format!("[{index}]"));
            let next = list.next_element_seed(&mut *self)?;
            self.path.truncate(length);
            if next.is_none() {
                return Ok(());
            }
            index = index.saturating_add(1);
        }
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        IgnoredAny.visit_some(deserializer).map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = r#"{
        "parts": [{"text": "args"}, {"function_call": {"args": { "price" : 1.50, "id": 12345678901234567890123,
            "text": "a \" b\\", "list": [1e3, -0.0] }}}],
        "args": "no object", "same": {"args": {}}
    }"#;

    #[test]
    fn objects_are_kept_as_they_were_written() {
        let texts = Texts::of(BODY.as_bytes(), &["args"]);
        let kept =
            r#"{"price":1.50,"id":12345678901234567890123,"text":"a \" b\\","list":[1e3,-0.0]}"#;
        assert_eq!(texts.at("parts[1].function_call.args"), Some(kept));
        assert_eq!(texts.at("parts[1].functionCall.args"), Some(kept));
        assert_eq!(texts.at("same.args"), Some("{}"));
        assert_eq!(texts.at("args"), None);
        assert_eq!(
            Texts::of(BODY.as_bytes(), &["text"]).at("parts[0].text"),
            None
        );
    }

    #[test]
    fn what_stands_twice_is_what_the_value_tree_has() {
        for body in [
            r#"{"call": {"args": {"a": 1.0, "a2": 1}, "args": {"b": 2.0}}}"#,
            r#"{"call": {"args": {"a": 1.0}, "args": "text"}}"#,
            r#"{"call": {"args": {"a": 1.0}}, "CALL": {"args": {"b": 2.0}}}"#,
            r#"{"call.args": 1, "call": {"args": {"a": 1.0}}, "call": {"args": {}}}"#,
        ] {
            let texts = Texts::of(body.as_bytes(), &["args"]);
            assert_eq!(texts.at("call.args"), None, "{body}");
        }
    }

    #[test]
    fn a_body_that_is_no_json_has_none_behind_the_break() {
        let texts = Texts::of(br#"{"args": {"a": 1}, "b": {"args": {"#, &["args"]);
        assert_eq!(texts.at("args"), Some(r#"{"a":1}"#));
        assert_eq!(texts.at("b.args"), None);
    }
}
