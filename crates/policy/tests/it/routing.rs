//! Who is tried, in which order, and what excludes an endpoint.

mod matrix;
mod soft;

use std::collections::BTreeMap;

use canon::{Again, Blame, Fault, Kind, PicoUsd, Preferences, Sort};
use policy::terms::Term;
use policy::{
    catalog::{Lane, Parameters, Quantization},
    health::Standing,
    routing::{Ask, Candidate, Figures, Next, Plan, Prices, Reason, Tier, plan},
};
use proptest::prelude::*;

pub(crate) fn candidate(endpoint: usize, provider: &'static str, price: i64) -> Candidate<'static> {
    let price = Prices {
        prompt: PicoUsd::new(price),
        ..Prices::default()
    };
    Candidate {
        endpoint,
        rank: 0,
        provider,
        provider_name: provider,
        tag: provider,
        lane: Lane::Standard,
        price: Some(price),
        context_length: Some(8_192),
        max_prompt_tokens: None,
        max_output_tokens: Some(4_096),
        quantization: Quantization::Unknown,
        lacks: Parameters::EMPTY,
        cannot: None,
        trains: None,
        retains: None,
        distillable: false,
        is_past: false,
        standing: Standing::Well,
        figures: Figures::default(),
        warm: None,
        term: Term::default(),
    }
}

/// The house has no wishes.
static NO_WISHES: Preferences = Preferences {
    order: Vec::new(),
    allow_fallbacks: None,
    only: None,
    ignore: Vec::new(),
    require_parameters: None,
    deny_data_collection: None,
    zdr: None,
    enforce_distillable_text: None,
    quantizations: Vec::new(),
    sort: None,
    across_models: false,
    preferred_min_throughput: None,
    preferred_max_latency: None,
    max_price: Vec::new(),
};

pub(crate) fn ask(preferences: &Preferences) -> Ask<'_> {
    Ask {
        preferences,
        house: &NO_WISHES,
        wishes: &[],
        tier: Tier::Any,
        prompt_tokens: 100,
        max_tokens: None,
        has_tools: false,
    }
}

pub(crate) fn order_of(plan: &Plan) -> Vec<usize> {
    plan.targets.iter().map(|target| target.endpoint).collect()
}

#[test]
fn a_third_of_the_price_is_drawn_nine_times_as_often() {
    let preferences = Preferences::default();
    let mut first = BTreeMap::new();
    for seed in 0..10_000 {
        let candidates = vec![candidate(0, "a", 1_000_000), candidate(1, "c", 3_000_000)];
        let plan = plan(&ask(&preferences), candidates, seed);
        *first.entry(plan.targets[0].endpoint).or_insert(0) += 1;
    }
    assert!((8_910..=9_090).contains(&first[&0]), "{first:?}");
}

#[test]
fn a_plan_for_twenty_endpoints_allocates_at_most_ten_times() {
    let preferences = Preferences::default();
    for has_tools in [false, true] {
        let ask = Ask {
            has_tools,
            ..ask(&preferences)
        };
        let candidates: Vec<_> = (0..20).map(|at| candidate(at, "p", 1_000)).collect();
        let made = allocation_counter::measure(|| {
            assert_eq!(plan(&ask, candidates, 1).targets.len(), 20);
        });
        assert!(made.count_total <= 10, "{}", made.count_total);
    }
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
        order_of(&plan(&ask(&preferences), candidates, 3)),
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
    assert_eq!(order_of(&plan(&ask(&only_order), candidates(), 3)), [1, 0]);
    let one = Preferences {
        allow_fallbacks: Some(false),
        ..Preferences::default()
    };
    assert_eq!(plan(&ask(&one), candidates(), 3).targets.len(), 1);
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
            order_of(&plan(&ask(&preferences), candidates, seed)),
            [2, 0, 1]
        );
    }
}

#[test]
fn a_prompt_that_does_not_fit_excludes_the_endpoint() {
    let preferences = Preferences::default();
    let mut ask = ask(&preferences);
    ask.prompt_tokens = 8_000;
    ask.max_tokens = Some(192);
    assert_eq!(plan(&ask, vec![candidate(0, "a", 1)], 0).targets.len(), 1);
    ask.max_tokens = Some(193);
    let plan = plan(&ask, vec![candidate(0, "a", 1)], 0);
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
        assert_eq!(order_of(&plan(&ask(&preferences), candidates, seed))[2], 2);
    }
}

#[test]
fn a_fault_of_the_request_moves_on_to_the_next_model_and_a_vendors_to_the_next_endpoint() {
    let preferences = Preferences::default();
    let mut other = candidate(2, "c", 1);
    other.rank = 1;
    let candidates = vec![candidate(0, "a", 5), candidate(1, "b", 9), other];
    let mut elsewhere = plan(&ask(&preferences), candidates, 7);
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
        let plan = plan(&ask(&preferences), candidates, seed);
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
        let one = plan(&ask(&preferences), make(), seed);
        let other = plan(&ask(&preferences), make(), seed);
        prop_assert_eq!(order_of(&one), order_of(&other));
    }
}
