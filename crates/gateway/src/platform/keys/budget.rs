//! The budgets that a key spends under, as `GET /key` tells them: so far the key's own limit alone.

use canon::{Key, LimitReset, NanoUsd};
use jiff::{Timestamp, ToSpan, Zoned, tz::TimeZone};
use policy::ledger::Spending;
use serde_json::{Value, json};

use super::super::time;

/// The key's own limit; `None` where it has none.
pub(super) fn render(key: &Key, spending: &Spending, now_micros: i64) -> Option<Value> {
    let limit = key.limit?;
    let spent = spent(key, spending);
    Some(json!({
        "scope": "key_limit",
        "budget_id": null,
        "guardrail_id": null,
        "include_byok": key.include_byok_in_limit,
        "limit_usd": limit.to_json_number(),
        "spend_usd": spent.to_json_number(),
        // Not cut off at zero: what is below it was spent by requests that cost more than was foreseen.
        "remaining_usd": limit.saturating_sub(spent).to_json_number(),
        "reset_interval": key.limit_reset.map(LimitReset::name),
        "resets_at": key.limit_reset.and_then(|reset| resets_at(reset, now_micros)),
    }))
}

/// What counts against a key's limit now.
pub(super) fn spent(key: &Key, spending: &Spending) -> NanoUsd {
    match key.limit_reset {
        None => spending.lifetime,
        Some(LimitReset::Daily) => spending.day,
        Some(LimitReset::Weekly) => spending.week,
        Some(LimitReset::Monthly) => spending.month,
    }
}

/// The midnight, UTC, at which the window around `now_micros` ends; `None` at the end of the calendar.
fn resets_at(reset: LimitReset, now_micros: i64) -> Option<String> {
    let now = Timestamp::from_microsecond(now_micros)
        .ok()?
        .to_zoned(TimeZone::UTC);
    let next = match reset {
        LimitReset::Daily => now.checked_add(1.day()),
        LimitReset::Weekly => {
            let days_since_monday = now.weekday().to_monday_zero_offset();
            now.checked_add((7 - i64::from(days_since_monday)).days())
        }
        LimitReset::Monthly => now
            .first_of_month()
            .and_then(|first| first.checked_add(1.month())),
    };
    let midnight: Zoned = next.and_then(|day| day.start_of_day()).ok()?;
    Some(time(midnight.timestamp().as_microsecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_end_at_midnight_on_mondays_and_on_the_first_of_the_month() {
        // A Sunday, 29 February 2032.
        let sunday: Timestamp = "2032-02-29T23:59:59.999999Z".parse().unwrap();
        let ends = |reset| resets_at(reset, sunday.as_microsecond()).unwrap();
        assert_eq!(ends(LimitReset::Daily), "2032-03-01T00:00:00Z");
        assert_eq!(ends(LimitReset::Weekly), "2032-03-01T00:00:00Z");
        assert_eq!(ends(LimitReset::Monthly), "2032-03-01T00:00:00Z");
        let monday: Timestamp = "2032-12-06T00:00:00Z".parse().unwrap();
        let ends = |reset| resets_at(reset, monday.as_microsecond()).unwrap();
        assert_eq!(ends(LimitReset::Daily), "2032-12-07T00:00:00Z");
        assert_eq!(ends(LimitReset::Weekly), "2032-12-13T00:00:00Z");
        assert_eq!(ends(LimitReset::Monthly), "2033-01-01T00:00:00Z");
        assert_eq!(resets_at(LimitReset::Monthly, i64::MAX), None);
    }
}
