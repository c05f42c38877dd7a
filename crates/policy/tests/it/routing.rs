//! Who is tried, in which order, and what excludes an endpoint.

use std::collections::BTreeMap;

use canon::{Again, Blame, Fault, Kind, PicoUsd, Preferences, Sort};
use policy::routing::{Ask, Candidate, Health, Next, Plan, Prices, Reason, Why, plan};
use proptest::prelude::*;

const NOW: i64 = 1_800_000_000_000_000;
const SECOND: i64 = 1_000_000;

fn candidate(endpoint: usize, provider: &'static str, price: i64) -> Candidate<'static> {
    Candidate {
        endpoint,
        rank: 0,
        provider,
        provider_name: provider,
        tag: provider,
        price: Prices {
            prompt: PicoUsd::new(price),
            ..Prices::default()
        },
        context_length: Some(8_192),
        max_output_tokens: Some(4_096),
        quantization: None,
        lacks: Vec::new(),
        cannot_take: None,
        trains: None,
        retains: None,
        health: Health::UNKNOWN,
    }
}

fn ask(preferences: &Preferences) -> Ask<'_> {
    Ask {
        preferences,
        prompt_tokens: 100,
        max_tokens: None,
        outage_window: 30 * SECOND,
    }
}

fn order_of(plan: &Plan) -> Vec<usize> {
    plan.targets.iter().map(|target| target.endpoint).collect()
}

#[test]
fn a_third_of_the_price_is_drawn_nine_times_as_often() {
    let preferences = Preferences::default();
    let mut first = BTreeMap::new();
    for seed in 0..10_000 {
        let candidates = vec![candidate(0, "a", 1_000_000), candidate(1, "c", 3_000_000)];
        let plan = plan(&ask(&preferences), candidates, NOW, seed);
        *first.entry(plan.targets[0].endpoint).or_insert(0) += 1;
    }
    assert!((8_850..=9_150).contains(&first[&0]), "{first:?}");
}

#[test]
fn an_endpoint_that_failed_29_seconds_ago_comes_last_and_after_31_it_does_not() {
    let preferences = Preferences::default();
    for (ago, first) in [(29, 1), (31, 0)] {
        let mut cheap = candidate(0, "a", 1);
        cheap.health.failed_at = NOW - ago * SECOND;
        let plan = plan(
            &ask(&preferences),
            vec![cheap, candidate(1, "b", 1_000_000)],
            NOW,
            1,
        );
        assert_eq!(plan.targets[0].endpoint, first, "failed {ago} s ago");
    }
}

#[test]
fn an_endpoint_that_asked_to_be_left_alone_comes_last_until_then() {
    let preferences = Preferences::default();
    let mut cheap = candidate(0, "a", 1);
    cheap.health.cool_until = NOW + SECOND;
    let plan = plan(
        &ask(&preferences),
        vec![cheap, candidate(1, "b", 9)],
        NOW,
        1,
    );
    assert_eq!(
        (order_of(&plan), plan.targets[1].why),
        (vec![1, 0], Why::Unstable)
    );
}

#[test]
fn order_comes_first_and_the_rest_follow_by_price() {
    let preferences = Preferences {
        order: vec!["c".into(), "nobody".into(), "B".into()],
        ..Preferences::default()
    };
    let candidates = vec![
        candidate(0, "a", 5),
        candidate(1, "b", 9),
        candidate(2, "c", 7),
        candidate(3, "d", 1),
    ];
    assert_eq!(
        order_of(&plan(&ask(&preferences), candidates, NOW, 3)),
        [2, 1, 3, 0]
    );
}

#[test]
fn without_fallbacks_only_the_order_or_only_the_first_is_tried() {
    let candidates = || {
        vec![
            candidate(0, "a", 5),
            candidate(1, "b", 9),
            candidate(2, "c", 7),
        ]
    };
    let only_order = Preferences {
        order: vec!["b".into(), "a".into()],
        allow_fallbacks: Some(false),
        ..Preferences::default()
    };
    assert_eq!(
        order_of(&plan(&ask(&only_order), candidates(), NOW, 3)),
        [1, 0]
    );
    let one = Preferences {
        allow_fallbacks: Some(false),
        ..Preferences::default()
    };
    assert_eq!(plan(&ask(&one), candidates(), NOW, 3).targets.len(), 1);
}

#[test]
fn sorting_by_price_is_strict() {
    let preferences = Preferences {
        sort: Some(Sort::Price),
        ..Preferences::default()
    };
    for seed in 0..100 {
        let candidates = vec![
            candidate(0, "a", 5),
            candidate(1, "b", 9),
            candidate(2, "c", 1),
        ];
        assert_eq!(
            order_of(&plan(&ask(&preferences), candidates, NOW, seed)),
            [2, 0, 1]
        );
    }
}

#[test]
fn each_hard_filter_excludes_with_its_own_reason() {
    let with = |change: fn(&mut Preferences)| {
        let mut preferences = Preferences::default();
        change(&mut preferences);
        let mut endpoint = candidate(0, "a", 5_000);
        endpoint.lacks = vec!["seed"];
        plan(&ask(&preferences), vec![endpoint], NOW, 0)
            .excluded
            .into_iter()
            .next()
            .map(|x| x.reason)
    };
    assert_eq!(with(|_| {}), None);
    assert_eq!(with(|p| p.only = Some(vec![])), Some(Reason::NotInOnly));
    assert_eq!(with(|p| p.ignore = vec!["A".into()]), Some(Reason::Ignored));
    assert_eq!(
        with(|p| p.require_parameters = Some(true)),
        Some(Reason::LacksParameter("seed"))
    );
    assert_eq!(
        with(|p| p.deny_data_collection = Some(true)),
        Some(Reason::MayTrain)
    );
    assert_eq!(with(|p| p.zdr = Some(true)), Some(Reason::MayRetain));
    assert_eq!(
        with(|p| p.quantizations = vec!["fp8".into()]),
        Some(Reason::Quantization)
    );
    assert_eq!(with(|p| p.quantizations = vec!["unknown".into()]), None);
    let cap = |p: &mut Preferences| p.max_price = vec![("prompt".into(), PicoUsd::new(4_999))];
    assert_eq!(with(cap), Some(Reason::TooDear("prompt")));
}

#[test]
fn a_prompt_that_does_not_fit_excludes_the_endpoint() {
    let preferences = Preferences::default();
    let mut ask = ask(&preferences);
    ask.prompt_tokens = 8_000;
    ask.max_tokens = Some(192);
    assert_eq!(
        plan(&ask, vec![candidate(0, "a", 1)], NOW, 0).targets.len(),
        1
    );
    ask.max_tokens = Some(193);
    let plan = plan(&ask, vec![candidate(0, "a", 1)], NOW, 0);
    assert_eq!(plan.excluded[0].reason, Reason::ContextTooShort(8_192));
}

#[test]
fn all_endpoints_of_a_model_come_before_the_next_models() {
    let preferences = Preferences::default();
    let mut other = candidate(2, "c", 1);
    other.rank = 1;
    for seed in 0..50 {
        let candidates = vec![
            other.clone(),
            candidate(0, "a", 500),
            candidate(1, "b", 900),
        ];
        assert_eq!(
            order_of(&plan(&ask(&preferences), candidates, NOW, seed))[2],
            2
        );
    }
}

#[test]
fn a_fault_of_the_request_moves_on_to_the_next_model_and_a_vendors_to_the_next_endpoint() {
    let preferences = Preferences::default();
    let mut other = candidate(2, "c", 1);
    other.rank = 1;
    let candidates = vec![candidate(0, "a", 5), candidate(1, "b", 9), other];
    let mut elsewhere = plan(&ask(&preferences), candidates, NOW, 7);
    let mut next_model = elsewhere.clone();
    let broken = Fault::upstream("a".parse().unwrap(), Kind::ProviderUnavailable, "down");
    let too_long = Fault::new(
        Kind::ContextLengthExceeded,
        Blame::Upstream("a".parse().unwrap()),
        Again::Never,
        "too long",
    );
    assert!(matches!(elsewhere.next(None), Next::Try(first) if first.rank == 0));
    assert!(matches!(elsewhere.next(Some(&broken)), Next::Try(second) if second.rank == 0));
    assert!(matches!(elsewhere.next(Some(&broken)), Next::Try(third) if third.endpoint == 2));
    assert_eq!(elsewhere.next(Some(&broken)), Next::Stop);
    assert!(matches!(next_model.next(None), Next::Try(_)));
    assert!(matches!(next_model.next(Some(&too_long)), Next::Try(other) if other.endpoint == 2));
    let ours = Fault::ours("broken");
    assert_eq!(next_model.next(Some(&ours)), Next::Stop);
}

proptest! {
    #[test]
    fn every_candidate_is_a_target_or_excluded_exactly_once(
        prices in prop::collection::vec((0_i64..1_000_000_000, 0_usize..3, any::<bool>()), 0..12),
        seed: u64,
        sort in prop::option::of(Just(Sort::Price)),
        zdr in prop::option::of(any::<bool>()),
        across: bool,
    ) {
        let preferences = Preferences { sort, zdr, across_models: across, ..Preferences::default() };
        let candidates: Vec<_> = prices
            .iter()
            .enumerate()
            .map(|(endpoint, (price, rank, retains))| {
                let mut candidate = candidate(endpoint, "p", *price);
                candidate.rank = *rank;
                candidate.retains = Some(*retains);
                candidate
            })
            .collect();
        let plan = plan(&ask(&preferences), candidates, NOW, seed);
        let mut seen: Vec<usize> = order_of(&plan);
        for target in &plan.targets {
            prop_assert!(!(zdr == Some(true) && prices[target.endpoint].2), "an ineligible target");
        }
        seen.extend(plan.excluded.iter().map(|excluded| excluded.endpoint));
        seen.sort_unstable();
        prop_assert_eq!(seen, (0..prices.len()).collect::<Vec<_>>());
    }

    #[test]
    fn the_same_seed_gives_the_same_plan(seed: u64, prices in prop::collection::vec(1_i64..1_000_000, 1..8)) {
        let preferences = Preferences::default();
        let make = || prices.iter().enumerate().map(|(at, price)| candidate(at, "p", *price)).collect();
        let one = plan(&ask(&preferences), make(), NOW, seed);
        let other = plan(&ask(&preferences), make(), NOW, seed);
        prop_assert_eq!(order_of(&one), order_of(&other));
    }
}
