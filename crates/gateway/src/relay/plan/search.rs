//! Search of the web (`plugins: [{"id": "web"}]`, `:online`): vendors do it, on the wire on which they have it.

use canon::{Fault, Request, Search};
use policy::catalog::{Endpoint, Suffix, Unit};
use providers::Upstream;
use serde_json::json;

use crate::{relay::admit::unreadable, routing::terms::View};

/// The plugin that asks for it.
pub(in crate::relay) const PLUGIN: &str = "web";

/// Reads the wish out of the plugins and the names of the models, those that a name of the operator's stands for included.
///
/// # Errors
/// The plugin is not written as it must be.
pub(crate) fn wish(request: &mut Request, terms: &View) -> Result<(), Fault> {
    let plugins = &request.routing.plugins;
    let search = dialects::openrouter::take_search(plugins).map_err(|error| unreadable(&error))?;
    let mut names = request.model.iter().chain(&request.routing.models);
    let has_suffix = |name: &String| {
        name.split(':')
            .skip(1)
            .any(|suffix| suffix == Suffix::Online.name())
    };
    let is_asked = |name: &String| match terms.models_of(name) {
        Some(models) => models.iter().any(has_suffix),
        None => has_suffix(name),
    };
    request.search = match search {
        None if names.any(is_asked) => {
            // For OpenRouter as a vendor, which reads the plugin itself.
            request
                .routing
                .plugins
                .retain(|plugin| plugin["id"] != PLUGIN);
            request.routing.plugins.push(json!({ "id": PLUGIN }));
            Some(Search::default())
        }
        search => search,
    };
    Ok(())
}

/// Whether the vendor searches for this endpoint: it can on one of its wires, and it is known what a search costs, so
/// that it is paid for. OpenRouter searches for every model.
pub(in crate::relay) fn is_known(upstream: &Upstream, endpoint: &Endpoint) -> bool {
    let Some(way) = upstream.searching_way(endpoint.model.as_str()) else {
        return false;
    };
    let prices = endpoint.prices.as_ref();
    way.form().openrouter || prices.is_some_and(|prices| prices.price(Unit::WebSearch).is_some())
}
