//! `[providers.…]`: vendors that are known, enabled by having a key, and vendors of one's own.

use std::collections::{BTreeMap, BTreeSet};

use canon::{Dialect, ProviderId, Secret};
use http::Uri;
use policy::catalog::{Catalog, Own};
use providers::DataPolicy;

use super::{
    env,
    model::{self, Model},
    nearest::nearest,
    problem::Place,
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
    /// How it is shown; absent for known vendors, and where its id is good enough.
    pub name: Option<String>,
    /// What a vendor of one's own does with data; absent members are unknown.
    pub data_policy: DataPolicy,
    /// Models beyond those the catalogue knows there.
    pub models: Vec<Model>,
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
    let variable = |setting| env::of_provider(id.as_str(), setting);
    let mut enabled = true;
    section.flag("enabled", &variable("enabled"), &mut enabled);
    let own_variables = vendor.map_or(&[] as &[&str], |vendor| vendor.key_variables);
    let api_key = read_key(&mut section, &variable("api_key"), own_variables);
    let base_url = read_base_url(&mut section, &variable("base_url"));
    let dialects: Vec<_> = Dialect::ALL
        .iter()
        .map(|dialect| (dialect.name(), *dialect))
        .collect();
    let dialect = section.word("dialect", "", &dialects);
    let name = section
        .text("name", &variable("name"))
        .map(|(name, _)| name);
    let data_policy = read_data_policy(&mut section);
    let models = model::read(&mut section);
    let usable = match vendor {
        None => {
            if !section.says("dialect") {
                miss_dialect(&mut section, &id);
            }
            if base_url.is_none() && !section.says("base_url") {
                let place = section.place();
                section.fault(
                    place,
                    "base_url",
                    "missing: a vendor of one's own needs an address",
                );
            }
            true
        }
        Some(vendor) => {
            refuse_what_is_known(&mut section);
            // A server on this machine, or one in a known vendor's place, may need no key.
            let keyless = listed && vendor.local_port.is_some() || base_url.is_some();
            if listed && enabled && api_key.is_none() && !keyless {
                let (place, path) = (section.place(), section.path_of("api_key"));
                let say = "no key is set, so this vendor is not enabled".to_owned();
                section.reading.warn(place, path, say);
            }
            api_key.is_some() || keyless
        }
    };
    section.end();
    (enabled && usable).then_some(Provider {
        id,
        api_key,
        base_url,
        dialect,
        name,
        data_policy,
        models,
    })
}

/// What a known vendor is called, speaks and does with data is not a setting.
fn refuse_what_is_known(section: &mut Section<'_, '_>) {
    for name in ["dialect", "name", "data_policy"] {
        if section.says(name) {
            let place = section.place();
            let say = "only for vendors of one's own: this one is known; give yours another id";
            section.fault(place, name, say);
        }
    }
}

fn miss_dialect(section: &mut Section<'_, '_>, id: &ProviderId) {
    let names: Vec<_> = Dialect::ALL.iter().map(|dialect| dialect.name()).collect();
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
                section.fault(Place::Variable(name.to_owned()), "api_key", say);
                None
            }
        };
    };
    match secret::resolve(&reference, variables) {
        Ok(resolved) => {
            if resolved.literal && matches!(place, Place::File { .. }) {
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

fn read_base_url(section: &mut Section<'_, '_>, variable: &str) -> Option<String> {
    let (url, place) = section.text("base_url", variable)?;
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
    section.fault(place, "base_url", say);
    None
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
