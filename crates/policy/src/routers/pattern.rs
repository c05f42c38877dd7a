//! Patterns of models' names: `anthropic/*`, `*/gpt-4o*`. A star stands for anything, also for nothing.

use super::Error;

/// The most patterns of one list.
const PATTERNS_MAX: usize = 1_024;
/// The most characters of one of them.
const PATTERN_CHARS_MAX: usize = 1_024;
/// The most characters of all of one list.
const ALL_CHARS_MAX: usize = 65_536;

/// A list of patterns; a name matches where one of them does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patterns(Vec<Box<str>>);

impl Patterns {
    /// Reads a list of patterns out of the field of that name.
    ///
    /// # Errors
    /// There are too many, or they are too long.
    pub fn new<'a>(field: &str, all: impl Iterator<Item = &'a str>) -> Result<Self, Error> {
        let mut patterns = Vec::new();
        let mut left = ALL_CHARS_MAX;
        for pattern in all {
            let length = pattern.chars().count();
            if patterns.len() == PATTERNS_MAX {
                let say = format!("expected at most {PATTERNS_MAX} patterns");
                return Err(Error::new(field, say));
            }
            if length == 0 || length > PATTERN_CHARS_MAX {
                let say = format!("expected patterns of 1 to {PATTERN_CHARS_MAX} characters");
                let at = format!("{field}.{}", patterns.len());
                return Err(Error::new(&at, say));
            }
            left = left.checked_sub(length).ok_or_else(|| {
                Error::new(
                    field,
                    format!("expected at most {ALL_CHARS_MAX} characters in all"),
                )
            })?;
            patterns.push(pattern.to_ascii_lowercase().into());
        }
        Ok(Self(patterns))
    }

    /// Whether a slug, which is in lower case, matches one of them.
    #[must_use]
    pub fn match_slug(&self, slug: &str) -> bool {
        self.0.iter().any(|pattern| is_match(pattern, slug))
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Each piece between stars is looked for behind the one before it: the earliest place leaves the most for the rest.
fn is_match(pattern: &str, name: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(mut left) = name.strip_prefix(first) else {
        return false;
    };
    let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
    let Some(until) = left.strip_suffix(last) else {
        return false;
    };
    left = until;
    middle.split('*').all(|piece| match left.split_once(piece) {
        Some((_, behind)) => {
            left = behind;
            true
        }
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn patterns(all: &[&str]) -> Patterns {
        Patterns::new("allowed_models", all.iter().copied()).unwrap()
    }

    #[test]
    fn a_star_stands_for_anything_and_for_nothing() {
        for (pattern, name, matches) in [
            ("anthropic/*", "anthropic/claude-opus-5", true),
            ("anthropic/*", "openai/gpt-5", false),
            ("*", "openai/gpt-5", true),
            ("openai/gpt-5", "openai/gpt-5", true),
            ("openai/gpt-5", "openai/gpt-5-mini", false),
            ("openai/gpt-5*", "openai/gpt-5", true),
            ("*/gpt-*-mini", "openai/gpt-5-mini", true),
            ("*/gpt-*-mini", "openai/gpt-5-nano", false),
            ("a*b*b", "ab", false),
            ("a*b*b", "abb", true),
            ("**gpt**", "openai/gpt-5", true),
            ("OpenAI/*", "openai/gpt-5", true),
        ] {
            assert_eq!(
                patterns(&[pattern]).match_slug(name),
                matches,
                "{pattern} {name}"
            );
        }
        assert!(!Patterns::default().match_slug("openai/gpt-5"));
    }

    #[test]
    fn limits_hold_exactly() {
        let long = "a".repeat(PATTERN_CHARS_MAX);
        let new = |all: Vec<&str>| Patterns::new("allowed_models", all.into_iter());
        assert!(new(vec!["a"; PATTERNS_MAX]).is_ok());
        let error = new(vec!["a"; PATTERNS_MAX + 1]).unwrap_err();
        assert_eq!(error.field(), "allowed_models");
        assert!(new(vec![&long]).is_ok());
        assert!(new(vec![&format!("{long}a")]).is_err());
        assert!(new(vec![""]).is_err());
        assert!(new(vec![&long; ALL_CHARS_MAX / PATTERN_CHARS_MAX]).is_ok());
        assert!(new(vec![&long; ALL_CHARS_MAX / PATTERN_CHARS_MAX + 1]).is_err());
    }

    /// The slow and obvious way.
    fn obviously(pattern: &[u8], name: &[u8]) -> bool {
        match (pattern.split_first(), name.split_first()) {
            (None, None) => true,
            (Some((b'*', rest)), _) => {
                obviously(rest, name)
                    || name
                        .split_first()
                        .is_some_and(|(_, behind)| obviously(pattern, behind))
            }
            (Some((one, rest)), Some((other, behind))) if one == other => obviously(rest, behind),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn it_matches_as_the_obvious_way_does(pattern in "[ab*]{0,8}", name in "[ab]{0,8}") {
            prop_assert_eq!(
                is_match(&pattern, &name),
                obviously(pattern.as_bytes(), name.as_bytes())
            );
        }
    }
}
