//! How a vendor wants to be shown who asks: a closed list. In headers wherever a vendor takes them there: a key in a URL
//! ends in somebody's log. No known vendor forces one there; a server of one's own may.
//!
//! [`Auth`] is what is known of a vendor, [`Settings`] what an operator gave, and a [`Signer`] what comes of the two:
//! a header that never changes, a signature over each request, or a token that is fetched and kept fresh.

mod aws;
mod azure;
mod clients;
mod google;
mod grant;
mod jwt;
mod setting;
mod signer;
mod snowflake;
mod token;

use canon::{Dialect, Secret};
use http::{HeaderName, HeaderValue, header};

pub use self::setting::{Setting, SettingKind, Settings};
pub(crate) use self::{
    aws::is_over,
    signer::{Signed, Signer, in_query},
    token::TokenError,
};

/// How a vendor wants to be shown who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// `Authorization: Bearer <key>`.
    Bearer,
    /// A header of its own with the bare key (`x-api-key`); lower case.
    Header(&'static str),
    /// A member of the query with the key (`?key=…`), for servers that take it nowhere else.
    Query(&'static str),
    /// AWS Signature Version 4 for this service by the keys of a user, a role or a machine; or a Bedrock API key as
    /// bearer.
    Aws(&'static str),
    /// Google's OAuth: a service account, a user's own credentials, another house's, or the machine's.
    Google,
    /// Azure: a key in `api-key`, a client of Entra ID, or the machine's identity.
    Azure,
    /// Databricks: a personal access token as bearer, or a service principal.
    Databricks,
    /// Snowflake: a programmatic access token, or a user's key pair.
    Snowflake,
    /// IBM Cloud: a key that is exchanged for a token.
    Ibm,
}

/// Why there is nothing to show.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Missing {
    /// Nothing was given at all.
    #[error("nothing was given")]
    Everything,
    /// One setting lacks where others of its kind are there.
    #[error("{0} is missing")]
    Setting(&'static str),
    /// What was given cannot be used.
    #[error("{setting}: {why}")]
    Unusable {
        setting: &'static str,
        why: &'static str,
    },
    /// The key has characters that no header may have.
    #[error("the key has characters that cannot be sent in a header")]
    Unsendable,
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
            | Dialect::Ollama
            | Dialect::Replicate => Self::Bearer,
            Dialect::Anthropic => Self::Header("x-api-key"),
            Dialect::Gemini => Self::Header("x-goog-api-key"),
        }
    }

    /// The words for it in the configuration of a vendor of one's own.
    pub const WORDS: &[(&'static str, Self)] = &[
        ("bearer", Self::Bearer),
        ("x-api-key", Self::Header("x-api-key")),
        ("x-goog-api-key", Self::Header("x-goog-api-key")),
        ("api-key", Self::Header("api-key")),
        ("query", Self::Query("key")),
    ];

    /// The settings that credentials beyond a key are made of.
    #[must_use]
    pub const fn settings(self) -> &'static [Setting] {
        match self {
            Self::Bearer | Self::Header(_) | Self::Query(_) => &[],
            Self::Aws(_) => aws::SETTINGS,
            Self::Google => google::SETTINGS,
            Self::Azure => azure::SETTINGS,
            Self::Databricks => clients::DATABRICKS,
            Self::Snowflake => snowflake::SETTINGS,
            Self::Ibm => clients::IBM,
        }
    }

    /// What would do besides `api_key`; for the message that nothing was given.
    pub(crate) const fn instead(self) -> &'static str {
        match self {
            Self::Bearer | Self::Header(_) | Self::Query(_) | Self::Ibm => "",
            Self::Aws(_) => ", or access_key_id and secret_access_key, or profile, or role_arn",
            Self::Google => ", or credentials",
            Self::Azure => ", or tenant_id, client_id and client_secret or federated_token_file",
            Self::Databricks => ", or client_id and client_secret",
            Self::Snowflake => ", or account, user and private_key",
        }
    }

    /// What is shown with every request, given a key or other credentials.
    pub(crate) fn prepare(
        self,
        key: Option<&Secret<String>>,
        settings: &Settings,
    ) -> Result<Signed, Missing> {
        let fixed = |header: Result<_, Missing>| header.map(Signed::fixed);
        match (self, key) {
            (Self::Bearer | Self::Aws(_) | Self::Databricks, Some(key)) => fixed(bearer(key)),
            (Self::Header(name), Some(key)) => {
                fixed(bare(HeaderName::from_static(name), key.expose()))
            }
            (Self::Query(name), Some(key)) => Ok(Signed::query(name, key)),
            (Self::Azure, Some(key)) => {
                fixed(bare(HeaderName::from_static("api-key"), key.expose()))
            }
            (Self::Google, Some(key)) => fixed(bare(
                HeaderName::from_static("x-goog-api-key"),
                key.expose(),
            )),
            (Self::Snowflake, Some(key)) => snowflake::by_token(key),
            (Self::Ibm, Some(key)) => clients::ibm(key, settings),
            (Self::Bearer | Self::Header(_) | Self::Query(_) | Self::Ibm, None) => {
                Err(Missing::Everything)
            }
            (Self::Aws(service), None) => aws::prepare(service, settings),
            (Self::Google, None) => google::prepare(settings),
            (Self::Azure, None) => azure::prepare(settings),
            (Self::Databricks, None) => clients::databricks(settings),
            (Self::Snowflake, None) => snowflake::by_key_pair(settings),
        }
    }
}

/// `Authorization: Bearer …`, marked so that no one prints it.
pub(crate) fn bearer(key: &Secret<String>) -> Result<(HeaderName, HeaderValue), Missing> {
    bare(header::AUTHORIZATION, &format!("Bearer {}", key.expose()))
}

/// A header, marked so that no one prints it.
fn bare(name: HeaderName, value: &str) -> Result<(HeaderName, HeaderValue), Missing> {
    let mut value = HeaderValue::try_from(value).map_err(|_| Missing::Unsendable)?;
    value.set_sensitive(true);
    Ok((name, value))
}
