//! A provider as an operator configured it: everything that is the same for all its calls, made
//! ready once.

mod address;

use std::{fmt, sync::Arc};

use canon::{ProviderId, Secret, SlugError};
use dialects::{Call, Dialect, Form};
use http::{HeaderMap, HeaderName, HeaderValue, Uri, header};

use self::address::Address;
use crate::{Auth, DataPolicy, Provider, Quirk};

/// A provider that can be called. Cheap to clone; `Debug` shows no key.
#[derive(Clone)]
pub struct Upstream(Arc<Ready>);

/// A provider of the operator's own.
#[derive(Clone, Debug)]
pub struct OwnProvider {
    /// Its slug.
    pub id: String,
    /// How it is shown.
    pub name: String,
    /// The wire format it speaks.
    pub dialect: Dialect,
    /// What stands before the dialect's paths (`http://127.0.0.1:8081/v1`).
    pub base_url: String,
    /// Its key, where it wants one; shown as the dialect's reference vendor wants it.
    pub key: Option<Secret<String>>,
    /// What it does with data.
    pub data_policy: DataPolicy,
}

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
    #[error("provider `{provider}` needs a key: set api_key or {}", .variables.join(" or "))]
    NoKey {
        /// The provider's id.
        provider: String,
        /// Environment variables that it is known by.
        variables: &'static [&'static str],
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

struct Ready {
    id: ProviderId,
    name: String,
    known: Option<&'static Provider>,
    call: &'static dyn Call,
    form: Form,
    address: Address,
    headers: HeaderMap,
    key: Option<Secret<String>>,
    data_policy: DataPolicy,
    cancel_stops_billing: bool,
}

/// What a provider is made of, before it is checked.
struct Parts<'a> {
    id: &'a str,
    name: &'a str,
    known: Option<&'static Provider>,
    dialect: Dialect,
    base_url: &'a str,
    auth: Auth,
    key: Option<Secret<String>>,
    quirks: &'static [Quirk],
    data_policy: DataPolicy,
    cancel_stops_billing: bool,
}

impl Upstream {
    /// A known vendor, at its own address or at another.
    ///
    /// # Errors
    /// The address cannot be called; the key is missing (at the vendor's own address, where it
    /// needs one) or cannot be sent; the dialect is not spoken.
    pub fn known(
        provider: &'static Provider,
        base_url: Option<&str>,
        key: Option<Secret<String>>,
    ) -> Result<Self, Error> {
        if key.is_none() && base_url.is_none() && provider.local_port.is_none() {
            return Err(Error::NoKey {
                provider: provider.id.to_owned(),
                variables: provider.key_variables,
            });
        }
        Self::new(Parts {
            id: provider.id,
            name: provider.name,
            known: Some(provider),
            dialect: provider.dialect,
            base_url: base_url.unwrap_or(provider.base_url),
            auth: provider.auth,
            key,
            quirks: provider.quirks,
            data_policy: provider.data_policy,
            cancel_stops_billing: provider.cancel_stops_billing,
        })
    }

    /// A provider of the operator's own. Hanging up counts as not stopping the bill.
    ///
    /// # Errors
    /// The id is no slug; the address cannot be called; the key cannot be sent; the dialect is not
    /// spoken.
    pub fn own(provider: OwnProvider) -> Result<Self, Error> {
        Self::new(Parts {
            id: &provider.id,
            name: &provider.name,
            known: None,
            dialect: provider.dialect,
            base_url: &provider.base_url,
            auth: Auth::usual(provider.dialect),
            key: provider.key,
            quirks: Quirk::usual(provider.dialect),
            data_policy: provider.data_policy,
            cancel_stops_billing: false,
        })
    }

    fn new(parts: Parts<'_>) -> Result<Self, Error> {
        let provider = || parts.id.to_owned();
        let id: ProviderId = parts.id.parse().map_err(|source| Error::Id {
            id: provider(),
            source,
        })?;
        let call = dialects::called(parts.dialect).ok_or_else(|| Error::Dialect {
            provider: provider(),
            dialect: parts.dialect,
        })?;
        let mut form = Form::default();
        for quirk in parts.quirks {
            quirk.fold(&mut form);
        }
        let address =
            Address::parse(parts.base_url, call, &form).map_err(|why| Error::Address {
                provider: provider(),
                why,
            })?;
        if parts.key.is_some() && !address.is_private() {
            return Err(Error::Address {
                provider: provider(),
                why: "a key needs https, but on this machine and in private networks",
            });
        }
        let mut headers = headers(parts.quirks);
        if let Some(key) = &parts.key {
            let (name, value) = parts.auth.sign(key).ok_or_else(|| Error::Key {
                provider: provider(),
            })?;
            headers.insert(name, value);
        }
        Ok(Self(Arc::new(Ready {
            id,
            name: parts.name.to_owned(),
            known: parts.known,
            call,
            form,
            address,
            headers,
            key: parts.key,
            data_policy: parts.data_policy,
            cancel_stops_billing: parts.cancel_stops_billing,
        })))
    }

    /// Its slug.
    #[must_use]
    pub fn id(&self) -> &ProviderId {
        &self.0.id
    }

    /// How it is shown.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The vendor, where it is a known one.
    #[must_use]
    pub fn provider(&self) -> Option<&'static Provider> {
        self.0.known
    }

    /// The wire format it speaks.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.0.call.dialect()
    }

    /// How it differs from the reference of its dialect.
    #[must_use]
    pub fn form(&self) -> &Form {
        &self.0.form
    }

    /// What it does with data.
    #[must_use]
    pub fn data_policy(&self) -> DataPolicy {
        self.0.data_policy
    }

    /// Whether hanging up stops the bill.
    #[must_use]
    pub fn cancel_stops_billing(&self) -> bool {
        self.0.cancel_stops_billing
    }

    /// What stands before the dialect's paths; for the operator, never for a caller.
    #[must_use]
    pub fn base_url(&self) -> &str {
        self.0.address.as_str()
    }

    /// The codec of its wire.
    pub(crate) fn codec(&self) -> &'static dyn Call {
        self.0.call
    }

    /// The headers that every request carries, key included.
    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    /// Where a request for this model goes; `None` where the model's name makes no address.
    pub(crate) fn uri(&self, upstream_model: &str, stream: bool) -> Option<Uri> {
        self.0
            .address
            .uri(self.0.call, &self.0.form, (upstream_model, stream))
    }

    /// Texts that no caller may read: the key and the host.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &str> {
        let key = self.0.key.as_ref().map(|key| key.expose().as_str());
        key.into_iter()
            .chain([self.0.address.host()])
            .filter(|secret| !secret.is_empty())
    }
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upstream")
            .field("id", &self.0.id)
            .field("dialect", &self.dialect())
            .field("base_url", &self.base_url())
            .field("key", &self.0.key)
            .finish_non_exhaustive()
    }
}

/// The headers that every request carries, but for the key.
fn headers(quirks: &[Quirk]) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    // An answer is small and must come piece by piece: no compression.
    headers.insert(
        header::ACCEPT_ENCODING,
        HeaderValue::from_static("identity"),
    );
    headers.insert(
        header::USER_AGENT,
        HeaderValue::from_static(concat!("weir/", env!("CARGO_PKG_VERSION"))),
    );
    for quirk in quirks {
        if let Quirk::Header(name, value) = quirk {
            headers.insert(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
    }
    headers
}
