//! The rows of the data files: facts of models, endpoints with prices, sets of parameters.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{
    gather::{Gathered, Place},
    latest,
    listing::{Listing, Priced},
    parameters,
    quote::{Lane, Prices, Reasoning, STANDARD, Sheet},
    review::Review,
    vendors::{OPENROUTER, VENDORS, profile_of},
    wording,
};

/// A line of models.jsonl.
#[derive(Debug, Serialize)]
pub(super) struct ModelRow {
    pub(super) model: String,
    name: String,
    /// Seconds since 1970, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    created: Option<i64>,
    input: String,
    output: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output: Option<u64>,
    tokenizer: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<ReasoningRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) aliases: Vec<String>,
}

#[derive(Debug, Serialize)]
struct ReasoningRow {
    /// Strongest first; empty where nobody says.
    efforts: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<String>,
    mandatory: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    budget: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    adaptive: Option<bool>,
}

/// A line of endpoints.jsonl.
#[derive(Debug, Serialize)]
pub(super) struct EndpointRow {
    pub(super) model: String,
    pub(super) provider: &'static str,
    tag: String,
    lane: Lane,
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_prompt: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output: Option<u64>,
    /// A name in parameters.jsonl.
    parameters: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    quantization: Option<&'static str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    responses_only: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
    /// Pico-USD a unit. Absent: the price is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) prices: Option<Prices>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    above: Vec<AboveRow>,
    /// The package that the prices are from; its version is in sources.jsonl.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'static str>,
    /// Prices that are from another package.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    filled: BTreeMap<&'static str, &'static str>,
}

/// A line of regions.jsonl: what differs in one area.
#[derive(Debug, Serialize)]
pub(super) struct RegionRow {
    pub(super) model: String,
    pub(super) provider: &'static str,
    pub(super) lane: Lane,
    /// `eu`, `us`, or `regional` for any one region.
    pub(super) area: &'static str,
    /// The id there; as everywhere where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) prices: Option<Prices>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) above: Vec<AboveRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) source: Option<&'static str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) filled: BTreeMap<&'static str, &'static str>,
}

/// Other prices for prompts of more tokens than `tokens`.
#[derive(Debug, Serialize)]
pub(super) struct AboveRow {
    tokens: u64,
    pub(super) prices: Prices,
}

/// A line of parameters.jsonl.
#[derive(Debug, Serialize)]
pub(super) struct SetRow {
    set: String,
    parameters: String,
}

/// All rows, in the order of the files.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) models: Vec<ModelRow>,
    pub(super) endpoints: Vec<EndpointRow>,
    pub(super) regions: Vec<RegionRow>,
    pub(super) sets: Vec<SetRow>,
    pub(super) review: Review,
}

pub(super) fn rows(gathered: &Gathered) -> Rows {
    let mut rows = Rows::default();
    let mut sets: BTreeMap<String, parameters::Set> = BTreeMap::new();
    let mut aliases = gathered.aliases.clone();
    for (alias, target) in latest_targets(gathered) {
        aliases.entry(target).or_default().insert(alias);
    }
    for (slug, places) in &gathered.places {
        let mut places: Vec<&Place> = places.iter().collect();
        places.sort_by_key(|place| {
            (
                rank(slug, place),
                place.listing.vendor,
                place.lane,
                place.tag,
            )
        });
        let names = aliases.remove(slug).unwrap_or_default();
        let names = names
            .into_iter()
            .filter(|alias| !gathered.places.contains_key(alias))
            .collect();
        rows.models.push(model(slug, &places, names));
        places.sort_by_key(|place| {
            (
                place.listing.vendor,
                place.lane != STANDARD,
                place.lane,
                place.tag,
            )
        });
        let maker = places.iter().find(|place| rank(slug, place) == 0);
        let maker = maker.and_then(|place| place.listing.priced(STANDARD, &mut Review::default()));
        for place in places {
            endpoints(slug, (place, maker.as_ref()), &mut sets, &mut rows);
        }
    }
    rows.sets = sets
        .into_iter()
        .map(|(set, found)| SetRow {
            set,
            parameters: found.parameters.join(" "),
        })
        .collect();
    rows
}

/// Whose facts about the model come first: its maker's, OpenRouter's, then hosts'.
fn rank(slug: &str, place: &Place) -> u8 {
    let author = slug.split_once('/').map_or("", |(author, _)| author);
    let makes = |vendor: &super::vendors::Vendor| {
        vendor.id == place.listing.vendor
            && (matches!(vendor.naming, super::vendors::Naming::Maker(maker) if maker == author)
                || vendor.id == author)
    };
    match place.listing.vendor {
        OPENROUTER if place.lane == STANDARD => 1,
        _ if VENDORS.iter().any(makes) => 0,
        OPENROUTER => 2,
        _ => 3,
    }
}

fn model(slug: &str, places: &[&Place], aliases: Vec<String>) -> ModelRow {
    fn first<T>(places: &[&Place], fact: impl Fn(&Listing) -> Option<T>) -> Option<T> {
        places.iter().find_map(|place| fact(&place.listing))
    }
    let openrouter = places
        .iter()
        .find(|place| place.listing.vendor == OPENROUTER);
    let name = openrouter
        .and_then(|place| place.listing.name())
        .map(|name| wording::without_lane(&name).to_owned())
        .unwrap_or_else(|| wording::plain_name(slug));
    // Hosts leave out what they do not offer; the maker and OpenRouter together know the model.
    let knowing: Vec<_> = places
        .iter()
        .filter(|place| rank(slug, place) < 3)
        .collect();
    let knowing: Vec<_> = if knowing.is_empty() {
        places.iter().collect()
    } else {
        knowing
    };
    let join = |words: fn(&Listing) -> BTreeSet<&'static str>| -> BTreeSet<&'static str> {
        knowing
            .iter()
            .flat_map(|place| words(&place.listing))
            .collect()
    };
    let mut output = join(Listing::output);
    if output.is_empty() {
        output.insert("text");
    }
    let mut input = join(Listing::input);
    if input.is_empty() {
        input.insert("text");
    }
    let tokenizer = wording::tokenizer(slug, &output);
    ModelRow {
        model: slug.to_owned(),
        name,
        created: first(places, Listing::created).and_then(|date| wording::seconds(&date)),
        input: wording::ordered(&input),
        output: wording::ordered(&output),
        context: first(places, Listing::context),
        max_output: first(places, Listing::output_max),
        tokenizer,
        reasoning: first(places, Listing::reasoning).map(|facts| reasoning(slug, facts)),
        expires: places
            .iter()
            .filter(|place| rank(slug, place) == 0)
            .find_map(|place| place.listing.expires()),
        aliases,
    }
}

/// Adds the rows of one place, knowing what the model's maker charges.
fn endpoints(
    slug: &str,
    (place, maker): (&Place, Option<&Priced>),
    sets: &mut BTreeMap<String, parameters::Set>,
    rows: &mut Rows,
) {
    let listing = &place.listing;
    let vendor = VENDORS.iter().find(|vendor| vendor.id == listing.vendor);
    let profile = vendor.and_then(|vendor| vendor.profile);
    let profile = profile.unwrap_or_else(|| profile_of(slug));
    let set = listing.parameters(profile);
    sets.entry(set.name.clone()).or_insert_with(|| set.clone());
    let lanes = if listing.vendor == OPENROUTER {
        [place.lane].into()
    } else {
        listing.lanes()
    };
    for lane in lanes {
        let mut priced = listing.priced(lane, &mut rows.review);
        if listing.vendor == OPENROUTER {
            priced = priced.and_then(|priced| priced.complete(&listing.output(), maker));
        }
        let sold = priced
            .as_ref()
            .is_some_and(|priced| priced.sheet.base.contains_key("prompt"));
        if lane != STANDARD && listing.vendor != OPENROUTER && !sold {
            continue;
        }
        let mut tag = listing.vendor.to_owned();
        for part in [place.tag, (lane != STANDARD).then_some(lane)]
            .into_iter()
            .flatten()
        {
            tag = format!("{tag}/{part}");
        }
        let (prices, above, source, filled) = split(priced);
        rows.endpoints.push(EndpointRow {
            model: slug.to_owned(),
            provider: listing.vendor,
            tag,
            lane,
            id: listing.upstream.clone(),
            context: listing.context(),
            max_prompt: listing.prompt_max(),
            max_output: listing.output_max(),
            parameters: set.name.clone(),
            quantization: place.quantization,
            responses_only: listing.responses_only() && listing.vendor != OPENROUTER,
            expires: listing.expires(),
            prices,
            above,
            source,
            filled,
        });
    }
}

/// Prices, thresholds, source and what other sources filled in.
pub(super) type Split = (
    Option<Prices>,
    Vec<AboveRow>,
    Option<&'static str>,
    BTreeMap<&'static str, &'static str>,
);

pub(super) fn split(priced: Option<Priced>) -> Split {
    let Some(Priced {
        sheet,
        source,
        filled,
    }) = priced
    else {
        return (None, Vec::new(), None, BTreeMap::new());
    };
    let above = sheet
        .tiers
        .into_iter()
        .map(|(tokens, prices)| AboveRow { tokens, prices })
        .collect();
    (Some(sheet.base), above, Some(source), filled)
}

fn latest_targets(gathered: &Gathered) -> Vec<(String, String)> {
    let mut candidates = Vec::new();
    for (slug, places) in &gathered.places {
        let place = places
            .iter()
            .find(|place| place.listing.vendor == OPENROUTER && place.lane == STANDARD);
        let Some(place) = place else { continue };
        let sheet = place
            .listing
            .quotes
            .iter()
            .find_map(|quote| quote.sheets.get(STANDARD));
        candidates.push((slug.as_str(), place.listing.created(), sheet));
    }
    let candidates: Vec<latest::Candidate<'_>> = candidates
        .iter()
        .map(|(slug, created, sheet)| latest::Candidate {
            slug,
            created: created.as_deref(),
            sheet: *sheet,
        })
        .collect();
    let target = |(alias, sheet): (&String, &Sheet)| {
        Some((
            alias.clone(),
            latest::target(alias, sheet, &candidates)?.to_owned(),
        ))
    };
    gathered.latest.iter().filter_map(target).collect()
}

fn reasoning(slug: &str, reasoning: Reasoning) -> ReasoningRow {
    // Claude thinks within a budget of tokens, or adaptively.
    let adaptive = reasoning.adaptive == Some(true);
    let budget = reasoning
        .budget
        .or((slug.starts_with("anthropic/") && !adaptive).then_some(true));
    let order = ["max", "xhigh", "high", "medium", "low", "minimal"];
    let efforts = order
        .into_iter()
        .filter(|effort| reasoning.efforts.contains(*effort));
    ReasoningRow {
        efforts: efforts.collect::<Vec<_>>().join(" "),
        default: reasoning
            .default
            .filter(|effort| order.contains(&effort.as_str())),
        mandatory: reasoning.mandatory == Some(true),
        budget,
        adaptive: adaptive.then_some(true),
    }
}
