//! A provider as an operator configured it: everything that is the same for all its calls, made
//! ready once.

mod address;
mod error;
mod template;
mod way;

use std::{fmt, sync::Arc};

use canon::{ProviderId, Secret};
use dialects::{Dialect, Form};

pub(crate) use self::address::is_safe;
pub use self::{error::Error, way::Way};
use self::{
    error::unsigned,
    template::fill,
    way::{Shown, Spoken},
};
use crate::{
    Auth, DataPolicy, Models, Provider, Setting, SettingKind, Settings,
    auth::{Signed, in_query},
};

/// A provider that can be called. Cheap to clone; `Debug` shows no key.
#[derive(Clone)]
pub struct Upstream(Arc<Ready>);

/// What an operator says about a known vendor.
#[derive(Clone, Debug, Default)]
pub struct Configured {
    /// Another address for it. The vendor's other wires are then off, but for those in `also`.
    pub base_url: Option<String>,
    /// Its key.
    pub key: Option<Secret<String>>,
    /// Its settings ([`Provider::all_settings`]).
    pub settings: Settings,
    /// Addresses of further wires, or other ones for those it has.
    pub also: Vec<(Dialect, String)>,
}

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
    /// Further wire formats it speaks, and where.
    pub also: Vec<(Dialect, String)>,
    /// Its key, where it wants one; shown as `auth` says.
    pub key: Option<Secret<String>>,
    /// How it is shown its key; as its dialect's reference vendor wants it where absent.
    pub auth: Option<Auth>,
    /// What it does with data.
    pub data_policy: DataPolicy,
}

struct Ready {
    id: ProviderId,
    name: String,
    known: Option<&'static Provider>,
    first: Way,
    others: Vec<Way>,
    /// Texts that no caller may read.
    secrets: Vec<Secret<String>>,
    data_policy: DataPolicy,
    cancel_stops_billing: bool,
}

/// What a provider is made of, before it is checked.
struct Parts<'a> {
    id: &'a str,
    name: &'a str,
    known: Option<&'static Provider>,
    spoken: Vec<Spoken>,
    shown: Shown<'a>,
    secrets: Vec<Secret<String>>,
    data_policy: DataPolicy,
    cancel_stops_billing: bool,
}

impl Upstream {
    /// A known vendor, at its own address or at another, with a key or none.
    ///
    /// # Errors
    /// As of [`Upstream::configured`].
    pub fn known(
        provider: &'static Provider,
        base_url: Option<&str>,
        key: Option<Secret<String>>,
    ) -> Result<Self, Error> {
        let base_url = base_url.map(str::to_owned);
        Self::configured(
            provider,
            Configured {
                base_url,
                key,
                ..Configured::default()
            },
        )
    }

    /// A known vendor as an operator configured it.
    ///
    /// # Errors
    /// The address cannot be called, or lacks a setting; key and other credentials are missing (at the vendor's own
    /// address, where it needs some), or cannot be used; no dialect of it is spoken.
    pub fn configured(
        provider: &'static Provider,
        mut configured: Configured,
    ) -> Result<Self, Error> {
        // The vendor's own address, written out, is no other address.
        configured.base_url = configured
            .base_url
            .filter(|base_url| base_url.trim_end_matches('/') != provider.base_url);
        // A path alone is no credential: it says where one would lie. Nor is what belongs to another cloud.
        let proves = |setting: &Setting| {
            !matches!(setting.kind, SettingKind::Path(_)) && !setting.name.starts_with("aws_")
        };
        let told =
            |setting: &Setting| proves(setting) && configured.settings.get(setting.name).is_some();
        let has_credentials = configured.key.is_some() || provider.auth.settings().iter().any(told);
        template::complete(provider, &mut configured.settings);
        let spoken = spoken_of(provider, &configured)?;
        let (settings, key) = (&configured.settings, configured.key.as_ref());
        // A server in the vendor's place, or on this machine, may want no key.
        let keyless = configured.base_url.is_some() || provider.local_port.is_some();
        let signed = if keyless && !has_credentials {
            Signed::open()
        } else {
            let signed = provider.auth.prepare(key, settings);
            signed.map_err(|missing| unsigned(provider, &missing))?
        };
        let secrets = settings.secrets(provider.all_settings());
        let secrets = secrets.map(|text| Secret::new(text.to_owned()));
        let secrets = secrets.chain(configured.key.clone()).collect();
        Self::new(Parts {
            id: provider.id,
            name: provider.name,
            known: Some(provider),
            spoken,
            shown: Shown {
                signed,
                key,
                auth: Some(provider.auth),
                settings,
            },
            secrets,
            data_policy: provider.data_policy,
            cancel_stops_billing: provider.cancel_stops_billing,
        })
    }

    /// A provider of the operator's own. Hanging up counts as stopping the bill, unless [`Upstream::cancelling`] says
    /// otherwise.
    ///
    /// # Errors
    /// The id is no slug; the address cannot be called; the key cannot be sent; the dialect is not
    /// spoken.
    pub fn own(provider: OwnProvider) -> Result<Self, Error> {
        let wires = [(provider.dialect, provider.base_url)];
        let spoken = wires.into_iter().chain(provider.also);
        let spoken = spoken.map(|(dialect, base_url)| {
            let usual = Spoken::usual(dialect, base_url);
            Spoken {
                auth: provider.auth.or(usual.auth),
                ..usual
            }
        });
        Self::new(Parts {
            id: &provider.id,
            name: &provider.name,
            known: None,
            spoken: spoken.collect(),
            shown: Shown {
                signed: Signed::open(),
                key: provider.key.as_ref(),
                // Each wire as its reference vendor wants it, or as the operator says.
                auth: None,
                settings: &Settings::default(),
            },
            // A vendor may quote the address it was asked at.
            secrets: provider
                .key
                .iter()
                .cloned()
                .chain(provider.key.as_ref().map(in_query))
                .collect(),
            data_policy: provider.data_policy,
            // Whoever serves models himself has nothing to do once he is hung up on.
            cancel_stops_billing: true,
        })
    }

    /// The same, where its operator knows whether hanging up stops the bill. Of a provider just made.
    #[must_use]
    pub fn cancelling(mut self, stops_billing: bool) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.0) {
            inner.cancel_stops_billing = stops_billing;
        }
        self
    }

    fn new(parts: Parts<'_>) -> Result<Self, Error> {
        let provider = || parts.id.to_owned();
        let id: ProviderId = parts.id.parse().map_err(|source| Error::Id {
            id: provider(),
            source,
        })?;
        let dialect = parts.spoken.first().map(|spoken| spoken.dialect);
        let mut ways = Vec::with_capacity(parts.spoken.len());
        for spoken in parts.spoken {
            // A wire whose dialect is not called is off.
            if let Some(call) = dialects::called(spoken.dialect) {
                ways.push(Way::new(call, spoken, &parts.shown).map_err(|why| why.of(parts.id))?);
            }
        }
        let mut ways = ways.into_iter();
        let first = ways.next().ok_or_else(|| Error::Dialect {
            provider: provider(),
            dialect: dialect.unwrap_or(Dialect::OpenAiChat),
        })?;
        Ok(Self(Arc::new(Ready {
            id,
            name: parts.name.to_owned(),
            known: parts.known,
            first,
            others: ways.collect(),
            secrets: parts.secrets,
            data_policy: parts.data_policy,
            cancel_stops_billing: parts.cancel_stops_billing,
        })))
    }

    /// The wire to ask for this model on behalf of a caller of this dialect: the caller's own where the provider
    /// speaks it for the model, so that nothing is lost between the two; else the best of those that take the model.
    #[must_use]
    pub fn way(&self, caller: Dialect, model: &str) -> &Way {
        let mut ways = self.ways().filter(|way| way.takes(model));
        let Some(best) = ways.next() else {
            return &self.0.first;
        };
        if best.dialect() == caller {
            return best;
        }
        ways.find(|way| way.dialect() == caller).unwrap_or(best)
    }

    /// The wire on which the vendor searches the web by itself for this model, where there is one.
    #[must_use]
    pub fn searching_way(&self, model: &str) -> Option<&Way> {
        let searches = |way: &&Way| way.form().searches || way.form().openrouter;
        self.ways().filter(|way| way.takes(model)).find(searches)
    }

    /// Every wire it is asked on, the best first.
    pub fn ways(&self) -> impl Iterator<Item = &Way> {
        std::iter::once(&self.0.first).chain(&self.0.others)
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

    /// The wire format it is best asked in.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.0.first.dialect()
    }

    /// How it differs there from the reference of its dialect.
    #[must_use]
    pub fn form(&self) -> &Form {
        self.0.first.form()
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
        self.0.first.base_url()
    }

    /// Texts that no caller may read: keys, secrets and hosts.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &str> {
        let keys = self.0.secrets.iter().map(|key| key.expose().as_str());
        keys.chain(self.ways().map(Way::host))
            .filter(|secret| !secret.is_empty())
    }
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upstream")
            .field("id", &self.0.id)
            .field("ways", &self.ways().collect::<Vec<_>>())
            .field("secrets", &self.0.secrets)
            .finish_non_exhaustive()
    }
}

/// The wires of a known vendor, with the addresses that hold here.
fn spoken_of(provider: &'static Provider, configured: &Configured) -> Result<Vec<Spoken>, Error> {
    let address =
        |template: &str| fill(template, &configured.settings).map_err(|blank| blank.of(provider));
    let base_url = match &configured.base_url {
        Some(base_url) => base_url.clone(),
        None => address(provider.base_url)?,
    };
    let mut spoken = vec![Spoken {
        dialect: provider.dialect,
        base_url,
        auth: None,
        takes: if configured.base_url.is_some() {
            Models::All
        } else {
            provider.takes
        },
        quirks: provider.quirks,
    }];
    for wire in provider.also {
        let told = |(dialect, _): &&(Dialect, String)| *dialect == wire.dialect;
        let base_url = match configured.also.iter().find(told) {
            Some((_, base_url)) => base_url.clone(),
            None if configured.base_url.is_some() => continue,
            None => address(wire.base_url)?,
        };
        spoken.push(Spoken {
            dialect: wire.dialect,
            base_url,
            auth: wire.auth,
            takes: wire.takes,
            quirks: wire.quirks,
        });
    }
    for (dialect, base_url) in &configured.also {
        if spoken.iter().all(|spoken| spoken.dialect != *dialect) {
            spoken.push(Spoken::usual(*dialect, base_url.clone()));
        }
    }
    Ok(spoken)
}
