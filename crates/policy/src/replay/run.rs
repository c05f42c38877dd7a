//! One replay: requests come in, are planned, asked and answered, on a clock that is a number.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
};

use super::{Call, End, Policy, Report, Request, Rules, history::History};
use crate::{
    health::{self, Heard, Outcome, Pass, Permit, RETRY_WAIT_MS, Standing, Traffic, Tries, Vitals},
    measure::Measures,
    routing::{Figures, Next, Plan, Target, Why},
};

/// Where nothing at all is known, an answer begins after a second.
const UNKNOWN: i64 = 1_000_000;

/// Plays the requests through a policy.
#[must_use]
pub fn replay(requests: &[Request], policy: &impl Policy, rules: Rules) -> Report {
    let mut run = Run {
        requests,
        policy,
        rules,
        history: History::of(requests),
        state: State::default(),
        traffic: Traffic::default(),
        due: BinaryHeap::new(),
        events: Vec::new(),
        report: Report::default(),
    };
    for (place, request) in requests.iter().enumerate() {
        if request.is_refused {
            run.report.refused += 1;
        } else {
            run.at(request.at, Event::Comes(place));
        }
    }
    while let Some(Reverse((now, place))) = run.due.pop() {
        let event = run.events.get_mut(place).and_then(Option::take);
        match event {
            Some(Event::Comes(place)) => run.receive(place, now),
            Some(Event::GoesOn(trip)) => run.go_on(*trip, now),
            Some(Event::Hears(trip, heard)) => run.hear(*trip, heard, now),
            None => {}
        }
    }
    let mut report = run.report;
    report.latencies.sort_unstable();
    report.first_tokens.sort_unstable();
    report
}

/// What is known of endpoints at a moment of the replay.
#[derive(Debug)]
pub struct Known<'a> {
    state: &'a State,
    /// The moment, in microseconds since 1970.
    pub now: i64,
}

/// What was learned so far.
#[derive(Debug, Default)]
struct State {
    endpoints: BTreeMap<usize, Own>,
    accounts: BTreeMap<usize, Vitals>,
}

/// What was learned of an endpoint.
#[derive(Debug)]
struct Own {
    vitals: Vitals,
    measures: Box<Measures>,
}

struct Run<'a, P> {
    requests: &'a [Request],
    policy: &'a P,
    rules: Rules,
    history: History,
    state: State,
    traffic: Traffic,
    due: BinaryHeap<Reverse<(i64, usize)>>,
    events: Vec<Option<Event>>,
    report: Report,
}

enum Event {
    /// A request comes in.
    Comes(usize),
    /// It may find a place among the retries now.
    GoesOn(Box<Trip>),
    /// A call is heard of.
    Hears(Box<Trip>, Answer),
}

/// A request under way.
struct Trip {
    request: usize,
    plan: Plan,
    tries: Tries,
    target: Option<Target>,
    asked: u64,
}

/// A call under way, of which it is known already how it will end.
struct Answer {
    call: Call,
    passes: (Pass, Pass),
    is_retry: bool,
}

impl State {
    /// What is known of an endpoint and of the account behind it, from the first time on.
    fn vitals(&mut self, endpoint: usize, account: usize, window: i64) -> (&Vitals, &Vitals) {
        let own = self.endpoints.entry(endpoint).or_insert_with(|| Own {
            vitals: health::endpoint(window),
            measures: Box::default(),
        });
        let account = self.accounts.entry(account);
        let account = account.or_insert_with(|| health::account(window));
        (&own.vitals, account)
    }
}

impl Known<'_> {
    /// How an endpoint and the account behind it are doing.
    #[must_use]
    pub fn standing(&self, endpoint: usize, account: usize) -> Standing {
        let standing = |vitals: &Vitals| vitals.standing(self.now);
        let own = self.state.endpoints.get(&endpoint);
        let own = own.map_or(Standing::Well, |own| standing(&own.vitals));
        let account = self.state.accounts.get(&account);
        own.worse(account.map_or(Standing::Well, standing))
    }

    /// How fast it was found to be.
    #[must_use]
    pub fn figures(&self, endpoint: usize) -> Figures {
        let own = self.state.endpoints.get(&endpoint);
        own.map_or_else(Figures::default, |own| own.measures.figures(self.now))
    }
}

impl Trip {
    fn turn(&mut self) {
        self.target = match self.plan.next(None) {
            Next::Try(target) => Some(target),
            Next::Stop => None,
        };
    }
}

impl<P: Policy> Run<'_, P> {
    fn at(&mut self, time: i64, event: Event) {
        self.due.push(Reverse((time, self.events.len())));
        self.events.push(Some(event));
    }

    /// Chance for one purpose of one request; the same in every replay with this seed.
    const fn chance(&self, request: usize, purpose: u64) -> u64 {
        let mixed = (request as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ purpose;
        scattered(self.rules.seed ^ scattered(mixed))
    }

    fn receive(&mut self, place: usize, now: i64) {
        self.report.requests += 1;
        let known = Known {
            state: &self.state,
            now,
        };
        let seed = self.chance(place, 0);
        let Some(plan) = self.policy.plan(place, &known, seed) else {
            self.report.unplanned += 1;
            return;
        };
        self.traffic.came();
        let mut trip = Trip {
            request: place,
            plan,
            tries: Tries::new(self.rules.attempts_max),
            target: None,
            asked: 0,
        };
        trip.turn();
        self.go_on(trip, now);
    }

    /// Asks the next one that may be asked; the request ends where there is none.
    fn go_on(&mut self, mut trip: Trip, now: i64) {
        while let Some(target) = trip.target.clone() {
            let rests = target.why == Why::Resting;
            let (at, account) = (target.endpoint, self.policy.account(target.endpoint));
            let vitals = self.state.vitals(at, account, self.rules.outage_window);
            match trip.tries.permit(vitals, rests, &self.traffic, now) {
                Permit::Skip => trip.turn(),
                Permit::Stop => break,
                Permit::Wait => {
                    let wait = i64::try_from(RETRY_WAIT_MS).unwrap_or(0) * 1_000;
                    self.at(now + wait, Event::GoesOn(Box::new(trip)));
                    return;
                }
                Permit::Go {
                    endpoint,
                    account,
                    is_retry,
                } => {
                    let call = self.call(&trip, target.endpoint, now);
                    trip.asked += 1;
                    let answer = Answer {
                        call,
                        passes: (endpoint, account),
                        is_retry,
                    };
                    self.at(now + call.took, Event::Hears(Box::new(trip), answer));
                    return;
                }
            }
        }
        self.traffic.went();
    }

    /// How the endpoint answers this request now. A call that is on record is taken as it is.
    fn call(&mut self, trip: &Trip, endpoint: usize, now: i64) -> Call {
        let Some(request) = self.requests.get(trip.request) else {
            return unknown(endpoint);
        };
        let served = self.report.endpoints.entry(endpoint).or_default();
        served.calls += 1;
        self.report.calls += 1;
        let purpose = 1 + trip.asked + ((endpoint as u64) << 8);
        let draw = (request.streamed, self.chance(trip.request, purpose));
        let mut own = request.calls.iter();
        let recorded = own
            .find(|call| call.endpoint == endpoint && (now - call.at).abs() < UNKNOWN)
            .copied()
            .or_else(|| self.history.about(endpoint, now, draw));
        let mut call = recorded.unwrap_or_else(|| {
            self.report.endpoints.entry(endpoint).or_default().assumed += 1;
            let kin = self.policy.kin(endpoint);
            let assumed = self.history.assumed(&kin, now, draw);
            assumed.unwrap_or_else(|| unknown(endpoint))
        });
        call.took = call.took.max(1);
        let patience = self.policy.patience(trip.request);
        if call.took > patience {
            (call.took, call.end) = (patience, End::Failed);
        }
        call.endpoint = endpoint;
        call
    }

    fn hear(&mut self, mut trip: Trip, answer: Answer, now: i64) {
        let Answer {
            call,
            passes,
            is_retry,
        } = answer;
        self.learn(&call, passes, (trip.request, now));
        if is_retry {
            self.traffic.retried();
        }
        let End::Answered { rest, tokens } = call.end else {
            trip.turn();
            self.go_on(trip, now);
            return;
        };
        self.traffic.went();
        let Some(request) = self.requests.get(trip.request) else {
            return;
        };
        self.report.answered += 1;
        if request.streamed {
            self.report.first_tokens.push(now - request.at);
        }
        let rest = scaled(rest, request.completion_tokens, tokens);
        self.report.latencies.push(now + rest - request.at);
        let served = self.report.endpoints.entry(call.endpoint).or_default();
        served.answered += 1;
        match self.policy.cost(trip.request, call.endpoint) {
            Some(cost) => {
                served.cost = served.cost.saturating_add(cost);
                self.report.cost = self.report.cost.saturating_add(cost);
            }
            None => served.unpriced += 1,
        }
    }

    /// What a gateway learns of a call: the same as one that runs.
    fn learn(&mut self, call: &Call, passes: (Pass, Pass), (request, now): (usize, i64)) {
        let (chance, streamed) = (
            self.chance(request, u64::MAX),
            self.requests.get(request).is_some_and(|one| one.streamed),
        );
        let (own, account) = match call.end {
            End::Answered { .. } => (Outcome::Success, Outcome::Success),
            End::Failed => (Outcome::Failure, Outcome::Neutral),
            End::Limited => (Outcome::Limited, Outcome::Neutral),
            End::AccountFailed => (Outcome::Neutral, Outcome::Failure),
        };
        let heard = |outcome, pass| Heard {
            outcome,
            pass,
            // How long a vendor asked to be left alone is not on record; the breaker has waits of its own.
            rest_ms: (outcome == Outcome::Limited).then_some(1_000),
            took: call.took,
        };
        let (of_endpoint, of_account) = passes;
        let place = self.policy.account(call.endpoint);
        let window = self.rules.outage_window;
        let (vitals, of) = self.state.vitals(call.endpoint, place, window);
        vitals.judge(heard(own, of_endpoint), now, chance);
        vitals.end(false, now);
        if account == Outcome::Failure || of_account == Pass::Probe {
            of.judge(heard(account, of_account), now, chance);
        }
        of.end(false, now);
        let Some(own) = self.state.endpoints.get(&call.endpoint) else {
            return;
        };
        match call.end {
            End::Answered { rest, tokens } => {
                own.measures.called(true, now);
                if streamed {
                    own.measures.first_token(call.took, now);
                }
                own.measures.answered(tokens, call.took + rest, now);
            }
            End::Failed | End::AccountFailed => own.measures.called(false, now),
            End::Limited => {}
        }
    }
}

/// An answer of which nothing is known.
const fn unknown(endpoint: usize) -> Call {
    Call {
        endpoint,
        at: 0,
        took: UNKNOWN,
        end: End::Answered { rest: 0, tokens: 0 },
    }
}

/// How long so many tokens take where so many others took so long.
fn scaled(rest: i64, tokens: u64, of: u64) -> i64 {
    if of == 0 {
        return rest;
    }
    let scaled = i128::from(rest) * i128::from(tokens) / i128::from(of);
    i64::try_from(scaled).unwrap_or(i64::MAX)
}

/// A number that says nothing about the one it was made of (SplitMix64's last steps).
const fn scattered(mut value: u64) -> u64 {
    value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}
