//! What only moves an endpoint: sorts, preferred speeds, health, and how well it calls tools.

use canon::{Preferences, Sort};
use policy::{
    health::Standing,
    routing::{Ask, Candidate, Figures, Quantiles, Ratio, Why, Wish, plan},
};
use serde_json::json;

use super::{ask, candidate, order_of};

fn measured(endpoint: u8, latency: [u32; 4], throughput: [u32; 4]) -> Candidate<'static> {
    let quantiles = |[p50, p75, p90, p99]: [u32; 4]| Quantiles { p50, p75, p90, p99 };
    let figures = Figures {
        latency: Some(quantiles(latency)),
        throughput: Some(quantiles(throughput)),
        tools: None,
        requests: 1_000,
    };
    Candidate {
        figures,
        // The dearer, the earlier in the list: price alone would turn the order around.
        ..candidate(usize::from(endpoint), "p", 1_000 - i64::from(endpoint))
    }
}

/// The sample record of the spec: half of the requests have 45.2 tokens a second, 99 in a hundred 15.1.
const SAMPLE: [u32; 4] = [45_200, 38_500, 28_300, 15_100];

#[test]
fn a_preferred_throughput_looks_at_the_low_tail_and_a_latency_at_the_high_one() {
    let one = || measured(0, [200, 400, 900, 4_000], SAMPLE);
    let other = || measured(1, [300, 300, 300, 300], [28_400; 4]);
    for (field, value, misses) in [
        ("throughput", json!(45), false),
        ("throughput", json!(46), true),
        ("throughput", json!({"p90": 28.3}), false),
        ("throughput", json!({"p90": 28.4}), true),
        ("throughput", json!({"p50": 40, "p99": 20}), true),
        ("throughput", json!({"p50": null}), false),
        ("latency", json!(0.2), false),
        ("latency", json!(0.199), true),
        ("latency", json!({"p90": 0.9}), false),
        ("latency", json!({"p99": 3.9}), true),
        ("latency", json!({"p50": 1, "p90": 0.5}), true),
    ] {
        let mut preferences = Preferences {
            sort: Some(Sort::Price),
            ..Preferences::default()
        };
        match field {
            "throughput" => preferences.preferred_min_throughput = Some(value.clone()),
            _ => preferences.preferred_max_latency = Some(value.clone()),
        }
        let unmeasured = candidate(2, "p", 5_000);
        let plan = plan(&ask(&preferences), vec![one(), other(), unmeasured], 0);
        assert_eq!(plan.targets.len(), 3, "never excluded");
        let found = plan
            .targets
            .iter()
            .find(|target| target.endpoint == 0)
            .unwrap();
        assert_eq!(found.why == Why::Slow, misses, "{field} {value}");
        let unknown = plan
            .targets
            .iter()
            .find(|target| target.endpoint == 2)
            .unwrap();
        assert_ne!(
            unknown.why,
            Why::Slow,
            "what is not measured misses nothing"
        );
        if misses {
            let slow = plan.targets.last().unwrap();
            assert_eq!(slow.why, Why::Slow, "{field} {value}");
        }
    }
}

#[test]
fn a_sort_is_strict_and_what_is_not_measured_follows_by_price() {
    let candidates = || {
        vec![
            candidate(7, "p", 2),
            candidate(8, "p", 1),
            measured(0, [300; 4], [10_000; 4]),
            measured(1, [100; 4], [30_000; 4]),
            measured(2, [200; 4], [20_000; 4]),
        ]
    };
    for (sort, order) in [
        (Sort::Throughput, [1, 2, 0, 8, 7]),
        (Sort::Latency, [1, 2, 0, 8, 7]),
        (Sort::Price, [8, 7, 2, 1, 0]),
    ] {
        let preferences = Preferences {
            sort: Some(sort),
            ..Preferences::default()
        };
        for seed in 0..20 {
            assert_eq!(
                order_of(&plan(&ask(&preferences), candidates(), seed)),
                order,
                "{sort:?}"
            );
        }
    }
}

#[test]
fn a_sort_suffix_holds_for_its_own_model_only_and_yields_to_a_written_sort() {
    let of = |rank, candidate: Candidate<'static>| Candidate { rank, ..candidate };
    let pool = || {
        vec![
            of(0, measured(0, [300; 4], [10_000; 4])),
            of(0, measured(1, [100; 4], [30_000; 4])),
            of(0, candidate(2, "p", 1)),
            of(1, measured(3, [300; 4], [10_000; 4])),
            of(1, measured(4, [100; 4], [30_000; 4])),
            of(1, candidate(5, "p", 1)),
        ]
    };
    let nitro = Wish {
        sort: Some(Sort::Throughput),
        admits: None,
    };
    let (wishes, all_wish) = ([nitro, Wish::default()], [nitro, nitro]);
    let (open, written) = (
        Preferences::default(),
        Preferences {
            sort: Some(Sort::Price),
            ..Preferences::default()
        },
    );
    let with = |preferences, wishes| Ask {
        wishes,
        ..ask(preferences)
    };
    let first = plan(&with(&open, &wishes), pool(), 4);
    assert_eq!(order_of(&first)[..3], [1, 0, 2]);
    assert!(
        matches!(first.targets[3].why, Why::Drawn { .. }),
        "{first:?}"
    );
    assert_eq!(
        order_of(&plan(&with(&written, &wishes), pool(), 4)),
        [2, 1, 0, 5, 4, 3]
    );
    // All models together: the suffix counts where all have it.
    let across = Preferences {
        across_models: true,
        ..Preferences::default()
    };
    let all = plan(&with(&across, &all_wish), pool(), 4);
    assert_eq!(order_of(&all), [4, 1, 3, 0, 2, 5]);
    let some = plan(&with(&across, &wishes), pool(), 4);
    assert!(
        some.targets
            .iter()
            .all(|target| matches!(target.why, Why::Drawn { .. }))
    );
}

#[test]
fn across_models_a_soft_limit_promotes_a_fallback_model() {
    let preferences = Preferences {
        across_models: true,
        sort: Some(Sort::Price),
        preferred_min_throughput: Some(json!(20)),
        ..Preferences::default()
    };
    let slow = measured(0, [100; 4], [10_000; 4]);
    let quick = Candidate {
        rank: 1,
        ..measured(1, [100; 4], [30_000; 4])
    };
    let plan = plan(&ask(&preferences), vec![slow, quick], 0);
    assert_eq!(order_of(&plan), [1, 0]);
}

#[test]
fn the_shaky_follow_the_slow_and_the_resting_follow_all_even_where_they_are_ordered() {
    let preferences = Preferences {
        order: vec!["rests".into(), "shakes".into()],
        preferred_max_latency: Some(json!(0.1)),
        ..Preferences::default()
    };
    let standing = |endpoint, provider, standing| Candidate {
        standing,
        ..candidate(endpoint, provider, 1)
    };
    let candidates = vec![
        standing(0, "rests", Standing::Resting { until: 1 }),
        standing(1, "shakes", Standing::Shaky),
        standing(2, "other", Standing::Shaky),
        measured(3, [500; 4], SAMPLE),
        standing(4, "well", Standing::Well),
    ];
    let plan = plan(&ask(&preferences), candidates, 0);
    assert_eq!(order_of(&plan), [1, 4, 3, 2, 0]);
    let whys: Vec<Why> = plan.targets.iter().map(|target| target.why).collect();
    assert_eq!(
        whys,
        [
            Why::Ordered,
            Why::Sorted(Sort::Price),
            Why::Slow,
            Why::Shaky,
            Why::Resting
        ]
    );
}

fn caller_of_tools(endpoint: u8, good: u32, speed: u32) -> Candidate<'static> {
    let mut candidate = measured(endpoint, [100; 4], [speed; 4]);
    candidate.figures.tools = Some(Ratio { good, all: 1_000 });
    candidate
}

#[test]
fn with_tools_those_that_call_them_badly_come_last_and_the_unknown_stand_between() {
    let open = Preferences::default();
    let tools = Ask {
        has_tools: true,
        ..ask(&open)
    };
    let pool = |worst, slowest| {
        vec![
            caller_of_tools(0, worst, 40_000),
            caller_of_tools(1, 995, slowest),
            caller_of_tools(2, 993, 41_200),
            caller_of_tools(3, 999, 39_800),
            caller_of_tools(4, 993, 41_000),
            candidate(5, "new", 1),
        ]
    };
    for seed in 0..50 {
        let order = order_of(&plan(&tools, pool(700, 40_500), seed));
        assert_eq!(order[4..], [5, 0], "bad calls");
        let order = order_of(&plan(&tools, pool(994, 2_000), seed));
        assert_eq!(order[4..], [5, 1], "far too slow");
        // Without tools nobody looks at them; an explicit sort wins.
        let order = order_of(&plan(&ask(&open), pool(700, 40_500), seed));
        assert_eq!(order[0], 5, "by far the cheapest");
    }
    let sorted = Preferences {
        sort: Some(Sort::Exacto),
        ..Preferences::default()
    };
    assert_eq!(
        order_of(&plan(&ask(&sorted), pool(700, 40_500), 0)),
        [3, 1, 4, 2, 5, 0]
    );
    // Three peers make no norm.
    let few: Vec<_> = pool(700, 40_500).into_iter().take(3).collect();
    let graded = plan(&tools, few, 0);
    assert!(
        graded
            .targets
            .iter()
            .all(|target| matches!(target.why, Why::Drawn { .. }))
    );
}
