//! Places of a vendor: each endpoint once a place, with the tag, the id and the prices that hold there.
#![expect(clippy::unwrap_used, reason = "a test's helpers may fail the test")]

use std::sync::Arc;

use canon::PicoUsd;
use policy::catalog::{Catalog, Endpoint, Lane, Place, Unit};

fn place(provider: &str, name: &str, region: &str) -> Place {
    Place {
        provider: provider.parse().unwrap(),
        name: Some(name.into()),
        region: Some(region.into()),
        area: None,
        account: 0,
    }
}

fn at(places: Vec<Place>) -> Catalog {
    let places: Vec<_> = places.into_iter().map(Arc::new).collect();
    Catalog::embedded().with_places(&places).unwrap()
}

/// The endpoints of a model by the beginnings of their tags, in order.
fn tagged<'a>(catalog: &'a Catalog, model: &str, start: &str) -> Vec<&'a Endpoint> {
    let model = catalog.model(model).unwrap();
    let endpoints = catalog.endpoints(model).iter();
    endpoints.filter(|e| e.tag.starts_with(start)).collect()
}

fn prompt(endpoint: &Endpoint) -> PicoUsd {
    endpoint
        .prices
        .as_ref()
        .unwrap()
        .price(Unit::Prompt)
        .unwrap()
}

#[test]
fn every_endpoint_of_a_vendor_is_there_once_a_place_and_others_stay_as_they_are() {
    let before = Catalog::embedded();
    let after = at(vec![
        place("google-vertex", "us-east5", "us-east5"),
        place("google-vertex", "europe-west1", "europe-west1"),
    ]);
    for (index, endpoint) in after.all_endpoints().iter().enumerate() {
        assert_eq!(endpoint.index, index, "indices are dense");
        let is_placed = endpoint.provider.as_str() == "google-vertex";
        assert_eq!(endpoint.place.is_some(), is_placed, "{}", endpoint.tag);
    }
    let count = |catalog: &Catalog, ours: bool| {
        let all = catalog.all_endpoints().iter();
        all.filter(|e| (e.provider.as_str() == "google-vertex") == ours)
            .count()
    };
    assert_eq!(count(&after, true), 2 * count(&before, true));
    assert_eq!(count(&after, false), count(&before, false));
    let here = tagged(&after, "anthropic/claude-opus-4.7", "google-vertex");
    let mut tags: Vec<_> = here
        .iter()
        .map(|e| (&*e.tag, e.region().unwrap()))
        .collect();
    tags.sort_unstable();
    assert_eq!(
        tags,
        [
            ("google-vertex/europe-west1", "europe-west1"),
            ("google-vertex/europe-west1/batch", "europe-west1"),
            ("google-vertex/us-east5", "us-east5"),
            ("google-vertex/us-east5/batch", "us-east5"),
        ]
    );
}

#[test]
fn a_region_of_vertex_costs_what_the_source_says_and_the_global_address_the_base_price() {
    let catalog = at(vec![
        place("google-vertex", "global", "global"),
        place("google-vertex", "us-east5", "us-east5"),
    ]);
    let found = tagged(&catalog, "anthropic/claude-opus-4.7", "google-vertex");
    let standard: Vec<_> = found.iter().filter(|e| e.lane == Lane::Standard).collect();
    let prices: Vec<_> = standard.iter().map(|e| prompt(e).get()).collect();
    assert_eq!(prices, [5_000_000, 5_500_000]);
    let source = catalog.source(standard[1], Unit::Prompt).unwrap();
    assert_eq!(&*source.package, "litellm");
    // Of this model no source says that a region costs more.
    let found = tagged(&catalog, "google/gemini-2.5-pro", "google-vertex/us-east5");
    let base = Catalog::embedded();
    let base = tagged(&base, "google/gemini-2.5-pro", "google-vertex");
    assert_eq!(found[0].prices, base[0].prices);
}

#[test]
fn an_area_does_not_make_a_region_of_vertex_cheaper() {
    let eu = Place {
        area: Some("eu".into()),
        ..place("google-vertex", "west", "europe-west1")
    };
    let catalog = at(vec![eu]);
    let found = tagged(&catalog, "anthropic/claude-opus-4.7", "google-vertex");
    let standard = found.iter().find(|e| e.lane == Lane::Standard).unwrap();
    assert_eq!(prompt(standard).get(), 5_500_000);
}

/// Else its tier would be billed at the price of another region.
#[test]
fn a_tier_whose_price_in_an_area_nobody_states_is_not_offered_there() {
    let catalog = at(vec![
        place("amazon-bedrock", "eu-west-1", "eu-west-1"),
        place("amazon-bedrock", "us-east-1", "us-east-1"),
    ]);
    let here = tagged(&catalog, "amazon/nova-pro-v1", "amazon-bedrock/");
    let found: Vec<_> = here
        .iter()
        .filter(|e| e.lane != Lane::Batch)
        .map(|e| (&*e.tag, prompt(e).get()))
        .collect();
    assert_eq!(
        found,
        [
            ("amazon-bedrock/eu-west-1/flex", 525_000),
            ("amazon-bedrock/us-east-1/flex", 400_000),
            ("amazon-bedrock/us-east-1/priority", 1_400_000),
            ("amazon-bedrock/eu-west-1", 1_050_000),
            ("amazon-bedrock/us-east-1", 800_000),
        ]
    );
}

#[test]
fn a_named_region_of_bedrock_is_never_asked_for_what_is_computed_elsewhere() {
    let catalog = at(vec![
        place("amazon-bedrock", "eu-west-1", "eu-west-1"),
        place("amazon-bedrock", "us-east-1", "us-east-1"),
        place("amazon-bedrock", "ap-northeast-1", "ap-northeast-1"),
    ]);
    let mut seen = [0; 3];
    for endpoint in catalog.all_endpoints() {
        let Some(region) = endpoint.region() else {
            continue;
        };
        let area = endpoint.upstream_id.split('.').next().unwrap();
        let (at, foreign): (usize, &[&str]) = match region {
            "eu-west-1" => (0, &["global", "us", "apac", "jp", "au"]),
            "us-east-1" => (1, &["global", "eu", "apac", "jp", "au", "us-gov"]),
            _ => (2, &["global", "eu", "us", "au"]),
        };
        assert!(
            !foreign.contains(&area),
            "{region}: {}",
            endpoint.upstream_id
        );
        seen[at] += 1;
    }
    assert!(seen.iter().all(|count| *count > 20), "{seen:?}");
    let here = tagged(&catalog, "anthropic/claude-opus-4.7", "amazon-bedrock/");
    let ids: Vec<_> = here
        .iter()
        .filter(|e| e.lane == Lane::Standard)
        .map(|e| (&*e.tag, &*e.upstream_id, prompt(e).get()))
        .collect();
    assert_eq!(
        ids,
        [
            (
                "amazon-bedrock/eu-west-1",
                "eu.anthropic.claude-opus-4-7",
                5_500_000
            ),
            (
                "amazon-bedrock/us-east-1",
                "us.anthropic.claude-opus-4-7",
                5_500_000
            ),
            (
                "amazon-bedrock/ap-northeast-1",
                "jp.anthropic.claude-opus-4-7",
                5_500_000
            ),
        ]
    );
}

#[test]
fn an_area_that_was_said_holds_instead_of_the_regions() {
    let global = Place {
        area: Some("global".into()),
        ..place("amazon-bedrock", "anywhere", "eu-west-1")
    };
    let zone = Place {
        area: Some("eu".into()),
        ..place("azure", "swedencentral", "swedencentral")
    };
    let catalog = at(vec![global, zone, place("azure", "westus", "westus")]);
    let here = tagged(
        &catalog,
        "anthropic/claude-opus-4.7",
        "amazon-bedrock/anywhere",
    );
    assert_eq!(&*here[0].upstream_id, "global.anthropic.claude-opus-4-7");
    assert_eq!(prompt(here[0]).get(), 5_000_000);
    let here = tagged(&catalog, "openai/gpt-5.4", "azure/");
    let prices: Vec<_> = here
        .iter()
        .filter(|e| e.lane == Lane::Standard)
        .map(|e| (&*e.tag, prompt(e).get()))
        .collect();
    assert_eq!(
        prices,
        [
            ("azure/swedencentral", 2_750_000),
            ("azure/westus", 2_500_000)
        ]
    );
}

#[test]
fn one_place_without_a_name_changes_no_tag_and_only_ids_that_its_region_has_not() {
    let only = Place {
        name: None,
        ..place("amazon-bedrock", "", "eu-central-1")
    };
    let (before, after) = (Catalog::embedded(), at(vec![only]));
    let mut others = after.all_endpoints().iter().peekable();
    let mut moved = 0;
    for one in before.all_endpoints() {
        let is_it = |other: &&Endpoint| (&one.model, &one.tag) == (&other.model, &other.tag);
        let Some(other) = others.next_if(is_it) else {
            // Tiers alone have no price in the region.
            assert_ne!(one.lane, Lane::Standard, "{}", one.tag);
            continue;
        };
        if one.upstream_id != other.upstream_id {
            assert!(one.upstream_id.starts_with("us."), "{}", one.upstream_id);
            assert!(
                other.upstream_id.starts_with("eu."),
                "{}",
                other.upstream_id
            );
            moved += 1;
        }
        let is_bedrock = other.provider.as_str() == "amazon-bedrock";
        assert_eq!(other.region(), is_bedrock.then_some("eu-central-1"));
    }
    assert!(moved > 0 && others.next().is_none());
}

#[test]
fn places_of_one_account_share_it() {
    let other = Place {
        account: 1,
        ..place("openai", "b", "")
    };
    let catalog = at(vec![
        place("openai", "a", ""),
        place("openai", "c", ""),
        other,
    ]);
    let here = tagged(&catalog, "openai/gpt-5.4", "openai/");
    let account = |tag: &str| here.iter().find(|e| &*e.tag == tag).unwrap().account();
    assert_eq!(account("openai/a"), account("openai/c"));
    assert_ne!(account("openai/a"), account("openai/b"));
    assert_eq!(
        &*tagged(&catalog, "openai/gpt-5.4", "openai/b/flex")[0].tag,
        "openai/b/flex"
    );
}
