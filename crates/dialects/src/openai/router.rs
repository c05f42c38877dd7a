//! What another router behind this one must know: restrictions of the caller's. Names of providers, models to
//! fall back to and the order of trying are this router's own business.

use canon::Preferences;
use serde_json::{Map, Value};

/// The `provider` object for the next router; empty where the caller restricts nothing.
pub(super) fn restrictions(wish: &Preferences) -> Map<String, Value> {
    let mut provider = Map::new();
    let flags = [
        ("zdr", wish.zdr),
        ("enforce_distillable_text", wish.enforce_distillable_text),
        ("require_parameters", wish.require_parameters),
    ];
    for (name, flag) in flags {
        if let Some(flag) = flag {
            provider.insert(name.to_owned(), flag.into());
        }
    }
    if let Some(deny) = wish.deny_data_collection {
        let word = if deny { "deny" } else { "allow" };
        provider.insert("data_collection".to_owned(), word.into());
    }
    if !wish.quantizations.is_empty() {
        let list = wish.quantizations.clone().into();
        provider.insert("quantizations".to_owned(), list);
    }
    provider
}
