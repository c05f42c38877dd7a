//! One wire of a provider, made ready: codec, form, address, what is shown.

use std::fmt;

use canon::Secret;
use dialects::{Call, Dialect, Form};
use http::{HeaderMap, HeaderName, HeaderValue, Uri, header};

use super::{Error, address::Address};
use crate::{
    Auth, Models, Quirk, Settings,
    auth::{Missing, Signed, Signer},
};

/// A wire that a provider is asked on ([`super::Upstream::way`]).
pub struct Way {
    call: &'static dyn Call,
    form: Form,
    takes: Models,
    address: Address,
    headers: HeaderMap,
    signer: Signer,
}

/// A wire before it is checked.
pub(super) struct Spoken {
    pub(super) dialect: Dialect,
    pub(super) base_url: String,
    /// How the key is shown, where not as on the first wire.
    pub(super) auth: Option<Auth>,
    pub(super) takes: Models,
    pub(super) quirks: &'static [Quirk],
}

/// What is shown to a provider.
pub(super) struct Shown<'a> {
    /// What its own key scheme makes of it.
    pub(super) signed: Signed,
    /// Which scheme that is, where it has one for all its wires.
    pub(super) auth: Option<Auth>,
    pub(super) key: Option<&'a Secret<String>>,
    pub(super) settings: &'a Settings,
}

/// Why a wire cannot be used.
#[derive(Debug)]
pub(super) enum Faulty {
    Address(&'static str),
    Key,
}

impl Way {
    /// The wire format.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.call.dialect()
    }

    /// How the provider differs here from the reference of the dialect.
    #[must_use]
    pub fn form(&self) -> &Form {
        &self.form
    }

    /// What stands before the dialect's paths; for the operator, never for a caller.
    #[must_use]
    pub fn base_url(&self) -> &str {
        self.address.as_str()
    }

    pub(super) fn new(
        call: &'static dyn Call,
        spoken: Spoken,
        shown: &Shown<'_>,
    ) -> Result<Self, Faulty> {
        let mut form = Form::default();
        for quirk in spoken.quirks {
            quirk.fold(&mut form);
        }
        let address = Address::parse(&spoken.base_url, call, &form).map_err(Faulty::Address)?;
        let mut headers = headers(spoken.quirks);
        let other = spoken.auth.filter(|auth| shown.auth != Some(*auth));
        let signer = match (other, shown.key) {
            // Another scheme for the same key; without a key there is nothing else to show.
            (Some(auth), Some(key)) => {
                let signed = auth.prepare(Some(key), shown.settings);
                let signed = signed.map_err(|missing| match missing {
                    Missing::Everything
                    | Missing::Setting(_)
                    | Missing::Unusable { .. }
                    | Missing::Unsendable => Faulty::Key,
                })?;
                headers.extend(signed.headers);
                signed.signer
            }
            _ => {
                headers.extend(shown.signed.headers.clone());
                shown.signed.signer.clone()
            }
        };
        let shows_something = shown.key.is_some() || !matches!(signer, Signer::Fixed);
        if shows_something && !address.is_private() {
            return Err(Faulty::Address(
                "a key needs https, but on this machine and in private networks",
            ));
        }
        Ok(Self {
            call,
            form,
            takes: spoken.takes,
            address,
            headers,
            signer,
        })
    }

    /// Whether it can be asked how many tokens a prompt has ([`crate::count`]).
    #[must_use]
    pub fn counts(&self) -> bool {
        self.call.counting().is_some()
    }

    /// Whether this model is asked here.
    pub(super) fn takes(&self, model: &str) -> bool {
        self.takes.has(model)
    }

    pub(super) fn host(&self) -> &str {
        self.address.host()
    }

    /// The codec of the wire.
    pub(crate) fn codec(&self) -> &'static dyn Call {
        self.call
    }

    /// The headers that every request carries, a key that never changes included.
    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// What changes from request to request.
    pub(crate) fn signer(&self) -> &Signer {
        &self.signer
    }

    /// Where a request for this model goes; `None` where the model's name makes no address.
    pub(crate) fn uri(&self, upstream_model: &str, stream: bool) -> Option<Uri> {
        self.address
            .uri(self.call, &self.form, (upstream_model, stream))
    }

    /// The same for a count of tokens; `None` too where the dialect has no words for it.
    pub(crate) fn count_uri(&self, upstream_model: &str) -> Option<Uri> {
        self.address
            .count_uri(self.call, &self.form, upstream_model)
    }
}

impl Spoken {
    /// A wire as the dialect's reference vendor speaks it.
    pub(super) fn usual(dialect: Dialect, base_url: String) -> Self {
        Self {
            dialect,
            base_url,
            auth: Some(Auth::usual(dialect)),
            takes: Models::All,
            quirks: Quirk::usual(dialect),
        }
    }
}

impl Faulty {
    /// The same as an error about a provider.
    pub(super) fn of(self, provider: &str) -> Error {
        let provider = provider.to_owned();
        match self {
            Self::Address(why) => Error::Address { provider, why },
            Self::Key => Error::Key { provider },
        }
    }
}

impl fmt::Debug for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Way")
            .field("dialect", &self.dialect())
            .field("base_url", &self.base_url())
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
