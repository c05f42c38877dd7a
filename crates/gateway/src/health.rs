//! How the endpoints are doing, in atomics that every core writes and reads without a lock.

use std::sync::atomic::{AtomicI64, Ordering};

use policy::health::Standing;

/// One row an endpoint of the catalogue, by its index.
#[derive(Debug)]
pub struct Board {
    rows: Box<[Row]>,
    /// How long a failure counts, in microseconds.
    outage_window: i64,
}

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
    pub fn new(endpoints: usize, outage_window_ms: u64) -> Self {
        let row = || Row {
            failed_at: AtomicI64::new(i64::MIN),
            cool_until: AtomicI64::new(i64::MIN),
        };
        let outage_window = i64::try_from(outage_window_ms.saturating_mul(1_000));
        Self {
            rows: std::iter::repeat_with(row).take(endpoints).collect(),
            outage_window: outage_window.unwrap_or(i64::MAX),
        }
    }

    /// How this endpoint is doing.
    #[must_use]
    pub fn standing(&self, endpoint: usize, now: i64) -> Standing {
        let Some(row) = self.rows.get(endpoint) else {
            return Standing::Well;
        };
        let until = row.cool_until.load(Ordering::Relaxed);
        let window_began = now.saturating_sub(self.outage_window);
        if until > now {
            Standing::Resting { until }
        } else if row.failed_at.load(Ordering::Relaxed) > window_began {
            Standing::Shaky
        } else {
            Standing::Well
        }
    }

    /// It failed, and perhaps asked to be left alone for a while.
    pub fn failed(&self, endpoint: usize, now: i64, cool_ms: Option<u64>) {
        let Some(row) = self.rows.get(endpoint) else {
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
