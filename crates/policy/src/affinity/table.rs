//! The table of conversations: a fixed number of places, found by hash, forgotten when they idle.
//!
//! A conversation has a home, where it stays; where somebody else had to answer for it meanwhile, that is remembered
//! beside the home and does not take its place, so that a failure of a minute does not move a conversation (§7.9).

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use super::{Key, Lifetime};

/// Conversations that are remembered at most, over all workspaces.
pub const SLOTS: usize = SHARDS * SETS * WAYS;
/// What the full table takes, in bytes, locks left out.
pub const BYTES_MAX: usize = SLOTS * size_of::<Slot>();
/// Seconds without an answer after which a conversation is forgotten; longer only where its cache lives longer.
pub const IDLE_S: u64 = 600;

const SHARDS: usize = 64;
const SETS: usize = 128;
/// Places in which one conversation may be.
const WAYS: usize = 8;

/// Conversations and where they were served. Shared by all threads; a shard is made when it is first used.
#[derive(Debug)]
pub struct Sessions {
    shards: Box<[OnceLock<Shard>]>,
}

/// One answer of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The index of the endpoint that answered, in the catalogue.
    pub endpoint: usize,
    /// Tokens of the prompt that are now in its cache, as far as that is known.
    pub warm_tokens: u64,
    /// All tokens of the prompt.
    pub prompt_tokens: u64,
    /// Tokens of the answer.
    pub completion_tokens: u64,
    /// How long they stay in the cache.
    pub lifetime: Lifetime,
    /// Whether this answer alone is reason enough to remember the conversation; one that is remembered is kept up to
    /// date in any case.
    pub begins: bool,
}

/// What is remembered of a conversation at one endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// The index of the endpoint.
    pub endpoint: usize,
    /// Whether it is where the conversation stays; else somebody who answered meanwhile.
    pub is_home: bool,
    /// Tokens that are expected in its cache now.
    pub warm_tokens: u64,
    /// Tokens of the last prompt there.
    pub prompt_tokens: u64,
    /// Tokens of the last answer there.
    pub completion_tokens: u64,
}

type Shard = Mutex<Box<[Set]>>;
type Set = [Slot; WAYS];

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    key: [u64; 2],
    home: Place,
    away: Place,
}

/// An endpoint that answered. None where `answered_s` is 0.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    endpoint: u32,
    answered_s: u32,
    warm_tokens: u32,
    prompt_tokens: u32,
    completion_tokens: u32,
    sure_s: u16,
    most_s: u16,
}

// === impl Sessions ===

impl Default for Sessions {
    fn default() -> Self {
        let shards = std::iter::repeat_with(OnceLock::new);
        Self {
            shards: shards.take(SHARDS).collect(),
        }
    }
}

impl Sessions {
    /// Where a conversation was answered, home first. `now` in microseconds since 1970.
    #[must_use]
    pub fn recall(&self, key: Key, now: i64) -> [Option<Memory>; 2] {
        let now_s = seconds(now);
        let Some(shard) = self.shard(key).and_then(OnceLock::get) else {
            return [None, None];
        };
        let mut shard = lock(shard);
        let found = set(&mut shard, key).and_then(|set| set.iter().find(|slot| slot.key == key.0));
        let Some(Slot { home, away, .. }) = found else {
            return [None, None];
        };
        match (home.memory(now_s, true), away.memory(now_s, false)) {
            (None, Some(away)) => [
                Some(Memory {
                    is_home: true,
                    ..away
                }),
                None,
            ],
            both => [both.0, both.1],
        }
    }

    /// An endpoint has answered. `now` in microseconds since 1970.
    pub fn answered(&self, key: Key, turn: &Turn, now: i64) {
        let now_s = seconds(now);
        let Some(shard) = self.shard(key) else { return };
        if !turn.begins && shard.get().is_none() {
            return;
        }
        let shard = shard.get_or_init(|| Mutex::new(vec![Set::default(); SETS].into()));
        let mut shard = lock(shard);
        let Some(set) = set(&mut shard, key) else {
            return;
        };
        if let Some(slot) = set.iter_mut().find(|slot| slot.key == key.0) {
            slot.forget(now_s);
            if turn.begins || slot.home.is_there() {
                slot.take(Place::of(turn, now_s));
            }
        } else if turn.begins
            && let Some(slot) = set.iter_mut().min_by_key(|slot| slot.last_s(now_s))
        {
            *slot = Slot {
                key: key.0,
                home: Place::of(turn, now_s),
                away: Place::default(),
            };
        }
    }

    fn shard(&self, key: Key) -> Option<&OnceLock<Shard>> {
        let [high, _] = key.0;
        let at = usize::try_from(high % SHARDS as u64).ok()?;
        self.shards.get(at)
    }
}

/// Whoever panicked in between left whole slots behind: each is written in one piece.
fn lock(shard: &Shard) -> MutexGuard<'_, Box<[Set]>> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

fn set(shard: &mut [Set], key: Key) -> Option<&mut Set> {
    let [_, low] = key.0;
    let at = usize::try_from(low % SETS as u64).unwrap_or(0);
    shard.get_mut(at)
}

/// 32 bits last until 2106.
fn seconds(now: i64) -> u32 {
    u32::try_from(now.div_euclid(1_000_000)).unwrap_or(0)
}

// === impl Slot ===

impl Slot {
    /// Drops what idled for too long; who is away comes home where home is gone.
    fn forget(&mut self, now_s: u32) {
        if self.away.is_over(now_s) {
            self.away = Place::default();
        }
        if self.home.is_over(now_s) {
            self.home = std::mem::take(&mut self.away);
        }
    }

    fn take(&mut self, place: Place) {
        if !self.home.is_there() || self.home.endpoint == place.endpoint {
            self.home = place;
        } else {
            self.away = place;
        }
    }

    /// When it was last heard of; 0 where it is free.
    fn last_s(&self, now_s: u32) -> u32 {
        let last = |place: &Place| {
            if place.is_over(now_s) {
                0
            } else {
                place.answered_s
            }
        };
        last(&self.home).max(last(&self.away))
    }
}

// === impl Place ===

impl Place {
    fn of(turn: &Turn, now_s: u32) -> Self {
        let short = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
        Self {
            endpoint: u32::try_from(turn.endpoint).unwrap_or(u32::MAX),
            answered_s: now_s.max(1),
            warm_tokens: short(turn.warm_tokens),
            prompt_tokens: short(turn.prompt_tokens),
            completion_tokens: short(turn.completion_tokens),
            sure_s: turn.lifetime.sure_s,
            most_s: turn.lifetime.most_s,
        }
    }

    const fn is_there(self) -> bool {
        self.answered_s > 0
    }

    fn idle_s(self, now_s: u32) -> u64 {
        u64::from(now_s.saturating_sub(self.answered_s))
    }

    fn is_over(self, now_s: u32) -> bool {
        let warm_s = if self.warm_tokens > 0 {
            u64::from(self.most_s)
        } else {
            0
        };
        !self.is_there() || self.idle_s(now_s) >= IDLE_S.max(warm_s)
    }

    fn memory(self, now_s: u32, is_home: bool) -> Option<Memory> {
        if self.is_over(now_s) {
            return None;
        }
        let lifetime = Lifetime {
            sure_s: self.sure_s,
            most_s: self.most_s,
        };
        Some(Memory {
            endpoint: usize::try_from(self.endpoint).unwrap_or(usize::MAX),
            is_home,
            warm_tokens: lifetime.left(u64::from(self.warm_tokens), self.idle_s(now_s)),
            prompt_tokens: u64::from(self.prompt_tokens),
            completion_tokens: u64::from(self.completion_tokens),
        })
    }
}
