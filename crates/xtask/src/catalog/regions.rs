//! What differs by area: clouds sell one model under several ids and prices, by where an answer may be computed. One row
//! for each area, model and lane of which a source says so.
//!
//! Bedrock has an id for each geography, litellm's rows for Azure name the data zone, and Vertex and OpenAI charge a
//! factor that litellm knows. A factor is applied here, to prices of the same row, so that each price has one source.

use super::{
    clouds,
    gather::{Gathered, Place, Sources},
    listing::{Listing, Priced},
    quote::{Lane, Prices, Quote},
    review::Review,
    rows::{RegionRow, split},
    sources::LITELLM,
    vendors::{VENDORS, Vendor},
};

/// The areas of Bedrock's ids.
const BEDROCK: [&str; 8] = ["apac", "au", "ca", "eu", "jp", "sa", "us", "us-gov"];
/// Azure's data zones.
const AZURE: [&str; 3] = ["apac", "eu", "us"];
/// What a factor makes dearer: tokens; a search costs the same everywhere.
const NO_TOKENS: [&str; 2] = ["request", "web_search"];

/// Every row, in the order of models, vendors and areas.
pub(super) fn rows(gathered: &Gathered, sources: &Sources) -> Vec<RegionRow> {
    let mut rows = Vec::new();
    for (slug, places) in &gathered.places {
        for place in places {
            rows.extend(of_place(slug, place, sources));
        }
    }
    rows
}

fn of_place(slug: &str, place: &Place, sources: &Sources) -> Vec<RegionRow> {
    let listing = &place.listing;
    let Some(vendor) = VENDORS.iter().find(|vendor| vendor.id == listing.vendor) else {
        return Vec::new();
    };
    let areas: Vec<(&'static str, Option<String>, Listing)> = match vendor.id {
        "amazon-bedrock" => BEDROCK
            .iter()
            .filter_map(|area| bedrock(vendor, listing, area, sources))
            .collect(),
        "azure" => AZURE
            .iter()
            .filter_map(|area| azure(vendor, listing, area, sources))
            .collect(),
        _ => factors(vendor, listing, sources),
    };
    let mut rows = Vec::new();
    for (area, id, there) in areas {
        for lane in there.lanes().intersection(&listing.lanes()) {
            // What differs between sources is reviewed where everybody asks.
            let priced = there.priced(lane, &mut Review::default());
            if let Some(priced) = priced.filter(sells_tokens) {
                rows.push(row((slug, vendor.id), (area, lane), id.clone(), priced));
            }
        }
    }
    rows
}

fn sells_tokens(priced: &Priced) -> bool {
    priced.sheet.base.contains_key("prompt")
}

fn row(
    (model, provider): (&str, &'static str),
    (area, lane): (&'static str, Lane),
    id: Option<String>,
    priced: Priced,
) -> RegionRow {
    let (prices, above, source, filled) = split(Some(priced));
    RegionRow {
        model: model.to_owned(),
        provider,
        lane,
        area,
        id,
        prices,
        above,
        source,
        filled,
    }
}

/// The same model under the id of a geography.
fn bedrock(
    vendor: &'static Vendor,
    listing: &Listing,
    area: &'static str,
    sources: &Sources,
) -> Option<(&'static str, Option<String>, Listing)> {
    let id = format!("{area}.{}", clouds::without_area(&listing.upstream));
    if id == listing.upstream {
        return None;
    }
    let there = listing_of(vendor, &id, &id, sources)?;
    Some((area, Some(id), there))
}

/// The same deployment in a data zone: only litellm has rows for that.
fn azure(
    vendor: &'static Vendor,
    listing: &Listing,
    area: &'static str,
    sources: &Sources,
) -> Option<(&'static str, Option<String>, Listing)> {
    let id = format!("{}{area}/{}", vendor.prefix, listing.upstream);
    let there = listing_of(vendor, &id, "", sources)?;
    Some((area, None, there))
}

/// All quotes of an id.
fn listing_of(
    vendor: &'static Vendor,
    litellm: &str,
    others: &str,
    sources: &Sources,
) -> Option<Listing> {
    let lists = vendor.litellm.iter().map(|name| (&sources.litellm, *name));
    let lists = lists.chain([
        (&sources.rates, vendor.rates),
        (&sources.pi_ai, vendor.pi_ai),
    ]);
    let mut quotes: Vec<Quote> = Vec::new();
    for quote in lists.filter_map(|(list, name)| list.get(name)).flatten() {
        let id = if quote.source == LITELLM {
            litellm
        } else {
            others
        };
        let is_new = quotes.iter().all(|other| other.source != quote.source);
        if quote.upstream == id && is_new {
            quotes.push(quote.clone());
        }
    }
    (!quotes.is_empty()).then(|| Listing {
        vendor: vendor.id,
        upstream: litellm.to_owned(),
        quotes,
        opinion: None,
    })
}

/// The areas for which litellm knows a factor, with its own prices times that.
fn factors(
    vendor: &'static Vendor,
    listing: &Listing,
    sources: &Sources,
) -> Vec<(&'static str, Option<String>, Listing)> {
    let names: &[&str] = match vendor.id {
        "google-vertex" => &["vertex_ai/", ""],
        "openai" => &[""],
        _ => return Vec::new(),
    };
    let mut quotes = sources.litellm.values().flatten();
    let quote = quotes.find(|quote| {
        let own = quote.upstream.as_str();
        !quote.factors.is_empty()
            && names
                .iter()
                .any(|start| own.strip_prefix(start) == Some(listing.upstream.as_str()))
    });
    let Some(quote) = quote else {
        return Vec::new();
    };
    let scaled = |(area, percent): (&&'static str, &i64)| {
        let mut there = quote.clone();
        for sheet in there.sheets.values_mut() {
            let tiers = sheet.tiers.values_mut();
            for prices in tiers.chain([&mut sheet.base]) {
                scale(prices, *percent);
            }
        }
        let listing = Listing {
            vendor: vendor.id,
            upstream: listing.upstream.clone(),
            quotes: vec![there],
            opinion: None,
        };
        (*area, None, listing)
    };
    quote.factors.iter().map(scaled).collect()
}

/// Rounds up: a price must not be less than what is charged.
fn scale(prices: &mut Prices, percent: i64) {
    for (unit, price) in prices {
        if !NO_TOKENS.contains(unit) {
            *price = (*price * percent + 99) / 100;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::sources;

    const LIST: &str = r#"{
      "global.anthropic.claude-x": {"litellm_provider": "bedrock_converse", "mode": "chat",
        "input_cost_per_token": 5e-06, "output_cost_per_token": 2.5e-05},
      "eu.anthropic.claude-x": {"litellm_provider": "bedrock_converse", "mode": "chat",
        "input_cost_per_token": 5.5e-06, "output_cost_per_token": 2.75e-05},
      "azure/gpt-x": {"litellm_provider": "azure", "mode": "chat", "input_cost_per_token": 1e-06},
      "azure/eu/gpt-x": {"litellm_provider": "azure", "mode": "chat", "input_cost_per_token": 1.1e-06},
      "vertex_ai/claude-x": {"litellm_provider": "vertex_ai-anthropic_models", "mode": "chat",
        "input_cost_per_token": 3e-06, "input_cost_per_token_above_200k_tokens": 6e-06,
        "search_context_cost_per_query": {"search_context_size_medium": 0.01},
        "regional_endpoint_uplift_multiplier": 1.1}
    }"#;

    fn found(vendor: &'static str, upstream: &str) -> Vec<RegionRow> {
        let litellm = sources::litellm::parse(LIST, LITELLM).unwrap();
        let vendor = VENDORS.iter().find(|known| known.id == vendor).unwrap();
        let id = format!("{}{upstream}", vendor.prefix);
        let sources = Sources {
            litellm,
            ..Sources::default()
        };
        let listing = listing_of(vendor, &id, "", &sources).unwrap();
        let place = Place {
            listing: Listing {
                upstream: upstream.to_owned(),
                ..listing
            },
            lane: "standard",
            tag: None,
            quantization: None,
        };
        of_place("maker/model", &place, &sources)
    }

    #[test]
    fn each_cloud_says_in_its_own_way_what_an_area_costs() {
        let rows = found("amazon-bedrock", "global.anthropic.claude-x");
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].id.as_deref(), Some("eu.anthropic.claude-x"));
        assert_eq!(rows[0].prices.as_ref().unwrap()["prompt"], 5_500_000);
        let rows = found("azure", "gpt-x");
        assert_eq!((rows.len(), rows[0].area, &rows[0].id), (1, "eu", &None));
        assert_eq!(rows[0].prices.as_ref().unwrap()["prompt"], 1_100_000);
        let rows = found("google-vertex", "claude-x");
        assert_eq!((rows.len(), rows[0].area), (1, "regional"));
        let prices = rows[0].prices.as_ref().unwrap();
        assert_eq!(
            (prices["prompt"], prices["web_search"]),
            (3_300_000, 10_000_000_000)
        );
        assert_eq!(rows[0].above[0].prices["prompt"], 6_600_000);
        assert_eq!(rows[0].source, Some(LITELLM));
    }
}
