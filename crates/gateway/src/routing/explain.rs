//! Why a request goes where it goes, in words: for people who plan one (`weir route`) and for those who look at one that
//! was served (`GET /generation`, `weir route --generation`).

use canon::{Attempt, Generation, RouterAttempt, RouterEndpoint, RouterMetadata, Sort};
use policy::routing::{
    Reason, Why,
    trail::{self, Place, Step},
};
use serde_json::{Value, json};

/// Why an endpoint has its place.
#[must_use]
pub fn why(why: Why) -> String {
    match why {
        Why::Ordered => "named in provider.order".to_owned(),
        Why::Stays { warm_tokens } => {
            format!("the conversation stays: {warm_tokens} tokens are warm in its cache")
        }
        Why::Drawn { per_mille } => {
            let (percent, tenth) = (per_mille / 10, per_mille % 10);
            format!("drawn by one over price squared, {percent}.{tenth} % of those left")
        }
        Why::Sorted(Sort::Price) => "by price".to_owned(),
        Why::Sorted(Sort::Throughput) => "by throughput".to_owned(),
        Why::Sorted(Sort::Latency) => "by latency".to_owned(),
        Why::Sorted(Sort::Exacto) => "by how well it calls tools".to_owned(),
        Why::Unmeasured(_) => "not measured yet, so by price".to_owned(),
        Why::Slow => "misses a preferred throughput or latency".to_owned(),
        Why::Shaky => "failed a moment ago, so behind those that did not".to_owned(),
        Why::Resting => "left alone for now, so behind all others".to_owned(),
    }
}

/// Why an endpoint may not serve, and what to change.
#[must_use]
pub fn why_not(reason: &Reason, by_house: bool) -> String {
    let (field, advice) = reason.constraint();
    let whose = if by_house {
        " (this gateway's settings)"
    } else {
        ""
    };
    format!("{field}: {advice}{whose}")
}

/// Why a request that was served went where it went: what its caller could have seen (`openrouter_metadata`), each
/// endpoint with its place and why, and those that could not serve. `None` for records of versions that kept no route.
#[must_use]
pub fn of_generation(generation: &Generation) -> Option<Value> {
    let route = generation.route.as_deref()?;
    let mut order = Vec::new();
    let mut excluded = Vec::new();
    for Step { name, place } in trail::read(&route.trail) {
        let (tag, model) = (name.tag, name.model);
        match place {
            Place::In(why_here, word) => order.push(json!({
                "endpoint": tag,
                "model": model,
                "why": why_here.map_or_else(|| word.to_owned(), why),
            })),
            Place::Out(reason, word, by_house) => {
                let said = reason.map(|reason| reason.constraint());
                let (field, advice) = said.unwrap_or_else(|| ("", word.to_owned()));
                excluded.push(json!({
                    "endpoint": tag,
                    "model": model,
                    "excluded_by": reason.and_then(|reason| reason.vocabulary()),
                    "field": field,
                    "advice": advice,
                    "by_house": by_house,
                }));
            }
        }
    }
    let wish = route.wish.as_deref();
    Some(json!({
        "openrouter_metadata": metadata_of(generation)?,
        "order": order,
        "excluded": excluded,
        "attempts": generation.attempts,
        "wish": wish,
    }))
}

/// `openrouter_metadata` of a request that was served. Endpoints that were not tried are named by their provider's slug:
/// how it was called then is not kept.
fn metadata_of(generation: &Generation) -> Option<RouterMetadata> {
    let route = generation.route.as_deref()?;
    let attempts = &generation.attempts;
    let answered = attempts.iter().rev().find(|one| one.error.is_none());
    let answered = answered.filter(|one| one.status.is_some());
    let mut total = 0_u32;
    let mut available = Vec::new();
    for Step { name, place } in trail::read(&route.trail) {
        total = total.saturating_add(1);
        if let Place::Out(..) = place {
            continue;
        }
        let is_it =
            |one: &&Attempt| one.endpoint.as_deref() == Some(name.tag) && one.model == name.model;
        let slug = name.tag.split('/').next().unwrap_or(name.tag);
        let provider = attempts
            .iter()
            .find(is_it)
            .map_or_else(|| slug.to_owned(), |one| one.provider.clone());
        available.push(RouterEndpoint {
            provider,
            model: name.model.to_owned(),
            selected: answered.is_some_and(|one| is_it(&one)),
        });
    }
    let provider = answered.map_or("none", |one| one.provider.as_str());
    let mut metadata = RouterMetadata {
        requested: generation
            .requested_model
            .clone()
            .unwrap_or_else(|| generation.model.clone()),
        strategy: route.strategy,
        summary: format!("available={}, selected={provider}", available.len()),
        attempt: u32::try_from(attempts.len()).unwrap_or(u32::MAX),
        is_byok: generation.is_byok,
        params: route.params.clone(),
        pipeline: route.pipeline.clone(),
        ..RouterMetadata::default()
    };
    metadata.endpoints.total = total;
    metadata.endpoints.available = available;
    if attempts.len() > 1 || answered.is_none() {
        metadata.attempts = attempts.iter().map(attempted).collect();
    }
    Some(metadata)
}

/// One call as a caller sees it. Where no status came, it has the one that its failure has.
pub(crate) fn attempted(attempt: &Attempt) -> RouterAttempt {
    let failed = || {
        let kind = attempt.error.as_deref().and_then(canon::Kind::named);
        let kind = kind.unwrap_or(canon::Kind::ProviderUnavailable);
        crate::refusal::status(kind).as_u16()
    };
    RouterAttempt {
        provider: attempt.provider.clone(),
        model: attempt.model.clone(),
        status: attempt.status.unwrap_or_else(failed),
    }
}
