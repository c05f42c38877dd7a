//! genai-prices: a second opinion on prices, found by match rules; USD a million tokens, dated.

use std::collections::BTreeMap;

use anyhow::Result;

use crate::catalog::{
    quote::Sheet,
    raw::{Row, rows, scaled},
};

/// The price list: by vendor, the models in the order in which their rules are tried.
#[derive(Default)]
pub(in crate::catalog) struct PriceList(BTreeMap<String, Vec<(Row, Sheet)>>);

impl PriceList {
    /// The sheet in force on `as_of` for a vendor's model.
    pub(in crate::catalog) fn sheet(&self, vendor: &str, upstream: &str) -> Option<&Sheet> {
        let models = self.0.get(vendor)?;
        let (_, sheet) = models.iter().find(|(rule, _)| matches(rule, upstream))?;
        (!sheet.is_empty()).then_some(sheet)
    }
}

pub(in crate::catalog) fn parse(text: &str, as_of: &str) -> Result<PriceList> {
    let mut list = BTreeMap::new();
    for vendor in rows(text) {
        let Some(id) = vendor.text("id") else {
            continue;
        };
        let mut models = Vec::new();
        for model in vendor.rows("models") {
            let Some(rule) = model.row("match") else {
                continue;
            };
            models.push((rule, sheet_in_force(&model, as_of)));
        }
        list.insert(id, models);
    }
    Ok(PriceList(list))
}

fn matches(rule: &Row, id: &str) -> bool {
    let word = |name| rule.text(name).unwrap_or_default();
    match rule.text("is").as_deref() {
        Some("ClauseEquals") => id == word("equals"),
        Some("ClauseStartsWith") => id.starts_with(&word("starts_with")),
        Some("ClauseEndsWith") => id.ends_with(&word("ends_with")),
        Some("ClauseContains") => id.contains(&word("contains")),
        Some("ClauseOr") => rule.rows("or_").iter().any(|rule| matches(rule, id)),
        Some("ClauseAnd") => rule.rows("and_").iter().all(|rule| matches(rule, id)),
        // Regular expressions: a second opinion may be missing.
        _ => false,
    }
}

/// The last dated price that has begun; where prices depend on the time of day, the dearest of them,
/// so that no budget is overrun at the wrong hour.
fn sheet_in_force(model: &Row, as_of: &str) -> Sheet {
    if let Some(price) = model.row("prices") {
        return sheet(&price);
    }
    let mut chosen = Sheet::default();
    for conditional in model.rows("prices") {
        let Some(price) = conditional.row("prices") else {
            continue;
        };
        let constraint = conditional.row("constraint").unwrap_or_default();
        let begun = constraint
            .text("start_date")
            .is_none_or(|date| date.as_str() <= as_of);
        let candidate = sheet(&price);
        let hourly = constraint.text("is").as_deref() == Some("TimeOfDateConstraint");
        let dearer = candidate.base.get("prompt") > chosen.base.get("prompt");
        if begun && (!hourly || dearer) {
            chosen = candidate;
        }
    }
    chosen
}

fn sheet(price: &Row) -> Sheet {
    let mut sheet = Sheet::default();
    for (field, unit, places) in [
        ("input_mtok", "prompt", 6),
        ("output_mtok", "completion", 6),
        ("cache_read_mtok", "cache_read", 6),
        ("cache_write_mtok", "cache_write", 6),
        ("cache_write_1h_mtok", "cache_write_1h", 6),
        ("input_audio_mtok", "audio", 6),
        ("output_audio_mtok", "audio_output", 6),
        ("cache_audio_read_mtok", "audio_cache", 6),
        ("requests_kcount", "request", 9),
        ("web_searches_kcount", "web_search", 9),
    ] {
        if let Some(tiered) = price.row(field) {
            put_tiers(&tiered, unit, places, &mut sheet);
        } else if let Some(value) = price.scaled(field, places) {
            sheet.base.insert(unit, value);
        }
    }
    sheet.tidy();
    sheet
}

fn put_tiers(tiered: &Row, unit: &'static str, places: i32, sheet: &mut Sheet) {
    if let Some(value) = tiered.scaled("base", places) {
        sheet.base.insert(unit, value);
    }
    for tier in tiered.rows("tiers") {
        let price = tier
            .raw("price")
            .and_then(|text| scaled(text.trim_matches('"'), places));
        if let (Some(start), Some(price)) = (tier.count("start"), price) {
            sheet.tiers.entry(start).or_default().insert(unit, price);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = r#"[{"id": "openai", "models": [
        {"match": {"is": "ClauseOr", "or_": [{"is": "ClauseEquals", "equals": "a"}, {"is": "ClauseStartsWith", "starts_with": "a-"}]},
         "prices": [
           {"is": "ConditionalPrice", "prices": {"input_mtok": "1"}},
           {"is": "ConditionalPrice", "constraint": {"is": "StartDateConstraint", "start_date": "2026-10-01"}, "prices": {"input_mtok": "2"}},
           {"is": "ConditionalPrice", "constraint": {"is": "StartDateConstraint", "start_date": "2027-01-01"}, "prices": {"input_mtok": "3"}}]},
        {"match": {"is": "ClauseEquals", "equals": "b"},
         "prices": [
           {"is": "ConditionalPrice", "prices": {"input_mtok": "0.15"}},
           {"is": "ConditionalPrice", "constraint": {"is": "TimeOfDateConstraint"}, "prices": {"input_mtok": "0.3"}}]},
        {"match": {"is": "ClauseEquals", "equals": "c"},
         "prices": {"input_mtok": {"is": "TieredPrices", "base": "1", "tiers": [{"start": 200000, "price": "2"}]}}}]}]"#;

    fn prompt(id: &str) -> Option<i64> {
        parse(LIST, "2026-11-22")
            .unwrap()
            .sheet("openai", id)?
            .base
            .get("prompt")
            .copied()
    }

    #[test]
    fn the_last_price_that_has_begun_counts_and_the_dearest_hour() {
        assert_eq!(prompt("a-1"), Some(2_000_000));
        assert_eq!(prompt("b"), Some(300_000));
        assert_eq!(prompt("z"), None);
    }

    #[test]
    fn tiers_are_prices_above_a_threshold() {
        let list = parse(LIST, "2026-11-22").unwrap();
        let sheet = list.sheet("openai", "c").unwrap();
        assert_eq!(sheet.base["prompt"], 1_000_000);
        assert_eq!(sheet.tiers[&200_000]["prompt"], 2_000_000);
    }
}
