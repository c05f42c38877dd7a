//! Which window an instant falls in: calendar arithmetic in UTC, without a clock and without a
//! library.
//!
//! Windows are computed from timestamps and never by a job, so a missed job cannot leave a key
//! blocked.

use canon::{LimitReset, Window};

/// Microseconds in a day. UTC here has no leap seconds, as in every Unix clock.
const DAY_MICROS: i64 = 86_400_000_000;

/// The window that an instant (microseconds since 1970, may be negative) counts in.
#[must_use]
pub fn window_of(reset: Option<LimitReset>, at_micros: i64) -> Window {
    let day = day_of(at_micros);
    match reset {
        None => Window::Lifetime,
        Some(LimitReset::Daily) => Window::Day(day),
        // Day 0 was a Thursday, three days after its Monday.
        Some(LimitReset::Weekly) => Window::Week(day - (day + 3).rem_euclid(7)),
        Some(LimitReset::Monthly) => Window::Month(month_of(day)),
    }
}

/// All windows that an instant counts in: lifetime, day, week, month.
#[must_use]
pub fn windows_of(at_micros: i64) -> [Window; 4] {
    [
        None,
        Some(LimitReset::Daily),
        Some(LimitReset::Weekly),
        Some(LimitReset::Monthly),
    ]
    .map(|reset| window_of(reset, at_micros))
}

/// Days since 1970-01-01. Every i64 of microseconds is within ±106,751,992 days, so it always fits.
fn day_of(at_micros: i64) -> i32 {
    i32::try_from(at_micros.div_euclid(DAY_MICROS)).unwrap_or_default()
}

/// Months since January 1970 of a day since 1970-01-01.
///
/// Counts in years that begin in March, so that the leap day is the last day of a year; 400 such
/// years have 146,097 days and their months follow the line (153 m + 2) / 5.
fn month_of(day: i32) -> i32 {
    let since_march_of_year_0 = day + 719_468;
    let era = since_march_of_year_0.div_euclid(146_097);
    let day_of_era = since_march_of_year_0.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    (era * 400 + year_of_era) * 12 + month_from_march + 2 - 1970 * 12
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Walks the calendar a month at a time from January 1970, in either direction.
    fn month_by_walking(day: i32) -> i32 {
        let leap = |year: i32| {
            year.rem_euclid(4) == 0 && (year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0)
        };
        let length = |month: i32| {
            let (year, month) = (1970 + month.div_euclid(12), month.rem_euclid(12));
            match month {
                1 if leap(year) => 29,
                1 => 28,
                3 | 5 | 8 | 10 => 30,
                _ => 31,
            }
        };
        let (mut month, mut first) = (0, 0);
        while day < first {
            month -= 1;
            first -= length(month);
        }
        while day >= first + length(month) {
            first += length(month);
            month += 1;
        }
        month
    }

    proptest! {
        #[test]
        fn a_month_is_what_walking_the_calendar_says(day in -800_000..800_000_i32) {
            prop_assert_eq!(month_of(day), month_by_walking(day));
        }

        #[test]
        fn a_week_begins_on_the_monday_on_or_before_the_day(at in any::<i64>()) {
            let (Window::Day(day), Window::Week(monday)) =
                (window_of(Some(LimitReset::Daily), at), window_of(Some(LimitReset::Weekly), at))
            else {
                return Err(TestCaseError::fail("wrong kinds of window"));
            };
            prop_assert!((0..7).contains(&(day - monday)));
            // 1970-01-05 was a Monday.
            prop_assert_eq!((monday - 4).rem_euclid(7), 0);
        }

        #[test]
        fn a_day_holds_its_instants_and_no_others(at in any::<i64>()) {
            let Window::Day(day) = window_of(Some(LimitReset::Daily), at) else {
                return Err(TestCaseError::fail("not a day"));
            };
            let start = i128::from(day) * 86_400_000_000;
            prop_assert!((start..start + 86_400_000_000).contains(&i128::from(at)));
        }
    }

    #[test]
    fn windows_turn_at_midnight_utc() {
        // 2024-02-29T23:59:59.999999Z was a Thursday; a microsecond later it is March.
        let last = 1_709_251_199_999_999;
        let months = [last, last + 1].map(|at| window_of(Some(LimitReset::Monthly), at));
        assert_eq!(months, [Window::Month(649), Window::Month(650)]);
        let days = [-1, 0].map(|at| window_of(Some(LimitReset::Daily), at));
        assert_eq!(days, [Window::Day(-1), Window::Day(0)]);
        assert_eq!(window_of(None, i64::MIN), Window::Lifetime);
        assert_eq!(
            windows_of(0),
            [
                Window::Lifetime,
                Window::Day(0),
                Window::Week(-3),
                Window::Month(0)
            ]
        );
    }
}
