//! What an endpoint charges: prices by unit, and other prices above a number of prompt tokens.

use canon::PicoUsd;

use super::{Error, Unit};

/// The prices of one endpoint. A unit without a price of its own falls back as `pricing` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PriceSheet {
    base: Box<[(Unit, PicoUsd)]>,
    /// Ascending by threshold.
    above: Box<[Above]>,
}

/// Prices that hold where the prompt has more tokens than the threshold. What is absent is inherited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Above {
    /// The prompt must have strictly more tokens than this.
    pub prompt_tokens: u64,
    prices: Box<[(Unit, PicoUsd)]>,
}

impl PriceSheet {
    /// A sheet without thresholds. A unit given twice keeps its last price.
    ///
    /// # Errors
    /// A price below zero.
    pub fn new(prices: impl IntoIterator<Item = (Unit, PicoUsd)>) -> Result<Self, Error> {
        Ok(Self {
            base: sorted(prices)?,
            above: Box::default(),
        })
    }

    /// This sheet, with other prices above so many prompt tokens. Replaces what the same threshold had.
    ///
    /// # Errors
    /// A price below zero.
    pub fn with_above(
        self,
        prompt_tokens: u64,
        prices: impl IntoIterator<Item = (Unit, PicoUsd)>,
    ) -> Result<Self, Error> {
        let mut above = self.above.into_vec();
        above.retain(|tier| tier.prompt_tokens != prompt_tokens);
        above.push(Above {
            prompt_tokens,
            prices: sorted(prices)?,
        });
        above.sort_by_key(|tier| tier.prompt_tokens);
        Ok(Self {
            base: self.base,
            above: above.into(),
        })
    }

    /// The price of a unit on a small prompt, if it has one of its own.
    #[must_use]
    pub fn price(&self, unit: Unit) -> Option<PicoUsd> {
        find(&self.base, unit)
    }

    /// The price of a unit for a prompt of so many tokens: the highest threshold that is passed and
    /// names the unit decides.
    #[must_use]
    pub fn price_at(&self, unit: Unit, prompt_tokens: u64) -> Option<PicoUsd> {
        let passed = self
            .above
            .iter()
            .rev()
            .filter(|tier| prompt_tokens > tier.prompt_tokens);
        passed
            .filter_map(|tier| find(&tier.prices, unit))
            .next()
            .or_else(|| self.price(unit))
    }

    /// The prices of small prompts.
    pub fn prices(&self) -> impl Iterator<Item = (Unit, PicoUsd)> {
        self.base.iter().copied()
    }

    /// The thresholds, ascending.
    #[must_use]
    pub fn above(&self) -> &[Above] {
        &self.above
    }

    /// Whether nothing on the sheet costs anything.
    #[must_use]
    pub fn is_free(&self) -> bool {
        let tiers = self.above.iter().flat_map(Above::prices);
        self.prices()
            .chain(tiers)
            .all(|(_, price)| price == PicoUsd::ZERO)
    }
}

impl Above {
    /// The prices that change.
    pub fn prices(&self) -> impl Iterator<Item = (Unit, PicoUsd)> {
        self.prices.iter().copied()
    }
}

fn find(prices: &[(Unit, PicoUsd)], unit: Unit) -> Option<PicoUsd> {
    prices
        .iter()
        .find(|(found, _)| *found == unit)
        .map(|(_, price)| *price)
}

fn sorted(
    prices: impl IntoIterator<Item = (Unit, PicoUsd)>,
) -> Result<Box<[(Unit, PicoUsd)]>, Error> {
    let mut sorted: Vec<(Unit, PicoUsd)> = Vec::new();
    for (unit, price) in prices {
        if price < PicoUsd::ZERO {
            return Err(Error::Negative { unit });
        }
        sorted.retain(|(found, _)| *found != unit);
        sorted.push((unit, price));
    }
    sorted.sort_by_key(|(unit, _)| *unit);
    Ok(sorted.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_counts_when_it_is_passed_and_not_when_it_is_met() {
        let sheet = PriceSheet::new([
            (Unit::Prompt, PicoUsd::new(1)),
            (Unit::Completion, PicoUsd::new(5)),
        ])
        .and_then(|sheet| sheet.with_above(200_000, [(Unit::Prompt, PicoUsd::new(2))]))
        .and_then(|sheet| sheet.with_above(500_000, [(Unit::Completion, PicoUsd::new(9))]))
        .unwrap();
        for (tokens, prompt, completion) in [
            (0, 1, 5),
            (200_000, 1, 5),
            (200_001, 2, 5),
            (500_001, 2, 9),
            (u64::MAX, 2, 9),
        ] {
            assert_eq!(
                sheet.price_at(Unit::Prompt, tokens),
                Some(PicoUsd::new(prompt)),
                "{tokens}"
            );
            assert_eq!(
                sheet.price_at(Unit::Completion, tokens),
                Some(PicoUsd::new(completion)),
                "{tokens}"
            );
        }
        assert_eq!(sheet.price_at(Unit::Image, 1), None);
    }

    #[test]
    fn a_negative_price_is_refused() {
        let refused = PriceSheet::new([(Unit::Prompt, PicoUsd::new(-1))]);
        assert_eq!(refused, Err(Error::Negative { unit: Unit::Prompt }));
    }
}
