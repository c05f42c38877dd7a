//! How long a vendor wants to be left alone.
//!
//! Forms seen in the wild: `retry-after-ms`; `retry-after` in seconds or as a date; a delay in the
//! body; and where none of these is there, the time at which an exhausted budget is full again
//! (`x-ratelimit-reset-requests: 6m0s`, `x-ratelimit-reset: 1754667660000`,
//! `anthropic-ratelimit-requests-reset: 2026-01-01T00:00:00Z`). Dates are measured from the
//! answer's own `date` header: the vendor's clock is the one that counts.

use http::HeaderMap;

/// A vendor that asks for more is not believed.
const WAIT_MS_MAX: u64 = 24 * 60 * 60 * 1_000;

/// How long the vendor asks for, in milliseconds: the longest of what it says.
pub(super) fn asked_for(headers: &HeaderMap, in_body_ms: Option<u64>) -> Option<u64> {
    let now = now_of(headers);
    let said = [
        text(headers, "retry-after-ms").and_then(|text| decimal_ms(text, 1)),
        text(headers, "retry-after")
            .and_then(|text| decimal_ms(text, 1_000).or_else(|| until(http_date(text)?, now))),
        in_body_ms,
    ];
    said.into_iter()
        .flatten()
        .max()
        .or_else(|| budget_reset(headers))
        .map(|wait| wait.min(WAIT_MS_MAX))
}

/// How long an exhausted budget needs to be full again, where an answer that was given says so: the next request would
/// be refused.
pub(super) fn exhausted_for(headers: &HeaderMap) -> Option<u64> {
    budget_reset(headers).map(|wait| wait.min(WAIT_MS_MAX))
}

/// When the last of the exhausted budgets is full again. Asked of every good answer, of which hardly any has one.
fn budget_reset(headers: &HeaderMap) -> Option<u64> {
    let budgets = headers.iter().filter(|(name, _)| is_reset(name.as_str()));
    let empty = budgets.filter(|(name, _)| {
        // The header that says what is left of the budget whose reset this one names.
        let remaining = name.as_str().replace("reset", "remaining");
        text(headers, &remaining).is_some_and(|left| left.trim() == "0")
    });
    let waits = empty.filter_map(|(_, value)| reset_ms(value.to_str().ok()?, now_of(headers)));
    waits.max()
}

fn is_reset(name: &str) -> bool {
    name.contains("ratelimit") && name.contains("reset")
}

/// The time by the vendor's clock.
fn now_of(headers: &HeaderMap) -> Option<u64> {
    text(headers, "date").and_then(http_date)
}

/// A reset as a duration (`12ms`, `6m0s`, `1.5`), a point in time in seconds or milliseconds, or a
/// date.
fn reset_ms(text: &str, now: Option<u64>) -> Option<u64> {
    let text = text.trim();
    if let Some(number) = decimal_ms(text, 1_000) {
        // Nobody waits for a year: so large a number is a point in time.
        return match number {
            0..31_536_000_000 => Some(number),
            // In seconds (already in ms by now) or in milliseconds (a thousand times too large by
            // now).
            31_536_000_000..100_000_000_000_000 => until(number, now),
            _ => until(number / 1_000, now),
        };
    }
    duration_ms(text).or_else(|| until(rfc3339(text)?, now))
}

fn until(then_ms: u64, now_ms: Option<u64>) -> Option<u64> {
    Some(then_ms.saturating_sub(now_ms?))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// A decimal number of units of so many milliseconds, rounded up to a whole millisecond.
fn decimal_ms(text: &str, unit_ms: u64) -> Option<u64> {
    let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) {
        return None;
    }
    let whole = whole.parse::<u64>().ok()?.checked_mul(unit_ms)?;
    let padded: u64 = format!("{fraction:0<3.3}").parse().ok()?;
    Some(whole.saturating_add((padded * unit_ms).div_ceil(1_000)))
}

/// `6m0s`, `1h2m3.5s`, `12ms`.
fn duration_ms(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut total = 0_u64;
    while !rest.is_empty() {
        let number_end = rest.find(|c: char| c.is_ascii_alphabetic())?;
        let (number, tail) = rest.split_at(number_end);
        let unit_end = tail
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit_end);
        let unit_ms = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return None,
        };
        total = total.checked_add(decimal_ms(number, unit_ms)?)?;
        rest = tail;
    }
    (!text.is_empty()).then_some(total)
}

/// `Sun, 06 Nov 1994 08:49:37 GMT` as milliseconds since 1970 (RFC 9110, 5.6.7; the two obsolete
/// forms are not read).
fn http_date(text: &str) -> Option<u64> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let rest = text.trim().strip_suffix(" GMT")?.split_once(", ")?.1;
    let mut words = rest.split(' ');
    let day = words.next()?.parse().ok()?;
    let month = words.next()?;
    let month = (1..).zip(MONTHS).find(|(_, name)| *name == month)?.0;
    let year = words.next()?.parse().ok()?;
    moment([year, month, day], words.next()?)
}

/// `2026-01-01T00:00:00Z` as milliseconds since 1970; fractions of a second are dropped.
fn rfc3339(text: &str) -> Option<u64> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let mut numbers = date.split('-').map(|number| number.parse().ok());
    let date = [numbers.next()??, numbers.next()??, numbers.next()??];
    moment(date, time.split('.').next()?)
}

/// Year, month and day with `hh:mm:ss`, UTC, as milliseconds since 1970.
fn moment([year, month, day]: [u64; 3], time: &str) -> Option<u64> {
    let mut numbers = time.split(':').map(|number| number.parse::<u64>().ok());
    let (hour, minute, second) = (numbers.next()??, numbers.next()??, numbers.next()??);
    let is_real = (1970..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    if !is_real {
        return None;
    }
    // Days from the civil calendar, years counted from March so that the leap day is the last.
    let shifted = if month <= 2 { year - 1 } else { year };
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let days = shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + day_of_year;
    let days = days.checked_sub(719_468)?;
    Some((((days * 24 + hour) * 60 + minute) * 60 + second) * 1_000)
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn asked(headers: &[(&'static str, &'static str)]) -> Option<u64> {
        let headers = headers.iter().map(|(name, value)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        });
        asked_for(&headers.collect(), None)
    }

    #[test]
    fn every_form_of_a_wait_is_understood() {
        let date = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
        for (headers, wait) in [
            (&[("retry-after", "7")][..], Some(7_000)),
            (&[("retry-after", "1.5")], Some(1_500)),
            (&[("retry-after-ms", "250")], Some(250)),
            (
                &[("retry-after-ms", "0"), ("retry-after", "1")],
                Some(1_000),
            ),
            (
                &[date, ("retry-after", "Sun, 06 Nov 1994 08:50:00 GMT")],
                Some(23_000),
            ),
            (
                &[date, ("retry-after", "Sun, 06 Nov 1994 08:00:00 GMT")],
                Some(0),
            ),
            (&[("retry-after", "Sun, 06 Nov 1994 08:50:00 GMT")], None),
            (&[("retry-after", "soon")], None),
            (
                &[
                    ("x-ratelimit-reset-tokens", "6m0s"),
                    ("x-ratelimit-remaining-tokens", "0"),
                ],
                Some(360_000),
            ),
            (
                &[
                    ("x-ratelimit-reset-tokens", "6m0s"),
                    ("x-ratelimit-remaining-tokens", "9"),
                ],
                None,
            ),
            (
                &[
                    ("x-ratelimit-reset-requests", "12ms"),
                    ("x-ratelimit-remaining-requests", "0"),
                ],
                Some(12),
            ),
            (
                &[
                    date,
                    ("x-ratelimit-reset", "784111780000"),
                    ("x-ratelimit-remaining", "0"),
                ],
                Some(3_000),
            ),
            (
                &[
                    date,
                    ("x-ratelimit-reset", "784111780"),
                    ("x-ratelimit-remaining", "0"),
                ],
                Some(3_000),
            ),
            (
                &[
                    date,
                    ("anthropic-ratelimit-requests-reset", "1994-11-06T08:49:40Z"),
                    ("anthropic-ratelimit-requests-remaining", "0"),
                ],
                Some(3_000),
            ),
            (&[("retry-after", "999999999999")], Some(WAIT_MS_MAX)),
            (&[], None),
        ] {
            assert_eq!(asked(headers), wait, "{headers:?}");
        }
    }

    #[test]
    fn an_answer_may_say_that_the_next_one_would_be_refused() {
        let said = |left: &'static str| {
            let headers = [
                ("x-ratelimit-remaining-requests", left),
                ("x-ratelimit-reset-requests", "12s"),
                ("retry-after", "99"),
            ];
            let headers = headers.map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            });
            exhausted_for(&headers.into_iter().collect())
        };
        assert_eq!((said("0"), said("1")), (Some(12_000), None));
    }

    #[test]
    fn dates_count_from_1970_over_leap_years() {
        assert_eq!(http_date("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(
            http_date("Sun, 06 Nov 1994 08:49:37 GMT"),
            Some(784_111_777_000)
        );
        assert_eq!(rfc3339("2024-02-29T12:00:00.5Z"), Some(1_709_208_000_000));
        assert_eq!(http_date("Sun, 06 Nov 1994 08:49 GMT"), None);
        assert_eq!(rfc3339("2024-13-01T00:00:00Z"), None);
    }
}
