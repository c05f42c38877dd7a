//! Who is chosen, and who never is.

use canon::PicoUsd;
use policy::{
    health::Standing,
    routers::{
        AutoSettings, Board, CHOSEN_MAX, Candidate, Choice, Level, Needs, Nothing, ParetoSettings,
        Place, Task, Wish, choose, choose_free, choose_pareto, coding_score,
    },
    routing::{Figures, Quantiles, Ratio},
};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Real models with real ratings, best coder first; prices in millionths of a dollar a token.
const KNOWN: [(&str, i64); 5] = [
    ("google/gemini-4-argon", 5),
    ("openai/gpt-6.1-sol", 4),
    ("anthropic/claude-sonnet-4.5", 3),
    ("deepseek/deepseek-v3.2", 2),
    ("amazon/nova-micro-v1", 1),
];

fn board() -> &'static Board {
    static BOARD: std::sync::LazyLock<Board> = std::sync::LazyLock::new(Board::embedded);
    &BOARD
}

fn candidate(slug: &str, price: i64) -> Candidate<'_> {
    let price = PicoUsd::new(price * 1_000_000);
    Candidate {
        slug,
        created: Some(1_750_000_000),
        reasons: false,
        price: Some((price, price)),
        rated: board().of(slug),
        standing: Standing::Well,
        figures: Figures::default(),
    }
}

fn known() -> Vec<Candidate<'static>> {
    KNOWN
        .iter()
        .map(|(slug, price)| candidate(slug, *price))
        .collect()
}

fn settings(plugin: Value) -> AutoSettings {
    AutoSettings::parse(plugin.as_object().unwrap()).unwrap()
}

fn wish(settings: &AutoSettings) -> Wish<'_> {
    Wish {
        task: Some(Task::CodeGeneral),
        settings,
        pinned: None,
        sticky: None,
        needs: Needs::default(),
        prompt_tokens: 1_000,
    }
}

fn slugs<'a>(choice: &Choice, candidates: &[Candidate<'a>]) -> Vec<&'a str> {
    let chosen = choice.picks.iter().take(choice.chosen);
    chosen.map(|pick| candidates[pick.candidate].slug).collect()
}

fn chosen(plugin: Value) -> Vec<&'static str> {
    let (settings, candidates) = (settings(plugin), known());
    slugs(&choose(&wish(&settings), &candidates).unwrap(), &candidates)
}

#[test]
fn the_test_models_are_rated_and_stand_as_said() {
    let scores: Vec<u32> = known()
        .iter()
        .map(|one| coding_score(one).unwrap())
        .collect();
    assert!(scores.is_sorted_by(|one, next| one >= next), "{scores:?}");
}

#[test]
fn a_cost_tier_is_a_band_and_leaves_out_what_is_cheaper_too() {
    for (tier, first) in [
        ("low", "amazon/nova-micro-v1"),
        ("medium", "deepseek/deepseek-v3.2"),
        ("high", "anthropic/claude-sonnet-4.5"),
        ("xhigh", "openai/gpt-6.1-sol"),
        ("max", "google/gemini-4-argon"),
    ] {
        assert_eq!(chosen(json!({ "cost_tier": tier }))[0], first, "{tier}");
    }
    assert_eq!(
        chosen(json!({}))[0],
        "amazon/nova-micro-v1",
        "unasked it is the cheap end"
    );
    let dear = chosen(json!({ "cost_quality_tradeoff": 0 }));
    assert_eq!(
        dear[0], "google/gemini-4-argon",
        "the old dial is a ceiling: {dear:?}"
    );
}

#[test]
fn a_choice_has_others_behind_it_cheaper_ones_first() {
    let max = chosen(json!({ "cost_tier": "max" }));
    let all = [
        "google/gemini-4-argon",
        "openai/gpt-6.1-sol",
        "anthropic/claude-sonnet-4.5",
    ];
    assert_eq!(max, all);
}

#[test]
fn what_is_not_allowed_is_never_chosen_and_nothing_left_is_said() {
    let some = chosen(
        json!({ "allowed_models": ["deepseek/*", "amazon/*"], "excluded_models": ["*micro*"] }),
    );
    assert_eq!(some, ["deepseek/deepseek-v3.2"]);
    let (none, candidates) = (settings(json!({ "allowed_models": ["nobody/*"] })), known());
    assert_eq!(choose(&wish(&none), &candidates), Err(Nothing));
    assert_eq!(choose(&wish(&settings(json!({}))), &[]), Err(Nothing));
}

#[test]
fn a_pinned_model_goes_first_and_only_when_asked() {
    let candidates = known();
    let pinned = settings(json!({ "pin_model": true }));
    let wished = Wish {
        pinned: Some("google/gemini-4-argon"),
        ..wish(&pinned)
    };
    let choice = choose(&wished, &candidates).unwrap();
    assert_eq!(slugs(&choice, &candidates)[0], "google/gemini-4-argon");
    assert_eq!(choice.picks[0].place, Place::Pinned);
    let free = settings(json!({}));
    let unasked = Wish {
        settings: &free,
        ..wished
    };
    let choice = choose(&unasked, &candidates).unwrap();
    assert_ne!(slugs(&choice, &candidates)[0], "google/gemini-4-argon");
}

#[test]
fn a_conversation_stays_with_its_model_while_that_is_among_the_best() {
    let (settings, candidates) = (settings(json!({ "cost_tier": "low" })), known());
    let stays = Wish {
        sticky: Some("deepseek/deepseek-v3.2"),
        ..wish(&settings)
    };
    let choice = choose(&stays, &candidates).unwrap();
    assert_eq!(choice.picks[0].place, Place::Sticky);
    assert_eq!(slugs(&choice, &candidates)[0], "deepseek/deepseek-v3.2");
    let gone = Wish {
        sticky: Some("google/gemini-4-argon"),
        ..stays
    };
    let choice = choose(&gone, &candidates).unwrap();
    assert_eq!(slugs(&choice, &candidates)[0], "amazon/nova-micro-v1");
}

#[test]
fn who_rests_comes_last_and_who_is_slow_behind_equals() {
    let settings =
        settings(json!({ "cost_tier": "low", "allowed_models": ["*gemini*", "*sonnet*"] }));
    let mut candidates = known();
    candidates[2].standing = Standing::Resting { until: 0 };
    let choice = choose(&wish(&settings), &candidates).unwrap();
    assert_eq!(slugs(&choice, &candidates)[0], "google/gemini-4-argon");

    let mut twins = [
        candidate("openai/gpt-6.1-sol", 3),
        candidate("openai/gpt-6.1-sol", 3),
    ];
    twins[0].figures.throughput = Some(Quantiles {
        p50: 5_000,
        ..Quantiles::default()
    });
    twins[1].figures.throughput = Some(Quantiles {
        p50: 90_000,
        ..Quantiles::default()
    });
    let any = AutoSettings::default();
    let first = choose(&wish(&any), &twins).unwrap().picks[0].candidate;
    assert_eq!(first, 1);
}

#[test]
fn tools_that_are_called_badly_count_where_tools_are_offered() {
    let mut twins = [
        candidate("openai/gpt-6.1-sol", 3),
        candidate("openai/gpt-6.1-sol", 3),
    ];
    twins[0].figures.tools = Some(Ratio { good: 82, all: 100 });
    twins[1].figures.tools = Some(Ratio { good: 99, all: 100 });
    let any = settings(json!({ "cost_tier": "high" }));
    let tools = Needs {
        tools: true,
        vision: false,
    };
    let with = Wish {
        needs: tools,
        ..wish(&any)
    };
    assert_eq!(choose(&with, &twins).unwrap().picks[0].candidate, 1);
    assert_eq!(choose(&wish(&any), &twins).unwrap().picks[0].candidate, 0);
}

#[test]
fn what_nobody_rated_is_estimated_and_says_so() {
    let candidates = [
        candidate("nobody/knows", 9),
        candidate("google/gemini-4-argon", 9),
    ];
    let any = settings(json!({ "cost_tier": "max" }));
    let choice = choose(&wish(&any), &candidates).unwrap();
    let of = |place| {
        choice
            .picks
            .iter()
            .find(|pick| pick.candidate == place)
            .unwrap()
            .merit
    };
    assert!(of(0).is_estimate && of(0).quality <= 600 && !of(1).is_estimate);
    assert_eq!(choice.picks[0].candidate, 1);
}

#[test]
fn a_request_that_nobody_understands_is_ranked_by_the_general_figures() {
    let any = AutoSettings::default();
    let unknown = Wish {
        task: None,
        ..wish(&any)
    };
    let choice = choose(&unknown, &known()).unwrap();
    assert_eq!((choice.task, choice.chosen), (None, CHOSEN_MAX));
}

fn pareto(settings: ParetoSettings, candidates: &[Candidate<'_>], fastest: bool) -> Vec<usize> {
    choose_pareto(settings, candidates, fastest).unwrap()
}

#[test]
fn scores_ask_for_levels_at_their_edges() {
    let level = |score| Level::wanted(Some(score));
    assert_eq!(
        [level(0.66), level(0.659), level(0.33), level(0.329)],
        [Level::High, Level::Medium, Level::Medium, Level::Low]
    );
    assert_eq!(Level::wanted(None), Level::High);
    assert_eq!(
        [900, 899, 750, 749, 500, 499].map(|score| Level::of(Some(score))),
        [
            Level::High,
            Level::Medium,
            Level::Medium,
            Level::Low,
            Level::Low,
            Level::Unrated
        ]
    );
}

#[test]
fn of_a_level_the_cheapest_is_chosen_or_the_fastest() {
    let mut candidates = [
        candidate("google/gemini-4-argon", 5),
        candidate("openai/gpt-6.1-sol", 4),
        candidate("anthropic/claude-opus-5.5", 7),
        candidate("amazon/nova-micro-v1", 1),
    ];
    candidates[2].figures.throughput = Some(Quantiles {
        p50: 80_000,
        ..Quantiles::default()
    });
    let high = ParetoSettings::default();
    assert_eq!(pareto(high, &candidates, false), [1, 0, 2]);
    assert_eq!(pareto(high, &candidates, true), [2, 1, 0]);
    candidates[1].standing = Standing::Resting { until: 0 };
    assert_eq!(pareto(high, &candidates, false), [0, 2, 1]);
}

#[test]
fn an_empty_level_gives_way_to_its_neighbour() {
    let candidates = [
        candidate("nobody/knows", 1),
        candidate("google/gemini-4-argon", 5),
    ];
    let low = ParetoSettings {
        min_coding_score: Some(0.1),
        max_price: None,
    };
    assert_eq!(pareto(low, &candidates, false), [1]);
    assert_eq!(
        pareto(ParetoSettings::default(), &candidates[..1], false),
        [0]
    );
}

#[test]
fn a_price_goes_before_levels_and_nothing_below_it_is_said() {
    let candidates = known();
    let capped = |most| ParetoSettings {
        min_coding_score: None,
        max_price: Some(most),
    };
    assert_eq!(pareto(capped(4.0), &candidates, false)[0], 1);
    assert_eq!(pareto(capped(100.0), &candidates, false)[0], 0);
    assert_eq!(choose_pareto(capped(0.5), &candidates, false), Err(Nothing));
    let mut unpriced = known();
    unpriced[4].price = None;
    assert_eq!(choose_pareto(capped(1.0), &unpriced, false), Err(Nothing));
}

#[test]
fn free_models_are_drawn_evenly_and_nobody_else() {
    let mut candidates = known();
    for place in [0, 2, 4] {
        candidates[place].price = Some((PicoUsd::ZERO, PicoUsd::ZERO));
    }
    let mut counts = [0_u32; 5];
    for seed in 0..3_000 {
        let drawn = choose_free(&candidates, seed).unwrap();
        assert_eq!(
            drawn,
            choose_free(&candidates, seed).unwrap(),
            "a seed gives one draw"
        );
        counts[drawn[0]] += 1;
    }
    for place in [0, 2, 4] {
        assert!((900..=1_100).contains(&counts[place]), "{counts:?}");
    }
    assert_eq!((counts[1], counts[3]), (0, 0));
    assert_eq!(choose_free(&known(), 7), Err(Nothing));
}

fn any_candidates() -> impl Strategy<Value = Vec<Candidate<'static>>> {
    let one = (
        0..KNOWN.len(),
        proptest::option::of(0..50_i64),
        any::<bool>(),
        0..3_u8,
    );
    let one = one.prop_map(|(known, price, reasons, standing)| {
        let (slug, _) = KNOWN[known];
        let price = price.map(|price| PicoUsd::new(price * 100_000));
        Candidate {
            price: price.map(|price| (price, price)),
            reasons,
            standing: match standing {
                0 => Standing::Well,
                1 => Standing::Shaky,
                _ => Standing::Resting { until: 1 },
            },
            ..candidate(slug, 0)
        }
    });
    proptest::collection::vec(one, 0..80)
}

proptest! {
    #[test]
    fn a_choice_is_of_the_candidates_each_once_and_the_same_every_time(
        candidates in any_candidates(),
        tier in prop_oneof![Just("low"), Just("medium"), Just("high"), Just("xhigh"), Just("max")],
        prompt_tokens in 0_u64..200_000,
    ) {
        let settings = settings(json!({ "cost_tier": tier }));
        let wish = Wish { prompt_tokens, ..wish(&settings) };
        let choice = choose(&wish, &candidates);
        prop_assert_eq!(&choice, &choose(&wish, &candidates));
        let Ok(choice) = choice else {
            prop_assert!(candidates.is_empty());
            return Ok(());
        };
        let mut places: Vec<usize> = choice.picks.iter().map(|pick| pick.candidate).collect();
        places.sort_unstable();
        prop_assert!(places.windows(2).all(|pair| pair[0] < pair[1]));
        prop_assert!(places.iter().all(|place| *place < candidates.len()));
        prop_assert!((1..=CHOSEN_MAX).contains(&choice.chosen));
        let rests = |pick: &policy::routers::Pick| pick.merit.rests;
        let well = choice.picks.iter().any(|pick| !rests(pick) && pick.place != Place::Left);
        prop_assert!(!well || !rests(&choice.picks[0]));
    }
}
