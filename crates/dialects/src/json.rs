//! Writing JSON straight into bytes: answers and streams are built without value trees in between. How it is read stands
//! in the folder.

mod broken;
pub(crate) mod fields;
pub(crate) mod raw;

use serde::Serialize;

/// An object under way. Fields are written in the order of the calls; [`Object::close`] ends it.
pub(crate) struct Object<'a> {
    out: &'a mut Vec<u8>,
    is_empty: bool,
}

/// A list under way.
pub(crate) struct Array<'a> {
    out: &'a mut Vec<u8>,
    len: usize,
}

impl<'a> Object<'a> {
    /// Begins an object.
    pub(crate) fn open(out: &'a mut Vec<u8>) -> Self {
        out.push(b'{');
        Self {
            out,
            is_empty: true,
        }
    }

    /// Goes on with an object whose bytes so far (`{"a":1`) stand at the end of `out`.
    pub(crate) fn resume(out: &'a mut Vec<u8>) -> Self {
        Self {
            out,
            is_empty: false,
        }
    }

    /// Writes a field's name; the value is written next, by the caller.
    pub(crate) fn key(&mut self, name: &str) -> &mut Vec<u8> {
        if !self.is_empty {
            self.out.push(b',');
        }
        self.is_empty = false;
        write(self.out, name);
        self.out.push(b':');
        self.out
    }

    /// Writes a field of any kind.
    pub(crate) fn field<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) {
        write(self.key(name), value);
    }

    /// Writes a field that may be absent; absent ones are left out.
    pub(crate) fn optional<T: Serialize>(&mut self, name: &str, value: Option<T>) {
        if let Some(value) = value {
            self.field(name, &value);
        }
    }

    /// Writes a field that is there although it says nothing.
    pub(crate) fn null(&mut self, name: &str) {
        self.key(name).extend_from_slice(b"null");
    }

    /// Writes a field whose value is JSON text already.
    pub(crate) fn raw(&mut self, name: &str, text: &str) {
        self.key(name).extend_from_slice(text.as_bytes());
    }

    /// Begins an object as a field.
    pub(crate) fn object(&mut self, name: &str) -> Object<'_> {
        Object::open(self.key(name))
    }

    /// Begins a list as a field.
    pub(crate) fn array(&mut self, name: &str) -> Array<'_> {
        Array::open(self.key(name))
    }

    /// Ends the object.
    pub(crate) fn close(self) {
        self.out.push(b'}');
    }
}

impl<'a> Array<'a> {
    /// Begins a list.
    pub(crate) fn open(out: &'a mut Vec<u8>) -> Self {
        out.push(b'[');
        Self { out, len: 0 }
    }

    /// How many elements it has.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Makes room for the next element; its value is written by the caller.
    pub(crate) fn next(&mut self) -> &mut Vec<u8> {
        if self.len > 0 {
            self.out.push(b',');
        }
        self.len += 1;
        self.out
    }

    /// Writes an element of any kind.
    pub(crate) fn item<T: Serialize + ?Sized>(&mut self, value: &T) {
        write(self.next(), value);
    }

    /// Begins an object as the next element.
    pub(crate) fn object(&mut self) -> Object<'_> {
        Object::open(self.next())
    }

    /// Ends the list.
    pub(crate) fn close(self) {
        self.out.push(b']');
    }
}

/// The text of a JSON object, for wires that want arguments as objects; `{}` for no text. `None` where it is
/// something else.
pub(crate) fn object_text(text: &str) -> Option<&str> {
    match text.trim() {
        "" => Some("{}"),
        text if text.starts_with('{') => serde_json::from_str::<serde::de::IgnoredAny>(text)
            .is_ok()
            .then_some(text),
        _ => None,
    }
}

/// Appends a value as JSON.
pub(crate) fn write<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    // Writing to memory cannot fail, and what is written here has only text keys and finite numbers.
    let _infallible = serde_json::to_writer(out, value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_json_in_the_order_of_the_calls() {
        let mut out = Vec::new();
        let mut object = Object::open(&mut out);
        object.field("b", "quote \" and \u{1}");
        object.null("a");
        object.raw("cost", "0.0000125");
        object.optional("absent", None::<u64>);
        let mut list = object.array("list");
        list.item(&1);
        list.object().close();
        list.close();
        object.close();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            r#"{"b":"quote \" and \u0001","a":null,"cost":0.0000125,"list":[1,{}]}"#
        );
    }
}
