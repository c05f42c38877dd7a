//! Which endpoints serve a request, in which order, and why (spec/inference.md §7).
//!
//! Pure: the candidates, the clock and the seed are arguments, so that a decision can be explained, replayed and
//! simulated. `plan` filters ([`eligible`]), then orders ([`rank`]); [`Plan::next`] says what to try after a fault.

mod eligible;
mod next;
mod rank;

use canon::{PicoUsd, Preferences};

pub use eligible::{Excluded, Reason};
pub use next::Next;

/// An endpoint that might serve, with what is known of it.
#[derive(Clone, Debug)]
pub struct Candidate<'a> {
    /// Its index in the catalogue.
    pub endpoint: usize,
    /// The place of its model in the caller's list, 0 first.
    pub rank: usize,
    /// Slug of its provider: `deepinfra`.
    pub provider: &'a str,
    /// Display name of its provider: `DeepInfra`.
    pub provider_name: &'a str,
    /// Its own name: `deepinfra/turbo`. A provider's plain endpoint has the provider's slug.
    pub tag: &'a str,
    /// Its prices a unit.
    pub price: Prices,
    /// The most tokens of prompt and answer together; unknown where absent.
    pub context_length: Option<u64>,
    /// The most tokens of an answer; unknown where absent.
    pub max_output_tokens: Option<u64>,
    /// Its quantization; unknown where absent.
    pub quantization: Option<&'a str>,
    /// Parameters of the request that it does not support.
    pub lacks: Vec<&'static str>,
    /// A kind of input of the request that it cannot take.
    pub cannot_take: Option<&'static str>,
    /// Whether it may train on what it sees; unknown counts as yes.
    pub trains: Option<bool>,
    /// Whether it keeps what it sees; unknown counts as yes.
    pub retains: Option<bool>,
    /// How it is doing.
    pub health: Health,
}

/// Prices a unit, of those kinds that a caller can cap.
#[derive(Clone, Copy, Debug, Default)]
pub struct Prices {
    /// A token of the prompt.
    pub prompt: PicoUsd,
    /// A token of the answer.
    pub completion: PicoUsd,
    /// A request.
    pub request: PicoUsd,
    /// An image of the prompt.
    pub image: PicoUsd,
    /// A unit of audio.
    pub audio: PicoUsd,
}

/// How an endpoint is doing. Microseconds since 1970; `i64::MIN` for never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    /// When it last failed.
    pub failed_at: i64,
    /// Until when it asked to be left alone.
    pub cool_until: i64,
}

/// What a request demands and prefers.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// The `provider` object.
    pub preferences: &'a Preferences,
    /// Upper bound of the prompt, in tokens, for context windows: an estimate that is not too high.
    pub prompt_tokens: u64,
    /// The caller's limit of the answer.
    pub max_tokens: Option<u64>,
    /// How long a failure counts, in microseconds.
    pub outage_window: i64,
}

/// Who is tried, in which order.
#[derive(Clone, Debug)]
pub struct Plan {
    /// In the order in which they are tried.
    pub targets: Vec<Target>,
    /// Those that may not serve, with the reason.
    pub excluded: Vec<Excluded>,
    next: usize,
}

/// One place in the order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The endpoint's index in the catalogue.
    pub endpoint: usize,
    /// The place of its model in the caller's list.
    pub rank: usize,
    /// Why it stands here.
    pub why: Why,
}

/// Why an endpoint has its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Named in `provider.order`.
    Ordered,
    /// Drawn with a probability of one over the square of its price; its share in thousandths.
    Drawn {
        /// Its share among those drawn from, in thousandths.
        per_mille: u32,
    },
    /// By price, as `sort: price` asks.
    Cheapest,
    /// Sorted by what is not measured yet; price decides.
    Unmeasured,
    /// Failed a moment ago: behind all others.
    Unstable,
}

impl Health {
    /// Never failed.
    pub const UNKNOWN: Self = Self {
        failed_at: i64::MIN,
        cool_until: i64::MIN,
    };

    /// Whether it failed within the window before `now`, or asked to be left alone until later.
    #[must_use]
    pub fn is_unstable(&self, now: i64, window: i64) -> bool {
        self.cool_until > now || self.failed_at > now.saturating_sub(window)
    }
}

/// Orders the endpoints that may serve. An empty plan says why in `excluded`.
#[must_use]
pub fn plan(ask: &Ask<'_>, candidates: Vec<Candidate<'_>>, now: i64, seed: u64) -> Plan {
    let (eligible, excluded) = eligible::split(ask, candidates);
    let targets = rank::order(ask, eligible, now, seed);
    Plan {
        targets,
        excluded,
        next: 0,
    }
}
