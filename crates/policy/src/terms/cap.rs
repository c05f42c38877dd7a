//! How much may be asked: requests and tokens in any sixty seconds, and requests at once.
//!
//! A ring of sixty seconds counts exactly, in a fixed kilobyte: a bucket that fills steadily would let through nearly twice
//! its size in its first minute, which a vendor that counts by minutes then refuses.

use std::sync::{Mutex, MutexGuard, PoisonError};

const WINDOW_S: i64 = 60;

/// What is limited; nothing where absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Requests that begin within any minute.
    pub requests_per_minute: Option<u64>,
    /// Tokens of prompts and answers within any minute, as expected while a request runs and as used behind it. A request
    /// that alone has more waits until nothing else was asked for a minute.
    pub tokens_per_minute: Option<u64>,
    /// Requests under way.
    pub concurrency_max: Option<u64>,
}

/// Limits and what is counted against them.
#[derive(Debug)]
pub struct Cap {
    limits: Limits,
    state: Mutex<State>,
}

/// A cap is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full {
    /// Which limit.
    pub limit: Limit,
    /// Milliseconds until there is room, as far as that is known.
    pub after_ms: u64,
}

/// What can be limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Requests that begin within any minute.
    Requests,
    /// Tokens within any minute.
    Tokens,
    /// Requests under way.
    Concurrency,
}

/// What a request takes, and when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taken {
    tokens: u64,
    /// In microseconds since 1970.
    at: i64,
}

#[derive(Debug, Default)]
struct State {
    requests: Window,
    tokens: Window,
    under_way: u64,
}

/// Counts of the last sixty seconds, one each.
#[derive(Debug)]
struct Window {
    counts: [u64; 60],
    sum: u64,
    /// The newest second.
    second: i64,
}

impl Limit {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Requests, Self::Tokens, Self::Concurrency];

    /// Its name in the configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Requests => "requests_per_minute",
            Self::Tokens => "tokens_per_minute",
            Self::Concurrency => "concurrency_max",
        }
    }

    /// A shorter word for it, where many stand in a line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Requests => "full-requests",
            Self::Tokens => "full-tokens",
            Self::Concurrency => "full-concurrency",
        }
    }

    /// The limit of that shorter word.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|limit| limit.word() == word)
    }
}

impl Limits {
    /// Whether anything is limited.
    #[must_use]
    pub const fn is_any(&self) -> bool {
        self.requests_per_minute.is_some()
            || self.tokens_per_minute.is_some()
            || self.concurrency_max.is_some()
    }
}

impl Taken {
    pub(super) const fn new(tokens: u64, at: i64) -> Self {
        Self { tokens, at }
    }
}

impl Cap {
    /// Limits of which nothing is used yet.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            state: Mutex::default(),
        }
    }

    /// What keeps a request of so many tokens from being sent now.
    #[must_use]
    pub fn full(&self, tokens: u64, now: i64) -> Option<Full> {
        self.full_of(&mut self.state(), tokens, now)
    }

    pub(super) fn take(&self, taken: Taken) -> Result<(), Full> {
        let mut state = self.state();
        if let Some(full) = self.full_of(&mut state, taken.tokens, taken.at) {
            return Err(full);
        }
        state.requests.correct(taken.at, 0, 1);
        state.tokens.correct(taken.at, 0, taken.tokens);
        state.under_way += 1;
        Ok(())
    }

    /// As if it had never been taken.
    pub(super) fn undo(&self, taken: Taken) {
        let mut state = self.state();
        state.requests.correct(taken.at, 1, 0);
        state.tokens.correct(taken.at, taken.tokens, 0);
        state.under_way = state.under_way.saturating_sub(1);
    }

    pub(super) fn leave(&self, taken: Taken, used_tokens: u64) {
        let mut state = self.state();
        state.tokens.correct(taken.at, taken.tokens, used_tokens);
        state.under_way = state.under_way.saturating_sub(1);
    }

    fn full_of(&self, state: &mut State, tokens: u64, now: i64) -> Option<Full> {
        /// Nobody knows when an answer ends.
        const ANSWER_GUESS_MS: u64 = 1_000;
        let Limits {
            requests_per_minute,
            tokens_per_minute,
            concurrency_max,
        } = self.limits;
        if concurrency_max.is_some_and(|most| state.under_way >= most) {
            return Some(Full {
                limit: Limit::Concurrency,
                after_ms: ANSWER_GUESS_MS,
            });
        }
        state.requests.turn(now);
        state.tokens.turn(now);
        let windows = [
            (Limit::Requests, requests_per_minute, &state.requests, 1),
            (Limit::Tokens, tokens_per_minute, &state.tokens, tokens),
        ];
        windows.into_iter().find_map(|(limit, most, window, more)| {
            let after_ms = window.room_after_ms(more, most?, now)?;
            Some(Full { limit, after_ms })
        })
    }

    /// Counts are changed in single steps, so they hold whatever happened to whoever held the lock.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Window {
    fn default() -> Self {
        Self {
            counts: [0; 60],
            sum: 0,
            second: 0,
        }
    }
}

impl Window {
    /// Goes on to the second of `now`. A clock that goes back a little stands still here; one that goes back further was
    /// set, and what was counted before it says nothing of now.
    fn turn(&mut self, now: i64) {
        let second = now.div_euclid(1_000_000);
        if second.abs_diff(self.second) >= WINDOW_S.unsigned_abs() {
            self.counts = [0; 60];
            self.sum = 0;
            self.second = second;
        }
        while self.second < second {
            self.second += 1;
            self.set(self.second, |_| 0);
        }
    }

    /// Puts one count in the place of another, where its second still counts.
    fn correct(&mut self, at: i64, was: u64, is: u64) {
        let second = at.div_euclid(1_000_000).min(self.second);
        if self.second - second < WINDOW_S {
            self.set(second, |count| count.saturating_sub(was).saturating_add(is));
        }
    }

    /// Milliseconds until so many more fit; `None` where they do now.
    fn room_after_ms(&self, more: u64, most: u64, now: i64) -> Option<u64> {
        let room = most.saturating_sub(more.min(most));
        let mut left = self.sum;
        if left <= room {
            return None;
        }
        let oldest = self.second - WINDOW_S + 1;
        let mut leaves = oldest;
        for second in oldest..=self.second {
            left = left.saturating_sub(self.count(second));
            leaves = second + WINDOW_S;
            if left <= room {
                break;
            }
        }
        let wait = leaves.saturating_mul(1_000_000).saturating_sub(now);
        Some(
            u64::try_from(wait.max(0))
                .unwrap_or(0)
                .div_ceil(1_000)
                .max(1),
        )
    }

    /// Sets the count of a second, and the sum with it.
    fn set(&mut self, second: i64, count: impl FnOnce(u64) -> u64) {
        if let Some(own) = self.counts.get_mut(place(second)) {
            let before = *own;
            *own = count(before);
            self.sum = self.sum.saturating_sub(before).saturating_add(*own);
        }
    }

    fn count(&self, second: i64) -> u64 {
        self.counts.get(place(second)).copied().unwrap_or(0)
    }
}

fn place(second: i64) -> usize {
    usize::try_from(second.rem_euclid(WINDOW_S)).unwrap_or(0)
}
