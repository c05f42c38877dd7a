//! The operator's terms: which endpoints a rule means, and that caps hold to the second whatever happens.

use std::{
    num::NonZeroU16,
    sync::{Arc, LazyLock},
};

use policy::{
    catalog::Catalog,
    terms::{Full, Limit, Limits, Rule, Terms},
};
use proptest::prelude::*;

const NOW: i64 = 1_800_000_000_000_000;
const MS: i64 = 1_000;

static CATALOG: LazyLock<Catalog> = LazyLock::new(Catalog::embedded);

fn rule(pattern: &str) -> Rule {
    Rule {
        pattern: pattern.parse().unwrap(),
        ..Rule::default()
    }
}

fn capped(pattern: &str, limits: Limits) -> Rule {
    Rule {
        limits,
        ..rule(pattern)
    }
}

/// The places of a model's endpoints, by their tags.
fn place(catalog: &Catalog, model: &str, tag: &str) -> usize {
    let mut found = catalog.all_endpoints().iter();
    let found = found.find(|one| one.model.as_str() == model && *one.tag == *tag);
    found.unwrap_or_else(|| panic!("{model} at {tag}")).index
}

/// An hour ahead for a moment, as machines are that wake up: without a mend every minute of that hour would be this one.
#[test]
fn a_clock_that_is_set_back_leaves_no_cap_full_behind() {
    const HOUR: i64 = 3_600 * 1_000 * MS;
    let limits = Limits {
        requests_per_minute: Some(1),
        ..Limits::default()
    };
    let terms = Terms::of(&[capped("openai/gpt-4o@openai", limits)], &CATALOG);
    let at = place(&CATALOG, "openai/gpt-4o", "openai");
    let ahead = terms.take(at, 0, NOW + HOUR).unwrap().unwrap();
    let ticket = terms.take(at, 0, NOW).unwrap().unwrap();
    assert!(terms.take(at, 0, NOW).is_err());
    terms.leave(ahead, 7);
    terms.leave(ticket, 7);
    assert_eq!(terms.term(at, 0, NOW + 60_000 * MS).full, None);
}

#[test]
fn a_later_rule_says_what_holds_and_leaves_the_rest() {
    let rules = [
        Rule {
            weight: NonZeroU16::new(5),
            prefer: Some(true),
            ..rule("openai/*")
        },
        Rule {
            disabled: Some(true),
            weight: NonZeroU16::new(2),
            ..rule("openai/gpt-4o@azure")
        },
    ];
    let terms = Terms::of(&rules, &CATALOG);
    let at = |model, tag| terms.term(place(&CATALOG, model, tag), 0, NOW);
    let both = at("openai/gpt-4o", "azure");
    assert!(both.prefer && both.disabled && both.weight == 2);
    let first = at("openai/gpt-4o", "openai");
    assert!(first.prefer && !first.disabled && first.weight == 5);
    let none = at("anthropic/claude-sonnet-4.5", "anthropic");
    assert_eq!(none, policy::terms::Term::default());
}

#[test]
fn all_that_a_rule_means_share_its_caps_and_a_narrower_rule_caps_further() {
    let requests = |count| Limits {
        requests_per_minute: Some(count),
        ..Limits::default()
    };
    let rules = [
        capped("@openai", requests(3)),
        capped("openai/gpt-4o@openai", requests(1)),
    ];
    let terms = Terms::of(&rules, &CATALOG);
    let one = place(&CATALOG, "openai/gpt-4o", "openai");
    let other = place(&CATALOG, "openai/gpt-4o-mini", "openai");
    let full = Full {
        limit: Limit::Requests,
        after_ms: 60_000,
    };
    let mut held = vec![terms.take(one, 1, NOW).unwrap().unwrap()];
    assert_eq!(terms.take(one, 1, NOW).map(|_| ()), Err(full));
    assert_eq!(terms.term(one, 1, NOW).full, Some(full));
    // What was refused by the narrower rule counts against neither.
    held.push(terms.take(other, 1, NOW).unwrap().unwrap());
    held.push(terms.take(other, 1, NOW).unwrap().unwrap());
    assert_eq!(terms.take(other, 1, NOW).map(|_| ()), Err(full));
    for ticket in held {
        terms.leave(ticket, 1);
    }
    let azure = place(&CATALOG, "openai/gpt-4o", "azure");
    assert!(terms.take(azure, 1, NOW).unwrap().is_none());
}

#[test]
fn tokens_settle_to_what_was_used_and_concurrency_ends_with_the_request() {
    let limits = Limits {
        tokens_per_minute: Some(1_000),
        concurrency_max: Some(2),
        ..Limits::default()
    };
    let terms = Terms::of(&[capped("@openai", limits)], &CATALOG);
    let at = place(&CATALOG, "openai/gpt-4o", "openai");
    let first = terms.take(at, 700, NOW).unwrap().unwrap();
    let tokens = terms.take(at, 400, NOW).unwrap_err();
    assert_eq!(tokens.limit, Limit::Tokens);
    terms.leave(first, 100);
    let (one, two) = (
        terms.take(at, 400, NOW).unwrap(),
        terms.take(at, 400, NOW).unwrap(),
    );
    let busy = terms.take(at, 1, NOW).unwrap_err();
    assert_eq!(busy.limit, Limit::Concurrency);
    for ticket in [one, two].into_iter().flatten() {
        terms.leave(ticket, 450);
    }
    // 100 + 450 + 450 were used: nothing fits until they are a minute old.
    let later = terms.take(at, 1, NOW + 59_500 * MS).unwrap_err();
    assert_eq!((later.limit, later.after_ms), (Limit::Tokens, 500));
    assert!(terms.take(at, 1_000, NOW + 60_000 * MS).is_ok());
}

#[test]
fn a_request_larger_than_a_cap_waits_for_an_empty_minute_and_then_goes() {
    let limits = Limits {
        tokens_per_minute: Some(1_000),
        ..Limits::default()
    };
    let terms = Terms::of(&[capped("@openai", limits)], &CATALOG);
    let at = place(&CATALOG, "openai/gpt-4o", "openai");
    let ticket = terms.take(at, 5_000, NOW).unwrap().unwrap();
    terms.leave(ticket, 5_000);
    assert!(terms.take(at, 1, NOW + 59_000 * MS).is_err());
    assert!(terms.take(at, 1, NOW + 60_000 * MS).is_ok());
}

#[test]
fn from_many_threads_no_more_get_in_than_may() {
    let limits = Limits {
        requests_per_minute: Some(500),
        ..Limits::default()
    };
    let terms = Arc::new(Terms::of(&[capped("@openai", limits)], &CATALOG));
    let at = place(&CATALOG, "openai/gpt-4o", "openai");
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let terms = Arc::clone(&terms);
            std::thread::spawn(move || {
                let mut got = 0;
                for _ in 0..1_000 {
                    if let Ok(Some(ticket)) = terms.take(at, 1, NOW) {
                        terms.leave(ticket, 1);
                        got += 1;
                    }
                }
                got
            })
        })
        .collect();
    let got: u32 = threads
        .into_iter()
        .map(|thread| thread.join().unwrap())
        .sum();
    assert_eq!(got, 500);
}

/// Whole seconds are counted: this one and the 59 before.
fn within_minute(begun: &[i64], now: i64) -> u64 {
    let from = (now / 1_000_000 - 59) * 1_000_000;
    let within = begun.iter().filter(|at| **at >= from);
    u64::try_from(within.count()).unwrap()
}

proptest! {
    /// Whatever comes when: within any sixty seconds no more begin than may, and whoever is told to wait gets in then.
    #[test]
    fn within_any_minute_no_more_begin_than_may(
        waits in prop::collection::vec(0_i64..4_000, 1..300), most in 1_u64..20,
    ) {
        let limits = Limits { requests_per_minute: Some(most), ..Limits::default() };
        let terms = Terms::of(&[capped("@openai", limits)], &CATALOG);
        let at = place(&CATALOG, "openai/gpt-4o", "openai");
        let mut now = NOW;
        let mut begun: Vec<i64> = Vec::new();
        for wait in waits {
            now += wait * MS;
            match terms.take(at, 1, now) {
                Ok(ticket) => {
                    begun.push(now);
                    terms.leave(ticket.unwrap(), 1);
                }
                Err(full) => {
                    let after = now + i64::try_from(full.after_ms).unwrap() * MS;
                    prop_assert!(within_minute(&begun, after) < most);
                }
            }
            prop_assert!(within_minute(&begun, now) <= most);
        }
    }
}
