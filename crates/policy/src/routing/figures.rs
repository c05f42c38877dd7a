//! How fast and how reliable an endpoint is, in whole numbers, and what a caller prefers of it.

use canon::Preferences;
use serde_json::Value;

/// Measured figures; `None` where too little is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Milliseconds to the first token, over five minutes.
    pub latency: Option<Quantiles>,
    /// Thousandths of a token a second, over five minutes.
    pub throughput: Option<Quantiles>,
    /// Requests that ended in tool calls, and those of them whose calls were all good, over two hours.
    pub tools: Option<Ratio>,
    /// Requests over half an hour.
    pub requests: u32,
}

/// Of so many requests in a hundred it is at least as good as that: latency rises from left to right, throughput
/// falls (spec/inference.md §7.3, "Percentile direction").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quantiles {
    /// Half of them.
    pub p50: u32,
    /// Three in four.
    pub p75: u32,
    /// Nine in ten.
    pub p90: u32,
    /// 99 in a hundred.
    pub p99: u32,
}

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ratio {
    /// How many were good.
    pub good: u32,
    /// Of how many.
    pub all: u32,
}

impl Ratio {
    /// In thousandths; 0 of 0 is 0.
    #[must_use]
    pub fn per_mille(self) -> u32 {
        let share = u64::from(self.good) * 1_000 / u64::from(self.all.max(1));
        u32::try_from(share).unwrap_or(1_000)
    }
}

/// What a caller prefers, in the figures' own units; each cutoff must hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Thresholds {
    throughput: Option<[f64; 4]>,
    latency: Option<[f64; 4]>,
}

impl Thresholds {
    pub(super) fn of(preferences: &Preferences) -> Self {
        let throughput = preferences.preferred_min_throughput.as_ref();
        let latency = preferences.preferred_max_latency.as_ref();
        Self {
            throughput: throughput.map(|value| cutoffs(value, 0.0)),
            latency: latency.map(|value| cutoffs(value, f64::INFINITY)),
        }
    }

    /// Whether a measured figure misses a cutoff. What is not measured misses none.
    pub(super) fn are_missed_by(&self, figures: &Figures) -> bool {
        let fails =
            |cutoffs: Option<[f64; 4]>, own: Option<Quantiles>, is_worse: fn(f64, f64) -> bool| {
                let (Some(cutoffs), Some(own)) = (cutoffs, own) else {
                    return false;
                };
                let own = [own.p50, own.p75, own.p90, own.p99].map(f64::from);
                own.iter()
                    .zip(cutoffs)
                    .any(|(own, cutoff)| is_worse(*own, cutoff))
            };
        fails(self.throughput, figures.throughput, |own, least| {
            own < least
        }) || fails(self.latency, figures.latency, |own, most| own > most)
    }
}

/// A number is for the median; an object has one for each of some percentiles. Both figures are kept in thousandths
/// of the unit that callers write.
fn cutoffs(value: &Value, absent: f64) -> [f64; 4] {
    let thousandths = |value: Option<&Value>| {
        let number = value.and_then(Value::as_f64);
        number.map_or(absent, |number| number * 1_000.0)
    };
    match value {
        Value::Object(each) => ["p50", "p75", "p90", "p99"].map(|name| thousandths(each.get(name))),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            [thousandths(Some(value)), absent, absent, absent]
        }
    }
}
