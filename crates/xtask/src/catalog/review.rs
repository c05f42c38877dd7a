//! The review list: prices on which two sources differ by more than one percent.

use std::collections::BTreeSet;

use serde::Serialize;

use super::quote::Sheet;

/// One difference. Prices in pico-USD a unit.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Difference {
    provider: String,
    id: String,
    lane: String,
    unit: String,
    /// The tier: above so many prompt tokens.
    #[serde(skip_serializing_if = "is_zero")]
    over: u64,
    chosen: i64,
    source: String,
    other: i64,
    other_source: String,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over a reference"
)]
fn is_zero(over: &u64) -> bool {
    *over == 0
}

/// All differences, in the order of the data.
#[derive(Debug, Default)]
pub(super) struct Review(BTreeSet<Difference>);

impl Review {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Difference> {
        self.0.iter()
    }

    /// Whether two sheets agree on every price that both have; what they do not agree on is noted.
    pub(super) fn compare(
        &mut self,
        [provider, id, lane]: [&str; 3],
        chosen: (&str, &Sheet),
        other: (&str, &Sheet),
    ) -> bool {
        let mut agree = true;
        let tiers = chosen
            .1
            .tiers
            .iter()
            .filter_map(|(over, prices)| Some((*over, prices, other.1.tiers.get(over)?)));
        for (over, ours, theirs) in [(0, &chosen.1.base, &other.1.base)]
            .into_iter()
            .chain(tiers)
        {
            for (unit, price) in ours {
                let Some(second) = theirs.get(unit).filter(|second| differ(*price, **second))
                else {
                    continue;
                };
                agree = false;
                self.0.insert(Difference {
                    provider: provider.to_owned(),
                    id: id.to_owned(),
                    lane: lane.to_owned(),
                    unit: (*unit).to_owned(),
                    over,
                    chosen: *price,
                    source: chosen.0.to_owned(),
                    other: *second,
                    other_source: other.0.to_owned(),
                });
            }
        }
        agree
    }

    /// The list for people: a table, prices in USD a million units.
    pub(super) fn render(&self) -> String {
        let mut text = String::from(
            "# Prices to review\n\nTwo sources differ by more than 1 %. `chosen` is what the catalogue holds. \
             USD a million units. Written by `cargo x catalog`.\n\n\
             | provider | model | lane | unit | over | chosen | source | other | other source |\n\
             |---|---|---|---|---|---|---|---|---|\n",
        );
        for row in &self.0 {
            let Difference {
                provider,
                id,
                lane,
                unit,
                over,
                source,
                other_source,
                ..
            } = row;
            let (chosen, other) = (per_million(row.chosen), per_million(row.other));
            text.push_str(&format!("| {provider} | {id} | {lane} | {unit} | {over} | {chosen} | {source} | {other} | {other_source} |\n"
            ));
        }
        text
    }
}

/// More than one percent apart, measured on the smaller.
fn differ(one: i64, other: i64) -> bool {
    let (small, large) = (i128::from(one.min(other)), i128::from(one.max(other)));
    large * 100 > small * 101
}

fn per_million(pico: i64) -> String {
    let text = format!("{}.{:06}", pico / 1_000_000, pico % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_percent_is_allowed_and_more_is_not() {
        assert!(!differ(100, 101));
        assert!(differ(1_000, 1_011));
        assert!(differ(0, 1));
        assert!(!differ(5, 5));
    }

    #[test]
    fn prices_are_shown_a_million_units() {
        assert_eq!(per_million(2_500_000), "2.5");
        assert_eq!(per_million(37_500), "0.0375");
        assert_eq!(per_million(3_000_000), "3");
    }
}
