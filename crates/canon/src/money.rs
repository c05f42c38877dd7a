//! Money in integers: unit prices in pico-USD, amounts in nano-USD. No floats anywhere.
#![deny(clippy::float_arithmetic)]

use std::{fmt, iter::Sum, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A price of one unit (a token, an image, a request) in 10⁻¹² USD. Holds up to 9.2 million USD.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PicoUsd(i64);

/// An amount in 10⁻⁹ USD. Holds up to 9.2 billion USD.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NanoUsd(i64);

/// Why a text is not an amount of money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoneyError {
    /// Something else than digits, a sign, one point and an exponent.
    NotADecimal,
    /// More decimal places than the unit has.
    TooFine,
    /// Does not fit.
    TooLarge,
}

impl PicoUsd {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// From a count of pico-USD.
    #[must_use]
    pub const fn new(pico: i64) -> Self {
        Self(pico)
    }

    /// The count of pico-USD.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// This price for so many units, exact.
    #[must_use]
    pub const fn times(self, units: u64) -> i128 {
        (self.0 as i128) * (units as i128)
    }
}

impl NanoUsd {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The largest amount.
    pub const MAX: Self = Self(i64::MAX);

    /// From a count of nano-USD.
    #[must_use]
    pub const fn new(nano: i64) -> Self {
        Self(nano)
    }

    /// The count of nano-USD.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// From an exact sum in pico-USD, rounded up (towards +∞) once; saturates at the ends.
    #[must_use]
    pub fn from_pico_ceil(pico: i128) -> Self {
        let whole = pico.div_euclid(1_000);
        let nano = if pico.rem_euclid(1_000) == 0 {
            whole
        } else {
            whole.saturating_add(1)
        };
        let fallback = if nano < 0 { i64::MIN } else { i64::MAX };
        Self(i64::try_from(nano).unwrap_or(fallback))
    }

    /// The sum, stopping at the ends.
    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference, stopping at the ends.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// The sum, or `None` where it does not fit.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The same amount with the other sign.
    #[must_use]
    pub const fn negated(self) -> Self {
        Self(self.0.saturating_neg())
    }

    /// Exact JSON number in USD (`0.0000125`), for wires that want numbers. Made from text, not from a float.
    #[must_use]
    pub fn to_json_number(self) -> serde_json::Number {
        // Decimal text of an i64 with nine places is always a JSON number; serde_json keeps the nearest f64,
        // whose shortest text is this very decimal up to 15 significant digits.
        let text = self.to_string();
        serde_json::from_str(&text).unwrap_or_else(|_| serde_json::Number::from(0))
    }
}

impl Sum for NanoUsd {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, Self::saturating_add)
    }
}

/// Parses decimal text (`0.0000025`, `2.5e-06`, `-3`) into an integer count of 10^-`places`.
fn parse_decimal(text: &str, places: i32) -> Result<i64, MoneyError> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (
            mantissa,
            exponent
                .parse::<i32>()
                .map_err(|_| MoneyError::NotADecimal)?,
        ),
        None => (text, 0),
    };
    let (negative, digits) = match mantissa.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, mantissa.strip_prefix('+').unwrap_or(mantissa)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if (whole.is_empty() && fraction.is_empty())
        || !whole
            .bytes()
            .chain(fraction.bytes())
            .all(|byte| byte.is_ascii_digit())
    {
        return Err(MoneyError::NotADecimal);
    }
    let mut value: i128 = 0;
    for byte in whole.bytes().chain(fraction.bytes()) {
        value = value
            .checked_mul(10)
            .and_then(|value| value.checked_add(i128::from(byte - b'0')))
            .ok_or(MoneyError::TooLarge)?;
    }
    let fraction_len = i32::try_from(fraction.len()).map_err(|_| MoneyError::TooFine)?;
    let mut shift = places
        .checked_add(exponent)
        .and_then(|sum| sum.checked_sub(fraction_len))
        .ok_or(MoneyError::TooLarge)?;
    while shift < 0 && value != 0 {
        if value % 10 != 0 {
            return Err(MoneyError::TooFine);
        }
        value /= 10;
        shift += 1;
    }
    while shift > 0 && value != 0 {
        value = value.checked_mul(10).ok_or(MoneyError::TooLarge)?;
        shift -= 1;
    }
    let value = if negative { -value } else { value };
    i64::try_from(value).map_err(|_| MoneyError::TooLarge)
}

/// The longest decimal text of an i64: a sign, 19 digits, a point and a zero before it.
const TEXT_BYTES_MAX: usize = 24;

/// Writes an integer count of 10^-`places` as decimal text without trailing zeros. Every answer carries some of
/// these, so the digits are made by hand: last digit first, from the end of a buffer.
fn render_decimal(value: i64, places: u32, buffer: &mut [u8; TEXT_BYTES_MAX]) -> &str {
    let mut rest = value.unsigned_abs();
    let mut start = buffer.len();
    let mut push = |byte: u8| {
        start = start.saturating_sub(1);
        if let Some(place) = buffer.get_mut(start) {
            *place = byte;
        }
    };
    let mut any_fraction = false;
    for _ in 0..places {
        let digit = u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
        any_fraction |= digit != 0;
        if any_fraction {
            push(b'0' + digit);
        }
    }
    if any_fraction {
        push(b'.');
    }
    loop {
        push(b'0' + u8::try_from(rest % 10).unwrap_or(0));
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if value < 0 {
        push(b'-');
    }
    let text = buffer.get(start..).unwrap_or_default();
    std::str::from_utf8(text).unwrap_or("0")
}

macro_rules! decimal {
    ($name:ident, $places:literal) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(render_decimal(self.0, $places, &mut [0; TEXT_BYTES_MAX]))
            }
        }

        impl FromStr for $name {
            type Err = MoneyError;

            fn from_str(text: &str) -> Result<Self, MoneyError> {
                parse_decimal(text, $places).map(Self)
            }
        }

        /// As an integer count of the unit, so that stored forms are exact.
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_i64(self.0)
            }
        }

        /// From an integer count of the unit.
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                i64::deserialize(deserializer)
                    .map(Self)
                    .map_err(de::Error::custom)
            }
        }
    };
}

decimal!(PicoUsd, 12);
decimal!(NanoUsd, 9);

impl fmt::Display for MoneyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotADecimal => "not a decimal number",
            Self::TooFine => "more decimal places than can be kept",
            Self::TooLarge => "too large",
        })
    }
}

impl std::error::Error for MoneyError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_text_is_kept_exactly() {
        for (text, pico) in [
            ("0.0000025", 2_500_000),
            ("2.5e-06", 2_500_000),
            ("3", 3_000_000_000_000),
            ("0", 0),
        ] {
            assert_eq!(text.parse::<PicoUsd>(), Ok(PicoUsd::new(pico)), "{text}");
        }
        assert_eq!(PicoUsd::new(2_500_000).to_string(), "0.0000025");
        assert_eq!(PicoUsd::new(-1).to_string(), "-0.000000000001");
        assert_eq!(NanoUsd::new(i64::MIN).to_string(), "-9223372036.854775808");
        assert_eq!(PicoUsd::new(i64::MIN).to_string(), "-9223372.036854775808");
        assert_eq!(NanoUsd::new(12_000_000_000).to_string(), "12");
        assert_eq!(NanoUsd::new(10_500_000_000).to_string(), "10.5");
    }

    #[test]
    fn what_cannot_be_kept_exactly_is_refused() {
        assert_eq!("1e-13".parse::<PicoUsd>(), Err(MoneyError::TooFine));
        assert_eq!("1e13".parse::<PicoUsd>(), Err(MoneyError::TooLarge));
        for wrong in ["", ".", "1,5", "abc", "1.2.3", "--1", "1e", "NaN"] {
            assert_eq!(
                wrong.parse::<PicoUsd>(),
                Err(MoneyError::NotADecimal),
                "{wrong}"
            );
        }
    }

    #[test]
    fn a_part_of_a_nano_is_rounded_up_once() {
        assert_eq!(NanoUsd::from_pico_ceil(1), NanoUsd::new(1));
        assert_eq!(NanoUsd::from_pico_ceil(1_000), NanoUsd::new(1));
        assert_eq!(NanoUsd::from_pico_ceil(-1), NanoUsd::new(0));
        assert_eq!(NanoUsd::from_pico_ceil(i128::MAX), NanoUsd::MAX);
    }

    #[test]
    fn an_amount_becomes_the_json_number_of_its_decimal_text() {
        let number = NanoUsd::new(12_500).to_json_number();
        assert_eq!(number.as_f64(), "0.0000125".parse().ok());
    }
}
