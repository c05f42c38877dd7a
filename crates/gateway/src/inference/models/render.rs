//! Rows of the catalogue as JSON.

use policy::{
    catalog::{
        Endpoint, Modalities, Modality, Parameter, Parameters, PriceSheet, Quantization, Reasoning,
        Unit,
    },
    routers::Router,
};
use serde_json::{Map, Value, json};

use super::{
    measured::{Health, percent, quantiles},
    row::Row,
};
use crate::snapshot::Snapshot;

/// What OpenRouter writes where a price is not known beforehand.
const PRICE_UNKNOWN: &str = "-1";

/// A model.
pub(super) fn model(snapshot: &Snapshot, row: &Row<'_>) -> Value {
    let model = row.model;
    let top = row.top();
    let context = top
        .and_then(|top| top.context_length)
        .or(model.context_length);
    let output = top
        .and_then(|top| top.max_output_tokens)
        .or(model.max_output_tokens);
    let parameters = row.endpoints.iter().map(|endpoint| endpoint.parameters);
    let parameters = parameters.fold(Parameters::EMPTY, Parameters::union);
    let parameters = row.router().map_or(parameters, |_| model.parameters);
    let mut object = json!({
        "id": row.id(),
        "canonical_slug": model.slug.as_str(),
        "hugging_face_id": null,
        "name": row.name(),
        "created": model.created.unwrap_or(0),
        "description": describe(snapshot, row),
        "context_length": context,
        "architecture": architecture(row),
        "pricing": row.router().map_or_else(|| pricing(row.prices()), price_of_router),
        "top_provider": {
            "context_length": context,
            "max_completion_tokens": output,
            "is_moderated": false,
        },
        "per_request_limits": null,
        "supported_parameters": names(parameters),
        "supported_voices": null,
        "default_parameters": null,
        "knowledge_cutoff": null,
        "expiration_date": model.expires,
        "links": { "details": format!("/api/v1/models/{}/endpoints", row.id()) },
    });
    if let Value::Object(object) = &mut object {
        if let Some(reasoning) = &model.reasoning {
            object.insert("reasoning".to_owned(), render_reasoning(reasoning));
        }
        if row.alias.is_some() {
            let target = json!({ "name": model.name, "slug": model.slug.as_str() });
            object.insert("alias_target".to_owned(), target);
        }
    }
    object
}

/// A model with its endpoints.
pub(super) fn model_endpoints(snapshot: &Snapshot, row: &Row<'_>, health: Health<'_>) -> Value {
    let endpoints = row.endpoints.iter();
    let endpoints: Vec<Value> = endpoints
        .map(|found| endpoint(snapshot, row, found, health))
        .collect();
    json!({
        "id": row.id(),
        "name": row.name(),
        "created": row.model.created.unwrap_or(0),
        "description": describe(snapshot, row),
        "architecture": architecture(row),
        "endpoints": endpoints,
    })
}

fn endpoint(snapshot: &Snapshot, row: &Row<'_>, endpoint: &Endpoint, health: Health<'_>) -> Value {
    let listing = health.listing(endpoint.index);
    let provider = provider_name(snapshot, endpoint);
    let quantization = Some(endpoint.quantization).filter(|word| *word != Quantization::Unknown);
    let chooses = endpoint.parameters.contains(Parameter::ToolChoice);
    json!({
        "name": format!("{provider} | {}", row.id()),
        "model_id": row.model.slug.as_str(),
        "model_name": row.name(),
        "context_length": endpoint.context_length.or(row.model.context_length).unwrap_or(0),
        "pricing": pricing(endpoint.prices.as_ref()),
        "provider_name": provider,
        "tag": endpoint.tag,
        "quantization": quantization.map(Quantization::name),
        "max_completion_tokens": endpoint.max_output_tokens,
        "max_prompt_tokens": endpoint.max_prompt_tokens,
        "supported_parameters": names(endpoint.parameters),
        "status": health.status(endpoint.index),
        "uptime_last_30m": percent(listing.uptime_30m),
        "uptime_last_5m": percent(listing.uptime_5m),
        "uptime_last_1d": percent(listing.uptime_1d),
        "latency_last_30m": quantiles(listing.latency_30m),
        "throughput_last_30m": quantiles(listing.throughput_30m),
        "supports_implicit_caching": caches_unasked(endpoint.prices.as_ref()),
        "supports_voice_cloning": false,
        "supports_diarization": false,
        // A provider's built-in tools are not offered under names of ours, and tiers have no endpoints of their own.
        "native_tools": {},
        "service_tier": null,
        "supports_tool_choice": { "auto": chooses, "none": chooses, "required": chooses, "function": chooses },
    })
}

/// The providers that are configured; all that are known where none is.
pub(super) fn providers(snapshot: &Snapshot) -> Vec<Value> {
    if snapshot.upstreams.is_empty() {
        let remote = providers::ALL
            .iter()
            .filter(|known| known.local_port.is_none());
        return remote
            .map(|known| provider(known.name, known.id, Some(known)))
            .collect();
    }
    let mut upstreams: Vec<_> = snapshot.upstreams.values().collect();
    upstreams.sort_by(|one, other| one.id().cmp(other.id()));
    let render = |upstream: &std::sync::Arc<providers::Upstream>| {
        provider(upstream.name(), upstream.id().as_str(), upstream.provider())
    };
    upstreams.into_iter().map(render).collect()
}

fn provider(name: &str, slug: &str, known: Option<&providers::Provider>) -> Value {
    let links = known.map(|known| known.links).unwrap_or_default();
    json!({
        "name": name,
        "slug": slug,
        "privacy_policy_url": links.privacy,
        "terms_of_service_url": links.terms,
        "status_page_url": links.status,
        "headquarters": known.and_then(|known| known.headquarters),
        "datacenters": null,
    })
}

/// How a provider is shown.
fn provider_name(snapshot: &Snapshot, endpoint: &Endpoint) -> String {
    let id = endpoint.provider.as_str();
    match (snapshot.upstream(endpoint), providers::find(id)) {
        (Some(upstream), _) => upstream.name().to_owned(),
        (None, Some(known)) => known.name.to_owned(),
        (None, None) => id.to_owned(),
    }
}

/// What the catalogue can say of a model in words: who serves it.
fn describe(snapshot: &Snapshot, row: &Row<'_>) -> String {
    if row.router().is_some() {
        return "Chooses among the models of this gateway.".to_owned();
    }
    let mut names: Vec<String> = Vec::new();
    for endpoint in &row.endpoints {
        let name = provider_name(snapshot, endpoint);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    format!("Served by {}.", names.join(", "))
}

/// What a router's choice costs is not known beforehand, but for those that cost nothing.
fn price_of_router(router: Router) -> Value {
    let price = match router {
        Router::Free | Router::Bodybuilder => "0",
        Router::Auto | Router::AutoBeta | Router::Pareto => PRICE_UNKNOWN,
    };
    json!({ "prompt": price, "completion": price })
}

fn architecture(row: &Row<'_>) -> Value {
    let (input, output) = (row.model.input, row.model.output);
    json!({
        "modality": format!("{}->{}", joined(input), joined(output)),
        "input_modalities": input.iter().map(Modality::name).collect::<Vec<_>>(),
        "output_modalities": output.iter().map(Modality::name).collect::<Vec<_>>(),
        "tokenizer": row.model.tokenizer,
        "instruct_type": null,
    })
}

fn joined(modalities: Modalities) -> String {
    let names: Vec<_> = modalities.iter().map(Modality::name).collect();
    names.join("+")
}

fn names(parameters: Parameters) -> Vec<&'static str> {
    let mut names: Vec<_> = parameters
        .iter()
        .map(|parameter| parameter.name())
        .collect();
    names.sort_unstable();
    names
}

/// Prices a unit, as decimal strings.
fn pricing(sheet: Option<&PriceSheet>) -> Value {
    let mut object = Map::new();
    for unit in [Unit::Prompt, Unit::Completion] {
        let price = sheet.map(|sheet| sheet.price(unit).unwrap_or_default().to_string());
        let price = price.unwrap_or_else(|| PRICE_UNKNOWN.to_owned());
        object.insert(unit.name().to_owned(), Value::String(price));
    }
    let Some(sheet) = sheet else {
        return Value::Object(object);
    };
    for (unit, price) in sheet.prices() {
        if let Some(name) = unit.wire_name() {
            object.insert(name.to_owned(), Value::String(price.to_string()));
        }
    }
    let overrides: Vec<Value> = sheet.above().iter().map(render_above).collect();
    if !overrides.is_empty() {
        object.insert("overrides".to_owned(), Value::Array(overrides));
    }
    Value::Object(object)
}

/// Other prices above a number of tokens. The wire has room for some units only.
fn render_above(above: &policy::catalog::Above) -> Value {
    let mut object = Map::new();
    object.insert("min_prompt_tokens".to_owned(), json!(above.prompt_tokens));
    for (unit, price) in above.prices() {
        let named = unit.wire_name().filter(|_| may_be_overridden(unit));
        if let Some(name) = named {
            object.insert(name.to_owned(), Value::String(price.to_string()));
        }
    }
    Value::Object(object)
}

const fn may_be_overridden(unit: Unit) -> bool {
    matches!(
        unit,
        Unit::Prompt
            | Unit::Completion
            | Unit::Audio
            | Unit::AudioCache
            | Unit::CacheRead
            | Unit::CacheWrite
            | Unit::CacheWrite1h
    )
}

/// Whoever sells reading from a cache, but not writing to it, caches unasked.
fn caches_unasked(sheet: Option<&PriceSheet>) -> bool {
    sheet.is_some_and(|sheet| {
        sheet.price(Unit::CacheRead).is_some() && sheet.price(Unit::CacheWrite).is_none()
    })
}

fn render_reasoning(reasoning: &Reasoning) -> Value {
    let efforts: Vec<_> = reasoning
        .efforts
        .iter()
        .map(|effort| effort.name())
        .collect();
    let mut object = json!({
        "mandatory": reasoning.mandatory,
        "supported_efforts": (!efforts.is_empty()).then_some(efforts),
        "supports_max_tokens": reasoning.takes_budget,
    });
    if let (Value::Object(object), Some(effort)) = (&mut object, reasoning.default_effort) {
        object.insert("default_effort".to_owned(), json!(effort.name()));
    }
    object
}
