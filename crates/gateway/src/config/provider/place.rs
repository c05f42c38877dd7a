//! `[providers.….places.…]` and `regions`: one vendor at several regions, resources, addresses or accounts at once. Each
//! is asked as an endpoint of its own.
//!
//! A place takes from its provider whatever it does not say itself. Credentials it takes or says as a whole, so that
//! parts of two accounts are never mixed; only files and addresses of tokens are shared all the same.

use canon::{ProviderId, Secret};
use dialects::Dialect;
use policy::catalog::{self, Lane};
use providers::{Configured, SettingKind, Settings};

use super::{Provider, read_address, read_also, read_key, vendor};
use crate::config::{problem::Place as Spot, section::Section};

/// The setting that most clouds' addresses have.
const REGION: &str = "region";
/// Places of one vendor: more are a slip.
const PLACES_MAX: usize = 256;

/// The areas in which answers may be computed, in the words of the clouds' own ids.
const AREAS: [(&str, &str); 10] = [
    ("global", "global"),
    ("eu", "eu"),
    ("us", "us"),
    ("us-gov", "us-gov"),
    ("apac", "apac"),
    ("jp", "jp"),
    ("au", "au"),
    ("ca", "ca"),
    ("sa", "sa"),
    ("in", "in"),
];

/// One of the places at which a vendor is asked.
#[derive(Clone, Debug)]
pub struct Place {
    /// What stands behind the vendor in slugs: `us-east5`, `team-b`.
    pub name: String,
    /// Where it is, and what it may compute where.
    pub location: Location,
    /// Its key.
    pub api_key: Option<Secret<String>>,
    /// Its address; absent means the vendor's own.
    pub base_url: Option<String>,
    /// What a known vendor's address and credentials are made of there.
    pub settings: Settings,
    /// Further wires and where they are spoken.
    pub also: Vec<(Dialect, String)>,
    /// Places of the same number share an account.
    pub account: u16,
}

/// Where a vendor is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Location {
    /// Its region, as the vendor writes it.
    pub region: Option<String>,
    /// The area in which it may compute answers, where that was said.
    pub area: Option<&'static str>,
}

impl Location {
    /// Reads what a provider, or one of its places, says. The region of a vendor whose address has one is a setting.
    pub(super) fn read(
        section: &mut Section<'_, '_>,
        vendor: Option<&providers::Provider>,
        outer: &Self,
    ) -> Self {
        let has_setting = vendor.is_some_and(has_region);
        let region = (!has_setting).then(|| section.text(REGION, "")).flatten();
        Self {
            region: region
                .map(|(region, _)| region)
                .or_else(|| outer.region.clone()),
            area: section.word("area", "", &AREAS).or(outer.area),
        }
    }
}

impl Place {
    /// The same for the crate that calls known vendors.
    #[must_use]
    pub fn configured(&self) -> Configured {
        Configured {
            base_url: self.base_url.clone(),
            key: self.api_key.clone(),
            settings: self.settings.clone(),
            also: self.also.clone(),
        }
    }
}

impl Provider {
    /// Its places for the catalogue, each with what it is called with: those that were named, or the one it has.
    pub fn all_places(&self) -> Vec<(catalog::Place, Configured)> {
        let vendor = providers::find(self.id.as_str()).filter(|_| self.dialect.is_none());
        let place = |name: Option<&str>, location: &Location, settings: &Settings, account| {
            catalog::Place {
                provider: self.id.clone(),
                name: name.map(Into::into),
                region: region_of(vendor, location, settings).map(Into::into),
                area: location.area.map(Into::into),
                account,
            }
        };
        if self.places.is_empty() {
            let only = place(None, &self.location, &self.settings, 0);
            return vec![(only, self.configured())];
        }
        let named = self.places.iter().map(|one| {
            let placed = place(Some(&one.name), &one.location, &one.settings, one.account);
            (placed, one.configured())
        });
        named.collect()
    }
}

/// The region that is asked: the setting where the address has one, else what was said of it.
fn region_of<'a>(
    vendor: Option<&providers::Provider>,
    location: &'a Location,
    settings: &'a Settings,
) -> Option<&'a str> {
    let of_setting = || {
        let setting = vendor?.settings.iter().find(|known| known.name == REGION)?;
        settings.get(REGION).or(setting.default)
    };
    of_setting().or(location.region.as_deref())
}

fn has_region(vendor: &providers::Provider) -> bool {
    vendor.settings.iter().any(|setting| setting.name == REGION)
}

/// Reads `regions` and `places` of a provider, and checks each place.
pub(super) fn read(
    section: &mut Section<'_, '_>,
    provider: &Provider,
    vendor: Option<&'static providers::Provider>,
) -> Vec<Place> {
    let regions = read_regions(section, vendor);
    let count = regions.len();
    if count > PLACES_MAX {
        let place = section.place();
        let say = format!("a vendor has at most {PLACES_MAX} places, got {count}");
        section.fault(place, "regions", say);
        return Vec::new();
    }
    let Some(mut table) = section.table("places") else {
        let bare = regions.iter().map(|region| of_region(provider, region));
        return numbered(bare.collect(), vendor);
    };
    let mut names: Vec<(String, Option<Spot>)> = Vec::new();
    for (name, spot) in table.names() {
        names.push((name.to_owned(), Some(spot)));
    }
    for region in &regions {
        if names.iter().all(|(name, _)| name != region) {
            names.push((region.clone(), None));
        }
    }
    let mut places = Vec::with_capacity(names.len());
    for (name, spot) in names {
        let base = if regions.contains(&name) {
            of_region(provider, &name)
        } else {
            bare(provider, &name)
        };
        let Some(spot) = spot else {
            places.push(base);
            continue;
        };
        if let Err(say) = check_name(&name, &provider.id) {
            table.fault(spot, &name, say);
            // Taken note of, so that it is not a fault twice.
            table.raw(&name, "");
        } else if let Some(place) = read_one(table.section(&name), base, vendor) {
            places.push(place);
        }
    }
    table.end();
    numbered(places, vendor)
}

/// The regions that were listed, each once.
fn read_regions(
    section: &mut Section<'_, '_>,
    vendor: Option<&'static providers::Provider>,
) -> Vec<String> {
    let Some(listed) = section.texts("regions") else {
        return Vec::new();
    };
    let place = section.place();
    if !vendor.is_some_and(has_region) {
        let say = "the address of this vendor has no region: name its places, each with its own address or key";
        section.fault(place, "regions", say);
        return Vec::new();
    }
    if listed.is_empty() {
        section.fault(place, "regions", "expected at least one region");
    }
    let mut regions = Vec::with_capacity(listed.len());
    for (region, place) in listed {
        if regions.contains(&region) {
            section.fault(place, "regions", format!("`{region}` stands here twice"));
        } else if let Err(say) = check_name(&region, "") {
            section.fault(place, "regions", say);
        } else {
            regions.push(region);
        }
    }
    regions
}

/// A place's name stands in slugs, where a tier has its name, too.
fn check_name(name: &str, provider: impl AsRef<str>) -> Result<(), String> {
    if name.parse::<ProviderId>().is_err() {
        return Err(
            "the name of a place has 1 to 64 characters out of a-z, 0-9, '-', '_' and '.'"
                .to_owned(),
        );
    }
    if let Some(lane) = Lane::ALL.iter().find(|lane| lane.name() == name) {
        let provider = provider.as_ref();
        return Err(format!(
            "`{provider}/{}` is the slug of a tier; give the place another name",
            lane.name()
        ));
    }
    Ok(())
}

/// A place that says nothing of its own.
fn bare(provider: &Provider, name: &str) -> Place {
    Place {
        name: name.to_owned(),
        location: provider.location.clone(),
        api_key: provider.api_key.clone(),
        base_url: provider.base_url.clone(),
        settings: provider.settings.clone(),
        also: provider.also.clone(),
        account: 0,
    }
}

/// A region, which is also its name.
fn of_region(provider: &Provider, region: &str) -> Place {
    let mut place = bare(provider, region);
    place.settings.set(REGION, Secret::new(region.to_owned()));
    place
}

/// Reads one place; `None` where it is switched off.
fn read_one(
    mut section: Section<'_, '_>,
    base: Place,
    vendor: Option<&'static providers::Provider>,
) -> Option<Place> {
    let mut enabled = true;
    section.flag("enabled", "", &mut enabled);
    let mut place = base;
    let own = vendor.map(|known| vendor::read_written(&mut section, known));
    let key = read_key(&mut section, "", &[]);
    if let (Some(vendor), Some(own)) = (vendor, own) {
        let credentials = || vendor.auth.settings().iter();
        let says = |name| own.get(name).is_some();
        if key.is_some() || credentials().any(|setting| says(setting.name)) {
            place.api_key = None;
            let shared = |setting: &&providers::Setting| {
                matches!(setting.kind, SettingKind::File(_)) || setting.name.ends_with("_url")
            };
            for setting in credentials().filter(|setting| !shared(setting)) {
                place.settings.unset(setting.name);
            }
        }
        place.settings.extend(own);
    }
    place.api_key = key.or(place.api_key);
    place.location = Location::read(&mut section, vendor, &place.location);
    place.base_url = read_address(&mut section, "base_url", "").or(place.base_url);
    let also = read_also(&mut section);
    if !also.is_empty() {
        place.also = also;
    }
    section.end();
    enabled.then_some(place)
}

/// Numbers the accounts: places that show the same credentials to the same owner share one.
fn numbered(mut places: Vec<Place>, vendor: Option<&providers::Provider>) -> Vec<Place> {
    let shown: Vec<Vec<Option<String>>> = places
        .iter()
        .map(|place| {
            let key = place.api_key.as_ref().map(|key| key.expose().clone());
            // A server of one's own is its own account: nothing else tells two of them apart.
            let address = place.base_url.clone().filter(|_| vendor.is_none());
            let settings = vendor
                .into_iter()
                .flat_map(providers::Provider::all_settings);
            let settings = settings.filter(|setting| setting.name != REGION);
            let values =
                settings.map(|setting| place.settings.get(setting.name).map(str::to_owned));
            [key, address].into_iter().chain(values).collect()
        })
        .collect();
    let mut accounts: Vec<&Vec<Option<String>>> = Vec::new();
    for (place, shown) in places.iter_mut().zip(&shown) {
        let known = accounts.iter().position(|other| *other == shown);
        let number = known.unwrap_or_else(|| {
            accounts.push(shown);
            accounts.len() - 1
        });
        place.account = u16::try_from(number).unwrap_or(u16::MAX);
    }
    places
}
