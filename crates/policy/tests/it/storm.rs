//! Storms of faults against the whole of what decides: plans, breakers, the budget of retries. Time is a number, so an
//! hour takes milliseconds; the same seed gives the same storm.

use std::{cmp::Reverse, collections::BinaryHeap};

use canon::Preferences;
use policy::{
    health::{
        Heard, Outcome, Pass, Permit, RETRY_WAIT_MS, Traffic, Tries, Vitals, account, endpoint,
    },
    routing::{Candidate, Next, Plan, Target, Why, plan},
};

use crate::routing::{ask, candidate};

const MS: i64 = 1_000;
const SECOND: i64 = 1_000_000;
const START: i64 = 1_800_000_000_000_000;
/// How long a caller waits for the first token of a model that cannot think.
const PATIENCE: i64 = 60 * SECOND;

/// How a vendor treats a request: after so long, this.
#[derive(Clone, Copy, Debug)]
struct Mood {
    after: i64,
    outcome: Outcome,
    rest_ms: Option<u64>,
}

const fn mood(after: i64, outcome: Outcome) -> Mood {
    Mood {
        after,
        outcome,
        rest_ms: None,
    }
}

const WELL: Mood = mood(200 * MS, Outcome::Success);
const BROKEN: Mood = mood(20 * MS, Outcome::Failure);

struct Fake {
    vitals: Vitals,
    account: Vitals,
    mood: Mood,
    calls: u64,
    peak: u32,
    probes: u64,
}

struct Request {
    plan: Plan,
    tries: Tries,
    /// Who is asked next.
    target: Option<Target>,
    came: i64,
    caller: usize,
}

enum Event {
    Comes(usize),
    /// It waits for a place among the retries.
    Waits(Box<Request>),
    /// The first vendor changes.
    Turns(Mood),
    /// A call ends, of this request at this endpoint.
    Hears(Box<Request>, usize, (Pass, Pass, bool), Mood),
}

/// How a request ended.
#[derive(Clone, Copy, Debug)]
struct End {
    caller: usize,
    took: i64,
    /// Seconds after which the caller is told to come again; `None` where it was answered.
    again: Option<i64>,
}

struct Storm {
    now: i64,
    seed: u64,
    fakes: Vec<Fake>,
    traffic: Traffic,
    due: BinaryHeap<Reverse<(i64, u64)>>,
    events: Vec<Option<Event>>,
}

impl Request {
    /// To the next one of its plan.
    fn turn(&mut self) {
        self.target = match self.plan.next(None) {
            Next::Try(target) => Some(target),
            Next::Stop => None,
        };
    }
}

impl Storm {
    fn new(moods: &[Mood], seed: u64) -> Self {
        let fake = |mood: &Mood| Fake {
            vitals: endpoint(30 * SECOND),
            account: account(30 * SECOND),
            mood: *mood,
            calls: 0,
            peak: 0,
            probes: 0,
        };
        Self {
            now: START,
            seed,
            fakes: moods.iter().map(fake).collect(),
            traffic: Traffic::default(),
            due: BinaryHeap::new(),
            events: Vec::new(),
        }
    }

    fn chance(&mut self) -> u64 {
        self.seed = self
            .seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.seed >> 33
    }

    fn at(&mut self, time: i64, event: Event) {
        let place = u64::try_from(self.events.len()).unwrap_or(u64::MAX);
        self.due.push(Reverse((time, place)));
        self.events.push(Some(event));
    }

    /// Runs until the next request has ended.
    fn step(&mut self) -> Option<End> {
        while let Some(Reverse((time, place))) = self.due.pop() {
            self.now = time;
            let place = usize::try_from(place).unwrap_or(0);
            let ended = match self.events.get_mut(place).and_then(Option::take)? {
                Event::Comes(caller) => {
                    let mut request = self.receive(caller);
                    request.turn();
                    self.go_on(request)
                }
                Event::Waits(request) => self.go_on(request),
                Event::Turns(mood) => {
                    if let Some(first) = self.fakes.first_mut() {
                        (first.mood, first.peak, first.probes) = (mood, 0, 0);
                    }
                    None
                }
                Event::Hears(request, at, passes, mood) => self.hear(request, at, passes, mood),
            };
            if ended.is_some() {
                return ended;
            }
        }
        None
    }

    fn receive(&mut self, caller: usize) -> Box<Request> {
        self.traffic.came();
        let (now, seed) = (self.now, self.chance());
        let candidates = self
            .fakes
            .iter()
            .enumerate()
            .map(|(place, fake)| Candidate {
                standing: fake.vitals.standing(now).worse(fake.account.standing(now)),
                ..candidate(place, "p", 1_000)
            });
        let preferences = Preferences::default();
        Box::new(Request {
            plan: plan(&ask(&preferences), candidates.collect(), seed),
            tries: Tries::new(3),
            target: None,
            came: now,
            caller,
        })
    }

    /// Asks the next one, if there is one.
    fn go_on(&mut self, mut request: Box<Request>) -> Option<End> {
        while let Some(target) = request.target.clone() {
            let resting = target.why == Why::Resting;
            let Some(fake) = self.fakes.get_mut(target.endpoint) else {
                break;
            };
            let vitals = (&fake.vitals, &fake.account);
            match request
                .tries
                .permit(vitals, resting, &self.traffic, self.now)
            {
                Permit::Skip => request.turn(),
                Permit::Wait => {
                    let wait = i64::try_from(RETRY_WAIT_MS).unwrap_or(0) * MS;
                    self.at(self.now + wait, Event::Waits(request));
                    return None;
                }
                Permit::Stop => break,
                Permit::Go {
                    endpoint,
                    account,
                    is_retry,
                } => {
                    fake.calls += 1;
                    fake.probes += u64::from(endpoint == Pass::Probe);
                    fake.peak = fake.peak.max(fake.vitals.flights());
                    let mut mood = fake.mood;
                    mood.after = mood.after.min(PATIENCE);
                    let heard = self.now + mood.after;
                    let passes = (endpoint, account, is_retry);
                    self.at(heard, Event::Hears(request, target.endpoint, passes, mood));
                    return None;
                }
            }
        }
        self.traffic.went();
        Some(End {
            caller: request.caller,
            took: self.now - request.came,
            again: Some(self.again()),
        })
    }

    /// In whole seconds, as `Retry-After` has it.
    fn again(&self) -> i64 {
        let waits = self.fakes.iter().map(|fake| fake.vitals.again_ms(self.now));
        let wait = waits.min().unwrap_or(0).div_ceil(1_000).max(1);
        i64::try_from(wait).unwrap_or(i64::MAX)
    }

    fn hear(
        &mut self,
        mut request: Box<Request>,
        at: usize,
        (of_endpoint, of_account, is_retry): (Pass, Pass, bool),
        mood: Mood,
    ) -> Option<End> {
        let (now, chance) = (self.now, self.chance());
        let fake = self.fakes.get(at)?;
        let heard = Heard {
            outcome: mood.outcome,
            pass: of_endpoint,
            rest_ms: mood.rest_ms,
            took: mood.after,
        };
        fake.vitals.judge(heard, now, chance);
        let of_account = Heard {
            outcome: Outcome::Neutral,
            pass: of_account,
            rest_ms: None,
            ..heard
        };
        fake.account.judge(of_account, now, chance);
        fake.vitals.end(false, now);
        fake.account.end(false, now);
        if is_retry {
            self.traffic.retried();
        }
        if mood.outcome != Outcome::Success {
            request.turn();
            return self.go_on(request);
        }
        self.traffic.went();
        Some(End {
            caller: request.caller,
            took: now - request.came,
            again: None,
        })
    }

    fn calls(&self) -> u64 {
        self.fakes.iter().map(|fake| fake.calls).sum()
    }
}

/// 10,000 requests, a hundred a second at irregular times: how many were answered, and how long the slowest hundredth
/// of these took.
fn ten_thousand(moods: &[Mood], seed: u64) -> (usize, i64, Storm) {
    let mut storm = Storm::new(moods, seed);
    let mut time = START;
    for caller in 0..10_000 {
        time += i64::try_from(storm.chance() % 20_000).unwrap_or(0);
        storm.at(time, Event::Comes(caller));
    }
    let mut took = Vec::new();
    while let Some(end) = storm.step() {
        took.extend(end.again.is_none().then_some(end.took));
    }
    took.sort_unstable();
    let p99 = took.get(took.len() * 99 / 100).copied().unwrap_or(0);
    (took.len(), p99, storm)
}

/// The seven ways to be dead.
fn deaths() -> [(&'static str, Mood, bool); 7] {
    let limited = Mood {
        after: 20 * MS,
        outcome: Outcome::Limited,
        rest_ms: Some(1_000),
    };
    [
        ("refuse", mood(MS, Outcome::Failure), true),
        ("reset", mood(5 * MS, Outcome::Failure), true),
        ("5xx", BROKEN, true),
        ("429", limited, true),
        ("empty 200", mood(50 * MS, Outcome::Failure), true),
        (
            "first event an error",
            mood(50 * MS, Outcome::Failure),
            true,
        ),
        ("hang", mood(3_600 * SECOND, Outcome::Failure), false),
    ]
}

#[test]
fn one_dead_vendor_of_three_is_invisible_in_each_of_seven_ways() {
    for seed in [1, 2, 3] {
        let (all, usual, _) = ten_thousand(&[WELL; 3], seed);
        assert_eq!(all, 10_000);
        for (name, death, fails_fast) in deaths() {
            let (answered, p99, storm) = ten_thousand(&[death, WELL, WELL], seed);
            let dead = storm.fakes[0].calls;
            println!(
                "seed {seed} {name}: {answered} answered, p99 +{} ms, {dead} calls to the dead",
                (p99 - usual) / MS
            );
            assert!(answered >= 9_990, "{name}: {answered} of 10,000");
            if fails_fast {
                assert!(
                    p99 - usual <= 250 * MS,
                    "{name}: {} ms more",
                    (p99 - usual) / MS
                );
            }
            assert_eq!(storm.traffic.requests(), 0, "every request ended once");
            assert!(storm.fakes.iter().all(|fake| fake.vitals.flights() == 0));
        }
    }
}

#[test]
fn when_everything_is_down_retries_do_not_add_to_it() {
    for seed in [1, 2, 3] {
        for (name, death, _) in deaths() {
            let (answered, _, storm) = ten_thousand(&[death; 3], seed);
            let calls = storm.calls();
            println!("seed {seed} {name}: {calls} calls for 10,000 requests");
            assert_eq!(answered, 0);
            assert!(calls <= 12_000, "{name}: {calls} calls");
        }
    }
}

#[test]
fn a_thousand_waiting_callers_come_back_one_probe_first_and_then_slowly() {
    for (down, seed) in [(BROKEN, 1), (mood(3_600 * SECOND, Outcome::Failure), 2)] {
        let mut storm = Storm::new(&[WELL], seed);
        for caller in 0..1_000 {
            let first = START + i64::try_from(storm.chance() % 1_000_000).unwrap_or(0);
            storm.at(first, Event::Comes(caller));
        }
        let (breaks, heals) = (START + 120 * SECOND, START + 180 * SECOND);
        let end = heals + 120 * SECOND;
        storm.at(breaks, Event::Turns(down));
        storm.at(heals, Event::Turns(WELL));
        let (mut steady, mut first_answer) = (0, None);
        while let Some(ended) = storm.step() {
            let (now, fake) = (storm.now, &storm.fakes[0]);
            if now < breaks {
                steady = fake.peak;
            } else if now > heals && ended.again.is_none() && first_answer.is_none() {
                first_answer = Some((now, fake.probes, fake.peak));
            }
            // A second of thought after an answer; a caller that was refused obeys.
            let pause = ended.again.unwrap_or(1) * SECOND;
            if now + pause < end {
                storm.at(now + pause, Event::Comes(ended.caller));
            }
        }
        let peak = storm.fakes[0].peak;
        let (at, probes, peak_before) = first_answer.unwrap();
        println!(
            "steady {steady}, first answer {} ms after the end, {probes} probes, peak {peak}",
            (at - heals) / MS
        );
        assert!(steady > 100, "a herd: {steady}");
        assert!(
            probes <= 1 && peak_before <= 1,
            "{probes} probes, {peak_before} at once"
        );
        assert!(
            f64::from(peak) <= 1.5 * f64::from(steady),
            "peak {peak}, steady {steady}"
        );
    }
}
