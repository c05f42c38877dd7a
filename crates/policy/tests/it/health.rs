//! The breaker's steps, one by one, and its laws.

use policy::health::{
    Breaker, Heard, Outcome, Pass, Permit, Recent, Standing, Tally, Traffic, Tries, Tuning, Vitals,
    account, endpoint, may_retry,
};
use proptest::prelude::*;

const NOW: i64 = 1_800_000_000_000_000;
const SECOND: i64 = 1_000_000;
const WINDOW: i64 = 30 * SECOND;
/// The middle of the jitter: the wait is as it is written, or a hair less.
const EVEN: u64 = 31;

/// What was heard at once.
fn heard(outcome: Outcome, pass: Pass) -> Heard {
    Heard {
        outcome,
        pass,
        rest_ms: None,
        took: 200_000,
    }
}

/// The same with a wish to be left alone.
fn limited(pass: Pass, rest_ms: u64) -> Heard {
    Heard {
        rest_ms: Some(rest_ms),
        ..heard(Outcome::Limited, pass)
    }
}

/// Asks and is told; `false` where it may not ask.
fn ask(vitals: &Vitals, outcome: Outcome, now: i64) -> bool {
    let Some(pass) = vitals.begin(now, false) else {
        return false;
    };
    vitals.judge(heard(outcome, pass), now, EVEN);
    vitals.end(false, now);
    true
}

fn fail(vitals: &Vitals, times: usize, now: i64) {
    for _ in 0..times {
        assert!(ask(vitals, Outcome::Failure, now));
    }
}

fn rests(vitals: &Vitals, now: i64) -> bool {
    matches!(vitals.standing(now), Standing::Resting { .. })
}

#[test]
fn an_endpoint_that_failed_29_seconds_ago_is_shaky_and_after_31_it_is_well() {
    let vitals = endpoint(WINDOW);
    fail(&vitals, 1, NOW);
    assert_eq!(vitals.standing(NOW + 29 * SECOND), Standing::Shaky);
    assert_eq!(vitals.standing(NOW + 31 * SECOND), Standing::Well);
}

#[test]
fn one_failure_among_many_calls_is_no_outage_and_one_in_ten_is() {
    for (failures, standing) in [(1, Standing::Well), (10, Standing::Shaky)] {
        let vitals = endpoint(WINDOW);
        for call in 0..100 {
            let fails = call % (100 / failures) == 0;
            let outcome = if fails {
                Outcome::Failure
            } else {
                Outcome::Success
            };
            assert!(ask(&vitals, outcome, NOW));
        }
        assert_eq!(vitals.standing(NOW), standing, "{failures} in a hundred");
    }
}

#[test]
fn five_failures_in_a_row_open_and_four_with_a_success_between_do_not() {
    let vitals = endpoint(WINDOW);
    fail(&vitals, 4, NOW);
    assert!(ask(&vitals, Outcome::Success, NOW));
    fail(&vitals, 4, NOW);
    assert!(!rests(&vitals, NOW));
    fail(&vitals, 1, NOW);
    assert!(rests(&vitals, NOW));
    assert!(!ask(&vitals, Outcome::Success, NOW + 29 * SECOND));
}

#[test]
fn a_rate_below_four_in_five_opens_once_enough_was_seen() {
    let vitals = endpoint(WINDOW);
    let mut calls = 0;
    while !rests(&vitals, NOW) {
        let outcome = if calls % 3 == 2 {
            Outcome::Failure
        } else {
            Outcome::Success
        };
        assert!(ask(&vitals, outcome, NOW));
        calls += 1;
    }
    assert_eq!(calls, 21, "the first failure at which 20 were seen");
}

#[test]
fn a_429_never_counts_as_one_in_a_row_but_lowers_the_rate_and_fails_a_probe() {
    let vitals = endpoint(WINDOW);
    for _ in 0..19 {
        assert!(ask(&vitals, Outcome::Limited, NOW));
    }
    assert!(!rests(&vitals, NOW));
    assert!(ask(&vitals, Outcome::Limited, NOW));
    assert!(rests(&vitals, NOW), "20 calls, none of them good");
    let later = NOW + 31 * SECOND;
    assert!(ask(&vitals, Outcome::Limited, later), "the probe");
    assert!(rests(&vitals, later + 59 * SECOND), "twice the wait");
}

#[test]
fn what_is_wrong_with_the_request_never_opens() {
    let vitals = endpoint(WINDOW);
    for _ in 0..1_000 {
        assert!(ask(&vitals, Outcome::Neutral, NOW));
    }
    assert_eq!(vitals.standing(NOW), Standing::Well);
}

#[test]
fn an_account_rests_at_the_first_no_and_a_good_probe_brings_it_back_at_once() {
    let vitals = account(WINDOW);
    fail(&vitals, 1, NOW);
    assert!(rests(&vitals, NOW + 58 * SECOND));
    let later = NOW + 61 * SECOND;
    assert!(ask(&vitals, Outcome::Success, later));
    assert_eq!(vitals.standing(later), Standing::Well);
    assert!(ask(&vitals, Outcome::Success, later));
}

#[test]
fn one_probe_asks_and_all_others_wait_for_what_it_hears() {
    let vitals = endpoint(WINDOW);
    fail(&vitals, 5, NOW);
    let due = NOW + 30 * SECOND;
    assert_eq!(vitals.begin(due, false), Some(Pass::Probe));
    for last_resort in [false, true] {
        assert_eq!(vitals.begin(due, last_resort), None);
    }
    // What was sent before the outage says nothing about it.
    vitals.judge(heard(Outcome::Success, Pass::Usual), due, EVEN);
    assert_eq!(vitals.begin(due, true), None);
    vitals.end(true, due);
    assert_eq!(
        vitals.begin(due, false),
        Some(Pass::Probe),
        "its caller left"
    );
    vitals.judge(heard(Outcome::Success, Pass::Probe), due, EVEN);
    vitals.end(false, due);
    // The ramp: nobody knows what is usual here, so four, then twice as many every five seconds.
    for (seconds, allowed) in [(0, 4), (5, 8), (29, 128)] {
        let at = due + seconds * SECOND;
        let begun = (0..1_000)
            .take_while(|_| vitals.begin(at, false).is_some())
            .count();
        assert_eq!(begun, allowed);
        (0..begun).for_each(|_| vitals.end(false, at));
    }
    let begun = (0..1_000).filter(|_| vitals.begin(due + 30 * SECOND, false).is_some());
    assert_eq!(begun.count(), 1_000);
}

#[test]
fn who_asked_for_peace_is_disturbed_at_most_once_before_its_time() {
    let vitals = endpoint(WINDOW);
    let pass = vitals.begin(NOW, false).unwrap();
    vitals.judge(limited(pass, 40_000), NOW, EVEN);
    vitals.judge(limited(pass, 7_000), NOW, EVEN);
    vitals.end(false, NOW);
    let until = NOW + 40 * SECOND;
    assert_eq!(
        vitals.standing(NOW),
        Standing::Resting { until },
        "the longest wish counts"
    );
    assert_eq!(vitals.begin(until - 1, false), None);
    assert_eq!(vitals.begin(NOW, true), Some(Pass::Probe));
    vitals.judge(limited(Pass::Probe, 40_000), NOW, EVEN);
    vitals.end(false, NOW);
    for at in [NOW, NOW + 20 * SECOND, until - 1] {
        assert_eq!(vitals.begin(at, true), None, "not again");
    }
    assert_eq!(vitals.begin(until, false), Some(Pass::Probe));
}

#[test]
fn who_leaves_before_a_word_is_heard_does_not_make_a_well_endpoint_rest() {
    let vitals = endpoint(WINDOW);
    vitals.rest(60_000, NOW);
    for second in 1..4 {
        let now = NOW + second * SECOND;
        assert_eq!(vitals.begin(now, true), Some(Pass::Probe), "{second}");
        vitals.end(true, now);
    }
    let later = NOW + 61 * SECOND;
    assert_eq!(vitals.begin(later, false), Some(Pass::Usual));
}

#[test]
fn who_left_an_hour_ago_does_not_wait_any_more() {
    let vitals = endpoint(WINDOW);
    assert!(vitals.begin(NOW, false).is_some());
    vitals.end(false, NOW + SECOND);
    let later = NOW + 3_600 * SECOND;
    for _ in 0..3 {
        assert!(vitals.begin(later, false).is_some());
    }
    assert_eq!(vitals.standing(later), Standing::Well);
}

#[test]
fn a_probe_before_its_time_that_fails_does_not_make_the_wait_longer() {
    let vitals = endpoint(WINDOW);
    fail(&vitals, 5, NOW);
    for second in 0..20 {
        let now = NOW + second * SECOND;
        assert_eq!(vitals.begin(now, true), Some(Pass::Probe));
        vitals.judge(heard(Outcome::Failure, Pass::Probe), now, EVEN);
        vitals.end(false, now);
    }
    assert!(vitals.again_ms(NOW) <= 5_000);
    assert!(!rests(&vitals, NOW + 50 * SECOND));
}

#[test]
fn an_endpoint_at_which_calls_hang_is_shaky_long_before_they_end() {
    let vitals = endpoint(WINDOW);
    for _ in 0..3 {
        assert!(vitals.begin(NOW, false).is_some());
    }
    assert_eq!(vitals.standing(NOW + 9 * SECOND), Standing::Well);
    assert_eq!(vitals.standing(NOW + 11 * SECOND), Standing::Shaky);
    // A slow answer is an answer, and says what is usual.
    let answered = Heard {
        took: 11 * SECOND,
        ..heard(Outcome::Success, Pass::Usual)
    };
    vitals.judge(answered, NOW + 11 * SECOND, EVEN);
    assert!(vitals.begin(NOW + 11 * SECOND, false).is_some());
    assert_eq!(vitals.standing(NOW + 50 * SECOND), Standing::Well);
    assert_eq!(vitals.standing(NOW + 60 * SECOND), Standing::Shaky);
}

#[test]
fn a_good_answer_to_the_last_resort_ends_the_wish_for_peace() {
    let vitals = endpoint(WINDOW);
    vitals.rest(3_600_000, NOW);
    assert_eq!(vitals.begin(NOW, true), Some(Pass::Probe));
    vitals.judge(heard(Outcome::Success, Pass::Probe), NOW, EVEN);
    vitals.end(false, NOW);
    assert!(!rests(&vitals, NOW));
}

#[test]
fn a_request_has_so_many_tries_and_one_last_resort() {
    let (good, bad) = (account(WINDOW), endpoint(WINDOW));
    let traffic = Traffic::default();
    fail(&bad, 5, NOW);
    let mut tries = Tries::new(3);
    let other = endpoint(WINDOW);
    fail(&other, 5, NOW);
    assert!(matches!(
        tries.permit((&bad, &good), true, &traffic, NOW),
        Permit::Go {
            endpoint: Pass::Probe,
            is_retry: false,
            ..
        }
    ));
    assert_eq!(
        tries.permit((&other, &good), true, &traffic, NOW),
        Permit::Skip
    );
    let well = endpoint(WINDOW);
    for _ in 0..2 {
        let permit = tries.permit((&well, &good), false, &traffic, NOW);
        assert!(matches!(permit, Permit::Go { is_retry: true, .. }));
    }
    assert_eq!(
        tries.permit((&well, &good), false, &traffic, NOW),
        Permit::Stop
    );
    assert_eq!(well.flights(), 2);
}

#[test]
fn a_fifth_of_the_requests_may_be_retries_and_three_always() {
    assert!(may_retry(0, 2) && !may_retry(0, 3));
    assert!(!may_retry(19, 3) && may_retry(20, 3));
    assert!(may_retry(1_000, 199) && !may_retry(1_000, 200));
}

fn outcome() -> impl Strategy<Value = Outcome> {
    use Outcome::{Failure, Limited, Neutral, Success};
    prop_oneof![Just(Success), Just(Failure), Just(Limited), Just(Neutral)]
}

proptest! {
    #[test]
    fn a_breaker_survives_being_a_number(
        steps in prop::collection::vec((outcome(), any::<bool>(), 0_u64..100_000, any::<u64>()), 0..60),
    ) {
        let mut breaker = Breaker::default();
        let mut now_ms = 1_800_000_000_000;
        for (outcome, last_resort, later, chance) in steps {
            now_ms += later;
            if let Some((next, pass)) = breaker.admit(now_ms, last_resort, &Tuning::ENDPOINT) {
                let tally = Tally { good: 3, bad: 3 };
                breaker = next.after((outcome, pass), tally, now_ms, (&Tuning::ENDPOINT, chance));
            }
            prop_assert_eq!(Breaker::unpack(breaker.pack()), breaker);
            // Open for at most five quarters of five minutes.
            if let Some(until) = breaker.rests_until_ms(now_ms, &Tuning::ENDPOINT) {
                prop_assert!(until <= now_ms + 375_000);
            }
        }
    }

    #[test]
    fn there_is_never_more_than_one_probe_and_every_flight_ends(
        steps in prop::collection::vec((0_u8..4, outcome(), any::<bool>(), 0_i64..20_000_000), 1..200),
    ) {
        let vitals = endpoint(WINDOW);
        let mut now = NOW;
        let mut flying: Vec<Pass> = Vec::new();
        let mut first_probe = None;
        for (action, outcome, last_resort, later) in steps {
            now += later;
            match action {
                0 | 1 => flying.extend(vitals.begin(now, last_resort)),
                2 => if let Some(pass) = flying.pop() {
                    vitals.judge(heard(outcome, pass), now, 7);
                    vitals.end(false, now);
                },
                _ => if let Some(pass) = flying.pop() {
                    vitals.end(pass == Pass::Probe, now);
                },
            }
            prop_assert_eq!(u32::try_from(flying.len()).unwrap(), vitals.flights());
            // A probe that is not heard of for fifteen seconds is lost, and another may begin.
            let probes = flying.iter().filter(|pass| **pass == Pass::Probe).count();
            let most = 1 + (now - first_probe.unwrap_or(now)) / (15 * SECOND);
            prop_assert!(i64::try_from(probes).unwrap() <= most, "{} probes", probes);
            first_probe = (probes > 0).then(|| first_probe.unwrap_or(now));
        }
    }

    #[test]
    fn a_tally_counts_the_window_and_nothing_else(
        calls in prop::collection::vec((any::<bool>(), 0_i64..5_000_000), 0..200),
    ) {
        let recent = Recent::new(WINDOW);
        let mut now = NOW;
        let mut all: Vec<(i64, bool)> = Vec::new();
        for (good, later) in calls {
            now += later;
            recent.add(good, now);
            all.push((now, good));
        }
        let tally = recent.tally(now);
        // Slots of three seconds: what is older than 30 s is out, what is younger than 27 s is in.
        let within = |least: i64, good: bool| {
            all.iter().filter(|(at, was)| *was == good && now - at < least).count()
        };
        for (found, good) in [(tally.good, true), (tally.bad, false)] {
            let found = usize::try_from(found).unwrap();
            prop_assert!(within(27 * SECOND, good) <= found && found <= within(30 * SECOND, good));
        }
    }
}
