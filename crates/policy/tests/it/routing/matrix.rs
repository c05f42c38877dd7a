//! Each filter alone, each slug against each kind of endpoint, and each way into a tier.

use canon::{PicoUsd, Preferences};
use policy::{
    catalog::{Lane, Parameter, Parameters, Quantization},
    routing::{Ask, Candidate, Prices, Reason, Tier, Wish, plan},
};
use proptest::prelude::*;

use super::{ask, candidate, order_of};

/// Whom a filter leaves of one endpoint, by the caller's word and by the house's.
fn against(preferences: &Preferences, endpoint: &Candidate<'static>) -> Option<Reason> {
    let open = Preferences::default();
    let caller = plan(&ask(preferences), vec![endpoint.clone()], 0);
    let house = Ask {
        house: preferences,
        ..ask(&open)
    };
    let house = plan(&house, vec![endpoint.clone()], 0);
    let reason = caller.excluded.first().map(|excluded| excluded.reason);
    assert_eq!(
        house.excluded.first().map(|excluded| excluded.reason),
        reason
    );
    assert!(caller.excluded.iter().all(|excluded| !excluded.by_house));
    assert!(house.excluded.iter().all(|excluded| excluded.by_house));
    reason
}

type Change = fn(&mut Preferences);

/// Every filter, with the reason it gives and the word of the vocabulary.
fn filters() -> [(Change, Reason, Option<&'static str>); 13] {
    [
        (
            |p| p.only = Some(vec![]),
            Reason::NotInOnly,
            Some("allowed_providers"),
        ),
        (
            |p| p.ignore = vec!["A".into()],
            Reason::Ignored,
            Some("allowed_providers"),
        ),
        (
            |p| (p.order, p.allow_fallbacks) = (vec!["b".into()], Some(false)),
            Reason::NotInOrder,
            Some("allowed_providers"),
        ),
        (
            |p| p.require_parameters = Some(true),
            Reason::LacksParameter("seed"),
            Some("require_parameters"),
        ),
        (
            |p| p.deny_data_collection = Some(true),
            Reason::MayTrain,
            Some("data_policy:training"),
        ),
        (
            |p| p.zdr = Some(true),
            Reason::MayRetain,
            Some("data_policy:zdr"),
        ),
        (
            |p| p.enforce_distillable_text = Some(true),
            Reason::NotDistillable,
            None,
        ),
        (
            |p| p.quantizations = vec!["fp8".into()],
            Reason::Quantization,
            Some("quantization"),
        ),
        (
            |p| p.max_price = cap("prompt"),
            Reason::TooDear("prompt"),
            Some("max_price"),
        ),
        (
            |p| p.max_price = cap("completion"),
            Reason::TooDear("completion"),
            Some("max_price"),
        ),
        (
            |p| p.max_price = cap("request"),
            Reason::TooDear("request"),
            Some("max_price"),
        ),
        (
            |p| p.max_price = cap("image"),
            Reason::TooDear("image"),
            Some("max_price"),
        ),
        (
            |p| p.max_price = cap("audio"),
            Reason::TooDear("audio"),
            Some("max_price"),
        ),
    ]
}

#[test]
fn each_filter_alone_has_its_own_reason_and_word() {
    let price = PicoUsd::new(5_000);
    let mut endpoint = candidate(0, "a", 5_000);
    endpoint.price = Some(Prices {
        prompt: price,
        completion: price,
        request: price,
        image: price,
        audio: price,
    });
    endpoint.lacks = Parameters::EMPTY.with(Parameter::Seed);
    assert_eq!(against(&Preferences::default(), &endpoint), None);
    for (change, reason, word) in filters() {
        let mut preferences = Preferences::default();
        change(&mut preferences);
        assert_eq!(against(&preferences, &endpoint), Some(reason));
        assert_eq!(reason.vocabulary(), word);
        let (field, advice) = reason.constraint();
        assert!(!field.is_empty() && !advice.is_empty());
    }
}

fn cap(kind: &str) -> Vec<(String, PicoUsd)> {
    vec![(kind.to_owned(), PicoUsd::new(4_999))]
}

#[test]
fn what_nobody_knows_counts_as_the_worst() {
    let mut unknown = candidate(0, "a", 1);
    unknown.price = None;
    let with = |change: fn(&mut Preferences)| {
        let mut preferences = Preferences::default();
        change(&mut preferences);
        against(&preferences, &unknown)
    };
    assert_eq!(
        with(|p| p.max_price = cap("image")),
        Some(Reason::PriceUnknown("image"))
    );
    assert_eq!(with(|p| p.zdr = Some(true)), Some(Reason::MayRetain));
    assert_eq!(
        with(|p| p.deny_data_collection = Some(true)),
        Some(Reason::MayTrain)
    );
    assert_eq!(with(|p| p.quantizations = vec!["unknown".into()]), None);
    // A price that nobody knows is not a low one.
    let preferences = Preferences::default();
    for seed in 0..200 {
        let candidates = vec![unknown.clone(), candidate(1, "b", 1_000_000_000)];
        assert_eq!(
            order_of(&plan(&ask(&preferences), candidates, seed)),
            [1, 0]
        );
    }
}

#[test]
fn a_quantization_covers_its_family() {
    for (wanted, own, fits) in [
        ("fp8", Quantization::Mxfp8, true),
        ("fp4", Quantization::Nvfp4, true),
        ("fp4", Quantization::Mxfp4, true),
        ("mxfp8", Quantization::Fp8, false),
        ("fp8", Quantization::Fp8, true),
        ("bf16", Quantization::Fp16, false),
    ] {
        let preferences = Preferences {
            quantizations: vec![wanted.to_owned()],
            ..Preferences::default()
        };
        let mut endpoint = candidate(0, "a", 1);
        endpoint.quantization = own;
        assert_eq!(
            against(&preferences, &endpoint).is_none(),
            fits,
            "{wanted} {own}"
        );
    }
}

/// The endpoints of one provider, and one of another.
fn pool() -> Vec<Candidate<'static>> {
    let named = |(endpoint, price), provider, name, tag, lane| Candidate {
        provider_name: name,
        tag,
        lane,
        ..candidate(endpoint, provider, price)
    };
    vec![
        named(
            (0, 10),
            "google-vertex",
            "Google",
            "google-vertex",
            Lane::Standard,
        ),
        named(
            (1, 11),
            "google-vertex",
            "Google",
            "google-vertex/us-east5",
            Lane::Standard,
        ),
        named(
            (2, 12),
            "google-vertex",
            "Google",
            "google-vertex/flex",
            Lane::Flex,
        ),
        named(
            (3, 13),
            "google-vertex",
            "Google",
            "google-vertex/priority",
            Lane::Priority,
        ),
        named(
            (4, 14),
            "deepinfra",
            "DeepInfra",
            "deepinfra/turbo",
            Lane::Standard,
        ),
    ]
}

#[test]
fn a_base_slug_covers_regions_but_admits_no_tier_and_a_full_one_means_exactly_one() {
    for (only, left) in [
        (vec!["google-vertex"], vec![0, 1]),
        (vec!["Google"], vec![0, 1]),
        (vec!["google-vertex/us-east5"], vec![1]),
        (vec!["GOOGLE-VERTEX/US-EAST5"], vec![1]),
        (vec!["google-vertex/flex"], vec![2]),
        (
            vec!["google-vertex/priority", "google-vertex"],
            vec![0, 1, 3],
        ),
        (vec!["deepinfra"], vec![4]),
        (vec!["deepinfra/turbo"], vec![4]),
        (vec!["google"], vec![0, 1]),
        (vec!["google-vert"], vec![]),
    ] {
        let preferences = Preferences {
            only: Some(only.iter().map(|name| (*name).to_owned()).collect()),
            ..Preferences::default()
        };
        let mut found = order_of(&plan(&ask(&preferences), pool(), 1));
        found.sort_unstable();
        assert_eq!(found, left, "{only:?}");
    }
}

#[test]
fn a_tier_in_a_region_is_covered_by_both_and_admitted_by_the_tier() {
    let regional = |endpoint, tag, lane| Candidate {
        provider_name: "Amazon Bedrock",
        tag,
        lane,
        ..candidate(endpoint, "amazon-bedrock", 10)
    };
    let pool = || {
        vec![
            regional(0, "amazon-bedrock/eu-west-1", Lane::Standard),
            regional(1, "amazon-bedrock/us-east-1", Lane::Standard),
            regional(2, "amazon-bedrock/eu-west-1/priority", Lane::Priority),
            regional(3, "amazon-bedrock/us-east-1/priority", Lane::Priority),
        ]
    };
    for (only, tier, left) in [
        (vec!["amazon-bedrock"], Tier::Any, vec![0, 1]),
        (vec!["amazon-bedrock"], Tier::Priority, vec![0, 1, 2, 3]),
        (vec!["amazon-bedrock/eu-west-1"], Tier::Any, vec![0]),
        (vec!["Amazon-Bedrock/EU-West-1"], Tier::Priority, vec![0, 2]),
        (vec!["amazon-bedrock/priority"], Tier::Any, vec![2, 3]),
        (
            vec!["amazon-bedrock/us-east-1/priority"],
            Tier::Any,
            vec![3],
        ),
        (vec!["amazon-bedrock/eu"], Tier::Any, vec![]),
        (vec!["bedrock/eu-west-1"], Tier::Any, vec![]),
    ] {
        let preferences = Preferences {
            only: Some(only.iter().map(|name| (*name).to_owned()).collect()),
            ..Preferences::default()
        };
        let ask = Ask {
            tier,
            ..ask(&preferences)
        };
        let mut found = order_of(&plan(&ask, pool(), 1));
        found.sort_unstable();
        assert_eq!(found, left, "{only:?}");
    }
}

#[test]
fn tiers_are_opted_into_and_order_or_the_default_tier_revokes_a_suffix() {
    let wish = |lane| Wish {
        sort: None,
        admits: Some(lane),
    };
    let ordered = |names: &[&str]| Preferences {
        order: names.iter().map(|name| (*name).to_owned()).collect(),
        ..Preferences::default()
    };
    let none = Preferences::default();
    for (preferences, suffix, tier, tiers) in [
        (&none, None, Tier::Any, vec![]),
        (&none, Some(Lane::Flex), Tier::Any, vec![2]),
        (&none, Some(Lane::Priority), Tier::Any, vec![3]),
        (&none, Some(Lane::Priority), Tier::Default, vec![]),
        (&none, Some(Lane::Flex), Tier::Default, vec![]),
        (
            &ordered(&["google-vertex"]),
            Some(Lane::Flex),
            Tier::Any,
            vec![],
        ),
        (&ordered(&["google-vertex/flex"]), None, Tier::Any, vec![2]),
        (&none, None, Tier::Flex, vec![2]),
        (&none, None, Tier::Priority, vec![3]),
        (&none, Some(Lane::Flex), Tier::Priority, vec![2, 3]),
    ] {
        let wishes: Vec<Wish> = suffix.map(wish).into_iter().collect();
        let ask = Ask {
            wishes: &wishes,
            tier,
            ..ask(preferences)
        };
        let mut found = order_of(&plan(&ask, pool(), 1));
        found.sort_unstable();
        found.retain(|endpoint| [2, 3].contains(endpoint));
        assert_eq!(found, tiers, "{suffix:?} {tier:?} {:?}", preferences.order);
    }
}

#[test]
fn flex_never_falls_back_where_there_is_a_flex_endpoint_and_priority_comes_first() {
    let preferences = Preferences::default();
    let flex = Ask {
        tier: Tier::Flex,
        ..ask(&preferences)
    };
    assert_eq!(order_of(&plan(&flex, pool(), 3)), [2], "only flex");
    let mut without = pool();
    without.retain(|candidate| candidate.lane != Lane::Flex);
    assert_eq!(
        order_of(&plan(&flex, without, 3)),
        [0, 1, 4],
        "as if it were not asked for"
    );
    let mut second = pool();
    for candidate in &mut second {
        candidate.rank = 1;
        candidate.endpoint += 10;
    }
    second.retain(|candidate| candidate.lane == Lane::Standard);
    let both = pool().into_iter().chain(second).collect();
    assert_eq!(
        order_of(&plan(&flex, both, 3))[0],
        2,
        "for each model by itself"
    );
    let priority = Ask {
        tier: Tier::Priority,
        ..ask(&preferences)
    };
    assert_eq!(order_of(&plan(&priority, pool(), 3))[0], 3);
}

#[test]
fn the_house_and_the_caller_both_hold() {
    let names = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
    let left = |house: Preferences, caller: Preferences| {
        let ask = Ask {
            house: &house,
            ..ask(&caller)
        };
        let candidates = vec![
            candidate(0, "a", 1),
            candidate(1, "b", 2),
            candidate(2, "c", 3),
        ];
        let mut found = order_of(&plan(&ask, candidates, 5));
        found.sort_unstable();
        found
    };
    let only = |list| Preferences {
        only: names(list),
        ..Preferences::default()
    };
    let ignore = |list: &[&str]| Preferences {
        ignore: names(list).unwrap(),
        ..Preferences::default()
    };
    assert_eq!(
        left(only(&["a", "b"]), only(&["b", "c"])),
        [1],
        "only intersects"
    );
    assert_eq!(left(ignore(&["a"]), ignore(&["b"])), [2], "ignore unites");
    let zdr = |zdr| Preferences {
        zdr,
        ..Preferences::default()
    };
    assert_eq!(
        left(zdr(Some(true)), zdr(Some(false))),
        [0; 0],
        "zdr only tightens"
    );
    assert_eq!(left(zdr(Some(false)), zdr(None)), [0, 1, 2]);
}

#[test]
fn endpoints_that_lack_tools_are_left_out_only_where_another_of_the_model_has_them() {
    let preferences = Preferences::default();
    let tools = Parameters::EMPTY.with(Parameter::Tools);
    let lacking = |endpoint, rank, lacks| Candidate {
        rank,
        lacks,
        ..candidate(endpoint, "a", 1)
    };
    let candidates = vec![
        lacking(0, 0, tools),
        lacking(1, 0, Parameters::EMPTY),
        lacking(2, 1, tools),
    ];
    let plan = plan(&ask(&preferences), candidates, 1);
    assert_eq!(order_of(&plan), [1, 2]);
    assert_eq!(plan.excluded[0].reason, Reason::LacksPreferred("tools"));
}

proptest! {
    #[test]
    fn no_filter_ever_lets_in_more_than_the_caller_alone(
        zdr in any::<[Option<bool>; 2]>(),
        deny in any::<[Option<bool>; 2]>(),
        only in any::<[Option<u8>; 2]>(),
        policies in prop::collection::vec(any::<(bool, bool)>(), 1..8),
    ) {
        let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
        let of = |at: usize| Preferences {
            zdr: zdr[at],
            deny_data_collection: deny[at],
            only: only[at].map(|mask| {
                let named = names.iter().enumerate().filter(|(place, _)| mask & (1 << place) != 0);
                named.map(|(_, name)| (*name).to_owned()).collect()
            }),
            ..Preferences::default()
        };
        let (house, caller) = (of(0), of(1));
        let candidates = || policies.iter().enumerate().map(|(at, (trains, retains))| Candidate {
            trains: Some(*trains),
            retains: Some(*retains),
            ..candidate(at, names[at], 7)
        }).collect::<Vec<_>>();
        let alone = order_of(&plan(&ask(&caller), candidates(), 9));
        let both = Ask { house: &house, ..ask(&caller) };
        let both = order_of(&plan(&both, candidates(), 9));
        prop_assert!(both.iter().all(|endpoint| alone.contains(endpoint)));
        let other = order_of(&plan(&ask(&house), candidates(), 9));
        prop_assert_eq!(both.len(), alone.iter().filter(|one| other.contains(one)).count());
    }
}
