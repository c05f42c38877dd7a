//! Which endpoints a rule means: `MODEL@PROVIDER`, each half a name with `*` for any letters, or left out for all.

use std::{fmt, str::FromStr};

use crate::catalog::Endpoint;

/// Names endpoints. `openai/gpt-4o@azure` is that model there, `@azure` all of that provider, `openai/*` all models of that
/// author wherever they are served, `*@google-vertex/eu*` all of those regions.
///
/// A provider without a slash means all its endpoints; one with a slash exactly that one, as in a request's `provider`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pattern {
    /// `*` where all are meant.
    model: Box<str>,
    provider: Box<str>,
}

/// Why a text is no pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected MODEL@PROVIDER such as \"openai/gpt-4o@azure\", \"openai/*\" or \"@azure\"")]
pub struct Error;

impl Pattern {
    /// Whether it means this endpoint.
    #[must_use]
    pub fn is_of(&self, endpoint: &Endpoint) -> bool {
        matches(&self.model, endpoint.model.as_str())
            && (matches(&self.provider, &endpoint.tag)
                || (!self.provider.contains('/')
                    && matches(&self.provider, endpoint.provider.as_str())))
    }

    /// The model, where it is exactly one.
    #[must_use]
    pub fn only_model(&self) -> Option<&str> {
        (!self.model.contains('*')).then_some(&*self.model)
    }

    /// The provider, where it is exactly one: what stands before the slash of an endpoint's name.
    #[must_use]
    pub fn only_provider(&self) -> Option<&str> {
        let (provider, _) = self
            .provider
            .split_once('/')
            .unwrap_or((&self.provider, ""));
        (!provider.contains('*')).then_some(provider)
    }
}

impl FromStr for Pattern {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let (model, provider) = text.split_once('@').unwrap_or((text, ""));
        let strange =
            |text: &str| text.contains(|letter: char| letter == '@' || letter.is_whitespace());
        if text.is_empty() || text == "@" || strange(model) || strange(provider) {
            return Err(Error);
        }
        // A model has an author, so that a provider's name alone is no pattern by mistake.
        if !model.is_empty() && !model.contains(['/', '*']) {
            return Err(Error);
        }
        let all = |half: &str| if half.is_empty() { "*" } else { half }.into();
        Ok(Self {
            model: all(model),
            provider: all(provider),
        })
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.model, self.provider)
    }
}

/// Whether a text is what the pattern says, `*` standing for any letters, none included. Case does not matter.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut read) = (0, 0);
    // Where to go on when the last star must stand for one letter more.
    let mut star: Option<(usize, usize)> = None;
    while let Some(letter) = text.get(read) {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, read));
                at += 1;
            }
            Some(own) if own.eq_ignore_ascii_case(letter) => {
                at += 1;
                read += 1;
            }
            Some(_) | None => {
                let Some((place, from)) = star else {
                    return false;
                };
                star = Some((place, from + 1));
                at = place + 1;
                read = from + 1;
            }
        }
    }
    let left = pattern.get(at..).unwrap_or_default();
    left.iter().all(|letter| *letter == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_letters() {
        for (pattern, text) in [
            ("*", ""),
            ("*", "openai/gpt-4o"),
            ("openai/*", "openai/gpt-4o"),
            ("*/gpt-*o", "openai/gpt-4o"),
            ("*mini*", "openai/gpt-4o-mini-high"),
            ("OpenAI/gpt-4o", "openai/gpt-4o"),
            ("a*b*c", "aXbYbZc"),
        ] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("openai/*", "azure/x"),
            ("a*b*c", "aXbYbZ"),
            ("gpt", "gpt-4o"),
            ("", "a"),
        ] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for wrong in ["", "@", "azure", "a/b@c@d", "a /b", "a/b@ c"] {
            assert_eq!(wrong.parse::<Pattern>(), Err(Error), "{wrong}");
        }
        let pattern: Pattern = "@azure".parse().unwrap();
        assert_eq!(pattern.to_string(), "*@azure");
        assert_eq!(pattern.only_provider(), Some("azure"));
        assert_eq!(pattern.only_model(), None);
    }
}
