//! How endpoints answered, and when.

use std::collections::BTreeMap;

use super::{Call, End, Request};

/// Calls within so many microseconds tell how an endpoint does at a moment.
const WINDOW: i64 = 60_000_000;
/// Where fewer calls fell into the window, so many of the nearest do.
const NEAREST: usize = 5;

/// The recorded calls of each endpoint, in the order of their time.
#[derive(Debug, Default)]
pub(super) struct History(BTreeMap<usize, Calls>);

#[derive(Debug, Default)]
struct Calls {
    streamed: Vec<Call>,
    whole: Vec<Call>,
}

impl History {
    pub(super) fn of(requests: &[Request]) -> Self {
        let mut history: BTreeMap<usize, Calls> = BTreeMap::new();
        for request in requests {
            for call in &request.calls {
                let calls = history.entry(call.endpoint).or_default();
                let calls = if request.streamed {
                    &mut calls.streamed
                } else {
                    &mut calls.whole
                };
                calls.push(*call);
            }
        }
        for calls in history.values_mut() {
            calls.streamed.sort_by_key(|call| call.at);
            calls.whole.sort_by_key(|call| call.at);
        }
        Self(history)
    }

    /// How this endpoint would have answered a call at this moment: as it answered one of those about then. `None`
    /// where it was never asked.
    pub(super) fn about(&self, endpoint: usize, at: i64, (streamed, chance): Draw) -> Option<Call> {
        let calls = self.0.get(&endpoint)?;
        let about = near(calls.in_form(streamed), at);
        pick(about, chance)
    }

    /// How an endpoint that was never asked is assumed to answer: as these did, if not these then as any, and without a
    /// failure.
    pub(super) fn assumed(&self, kin: &[usize], at: i64, (streamed, chance): Draw) -> Option<Call> {
        let answered = |calls: &Calls| {
            let calls = calls.in_form(streamed).iter();
            let good = calls.filter(|call| matches!(call.end, End::Answered { .. }));
            good.copied().collect::<Vec<Call>>()
        };
        let of_kin = kin.iter().filter_map(|endpoint| self.0.get(endpoint));
        let mut pool: Vec<Call> = of_kin.flat_map(answered).collect();
        if pool.is_empty() {
            pool = self.0.values().flat_map(answered).collect();
        }
        pool.sort_by_key(|call| call.at);
        pick(near(&pool, at), chance)
    }
}

/// Whether the answer is to come in pieces, and what chance says.
pub(super) type Draw = (bool, u64);

impl Calls {
    /// Those of the same form; those of the other where there are none.
    fn in_form(&self, streamed: bool) -> &[Call] {
        let (own, other) = if streamed {
            (&self.streamed, &self.whole)
        } else {
            (&self.whole, &self.streamed)
        };
        if own.is_empty() { other } else { own }
    }
}

/// The calls about this moment.
fn near(calls: &[Call], at: i64) -> &[Call] {
    let first = calls.partition_point(|call| call.at < at.saturating_sub(WINDOW));
    let past = calls.partition_point(|call| call.at <= at.saturating_add(WINDOW));
    if past - first >= NEAREST {
        return calls.get(first..past).unwrap_or_default();
    }
    let middle = calls.partition_point(|call| call.at < at);
    let (mut first, mut past) = (middle, middle);
    while past - first < NEAREST && (first > 0 || past < calls.len()) {
        let before = first.checked_sub(1).and_then(|place| calls.get(place));
        let behind = calls.get(past);
        let is_before = match (before, behind) {
            (Some(before), Some(behind)) => at - before.at <= behind.at - at,
            (before, _) => before.is_some(),
        };
        if is_before {
            first -= 1;
        } else {
            past += 1;
        }
    }
    calls.get(first..past).unwrap_or_default()
}

fn pick(calls: &[Call], chance: u64) -> Option<Call> {
    let count = u64::try_from(calls.len()).ok()?;
    let place = chance.checked_rem(count)?;
    calls.get(usize::try_from(place).ok()?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(at: i64) -> Call {
        Call {
            endpoint: 0,
            at: at * 1_000_000,
            took: at,
            end: End::Failed,
        }
    }

    fn seconds(calls: &[Call]) -> Vec<i64> {
        calls.iter().map(|call| call.at / 1_000_000).collect()
    }

    #[test]
    fn a_minute_around_counts_and_else_the_nearest_five() {
        let calls: Vec<Call> = [0, 30, 60, 90, 120, 600, 1_200].map(call).into();
        let about = |second: i64| seconds(near(&calls, second * 1_000_000));
        assert_eq!(about(60), [0, 30, 60, 90, 120]);
        assert_eq!(about(400), [30, 60, 90, 120, 600]);
        assert_eq!(about(5_000), [60, 90, 120, 600, 1_200]);
        assert_eq!(about(-5_000), [0, 30, 60, 90, 120]);
        assert!(near(&[], 0).is_empty());
    }
}
