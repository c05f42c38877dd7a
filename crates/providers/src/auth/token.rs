//! A token that is fetched once, kept, and fetched anew before it ends.
//!
//! One refresh at a time: who comes while one is under way goes on with the token there is, as long as it holds, and
//! waits for the other where it does not. A refusal is remembered for a moment, so that a thousand requests with bad
//! credentials make one question, not a thousand.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use arc_swap::ArcSwapOption;
use canon::Secret;
use http_body_util::{BodyExt as _, Limited};
use serde_json::Value;
use tokio::time::{Instant, timeout};

use super::grant::Grant;
use crate::Client;

/// How long the other side may take.
const FETCH: Duration = Duration::from_secs(10);
/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(3);
/// The longest answer that is read.
const ANSWER_BYTES_MAX: usize = 64 << 10;
/// How long before its end a token is fetched anew; at most a quarter of its life.
const AHEAD: Duration = Duration::from_mins(5);
/// How long a failure is remembered.
const SULK: Duration = Duration::from_secs(2);
/// How long a token lives where nobody says.
const LIFE: Duration = Duration::from_mins(5);
/// No token is believed to live longer.
const LIFE_MAX: Duration = Duration::from_hours(24);

/// A token that is kept fresh. Clones share it, over all threads.
#[derive(Clone)]
pub(crate) struct Token(Arc<Inner>);

struct Inner {
    grant: Grant,
    held: ArcSwapOption<Held>,
    /// Whose turn it is to fetch.
    turn: tokio::sync::Mutex<()>,
    failed: Mutex<Option<(Instant, TokenError)>>,
}

/// A token in hand.
struct Held {
    secret: Secret<String>,
    /// From then on it should be fetched anew.
    fresh_until: Instant,
    /// From then on it is refused.
    valid_until: Instant,
}

/// Why there is no token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenError {
    /// The other side does not want to give one.
    #[error("the token endpoint answered {status}{code}")]
    Refused {
        status: u16,
        /// Its code in brackets, or nothing.
        code: String,
    },
    /// The other side could not be reached, or broke off.
    #[error("the token endpoint could not be reached: {0}")]
    Unreachable(String),
    /// It took too long.
    #[error("the token endpoint did not answer in time")]
    Late,
    /// Its answer holds no token.
    #[error("the token endpoint's answer holds no token")]
    Garbage,
    /// A token or a key that cannot be sent or used.
    #[error("a credential that cannot be sent")]
    Unsendable,
}

impl Token {
    pub(super) fn new(grant: Grant) -> Self {
        Self(Arc::new(Inner {
            grant,
            held: ArcSwapOption::empty(),
            turn: tokio::sync::Mutex::new(()),
            failed: Mutex::default(),
        }))
    }

    /// The token. `now_s` is the time in seconds since 1970, for what is signed.
    ///
    /// Dropping the future lets the next caller fetch.
    ///
    /// # Errors
    /// None could be had.
    pub(crate) async fn get(
        &self,
        client: &Client,
        now_s: i64,
    ) -> Result<Secret<String>, TokenError> {
        if let Some(held) = self.held(|held| held.fresh_until) {
            return Ok(held.secret.clone());
        }
        if let Some(held) = self.held(|held| held.valid_until) {
            let Ok(_turn) = self.0.turn.try_lock() else {
                return Ok(held.secret.clone());
            };
            // What went wrong shows when the old token ends.
            let fetched = self.fetch(client, now_s).await;
            return Ok(fetched.unwrap_or_else(|_| held.secret.clone()));
        }
        let _turn = self.0.turn.lock().await;
        if let Some(held) = self.held(|held| held.valid_until) {
            return Ok(held.secret.clone());
        }
        self.fetch(client, now_s).await
    }

    /// Lets go of the token: it was refused before its time.
    pub(crate) fn forget(&self) {
        self.0.held.store(None);
    }

    fn held(&self, until: impl Fn(&Held) -> Instant) -> Option<Arc<Held>> {
        let held = self.0.held.load_full()?;
        (Instant::now() < until(&held)).then_some(held)
    }

    /// Fetches, unless that failed a moment ago.
    async fn fetch(&self, client: &Client, now_s: i64) -> Result<Secret<String>, TokenError> {
        let failed = |inner: &Inner| {
            inner
                .failed
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone()
        };
        if let Some((at, error)) = failed(&self.0)
            && at.elapsed() < SULK
        {
            return Err(error);
        }
        let fetched = timeout(FETCH, self.ask(client, now_s)).await;
        let (secret, life) = fetched
            .unwrap_or(Err(TokenError::Late))
            .inspect_err(|error| {
                let mut failed = self.0.failed.lock().unwrap_or_else(PoisonError::into_inner);
                *failed = Some((Instant::now(), error.clone()));
            })?;
        let now = Instant::now();
        self.0.held.store(Some(Arc::new(Held {
            secret: secret.clone(),
            fresh_until: now + life.saturating_sub(AHEAD.min(life / 4)),
            valid_until: now + life,
        })));
        Ok(secret)
    }

    async fn ask(
        &self,
        client: &Client,
        now_s: i64,
    ) -> Result<(Secret<String>, Duration), TokenError> {
        let request = match &self.0.grant {
            Grant::SelfSigned(signed) => return signed.token(now_s),
            Grant::Asked(asked) => asked.request(now_s)?,
        };
        let unreachable = |error: &dyn fmt::Display| TokenError::Unreachable(error.to_string());
        let response = client
            .send(request, CONNECT)
            .await
            .map_err(|error| unreachable(&error))?;
        let status = response.status();
        let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect();
        let body = body.await.map_err(|error| unreachable(&error))?.to_bytes();
        if !status.is_success() {
            return Err(TokenError::Refused {
                status: status.as_u16(),
                code: code_of(&body),
            });
        }
        read(&body).ok_or(TokenError::Garbage)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").finish_non_exhaustive()
    }
}

/// The token of an answer and how long it lives (RFC 6749, 5.1; some write the number as a text).
fn read(body: &[u8]) -> Option<(Secret<String>, Duration)> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let token = body
        .get("access_token")?
        .as_str()
        .filter(|t| !t.is_empty())?;
    let seconds = body.get("expires_in").and_then(|value| {
        value
            .as_u64()
            .or_else(|| value.as_str().and_then(|text| text.parse().ok()))
    });
    let life = seconds.map_or(LIFE, Duration::from_secs).min(LIFE_MAX);
    Some((Secret::new(token.to_owned()), life))
}

/// The code of a refusal (RFC 6749, 5.2), where it is a plain word: descriptions may name accounts.
fn code_of(body: &[u8]) -> String {
    let code = serde_json::from_slice::<Value>(body).ok().and_then(|body| {
        let code = body.get("error").or_else(|| body.get("errorCode"))?;
        code.as_str().map(str::to_owned)
    });
    let is_plain = |code: &String| {
        code.len() <= 64 && code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    code.filter(is_plain)
        .map_or_else(String::new, |code| format!(" ({code})"))
}
