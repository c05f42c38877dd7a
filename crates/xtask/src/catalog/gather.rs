//! From the sources' rows to listings: who serves which slug, under which id.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use super::{
    clouds,
    listing::Listing,
    naming::{Slugs, packing, undated},
    quote::{Lane, Quote, STANDARD, Sheet},
    sources::{self, LITELLM, PI_AI, TOKENCOST},
    vendors::{Naming, OPENROUTER, VENDORS, Vendor},
};

/// Everything that was read.
#[derive(Default)]
pub(super) struct Sources {
    pub(super) litellm: BTreeMap<String, Vec<Quote>>,
    pub(super) tokencost: BTreeMap<String, Vec<Quote>>,
    pub(super) rates: BTreeMap<String, Vec<Quote>>,
    pub(super) pi_ai: BTreeMap<String, Vec<Quote>>,
    pub(super) genai: sources::genai::PriceList,
    /// The day of the lock file: what was retired before it is left out.
    pub(super) as_of: String,
}

/// One way to reach a model.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) listing: Listing,
    pub(super) lane: Lane,
    /// Behind the vendor's slug in the tag: `turbo`, `fp8`.
    pub(super) tag: Option<&'static str>,
    pub(super) quantization: Option<&'static str>,
}

/// Who serves what: by slug, its places and its other names.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    pub(super) places: BTreeMap<String, Vec<Place>>,
    pub(super) aliases: BTreeMap<String, BTreeSet<String>>,
    /// OpenRouter's `~author/family-latest` names, with their prices of today.
    pub(super) latest: BTreeMap<String, Sheet>,
    /// Ids of hosts that lead to no slug, by vendor.
    pub(super) unnamed: BTreeMap<&'static str, usize>,
}

pub(super) fn gather(sources: &Sources) -> Result<Gathered> {
    let mut gathered = Gathered::default();
    openrouter(sources, &mut gathered);
    let slugs = Slugs::new(gathered.places.keys().cloned());
    for vendor in VENDORS {
        direct(vendor, sources, &slugs, &mut gathered);
    }
    Ok(gathered)
}

fn openrouter(sources: &Sources, gathered: &mut Gathered) {
    let mut listings: BTreeMap<(String, Lane), Vec<Quote>> = BTreeMap::new();
    let lists = [&sources.pi_ai, &sources.rates, &sources.tokencost];
    for quote in lists
        .into_iter()
        .filter_map(|list| list.get(OPENROUTER))
        .flatten()
    {
        let plain = quote
            .upstream
            .strip_prefix("openrouter/")
            .filter(|_| quote.source == TOKENCOST);
        let id = plain.unwrap_or(&quote.upstream);
        if id.starts_with('~') {
            let sheet = quote.sheets.get(STANDARD).cloned().unwrap_or_default();
            gathered.latest.entry(id.to_owned()).or_insert(sheet);
        } else if let Some((slug, lane)) = slug_and_lane(id) {
            listings
                .entry((slug.to_owned(), lane))
                .or_default()
                .push(quote.clone());
        }
    }
    // tokencostauto keeps names that were retired long ago: alone it is no proof.
    listings.retain(|_, quotes| quotes.iter().any(|quote| quote.source != TOKENCOST));
    for ((slug, lane), mut quotes) in listings {
        quotes
            .iter_mut()
            .for_each(|quote| move_to_lane(quote, lane, &sources.as_of));
        if is_router(&slug) {
            quotes.iter_mut().for_each(|quote| quote.sheets.clear());
        }
        let upstream = if lane == STANDARD {
            slug.clone()
        } else {
            format!("{slug}:{lane}")
        };
        let opinion = sources
            .genai
            .sheet(OPENROUTER, &upstream)
            .filter(|_| !is_router(&slug))
            .cloned();
        let listing = Listing {
            vendor: OPENROUTER,
            upstream,
            quotes,
            opinion,
        };
        let place = Place {
            listing,
            lane,
            tag: None,
            quantization: None,
        };
        gathered.places.entry(slug).or_default().push(place);
    }
}

/// Routers cost what the model costs that they choose. Lists write 0 for that, which would let a budget
/// pay nothing: their price is not known. Two of OpenRouter's are free indeed.
fn is_router(slug: &str) -> bool {
    let own = slug.strip_prefix("openrouter/");
    slug.ends_with("-router") || own.is_some_and(|name| !matches!(name, "free" | "bodybuilder"))
}

fn slug_and_lane(id: &str) -> Option<(&str, Lane)> {
    let (slug, lane) = match id.split_once(':') {
        None => (id, STANDARD),
        Some((slug, "free")) => (slug, "free"),
        Some((slug, "extended")) => (slug, "extended"),
        Some((slug, "thinking")) => (slug, "thinking"),
        Some((slug, "batch")) => (slug, "batch"),
        Some(_) => return None,
    };
    (slug.matches('/').count() == 1).then_some((slug, lane))
}

/// OpenRouter lists a variant as a model; its standard price is the price of our lane.
fn move_to_lane(quote: &mut Quote, lane: Lane, as_of: &str) {
    // What is still listed has not been retired on the day that an older list foretold.
    quote.expires.take_if(|date| date.as_str() < as_of);
    let standard = quote.sheets.remove(STANDARD);
    quote.sheets.clear();
    if lane == "free" {
        let base = [("completion", 0), ("prompt", 0)].into();
        quote.sheets.insert(
            lane,
            Sheet {
                base,
                tiers: BTreeMap::new(),
            },
        );
    } else if let Some(sheet) = standard {
        quote.sheets.insert(lane, sheet);
    }
}

fn direct(vendor: &'static Vendor, sources: &Sources, slugs: &Slugs, gathered: &mut Gathered) {
    let mut offers: BTreeMap<(String, Option<&'static str>), Vec<Listing>> = BTreeMap::new();
    let listings = listings(vendor, sources);
    let upstreams: BTreeSet<String> = listings.keys().cloned().collect();
    for (upstream, listing) in listings {
        let known = slugs.known(vendor, &upstream);
        let slug = known.or_else(|| {
            let stem = undated(&upstream).filter(|_| matches!(vendor.naming, Naming::Maker(_)))?;
            slugs.known(vendor, stem).or_else(|| {
                upstreams
                    .contains(stem)
                    .then(|| Slugs::coined(vendor, stem))
                    .flatten()
            })
        });
        let slug = slug
            .filter(|slug| is_confirmed(vendor, &listing, Some(slug), gathered))
            .or_else(|| {
                let coined = Slugs::coined(vendor, &upstream)?;
                is_confirmed(vendor, &listing, None, gathered).then_some(coined)
            });
        let Some(slug) = slug else {
            *gathered.unnamed.entry(vendor.id).or_default() += 1;
            continue;
        };
        let tag = match vendor.naming {
            Naming::Maker(_) => None,
            Naming::Host | Naming::Known => packing(&upstream).0,
        };
        offers.entry((slug, tag)).or_default().push(listing);
    }
    for ((slug, tag), listings) in offers {
        place(vendor, slug, tag, listings, gathered);
    }
}

/// Keeps the best id for the slug. A maker's other ids become aliases where the price is the same,
/// and models of their own where it is not.
fn place(
    vendor: &Vendor,
    slug: String,
    tag: Option<&'static str>,
    mut listings: Vec<Listing>,
    gathered: &mut Gathered,
) {
    listings.sort_by_key(|listing| {
        let dated = undated(&listing.upstream).is_some() || listing.upstream.ends_with("-latest");
        (
            clouds::preference(vendor.id, &listing.upstream),
            dated,
            std::cmp::Reverse(listing.quotes.len()),
            listing.upstream.clone(),
        )
    });
    let mut listings = listings.into_iter();
    let Some(best) = listings.next() else { return };
    let price = standard_price(&best);
    let maker = matches!(vendor.naming, Naming::Maker(_));
    let alias = |upstream: &str| Slugs::coined(vendor, upstream).filter(|alias| *alias != slug);
    let mut aliases: Vec<String> = if maker {
        alias(&best.upstream).into_iter().collect()
    } else {
        Vec::new()
    };
    let quantization = packing(&best.upstream).1;
    let mut places = vec![(slug.clone(), best, quantization)];
    for other in listings.filter(|_| maker) {
        let Some(name) = alias(&other.upstream) else {
            continue;
        };
        if standard_price(&other) == price {
            aliases.push(name);
        } else {
            places.push((name, other, None));
        }
    }
    gathered.aliases.entry(slug).or_default().extend(aliases);
    for (slug, listing, quantization) in places {
        let lanes = listing.lanes();
        debug_assert!(
            lanes.contains(STANDARD),
            "every listing has the standard lane"
        );
        let place = Place {
            listing,
            lane: STANDARD,
            tag,
            quantization,
        };
        gathered.places.entry(slug).or_default().push(place);
    }
}

fn standard_price(listing: &Listing) -> Option<Sheet> {
    [LITELLM, sources::RATES, PI_AI].iter().find_map(|source| {
        let quote = listing
            .quotes
            .iter()
            .find(|quote| quote.source == *source)?;
        quote.sheets.get(STANDARD).cloned()
    })
}

/// Makers whose rows in litellm are kept current there; other makers' rows include ids that were retired.
const CURRENT: [&str; 3] = ["anthropic", "cohere", "openai"];

/// Whether an id is likely to answer. A second source is proof; so is the maker's own page, and for a host
/// that OpenRouter lists the model today.
fn is_confirmed(
    vendor: &Vendor,
    listing: &Listing,
    slug: Option<&str>,
    gathered: &Gathered,
) -> bool {
    let second = listing.quotes.iter().any(|quote| quote.source != LITELLM);
    let resold = ["anthropic/", "google/gemini"]
        .iter()
        .any(|start| listing.upstream.starts_with(start));
    match (vendor.naming, slug) {
        (Naming::Maker(_), _) => {
            let cited = listing.quotes.iter().any(|quote| quote.cited);
            second || cited || CURRENT.contains(&vendor.id) || !listing.output().contains("text")
        }
        (_, None) => second && !resold,
        (_, Some(slug)) => !resold && (second || listed_today(slug, gathered)),
    }
}

fn listed_today(slug: &str, gathered: &Gathered) -> bool {
    let places = gathered.places.get(slug).into_iter().flatten();
    places
        .filter(|place| place.listing.vendor == OPENROUTER)
        .flat_map(|place| &place.listing.quotes)
        .any(|quote| quote.source == PI_AI)
}

/// Words in ids of what is no model behind our interfaces: sessions, containers, fine-tunes, trials.
const OUTSIDE: [&str; 14] = [
    "ft:",
    "container",
    "realtime",
    "-live",
    "live-",
    "experimental",
    "-beta",
    "-gv2",
    "robotics",
    "learnlm",
    "-exp",
    "computer-use",
    "native-audio",
    "/routers/",
];

fn listings(vendor: &'static Vendor, sources: &Sources) -> BTreeMap<String, Listing> {
    let mut listings: BTreeMap<String, Listing> = BTreeMap::new();
    let lists = vendor.litellm.iter().map(|name| (&sources.litellm, *name));
    let lists = lists.chain([
        (&sources.rates, vendor.rates),
        (&sources.pi_ai, vendor.pi_ai),
    ]);
    for quote in lists.filter_map(|(list, name)| list.get(name)).flatten() {
        let Some(upstream) = upstream(vendor, quote) else {
            continue;
        };
        let listing = listings.entry(upstream.clone()).or_insert_with(|| Listing {
            vendor: vendor.id,
            opinion: sources.genai.sheet(vendor.genai, &upstream).cloned(),
            upstream,
            quotes: Vec::new(),
        });
        if !listing
            .quotes
            .iter()
            .any(|other| other.source == quote.source)
        {
            listing.quotes.push(quote.clone());
        }
    }
    listings.retain(|_, listing| {
        let gone = listing.expires().is_some_and(|date| date < sources.as_of);
        !gone && listing.quotes.iter().any(|quote| !quote.output.is_empty())
    });
    listings
}

/// The vendor's own id in a source's row, or nothing where the row is no model of ours.
fn upstream(vendor: &Vendor, quote: &Quote) -> Option<String> {
    let id = quote.upstream.as_str();
    let own = match id.strip_prefix(vendor.prefix) {
        Some(own) if quote.source == LITELLM => own,
        _ if quote.source == LITELLM && !matches!(vendor.naming, Naming::Maker(_)) => return None,
        _ => id,
    };
    let nested = own.contains('/');
    if clouds::is_regional(vendor.id, own) {
        return None;
    }
    if OUTSIDE.iter().any(|word| own.contains(word)) || own.contains("-x-") {
        return None;
    }
    match (vendor.id, vendor.naming) {
        ("fireworks", _) if !nested => Some(format!("accounts/fireworks/models/{own}")),
        (_, Naming::Maker(_)) | ("perplexity", _) if nested => None,
        _ => Some(own.to_owned()),
    }
}
