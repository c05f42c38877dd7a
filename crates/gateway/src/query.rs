//! A query string, taken parameter by parameter; what is wrong is named.

use std::ops::RangeInclusive;

use axum::extract::Query as Pairs;
use canon::{Fault, Kind, PicoUsd};
use http::Uri;

/// The parameters of a request. An empty value counts as absent.
#[derive(Debug)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Reads the query of an address.
    ///
    /// # Errors
    /// It is not percent-encoded UTF-8.
    pub fn parse(uri: &Uri) -> Result<Self, Fault> {
        match Pairs::<Vec<(String, String)>>::try_from_uri(uri) {
            Ok(Pairs(pairs)) => Ok(Self(pairs)),
            Err(error) => {
                let say = "The query string cannot be read: expected name=value pairs, percent-encoded UTF-8";
                Err(Fault::caller(Kind::InvalidRequest, say).with_source(error))
            }
        }
    }

    /// A text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        let mut values = self.0.iter().filter(|(found, _)| found == name);
        let (_, value) = values.next_back()?;
        (!value.is_empty()).then_some(value.as_str())
    }

    /// A text that must be there.
    ///
    /// # Errors
    /// It is absent or empty.
    pub fn required(&self, name: &str) -> Result<&str, Fault> {
        self.text(name)
            .ok_or_else(|| wrong(name, "a value", "nothing"))
    }

    /// Texts between commas, none of them empty; none where the parameter is absent.
    pub fn list(&self, name: &str) -> impl Iterator<Item = &str> {
        let items = self
            .text(name)
            .unwrap_or_default()
            .split(',')
            .map(str::trim);
        items.filter(|item| !item.is_empty())
    }

    /// A whole number within bounds, both allowed.
    ///
    /// # Errors
    /// It is something else.
    pub fn whole(&self, name: &str, within: RangeInclusive<u64>) -> Result<Option<u64>, Fault> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        match text.parse::<u64>() {
            Ok(number) if within.contains(&number) => Ok(Some(number)),
            _ => {
                let (low, high) = within.into_inner();
                let expected = match high {
                    u64::MAX => format!("a whole number of {low} or more"),
                    _ => format!("a whole number from {low} to {high}"),
                };
                Err(wrong(name, &expected, text))
            }
        }
    }

    /// `true` or `false`, written out.
    ///
    /// # Errors
    /// It is something else.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, Fault> {
        match self.text(name) {
            None => Ok(None),
            Some(text) => match text.parse() {
                Ok(flag) => Ok(Some(flag)),
                Err(_) => Err(wrong(name, "true or false", text)),
            },
        }
    }

    /// An amount of USD, 0 or more.
    ///
    /// # Errors
    /// It is something else.
    pub fn usd(&self, name: &str) -> Result<Option<PicoUsd>, Fault> {
        match self.text(name) {
            None => Ok(None),
            Some(text) => match text.parse::<PicoUsd>() {
                Ok(amount) if amount >= PicoUsd::ZERO => Ok(Some(amount)),
                _ => Err(wrong(name, "a decimal number of 0 or more", text)),
            },
        }
    }
}

/// The fault of a parameter whose value is not allowed.
#[must_use]
pub fn wrong(name: &str, expected: &str, found: &str) -> Fault {
    const SHOWN_MAX: usize = 60;
    let shown = match found.get(..SHOWN_MAX) {
        Some(start) if found.len() > SHOWN_MAX => format!("{start}…"),
        _ => found.to_owned(),
    };
    let say = format!("query parameter `{name}`: expected {expected}, got {shown}");
    Fault::caller(Kind::InvalidRequest, say).with_metadata("param", name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &'static str) -> Query {
        Query::parse(&Uri::from_static(text)).unwrap()
    }

    #[test]
    fn an_empty_value_counts_as_absent() {
        let query = query("/models?offset=&limit=5&q=a%20b");
        assert_eq!(query.whole("offset", 0..=9).unwrap(), None);
        assert_eq!(query.whole("limit", 0..=9).unwrap(), Some(5));
        assert_eq!(query.text("q"), Some("a b"));
    }

    #[test]
    fn what_is_wrong_is_named_with_what_is_allowed() {
        let query = query("/models?limit=0&include_disabled=1&min_price=-1");
        let says = [
            query.whole("limit", 1..=100).unwrap_err(),
            query.flag("include_disabled").unwrap_err(),
            query.usd("min_price").unwrap_err(),
            query.required("id").unwrap_err(),
        ];
        assert_eq!(
            says.map(|fault| fault.say.into_owned()),
            [
                "query parameter `limit`: expected a whole number from 1 to 100, got 0",
                "query parameter `include_disabled`: expected true or false, got 1",
                "query parameter `min_price`: expected a decimal number of 0 or more, got -1",
                "query parameter `id`: expected a value, got nothing",
            ]
        );
    }

    #[test]
    fn a_list_has_no_empty_items() {
        let query = query("/models?supported_parameters=tools,,%20stop,");
        let items: Vec<_> = query.list("supported_parameters").collect();
        assert_eq!(items, ["tools", "stop"]);
    }
}
