//! What is known of keys without asking the database: bounded, with negative entries, forgotten by
//! notice.

use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicU64, Ordering},
};

use canon::Key;

/// How many keys are known at most.
const KNOWN_MAX: u64 = 100_000;
/// How many secrets are known at most to be no key. Apart, so that guessing does not push out real
/// keys.
const UNKNOWN_MAX: u64 = 10_000;

/// What is known of keys.
#[derive(Debug)]
pub(super) struct Cache {
    known: moka::sync::Cache<[u8; 32], Arc<Key>>,
    unknown: moka::sync::Cache<[u8; 32], ()>,
    /// Counts forgettings, so that an answer that was under way meanwhile is not kept.
    forgettings: AtomicU64,
    /// The last change of another process that was taken note of.
    seen: AtomicI64,
}

/// A point in the order of forgettings.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment(u64);

impl Cache {
    pub(super) fn new() -> Self {
        Self {
            known: moka::sync::Cache::new(KNOWN_MAX),
            unknown: moka::sync::Cache::new(UNKNOWN_MAX),
            forgettings: AtomicU64::new(0),
            seen: AtomicI64::new(0),
        }
    }

    /// What is known: a key, that there is none, or nothing.
    pub(super) fn get(&self, digest: &[u8; 32]) -> Option<Option<Arc<Key>>> {
        if let Some(key) = self.known.get(digest) {
            return Some(Some(key));
        }
        self.unknown.get(digest).map(|()| None)
    }

    pub(super) fn moment(&self) -> Moment {
        Moment(self.forgettings.load(Ordering::SeqCst))
    }

    /// Keeps what the database said to a question asked at `asked`, unless anything was forgotten
    /// since.
    pub(super) fn learn(&self, digest: &[u8; 32], key: Option<Arc<Key>>, asked: Moment) {
        match key {
            Some(key) => self.known.insert(*digest, key),
            None => self.unknown.insert(*digest, ()),
        }
        if self.moment() != asked {
            self.invalidate(digest);
        }
    }

    pub(super) fn forget(&self, digest: &[u8; 32]) {
        self.forgettings.fetch_add(1, Ordering::SeqCst);
        self.invalidate(digest);
    }

    pub(super) fn forget_all(&self) {
        self.forgettings.fetch_add(1, Ordering::SeqCst);
        self.known.invalidate_all();
        self.unknown.invalidate_all();
    }

    pub(super) fn last_seen(&self) -> i64 {
        self.seen.load(Ordering::Acquire)
    }

    pub(super) fn seen(&self, version: i64) {
        self.seen.store(version, Ordering::Release);
    }

    fn invalidate(&self, digest: &[u8; 32]) {
        self.known.invalidate(digest);
        self.unknown.invalidate(digest);
    }
}
