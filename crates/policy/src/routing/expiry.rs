//! The last day of a model or an endpoint.

/// Whether a day (`2026-12-11`, UTC) is over at `now`, in microseconds since 1970. What is no day is never over.
#[must_use]
pub fn is_past(day: &str, now: i64) -> bool {
    const DAY_MICROS: i64 = 86_400_000_000;
    days_since_1970(day).is_some_and(|last| now.div_euclid(DAY_MICROS) > last)
}

/// Days from the civil calendar, years counted from March so that the leap day is the last.
fn days_since_1970(day: &str) -> Option<i64> {
    let mut numbers = day.split('-').map(|number| number.parse::<i64>().ok());
    let (year, month, day) = (numbers.next()??, numbers.next()??, numbers.next()??);
    let is_real = (1970..=9999).contains(&year) && (1..=12).contains(&month);
    if !is_real || !(1..=31).contains(&day) || numbers.next().is_some() {
        return None;
    }
    let shifted = if month <= 2 { year - 1 } else { year };
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    Some(shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + day_of_year - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_over_when_the_next_one_begins() {
        // 2024-03-01T00:00:00Z.
        let march: i64 = 1_709_251_200_000_000;
        assert!(is_past("2024-02-29", march));
        assert!(!is_past("2024-02-29", march - 1));
        assert!(!is_past("2024-03-01", march));
        for no_day in ["", "soon", "2024-13-01", "2024-03-01-1", "-1-1-1"] {
            assert!(!is_past(no_day, i64::MAX), "{no_day}");
        }
    }
}
