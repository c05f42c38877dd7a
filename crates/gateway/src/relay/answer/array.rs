//! A stream of events made into the elements of one JSON array: how Google streams where nobody asks for events.

/// An array that is being written.
#[derive(Debug, Default)]
pub(super) struct Array {
    is_begun: bool,
}

impl Array {
    /// Complete frames of server-sent events, one line of data each, as elements. Frames without data only show that
    /// the stream lives: white space.
    pub(super) fn elements(&mut self, events: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(events.len());
        for line in events.split(|byte| *byte == b'\n') {
            let Some(data) = line.strip_prefix(b"data:") else {
                continue;
            };
            out.extend_from_slice(if self.is_begun { b",\r\n" } else { b"[" });
            out.extend_from_slice(data.trim_ascii());
            self.is_begun = true;
        }
        if out.is_empty() {
            out.push(b'\n');
        }
        out
    }

    /// What ends the array.
    pub(super) fn end(&self) -> &'static [u8] {
        if self.is_begun { b"]\n" } else { b"[]\n" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_become_elements_of_one_array() {
        let mut array = Array::default();
        let mut text = Vec::new();
        for events in [
            ": wait\n\n",
            "data: {\"a\":1}\n\n",
            "data: {\"b\":\"data: \\n\"}\r\n\r\ndata:{}\n\n",
            "\n\n",
        ] {
            let elements = array.elements(events.as_bytes());
            assert!(!elements.is_empty());
            text.extend(elements);
        }
        text.extend(array.end());
        let read: serde_json::Value = serde_json::from_slice(&text).unwrap();
        assert_eq!(read, serde_json::json!([{"a": 1}, {"b": "data: \n"}, {}]));
    }

    #[test]
    fn an_array_may_be_empty() {
        assert_eq!(Array::default().end(), b"[]\n");
    }
}
