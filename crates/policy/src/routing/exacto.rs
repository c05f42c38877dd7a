//! Which endpoints call tools well enough to come first (spec/inference.md §7.7).
//!
//! An endpoint far below its peers is put behind; one about which too little is known stands between. The signals are
//! throughput and tool calls that were good. There are no public benchmarks of single endpoints, so none are used.

use super::Candidate;

/// How well an endpoint does, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Grade {
    Good,
    Unknown,
    Poor,
}

/// Peers that a median needs.
const PEERS_MIN: usize = 4;
/// Requests of half an hour, and requests with tools of two hours, that a figure needs.
const REQUESTS_MIN: u32 = 100;
const TOOL_REQUESTS_MIN: u32 = 200;
/// A standard deviation is so many median deviations (of a normal distribution), in thousandths.
const SIGMA: i64 = 1_483;

/// What the peers of a model do, and how far off is far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Norm {
    throughput_min: Option<i64>,
    tools_min: Option<i64>,
}

impl Norm {
    /// Over all endpoints of a model that may serve.
    pub(super) fn of<'a>(peers: impl Iterator<Item = &'a Candidate<'a>> + Clone) -> Self {
        let floor = |signal: fn(&Candidate<'_>) -> Option<i64>, halves: i64| {
            let mut values = Vec::with_capacity(peers.clone().count());
            values.extend(peers.clone().filter_map(signal));
            let (median, spread) = median_and_spread(values)?;
            Some(median - spread * SIGMA * halves / 2_000)
        };
        Self {
            throughput_min: floor(throughput, 3),
            tools_min: floor(tools, 4),
        }
    }

    pub(super) fn grade(&self, candidate: &Candidate<'_>) -> Grade {
        let (speed, calls) = (throughput(candidate), tools(candidate));
        let below = |own: Option<i64>, least: Option<i64>| {
            own.zip(least).is_some_and(|(own, least)| own < least)
        };
        if below(speed, self.throughput_min) || below(calls, self.tools_min) {
            Grade::Poor
        } else if speed.is_some() && calls.is_some() {
            Grade::Good
        } else {
            Grade::Unknown
        }
    }
}

/// Where enough requests were seen.
fn throughput(candidate: &Candidate<'_>) -> Option<i64> {
    let figures = &candidate.figures;
    let enough = figures.requests >= REQUESTS_MIN;
    figures
        .throughput
        .filter(|_| enough)
        .map(|own| i64::from(own.p50))
}

/// In thousandths, where enough tool calls were seen.
fn tools(candidate: &Candidate<'_>) -> Option<i64> {
    let tools = candidate
        .figures
        .tools
        .filter(|tools| tools.all >= TOOL_REQUESTS_MIN);
    tools.map(|tools| i64::from(tools.per_mille()))
}

/// The median, and the median distance from it.
fn median_and_spread(mut values: Vec<i64>) -> Option<(i64, i64)> {
    if values.len() < PEERS_MIN {
        return None;
    }
    let median = median_of(&mut values)?;
    for value in &mut values {
        *value = (*value - median).abs();
    }
    Some((median, median_of(&mut values)?))
}

fn median_of(values: &mut [i64]) -> Option<i64> {
    values.sort_unstable();
    let upper = *values.get(values.len() / 2)?;
    let lower = *values.get((values.len() - 1) / 2)?;
    Some(lower.midpoint(upper))
}
