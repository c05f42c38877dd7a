//! The `provider` object written down again: for records, from which it is read back as it came.

use canon::{PicoUsd, Preferences, Sort};
use serde_json::{Map, Value, json};

use super::routing::PRICE_KINDS;

/// The object; empty where the caller prefers nothing.
#[must_use]
pub fn render_preferences(preferences: &Preferences) -> Map<String, Value> {
    let mut object = Map::new();
    let mut field = |name: &str, value: Value| {
        object.insert(name.to_owned(), value);
    };
    let Preferences {
        order,
        allow_fallbacks,
        only,
        ignore,
        require_parameters,
        deny_data_collection,
        zdr,
        enforce_distillable_text,
        quantizations,
        sort,
        across_models,
        preferred_min_throughput,
        preferred_max_latency,
        max_price,
    } = preferences;
    let lists = [
        ("order", order),
        ("ignore", ignore),
        ("quantizations", quantizations),
    ];
    for (name, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
        field(name, json!(list));
    }
    if let Some(only) = only {
        field("only", json!(only));
    }
    let flags = [
        ("allow_fallbacks", allow_fallbacks),
        ("require_parameters", require_parameters),
        ("zdr", zdr),
        ("enforce_distillable_text", enforce_distillable_text),
    ];
    for (name, flag) in flags {
        if let Some(flag) = flag {
            field(name, json!(flag));
        }
    }
    if let Some(deny) = deny_data_collection {
        field(
            "data_collection",
            json!(if *deny { "deny" } else { "allow" }),
        );
    }
    if sort.is_some() || *across_models {
        let partition = if *across_models { "none" } else { "model" };
        field(
            "sort",
            json!({ "by": sort.map(word), "partition": partition }),
        );
    }
    let thresholds = [
        ("preferred_min_throughput", preferred_min_throughput),
        ("preferred_max_latency", preferred_max_latency),
    ];
    for (name, threshold) in thresholds {
        if let Some(threshold) = threshold {
            field(name, threshold.clone());
        }
    }
    if !max_price.is_empty() {
        let prices = max_price.iter().map(|(kind, price)| stated(kind, *price));
        field("max_price", Value::Object(prices.collect()));
    }
    object
}

const fn word(sort: Sort) -> &'static str {
    match sort {
        Sort::Price => "price",
        Sort::Throughput => "throughput",
        Sort::Latency => "latency",
        Sort::Exacto => "exacto",
    }
}

/// A price as it is stated: for a million tokens, or for one of something else.
fn stated(kind: &str, price: PicoUsd) -> (String, Value) {
    let of_kind = PRICE_KINDS.iter().find(|(name, _)| *name == kind);
    let units = of_kind.map_or(1, |(_, units)| *units);
    let stated = PicoUsd::new(price.get().saturating_mul(units));
    (kind.to_owned(), Value::String(stated.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Fields, openrouter::take_routing};

    fn read(provider: &Map<String, Value>) -> Preferences {
        let body = json!({ "provider": provider }).to_string();
        let routing = take_routing(&mut Fields::parse(body.as_bytes()).unwrap());
        routing.unwrap().preferences
    }

    #[test]
    fn what_is_written_is_read_as_it_was() {
        let objects = [
            json!({}),
            json!({ "only": [] }),
            json!({ "order": ["a", "b/c"], "allow_fallbacks": false, "only": ["a"], "ignore": ["d"] }),
            json!({ "require_parameters": true, "zdr": true, "enforce_distillable_text": false }),
            json!({ "data_collection": "deny", "quantizations": ["fp8", "unknown"] }),
            json!({ "data_collection": "allow", "sort": "price" }),
            json!({ "sort": { "by": "latency", "partition": "none" } }),
            json!({ "sort": { "partition": "none" } }),
            json!({ "preferred_min_throughput": { "p50": 40, "p90": null }, "preferred_max_latency": 0.5 }),
            json!({ "max_price": { "prompt": 0.3, "completion": "0.000001", "request": 1e-3, "image": 2, "audio": "3" } }),
        ];
        for object in objects {
            let Value::Object(object) = object else {
                panic!()
            };
            let preferences = read(&object);
            let written = render_preferences(&preferences);
            assert_eq!(read(&written), preferences, "{object:?} as {written:?}");
        }
        assert!(render_preferences(&Preferences::default()).is_empty());
    }
}
