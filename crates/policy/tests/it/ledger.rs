//! The laws of the ledger, for any interleaving of what may happen to attempts.

use std::collections::HashSet;

use canon::{
    Account, AttemptId, Entry, EntryKind, GenerationId, Key, KeyId, LimitReset, NanoUsd,
    ProviderId, Transaction, Window, WorkspaceId,
};
use policy::ledger::{
    Applied, Error, Final, HoldRequest, Ledger, ReasonForEstimate, Refusal, Snapshot, Standing,
    invariants, window_of, windows_of,
};
use proptest::prelude::*;

const LIMIT: i64 = 300;
const HOUR: i64 = 3_600_000_000;
/// A Thursday, 20:00 UTC, the last day of February 2024.
const EVENING: i64 = 1_709_236_800_000_000;

fn key(number: usize) -> Key {
    let resets = [
        None,
        Some(LimitReset::Daily),
        Some(LimitReset::Weekly),
        Some(LimitReset::Monthly),
    ];
    Key {
        id: KeyId::new(&format!("key-{number}")),
        name: String::new(),
        label: String::new(),
        disabled: false,
        management: false,
        limit: Some(NanoUsd::new(LIMIT)),
        limit_reset: resets[number % resets.len()],
        include_byok_in_limit: false,
        workspace: WorkspaceId::new(if number.is_multiple_of(2) {
            "even"
        } else {
            "odd"
        }),
        creator: None,
        created_at: 0,
        updated_at: None,
        expires_at: None,
    }
}

fn provider() -> ProviderId {
    "acme".parse().unwrap()
}

fn attempt(number: usize) -> AttemptId {
    AttemptId {
        generation: GenerationId::new(&format!("gen-{number}")),
        number: 0,
    }
}

fn hold(
    ledger: &mut Ledger,
    key: &Key,
    number: usize,
    (amount, at): (i64, i64),
) -> Result<Entry, Refusal> {
    let request = HoldRequest {
        attempt: attempt(number),
        key,
        provider: &provider(),
        amount: NanoUsd::new(amount),
        deadline: at + HOUR,
        price_version: 1,
    };
    let entry = ledger.hold(&request, at)?;
    assert_eq!(ledger.apply(&entry), Ok(Applied::Done));
    Ok(entry)
}

fn finish(ledger: &mut Ledger, number: usize, charged: i64, upstream: i64) -> Entry {
    let end = Final {
        charged: NanoUsd::new(charged),
        upstream_cost: NanoUsd::new(upstream),
        generation: None,
    };
    let entry = ledger.settle(&attempt(number), end, EVENING).unwrap();
    ledger.apply(&entry).unwrap();
    entry
}

fn estimate(ledger: &mut Ledger, number: usize, charged: Option<i64>) -> Entry {
    let estimate = (charged.map(NanoUsd::new), ReasonForEstimate::NoUsage);
    let entry = ledger
        .provisional(&attempt(number), estimate, None, EVENING)
        .unwrap();
    ledger.apply(&entry).unwrap();
    entry
}

/// One thing that may happen.
#[derive(Clone, Debug)]
enum Step {
    Hold {
        key: usize,
        amount: i64,
    },
    /// Of the nth attempt so far: a share of its reservation, in percent.
    Settle {
        nth: usize,
        percent: i64,
        upstream: i64,
    },
    Void {
        nth: usize,
    },
    Estimate {
        nth: usize,
        percent: Option<i64>,
    },
    /// An entry of the past arrives again.
    Repeat {
        nth: usize,
    },
    /// The clock moves, also backwards.
    Clock {
        hours: i64,
    },
}

fn steps(most_percent: i64) -> impl Strategy<Value = Vec<Step>> {
    let percent = 0..=most_percent;
    let step = prop_oneof![
        6 => (0..4_usize, 0..200_i64).prop_map(|(key, amount)| Step::Hold { key, amount }),
        4 => (any::<usize>(), percent.clone(), 0..300_i64)
            .prop_map(|(nth, percent, upstream)| Step::Settle { nth, percent, upstream }),
        1 => any::<usize>().prop_map(|nth| Step::Void { nth }),
        2 => (any::<usize>(), prop::option::of(percent))
            .prop_map(|(nth, percent)| Step::Estimate { nth, percent }),
        3 => any::<usize>().prop_map(|nth| Step::Repeat { nth }),
        2 => (-30..40_i64).prop_map(|hours| Step::Clock { hours }),
    ];
    prop::collection::vec(step, 1..80)
}

/// The same books, kept in the simplest way: a list of attempts, counted anew for every question.
#[derive(Default)]
struct Naive(Vec<NaiveAttempt>);

struct NaiveAttempt {
    key: usize,
    at: i64,
    amount: i64,
    state: NaiveState,
}

#[derive(Clone, Copy, PartialEq)]
enum NaiveState {
    Open,
    Estimated(i64),
    Ended(i64),
}

impl Naive {
    fn sums(&self, key: usize, window: Window) -> (i64, i64) {
        let mut sums = (0, 0);
        for attempt in &self.0 {
            if attempt.key != key || !windows_of(attempt.at).contains(&window) {
                continue;
            }
            match attempt.state {
                NaiveState::Open => sums.1 += attempt.amount,
                NaiveState::Estimated(charged) | NaiveState::Ended(charged) => sums.0 += charged,
            }
        }
        sums
    }

    fn standing(&self, number: usize) -> Standing {
        match self.0[number].state {
            NaiveState::Open => Standing::Open,
            NaiveState::Estimated(_) => Standing::Provisional,
            NaiveState::Ended(_) => Standing::Ended,
        }
    }
}

/// A run of steps, with everything that was written down.
struct Run {
    ledger: Ledger,
    naive: Naive,
    now: i64,
    journal: Vec<Entry>,
    /// Whether no settlement exceeds the estimate that it corrects.
    estimates_are_high: bool,
}

impl Run {
    fn of(steps: &[Step], after_each: impl FnMut(&Self)) -> Self {
        Self::with(false, steps, after_each)
    }

    fn with(estimates_are_high: bool, steps: &[Step], mut after_each: impl FnMut(&Self)) -> Self {
        let mut run = Self {
            estimates_are_high,
            ledger: Ledger::default(),
            naive: Naive::default(),
            now: EVENING,
            journal: Vec::new(),
        };
        for step in steps {
            run.take(step);
            after_each(&run);
        }
        run
    }

    fn take(&mut self, step: &Step) {
        let attempts = self.naive.0.len();
        match *step {
            Step::Hold {
                key: number,
                amount,
            } => self.hold(number, amount),
            Step::Clock { hours } => self.now += hours * HOUR,
            Step::Repeat { nth } if !self.journal.is_empty() => {
                let entry = self.journal[nth % self.journal.len()].clone();
                assert_eq!(self.ledger.apply(&entry), Ok(Applied::Repeat), "{entry:?}");
            }
            Step::Settle {
                nth,
                percent,
                upstream,
            } if attempts > 0 => {
                let number = nth % attempts;
                let attempt = &mut self.naive.0[number];
                let mut charged = attempt.amount * percent / 100;
                if let NaiveState::Estimated(estimate) = attempt.state
                    && self.estimates_are_high
                {
                    charged = charged.min(estimate);
                }
                if !matches!(attempt.state, NaiveState::Ended(_)) {
                    attempt.state = NaiveState::Ended(charged);
                }
                self.journal
                    .push(finish(&mut self.ledger, number, charged, upstream));
            }
            Step::Void { nth } if attempts > 0 => {
                let number = nth % attempts;
                let attempt = &mut self.naive.0[number];
                if !matches!(attempt.state, NaiveState::Ended(_)) {
                    attempt.state = NaiveState::Ended(0);
                }
                let entry = self.ledger.void(&self::attempt(number), self.now).unwrap();
                self.ledger.apply(&entry).unwrap();
                self.journal.push(entry);
            }
            Step::Estimate { nth, percent } if attempts > 0 => {
                let number = nth % attempts;
                let attempt = &mut self.naive.0[number];
                let charged = percent.map(|percent| attempt.amount * percent / 100);
                if attempt.state == NaiveState::Open {
                    let most = attempt.amount;
                    let charged = charged.map_or(most, |charged| charged.min(most));
                    attempt.state = NaiveState::Estimated(charged);
                }
                self.journal
                    .push(estimate(&mut self.ledger, number, charged));
            }
            Step::Settle { .. }
            | Step::Void { .. }
            | Step::Estimate { .. }
            | Step::Repeat { .. } => {}
        }
    }

    fn hold(&mut self, number: usize, amount: i64) {
        let key = key(number);
        let (spent, reserved) = self
            .naive
            .sums(number, window_of(key.limit_reset, self.now));
        let fits = spent < LIMIT && spent + reserved + amount <= LIMIT;
        let next = self.naive.0.len();
        match hold(&mut self.ledger, &key, next, (amount, self.now)) {
            Ok(entry) => {
                assert!(fits, "{amount} on {spent} + {reserved} was allowed");
                let (at, state) = (self.now, NaiveState::Open);
                self.naive.0.push(NaiveAttempt {
                    key: number,
                    at,
                    amount,
                    state,
                });
                self.journal.push(entry);
            }
            Err(Refusal::OverLimit { left, .. }) => {
                assert!(!fits, "{amount} on {spent} + {reserved} was refused");
                assert_eq!(left.get(), (LIMIT - spent - reserved).max(0));
            }
            Err(other) => panic!("{other}"),
        }
    }

    /// Every window that any attempt touches.
    fn windows(&self) -> HashSet<Window> {
        self.naive
            .0
            .iter()
            .flat_map(|attempt| windows_of(attempt.at))
            .collect()
    }
}

/// What must be equal however entries of different attempts are ordered.
fn figures(ledger: &Ledger, windows: &HashSet<Window>) -> Vec<String> {
    let mut figures: Vec<_> = ledger
        .accounts()
        .map(|account| format!("{account:?}"))
        .collect();
    for number in 0..4 {
        for window in windows {
            let tally = ledger.tally(&key(number).id, *window);
            figures.push(format!("{number} {window:?} {tally:?}"));
        }
    }
    figures.sort();
    figures
}

fn replay(entries: &[Entry]) -> Ledger {
    let mut ledger = Ledger::default();
    for entry in entries {
        ledger.apply(entry).unwrap();
    }
    ledger
}

proptest! {
    /// Where the outcome keeps to what was set aside, and to the estimate where there was one.
    #[test]
    fn a_hard_budget_is_never_exceeded(steps in steps(100)) {
        Run::with(true, &steps, |run| {
            for number in 0..4 {
                let key = key(number);
                for window in run.windows() {
                    if window_of(key.limit_reset, run.now) == window {
                        let tally = run.ledger.tally(&key.id, window);
                        assert!(tally.spent.get() + tally.reserved.get() <= LIMIT, "{tally:?}");
                    }
                }
            }
        });
    }

    #[test]
    fn the_books_are_what_a_naive_count_says(steps in steps(150)) {
        Run::of(&steps, |run| {
            assert_eq!(invariants::check(&run.ledger), Ok(()));
            for window in run.windows() {
                for number in 0..4 {
                    let tally = run.ledger.tally(&key(number).id, window);
                    let counted = run.naive.sums(number, window);
                    let kept = (tally.spent.get(), tally.reserved.get());
                    assert_eq!(kept, counted, "{number} {window:?}");
                }
            }
            for number in 0..run.naive.0.len() {
                assert_eq!(run.ledger.standing(&attempt(number)), run.naive.standing(number));
            }
        });
    }

    #[test]
    fn any_prefix_of_the_journal_is_a_valid_state(
        steps in steps(150),
        cut in any::<prop::sample::Index>(),
    ) {
        let run = Run::of(&steps, |_| ());
        let prefix = &run.journal[..cut.index(run.journal.len() + 1)];
        prop_assert_eq!(invariants::check(&replay(prefix)), Ok(()));
    }

    #[test]
    fn replaying_twice_is_replaying_once(steps in steps(150)) {
        let run = Run::of(&steps, |_| ());
        let mut ledger = replay(&run.journal);
        let once = ledger.snapshot();
        prop_assert_eq!(&once, &run.ledger.snapshot());
        for entry in &run.journal {
            prop_assert_eq!(ledger.apply(entry), Ok(Applied::Repeat));
        }
        prop_assert_eq!(once, ledger.snapshot());
    }

    #[test]
    fn entries_of_different_attempts_may_come_in_any_order(
        steps in steps(150),
        ranks in prop::collection::vec(any::<u32>(), 80),
    ) {
        let run = Run::of(&steps, |_| ());
        let mut shuffled = run.journal.clone();
        shuffled.sort_by_key(|entry| {
            let number = entry.attempt.generation.as_str().trim_start_matches("gen-");
            let number: usize = number.parse().unwrap();
            (ranks[number], number)
        });
        let windows = run.windows();
        prop_assert_eq!(figures(&replay(&shuffled), &windows), figures(&run.ledger, &windows));
    }

    #[test]
    fn a_snapshot_comes_back_as_the_same_ledger(
        steps in steps(150),
        cut in any::<prop::sample::Index>(),
    ) {
        let run = Run::of(&steps, |_| ());
        let (before, after) = run.journal.split_at(cut.index(run.journal.len() + 1));
        let text = serde_json::to_string(&replay(before).snapshot()).unwrap();
        let snapshot: Snapshot = serde_json::from_str(&text).unwrap();
        let mut ledger = Ledger::from_snapshot(snapshot).unwrap();
        for entry in after {
            ledger.apply(entry).unwrap();
        }
        prop_assert_eq!(ledger.snapshot(), run.ledger.snapshot());
    }

    #[test]
    fn an_entry_that_is_refused_changes_nothing(steps in steps(150), charged in any::<i64>()) {
        let mut run = Run::of(&steps, |_| ());
        let before = run.ledger.snapshot();
        let open: Vec<_> = run.ledger.open().map(|(attempt, _)| attempt.clone()).collect();
        for attempt in open {
            // Charged, but nothing posted; or negative.
            let charged = NanoUsd::new(if charged == 0 { -1 } else { charged });
            let entry = Entry {
                at: 0,
                attempt,
                kind: EntryKind::Settle {
                    charged,
                    transaction: Transaction::default(),
                    generation: None,
                },
            };
            prop_assert!(run.ledger.check(&entry).is_err());
            prop_assert!(run.ledger.apply(&entry).is_err());
        }
        prop_assert_eq!(before, run.ledger.snapshot());
    }
}

#[test]
fn a_limit_that_is_reached_refuses_what_is_free_too() {
    let (mut ledger, key) = (Ledger::default(), key(0));
    hold(&mut ledger, &key, 0, (LIMIT, EVENING)).unwrap();
    assert_eq!(ledger.headroom(&key, EVENING), Some(NanoUsd::ZERO));
    // Set aside is not spent: what is free may still be served.
    hold(&mut ledger, &key, 1, (0, EVENING)).unwrap();
    finish(&mut ledger, 0, LIMIT, LIMIT);
    let refusal = hold(&mut ledger, &key, 2, (0, EVENING)).unwrap_err();
    let expected = Refusal::OverLimit {
        limit: NanoUsd::new(LIMIT),
        window: Window::Lifetime,
        left: NanoUsd::ZERO,
        asked: NanoUsd::ZERO,
    };
    assert_eq!(refusal, expected);
}

#[test]
fn a_settlement_after_midnight_counts_in_the_day_it_was_reserved() {
    let (mut ledger, key) = (Ledger::default(), key(1));
    let next_day = EVENING + 5 * HOUR;
    hold(&mut ledger, &key, 0, (200, EVENING)).unwrap();
    let end = Final {
        charged: NanoUsd::new(200),
        ..Final::default()
    };
    let entry = ledger.settle(&attempt(0), end, next_day).unwrap();
    ledger.apply(&entry).unwrap();
    assert_eq!(ledger.headroom(&key, EVENING), Some(NanoUsd::new(100)));
    assert_eq!(ledger.headroom(&key, next_day), Some(NanoUsd::new(LIMIT)));
    assert_eq!(ledger.spending(&key.id, next_day).day, NanoUsd::ZERO);
    assert_eq!(ledger.spending(&key.id, next_day).week, NanoUsd::new(200));
    assert_eq!(ledger.spending(&key.id, next_day).month, NanoUsd::ZERO);
    assert_eq!(
        ledger.spending(&key.id, next_day).lifetime,
        NanoUsd::new(200)
    );
}

#[test]
fn a_reservation_in_a_window_that_does_not_hold_it_is_refused() {
    let (mut ledger, key) = (Ledger::default(), key(1));
    let mut entry = hold(&mut Ledger::default(), &key, 0, (200, EVENING)).unwrap();
    entry.at += 5 * HOUR;
    assert_eq!(ledger.apply(&entry), Err(Error::ForeignWindow(attempt(0))));
    assert_eq!(ledger.standing(&attempt(0)), Standing::Unknown);
}

#[test]
fn what_exceeds_the_reservation_is_an_overrun_and_closes_the_key() {
    let (mut ledger, key) = (Ledger::default(), key(0));
    hold(&mut ledger, &key, 0, (250, EVENING)).unwrap();
    finish(&mut ledger, 0, 400, 390);
    assert_eq!(
        ledger.balance(&Account::Wallet(key.workspace.clone())),
        NanoUsd::new(-250)
    );
    assert_eq!(ledger.balance(&Account::Overrun), NanoUsd::new(-150));
    assert_eq!(
        ledger.balance(&Account::Cost(provider())),
        NanoUsd::new(390)
    );
    assert_eq!(ledger.balance(&Account::Insurance), NanoUsd::new(10));
    assert_eq!(ledger.spent(&key.id, Window::Lifetime), NanoUsd::new(400));
    assert_eq!(ledger.headroom(&key, EVENING), Some(NanoUsd::ZERO));
    assert!(hold(&mut ledger, &key, 1, (0, EVENING)).is_err());
}

#[test]
fn an_estimate_keeps_all_that_was_set_aside_in_suspense_and_charges_no_more() {
    let (mut ledger, key) = (Ledger::default(), key(0));
    for (number, charged) in [(0, Some(30)), (1, Some(130)), (2, Some(0))] {
        hold(&mut ledger, &key, number, (100, EVENING)).unwrap();
        estimate(&mut ledger, number, charged);
    }
    assert_eq!(ledger.spent(&key.id, Window::Lifetime), NanoUsd::new(130));
    assert_eq!(ledger.balance(&Account::Suspense), NanoUsd::new(300));
    assert_eq!(ledger.balance(&Account::Insurance), NanoUsd::new(-170));
    assert_eq!(ledger.balance(&Account::Overrun), NanoUsd::ZERO);
    for number in 0..3 {
        finish(&mut ledger, number, 10, 20);
    }
    assert_eq!(ledger.balance(&Account::Suspense), NanoUsd::ZERO);
    assert_eq!(ledger.balance(&Account::Insurance), NanoUsd::new(-30));
    assert_eq!(ledger.balance(&Account::Cost(provider())), NanoUsd::new(60));
    invariants::check(&ledger).unwrap();
}

#[test]
fn a_late_settlement_takes_the_estimate_back() {
    let (mut ledger, key) = (Ledger::default(), key(0));
    hold(&mut ledger, &key, 0, (100, EVENING)).unwrap();
    estimate(&mut ledger, 0, None);
    assert_eq!(ledger.balance(&Account::Suspense), NanoUsd::new(100));
    assert_eq!(ledger.spent(&key.id, Window::Lifetime), NanoUsd::new(100));
    let second = estimate(&mut ledger, 0, Some(1));
    assert!(matches!(
        &second.kind,
        EntryKind::Provisional { charged, transaction, .. }
            if *charged == NanoUsd::new(100) && transaction.postings().is_empty()
    ));
    assert_eq!(ledger.spent(&key.id, Window::Lifetime), NanoUsd::new(100));
    finish(&mut ledger, 0, 30, 40);
    finish(&mut ledger, 0, 99, 99);
    assert_eq!(ledger.balance(&Account::Suspense), NanoUsd::ZERO);
    assert_eq!(ledger.spent(&key.id, Window::Lifetime), NanoUsd::new(30));
    assert_eq!(ledger.balance(&Account::Insurance), NanoUsd::new(-10));
    assert_eq!(ledger.provisional_len(), 0);
}

#[test]
fn an_attempt_gets_its_money_once() {
    let (mut ledger, key) = (Ledger::default(), key(0));
    hold(&mut ledger, &key, 0, (10, EVENING)).unwrap();
    let again = Refusal::Repeated(attempt(0));
    assert_eq!(
        hold(&mut ledger, &key, 0, (10, EVENING)).unwrap_err(),
        again
    );
    finish(&mut ledger, 0, 10, 10);
    assert_eq!(
        hold(&mut ledger, &key, 0, (10, EVENING)).unwrap_err(),
        again
    );
}

#[test]
fn nobody_knows_an_attempt_that_was_not_reserved() {
    let ledger = Ledger::default();
    let unknown = Error::UnknownAttempt(attempt(7));
    assert_eq!(
        ledger.settle(&attempt(7), Final::default(), 0).unwrap_err(),
        unknown
    );
    assert_eq!(ledger.void(&attempt(7), 0).unwrap_err(), unknown);
    let entry = Entry {
        at: 0,
        attempt: attempt(7),
        kind: EntryKind::Void,
    };
    assert_eq!(Ledger::default().apply(&entry), Err(unknown));
}

#[test]
fn usage_cannot_mint_money() {
    let (mut ledger, key) = (Ledger::default(), key(0));
    assert!(matches!(
        hold(&mut ledger, &key, 0, (-1, EVENING)),
        Err(Refusal::Negative(_))
    ));
    hold(&mut ledger, &key, 0, (100, EVENING)).unwrap();
    for (charged, upstream) in [(-1, 0), (0, -1)] {
        let end = Final {
            charged: NanoUsd::new(charged),
            upstream_cost: NanoUsd::new(upstream),
            generation: None,
        };
        assert!(matches!(
            ledger.settle(&attempt(0), end, 0),
            Err(Error::Negative { amount, .. }) if amount == NanoUsd::new(-1)
        ));
    }
    // Nor does an entry that was made elsewhere, even with postings that agree.
    let wallet = Account::Wallet(key.workspace.clone());
    let entry = Entry {
        at: EVENING,
        attempt: attempt(0),
        kind: EntryKind::Settle {
            charged: NanoUsd::new(-5),
            transaction: Transaction::transfer(Account::Insurance, wallet, NanoUsd::new(5)),
            generation: None,
        },
    };
    assert!(matches!(ledger.apply(&entry), Err(Error::Negative { .. })));
    let minted = (Some(NanoUsd::new(-5)), ReasonForEstimate::NoUsage);
    assert!(ledger.provisional(&attempt(0), minted, None, 0).is_err());
}

#[test]
fn an_attempt_is_overdue_after_its_deadline_and_not_at_it() {
    let (mut ledger, key) = (Ledger::default(), key(0));
    hold(&mut ledger, &key, 0, (1, EVENING)).unwrap();
    hold(&mut ledger, &key, 1, (1, EVENING + 1)).unwrap();
    assert_eq!(ledger.overdue(EVENING + HOUR), []);
    assert_eq!(ledger.overdue(EVENING + HOUR + 1), [attempt(0)]);
    assert_eq!(ledger.overdue(i64::MAX), [attempt(0), attempt(1)]);
    finish(&mut ledger, 0, 1, 1);
    assert_eq!(ledger.overdue(i64::MAX), [attempt(1)]);
}

#[test]
fn a_key_used_every_day_for_years_keeps_few_windows_and_its_lifetime() {
    let (mut ledger, mut key) = (Ledger::default(), key(1));
    key.limit = None;
    for day in 0..1_000_i32 {
        let number = usize::try_from(day).unwrap();
        let at = EVENING + i64::from(day) * 24 * HOUR;
        hold(&mut ledger, &key, number, (5, at)).unwrap();
        finish(&mut ledger, number, 5, 5);
        assert_eq!(ledger.spending(&key.id, at).day, NanoUsd::new(5));
    }
    assert_eq!(ledger.spent(&key.id, Window::Lifetime), NanoUsd::new(5_000));
    assert_eq!(
        ledger.spending(&key.id, EVENING + 990 * 24 * HOUR).day,
        NanoUsd::new(5)
    );
    let windows = (0..1_000)
        .map(|day| window_of(Some(LimitReset::Daily), EVENING + day * 24 * HOUR))
        .filter(|window| ledger.spent(&key.id, *window) != NanoUsd::ZERO)
        .count();
    assert_eq!(windows, 14);
}

#[test]
fn a_window_with_an_open_attempt_is_never_forgotten() {
    let (mut ledger, key) = (Ledger::default(), key(1));
    hold(&mut ledger, &key, 0, (70, EVENING)).unwrap();
    for number in 1..40_usize {
        let at = EVENING + i64::try_from(number).unwrap() * 24 * HOUR;
        hold(&mut ledger, &key, number, (5, at)).unwrap();
        finish(&mut ledger, number, 5, 5);
    }
    assert_eq!(invariants::check(&ledger), Ok(()));
    assert_eq!(
        ledger.headroom(&key, EVENING),
        Some(NanoUsd::new(LIMIT - 70))
    );
    finish(&mut ledger, 0, 60, 60);
    assert_eq!(
        ledger.headroom(&key, EVENING),
        Some(NanoUsd::new(LIMIT - 60))
    );
}

#[test]
fn a_balance_that_does_not_fit_is_refused_before_anything_changes() {
    let (mut ledger, mut key) = (Ledger::default(), key(0));
    key.limit = None;
    hold(&mut ledger, &key, 0, (i64::MAX, EVENING)).unwrap();
    let before = ledger.snapshot();
    let request = HoldRequest {
        attempt: attempt(1),
        key: &key,
        provider: &provider(),
        amount: NanoUsd::new(1),
        deadline: 0,
        price_version: 1,
    };
    let entry = ledger.hold(&request, EVENING).unwrap();
    assert_eq!(ledger.check(&entry), Err(Error::Overflow(attempt(1))));
    assert_eq!(ledger.apply(&entry), Err(Error::Overflow(attempt(1))));
    assert_eq!(before, ledger.snapshot());
}
