//! Whether a JSON value that comes in pieces is whole.

/// Follows the nesting of one JSON object over its fragments.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Scan {
    depth: u32,
    in_string: bool,
    is_escaped: bool,
    is_whole: bool,
}

impl Scan {
    /// Takes in the next fragment.
    pub(super) fn add(&mut self, fragment: &str) {
        for byte in fragment.bytes() {
            if self.in_string {
                match byte {
                    _ if self.is_escaped => self.is_escaped = false,
                    b'\\' => self.is_escaped = true,
                    b'"' => self.in_string = false,
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth = self.depth.saturating_add(1),
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    self.is_whole = self.depth == 0;
                }
                _ => {}
            }
        }
    }

    /// Whether the object has been closed.
    pub(super) const fn is_whole(self) -> bool {
        self.is_whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_whole_at_its_last_brace_wherever_it_is_cut() {
        let text = r#"{"a":"}\"}\\","b":[{"c":{}}]}"#;
        for cut in 0..=text.len() {
            let (head, tail) = text.split_at(cut);
            let mut scan = Scan::default();
            scan.add(head);
            assert_eq!(scan.is_whole(), tail.is_empty(), "{cut}");
            scan.add(tail);
            assert!(scan.is_whole());
        }
    }
}
