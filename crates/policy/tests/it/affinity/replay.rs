//! The figure of issue 4: conversations of several turns over three endpoints, each with a prompt cache of its own, on a
//! clock that is a number (`cargo nextest run -p policy replay --success-output immediate`).

use canon::{Fault, Kind, PicoUsd, Preferences, Usage};
use policy::{
    affinity::{Answer, Cache, Evidence, Lifetime, Sessions},
    health::{Heard, Outcome, Pass, Vitals, endpoint},
    routing::{Candidate, Next, Prices, Warm, plan},
};

use super::{NOW, SECOND, key};
use crate::routing::{ask, candidate};

const SESSIONS: u64 = 200;
const TURNS: u64 = 8;
/// What each turn adds to the prompt.
const TURN_TOKENS: u64 = 600;
const ANSWER_TOKENS: u64 = 150;
/// What an endpoint's cache forgets after.
const CACHE_S: i64 = 300;

const CACHE: Cache = Cache {
    automatic: true,
    tokens_min: 1_024,
    lifetime: Lifetime {
        sure_s: 300,
        most_s: 300,
    },
};

/// How a replay is set up.
#[derive(Clone, Copy)]
struct Setting {
    endpoints: usize,
    named: bool,
    evidence: Evidence,
    /// In a thousand, and whether the first endpoint is also dead for two minutes.
    failures: u64,
}

/// An endpoint's prompt cache: when each session was last seen, and with how many tokens.
struct Fake {
    cache: Vec<Option<(i64, u64)>>,
    vitals: Vitals,
}

/// What came of a replay.
#[derive(Clone, Copy, Default)]
struct Warmth {
    /// Turns that found something in a cache.
    turns: u64,
    /// Tokens that they found.
    tokens: u64,
}

struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

fn replay(setting: Setting, seed: u64) -> Warmth {
    let mut chance = Chance(seed);
    // The same turns at the same times, however they are routed: everybody thinks for a while between two.
    let mut turns = Vec::new();
    for session in 0..SESSIONS {
        let mut at = i64::try_from(chance.below(900)).unwrap();
        for turn in 0..TURNS {
            turns.push((at, session, turn));
            let long = chance.below(40) == 0;
            let pause = if long { 420 } else { 5 + chance.below(90) };
            at += i64::try_from(pause).unwrap();
        }
    }
    turns.sort_unstable();
    let fake = || Fake {
        cache: vec![None; usize::try_from(SESSIONS).unwrap()],
        vitals: endpoint(30 * SECOND),
    };
    let mut replay = Replay {
        setting,
        sessions: Sessions::default(),
        fakes: std::iter::repeat_with(fake)
            .take(setting.endpoints)
            .collect(),
        chance,
    };
    let mut warmth = Warmth::default();
    for turn in turns {
        let tokens = replay.turn(turn);
        warmth.turns += u64::from(tokens > 0);
        warmth.tokens += tokens;
    }
    warmth
}

struct Replay {
    setting: Setting,
    sessions: Sessions,
    fakes: Vec<Fake>,
    chance: Chance,
}

impl Replay {
    /// One turn; how many tokens it found in a cache.
    fn turn(&mut self, (at, session, turn): (i64, u64, u64)) -> u64 {
        let now = NOW + at * SECOND;
        let key = key(&session.to_string());
        let known = self.sessions.recall(key, now);
        let warm = |endpoint: usize| {
            let memory = known
                .iter()
                .flatten()
                .find(|memory| memory.endpoint == endpoint)?;
            Some(Warm {
                named: self.setting.named,
                is_home: memory.is_home,
                tokens: memory.warm_tokens,
                prompt_tokens: memory.prompt_tokens,
                completion_tokens: memory.completion_tokens,
                cache_read: PicoUsd::new(250_000),
            })
        };
        let candidates = self
            .fakes
            .iter()
            .enumerate()
            .map(|(place, fake)| Candidate {
                price: Some(Prices {
                    prompt: PicoUsd::new(1_000_000),
                    completion: PicoUsd::new(4_000_000),
                    ..Prices::default()
                }),
                context_length: None,
                standing: fake.vitals.standing(now),
                warm: warm(place),
                ..candidate(place, "p", 1)
            });
        let preferences = Preferences::default();
        let seed = self.chance.below(u64::from(u32::MAX));
        let mut plan = plan(&ask(&preferences), candidates.collect(), seed);
        let fault = Fault::upstream("p".parse().unwrap(), Kind::ProviderUnavailable, "down");
        let mut next = plan.next(None);
        while let Next::Try(target) = next {
            let fails = self.fails(target.endpoint, at);
            self.hear(target.endpoint, fails, now);
            if !fails {
                return self.answer(target.endpoint, (at, session, turn));
            }
            next = plan.next(Some(&fault));
        }
        0
    }

    fn fails(&mut self, endpoint: usize, at: i64) -> bool {
        let dead = self.setting.failures > 0 && endpoint == 0 && (400..520).contains(&at);
        dead || self.chance.below(1_000) < self.setting.failures
    }

    fn hear(&mut self, endpoint: usize, fails: bool, now: i64) {
        let vitals = &self.fakes[endpoint].vitals;
        let pass = vitals.begin(now, false).unwrap_or(Pass::Usual);
        let outcome = if fails {
            Outcome::Failure
        } else {
            Outcome::Success
        };
        let heard = Heard {
            outcome,
            pass,
            rest_ms: None,
            took: SECOND / 2,
        };
        vitals.judge(heard, now, 7);
        vitals.end(false, now);
    }

    fn answer(&mut self, endpoint: usize, (at, session, turn): (i64, u64, u64)) -> u64 {
        let now = NOW + at * SECOND;
        let prompt = 2_000 + turn * (TURN_TOKENS + ANSWER_TOKENS);
        let place = usize::try_from(session).unwrap();
        let entry = self.fakes[endpoint].cache[place].replace((at, prompt));
        let alive = entry.filter(|(seen, _)| at - seen <= CACHE_S);
        let cached = alive.map_or(0, |(_, tokens)| tokens);
        let key = key(&session.to_string());
        let known = self.sessions.recall(key, now);
        let usage = Usage {
            prompt_tokens: prompt,
            completion_tokens: ANSWER_TOKENS,
            cached_tokens: cached,
            ..Usage::default()
        };
        let turn = self.setting.evidence.turn(&Answer {
            endpoint,
            usage: &usage,
            cache: CACHE,
            named: self.setting.named,
            known,
        });
        self.sessions.answered(key, &turn, now);
        cached
    }
}

/// Turns and tokens, in thousandths of what one endpoint that never fails finds; the worst of five runs.
fn shares(setting: Setting) -> [u64; 2] {
    let alone = Setting {
        endpoints: 1,
        named: true,
        evidence: Evidence::Observed,
        failures: 0,
    };
    let runs = (1..=5).map(|seed| {
        let (own, whole) = (replay(setting, seed), replay(alone, seed));
        [
            own.turns * 1_000 / whole.turns,
            own.tokens * 1_000 / whole.tokens,
        ]
    });
    runs.reduce(|one, other| [one[0].min(other[0]), one[1].min(other[1])])
        .unwrap()
}

#[test]
fn in_a_replay_over_three_endpoints_conversations_stay_warm() {
    let setting = |named, evidence, failures| Setting {
        endpoints: 3,
        named,
        evidence,
        failures,
    };
    let (off, observed, expected) = (Evidence::Off, Evidence::Observed, Evidence::Expected);
    let turns = SESSIONS * TURNS;
    println!(
        "{SESSIONS} conversations, {turns} turns, 3 endpoints; warm turns (tokens) of those that one endpoint has:"
    );
    for (name, setting, least) in [
        ("named sessions", setting(true, observed, 0), 1_000),
        (
            "named sessions, 1 % of calls fail, one endpoint dead for 2 minutes",
            setting(true, observed, 10),
            950,
        ),
        (
            "nameless, once a hit was seen",
            setting(false, observed, 0),
            600,
        ),
        (
            "nameless, affinity = \"expected\"",
            setting(false, expected, 0),
            1_000,
        ),
        (
            "nameless, affinity = \"expected\", 1 % fail, one dead",
            setting(false, expected, 10),
            950,
        ),
        ("affinity = \"off\"", setting(true, off, 0), 0),
    ] {
        let [turns, tokens] = shares(setting);
        println!(
            "  {:3}.{} % ({:3}.{} %)  {name}",
            turns / 10,
            turns % 10,
            tokens / 10,
            tokens % 10
        );
        assert!(turns >= least, "{name}: {turns}");
    }
}
