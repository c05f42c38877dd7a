//! Rolling windows against a list of everything that was ever measured.

use policy::{measure::Measures, routing::Ratio};
use proptest::prelude::*;

const NOW: i64 = 1_800_000_000_000_000;
const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;

#[test]
fn too_little_is_no_figure() {
    let measures = Measures::default();
    for call in 0..4 {
        measures.called(true, NOW + call);
        measures.first_token(200_000, NOW + call);
    }
    assert_eq!(
        measures.listing(NOW + 4),
        policy::measure::Listing::default()
    );
    measures.called(false, NOW + 5);
    let uptime = Some(Ratio { good: 4, all: 5 });
    let listing = measures.listing(NOW + 6);
    assert_eq!((listing.uptime_5m, listing.uptime_1d), (uptime, uptime));
    assert_eq!(listing.latency_30m, None);
}

#[test]
fn a_tail_of_latency_is_high_and_one_of_throughput_is_low() {
    let measures = Measures::default();
    for share in 1..=100 {
        // 10 ms to a second; 100 tokens in one to a hundred seconds.
        measures.first_token(share * 10_000, NOW);
        measures.answered(100, share * SECOND, NOW);
    }
    let figures = measures.figures(NOW);
    let near = |found: u32, exact: u32| {
        assert!(
            found.abs_diff(exact) * 16 <= exact + 16,
            "{found} for {exact}"
        );
    };
    let latency = figures.latency.unwrap();
    near(latency.p50, 500);
    near(latency.p90, 900);
    near(latency.p99, 990);
    let throughput = figures.throughput.unwrap();
    near(throughput.p50, 2_000);
    near(throughput.p90, 1_111);
    near(throughput.p99, 1_010);
}

#[test]
fn figures_are_a_second_old_at_most_and_forget_after_five_minutes() {
    let measures = Measures::default();
    assert_eq!(measures.figures(NOW).latency, None);
    (0..5).for_each(|_| measures.first_token(100_000, NOW));
    assert_eq!(
        measures.figures(NOW + SECOND - 1).latency,
        None,
        "the same second"
    );
    assert!(measures.figures(NOW + SECOND).latency.is_some());
    assert!(measures.figures(NOW + 4 * MINUTE).latency.is_some());
    assert!(measures.figures(NOW + 5 * MINUTE).latency.is_none());
    let listing = measures.listing(NOW + 29 * MINUTE);
    assert!(listing.latency_30m.is_some());
    assert!(measures.listing(NOW + 30 * MINUTE).latency_30m.is_none());
}

#[test]
fn cores_that_write_at_once_lose_nothing_within_a_minute() {
    let measures = Measures::default();
    // The first one clears the slot.
    measures.called(true, NOW);
    std::thread::scope(|scope| {
        for core in 0..4 {
            let measures = &measures;
            scope.spawn(move || {
                for call in 0..5_000 {
                    measures.called(call % 10 != 0, NOW + core);
                    measures.called_tools(call % 2 == 0, NOW);
                }
            });
        }
    });
    let listing = measures.listing(NOW + 1);
    assert_eq!(
        listing.uptime_5m,
        Some(Ratio {
            good: 18_001,
            all: 20_001
        })
    );
    assert_eq!(
        listing.tools_2h,
        Some(Ratio {
            good: 10_000,
            all: 20_000
        })
    );
}

proptest! {
    #[test]
    fn a_window_holds_its_minutes_and_no_others(
        calls in prop::collection::vec((any::<bool>(), 0_i64..40_000_000), 0..200),
    ) {
        let measures = Measures::default();
        let (mut now, mut all) = (NOW, Vec::new());
        for (good, later) in calls {
            now += later;
            measures.called(good, now);
            all.push((now, good));
        }
        let minute = |at: i64| at.div_euclid(MINUTE);
        for (minutes, found) in [(5, measures.listing(now).uptime_5m), (30, measures.listing(now).uptime_30m)] {
            let within: Vec<_> = all.iter().filter(|(at, _)| minute(now) - minute(*at) < minutes).collect();
            let good = within.iter().filter(|(_, good)| *good).count();
            let exact = Ratio { good: u32::try_from(good).unwrap(), all: u32::try_from(within.len()).unwrap() };
            prop_assert_eq!(found, (exact.all >= 5).then_some(exact));
        }
    }
}
