//! Nobody can serve: which of the eleven reasons, and what to change (spec/inference.md §6.7).

use std::collections::BTreeSet;

use canon::{Availability, Fault, Kind, ProviderId};
use policy::{catalog::Catalog, routing::Excluded};

use crate::snapshot::Snapshot;

/// Neither `model` nor `models`.
pub(super) fn no_model() -> Fault {
    let say = "`model` is missing: expected a model such as \"openai/gpt-4o-mini\" (GET /api/v1/models lists them)";
    Fault::caller(Kind::InvalidRequest, say).with_metadata("param", "model")
}

/// `:online` asks for a web search, which is not there yet.
pub(super) fn no_search(name: &str) -> Fault {
    let say = format!("{name}: the suffix `:online` (web search) is not supported yet; remove it");
    Fault::caller(Kind::InvalidRequest, say).with_metadata("param", "model")
}

/// More models than a request may name.
pub(super) fn too_many_models(most: usize) -> Fault {
    let say = format!("`models`: expected at most {most} different models");
    Fault::caller(Kind::InvalidRequest, say).with_metadata("param", "models")
}

/// A name that is not in the catalogue, with those most like it.
pub(super) fn unknown_model(catalog: &Catalog, name: &str) -> Fault {
    let nearest: Vec<String> = catalog
        .nearest(name, 3)
        .into_iter()
        .map(str::to_owned)
        .collect();
    let shown: String = name.chars().take(200).collect();
    let say = match nearest.as_slice() {
        [] => format!("{shown} is not a valid model ID"),
        some => format!(
            "{shown} is not a valid model ID; did you mean {}?",
            some.join(", ")
        ),
    };
    let mut fault = Fault::caller(Kind::InvalidRequest, say);
    fault.availability = Some(Box::new(Availability {
        code: "model_not_found",
        requested_models: vec![shown],
        fallback_models: nearest,
        ..Availability::default()
    }));
    fault
}

/// A model that is asked on another route.
pub(super) fn wrong_endpoint(requested: &[String], name: &str, right: &str) -> Fault {
    let say = format!("{name} takes no part in conversations: it is asked on {right}");
    let mut fault = Fault::caller(Kind::InvalidRequest, say);
    fault.availability = Some(Box::new(Availability {
        code: "wrong_endpoint",
        requested_models: requested.to_vec(),
        constraint: Some(("model".to_owned(), format!("POST /api/v1{right}"))),
        ..Availability::default()
    }));
    fault
}

/// None of the providers that serve these models has a key here.
pub(super) fn unconfigured(requested: &[String], providers: &[ProviderId]) -> Fault {
    let providers: BTreeSet<&ProviderId> = providers.iter().collect();
    let variables: Vec<&str> = providers
        .iter()
        .filter_map(|id| providers::find(id.as_str()))
        .filter_map(|provider| provider.key_variables.first().copied())
        .collect();
    let models = requested.join(", ");
    let say = if variables.is_empty() {
        format!("No endpoints found for {models}: no provider of it is configured")
    } else {
        format!(
            "No endpoints found for {models}: no provider of it is configured; set {} for weir",
            variables.join(" or ")
        )
    };
    let mut fault = Fault::caller(Kind::NotFound, say);
    fault.availability = Some(Box::new(Availability {
        code: "no_endpoints",
        requested_models: requested.to_vec(),
        affected_providers: providers.iter().map(ToString::to_string).collect(),
        ..Availability::default()
    }));
    fault
}

/// The request excludes everybody.
pub(super) fn excluded(requested: &[String], excluded: &[Excluded], snapshot: &Snapshot) -> Fault {
    let words: BTreeSet<&'static str> = excluded
        .iter()
        .map(|each| each.reason.vocabulary())
        .collect();
    let private = words.iter().all(|word| word.starts_with("data_policy"));
    let constraint = excluded.first().map(|each| each.reason.constraint());
    let models = requested.join(", ");
    let say = match &constraint {
        Some((field, detail)) => {
            format!(
                "No endpoints found for {models} that meet the request's requirements: `{field}`: {detail}"
            )
        }
        None => format!("No endpoints found for {models}"),
    };
    let endpoints = snapshot.catalog.all_endpoints();
    let affected: BTreeSet<&str> = excluded
        .iter()
        .filter_map(|each| {
            snapshot
                .upstreams
                .get(&endpoints.get(each.endpoint)?.provider)
        })
        .map(|upstream| upstream.name())
        .collect();
    let too_long = words.iter().all(|word| *word == "context_length");
    let kind = if too_long {
        Kind::ContextLengthExceeded
    } else {
        Kind::NotFound
    };
    let mut fault = Fault::caller(kind, say);
    fault.availability = Some(Box::new(Availability {
        code: if private {
            "privacy_restricted"
        } else {
            "constraint_filtered"
        },
        requested_models: requested.to_vec(),
        affected_providers: affected.into_iter().map(str::to_owned).collect(),
        excluded_by: words.into_iter().collect(),
        constraint: constraint.map(|(field, detail)| (field.to_owned(), detail)),
        ..Availability::default()
    }));
    fault
}
