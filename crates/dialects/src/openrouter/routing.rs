//! Where a request may go, as its caller says: `models`, `route`, `provider` and their company.
//!
//! A misspelt preference would lift a restriction without a word, so unknown fields of `provider` are
//! refused (OpenRouter's schema closes that object too). Elsewhere unknown fields pass.

use canon::{MoneyError, PicoUsd, Preferences, Routing, Sort};
use serde_json::Value;

use super::ours::Ours;
use crate::{Error, Fields, fields::wrong};

const PROVIDER_FIELDS: &str = "only the fields order, only, ignore, allow_fallbacks, require_parameters, \
    data_collection, zdr, enforce_distillable_text, quantizations, sort, preferred_min_throughput, \
    preferred_max_latency and max_price";
const QUANTIZATIONS: &[&str] = &[
    "int4", "int8", "fp4", "mxfp4", "nvfp4", "fp6", "fp8", "mxfp8", "fp16", "bf16", "fp32",
    "unknown",
];
const PERCENTILES: &[&str] = &["p50", "p75", "p90", "p99"];
/// The kinds of unit in `max_price`, and how many of them a stated price is for.
pub(super) const PRICE_KINDS: &[(&str, i64)] = &[
    ("prompt", 1_000_000),
    ("completion", 1_000_000),
    ("request", 1),
    ("image", 1),
    ("audio", 1),
];

/// Takes everything of a request that says where it may go: `models`, `route`, `provider`, `plugins`,
/// `transforms`, `debug`, `trace`, `preset` and what is Weir's own (`weir`).
///
/// # Errors
/// A wrong type, a value that is not allowed, an unknown preference, or a preset (there are none here).
pub fn take_routing(fields: &mut Fields) -> Result<Routing, Error> {
    refuse_preset(fields)?;
    check_transforms(fields)?;
    let across_models = take_route(fields)?;
    let models = fields.strings("models")?.unwrap_or_default();
    let preferences = match fields.object("provider")? {
        Some(provider) => parse_preferences(provider, across_models)?,
        None => Preferences {
            across_models,
            ..Preferences::default()
        },
    };
    let plugins = take_plugins(fields)?;
    let echo_upstream_body = match fields.object("debug")? {
        Some(mut debug) => debug.bool("echo_upstream_body")?.unwrap_or(false),
        None => false,
    };
    let ours = Ours::take(fields)?;
    Ok(Routing {
        models,
        preferences,
        plugins,
        echo_upstream_body,
        trace: fields.map("trace")?,
        loss: ours.loss,
        on_break: ours.on_break,
        hedge: ours.hedge,
    })
}

fn refuse_preset(fields: &mut Fields) -> Result<(), Error> {
    match fields.value("preset") {
        None => Ok(()),
        Some(preset) => Err(fields.wrong("preset", "no preset: this server has none", &preset)),
    }
}

/// `transforms` is the old name of prompt compression. Its one value asks for something that only matters
/// where the prompt does not fit, and then the caller hears that it does not fit.
fn check_transforms(fields: &mut Fields) -> Result<(), Error> {
    for transform in fields.strings("transforms")?.unwrap_or_default() {
        if transform != "middle-out" {
            let found = Value::String(transform);
            return Err(fields.wrong("transforms", "[] or [\"middle-out\"]", &found));
        }
    }
    Ok(())
}

/// The old name of `provider.sort.partition`: whether endpoints of all models are sorted together.
fn take_route(fields: &mut Fields) -> Result<bool, Error> {
    let route = fields.string("route")?;
    match route.as_deref() {
        None | Some("fallback") => Ok(false),
        Some("sort") => Ok(true),
        Some(other) => Err(fields.wrong("route", "\"fallback\" or \"sort\"", &other.into())),
    }
}

/// Plugins stay as they are written; each has an id. Whether there is such a plugin is not asked here.
fn take_plugins(fields: &mut Fields) -> Result<Vec<Value>, Error> {
    let mut plugins = Vec::new();
    for plugin in fields.objects("plugins")?.unwrap_or_default() {
        match plugin.peek("id") {
            Some(Value::String(_)) => plugins.push(Value::Object(plugin.into_map())),
            Some(other) => return Err(plugin.wrong("id", "a string", other)),
            None => return Err(plugin.missing("id", "the plugin's name")),
        }
    }
    Ok(plugins)
}

fn parse_preferences(mut provider: Fields, across_models: bool) -> Result<Preferences, Error> {
    let (sort, partition) = take_sort(&mut provider)?;
    let preferences = Preferences {
        order: provider.strings("order")?.unwrap_or_default(),
        allow_fallbacks: provider.bool("allow_fallbacks")?,
        only: provider.strings("only")?,
        ignore: provider.strings("ignore")?.unwrap_or_default(),
        require_parameters: provider.bool("require_parameters")?,
        deny_data_collection: take_data_collection(&mut provider)?,
        zdr: provider.bool("zdr")?,
        enforce_distillable_text: provider.bool("enforce_distillable_text")?,
        quantizations: take_quantizations(&mut provider)?,
        sort,
        across_models: partition.unwrap_or(across_models),
        preferred_min_throughput: take_threshold(&mut provider, "preferred_min_throughput")?,
        preferred_max_latency: take_threshold(&mut provider, "preferred_max_latency")?,
        max_price: take_max_price(&mut provider)?,
    };
    let path = provider.path().to_owned();
    match provider.into_map().into_iter().next() {
        None => Ok(preferences),
        Some((name, value)) => Err(wrong(&format!("{path}.{name}"), PROVIDER_FIELDS, &value)),
    }
}

/// `sort` is a word or `{by, partition}`.
fn take_sort(provider: &mut Fields) -> Result<(Option<Sort>, Option<bool>), Error> {
    let path = provider.path_of("sort");
    match provider.value("sort") {
        None => Ok((None, None)),
        Some(Value::String(by)) => Ok((Some(parse_sort(&path, &by)?), None)),
        Some(value @ Value::Object(_)) => {
            let mut sort = Fields::from_value(value, path)?;
            let by = sort.string("by")?;
            let by = by
                .map(|by| parse_sort(&sort.path_of("by"), &by))
                .transpose()?;
            let partition = sort.string("partition")?;
            match partition.as_deref() {
                None => Ok((by, None)),
                Some("model") => Ok((by, Some(false))),
                Some("none") => Ok((by, Some(true))),
                Some(other) => Err(sort.wrong("partition", "\"model\" or \"none\"", &other.into())),
            }
        }
        Some(other) => Err(wrong(&path, "a string or {by, partition}", &other)),
    }
}

fn parse_sort(path: &str, by: &str) -> Result<Sort, Error> {
    match by {
        "price" => Ok(Sort::Price),
        "throughput" => Ok(Sort::Throughput),
        "latency" => Ok(Sort::Latency),
        "exacto" => Ok(Sort::Exacto),
        other => Err(wrong(
            path,
            "\"price\", \"throughput\", \"latency\" or \"exacto\"",
            &other.into(),
        )),
    }
}

fn take_data_collection(provider: &mut Fields) -> Result<Option<bool>, Error> {
    let wish = provider.string("data_collection")?;
    match wish.as_deref() {
        None => Ok(None),
        Some("deny") => Ok(Some(true)),
        Some("allow") => Ok(Some(false)),
        Some(other) => {
            Err(provider.wrong("data_collection", "\"allow\" or \"deny\"", &other.into()))
        }
    }
}

fn take_quantizations(provider: &mut Fields) -> Result<Vec<String>, Error> {
    let names = provider.strings("quantizations")?.unwrap_or_default();
    for (index, name) in names.iter().enumerate() {
        if !QUANTIZATIONS.contains(&name.as_str()) {
            let path = format!("{}[{index}]", provider.path_of("quantizations"));
            let expected = format!("one of {}", QUANTIZATIONS.join(", "));
            return Err(wrong(&path, &expected, &name.as_str().into()));
        }
    }
    Ok(names)
}

/// A soft limit: one number, or one for each of some percentiles.
fn take_threshold(provider: &mut Fields, name: &str) -> Result<Option<Value>, Error> {
    let path = provider.path_of(name);
    let Some(value) = provider.value(name) else {
        return Ok(None);
    };
    let is_limit = |value: &Value| value.as_f64().is_some_and(|number| number >= 0.0);
    if is_limit(&value) {
        return Ok(Some(value));
    }
    let Value::Object(percentiles) = &value else {
        let expected = "a number of 0 or more, or {p50, p75, p90, p99}";
        return Err(wrong(&path, expected, &value));
    };
    for (name, limit) in percentiles {
        if !PERCENTILES.contains(&name.as_str()) {
            let path = format!("{path}.{name}");
            return Err(wrong(&path, "only p50, p75, p90 and p99", limit));
        }
        if !limit.is_null() && !is_limit(limit) {
            return Err(wrong(
                &format!("{path}.{name}"),
                "a number of 0 or more",
                limit,
            ));
        }
    }
    Ok(Some(value))
}

/// Prices come as numbers or as decimal text, for a million tokens or for one of something else.
fn take_max_price(provider: &mut Fields) -> Result<Vec<(String, PicoUsd)>, Error> {
    let Some(mut prices) = provider.object("max_price")? else {
        return Ok(Vec::new());
    };
    let mut limits = Vec::new();
    for (kind, units) in PRICE_KINDS {
        if let Some(value) = prices.value(kind) {
            let price = parse_price(&prices.path_of(kind), &value)?;
            // Unit prices are whole pico-USD: what is finer than that excludes nothing.
            limits.push(((*kind).to_owned(), PicoUsd::new(price.get() / units)));
        }
    }
    let path = prices.path().to_owned();
    match prices.into_map().into_iter().next() {
        None => Ok(limits),
        Some((name, value)) => Err(wrong(
            &format!("{path}.{name}"),
            "only prompt, completion, request, image and audio",
            &value,
        )),
    }
}

fn parse_price(path: &str, value: &Value) -> Result<PicoUsd, Error> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        // serde_json keeps the nearest f64 and writes the shortest decimal that names it: the one in the body.
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            return Err(wrong(path, "a price in USD, number or string", value));
        }
    };
    match text.parse::<PicoUsd>() {
        Ok(price) if price >= PicoUsd::ZERO => Ok(price),
        Ok(_) | Err(MoneyError::NotADecimal) => {
            Err(wrong(path, "a decimal price of 0 or more", value))
        }
        Err(MoneyError::TooFine) => Err(wrong(path, "at most 12 decimal places", value)),
        // Above every price there is: the limit is no limit.
        Err(MoneyError::TooLarge) => Ok(PicoUsd::new(i64::MAX)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routing(body: &str) -> Result<Routing, Error> {
        take_routing(&mut Fields::parse(body.as_bytes()).unwrap())
    }

    #[test]
    fn a_price_limit_is_exact_and_per_token() {
        let body = r#"{"provider":{"max_price":{"prompt":0.3,"completion":"0.5","request":1e-3}}}"#;
        assert_eq!(
            routing(body).unwrap().preferences.max_price,
            [
                ("prompt".to_owned(), PicoUsd::new(300_000)),
                ("completion".to_owned(), PicoUsd::new(500_000)),
                ("request".to_owned(), PicoUsd::new(1_000_000_000)),
            ]
        );
        for wrong in [r#""-1""#, "-1", "true", r#""1,5""#, "{}"] {
            let body = format!(r#"{{"provider":{{"max_price":{{"image":{wrong}}}}}}}"#);
            let error = routing(&body).unwrap_err();
            assert_eq!(error.path(), Some("provider.max_price.image"), "{error}");
        }
    }

    #[test]
    fn an_empty_only_list_is_not_an_absent_one() {
        let preferences = |body| routing(body).unwrap().preferences;
        assert_eq!(
            preferences(r#"{"provider":{"only":[]}}"#).only,
            Some(vec![])
        );
        assert_eq!(preferences(r#"{"provider":{"only":null}}"#).only, None);
        assert_eq!(preferences("{}").only, None);
    }

    #[test]
    fn the_old_route_field_yields_to_the_partition() {
        let across = |body| routing(body).unwrap().preferences.across_models;
        assert!(across(r#"{"route":"sort"}"#));
        assert!(!across(r#"{"route":"fallback"}"#));
        assert!(across(
            r#"{"route":"sort","provider":{"sort":{"by":"price"}}}"#
        ));
        assert!(!across(
            r#"{"route":"sort","provider":{"sort":{"partition":"model"}}}"#
        ));
        assert!(across(r#"{"provider":{"sort":{"partition":"none"}}}"#));
    }

    #[test]
    fn what_is_not_understood_is_refused_by_name() {
        for (body, path) in [
            (r#"{"provider":{"zdrr":true}}"#, "provider.zdrr"),
            (r#"{"provider":{"sort":"fast"}}"#, "provider.sort"),
            (r#"{"provider":{"sort":{"by":"fast"}}}"#, "provider.sort.by"),
            (
                r#"{"provider":{"quantizations":["fp8","fp7"]}}"#,
                "provider.quantizations[1]",
            ),
            (
                r#"{"provider":{"preferred_max_latency":{"p51":1}}}"#,
                "provider.preferred_max_latency.p51",
            ),
            (r#"{"provider":{"order":"openai"}}"#, "provider.order"),
            (r#"{"models":["a/b",1]}"#, "models[1]"),
            (r#"{"preset":"comedian"}"#, "preset"),
            (r#"{"transforms":["zip"]}"#, "transforms"),
            (r#"{"route":"any"}"#, "route"),
            (r#"{"plugins":[{}]}"#, "plugins[0].id"),
        ] {
            assert_eq!(routing(body).unwrap_err().path(), Some(path), "{body}");
        }
        assert!(routing(r#"{"transforms":["middle-out"],"other":1}"#).is_ok());
    }
}
