//! What callers say to the routers in `plugins`.

use canon::{Fault, Kind};
use policy::routers::{AutoSettings, Error, ParetoSettings, Router};
use serde_json::{Map, Value};

/// Whether a plugin is one of the routers'.
pub(crate) fn owns_plugin(id: &str) -> bool {
    Router::ALL.iter().any(|router| router.plugin() == Some(id))
}

/// Checks every plugin of the routers, whether its router is asked or not.
///
/// # Errors
/// A setting is not what it should be; the fault names its field.
pub(crate) fn check_plugins(plugins: &[Value]) -> Result<(), Fault> {
    for (place, plugin) in plugins.iter().enumerate() {
        let Some(fields) = plugin.as_object() else {
            continue;
        };
        let checked = match fields.get("id").and_then(Value::as_str) {
            Some("auto-router" | "auto-beta-router") => AutoSettings::parse(fields).map(drop),
            Some("pareto-router") => ParetoSettings::parse(fields).map(drop),
            Some(_) | None => Ok(()),
        };
        checked.map_err(|error| wrong(place, &error))?;
    }
    Ok(())
}

fn wrong(place: usize, error: &Error) -> Fault {
    let param = format!("plugins.{place}.{}", error.field());
    let say = format!("{param}: {}", error.say());
    Fault::caller(Kind::InvalidRequest, say).with_metadata("param", param)
}

/// What the caller says to `openrouter/auto` or `openrouter/auto-beta`: each reads its own plugin only. A router of the
/// operator's own reads that of `openrouter/auto`.
pub(super) fn auto_settings(plugins: &[Value], router: Option<Router>) -> AutoSettings {
    let id = router.and_then(Router::plugin).unwrap_or("auto-router");
    let settings = fields(plugins, id).and_then(|fields| AutoSettings::parse(fields).ok());
    settings.unwrap_or_default()
}

/// What the caller says to `openrouter/pareto-code`.
pub(super) fn pareto_settings(plugins: &[Value]) -> ParetoSettings {
    let settings = fields(plugins, "pareto-router");
    let settings = settings.and_then(|fields| ParetoSettings::parse(fields).ok());
    settings.unwrap_or_default()
}

fn fields<'a>(plugins: &'a [Value], id: &str) -> Option<&'a Map<String, Value>> {
    let mut fields = plugins.iter().filter_map(Value::as_object);
    fields.find(|fields| fields.get("id").and_then(Value::as_str) == Some(id))
}
