//! Sheets of features, `fixtures/features/{requests,answers}/<dialect>.json`: a plain body, and one patch for each
//! thing that a dialect can say. What a pair of dialects makes of a feature is seen by comparing the bodies with and
//! without it.

use std::fs;
use std::path::Path;

use dialects::Dialect;
use serde_json::Value;

/// What one dialect can say.
#[derive(Debug)]
pub(crate) struct Sheet {
    pub(crate) dialect: Dialect,
    /// The plain body.
    pub(crate) base: Value,
    features: Vec<Feature>,
}

/// One thing a dialect can say.
#[derive(Debug)]
pub(crate) struct Feature {
    pub(crate) name: String,
    /// The feature without which this one makes no sense.
    on: Option<String>,
    /// A merge patch (RFC 7396) over what it stands on.
    pub(crate) patch: Value,
}

impl Sheet {
    /// The sheet of a dialect, where there is one.
    pub(crate) fn read(kind: &str, dialect: Dialect) -> Option<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/features");
        let bytes = fs::read(root.join(kind).join(format!("{dialect}.json"))).ok()?;
        let mut sheet: Value = serde_json::from_slice(&bytes).unwrap();
        let features = sheet["features"].as_array().unwrap().iter();
        let features = features
            .map(|feature| Feature {
                name: feature["name"].as_str().unwrap().to_owned(),
                on: feature["on"].as_str().map(str::to_owned),
                patch: feature["patch"].clone(),
            })
            .collect();
        Some(Self {
            dialect,
            base: sheet["base"].take(),
            features,
        })
    }

    /// Every feature, with the body that has it and the one that lacks it.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&Feature, Value, Value)> {
        self.features.iter().map(|feature| {
            let without = self.without(feature);
            let mut with = without.clone();
            merge(&mut with, &feature.patch);
            (feature, with, without)
        })
    }

    /// The body that has this feature; the plain one where the name is empty.
    pub(crate) fn body(&self, name: &str) -> Option<Value> {
        if name.is_empty() {
            return Some(self.base.clone());
        }
        let mut named = self.features.iter();
        let feature = named.find(|feature| feature.name == name)?;
        let mut body = self.without(feature);
        merge(&mut body, &feature.patch);
        Some(body)
    }

    pub(crate) fn len(&self) -> usize {
        self.features.len()
    }

    fn without(&self, feature: &Feature) -> Value {
        let Some(on) = &feature.on else {
            return self.base.clone();
        };
        let mut named = self.features.iter();
        let below = named.find(|feature| feature.name == *on).unwrap();
        let mut body = self.without(below);
        merge(&mut body, &below.patch);
        body
    }
}

/// RFC 7396: objects merge, `null` removes, everything else replaces.
fn merge(body: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *body = patch.clone();
        return;
    };
    if !body.is_object() {
        *body = Value::Object(serde_json::Map::new());
    }
    let body = body.as_object_mut().unwrap();
    for (name, value) in patch {
        if value.is_null() {
            body.shift_remove(name);
        } else {
            merge(body.entry(name.clone()).or_insert(Value::Null), value);
        }
    }
}
