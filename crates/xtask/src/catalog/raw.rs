//! JSON objects whose numbers keep their text, so that no price ever passes through a float.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::value::RawValue;

/// One JSON object; members are parsed when they are asked for.
#[derive(Debug, Default)]
pub(super) struct Row(BTreeMap<String, Box<RawValue>>);

impl Row {
    pub(super) fn parse(text: &str) -> Result<Self> {
        serde_json::from_str(text)
            .map(Self)
            .context("reading a JSON object")
    }

    pub(super) fn members(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.get()))
    }

    /// The text of a member as it stands, `None` where it is absent or null.
    pub(super) fn raw(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(|value| value.get())
            .filter(|text| *text != "null")
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.raw(name)
            .and_then(|text| serde_json::from_str(text).ok())
    }

    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        self.raw(name)
            .and_then(|text| serde_json::from_str(text).ok())
    }

    /// A whole number, also where it is written `4096.0`.
    pub(super) fn count(&self, name: &str) -> Option<u64> {
        let value = scaled(self.raw(name)?.trim_matches('"'), 0)?;
        u64::try_from(value).ok().filter(|count| *count > 0)
    }

    /// A number or a string of decimal text, times ten to `places`.
    pub(super) fn scaled(&self, name: &str, places: i32) -> Option<i64> {
        scaled(self.raw(name)?.trim_matches('"'), places)
    }

    pub(super) fn row(&self, name: &str) -> Option<Row> {
        self.raw(name).and_then(|text| Self::parse(text).ok())
    }

    pub(super) fn rows(&self, name: &str) -> Vec<Row> {
        self.raw(name).map(rows).unwrap_or_default()
    }

    pub(super) fn texts(&self, name: &str) -> Vec<String> {
        self.raw(name)
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default()
    }
}

/// The objects of a JSON array; anything else in it is passed over.
pub(super) fn rows(text: &str) -> Vec<Row> {
    let items: Vec<Box<RawValue>> = serde_json::from_str(text).unwrap_or_default();
    items
        .iter()
        .filter_map(|item| Row::parse(item.get()).ok())
        .collect()
}

/// Decimal text times ten to `places`, as an integer. What is finer is rounded half to even: only the
/// float noise of a source's own conversions (`2.9999900000000002e-06`) is that fine. Negative is `None`.
pub(super) fn scaled(text: &str, places: i32) -> Option<i64> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = [whole, fraction].concat();
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let value: i128 = digits.parse().ok()?;
    let shift = places + exponent - i32::try_from(fraction.len()).ok()?;
    let power = 10_i128.checked_pow(shift.unsigned_abs());
    let scaled = match (shift >= 0, power) {
        (true, power) => value.checked_mul(power?)?,
        (false, None) => 0,
        (false, Some(power)) => {
            let (floor, rest) = (value / power, (value % power) * 2);
            if rest > power || (rest == power && floor % 2 == 1) {
                floor + 1
            } else {
                floor
            }
        }
    };
    i64::try_from(scaled).ok()
}

#[cfg(test)]
mod tests {
    use super::scaled;

    #[test]
    fn decimal_text_becomes_pico_usd_exactly() {
        for (text, pico) in [
            ("1.25e-06", 1_250_000),
            ("0.0000025", 2_500_000),
            ("3", 3_000_000_000_000),
            ("1.3e-10", 130),
            ("2.9999900000000002e-06", 2_999_990),
            ("0.0", 0),
            ("1e-40", 0),
        ] {
            assert_eq!(scaled(text, 12), Some(pico), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_price_is_none() {
        for text in ["-1", "", "abc", "1e30", "NaN", "."] {
            assert_eq!(scaled(text, 12), None, "{text}");
        }
    }
}
