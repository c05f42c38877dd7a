//! Who serves what: the catalogue, the configured providers and the model servers found on this machine, put together
//! once and never changed; a change makes another one.

use std::sync::Arc;

use canon::{PicoUsd, ProviderId};
use foldhash::HashMap;
use policy::catalog::{
    self, Catalog, Endpoint, Modalities, Modality, Own, Parameter, Parameters, PriceSheet,
    Quantization, Unit,
};
use providers::{Client, Configured, OwnProvider, Upstream, local};
use thiserror::Error;
use tracing::{info, warn};

use crate::config::{Config, Provider};

/// Who serves what.
#[derive(Debug)]
pub struct Snapshot {
    /// Models and their endpoints, those of own vendors included.
    pub catalog: Catalog,
    /// Configured providers by id; of one with several places the first.
    pub upstreams: HashMap<ProviderId, Arc<Upstream>>,
    /// Who is called for each endpoint, by its index.
    asked: Box<[Option<Arc<Upstream>>]>,
}

/// Why a configuration makes no snapshot.
#[derive(Debug, Error)]
pub enum SnapshotError {
    /// A provider cannot be called.
    #[error("a provider cannot be called")]
    Provider(#[source] providers::Error),
    /// The models contradict each other.
    #[error("the models contradict each other")]
    Catalog(#[source] catalog::Error),
}

impl Snapshot {
    /// What is configured and what was found.
    ///
    /// # Errors
    /// A provider cannot be called as configured, or names a model twice.
    pub fn of(config: &Config, found: Vec<local::Found>) -> Result<Self, SnapshotError> {
        let embedded = Catalog::embedded();
        let mut upstreams = HashMap::default();
        let mut places = Vec::new();
        let mut own = Vec::new();
        for provider in config.providers.values() {
            for (place, configured) in provider.all_places() {
                let upstream =
                    upstream_of(provider, configured).map_err(SnapshotError::Provider)?;
                let upstream = Arc::new(upstream);
                upstreams
                    .entry(provider.id.clone())
                    .or_insert_with(|| Arc::clone(&upstream));
                places.push((Arc::new(place), upstream));
            }
            own.extend(provider.own_models(&embedded));
        }
        for server in found {
            let Ok(id) = server.provider.id.parse::<ProviderId>() else {
                continue;
            };
            if !upstreams.contains_key(&id) {
                let upstream = Upstream::known(server.provider, Some(&server.base_url), None);
                let upstream = upstream.map_err(SnapshotError::Provider)?;
                upstreams.insert(id.clone(), Arc::new(upstream));
            }
            // Models that the configuration names for this server stay as configured.
            let named: Vec<Box<str>> = own
                .iter()
                .filter(|own: &&Own| own.provider == id)
                .map(|own| own.upstream_id.clone())
                .collect();
            let fresh = server
                .models
                .iter()
                .filter(|model| !named.iter().any(|id| **id == *model.id));
            let fresh: Vec<Own> = fresh.filter_map(|model| local_model(&id, model)).collect();
            let models: Vec<&str> = fresh.iter().map(|own| own.model.as_str()).collect();
            info!(
                server = server.provider.name,
                at = server.base_url,
                ?models,
                "found on this machine"
            );
            own.extend(fresh);
        }
        let all: Vec<_> = places.iter().map(|(place, _)| Arc::clone(place)).collect();
        let catalog = embedded.with_own(own);
        let catalog = catalog.and_then(|catalog| catalog.with_places(&all));
        let catalog = catalog.map_err(SnapshotError::Catalog)?;
        let asked = |endpoint: &Endpoint| match &endpoint.place {
            None => upstreams.get(&endpoint.provider).map(Arc::clone),
            Some(here) => {
                let found = places.iter().find(|(place, _)| Arc::ptr_eq(place, here));
                found.map(|(_, upstream)| Arc::clone(upstream))
            }
        };
        let asked = catalog.all_endpoints().iter().map(asked).collect();
        Ok(Self {
            catalog,
            upstreams,
            asked,
        })
    }

    /// Who is called for this endpoint; `None` where its vendor is not configured.
    #[must_use]
    pub fn upstream(&self, endpoint: &Endpoint) -> Option<&Arc<Upstream>> {
        self.asked.get(endpoint.index)?.as_ref()
    }
}

/// Asks this machine's well-known ports, unless told not to. Takes at most a third of a second.
pub async fn discover(config: &Config) -> Vec<local::Found> {
    if !config.local.discover {
        return Vec::new();
    }
    match Client::new() {
        Ok(client) => local::discover(&client, local::Ports::default()).await,
        Err(error) => {
            warn!(%error, "this machine was not searched for model servers");
            Vec::new()
        }
    }
}

fn upstream_of(provider: &Provider, configured: Configured) -> Result<Upstream, providers::Error> {
    let upstream = made_of(provider, configured)?;
    Ok(match provider.cancel_stops_billing {
        Some(stops) => upstream.cancelling(stops),
        None => upstream,
    })
}

fn made_of(provider: &Provider, configured: Configured) -> Result<Upstream, providers::Error> {
    let Some(known) = providers::find(provider.id.as_str()).filter(|_| provider.dialect.is_none())
    else {
        return Upstream::own(OwnProvider {
            auth: provider.auth,
            id: provider.id.to_string(),
            name: provider
                .name
                .clone()
                .unwrap_or_else(|| provider.id.to_string()),
            // The configuration does not pass without a dialect and an address.
            dialect: provider.dialect.unwrap_or(canon::Dialect::OpenAiChat),
            base_url: configured.base_url.unwrap_or_default(),
            also: configured.also,
            key: configured.key,
            data_policy: provider.data_policy,
        });
    };
    Upstream::configured(known, configured)
}

/// A model on this machine: it costs nothing, and nobody says what it can do, so nothing is held back from it.
fn local_model(provider: &ProviderId, model: &local::LocalModel) -> Option<Own> {
    let text = Modalities::EMPTY.with(Modality::Text);
    let parameters = Parameter::ALL
        .iter()
        .fold(Parameters::EMPTY, |all, one| all.with(*one));
    let free = PriceSheet::new([
        (Unit::Prompt, PicoUsd::ZERO),
        (Unit::Completion, PicoUsd::ZERO),
    ]);
    Some(Own {
        provider: provider.clone(),
        model: format!("{provider}/{}", model.id).parse().ok()?,
        name: None,
        upstream_id: model.id.as_str().into(),
        context_length: model.context_length,
        max_output_tokens: None,
        input: text.with(Modality::Image),
        output: text,
        parameters,
        quantization: Quantization::Unknown,
        prices: free.ok(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_server_found_on_this_machine_is_offered_by_its_own_names() {
        let found = local::Found {
            provider: providers::find("ollama").unwrap(),
            base_url: "http://127.0.0.1:11434/v1".to_owned(),
            models: vec![local::LocalModel {
                id: "llama3.2:1b".to_owned(),
                context_length: Some(2_048),
            }],
        };
        let snapshot = Snapshot::of(&Config::default(), vec![found]).unwrap();
        let resolved = snapshot.catalog.resolve("ollama/llama3.2:1b").unwrap();
        let endpoints: Vec<_> = resolved.endpoints().collect();
        assert_eq!(endpoints.len(), 1);
        assert_eq!(&*endpoints[0].upstream_id, "llama3.2:1b");
        assert_eq!(endpoints[0].context_length, Some(2_048));
        assert!(endpoints[0].prices.as_ref().unwrap().is_free());
        let upstream = &snapshot.upstreams[&endpoints[0].provider];
        assert_eq!(upstream.base_url(), "http://127.0.0.1:11434/v1");
    }

    #[test]
    fn nothing_is_offered_where_nothing_was_found_or_configured() {
        let snapshot = Snapshot::of(&Config::default(), Vec::new()).unwrap();
        assert!(snapshot.upstreams.is_empty());
    }
}
