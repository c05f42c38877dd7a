//! Where conversations stay: `policy::affinity` for this process, with a salt of its own. Nothing of it is ever written
//! down; a restart begins anew.

use std::sync::OnceLock;

use canon::{Request, Usage, WorkspaceId};
use policy::{
    affinity::{Answer, Conversation, Evidence, Memory, Salt, Sessions, cache_of, is_long},
    catalog::{Endpoint, Unit},
    routing::Warm,
};

use crate::chance;

/// The conversations that are remembered, over all cores.
#[derive(Debug)]
pub struct Affinity {
    salt: Salt,
    evidence: Evidence,
    sessions: Sessions,
}

/// A conversation that a request belongs to, and by what else than its model it is known.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Which.
    pub conversation: Conversation,
    /// Whether an hour in the cache was asked for.
    pub is_long: bool,
    /// The router that chose the model, so that it is remembered for the conversation: `openrouter/auto`.
    pub router: Option<String>,
}

impl Affinity {
    /// One that knows nobody yet.
    #[must_use]
    pub fn new(evidence: Evidence) -> Self {
        let mut bytes = [0; 16];
        let salt = match aws_lc_rs::rand::fill(&mut bytes) {
            Ok(()) => {
                let [low, high] = [0, 64].map(|from| u128::from_le_bytes(bytes) >> from);
                [low, high].map(|half| u64::try_from(half & u128::from(u64::MAX)).unwrap_or(0))
            }
            Err(_) => [chance::draw(), chance::draw()],
        };
        Self {
            salt: Salt(salt),
            evidence,
            sessions: Sessions::default(),
        }
    }

    /// The conversation of a request; `None` where conversations are not to stay, or nothing is said.
    #[must_use]
    pub fn of(&self, workspace: &WorkspaceId, request: &Request) -> Option<Kept> {
        if self.evidence == Evidence::Off {
            return None;
        }
        Some(Kept {
            conversation: Conversation::of(self.salt, workspace.as_str(), request)?,
            is_long: is_long(request),
            router: None,
        })
    }

    /// Where a conversation was answered with this model, home first.
    #[must_use]
    pub fn recall(&self, kept: &Kept, model: &str, now: i64) -> [Option<Memory>; 2] {
        self.sessions.recall(kept.conversation.with(model), now)
    }

    /// The index of the endpoint that a router chose for this conversation the last time, and with it the model.
    #[must_use]
    pub fn remembered(&self, kept: &Kept, router: &str, now: i64) -> Option<usize> {
        let [home, _] = self.recall(kept, router, now);
        home.map(|memory| memory.endpoint)
    }

    /// An endpoint has answered a conversation to the end.
    pub(crate) fn answered(&self, kept: &Kept, (endpoint, usage): (&Endpoint, &Usage), now: i64) {
        let model = endpoint.model.as_str();
        let answer = Answer {
            endpoint: endpoint.index,
            usage,
            cache: cache_of(endpoint.provider.as_str(), model, kept.is_long),
            named: kept.conversation.named,
            known: [None, None],
        };
        let keys = [Some(model), kept.router.as_deref()];
        for (place, name) in keys.into_iter().flatten().enumerate() {
            let is_model = place == 0;
            // Where reading the cache is not cheaper there is nothing to stay for; a router's choice is kept all the same.
            if is_model && cache_read(endpoint).is_none() {
                continue;
            }
            let key = kept.conversation.with(name);
            let known = self.sessions.recall(key, now);
            let turn = self.evidence.turn(&Answer { known, ..answer });
            self.sessions.answered(key, &turn, now);
        }
    }
}

/// The conversation that a request is a turn of, found out when something depends on it: one that goes by its beginning
/// must be read, and where nobody's cache is cheaper and nothing was chosen, nobody asks.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    affinity: Option<&'a Affinity>,
    workspace: &'a WorkspaceId,
    request: &'a Request,
    kept: OnceLock<Option<Kept>>,
}

impl<'a> Turn<'a> {
    /// Of a request; of no conversation where nobody remembers any.
    pub(crate) fn of(
        affinity: Option<&'a Affinity>,
        (workspace, request): (&'a WorkspaceId, &'a Request),
    ) -> Self {
        Self {
            affinity,
            workspace,
            request,
            kept: OnceLock::new(),
        }
    }

    fn known(&self) -> Option<(&'a Affinity, &Kept)> {
        let affinity = self.affinity?;
        let find = || affinity.of(self.workspace, self.request);
        Some((affinity, self.kept.get_or_init(find).as_ref()?))
    }

    /// Where it was answered with this model, home first.
    pub(crate) fn recall(&self, model: &str, now: i64) -> Option<(&Kept, [Option<Memory>; 2])> {
        let (affinity, kept) = self.known()?;
        Some((kept, affinity.recall(kept, model, now)))
    }

    /// As [`Affinity::remembered`].
    pub(crate) fn remembered(&self, router: &str, now: i64) -> Option<usize> {
        let (affinity, kept) = self.known()?;
        affinity.remembered(kept, router, now)
    }

    /// The conversation, to be remembered with this router, if one chose.
    pub(crate) fn kept(self, router: Option<&str>) -> Option<Kept> {
        self.known()?;
        let kept = self.kept.into_inner()??;
        Some(Kept {
            router: router.map(str::to_owned),
            ..kept
        })
    }
}

/// Whether anything depends on which conversations are answered at an endpoint: its cache makes them cheaper, or wants
/// their name.
pub(crate) fn matters(endpoint: &Endpoint) -> bool {
    cache_read(endpoint).is_some() || takes_cache_key(endpoint)
}

/// Whether it takes a name for the conversation, since its caches are shared by whoever asks with the same one. Known
/// to take `prompt_cache_key`: <https://developers.openai.com/docs/guides/prompt-caching>,
/// <https://reference.langchain.com/python/langchain-fireworks/middleware> (read 2026-11-22).
pub(crate) fn takes_cache_key(endpoint: &Endpoint) -> bool {
    const TAKES_KEYS: [&str; 2] = ["openai", "fireworks"];
    TAKES_KEYS.contains(&endpoint.provider.as_str())
}

/// What is warm of a conversation at an endpoint, where that makes its prompts cheaper.
pub(crate) fn warm(kept: &Kept, known: &[Option<Memory>; 2], endpoint: &Endpoint) -> Option<Warm> {
    let mut known = known.iter().flatten();
    let memory = known.find(|memory| memory.endpoint == endpoint.index)?;
    Some(Warm {
        named: kept.conversation.named,
        is_home: memory.is_home,
        tokens: memory.warm_tokens,
        prompt_tokens: memory.prompt_tokens,
        completion_tokens: memory.completion_tokens,
        cache_read: cache_read(endpoint)?,
    })
}

/// What a token costs that is read from the cache, where that is less than a token of the prompt.
fn cache_read(endpoint: &Endpoint) -> Option<canon::PicoUsd> {
    let sheet = endpoint.prices.as_ref()?;
    let read = sheet.price(Unit::CacheRead)?;
    (read < sheet.price(Unit::Prompt)?).then_some(read)
}
