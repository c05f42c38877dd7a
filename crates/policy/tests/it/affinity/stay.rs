//! The price of leaving, in the order of a plan.

use canon::{NanoUsd, PicoUsd, Preferences, Sort};
use policy::{
    health::Standing,
    routing::{Ask, Candidate, Plan, Prices, Warm, Why, plan},
    terms::Term,
};
use proptest::prelude::*;

use crate::routing::{ask, candidate};

/// An endpoint with these prices for a million tokens of prompt and answer, in cents.
fn at(endpoint: usize, prompt: i64, completion: i64) -> Candidate<'static> {
    Candidate {
        price: Some(Prices {
            prompt: PicoUsd::new(prompt * 10_000),
            completion: PicoUsd::new(completion * 10_000),
            ..Prices::default()
        }),
        context_length: None,
        ..candidate(endpoint, ["a", "b", "c", "d"][endpoint], 1)
    }
}

/// So many of ten thousand tokens are warm, and a tenth of the price is paid for them.
fn warm(named: bool, tokens: u64, candidate: Candidate<'static>) -> Candidate<'static> {
    let prompt = candidate.price.map_or(0, |price| price.prompt.get());
    Candidate {
        warm: Some(Warm {
            named,
            is_home: true,
            tokens,
            prompt_tokens: 9_800,
            completion_tokens: 200,
            cache_read: PicoUsd::new(prompt / 10),
        }),
        ..candidate
    }
}

fn firsts(preferences: &Preferences, candidates: &[Candidate<'static>]) -> [u32; 4] {
    let mut firsts = [0; 4];
    for seed in 0..400 {
        let plan = plan(&ask(preferences), candidates.to_vec(), seed);
        firsts[plan.targets[0].endpoint] += 1;
    }
    firsts
}

fn planned(preferences: &Preferences, candidates: Vec<Candidate<'static>>) -> Plan {
    plan(&ask(preferences), candidates, 1)
}

#[test]
fn a_conversation_stays_where_its_cache_makes_the_turn_cheap() {
    let candidates = [
        at(0, 100, 400),
        warm(false, 9_000, at(1, 200, 800)),
        at(2, 100, 400),
    ];
    assert_eq!(firsts(&Preferences::default(), &candidates), [0, 400, 0, 0]);
    let plan = planned(&Preferences::default(), candidates.to_vec());
    assert_eq!(plan.targets[0].why, Why::Stays { warm_tokens: 9_000 });
    let stay = plan.stay.unwrap();
    assert!(stay.stays && !stay.named && stay.endpoint == 1 && stay.warm_tokens == 9_000);
    // 1,000 × $2/M + 9,000 × $0.2/M + 200 × $8/M; 10,000 × $1/M + 200 × $4/M.
    assert_eq!(stay.here, Some(NanoUsd::new(5_400_000)));
    assert_eq!(stay.elsewhere, Some(NanoUsd::new(10_800_000)));
    // The others are drawn behind it as ever.
    assert!(
        plan.targets[1..]
            .iter()
            .all(|target| matches!(target.why, Why::Drawn { .. }))
    );
}

#[test]
fn a_much_cheaper_cold_endpoint_wins_when_the_saving_beats_the_warmth() {
    let candidates = [at(0, 10, 40), warm(false, 9_000, at(1, 200, 800))];
    let plan = planned(&Preferences::default(), candidates.to_vec());
    let stay = plan.stay.unwrap();
    assert!(!stay.stays && stay.here.unwrap() > stay.elsewhere.unwrap());
    let [cold, home, ..] = firsts(&Preferences::default(), &candidates);
    assert!(cold > 360 && home > 0, "{cold} {home}");
    // Who named the session is not moved by that.
    let named = [at(0, 10, 40), warm(true, 9_000, at(1, 200, 800))];
    assert_eq!(firsts(&Preferences::default(), &named), [0, 400, 0, 0]);
}

#[test]
fn a_session_stays_before_anything_is_known_to_be_warm() {
    let candidates = [at(0, 100, 400), warm(true, 0, at(1, 200, 800))];
    assert_eq!(firsts(&Preferences::default(), &candidates), [0, 400, 0, 0]);
}

#[test]
fn sorted_by_price_what_this_turn_costs_decides() {
    let by_price = Preferences {
        sort: Some(Sort::Price),
        ..Preferences::default()
    };
    let cheap_when_warm = [at(0, 100, 400), warm(false, 9_000, at(1, 200, 800))];
    assert_eq!(firsts(&by_price, &cheap_when_warm), [0, 400, 0, 0]);
    let plan = planned(&by_price, cheap_when_warm.to_vec());
    assert_eq!(plan.targets[0].why, Why::Sorted(Sort::Price));
    let dear_all_the_same = [at(0, 100, 400), warm(true, 1_000, at(1, 200, 800))];
    assert_eq!(firsts(&by_price, &dear_all_the_same), [400, 0, 0, 0]);
}

#[test]
fn an_order_and_an_endpoint_that_fails_or_may_not_serve_end_the_stay() {
    let candidates = || {
        vec![
            at(0, 100, 400),
            warm(true, 9_000, at(1, 100, 400)),
            at(2, 100, 400),
        ]
    };
    let ordered = Preferences {
        order: vec!["a".to_owned()],
        ..Preferences::default()
    };
    let plan = planned(&ordered, candidates());
    assert_eq!((plan.targets[0].endpoint, plan.stay), (0, None));
    let mut failing = candidates();
    failing[1].standing = Standing::Resting { until: i64::MAX };
    let plan = planned(&Preferences::default(), failing.clone());
    assert_eq!((plan.targets[2].endpoint, plan.stay), (1, None));
    // One failure a moment ago is none that a conversation leaves for.
    failing[1].standing = Standing::Shaky;
    let plan = planned(&Preferences::default(), failing);
    assert_eq!(plan.targets[0].endpoint, 1);
    let ignored = Preferences {
        ignore: vec!["b".to_owned()],
        ..Preferences::default()
    };
    let plan = planned(&ignored, candidates());
    assert!(plan.targets.iter().all(|target| target.endpoint != 1));
}

#[test]
fn of_two_warm_endpoints_the_cheaper_turn_leads_and_the_home_where_they_are_alike() {
    let away = |tokens, candidate| {
        let mut away = warm(true, tokens, candidate);
        away.warm.as_mut().unwrap().is_home = false;
        away
    };
    let alike = [away(500, at(0, 100, 400)), warm(true, 500, at(1, 100, 400))];
    assert_eq!(firsts(&Preferences::default(), &alike), [0, 400, 0, 0]);
    // A little warmer is no reason to move.
    let warmer = [
        away(1_500, at(0, 100, 400)),
        warm(true, 500, at(1, 100, 400)),
    ];
    assert_eq!(firsts(&Preferences::default(), &warmer), [0, 400, 0, 0]);
    let warmer = [
        away(5_000, at(0, 100, 400)),
        warm(true, 500, at(1, 100, 400)),
    ];
    assert_eq!(firsts(&Preferences::default(), &warmer), [400, 0, 0, 0]);
}

#[test]
fn each_model_of_a_list_has_a_past_of_its_own() {
    let mut second = warm(true, 9_000, at(2, 100, 400));
    second.rank = 1;
    let mut other = at(3, 100, 400);
    other.rank = 1;
    let candidates = vec![at(0, 100, 400), at(1, 100, 400), other, second];
    for seed in 0..50 {
        let plan = plan(&ask(&Preferences::default()), candidates.clone(), seed);
        assert_eq!(plan.targets[2].endpoint, 2);
        assert!(plan.targets[..2].iter().all(|target| target.rank == 0));
    }
}

#[test]
fn what_the_operator_prefers_comes_first_and_weights_multiply_the_draw() {
    let preferred = |prefer, weight, candidate| Candidate {
        term: Term {
            weight,
            prefer,
            ..Term::default()
        },
        ..candidate
    };
    let candidates = [at(0, 100, 400), preferred(true, 1, at(1, 900, 900))];
    assert_eq!(firsts(&Preferences::default(), &candidates), [0, 400, 0, 0]);
    // The caller's own sort goes before it.
    let by_price = Preferences {
        sort: Some(Sort::Price),
        ..Preferences::default()
    };
    assert_eq!(firsts(&by_price, &candidates), [400, 0, 0, 0]);
    let weighted = [at(0, 100, 400), preferred(false, 3, at(1, 100, 400))];
    let mut first = 0;
    for seed in 0..10_000 {
        let plan = plan(&ask(&Preferences::default()), weighted.to_vec(), seed);
        first += u32::from(plan.targets[0].endpoint == 1);
        if seed == 0 {
            let shares = plan.targets.iter().map(|target| target.why);
            assert!(shares.into_iter().any(|why| matches!(
                why,
                Why::Drawn { per_mille: 249..=250 | 749..=750 }
            )));
        }
    }
    assert!((7_400..=7_600).contains(&first), "{first}");
}

proptest! {
    /// Whatever is warm where: everybody who may serve is in the plan once, and nobody who is not warm stays.
    #[test]
    fn a_past_changes_the_order_and_nothing_else(
        prices in prop::collection::vec((0_i64..500, 0_i64..900), 4),
        tokens in 0_u64..20_000, home in 0_usize..4, named in any::<bool>(), seed in any::<u64>(),
    ) {
        let candidates: Vec<_> = prices.iter().enumerate().map(|(place, (prompt, completion))| {
            let one = at(place, *prompt, *completion);
            if place == home { warm(named, tokens, one) } else { one }
        }).collect();
        let preferences = Preferences::default();
        let asked: Ask<'_> = ask(&preferences);
        let plan = plan(&asked, candidates, seed);
        let mut all: Vec<_> = plan.targets.iter().map(|target| target.endpoint).collect();
        let stay = plan.stay.unwrap();
        prop_assert_eq!(stay.endpoint, home);
        prop_assert_eq!(stay.stays, all[0] == home && matches!(plan.targets[0].why, Why::Stays { .. }));
        prop_assert!(stay.stays || !named);
        all.sort_unstable();
        prop_assert_eq!(all, vec![0, 1, 2, 3]);
    }
}
