//! Places of a vendor: the regions and accounts at which the house asks it. Each endpoint is there once for every place
//! that has it, with the id and the prices that hold there.
//!
//! Clouds sell one model under several ids and prices, by the area in which an answer may be computed: anywhere, in one
//! geography, in one region. A place whose region was named stays in its area: it never takes the id that is computed
//! anywhere, and where the vendor has none for its area, the model is not served there.
//!
//! Facts: <https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html>,
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/cross-region-inference.html> (read 2026-11-22).

use std::sync::Arc;

use canon::{ModelSlug, ProviderId};

use super::{Endpoint, Lane, PriceSheet, Unit};

/// One of the places at which the house asks a vendor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The vendor.
    pub provider: ProviderId,
    /// What stands behind the vendor in tags: `us-east5`, `team-b`. `None` where the house asks the vendor at this
    /// place only: then tags are as the catalogue has them.
    pub name: Option<Box<str>>,
    /// The region, as the vendor writes it.
    pub region: Option<Box<str>>,
    /// The area in which answers may be computed (`global`, `eu`); `None` where the region decides.
    pub area: Option<Box<str>>,
    /// Which of the vendor's accounts pays; places of the same number share one.
    pub account: u16,
}

/// What differs in one area.
#[derive(Clone, Debug)]
pub(super) struct Regional {
    pub(super) model: ModelSlug,
    pub(super) provider: ProviderId,
    pub(super) lane: Lane,
    pub(super) area: Box<str>,
    /// The id there; as everywhere where absent.
    pub(super) upstream_id: Option<Box<str>>,
    pub(super) prices: Option<PriceSheet>,
    pub(super) source: Option<usize>,
    pub(super) filled: Box<[(Unit, usize)]>,
}

/// What is computed anywhere.
const GLOBAL: &str = "global";
/// Any one region of a vendor that charges the same in all of them.
const REGIONAL: &str = "regional";
/// The areas that Bedrock's ids begin with.
const BEDROCK_AREAS: [&str; 9] = [GLOBAL, "us-gov", "us", "eu", "apac", "jp", "au", "ca", "sa"];

/// The vendors whose areas follow from their regions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cloud {
    Bedrock,
    Vertex,
    Other,
}

impl Place {
    /// The areas whose ids are asked for here, the best first.
    fn areas(&self, cloud: Cloud) -> Vec<&str> {
        let region = self.region.as_deref().unwrap_or_default();
        // The address of Vertex says where it computes, whatever else is said.
        if let Some(area) = self.area.as_deref().filter(|_| cloud != Cloud::Vertex) {
            return vec![area];
        }
        match cloud {
            Cloud::Bedrock if self.name.is_some() => bedrock_areas(region).to_vec(),
            Cloud::Bedrock => [&[GLOBAL], bedrock_areas(region)].concat(),
            Cloud::Vertex if region.is_empty() || region == GLOBAL => Vec::new(),
            Cloud::Vertex => vec![REGIONAL],
            Cloud::Other => Vec::new(),
        }
    }

    /// The tag of an endpoint here: the place stands behind the vendor and before what tells its endpoints apart.
    fn tag(&self, tag: &str) -> Box<str> {
        let Some(name) = &self.name else {
            return tag.into();
        };
        match tag.split_once('/') {
            Some((provider, rest)) => format!("{provider}/{name}/{rest}").into(),
            None => format!("{tag}/{name}").into(),
        }
    }
}

/// The areas of Bedrock that a region of AWS is in, the narrower first.
fn bedrock_areas(region: &str) -> &'static [&'static str] {
    const AREAS: [(&str, &[&str]); 12] = [
        ("us-gov-", &["us-gov"]),
        ("us-", &["us"]),
        ("ca-", &["ca", "us"]),
        ("eu-", &["eu"]),
        ("ap-northeast-1", &["jp", "apac"]),
        ("ap-northeast-3", &["jp", "apac"]),
        ("ap-southeast-2", &["au", "apac"]),
        ("ap-southeast-4", &["au", "apac"]),
        ("ap-", &["apac"]),
        ("sa-", &["sa"]),
        ("me-", &[]),
        ("af-", &[]),
    ];
    let mut found = AREAS.iter().filter(|(start, _)| region.starts_with(start));
    found.next().map_or(&[], |(_, areas)| *areas)
}

/// The area that an id of Bedrock is computed in; `None` where that is the region that is asked.
fn bedrock_home(upstream_id: &str) -> Option<&str> {
    let (start, _) = upstream_id.split_once('.')?;
    BEDROCK_AREAS.contains(&start).then_some(start)
}

/// Each endpoint once for every place of its vendor that has it; those of vendors without a place stay.
pub(super) fn placed(
    endpoints: Vec<Endpoint>,
    regional: &[Regional],
    places: &[Arc<Place>],
) -> Vec<Endpoint> {
    let mut placed = Vec::with_capacity(endpoints.len());
    for endpoint in endpoints {
        let mut own = places
            .iter()
            .filter(|place| place.provider == endpoint.provider)
            .peekable();
        if own.peek().is_none() {
            placed.push(endpoint);
            continue;
        }
        let rows: Vec<&Regional> = regional
            .iter()
            .filter(|row| row.provider == endpoint.provider && row.model == endpoint.model)
            .collect();
        placed.extend(own.filter_map(|place| endpoint.at(place, &rows)));
    }
    placed
}

impl Endpoint {
    /// This endpoint at a place; `None` where the vendor does not serve it there.
    fn at(&self, place: &Arc<Place>, rows: &[&Regional]) -> Option<Self> {
        let cloud = match self.provider.as_str() {
            "amazon-bedrock" => Cloud::Bedrock,
            "google-vertex" => Cloud::Vertex,
            _ => Cloud::Other,
        };
        let home = bedrock_home(&self.upstream_id).filter(|_| cloud == Cloud::Bedrock);
        let mut here = Self {
            tag: place.tag(&self.tag),
            place: Some(Arc::clone(place)),
            ..self.clone()
        };
        for area in place.areas(cloud) {
            if home == Some(area) {
                return Some(here);
            }
            let of_area = || rows.iter().filter(|row| &*row.area == area);
            if let Some(any) = of_area().next() {
                let of_lane = of_area().find(|row| row.lane == self.lane);
                // Where the area has prices of its own, but none for this lane, nobody knows what it costs there.
                let is_priced = of_lane.is_some() || of_area().all(|row| row.prices.is_none());
                here.take(any, of_lane.copied());
                return is_priced.then_some(here);
            }
        }
        let stays = home.is_none() || (place.name.is_none() && place.area.is_none());
        stays.then_some(here)
    }

    /// Takes over what an area says: the id, and the prices of this lane where it has some.
    fn take(&mut self, any: &Regional, of_lane: Option<&Regional>) {
        if let Some(id) = &any.upstream_id {
            self.upstream_id.clone_from(id);
        }
        if let Some(row) = of_lane
            && row.prices.is_some()
        {
            self.prices.clone_from(&row.prices);
            self.source = row.source;
            self.filled.clone_from(&row.filled);
        }
    }
}
