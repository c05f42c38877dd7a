//! Nobody can serve: which of the eleven reasons, and what to change (spec/inference.md §6.7).

use std::collections::BTreeSet;

use canon::{Again, Availability, Blame, Fault, Kind, ProviderId};
use policy::{
    catalog::{Catalog, Endpoint},
    routing::{Excluded, Reason, is_past},
};
use serde_json::{Value, json};

use crate::snapshot::Snapshot;

/// Neither `model` nor `models`.
pub(super) fn no_model() -> Fault {
    let say = "`model` is missing: expected a model such as \"openai/gpt-4o-mini\" (GET /api/v1/models lists them)";
    Fault::caller(Kind::InvalidRequest, say).with_metadata("param", "model")
}

/// More models than a request may name.
pub(super) fn too_many_models(most: usize) -> Fault {
    let say = format!("`models`: expected at most {most} different models");
    Fault::caller(Kind::InvalidRequest, say).with_metadata("param", "models")
}

/// A name that is not in the catalogue, with those most like it; or a variant that has ended.
pub(super) fn unknown_model(catalog: &Catalog, name: &str) -> Fault {
    if let Some(fault) = ended_free(catalog, name) {
        return fault;
    }
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

/// `:free` of a model that nobody serves for nothing.
fn ended_free(catalog: &Catalog, name: &str) -> Option<Fault> {
    let paid = name.strip_suffix(":free")?;
    catalog.resolve(paid)?;
    let say = format!("{name}: nobody serves this model for nothing; {paid} is the paid one");
    let mut fault = Fault::caller(Kind::NotFound, say);
    fault.availability = Some(Box::new(Availability {
        code: "free_variant_ended",
        requested_models: vec![name.to_owned()],
        fallback_models: vec![paid.to_owned()],
        ..Availability::default()
    }));
    Some(fault)
}

/// The vendors have ended all that was asked for.
fn deprecated(requested: &[String], snapshot: &Snapshot, now: i64) -> Fault {
    let catalog = &snapshot.catalog;
    let lives = |slug: &str| {
        let model = catalog.model(slug);
        let expires = model.and_then(|model| model.expires.as_deref());
        !expires.is_some_and(|day| is_past(day, now))
    };
    let author = |name: &str| name.split_once('/').map(|(author, _)| author.to_owned());
    let successors = requested.iter().flat_map(|name| {
        let near = catalog.nearest(name, 8).into_iter();
        let kin = near.filter(|slug| author(slug) == author(name) && lives(slug));
        kin.take(2).map(str::to_owned).collect::<Vec<_>>()
    });
    let fallback_models: Vec<String> = successors.collect();
    let models = requested.join(", ");
    let instead = match fallback_models.as_slice() {
        [] => String::new(),
        some => format!("; there is {}", some.join(", ")),
    };
    let say = format!("{models}: its vendors have ended it{instead}");
    let mut fault = Fault::caller(Kind::NotFound, say);
    fault.availability = Some(Box::new(Availability {
        code: "model_deprecated",
        requested_models: requested.to_vec(),
        fallback_models,
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
pub(super) fn excluded(
    requested: &[String],
    excluded: &[Excluded],
    (snapshot, now): (&Snapshot, i64),
) -> Fault {
    if excluded.iter().all(|each| each.reason == Reason::Ended) {
        return deprecated(requested, snapshot, now);
    }
    let waits = excluded.iter().filter_map(|each| each.reason.full());
    if let Some(after_ms) = waits.map(|full| full.after_ms).min() {
        return full(requested, excluded, (snapshot, after_ms));
    }
    let words: BTreeSet<&'static str> = excluded
        .iter()
        .filter_map(|each| each.reason.vocabulary())
        .collect();
    let all = |is: fn(&str) -> bool| !words.is_empty() && words.iter().all(|word| is(word));
    let kind = if all(|word| word == "context_length") {
        Kind::ContextLengthExceeded
    } else {
        Kind::NotFound
    };
    let code = if all(|word| word.starts_with("data_policy")) {
        "privacy_restricted"
    } else {
        "constraint_filtered"
    };
    // What keeps out an endpoint that nobody asked for is the last thing to change.
    let first = excluded
        .iter()
        .min_by_key(|each| matches!(each.reason, Reason::NotAdmitted(_) | Reason::Ended));
    let constraint = first.map(constraint);
    let models = requested.join(", ");
    let say = match &constraint {
        Some((field, detail)) => {
            format!(
                "No endpoints found for {models} that meet the request's requirements: `{field}`: {detail}"
            )
        }
        None => format!("No endpoints found for {models}"),
    };
    let affected: BTreeSet<&str> = excluded
        .iter()
        .filter_map(|each| {
            let upstream = snapshot.upstream(endpoint(snapshot, each)?);
            upstream.map(|upstream| upstream.name())
        })
        .collect();
    let mut fault = Fault::caller(kind, say);
    fault.availability = Some(Box::new(Availability {
        code,
        requested_models: requested.to_vec(),
        affected_providers: affected.into_iter().map(str::to_owned).collect(),
        excluded_by: words.into_iter().collect(),
        constraint: constraint.map(|(field, detail)| (field.to_owned(), detail)),
        ..Availability::default()
    }));
    fault.with_metadata("excluded", each_excluded(snapshot, excluded))
}

/// Whoever may serve is at a cap of the operator's.
fn full(
    requested: &[String],
    excluded: &[Excluded],
    (snapshot, after_ms): (&Snapshot, u64),
) -> Fault {
    let models = requested.join(", ");
    let say = format!(
        "{models}: what this gateway may ask of its providers is used up. Please retry shortly."
    );
    let again = Again::Elsewhere {
        after_ms: Some(after_ms),
    };
    let mut fault = Fault::new(Kind::RateLimitExceeded, Blame::Us, again, say);
    fault.availability = Some(Box::new(Availability {
        code: "capacity_exhausted",
        retryable: true,
        retry_after_s: Some(after_ms.div_ceil(1_000).max(1)),
        requested_models: requested.to_vec(),
        ..Availability::default()
    }));
    fault.with_metadata("excluded", each_excluded(snapshot, excluded))
}

/// The field that keeps an endpoint out, and what to change.
fn constraint(excluded: &Excluded) -> (&'static str, String) {
    let (field, detail) = excluded.reason.constraint();
    if excluded.by_house {
        return (
            field,
            format!("the settings of this gateway demand it ({detail})"),
        );
    }
    (field, detail)
}

/// What keeps out each endpoint.
fn each_excluded(snapshot: &Snapshot, excluded: &[Excluded]) -> Vec<Value> {
    /// More than anybody reads.
    const SHOWN_MAX: usize = 32;
    let shown = excluded.iter().take(SHOWN_MAX).filter_map(|each| {
        let endpoint = endpoint(snapshot, each)?;
        let (field, detail) = constraint(each);
        Some(json!({
            "endpoint": endpoint.tag,
            "model": endpoint.model,
            "excluded_by": each.reason.vocabulary(),
            "field": field,
            "detail": detail,
        }))
    });
    shown.collect()
}

fn endpoint<'a>(snapshot: &'a Snapshot, excluded: &Excluded) -> Option<&'a Endpoint> {
    snapshot.catalog.all_endpoints().get(excluded.endpoint)
}
