//! The only clock on the wall. Everything that decides takes `now` as an argument; it comes from
//! here.

use std::time::{SystemTime, UNIX_EPOCH};

/// Microseconds since 1970, UTC. A clock set before 1970 reads as 0.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that reads the clock"
)]
pub fn now_micros() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_micros()).ok())
        .unwrap_or(0)
}
