//! How a vendor wants to be shown its key. Always in a header: a key in a URL ends in somebody's
//! log.

use canon::{Dialect, Secret};
use http::{HeaderName, HeaderValue, header};

/// How a vendor wants to be shown its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// `Authorization: Bearer <key>`.
    Bearer,
    /// A header of its own with the bare key (`x-api-key`); lower case.
    Header(&'static str),
}

impl Auth {
    /// How the reference vendor of a dialect does it, and whoever copies its wire.
    #[must_use]
    pub const fn usual(dialect: Dialect) -> Self {
        match dialect {
            Dialect::OpenAiChat
            | Dialect::OpenAiResponses
            | Dialect::OpenAiCompletions
            | Dialect::Bedrock
            | Dialect::Cohere
            | Dialect::Ollama => Self::Bearer,
            Dialect::Anthropic => Self::Header("x-api-key"),
            Dialect::Gemini => Self::Header("x-goog-api-key"),
        }
    }

    /// The header that shows this key, marked so that no one prints it; `None` where the key has
    /// characters that no header may have.
    pub(crate) fn sign(self, key: &Secret<String>) -> Option<(HeaderName, HeaderValue)> {
        let (name, value) = match self {
            Self::Bearer => (
                header::AUTHORIZATION,
                HeaderValue::try_from(format!("Bearer {}", key.expose())),
            ),
            Self::Header(name) => (
                HeaderName::from_static(name),
                HeaderValue::try_from(key.expose().as_str()),
            ),
        };
        let mut value = value.ok()?;
        value.set_sensitive(true);
        Some((name, value))
    }
}
