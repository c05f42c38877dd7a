//! Why a provider cannot be called, in the operator's words: which setting, which variable, never a value.

use canon::SlugError;
use dialects::Dialect;

use crate::{Provider, auth::Missing};

/// Why a provider cannot be called.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The id is no slug.
    #[error("provider `{id}`: {source}")]
    Id {
        /// As written.
        id: String,
        /// What is wrong with it.
        source: SlugError,
    },
    /// The address is none that can be called.
    #[error("provider `{provider}`: base_url: {why}")]
    Address {
        /// The provider's id.
        provider: String,
        /// What is wrong with it. The address itself is not shown: it may carry a password.
        why: &'static str,
    },
    /// It needs a key.
    #[error("provider `{provider}` needs a key: set api_key{}{instead}", or_one_of(.variables))]
    NoKey {
        /// The provider's id.
        provider: String,
        /// Environment variables that it is known by.
        variables: &'static [&'static str],
        /// What would do besides.
        instead: &'static str,
    },
    /// It needs a setting.
    #[error("provider `{provider}` needs a setting: set {setting}{}", or_one_of(.variables))]
    Setting {
        /// The provider's id.
        provider: String,
        /// The setting's name.
        setting: &'static str,
        /// Environment variables that it is known by.
        variables: &'static [&'static str],
    },
    /// A setting holds something that cannot be used.
    #[error("provider `{provider}`: {setting}: {why}")]
    Unusable {
        /// The provider's id.
        provider: String,
        /// The setting's name.
        setting: &'static str,
        /// What is wrong with it. The value is not shown: it may be a secret.
        why: &'static str,
    },
    /// The key has characters that no header may have.
    #[error("provider `{provider}`: the key has characters that cannot be sent in a header")]
    Key {
        /// The provider's id.
        provider: String,
    },
    /// Nobody here speaks its wire format.
    #[error("provider `{provider}`: the dialect {dialect} cannot be called")]
    Dialect {
        /// The provider's id.
        provider: String,
        /// The wire format.
        dialect: Dialect,
    },
}

/// Why a vendor has nothing to show, in the operator's words.
pub(super) fn unsigned(provider: &'static Provider, missing: &Missing) -> Error {
    let provider_id = provider.id.to_owned();
    match *missing {
        Missing::Everything => Error::NoKey {
            provider: provider_id,
            variables: provider.key_variables,
            instead: provider.auth.instead(),
        },
        Missing::Setting(setting) => Error::Setting {
            provider: provider_id,
            setting,
            variables: provider
                .all_settings()
                .find(|known| known.name == setting)
                .map_or(&[], |known| known.variables),
        },
        Missing::Unusable { setting, why } => Error::Unusable {
            provider: provider_id,
            setting,
            why,
        },
        Missing::Unsendable => Error::Key {
            provider: provider_id,
        },
    }
}

/// ` or A or B`, or nothing.
fn or_one_of(variables: &[&str]) -> String {
    variables.iter().flat_map(|name| [" or ", *name]).collect()
}
