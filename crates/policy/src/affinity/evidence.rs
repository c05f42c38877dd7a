//! What an answer says of the cache behind it: how much of the conversation is warm there now, and whether that is reason
//! enough to stay.

use canon::Usage;

use super::{Cache, Memory, Turn};

/// When a conversation that nobody named begins to stay where it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Evidence {
    /// Never; not even one that was named.
    Off,
    /// Once a vendor has said that it read from its cache or wrote to it.
    #[default]
    Observed,
    /// Already where the vendor is known to cache by itself and the prompt is long enough.
    Expected,
}

/// An answer of a conversation.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The index of the endpoint, in the catalogue.
    pub endpoint: usize,
    /// What it used, as the vendor counts.
    pub usage: &'a Usage,
    /// How the vendor caches.
    pub cache: Cache,
    /// Whether the caller named the conversation.
    pub named: bool,
    /// What was known of the conversation before, home first.
    pub known: [Option<Memory>; 2],
}

impl Evidence {
    /// What is to be remembered of an answer.
    #[must_use]
    pub fn turn(self, answer: &Answer<'_>) -> Turn {
        let &Answer { usage, cache, .. } = answer;
        let written = usage
            .cache_write_tokens
            .saturating_add(usage.cache_write_1h_tokens);
        let is_used = usage.cached_tokens > 0 || written > 0;
        let mut known = answer.known.iter().flatten();
        // Who only stands in for the home is not expected to be warm before it was seen to be.
        let [home, _] = &answer.known;
        let stands_in = home.is_some_and(|home| home.endpoint != answer.endpoint);
        // A vendor that caches by itself has this prompt now, unless it was to have the last one and had not.
        let disappoints = known.any(|one| one.endpoint == answer.endpoint && one.warm_tokens > 0);
        let is_likely = cache.automatic && usage.prompt_tokens >= cache.tokens_min;
        let by_itself = is_likely && !is_used && !disappoints && !stands_in;
        let warm_tokens = if written > 0 {
            usage.cached_tokens.saturating_add(written)
        } else if usage.cached_tokens > 0 && !cache.automatic {
            usage.cached_tokens
        } else if usage.cached_tokens > 0 || by_itself {
            usage.prompt_tokens
        } else {
            0
        };
        Turn {
            endpoint: answer.endpoint,
            warm_tokens,
            prompt_tokens: usage.prompt_tokens,
            completion_tokens: usage.completion_tokens,
            lifetime: cache.lifetime,
            begins: match self {
                Self::Off => false,
                Self::Observed => answer.named || is_used,
                Self::Expected => answer.named || is_used || by_itself,
            },
        }
    }
}
