//! The plugin `web`: whether the web is searched for an answer, and how (spec/inference.md §8.7).

use canon::Search;
use serde_json::Value;

use crate::{Error, Fields};

/// The plugin's id.
const ID: &str = "web";
/// Results of one search, at most.
const RESULTS_MOST: u64 = 25;
const ENGINES: &[&str] = &["exa", "firecrawl", "parallel", "perplexity"];

/// Reads the plugin `web` out of a request's `plugins`, the first that is on; `None` where it is not among them or is
/// switched off.
///
/// # Errors
/// A wrong type, a value that is not allowed, or a search engine that is not here: only vendors search.
pub fn take_search(plugins: &[Value]) -> Result<Option<Search>, Error> {
    let is_web = |plugin: &&Value| plugin.get("id").and_then(Value::as_str) == Some(ID);
    for (index, plugin) in plugins.iter().enumerate().filter(|(_, it)| is_web(it)) {
        let mut plugin = Fields::from_value(plugin.clone(), format!("plugins[{index}]"))?;
        if plugin.bool("enabled")? != Some(false) {
            return read(plugin).map(Some);
        }
    }
    Ok(None)
}

fn read(mut plugin: Fields) -> Result<Search, Error> {
    check_engine(&mut plugin)?;
    let most = plugin.u64("max_results")?;
    if let Some(most) = most
        && !(1..=RESULTS_MOST).contains(&most)
    {
        return Err(plugin.wrong("max_results", "a number from 1 to 25", &most.into()));
    }
    let uses = plugin.u64("max_uses")?;
    if uses == Some(0) {
        return Err(plugin.wrong("max_uses", "a number of 1 or more", &0.into()));
    }
    Ok(Search {
        max_uses: uses,
        max_results: most,
        prompt: plugin.string("search_prompt")?,
        include_domains: plugin.strings("include_domains")?.unwrap_or_default(),
        exclude_domains: plugin.strings("exclude_domains")?.unwrap_or_default(),
        location: plugin.map("user_location")?,
    })
}

fn check_engine(plugin: &mut Fields) -> Result<(), Error> {
    let engine = plugin.string("engine")?;
    match engine.as_deref() {
        None | Some("native") => Ok(()),
        Some(other) if ENGINES.contains(&other) => {
            let expected =
                "\"native\": this server has no search engine of its own, vendors search";
            Err(plugin.wrong("engine", expected, &other.into()))
        }
        Some(other) => Err(plugin.wrong("engine", "\"native\"", &other.into())),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_plugin_that_is_off_or_another_searches_nothing() {
        for plugins in [
            json!([]),
            json!([{"id": "web", "enabled": false}]),
            json!([{"id": "auto-router"}, {"id": "web", "enabled": false}, 7, null, "web"]),
        ] {
            assert_eq!(take_search(plugins.as_array().unwrap()), Ok(None));
        }
    }

    /// A vendor that reads the plugins itself would search for it, and nobody would have set money aside.
    #[test]
    fn one_that_is_off_hides_none_that_is_on() {
        let plugins = json!([{"id": "web", "enabled": false}, {"id": "web", "max_uses": 3}]);
        let search = take_search(plugins.as_array().unwrap()).unwrap().unwrap();
        assert_eq!(search.max_uses, Some(3));
    }

    #[test]
    fn the_plugin_says_how_is_searched() {
        let plugins = json!([{"id": "web", "engine": "native", "max_uses": 2, "max_results": 5,
            "include_domains": ["*.example.org"], "user_location": {"type": "approximate"}}]);
        let search = take_search(plugins.as_array().unwrap()).unwrap().unwrap();
        assert_eq!(search.max_uses, Some(2));
        assert_eq!(search.include_domains, ["*.example.org"]);
        assert!(search.location.is_some());
    }

    #[test]
    fn a_wrong_setting_is_named() {
        for (plugin, path) in [
            (json!({"id": "web", "engine": "exa"}), "plugins[0].engine"),
            (json!({"id": "web", "engine": "bing"}), "plugins[0].engine"),
            (
                json!({"id": "web", "max_results": 26}),
                "plugins[0].max_results",
            ),
            (json!({"id": "web", "max_uses": 0}), "plugins[0].max_uses"),
            (
                json!({"id": "web", "include_domains": "x"}),
                "plugins[0].include_domains",
            ),
        ] {
            let error = take_search(&[plugin]).unwrap_err();
            assert_eq!(error.path(), Some(path), "{error}");
        }
    }
}
