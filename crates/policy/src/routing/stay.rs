//! The price of leaving: what the next turn of a conversation costs where its prompt cache is warm, and elsewhere.
//!
//! A turn is expected to be as long as the last one with its answer, and to be answered as shortly; what is warm costs the
//! price of reading a cache. A session that the caller named stays (§7.9), unless the caller sorts by price; a conversation
//! that is known by its beginning stays as long as that does not cost an eighth more than the cheapest that is well. Where
//! it is free to leave, or sorted by price, what each endpoint costs *this turn* takes the place of its price.

use canon::{NanoUsd, PicoUsd, Sort};

use super::{Ask, Candidate};
use crate::health::Standing;

/// What is known of a conversation at an endpoint whose cache costs less than its prompts. Of one that has stalled there
/// must be none: whoever waits there already is enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Warm {
    /// Whether the caller named the conversation.
    pub named: bool,
    /// Whether it is at home there; else that endpoint only answered meanwhile.
    pub is_home: bool,
    /// Tokens that are expected in the cache now.
    pub tokens: u64,
    /// Tokens of the last prompt.
    pub prompt_tokens: u64,
    /// Tokens of the last answer.
    pub completion_tokens: u64,
    /// What a token costs that is read from the cache.
    pub cache_read: PicoUsd,
}

/// What the past of a conversation does to the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stay {
    /// Where its cache is warm.
    pub endpoint: usize,
    /// Whether the caller named it.
    pub named: bool,
    /// Tokens that are expected in the cache.
    pub warm_tokens: u64,
    /// What its next turn is expected to cost there, where its price is known.
    pub here: Option<NanoUsd>,
    /// What it is expected to cost at the cheapest of the others that are well.
    pub elsewhere: Option<NanoUsd>,
    /// Whether that endpoint comes first for it; else prices decide, those of this turn.
    pub stays: bool,
}

/// What the next turn is expected to use.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    prompt: u64,
    completion: u64,
}

impl Turn {
    /// What a candidate charges for this turn, in pico-USD.
    pub(super) fn cost(self, candidate: &Candidate<'_>) -> Option<u64> {
        let price = candidate.price.as_ref()?;
        let times = |price: PicoUsd, count: u64| {
            let price = u64::try_from(price.get()).unwrap_or(0);
            price.saturating_mul(count)
        };
        let warm = candidate
            .warm
            .map_or(0, |warm| warm.tokens.min(self.prompt));
        let read = candidate.warm.map_or(PicoUsd::ZERO, |warm| warm.cache_read);
        Some(
            times(price.prompt, self.prompt - warm)
                .saturating_add(times(read, warm))
                .saturating_add(times(price.completion, self.completion)),
        )
    }

    /// The same for one token, to be compared with prices.
    pub(super) fn price(self, candidate: &Candidate<'_>) -> Option<i64> {
        let tokens = self.prompt.saturating_add(self.completion).max(1);
        let price = self.cost(candidate)? / tokens;
        Some(i64::try_from(price).unwrap_or(i64::MAX))
    }
}

/// Whether one cost is so much below another that a conversation moves for it: by more than an eighth.
const fn beats(one: u64, other: u64) -> bool {
    one.saturating_mul(8) < other.saturating_mul(7)
}

/// Whether a conversation with past stays, and what its next turn is; `None` where it has no past that counts.
pub(super) fn of<'a>(
    ask: &Ask<'_>,
    candidates: impl Iterator<Item = &'a Candidate<'a>> + Clone,
    sort: Option<Sort>,
) -> Option<(Turn, Stay)> {
    // The caller's own order goes before everything.
    if !ask.preferences.order.is_empty() {
        return None;
    }
    // One failure does not move a conversation: who fails on is soon left alone.
    let well = candidates.filter(|one| match one.standing {
        Standing::Well => true,
        Standing::Shaky => one.warm.is_some(),
        Standing::Resting { .. } => false,
    });
    let longest = |count: fn(&Warm) -> u64| {
        let warm = well.clone().filter_map(|one| one.warm.as_ref());
        warm.map(count).max()
    };
    let completion = longest(|warm| warm.completion_tokens)?;
    let prompt = longest(|warm| warm.prompt_tokens.saturating_add(warm.completion_tokens))?;
    let turn = Turn {
        prompt: prompt.max(ask.prompt_tokens),
        completion,
    };
    let cost = |one: &Candidate<'_>| turn.cost(one).unwrap_or(u64::MAX);
    let warm = well.clone().filter_map(|one| Some((one, one.warm?)));
    let best = warm
        .clone()
        .min_by_key(|(one, _)| (cost(one), one.endpoint))?;
    // Who answered for the home meanwhile takes its place only where that is worth it.
    let is_home =
        |(one, warm): &(&Candidate<'_>, Warm)| warm.is_home && !beats(cost(best.0), cost(one));
    let (home, warm) = warm.clone().find(is_home).unwrap_or(best);
    let others = well.filter(|one| one.endpoint != home.endpoint);
    let elsewhere = others.filter_map(|one| turn.cost(one)).min();
    let here = turn.cost(home);
    let pays = match (here, elsewhere) {
        (Some(here), Some(there)) => !beats(there, here),
        (Some(_) | None, None) => true,
        (None, Some(_)) => false,
    };
    let stays = match sort {
        Some(Sort::Price) => false,
        Some(Sort::Throughput | Sort::Latency | Sort::Exacto) | None => warm.named || pays,
    };
    let nano = |pico: u64| NanoUsd::from_pico_ceil(i128::from(pico));
    let stay = Stay {
        endpoint: home.endpoint,
        named: warm.named,
        warm_tokens: warm.tokens,
        here: here.map(nano),
        elsewhere: elsewhere.map(nano),
        stays,
    };
    Some((turn, stay))
}
