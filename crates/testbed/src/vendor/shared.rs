//! What the connections of one vendor share: its moods, its books and what was asked of it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http::HeaderMap;
use http::request::Parts;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::VendorConfig;
use super::cache::Cache;
use crate::bill::Ledger;
use crate::mood::{Mood, Reply};

/// Requests kept.
const REQUESTS_MAX: usize = 1_000;
/// Bytes of requests' bodies kept, all together.
const REQUESTS_BYTES_MAX: usize = 256 << 20;
/// Headers that carry a key.
const KEY_HEADERS: [&str; 3] = ["authorization", "x-api-key", "x-goog-api-key"];

/// A request as it arrived. Its `Debug` form and the admin routes show no more than the end of a
/// key.
#[derive(Clone)]
pub struct Recorded {
    /// Its number at this vendor, from 1.
    pub number: u64,
    /// The method.
    pub method: String,
    /// Path and query as sent.
    pub path: String,
    /// All headers, keys included.
    pub headers: HeaderMap,
    /// The body, byte for byte.
    pub body: Bytes,
    /// Images in it.
    pub images: u64,
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: VendorConfig,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) cache: Cache,
    moods: Mutex<Moods>,
    requests: Mutex<Requests>,
    arrived: watch::Sender<u64>,
    refused: AtomicU64,
}

#[derive(Debug)]
struct Moods {
    script: VecDeque<Mood>,
    usual: Mood,
}

#[derive(Debug, Default)]
struct Requests {
    kept: VecDeque<Recorded>,
    body_bytes: usize,
}

// === impl Shared ===

impl Shared {
    pub(crate) fn new(config: VendorConfig, ledger: Ledger) -> Self {
        let moods = Moods {
            script: config.script.clone().into(),
            usual: config.mood.clone(),
        };
        Self {
            config,
            ledger: Arc::new(ledger),
            cache: Cache::default(),
            moods: Mutex::new(moods),
            requests: Mutex::default(),
            arrived: watch::Sender::new(0),
            refused: AtomicU64::new(0),
        }
    }

    pub(crate) fn set_mood(&self, mood: Mood) {
        self.moods.lock().usual = mood;
    }

    pub(crate) fn set_script(&self, moods: Vec<Mood>) {
        self.moods.lock().script = moods.into();
    }

    /// The mood for the next request.
    pub(crate) fn next_mood(&self) -> Mood {
        let mut moods = self.moods.lock();
        moods
            .script
            .pop_front()
            .unwrap_or_else(|| moods.usual.clone())
    }

    /// Whether the connection just accepted is to be closed; uses up the mood that says so.
    pub(crate) fn refuses(&self) -> bool {
        let mut moods = self.moods.lock();
        let next = moods.script.front().unwrap_or(&moods.usual);
        let refuses = next.reply == Reply::Refuse;
        if refuses {
            moods.script.pop_front();
            self.refused.fetch_add(1, Ordering::Relaxed);
        }
        refuses
    }

    pub(crate) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Keeps a request and gives it its number.
    pub(crate) fn record(&self, parts: &Parts, body: Bytes, images: u64) -> u64 {
        let path = parts
            .uri
            .path_and_query()
            .map_or_else(|| "/".to_owned(), ToString::to_string);
        let mut requests = self.requests.lock();
        let number = *self.arrived.borrow() + 1;
        requests.keep(Recorded {
            number,
            method: parts.method.to_string(),
            path,
            headers: parts.headers.clone(),
            body,
            images,
        });
        self.arrived.send_replace(number);
        number
    }

    pub(crate) fn requests(&self) -> Vec<Recorded> {
        self.requests.lock().kept.iter().cloned().collect()
    }

    /// Waits until `count` requests have arrived. Cancel safe.
    pub(crate) async fn reached(&self, count: u64) {
        let mut arrived = self.arrived.subscribe();
        // The sender lives in self, so the wait cannot fail while somebody is here to wait.
        let _reached = arrived.wait_for(|arrived| *arrived >= count).await;
    }
}

// === impl Requests ===

impl Requests {
    fn keep(&mut self, request: Recorded) {
        self.body_bytes += request.body.len();
        self.kept.push_back(request);
        while self.kept.len() > REQUESTS_MAX || self.body_bytes > REQUESTS_BYTES_MAX {
            let Some(oldest) = self.kept.pop_front() else {
                break;
            };
            self.body_bytes -= oldest.body.len();
        }
    }
}

// === impl Recorded ===

impl Recorded {
    /// A header's value, where it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as JSON; null where it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Whether the word stands in the body.
    pub(crate) fn says(&self, word: &str) -> bool {
        let word = word.as_bytes();
        word.is_empty() || self.body.windows(word.len()).any(|bytes| bytes == word)
    }

    /// What the admin route shows.
    pub(crate) fn shown(&self) -> Value {
        let headers: Vec<[String; 2]> = self
            .headers
            .iter()
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes());
                [name.to_string(), shown_header(name.as_str(), &value)]
            })
            .collect();
        json!({
            "number": self.number,
            "method": self.method,
            "path": self.path,
            "headers": headers,
            "body": String::from_utf8_lossy(&self.body),
            "images": self.images,
        })
    }
}

impl std::fmt::Debug for Recorded {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}", self.shown())
    }
}

/// A header's value, of a key only the last four characters.
fn shown_header(name: &str, value: &str) -> String {
    if !KEY_HEADERS.contains(&name) {
        return value.to_owned();
    }
    let mut end: Vec<char> = value.chars().rev().take(4).collect();
    end.reverse();
    format!("***{}", end.into_iter().collect::<String>())
}
