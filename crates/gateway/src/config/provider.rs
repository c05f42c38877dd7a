//! `[providers.…]`: vendors that are known, enabled by having a key, and vendors of one's own.

mod place;
mod vendor;

use std::collections::{BTreeMap, BTreeSet};

use canon::{Dialect, ProviderId, Secret};
use http::Uri;
use policy::catalog::{Catalog, Own};
use providers::{DataPolicy, Settings};

pub use self::place::{Location, Place};
use super::{
    env,
    model::{self, Model},
    nearest::nearest,
    problem::Place as Spot,
    secret,
    section::Section,
};

/// The settings of a provider that have a variable, `WEIR_PROVIDERS_<ID>_<NAME>`.
pub(super) const SETTINGS: &[&str] = &["enabled", "api_key", "base_url", "name"];

/// An enabled provider.
#[derive(Clone, Debug)]
pub struct Provider {
    /// Its slug on the wire.
    pub id: ProviderId,
    /// The key to its API; absent where it wants none.
    pub api_key: Option<Secret<String>>,
    /// Where it is, without a slash at the end; absent means the vendor's own address.
    pub base_url: Option<String>,
    /// What it speaks. Present for vendors of one's own, absent for known ones.
    pub dialect: Option<Dialect>,
    /// How a vendor of one's own is shown its key; absent means as its dialect's reference vendor wants it.
    pub auth: Option<providers::Auth>,
    /// How it is shown; absent for known vendors, and where its id is good enough.
    pub name: Option<String>,
    /// What a known vendor's address and credentials are made of.
    pub settings: Settings,
    /// Further wires and where they are spoken.
    pub also: Vec<(Dialect, String)>,
    /// What a vendor of one's own does with data; absent members are unknown.
    pub data_policy: DataPolicy,
    /// Whether hanging up stops its bill; absent means what is known of the vendor, and yes for one's own. Where it
    /// does not, streams whose callers left are read to their end.
    pub cancel_stops_billing: Option<bool>,
    /// Models beyond those the catalogue knows there.
    pub models: Vec<Model>,
    /// Where it is, as far as that was said.
    pub location: Location,
    /// The places at which it is asked, where there are several; what stands above is then what they share.
    pub places: Vec<Place>,
}

impl Provider {
    /// Its models for the catalogue: what the configuration leaves out is taken from the model as the catalogue
    /// knows it.
    pub fn own_models(&self, catalog: &Catalog) -> impl Iterator<Item = Own> {
        self.models.iter().map(|model| model.own(&self.id, catalog))
    }
}

/// Reads every provider that the file names, and every known vendor whose key is in its own variable.
pub(super) fn read(root: &mut Section<'_, '_>) -> BTreeMap<ProviderId, Provider> {
    let mut providers = BTreeMap::new();
    let mut section = root.section("providers");
    let mut named = section.names();
    let listed: BTreeSet<&str> = named.iter().map(|(name, _)| *name).collect();
    let nowhere = section.place();
    let unlisted = providers::ALL
        .iter()
        .filter(|vendor| !listed.contains(vendor.id));
    named.extend(unlisted.map(|vendor| (vendor.id, nowhere.clone())));
    for (name, place) in named {
        let id = match name.parse::<ProviderId>() {
            Ok(id) => id,
            Err(error) => {
                section.fault(place, name, error.to_string());
                // Taken note of, so that it is not a fault twice.
                section.raw(name, "");
                continue;
            }
        };
        let listed = listed.contains(name);
        if let Some(provider) = read_one(section.section(name), id.clone(), listed) {
            providers.insert(id, provider);
        }
    }
    section.end();
    providers
}

/// Reads one provider; `None` where it is not enabled or faulty.
fn read_one(mut section: Section<'_, '_>, id: ProviderId, listed: bool) -> Option<Provider> {
    let vendor = providers::find(id.as_str());
    let named =
        listed || vendor.is_some_and(|known| vendor::is_named(known, section.reading.variables));
    let variable = |setting| env::of_provider(id.as_str(), setting);
    let faults = section.reading.problems.len();
    let mut enabled = true;
    section.flag("enabled", &variable("enabled"), &mut enabled);
    let meant = |vendor: &&providers::Provider| {
        (named || !vendor.general_key) && !vendor::says_credentials(&section, vendor)
    };
    let own_variables = vendor
        .filter(meant)
        .map_or(&[] as &[&str], |v| v.key_variables);
    let api_key = read_key(&mut section, &variable("api_key"), own_variables);
    let base_url = read_address(&mut section, "base_url", &variable("base_url"));
    let dialect = section.word("dialect", "", &spoken());
    let auth = section.word("auth", "", providers::Auth::WORDS);
    let name = section
        .text("name", &variable("name"))
        .map(|(name, _)| name);
    let mut provider = Provider {
        location: Location::read(&mut section, vendor, &Location::default()),
        places: Vec::new(),
        api_key,
        base_url,
        dialect,
        auth,
        name,
        settings: vendor.map_or_else(Settings::default, |known| {
            vendor::read(&mut section, known, named && enabled)
        }),
        also: read_also(&mut section),
        data_policy: read_data_policy(&mut section),
        cancel_stops_billing: read_cancel(&mut section),
        models: model::read(&mut section),
        id,
    };
    provider.places = place::read(&mut section, &provider, vendor);
    let usable = match vendor {
        None => {
            miss_what_own_ones_need(&mut section, &provider);
            true
        }
        Some(known) => {
            refuse_what_is_known(&mut section);
            let asked = enabled && (named || provider.api_key.is_some());
            let is_sound = section.reading.problems.len() == faults;
            asked && is_sound && vendor::is_usable(&mut section, known, (&provider, listed, named))
        }
    };
    section.end();
    (enabled && usable).then_some(provider)
}

/// A vendor of one's own has a dialect, and it or each of its places an address.
fn miss_what_own_ones_need(section: &mut Section<'_, '_>, provider: &Provider) {
    if !section.says("dialect") {
        miss_dialect(section, &provider.id);
    }
    let places = &provider.places;
    let everywhere = !places.is_empty() && places.iter().all(|place| place.base_url.is_some());
    if provider.base_url.is_none() && !everywhere && !section.says("base_url") {
        let place = section.place();
        let say = "missing: a vendor of one's own needs an address";
        section.fault(place, "base_url", say);
    }
}

/// The dialects that vendors speak, by their names: all but the one that is only served.
fn spoken() -> Vec<(&'static str, Dialect)> {
    let is_spoken = |dialect: &&Dialect| **dialect != Dialect::OpenAiCompletions;
    let all = Dialect::ALL.iter().filter(is_spoken);
    all.map(|dialect| (dialect.name(), *dialect)).collect()
}

/// Further wires: `also = { anthropic = "https://…" }`.
fn read_also(section: &mut Section<'_, '_>) -> Vec<(Dialect, String)> {
    let Some(mut table) = section.table("also") else {
        return Vec::new();
    };
    let mut also = Vec::new();
    for (name, dialect) in spoken() {
        also.extend(read_address(&mut table, name, "").map(|address| (dialect, address)));
    }
    table.end();
    also
}

/// What a known vendor is called, speaks and does with data is not a setting.
fn refuse_what_is_known(section: &mut Section<'_, '_>) {
    for name in ["dialect", "auth", "name", "data_policy"] {
        if section.says(name) {
            let place = section.place();
            let say = "only for vendors of one's own: this one is known; give yours another id";
            section.fault(place, name, say);
        }
    }
}

fn miss_dialect(section: &mut Section<'_, '_>, id: &ProviderId) {
    let names: Vec<_> = spoken().into_iter().map(|(name, _)| name).collect();
    let known = providers::ALL.iter().map(|vendor| vendor.id);
    let meant = nearest(id.as_str(), known)
        .map(|near| format!(" (or is the known vendor `{near}` meant?)"))
        .unwrap_or_default();
    let say = format!(
        "missing: a vendor of one's own needs one of {}{meant}",
        names.join(", ")
    );
    let place = section.place();
    section.fault(place, "dialect", say);
}

/// The key: as the configuration says, else from the vendor's own variables.
fn read_key(
    section: &mut Section<'_, '_>,
    variable: &str,
    own_variables: &[&str],
) -> Option<Secret<String>> {
    let variables = section.reading.variables;
    let Some((reference, place)) = section.text("api_key", variable) else {
        let found = own_variables
            .iter()
            .find_map(|name| Some((*name, variables.get(name)?)));
        let (name, value) = found?;
        return match secret::resolve(&format!("env:{name}"), variables) {
            Ok(resolved) => Some(resolved.secret),
            Err(say) => {
                drop(value);
                section.fault(Spot::Variable(name.to_owned()), "api_key", say);
                None
            }
        };
    };
    match secret::resolve(&reference, variables) {
        Ok(resolved) => {
            if resolved.literal && matches!(place, Spot::File { .. }) {
                let say = "a secret in the open: write \"env:NAME\" or \"file:PATH\"".to_owned();
                let path = section.path_of("api_key");
                section.reading.warn(place, path, say);
            }
            Some(resolved.secret)
        }
        Err(say) => {
            section.fault(place, "api_key", say);
            None
        }
    }
}

fn read_address(section: &mut Section<'_, '_>, name: &str, variable: &str) -> Option<String> {
    let (url, place) = section.text(name, variable)?;
    let sound = url.parse::<Uri>().is_ok_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https"))
            && uri
                .authority()
                .is_some_and(|authority| !authority.as_str().contains('@'))
            && uri.query().is_none()
    });
    if sound {
        return Some(url.trim_end_matches('/').to_owned());
    }
    let say = "expected an address like \"https://host/v1\", without a user, a password or a query";
    section.fault(place, name, say);
    None
}

fn read_cancel(section: &mut Section<'_, '_>) -> Option<bool> {
    let mut stops = None;
    section.optional_flag("cancel_stops_billing", &mut stops);
    stops
}

fn read_data_policy(section: &mut Section<'_, '_>) -> DataPolicy {
    let mut policy = DataPolicy::default();
    let Some(mut table) = section.table("data_policy") else {
        return policy;
    };
    let (mut training, mut days) = (None, None);
    table.optional_flag("training", &mut training);
    table.optional_whole("retains_days", 0..=36_500, &mut days);
    policy.training = training;
    policy.retains_days = days;
    table.end();
    policy
}
