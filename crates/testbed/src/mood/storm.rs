//! Moods drawn at random from a seed, for storms: half in good health but of many habits, half with
//! one trouble.

use super::{Cut, Failure, Mood, Reply, UsageClaim, Writes};
use crate::seed::Rng;

/// Statuses that a vendor in trouble answers with.
const STATUSES: [u16; 10] = [400, 401, 402, 403, 404, 429, 500, 502, 503, 529];
/// An answer is cut somewhere below this byte: most of them within, some at their end.
const CUT_BYTES_MAX: u64 = 4_096;
/// Events before trouble: an answer of nine words has ten to twenty.
const EVENTS_MAX: u64 = 16;

impl Mood {
    /// The next mood of a storm. Every wait in it is at most `delay_ms_max` milliseconds, save that
    /// one in twenty vendors in trouble never answers.
    #[must_use]
    pub fn drawn(rng: &mut Rng, delay_ms_max: u64) -> Self {
        let mood = habits(rng, delay_ms_max);
        if rng.chance(50) {
            mood
        } else {
            trouble(rng, mood)
        }
    }
}

fn habits(rng: &mut Rng, delay_ms_max: u64) -> Mood {
    let wait = |rng: &mut Rng| {
        if rng.chance(50) {
            0
        } else {
            rng.below(delay_ms_max + 1)
        }
    };
    let writes = match rng.below(3) {
        0 => Writes::PerEvent,
        1 => Writes::AllAtOnce,
        _ => Writes::Bytes(1 + below(rng, 200)),
    };
    Mood {
        latency_ms: wait(rng),
        first_token_ms: wait(rng),
        // A body in single bytes has thousands of pauses.
        between_ms: wait(rng) / 100,
        comments: if rng.chance(20) { 2 } else { 0 },
        writes,
        reasoning: rng.chance(25),
        tools: if rng.chance(25) { 1 + below(rng, 2) } else { 0 },
        cached: if rng.chance(25) { rng.below(1_000) } else { 0 },
        cache_written: if rng.chance(10) { rng.below(1_000) } else { 0 },
        ..Mood::default()
    }
}

fn trouble(rng: &mut Rng, mood: Mood) -> Mood {
    match rng.below(20) {
        0 => Mood {
            reply: Reply::Hang,
            ..mood
        },
        1 | 2 => Mood {
            reply: Reply::Refuse,
            ..mood
        },
        3 => Mood {
            reply: Reply::EmptyBody,
            ..mood
        },
        4 => Mood {
            reply: Reply::DoneOnly,
            ..mood
        },
        5 => Mood {
            reply: Reply::NoContent,
            ..mood
        },
        6 => Mood {
            reply: Reply::GarbageBody,
            ..mood
        },
        7 => Mood {
            reply: Reply::GarbageAfter(below(rng, EVENTS_MAX)),
            ..mood
        },
        8 => Mood {
            reply: Reply::FirstEventError,
            ..mood
        },
        9 | 10 => Mood {
            reply: Reply::ErrorAfter(below(rng, EVENTS_MAX)),
            ..mood
        },
        11 | 12 => Mood {
            cut: Some(Cut::Bytes(below(rng, CUT_BYTES_MAX))),
            ..mood
        },
        13 => Mood {
            cut: Some(Cut::Events(below(rng, EVENTS_MAX))),
            ..mood
        },
        14 => Mood {
            usage: UsageClaim::None,
            ..mood
        },
        15 => Mood {
            usage: absurd(rng),
            ..mood
        },
        _ => Mood {
            reply: Reply::Fail(failure(rng)),
            ..mood
        },
    }
}

fn absurd(rng: &mut Rng) -> UsageClaim {
    let figures = [i64::MIN, -1, 0, 1_000_000_000_000, i64::MAX];
    let mut figure = || rng.choose(&figures).copied().unwrap_or_default();
    UsageClaim::Claimed {
        prompt: figure(),
        completion: figure(),
    }
}

fn failure(rng: &mut Rng) -> Failure {
    let status = rng.choose(&STATUSES).copied().unwrap_or(500);
    Failure {
        status,
        retry_after_s: rng.chance(50).then(|| rng.below(60)),
        body: None,
    }
}

fn below(rng: &mut Rng, bound: u64) -> usize {
    usize::try_from(rng.below(bound)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_seed_draws_the_same_storm_again() {
        let storm = |seed| -> Vec<Mood> {
            let mut rng = Rng::new(seed);
            (0..50).map(|_| Mood::drawn(&mut rng, 100)).collect()
        };
        assert_eq!(storm(1), storm(1));
        assert_ne!(storm(1), storm(2));
    }

    #[test]
    fn a_long_storm_has_every_trouble_and_survives_being_written_down() {
        let mut rng = Rng::new(7);
        let mut seen = BTreeSet::new();
        for _ in 0..2_000 {
            let mood = Mood::drawn(&mut rng, 100);
            assert!(
                mood.latency_ms
                    .max(mood.first_token_ms)
                    .max(mood.between_ms)
                    <= 100
            );
            let written = serde_json::to_value(&mood).unwrap();
            let reply = &written["reply"];
            let named = reply
                .as_object()
                .and_then(|named| named.keys().next().cloned());
            seen.insert(named.unwrap_or_else(|| reply.as_str().unwrap().to_owned()));
            assert_eq!(serde_json::from_value::<Mood>(written).unwrap(), mood);
        }
        assert_eq!(seen.len(), 11, "{seen:?}");
    }
}
