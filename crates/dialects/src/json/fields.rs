//! Reading a JSON object field by field: what is taken is typed, what is left over is kept.

use canon::{Dialect, Extras};
use serde_json::{Map, Number, Value};

pub(crate) use super::broken::json_error;
use crate::{Error, raw::Texts};

/// The fields of one JSON object, taken out one by one. `null` counts as absent.
#[derive(Debug)]
pub struct Fields {
    path: String,
    map: Map<String, Value>,
    /// Objects in it whose text is kept.
    texts: Texts,
}

impl Fields {
    /// Reads a body that must be a JSON object.
    ///
    /// # Errors
    /// Not JSON, with the byte and the path; or not an object.
    pub fn parse(body: &[u8]) -> Result<Self, Error> {
        let value: Value =
            serde_json::from_slice(body).map_err(|error| json_error(body, &error))?;
        Self::from_value(value, String::new())
    }

    /// Reads such a body; the text of objects in fields of these names is kept for [`Fields::json_text`].
    ///
    /// # Errors
    /// As [`Fields::parse`].
    pub(crate) fn parse_keeping(body: &[u8], names: &[&str]) -> Result<Self, Error> {
        let fields = Self::parse(body)?;
        let texts = Texts::of(body, names);
        Ok(Self { texts, ..fields })
    }

    /// The fields of a value that must be an object; `path` says where it stands, for messages.
    ///
    /// # Errors
    /// It is something else.
    pub fn from_value(value: Value, path: String) -> Result<Self, Error> {
        let Value::Object(map) = value else {
            return Err(wrong(&path, "an object", &value));
        };
        let texts = Texts::NONE;
        Ok(Self { path, map, texts })
    }

    /// The fields of a value that was taken out of this object and stands at `path`.
    ///
    /// # Errors
    /// It is no object.
    pub(crate) fn inner(&self, value: Value, path: String) -> Result<Self, Error> {
        let texts = self.texts.clone();
        Ok(Self {
            texts,
            ..Self::from_value(value, path)?
        })
    }

    /// The same fields under other names.
    pub(crate) fn renamed(
        self,
        rename: impl FnOnce(Map<String, Value>) -> Map<String, Value>,
    ) -> Self {
        Self {
            map: rename(self.map),
            ..self
        }
    }

    /// Takes a value as JSON text: an object as it was written where its text is kept.
    pub(crate) fn json_text(&mut self, name: &str) -> Option<String> {
        let value = self.value(name)?;
        let text = self
            .texts
            .at(&self.path_of(name))
            .filter(|_| value.is_object());
        Some(text.map_or_else(|| value.to_string(), str::to_owned))
    }

    /// Where this object stands.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Where one of its fields stands.
    #[must_use]
    pub fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        }
    }

    /// Whether the field is there and not null.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.peek(name).is_some()
    }

    /// Looks at a field without taking it.
    #[must_use]
    pub fn peek(&self, name: &str) -> Option<&Value> {
        if self.lacks(name) {
            return None;
        }
        self.map.get(name).filter(|value| !value.is_null())
    }

    /// Takes a field, whatever it is.
    pub fn value(&mut self, name: &str) -> Option<Value> {
        if self.lacks(name) {
            return None;
        }
        // swap_remove would be quicker, and would change the order of what is left over.
        self.map.shift_remove(name).filter(|value| !value.is_null())
    }

    /// Whether a field is certainly absent. Most of those that a dialect knows are, and most objects are small: to compare
    /// a few names, mostly by their lengths, costs less than to hash the one that is looked for.
    fn lacks(&self, name: &str) -> bool {
        const COMPARED_MAX: usize = 16;
        self.map.len() <= COMPARED_MAX && !self.map.keys().any(|key| key == name)
    }

    /// Takes a text.
    ///
    /// # Errors
    /// It is something else.
    pub fn string(&mut self, name: &str) -> Result<Option<String>, Error> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(wrong(&self.path_of(name), "a string", &other)),
        }
    }

    /// Takes a text that must be there.
    ///
    /// # Errors
    /// It is absent or something else.
    pub fn required_string(&mut self, name: &str) -> Result<String, Error> {
        self.string(name)?
            .ok_or_else(|| self.missing(name, "a string"))
    }

    /// Takes true or false.
    ///
    /// # Errors
    /// It is something else.
    pub fn bool(&mut self, name: &str) -> Result<Option<bool>, Error> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::Bool(yes)) => Ok(Some(yes)),
            Some(other) => Err(wrong(&self.path_of(name), "true or false", &other)),
        }
    }

    /// Takes a whole number of 0 or more.
    ///
    /// # Errors
    /// It is something else.
    pub fn u64(&mut self, name: &str) -> Result<Option<u64>, Error> {
        match self.value(name) {
            None => Ok(None),
            Some(value) => match value.as_u64().or_else(|| whole(&value)) {
                Some(number) => Ok(Some(number)),
                None => Err(wrong(
                    &self.path_of(name),
                    "a whole number of 0 or more",
                    &value,
                )),
            },
        }
    }

    /// Takes a number in the form in which it was written.
    ///
    /// # Errors
    /// It is something else.
    pub fn number(&mut self, name: &str) -> Result<Option<Number>, Error> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::Number(number)) => Ok(Some(number)),
            Some(other) => Err(wrong(&self.path_of(name), "a number", &other)),
        }
    }

    /// Takes a number that must lie between two bounds, both allowed.
    ///
    /// # Errors
    /// It is something else or out of bounds.
    pub fn number_within(
        &mut self,
        name: &str,
        low: f64,
        high: f64,
    ) -> Result<Option<Number>, Error> {
        let number = self.number(name)?;
        if let Some(number) = &number
            && !number
                .as_f64()
                .is_some_and(|value| (low..=high).contains(&value))
        {
            return Err(Error::Field {
                path: self.path_of(name),
                expected: format!("a number from {low} to {high}"),
                found: number.to_string(),
            });
        }
        Ok(number)
    }

    /// Takes a list.
    ///
    /// # Errors
    /// It is something else.
    pub fn array(&mut self, name: &str) -> Result<Option<Vec<Value>>, Error> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::Array(list)) => Ok(Some(list)),
            Some(other) => Err(wrong(&self.path_of(name), "an array", &other)),
        }
    }

    /// Takes a list of texts.
    ///
    /// # Errors
    /// It is something else.
    pub fn strings(&mut self, name: &str) -> Result<Option<Vec<String>>, Error> {
        let Some(list) = self.array(name)? else {
            return Ok(None);
        };
        let mut texts = Vec::with_capacity(list.len());
        for (index, value) in list.into_iter().enumerate() {
            let Value::String(text) = value else {
                return Err(wrong(
                    &format!("{}[{index}]", self.path_of(name)),
                    "a string",
                    &value,
                ));
            };
            texts.push(text);
        }
        Ok(Some(texts))
    }

    /// Takes an object as it is.
    ///
    /// # Errors
    /// It is something else.
    pub fn map(&mut self, name: &str) -> Result<Option<Map<String, Value>>, Error> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::Object(map)) => Ok(Some(map)),
            Some(other) => Err(wrong(&self.path_of(name), "an object", &other)),
        }
    }

    /// Takes an object to be read field by field.
    ///
    /// # Errors
    /// It is something else.
    pub fn object(&mut self, name: &str) -> Result<Option<Self>, Error> {
        let path = self.path_of(name);
        let texts = self.texts.clone();
        Ok(self.map(name)?.map(|map| Self { path, map, texts }))
    }

    /// Takes a list of objects, each to be read field by field.
    ///
    /// # Errors
    /// It is something else.
    pub fn objects(&mut self, name: &str) -> Result<Option<Vec<Self>>, Error> {
        let Some(list) = self.array(name)? else {
            return Ok(None);
        };
        let path = self.path_of(name);
        let each = |(index, value)| self.inner(value, format!("{path}[{index}]"));
        list.into_iter()
            .enumerate()
            .map(each)
            .collect::<Result<_, _>>()
            .map(Some)
    }

    /// The error for a field that must be there and is not.
    #[must_use]
    pub fn missing(&self, name: &str, expected: &str) -> Error {
        Error::Missing {
            path: self.path_of(name),
            expected: expected.to_owned(),
        }
    }

    /// The error for a field whose value is not allowed.
    #[must_use]
    pub fn wrong(&self, name: &str, expected: &str, found: &Value) -> Error {
        wrong(&self.path_of(name), expected, found)
    }

    /// What nobody took, nulls left out, to be kept for the same dialect.
    #[must_use]
    pub fn rest(self, dialect: Dialect) -> Extras {
        Extras::new(dialect, self.into_map())
    }

    /// What nobody took, nulls left out.
    #[must_use]
    pub fn into_map(mut self) -> Map<String, Value> {
        self.map.retain(|_, value| !value.is_null());
        self.map
    }
}

/// The error for a value that is not what is allowed there.
#[must_use]
pub(crate) fn wrong(path: &str, expected: &str, found: &Value) -> Error {
    let path = if path.is_empty() { "the body" } else { path };
    Error::Field {
        path: path.to_owned(),
        expected: expected.to_owned(),
        found: describe(found),
    }
}

/// A value in a few words: its type, and itself where it is short.
fn describe(value: &Value) -> String {
    const SHOWN_MAX: usize = 40;
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(yes) => yes.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) if text.len() <= SHOWN_MAX => format!("{text:?}"),
        Value::String(_) => "a string".to_owned(),
        Value::Array(_) => "an array".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

/// `3.0` counts as 3; clients in dynamic languages send it.
pub(crate) fn whole(value: &Value) -> Option<u64> {
    let number = value.as_f64()?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to be whole, 0 or more and small"
    )]
    (number.fract() == 0.0 && (0.0..9e15).contains(&number)).then_some(number as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_json_names_the_byte_and_the_path() {
        let body = br#"{"model":"a/b","messages":[{"role":"user","content":"x"},{"role":oops}]}"#;
        let error = Fields::parse(body).unwrap_err();
        let Error::Json { byte, path, .. } = &error else {
            panic!("{error}")
        };
        assert_eq!((body[*byte], path.as_str()), (b'o', "messages[1].role"));
    }

    #[test]
    fn a_body_that_breaks_off_says_where() {
        let error = Fields::parse(b"{\"messages\":[{\"content\":\"a\nb").unwrap_err();
        assert!(
            matches!(&error, Error::Json { path, .. } if path == "messages[0].content"),
            "{error}"
        );
    }

    #[test]
    fn a_wrong_type_names_the_field_and_what_is_allowed() {
        let mut fields = Fields::parse(br#"{"temperature":"hot"}"#).unwrap();
        let error = fields.number("temperature").unwrap_err();
        assert_eq!(
            error.to_string(),
            "`temperature`: expected a number, got \"hot\""
        );
    }

    #[test]
    fn what_nobody_takes_is_kept_in_order() {
        let mut fields = Fields::parse(br#"{"b":1,"a":2,"c":null,"d":3}"#).unwrap();
        assert_eq!(fields.u64("a"), Ok(Some(2)));
        let rest = serde_json::to_string(&fields.into_map()).unwrap();
        assert_eq!(rest, r#"{"b":1,"d":3}"#);
    }
}
