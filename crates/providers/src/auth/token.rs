//! What is fetched once, kept, and fetched anew before it ends: tokens, and keys that hold for a while.
//!
//! One refresh at a time, in the background: who comes while one is under way goes on with what there is, as long as
//! that holds, and waits for the other where it does not. A refusal is remembered for a moment, so that a thousand
//! requests with bad credentials make one question, not a thousand.

use std::{
    fmt, io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use canon::Secret;
use http::Request;
use http_body_util::{BodyExt as _, Full, Limited};
use serde_json::Value;
use tokio::time::{Instant, timeout};

use super::grant::Grant;
use crate::Client;

/// How long the other side may take, all questions together.
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

/// Where something comes from that holds for a while.
pub(crate) trait Source: Send + Sync + 'static {
    /// What comes from there.
    type Good: Clone + Send + Sync + 'static;

    /// Fetches it, and says how long it holds. `now_s` is the time in seconds since 1970.
    fn fetch<'a>(&'a self, client: &'a Client, now_s: i64) -> Fetching<'a, Self::Good>;
}

/// What is fetched, and how long it holds. Boxed: sources stand upon sources.
pub(crate) type Fetching<'a, T> =
    Pin<Box<dyn Future<Output = Result<(T, Duration), TokenError>> + Send + 'a>>;

/// Something that is kept fresh. Clones share it, over all threads.
pub(crate) struct Kept<S: Source>(Arc<Inner<S>>);

/// A token that is kept fresh.
pub(crate) type Token = Kept<Grant>;

struct Inner<S: Source> {
    source: S,
    held: ArcSwapOption<Held<S::Good>>,
    /// Whose turn it is to fetch.
    turn: Arc<tokio::sync::Mutex<()>>,
    failed: Mutex<Option<(Instant, TokenError)>>,
    /// When it was last let go of before its time.
    forgotten: Mutex<Option<Instant>>,
}

/// What is in hand.
struct Held<T> {
    good: T,
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
    /// A file that holds a part of the proof cannot be read.
    #[error("{what} cannot be read: {kind}")]
    File {
        /// What it is, by its setting.
        what: &'static str,
        kind: io::ErrorKind,
    },
    /// A sign-on that somebody must renew.
    #[error("{0}")]
    Over(&'static str),
    /// A token or a key that cannot be sent or used.
    #[error("a credential that cannot be sent")]
    Unsendable,
}

impl<S: Source> Kept<S> {
    pub(super) fn new(source: S) -> Self {
        Self(Arc::new(Inner {
            source,
            held: ArcSwapOption::empty(),
            turn: Arc::default(),
            failed: Mutex::default(),
            forgotten: Mutex::default(),
        }))
    }

    /// What is kept. `now_s` is the time in seconds since 1970, for what is signed. Waits only where there is nothing
    /// yet, or nothing that still holds.
    ///
    /// Dropping the future lets the next caller fetch.
    ///
    /// # Errors
    /// None could be had.
    pub(crate) async fn get(&self, client: &Client, now_s: i64) -> Result<S::Good, TokenError> {
        if let Some(held) = self.held(|held| held.fresh_until) {
            return Ok(held.good.clone());
        }
        if let Some(held) = self.held(|held| held.valid_until) {
            self.refresh(client, now_s);
            return Ok(held.good.clone());
        }
        let _turn = self.0.turn.lock().await;
        if let Some(held) = self.held(|held| held.valid_until) {
            return Ok(held.good.clone());
        }
        self.fetch(client, now_s).await
    }

    /// Fetches anew beside the request, unless somebody does already.
    fn refresh(&self, client: &Client, now_s: i64) {
        let Ok(turn) = Arc::clone(&self.0.turn).try_lock_owned() else {
            return;
        };
        if self.recent_failure().is_some() {
            return;
        }
        let (kept, client) = (self.clone(), client.clone());
        #[expect(
            clippy::disallowed_methods,
            reason = "it ends within its time limit, and nothing is lost with it"
        )]
        tokio::spawn(async move {
            if let Err(error) = kept.fetch(&client, now_s).await {
                // Whether that matters shows when the old one ends.
                tracing::warn!(%error, "credentials could not be refreshed yet");
            }
            drop(turn);
        });
    }

    /// Lets go of what is kept: it was refused before its time. Not again for a moment: requests that were under way with
    /// the old one are refused after the new one is here, and a vendor that refuses everything makes no storm elsewhere.
    pub(crate) fn forget(&self) {
        let forgotten = self.0.forgotten.lock();
        let mut forgotten = forgotten.unwrap_or_else(PoisonError::into_inner);
        if forgotten.is_none_or(|at| at.elapsed() >= SULK) {
            *forgotten = Some(Instant::now());
            self.0.held.store(None);
        }
    }

    fn held(&self, until: impl Fn(&Held<S::Good>) -> Instant) -> Option<Arc<Held<S::Good>>> {
        let held = self.0.held.load_full()?;
        (Instant::now() < until(&held)).then_some(held)
    }

    fn recent_failure(&self) -> Option<TokenError> {
        let failed = self.0.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, error) = failed.as_ref()?;
        (at.elapsed() < SULK).then(|| error.clone())
    }

    /// Fetches, unless that failed a moment ago.
    async fn fetch(&self, client: &Client, now_s: i64) -> Result<S::Good, TokenError> {
        if let Some(error) = self.recent_failure() {
            return Err(error);
        }
        let fetched = timeout(FETCH, self.0.source.fetch(client, now_s)).await;
        let (good, life) = fetched
            .unwrap_or(Err(TokenError::Late))
            .inspect_err(|error| {
                let mut failed = self.0.failed.lock().unwrap_or_else(PoisonError::into_inner);
                *failed = Some((Instant::now(), error.clone()));
            })?;
        let (now, life) = (Instant::now(), life.min(LIFE_MAX));
        self.0.held.store(Some(Arc::new(Held {
            good: good.clone(),
            fresh_until: now + life.saturating_sub(AHEAD.min(life / 4)),
            valid_until: now + life,
        })));
        Ok(good)
    }
}

impl<S: Source> Clone for Kept<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: Source> fmt::Debug for Kept<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").finish_non_exhaustive()
    }
}

/// Asks, and reads a good answer to its end.
///
/// # Errors
/// Nobody answered, or not with what was asked for.
pub(super) async fn exchange(
    client: &Client,
    request: Request<Full<Bytes>>,
) -> Result<Bytes, TokenError> {
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
    Ok(body)
}

/// The token of an answer and how long it lives (RFC 6749, 5.1; some write numbers as texts, and Azure's App Service only
/// when it ends).
pub(super) fn read(body: &[u8], now_s: i64) -> Option<(Secret<String>, Duration)> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let token = body
        .get("access_token")?
        .as_str()
        .filter(|t| !t.is_empty())?;
    let number = |name: &str| {
        let value = body.get(name)?;
        value
            .as_u64()
            .or_else(|| value.as_str().and_then(|text| text.parse().ok()))
    };
    let left = || {
        let now = u64::try_from(now_s).ok()?;
        Some(number("expires_on")?.saturating_sub(now))
    };
    let life = number("expires_in").or_else(left);
    let life = life.map_or(LIFE, Duration::from_secs).min(LIFE_MAX);
    Some((Secret::new(token.to_owned()), life))
}

/// How long something holds that ends at this time (RFC 3339).
pub(super) fn life_until(time: &str, now_s: i64) -> Option<Duration> {
    let end = time.parse::<jiff::Timestamp>().ok()?.as_second();
    let left = u64::try_from(end.saturating_sub(now_s)).unwrap_or(0);
    Some(Duration::from_secs(left))
}

/// The code of a refusal (RFC 6749, 5.2, or an element of AWS's XML), where it is a plain word: descriptions may name
/// accounts.
fn code_of(body: &[u8]) -> String {
    let json = serde_json::from_slice::<Value>(body).ok().and_then(|body| {
        let code = body
            .get("error")
            .or_else(|| body.get("errorCode"))
            .or_else(|| body.get("code"))?;
        code.as_str().map(str::to_owned)
    });
    let xml = || element(std::str::from_utf8(body).ok()?, "Code").map(str::to_owned);
    let is_plain = |code: &String| {
        code.len() <= 64 && code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    json.or_else(xml)
        .filter(is_plain)
        .map_or_else(String::new, |code| format!(" ({code})"))
}

/// The text of the first element of this name: all that there is to AWS's answers in XML.
pub(super) fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, behind) = text.split_once(&format!("<{name}>"))?;
    let (inner, _) = behind.split_once(&format!("</{name}>"))?;
    Some(inner.trim()).filter(|inner| !inner.is_empty())
}
