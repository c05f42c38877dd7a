//! How the endpoints are doing, in atomics that every core writes and reads without a lock.

use std::sync::atomic::{AtomicI64, Ordering};

use policy::routing::Health;

/// One row an endpoint of the catalogue, by its index.
#[derive(Debug)]
pub struct Board(Box<[Row]>);

#[derive(Debug)]
struct Row {
    /// Microseconds since 1970; `i64::MIN` where it never failed.
    failed_at: AtomicI64,
    /// It asked to be left alone until then.
    cool_until: AtomicI64,
}

impl Board {
    /// A board on which nobody has failed.
    #[must_use]
    pub fn new(endpoints: usize) -> Self {
        let row = || Row {
            failed_at: AtomicI64::new(i64::MIN),
            cool_until: AtomicI64::new(i64::MIN),
        };
        Self(std::iter::repeat_with(row).take(endpoints).collect())
    }

    /// How this endpoint is doing.
    #[must_use]
    pub fn of(&self, endpoint: usize) -> Health {
        self.0.get(endpoint).map_or(Health::UNKNOWN, |row| Health {
            failed_at: row.failed_at.load(Ordering::Relaxed),
            cool_until: row.cool_until.load(Ordering::Relaxed),
        })
    }

    /// It failed, and perhaps asked to be left alone for a while.
    pub fn failed(&self, endpoint: usize, now: i64, cool_ms: Option<u64>) {
        let Some(row) = self.0.get(endpoint) else {
            return;
        };
        row.failed_at.fetch_max(now, Ordering::Relaxed);
        if let Some(cool_ms) = cool_ms {
            let cool = i64::try_from(cool_ms.saturating_mul(1_000)).unwrap_or(i64::MAX);
            row.cool_until
                .fetch_max(now.saturating_add(cool), Ordering::Relaxed);
        }
    }
}
