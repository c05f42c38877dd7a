//! Names of models and providers: parsed once, then trusted.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// `author/name` of a model, without a variant suffix. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModelSlug(Arc<str>);

/// The slug of a provider: `openai`, `google-ai-studio`, `lab`. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProviderId(Arc<str>);

/// Why a text is not a slug.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlugError(&'static str);

impl ModelSlug {
    /// The longest slug that is accepted, in bytes.
    pub const BYTES_MAX: usize = 200;

    /// The slug as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the slash.
    #[must_use]
    pub fn author(&self) -> &str {
        self.0.split_once('/').map_or("", |(author, _)| author)
    }

    /// The part behind the slash.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.split_once('/').map_or(&self.0, |(_, name)| name)
    }
}

impl FromStr for ModelSlug {
    type Err = SlugError;

    fn from_str(text: &str) -> Result<Self, SlugError> {
        let Some((author, name)) = text.split_once('/') else {
            return Err(SlugError("a model is written author/name"));
        };
        if author.is_empty() || name.is_empty() {
            return Err(SlugError(
                "a model is written author/name, neither part empty",
            ));
        }
        if text.len() > Self::BYTES_MAX {
            return Err(SlugError("a model's name has at most 200 bytes"));
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(SlugError(
                "a model's name has only visible ASCII characters",
            ));
        }
        Ok(Self(text.into()))
    }
}

impl ProviderId {
    /// The longest provider id that is accepted, in bytes.
    pub const BYTES_MAX: usize = 64;

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ProviderId {
    type Err = SlugError;

    fn from_str(text: &str) -> Result<Self, SlugError> {
        let fits =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte);
        if text.is_empty() || text.len() > Self::BYTES_MAX || !text.bytes().all(fits) {
            return Err(SlugError(
                "a provider's id has 1 to 64 characters out of a-z, 0-9, '-', '_' and '.'",
            ));
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for SlugError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for SlugError {}

macro_rules! as_text {
    ($name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(de::Error::custom)
            }
        }
    };
}

as_text!(ModelSlug);
as_text!(ProviderId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_slug_has_an_author_and_a_name() {
        let slug: ModelSlug = "anthropic/claude-opus-4.1".parse().unwrap();
        assert_eq!(
            (slug.author(), slug.name()),
            ("anthropic", "claude-opus-4.1")
        );
        for wrong in ["gpt-4", "/x", "x/", "a/b c", "ä/b"] {
            assert!(wrong.parse::<ModelSlug>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_provider_id_is_lower_case() {
        assert!("google-ai-studio".parse::<ProviderId>().is_ok());
        assert!("Google".parse::<ProviderId>().is_err());
    }
}
