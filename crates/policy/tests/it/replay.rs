//! What if: recorded requests through another policy.

use std::collections::BTreeSet;

use canon::{NanoUsd, Preferences, Sort};
use policy::{
    replay::{Call, End, Known, Policy, Report, Request, Rules, replay},
    routing::{Candidate, Plan, plan},
};

use crate::routing::{ask, candidate};

const SECOND: i64 = 1_000_000;
const START: i64 = 1_800_000_000_000_000;
/// What an answer costs at each of three endpoints, in nano-USD.
const COSTS: [i64; 3] = [100, 200, 300];

/// Three endpoints of one model, drawn by price or sorted, some of them left out.
struct House {
    out: BTreeSet<usize>,
    sort: Option<Sort>,
}

impl Policy for House {
    fn plan(&self, _: usize, known: &Known<'_>, seed: u64) -> Option<Plan> {
        let preferences = Preferences {
            sort: self.sort,
            ..Preferences::default()
        };
        let places = (0..3).filter(|place| !self.out.contains(place));
        let candidates = places.map(|place| Candidate {
            standing: known.standing(place, place),
            figures: known.figures(place),
            ..candidate(place, "p", COSTS[place])
        });
        let candidates: Vec<Candidate<'_>> = candidates.collect();
        (!candidates.is_empty()).then(|| plan(&ask(&preferences), candidates, seed))
    }

    fn account(&self, endpoint: usize) -> usize {
        endpoint
    }

    fn kin(&self, _: usize) -> Vec<usize> {
        vec![0, 1, 2]
    }

    fn cost(&self, _: usize, endpoint: usize) -> Option<NanoUsd> {
        COSTS.get(endpoint).copied().map(NanoUsd::new)
    }

    fn patience(&self, _: usize) -> i64 {
        60 * SECOND
    }
}

fn house(out: &[usize], sort: Option<Sort>) -> House {
    House {
        out: out.iter().copied().collect(),
        sort,
    }
}

const fn rules(seed: u64) -> Rules {
    Rules {
        attempts_max: 3,
        outage_window: 30 * SECOND,
        seed,
    }
}

fn call(endpoint: usize, at: i64, took: i64, end: End) -> Call {
    Call {
        endpoint,
        at,
        took,
        end,
    }
}

const ANSWERED: End = End::Answered {
    rest: SECOND,
    tokens: 100,
};

fn request(at: i64, calls: Vec<Call>) -> Request {
    Request {
        at,
        streamed: true,
        completion_tokens: 100,
        is_refused: false,
        calls,
    }
}

/// A storm as it was recorded: for the middle third, the cheapest endpoint hangs for ten seconds and then fails; nobody
/// else was tried. The others answered now and then.
fn storm() -> Vec<Request> {
    let mut requests = Vec::new();
    for number in 0..3_000_i64 {
        let at = START + number * SECOND / 5;
        let is_down = (1_000..2_000).contains(&number);
        let place = usize::try_from(number % 3).unwrap_or(0);
        let calls = match place {
            0 if is_down => vec![call(0, at, 10 * SECOND, End::Failed)],
            0 => vec![call(0, at, SECOND / 5, ANSWERED)],
            other => vec![call(other, at, SECOND / 2, ANSWERED)],
        };
        requests.push(request(at, calls));
    }
    requests
}

#[test]
fn the_same_seed_gives_the_same_result_and_another_one_another() {
    let requests = storm();
    let run = |seed| replay(&requests, &house(&[], None), rules(seed));
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

#[test]
fn a_storm_hurts_less_where_there_is_somebody_else_to_ask() {
    let requests = storm();
    let stubborn = replay(&requests, &house(&[1, 2], None), rules(7));
    let clever = replay(&requests, &house(&[], None), rules(7));
    let shown = |report: &Report| (report.answered, report.latency(90), report.cost);
    println!(
        "alone {:?}, with others {:?}",
        shown(&stubborn),
        shown(&clever)
    );
    assert_eq!(stubborn.requests, 3_000);
    assert!(stubborn.answered < 2_200, "{}", stubborn.answered);
    assert!(clever.answered >= 2_990, "{}", clever.answered);
    assert!(clever.cost > stubborn.cost, "the others are dearer");
    assert_eq!(
        clever.calls,
        clever.endpoints.values().map(|own| own.calls).sum::<u64>()
    );
}

#[test]
fn the_policy_that_was_recorded_is_replayed_as_it_was() {
    let at = |number: i64| START + number * SECOND;
    let slow = call(2, at(0), 3 * SECOND, ANSWERED);
    let requests: Vec<Request> = (0..50)
        .map(|number| {
            let calls = vec![
                call(2, at(number), SECOND / 10, End::Limited),
                call(1, at(number) + SECOND / 10, SECOND / 4, ANSWERED),
            ];
            request(at(number), if number == 0 { vec![slow] } else { calls })
        })
        .collect();
    let report = replay(&requests[..1], &house(&[0, 1], None), rules(1));
    assert_eq!(report.latency(50), Some(4 * SECOND));
    assert_eq!(report.first_token(50), Some(3 * SECOND));
    assert_eq!(report.cost, NanoUsd::new(300));
    let report = replay(&requests, &house(&[0], Some(Sort::Price)), rules(1));
    assert_eq!(report.answered, 50);
    assert_eq!(
        report.latency(50),
        Some(SECOND + SECOND / 4),
        "the call that is on record"
    );
}

#[test]
fn who_was_never_asked_is_assumed_to_answer_as_its_kin_and_is_counted() {
    let requests: Vec<Request> = (0..100)
        .map(|number| {
            let at = START + number * SECOND;
            let end = if number % 2 == 0 {
                End::Failed
            } else {
                ANSWERED
            };
            request(at, vec![call(0, at, SECOND / 5, end)])
        })
        .collect();
    let report = replay(&requests, &house(&[0, 2], None), rules(1));
    let served = report.endpoints.get(&1).unwrap();
    assert_eq!(
        (served.calls, served.assumed, served.answered),
        (100, 100, 100)
    );
    assert_eq!(report.latency(100), Some(SECOND + SECOND / 5));
}

#[test]
fn nobody_to_ask_and_requests_at_fault_are_counted_apart() {
    let at_fault = Request {
        is_refused: true,
        ..request(START, vec![])
    };
    let requests = [at_fault, request(START, vec![])];
    let report = replay(&requests, &house(&[0, 1, 2], None), rules(1));
    assert_eq!(
        (report.requests, report.refused, report.unplanned),
        (1, 1, 1)
    );
    assert_eq!((report.answered, report.latency(50)), (0, None));
    let empty = replay(&[], &house(&[], None), rules(1));
    assert_eq!(empty, Report::default());
}

#[test]
fn who_answers_after_the_callers_patience_is_late() {
    let late = request(START, vec![call(0, START, 70 * SECOND, ANSWERED)]);
    let report = replay(&[late], &house(&[1, 2], None), rules(1));
    assert_eq!((report.requests, report.answered), (1, 0));
}
