//! How vendors cache prompts: whether unasked, from how many tokens on, and for how long an entry lives that nobody reads.
//!
//! spec/inference.md §8.2 has the minimums and the lifetimes of explicit entries. For how long vendors keep what they cache
//! by themselves: <https://learn.microsoft.com/azure/foundry/openai/how-to/prompt-caching> (read 2026-11-22: cleared within
//! 5 to 10 minutes of inactivity, always within an hour), which is what OpenAI's models do. What nothing is said of is taken
//! to be alike, for that is the caution of both sides: a cache that has gone costs one full prompt.

use canon::{CacheTtl, Part, Request};

/// A vendor's prompt cache, for one model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cache {
    /// Whether it caches without being asked to.
    pub automatic: bool,
    /// Tokens that a prompt must have.
    pub tokens_min: u64,
    /// Of an entry.
    pub lifetime: Lifetime,
}

/// For how long an entry that is not read stays, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime {
    /// For so long surely.
    pub sure_s: u16,
    /// For so long at most; between the two it is ever less likely to be there.
    pub most_s: u16,
}

impl Lifetime {
    /// Five minutes, exactly.
    const FIVE_MINUTES: Self = Self {
        sure_s: 300,
        most_s: 300,
    };
    /// An hour, exactly.
    const HOUR: Self = Self {
        sure_s: 3_600,
        most_s: 3_600,
    };
    /// Five to ten minutes.
    const USUAL: Self = Self {
        sure_s: 300,
        most_s: 600,
    };

    /// What is left of so many tokens after so many idle seconds.
    #[must_use]
    pub fn left(self, tokens: u64, idle_s: u64) -> u64 {
        let (sure, most) = (u64::from(self.sure_s), u64::from(self.most_s));
        if idle_s <= sure {
            tokens
        } else if idle_s >= most {
            0
        } else {
            tokens.saturating_mul(most - idle_s) / (most - sure)
        }
    }
}

/// How a vendor caches the prompts of a model. `long` says that an hour was asked for.
#[must_use]
pub fn cache_of(provider: &str, model: &str, long: bool) -> Cache {
    let (author, name) = model.split_once('/').unwrap_or(("", model));
    let by_mark = |tokens_min| Cache {
        automatic: false,
        tokens_min,
        lifetime: if long {
            Lifetime::HOUR
        } else {
            Lifetime::FIVE_MINUTES
        },
    };
    let unasked = |tokens_min| Cache {
        automatic: true,
        tokens_min,
        lifetime: Lifetime::USUAL,
    };
    match (author.trim_start_matches('~'), provider) {
        // Whoever serves Claude serves its cache.
        ("anthropic", _) => by_mark(claude_min(name)),
        ("google", _) if name.contains("flash") => unasked(1_024),
        ("google", _) => unasked(4_096),
        ("openai", "openai" | "azure") => unasked(1_024),
        ("qwen", "alibaba") => Cache {
            lifetime: Lifetime::FIVE_MINUTES,
            ..by_mark(1_024)
        },
        (_, "deepseek" | "xai" | "moonshotai" | "groq" | "z-ai") => unasked(0),
        // Nobody says; that it has a price for reading says that it caches.
        (_, _) => unasked(1_024),
    }
}

fn claude_min(name: &str) -> u64 {
    const LARGE: [&str; 5] = [
        "claude-opus-4.5",
        "claude-opus-4.6",
        "claude-opus-4.7",
        "claude-opus-4.8",
        "claude-haiku-4.5",
    ];
    if LARGE.iter().any(|large| name.starts_with(large)) {
        4_096
    } else if name.starts_with("claude-3.5-haiku") {
        2_048
    } else {
        1_024
    }
}

/// Whether a request marks anything to be cached for an hour.
#[must_use]
pub fn is_long(request: &Request) -> bool {
    let hour = Some(CacheTtl::OneHour);
    let mark = |part: &Part| match part {
        Part::Text(text) => text.cache,
        Part::Media { cache, .. } => *cache,
        Part::ToolResult(result) => result.cache,
        Part::Reasoning(_) | Part::ToolCall(_) | Part::Refusal(_) | Part::Other { .. } => None,
    };
    let mut parts = request.messages.iter().flat_map(|message| &message.parts);
    request.cache.is_some_and(|mark| mark.ttl == hour)
        || parts.any(|part| mark(part).is_some_and(|mark| mark.ttl == hour))
}
