//! The embedded catalogue, and catalogues with vendors of one's own.
#![expect(clippy::unwrap_used, reason = "a test's helpers may fail the test")]

use std::collections::HashSet;

use canon::PicoUsd;
use policy::catalog::{
    Catalog, Error, Lane, Modalities, Modality, Own, Parameter, Parameters, PriceSheet,
    Quantization, Suffix, Unit,
};

fn own(provider: &str, model: &str) -> Own {
    Own {
        name: None,
        quantization: Quantization::Unknown,
        provider: provider.parse().unwrap(),
        model: model.parse().unwrap(),
        upstream_id: "small-instruct".into(),
        context_length: Some(8_192),
        max_output_tokens: Some(2_048),
        input: Modalities::EMPTY.with(Modality::Text),
        output: Modalities::EMPTY.with(Modality::Text),
        parameters: [Parameter::Temperature, Parameter::Tools]
            .into_iter()
            .collect(),
        prices: PriceSheet::new([(Unit::Prompt, PicoUsd::new(100_000))]).ok(),
    }
}

#[test]
fn the_embedded_catalogue_has_at_least_four_hundred_models_with_modalities() {
    let catalog = Catalog::embedded();
    assert!(catalog.models().len() >= 400, "{}", catalog.models().len());
    for model in catalog.models() {
        assert!(
            !model.input.is_empty() && !model.output.is_empty(),
            "{}",
            model.slug
        );
        assert!(
            !catalog.endpoints(model).is_empty(),
            "{} is served by nobody",
            model.slug
        );
        assert!(!model.name.is_empty(), "{}", model.slug);
    }
}

#[test]
fn every_vendor_of_the_first_release_has_priced_endpoints() {
    let catalog = Catalog::embedded();
    for provider in [
        "openai",
        "anthropic",
        "google-ai-studio",
        "mistral",
        "deepseek",
        "groq",
        "together",
        "fireworks",
        "xai",
        "openrouter",
    ] {
        let endpoints = catalog
            .all_endpoints()
            .iter()
            .filter(|endpoint| endpoint.provider.as_str() == provider);
        let priced = endpoints
            .filter(|endpoint| endpoint.prices.is_some())
            .count();
        assert!(priced >= 3, "{provider} has {priced} priced endpoints");
    }
}

#[test]
fn endpoints_count_from_zero_without_gaps_and_stand_with_their_model() {
    let catalog = Catalog::embedded();
    for (place, endpoint) in catalog.all_endpoints().iter().enumerate() {
        assert_eq!(endpoint.index, place);
    }
    let mut next = 0;
    for model in catalog.models() {
        for endpoint in catalog.endpoints(model) {
            assert_eq!((endpoint.index, &endpoint.model), (next, &model.slug));
            next += 1;
        }
    }
    assert_eq!(next, catalog.all_endpoints().len());
}

#[test]
fn no_two_endpoints_have_one_model_and_one_tag() {
    let catalog = Catalog::embedded();
    let mut seen = HashSet::new();
    for endpoint in catalog.all_endpoints() {
        assert!(
            seen.insert((&endpoint.model, &endpoint.tag)),
            "{} {}",
            endpoint.model,
            endpoint.tag
        );
    }
}

#[test]
fn every_price_has_a_package_and_a_version() {
    let catalog = Catalog::embedded();
    for endpoint in catalog.all_endpoints() {
        let Some(sheet) = &endpoint.prices else {
            continue;
        };
        for (unit, _) in sheet.prices() {
            let source = catalog.source(endpoint, unit).unwrap();
            assert!(
                !source.package.is_empty() && source.version.contains('.'),
                "{}",
                endpoint.tag
            );
        }
    }
}

#[test]
fn prices_are_plausible() {
    // A million tokens at 1,000 USD is dearer than anything sold: more is an error of a factor.
    let dearest = PicoUsd::new(1_000_000_000);
    for endpoint in Catalog::embedded().all_endpoints() {
        let Some(sheet) = &endpoint.prices else {
            continue;
        };
        for unit in [
            Unit::Prompt,
            Unit::Completion,
            Unit::CacheRead,
            Unit::CacheWrite,
            Unit::CacheWrite1h,
        ] {
            let price = sheet.price_at(unit, u64::MAX).unwrap_or_default();
            assert!(
                price <= dearest,
                "{} {} {unit}: {price}",
                endpoint.model,
                endpoint.tag
            );
        }
    }
}

#[test]
fn what_spends_money_is_never_priced_at_nothing() {
    let catalog = Catalog::embedded();
    let auto = catalog.model("openrouter/auto").unwrap();
    let unknown = |model| {
        catalog
            .endpoints(model)
            .iter()
            .all(|endpoint| endpoint.prices.is_none())
    };
    assert!(
        unknown(auto),
        "a router costs what the model costs that it chooses"
    );
    for endpoint in catalog.all_endpoints() {
        let free = endpoint.prices.as_ref().is_some_and(PriceSheet::is_free);
        let maker = ["openai", "anthropic", "google-ai-studio", "xai", "deepseek"];
        let sells = maker.contains(&endpoint.provider.as_str());
        assert!(!free || !sells, "{} {}", endpoint.model, endpoint.tag);
    }
}

#[test]
fn well_known_prices_are_right() {
    let catalog = Catalog::embedded();
    for (model, tag, prompt, completion) in [
        ("openai/gpt-5", "openai", 1_250_000, 10_000_000),
        ("openai/gpt-4o-mini", "openai", 150_000, 600_000),
        ("openai/gpt-5", "openai/flex", 625_000, 5_000_000),
        (
            "anthropic/claude-opus-4.5",
            "anthropic",
            5_000_000,
            25_000_000,
        ),
        (
            "anthropic/claude-haiku-4.5",
            "anthropic",
            1_000_000,
            5_000_000,
        ),
        (
            "google/gemini-2.5-pro",
            "google-ai-studio",
            1_250_000,
            10_000_000,
        ),
        ("openai/gpt-oss-120b", "groq", 150_000, 600_000),
        ("openai/gpt-5", "openrouter", 1_250_000, 10_000_000),
    ] {
        let endpoints = catalog.endpoints(catalog.model(model).unwrap());
        let endpoint = endpoints
            .iter()
            .find(|endpoint| &*endpoint.tag == tag)
            .unwrap();
        let sheet = endpoint.prices.as_ref().unwrap();
        assert_eq!(
            sheet.price(Unit::Prompt),
            Some(PicoUsd::new(prompt)),
            "{model} {tag}"
        );
        assert_eq!(
            sheet.price(Unit::Completion),
            Some(PicoUsd::new(completion)),
            "{model} {tag}"
        );
    }
}

#[test]
fn an_alias_leads_to_the_model() {
    let catalog = Catalog::embedded();
    let resolved = catalog.resolve("anthropic/claude-opus-4-5").unwrap();
    assert_eq!(resolved.model.slug.as_str(), "anthropic/claude-opus-4.5");
    assert_eq!(resolved.alias, Some("anthropic/claude-opus-4-5"));
    let latest = catalog.model("~anthropic/claude-sonnet-latest").unwrap();
    assert!(
        latest.slug.as_str().starts_with("anthropic/claude-sonnet-"),
        "{}",
        latest.slug
    );
    assert!(catalog.aliases().count() > 50);
}

#[test]
fn suffixes_are_read_from_behind_and_unknown_ones_are_unknown_models() {
    let catalog = Catalog::embedded();
    let resolved = catalog.resolve("openai/gpt-5:nitro:online").unwrap();
    assert_eq!(resolved.suffixes, [Suffix::Nitro, Suffix::Online]);
    assert!(resolved.has(Suffix::Online) && resolved.alias.is_none());
    for unknown in [
        "openai/gpt-5:cheap",
        "openai/gpt-5:",
        ":nitro",
        "openai/gpt-5:flex",
        "",
        ":",
        "gpt-5",
    ] {
        assert!(catalog.resolve(unknown).is_none(), "{unknown:?}");
    }
}

#[test]
fn a_variant_reaches_its_own_endpoints_and_only_those() {
    let catalog = Catalog::embedded();
    let free = catalog
        .all_endpoints()
        .iter()
        .find(|endpoint| endpoint.lane == Lane::Free)
        .unwrap();
    let plain = catalog.resolve(free.model.as_str()).unwrap();
    assert!(
        plain
            .endpoints()
            .all(|endpoint| !endpoint.lane.is_variant())
    );
    let resolved = catalog.resolve(&format!("{}:free", free.model)).unwrap();
    assert!(
        resolved
            .endpoints()
            .all(|endpoint| endpoint.lane == Lane::Free)
    );
    assert!(
        resolved
            .endpoints()
            .all(|endpoint| endpoint.prices.as_ref().unwrap().is_free())
    );
    assert!(
        catalog.resolve("openai/gpt-5:free").is_none(),
        "nobody serves it for nothing"
    );
}

#[test]
fn an_unknown_name_brings_suggestions() {
    let catalog = Catalog::embedded();
    for (typed, meant) in [
        ("openai/gpt5", "openai/gpt-5"),
        ("gpt-4o-mini", "openai/gpt-4o-mini"),
        ("anthropic/claude-opus-45", "anthropic/claude-opus-4.5"),
        ("claude-haiku-4.5", "anthropic/claude-haiku-4.5"),
        ("OpenAI/GPT-4o", "openai/gpt-4o"),
    ] {
        let nearest = catalog.nearest(typed, 3);
        assert!(nearest.contains(&meant), "{typed}: {nearest:?}");
    }
    assert!(catalog.nearest("zzzzzzzz/qqqqqqqq", 3).is_empty());
    assert!(catalog.nearest(&"x".repeat(1_000_000), 3).is_empty());
    assert!(catalog.nearest(&"ä".repeat(1_000), 3).is_empty());
}

#[test]
fn a_model_of_ones_own_is_added() {
    let catalog = Catalog::embedded()
        .with_own(vec![own("lab", "lab/small")])
        .unwrap();
    let model = catalog.model("lab/small").unwrap();
    let endpoints = catalog.endpoints(model);
    assert_eq!(endpoints.len(), 1);
    assert_eq!(endpoints[0].provider.as_str(), "lab");
    assert_eq!(&*endpoints[0].upstream_id, "small-instruct");
    assert!(model.parameters.contains(Parameter::Tools));
    assert!(catalog.source(&endpoints[0], Unit::Prompt).is_none());
}

#[test]
fn ones_own_vendor_joins_a_known_model_and_takes_the_place_of_its_own_entry() {
    let before = Catalog::embedded();
    let count = before
        .endpoints(before.model("openai/gpt-5").unwrap())
        .len();
    let catalog = before.with_own(vec![own("lab", "openai/gpt-5")]).unwrap();
    let model = catalog.model("openai/gpt-5").unwrap();
    assert_eq!(catalog.endpoints(model).len(), count + 1);
    assert_eq!(
        model.context_length,
        Some(400_000),
        "the model keeps its facts"
    );
    let catalog = catalog
        .with_own(vec![own("openai", "openai/gpt-5")])
        .unwrap();
    let openai = catalog
        .endpoints(catalog.model("openai/gpt-5").unwrap())
        .iter();
    let openai: Vec<_> = openai
        .filter(|endpoint| endpoint.provider.as_str() == "openai")
        .collect();
    assert_eq!(openai.len(), 1);
    assert_eq!(&*openai[0].upstream_id, "small-instruct");
}

#[test]
fn an_alias_in_the_configuration_means_its_model() {
    let catalog = Catalog::embedded()
        .with_own(vec![own("lab", "anthropic/claude-opus-4-5")])
        .unwrap();
    let endpoints = catalog.endpoints(catalog.model("anthropic/claude-opus-4.5").unwrap());
    assert!(
        endpoints
            .iter()
            .any(|endpoint| endpoint.provider.as_str() == "lab")
    );
}

#[test]
fn a_vendor_that_names_a_model_twice_is_refused() {
    let refused =
        Catalog::default().with_own(vec![own("lab", "lab/small"), own("lab", "lab/small")]);
    assert!(matches!(refused, Err(Error::OwnTwice { .. })));
    let both =
        Catalog::default().with_own(vec![own("lab", "lab/small"), own("attic", "lab/small")]);
    assert_eq!(both.unwrap().all_endpoints().len(), 2);
}

#[test]
fn a_model_takes_what_any_of_its_endpoints_takes() {
    let catalog = Catalog::embedded();
    for model in catalog.models() {
        let endpoints = catalog
            .endpoints(model)
            .iter()
            .map(|endpoint| endpoint.parameters);
        assert_eq!(
            model.parameters,
            endpoints.fold(Parameters::EMPTY, Parameters::union),
            "{}",
            model.slug
        );
    }
}
