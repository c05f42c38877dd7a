//! What came of a replay.

use std::collections::BTreeMap;

use canon::NanoUsd;

/// What came of a replay. Times are microseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Requests, those that were at fault themselves not among them.
    pub requests: u64,
    /// Of them, answered.
    pub answered: u64,
    /// Of them, those that nobody may serve.
    pub unplanned: u64,
    /// Requests that were at fault themselves.
    pub refused: u64,
    /// Calls to endpoints.
    pub calls: u64,
    /// What the answers cost.
    pub cost: NanoUsd,
    /// By endpoint.
    pub endpoints: BTreeMap<usize, Served>,
    /// From the request to the end of the answer, shortest first.
    pub(super) latencies: Vec<i64>,
    /// From the request to the first token of those that came in pieces, shortest first.
    pub(super) first_tokens: Vec<i64>,
}

/// What an endpoint did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Served {
    /// How often it was asked.
    pub calls: u64,
    /// How often it answered.
    pub answered: u64,
    /// How often its answer is an assumption, because no call to it is recorded.
    pub assumed: u64,
    /// What its answers cost.
    pub cost: NanoUsd,
    /// Answers whose price is not known.
    pub unpriced: u64,
}

impl Report {
    /// Answered requests in a hundred thousand.
    #[must_use]
    pub fn answered_per_100k(&self) -> u64 {
        self.answered * 100_000 / self.requests.max(1)
    }

    /// So many of a hundred answers took at most so long.
    #[must_use]
    pub fn latency(&self, percent: usize) -> Option<i64> {
        percentile(&self.latencies, percent)
    }

    /// So many of a hundred streams had a first token after at most so long.
    #[must_use]
    pub fn first_token(&self, percent: usize) -> Option<i64> {
        percentile(&self.first_tokens, percent)
    }

    /// What a thousand answers cost.
    #[must_use]
    pub fn cost_per_1000(&self) -> NanoUsd {
        let nano = i128::from(self.cost.get()) * 1_000 / i128::from(self.answered.max(1));
        NanoUsd::new(i64::try_from(nano).unwrap_or(i64::MAX))
    }
}

fn percentile(sorted: &[i64], percent: usize) -> Option<i64> {
    let place = (sorted.len() * percent).div_ceil(100).checked_sub(1)?;
    sorted.get(place).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_value_that_was_measured() {
        let sorted: Vec<i64> = (1..=10).collect();
        assert_eq!(percentile(&sorted, 50), Some(5));
        assert_eq!(percentile(&sorted, 90), Some(9));
        assert_eq!(percentile(&sorted, 100), Some(10));
        assert_eq!(percentile(&[7], 50), Some(7));
        assert_eq!(percentile(&[], 50), None);
    }
}
