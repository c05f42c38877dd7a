//! What a caller may say to a router, as it stands in `plugins`.

use serde_json::{Map, Value};

use super::{Band, Patterns};

/// A setting that is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {say}")]
pub struct Error {
    field: Box<str>,
    say: Box<str>,
}

impl Error {
    pub(super) fn new(field: &str, say: impl Into<Box<str>>) -> Self {
        Self {
            field: field.into(),
            say: say.into(),
        }
    }

    /// The field, within its plugin: `cost_tier`.
    #[must_use]
    pub fn field(&self) -> &str {
        &self.field
    }

    /// What was expected.
    #[must_use]
    pub fn say(&self) -> &str {
        &self.say
    }
}

/// What a caller says to `openrouter/auto` or `openrouter/auto-beta`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AutoSettings {
    /// Only these; all where absent.
    pub allowed: Option<Patterns>,
    /// None of these, whatever is allowed.
    pub excluded: Patterns,
    /// Which part of them by cost.
    pub band: Band,
    /// Whether the model of the last answer stays.
    pub pin_model: bool,
}

/// What a caller says to `openrouter/pareto-code`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ParetoSettings {
    /// How well it must write code, from 0 to 1; the best where absent.
    pub min_coding_score: Option<f64>,
    /// USD for a million tokens of the prompt at most. Levels do not count then.
    pub max_price: Option<f64>,
}

impl AutoSettings {
    /// Reads the fields of the plugin. One that says `enabled: false` is as if it were not there.
    ///
    /// # Errors
    /// A field is not what it should be.
    pub fn parse(plugin: &Map<String, Value>) -> Result<Self, Error> {
        let allowed = patterns(plugin, "allowed_models")?;
        let excluded = patterns(plugin, "excluded_models")?.unwrap_or_default();
        let tradeoff = match present(plugin, "cost_quality_tradeoff") {
            None => None,
            Some(value) => {
                let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
                let number = number.filter(|number| *number <= 10);
                let say = "expected a whole number from 0 to 10";
                Some(number.ok_or_else(|| Error::new("cost_quality_tradeoff", say))?)
            }
        };
        let tier = match present(plugin, "cost_tier") {
            None => None,
            Some(value) => {
                let band = value.as_str().and_then(Band::named);
                let say = "expected \"low\", \"medium\", \"high\", \"xhigh\" or \"max\"";
                Some(band.ok_or_else(|| Error::new("cost_tier", say))?)
            }
        };
        let settings = Self {
            allowed,
            excluded,
            band: tier.or(tradeoff.map(Band::below)).unwrap_or_default(),
            pin_model: flag(plugin, "pin_model", false)?,
        };
        let enabled = flag(plugin, "enabled", true)?;
        Ok(if enabled { settings } else { Self::default() })
    }

    /// Whether a model may be chosen.
    #[must_use]
    pub fn admits(&self, slug: &str) -> bool {
        let allowed = self.allowed.as_ref();
        allowed.is_none_or(|allowed| allowed.match_slug(slug)) && !self.excluded.match_slug(slug)
    }
}

impl ParetoSettings {
    /// Reads the fields of the plugin. One that says `enabled: false` is as if it were not there.
    ///
    /// # Errors
    /// A field is not what it should be.
    pub fn parse(plugin: &Map<String, Value>) -> Result<Self, Error> {
        let score = number(
            plugin,
            "min_coding_score",
            1.0,
            "expected a number from 0 to 1",
        )?;
        let price = number(
            plugin,
            "max_price",
            f64::MAX,
            "expected a number of 0 or more",
        )?;
        if let Some(source) = present(plugin, "price_source")
            && source.as_str() != Some("prompt")
        {
            let say = "expected \"prompt\": what tokens cost on average (\"weighted_avg\") is not measured here yet";
            return Err(Error::new("price_source", say));
        }
        if !flag(plugin, "enabled", true)? {
            return Ok(Self::default());
        }
        Ok(Self {
            min_coding_score: score,
            max_price: price,
        })
    }
}

fn present<'a>(plugin: &'a Map<String, Value>, field: &str) -> Option<&'a Value> {
    plugin.get(field).filter(|value| !value.is_null())
}

fn flag(plugin: &Map<String, Value>, field: &str, default: bool) -> Result<bool, Error> {
    let Some(value) = present(plugin, field) else {
        return Ok(default);
    };
    let flag = value.as_bool();
    flag.ok_or_else(|| Error::new(field, "expected true or false"))
}

fn number(
    plugin: &Map<String, Value>,
    field: &str,
    most: f64,
    say: &str,
) -> Result<Option<f64>, Error> {
    let Some(value) = present(plugin, field) else {
        return Ok(None);
    };
    let number = value
        .as_f64()
        .filter(|number| (0.0..=most).contains(number));
    number.map(Some).ok_or_else(|| Error::new(field, say))
}

fn patterns(plugin: &Map<String, Value>, field: &str) -> Result<Option<Patterns>, Error> {
    let Some(value) = present(plugin, field) else {
        return Ok(None);
    };
    let texts: Option<Vec<&str>> = value
        .as_array()
        .and_then(|list| list.iter().map(Value::as_str).collect());
    let texts = texts.ok_or_else(|| Error::new(field, "expected a list of strings"))?;
    // An empty list allows all: a caller who means to forbid everything sends no request.
    let patterns = Patterns::new(field, texts.into_iter())?;
    Ok((!patterns.is_empty()).then_some(patterns))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn auto(value: Value) -> Result<AutoSettings, Error> {
        AutoSettings::parse(value.as_object().unwrap())
    }

    fn pareto(value: Value) -> Result<ParetoSettings, Error> {
        ParetoSettings::parse(value.as_object().unwrap())
    }

    #[test]
    fn what_is_excluded_is_out_whatever_is_allowed() {
        let lists = json!({ "allowed_models": ["openai/*"], "excluded_models": ["*-mini"] });
        let settings = auto(lists).unwrap();
        assert!(settings.admits("openai/gpt-5"));
        assert!(!settings.admits("openai/gpt-5-mini"));
        assert!(!settings.admits("google/gemini-3-pro"));
        assert!(
            auto(json!({ "allowed_models": [] }))
                .unwrap()
                .admits("any/model")
        );
    }

    #[test]
    fn a_cost_tier_goes_before_the_old_dial() {
        let both = auto(json!({ "cost_tier": "max", "cost_quality_tradeoff": 10 })).unwrap();
        assert_eq!(Some(both.band), Band::named("max"));
        let dial = auto(json!({ "cost_quality_tradeoff": 10 })).unwrap();
        assert_eq!(dial.band, Band::below(10));
        assert_eq!(
            auto(json!({ "cost_tier": null })).unwrap().band,
            Band::below(9)
        );
    }

    #[test]
    fn a_plugin_that_is_switched_off_says_nothing() {
        let off = auto(json!({ "enabled": false, "cost_tier": "max", "pin_model": true }));
        assert_eq!(off, Ok(AutoSettings::default()));
        let off = pareto(json!({ "enabled": false, "max_price": 1 }));
        assert_eq!(off, Ok(ParetoSettings::default()));
    }

    #[test]
    fn what_is_wrong_names_its_field() {
        for (value, field) in [
            (json!({ "allowed_models": "openai/*" }), "allowed_models"),
            (json!({ "excluded_models": [1] }), "excluded_models"),
            (json!({ "cost_tier": "ultra" }), "cost_tier"),
            (
                json!({ "cost_quality_tradeoff": 11 }),
                "cost_quality_tradeoff",
            ),
            (
                json!({ "cost_quality_tradeoff": 1.5 }),
                "cost_quality_tradeoff",
            ),
            (json!({ "pin_model": "yes" }), "pin_model"),
            (json!({ "enabled": 1 }), "enabled"),
        ] {
            assert_eq!(auto(value).unwrap_err().field(), field);
        }
        for (value, field) in [
            (json!({ "min_coding_score": 1.1 }), "min_coding_score"),
            (json!({ "max_price": -1 }), "max_price"),
            (json!({ "price_source": "list" }), "price_source"),
            (json!({ "price_source": "weighted_avg" }), "price_source"),
        ] {
            assert_eq!(pareto(value).unwrap_err().field(), field);
        }
    }
}
