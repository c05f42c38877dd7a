//! Names that Bedrock takes only in few letters: of documents, and of calls.

use std::{borrow::Cow, collections::HashSet};

/// The most characters of a document's name.
const DOCUMENT_CHARS_MAX: usize = 200;
/// The most characters of a call's id.
const ID_CHARS_MAX: usize = 64;

/// The names of documents given so far: each must differ from the others.
#[derive(Debug, Default)]
pub(super) struct Names(HashSet<String>);

impl Names {
    /// A name for a document, as near to `wanted` as Bedrock takes it: letters, digits, single spaces, hyphens and
    /// brackets; endings go, the format says them.
    pub(super) fn document(&mut self, wanted: Option<&str>) -> String {
        let stem = wanted.map_or("", |name| {
            name.rsplit_once('.').map_or(name, |(stem, _)| stem)
        });
        let is_taken = |letter: char| {
            letter.is_ascii_alphanumeric() || matches!(letter, '-' | '(' | ')' | '[' | ']')
        };
        let spaced: String = stem
            .chars()
            .map(|letter| if is_taken(letter) { letter } else { ' ' })
            .take(DOCUMENT_CHARS_MAX - 8)
            .collect();
        let words: Vec<&str> = spaced.split_whitespace().collect();
        let stem = match words.as_slice() {
            [] => "Document".to_owned(),
            words => words.join(" "),
        };
        let mut name = stem.clone();
        let mut number = 1_usize;
        while !self.0.insert(name.clone()) {
            number += 1;
            name = format!("{stem} {number}");
        }
        name
    }
}

/// A call's id in the letters that Bedrock takes; call and result are changed alike.
pub(super) fn call_id(id: &str) -> Cow<'_, str> {
    let is_taken = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
    if id.is_empty() {
        Cow::Borrowed("call")
    } else if id.chars().all(is_taken) && id.len() <= ID_CHARS_MAX {
        Cow::Borrowed(id)
    } else {
        let letters = id.chars().take(ID_CHARS_MAX);
        let letters = letters.map(|letter| if is_taken(letter) { letter } else { '_' });
        Cow::Owned(letters.collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn documents_have_plain_names_and_no_two_the_same() {
        let mut names = Names::default();
        for (wanted, name) in [
            (Some("Report (2026).pdf"), "Report (2026)"),
            (Some("report_final.v2.pdf"), "report final v2"),
            (Some("Report (2026).txt"), "Report (2026) 2"),
            (None, "Document"),
            (Some("\u{e4}.pdf"), "Document 2"),
            (Some("..."), "Document 3"),
        ] {
            assert_eq!(names.document(wanted), name);
        }
    }

    proptest! {
        #[test]
        fn every_name_is_one_that_bedrock_takes(wanted in ".{0,300}") {
            let name = Names::default().document(Some(&wanted));
            prop_assert!((1..=DOCUMENT_CHARS_MAX).contains(&name.len()));
            prop_assert!(!name.contains("  ") && name.is_ascii(), "{}", name);
            let id = call_id(&wanted);
            prop_assert!((1..=ID_CHARS_MAX).contains(&id.len()));
            prop_assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte)));
        }
    }
}
