//! How a request is routed: for its record, and for the caller who asks to see it (`X-OpenRouter-Metadata`,
//! spec/inference.md §7.10).
//!
//! The record's form is made of every request, so it is one text and little else ([`canon::Route`]); the caller's form
//! is made only where it was asked for.

use canon::{
    Attempt, Fault, Preferences, Request, Route, RouteWish, RouterEndpoint, RouterMetadata,
    Strategy,
};
use http::HeaderMap;
use policy::routing::trail;

use super::plan::{Plan, parameters_of};
use crate::explain::attempted;

/// OpenRouter's header, and what it was called before.
const HEADERS: [&str; 2] = [
    "x-openrouter-metadata",
    "x-openrouter-experimental-metadata",
];

/// How a request is routed.
#[derive(Debug, Default)]
pub struct Routed {
    /// Whether the caller asked to see it.
    is_shown: bool,
    route: Option<Box<Route>>,
    draft: Option<Box<Draft>>,
}

/// What the caller will see, before anybody was tried.
#[derive(Debug)]
struct Draft {
    metadata: RouterMetadata,
    /// The places in the catalogue of the endpoints in it.
    endpoints: Vec<usize>,
    /// The region of each.
    regions: Vec<Option<String>>,
}

impl Routed {
    /// Nothing yet. `enabled`, in whatever case, asks to see it; any other word does not.
    pub(super) fn asked(headers: &HeaderMap) -> Self {
        let is_enabled = |name: &str| {
            let value = headers.get(name).and_then(|value| value.to_str().ok());
            value.is_some_and(|value| value.trim().eq_ignore_ascii_case("enabled"))
        };
        Self {
            is_shown: HEADERS.into_iter().any(is_enabled),
            ..Self::default()
        }
    }

    /// Notes the plan of a request.
    pub(super) fn note(&mut self, plan: &Plan, request: &Request) {
        let mut route = Box::new(plan.route.clone());
        if route.strategy == Strategy::Direct {
            route.strategy = strategy_of(plan);
        }
        route.trail = trail::write(plan.order(), |endpoint| plan.name_of(endpoint));
        route.wish = wish_of(plan, request);
        self.draft = self.is_shown.then(|| {
            let mut draft = Box::new(Draft::of(plan, &route));
            // A name of the operator's stands for others in the plan.
            if let Some(requested) = &request.model {
                draft.metadata.requested.clone_from(requested);
            }
            draft
        });
        self.route = Some(route);
    }

    /// For the record.
    pub(super) fn route(&self) -> Option<Box<Route>> {
        self.route.clone()
    }

    /// What the caller sees, if it asked: who was tried, and who of them answered.
    pub(super) fn shown(
        &self,
        attempts: &[Attempt],
        selected: Option<usize>,
    ) -> Option<Box<RouterMetadata>> {
        let draft = self.draft.as_deref()?;
        let mut metadata = Box::new(draft.metadata.clone());
        let available = &mut metadata.endpoints.available;
        let mut name = "none";
        let places = draft.endpoints.iter().zip(&draft.regions);
        for ((endpoint, region), shown) in places.zip(available.iter_mut()) {
            if Some(*endpoint) == selected {
                shown.selected = true;
                name = &shown.provider;
                metadata.region.clone_from(region);
            }
        }
        metadata.summary = format!("available={}, selected={name}", draft.endpoints.len());
        metadata.attempt = u32::try_from(attempts.len()).unwrap_or(u32::MAX);
        if attempts.len() > 1 || selected.is_none() {
            metadata.attempts = attempts.iter().map(attempted).collect();
        }
        Some(metadata)
    }

    /// Why a request was not planned: with what is known of its way, where the caller asked.
    pub(super) fn refused(&self, mut fault: Fault) -> Fault {
        fault.router = fault.router.filter(|_| self.is_shown);
        fault
    }
}

impl Draft {
    fn of(plan: &Plan, route: &Route) -> Self {
        let order = plan.order();
        let endpoints: Vec<usize> = order.targets.iter().map(|target| target.endpoint).collect();
        let mut metadata = blank(&plan.requested, order.targets.len() + order.excluded.len());
        metadata.strategy = route.strategy;
        metadata.params.clone_from(&route.params);
        metadata.pipeline.clone_from(&route.pipeline);
        let available = endpoints.iter().map(|endpoint| RouterEndpoint {
            provider: plan.provider_of(*endpoint).unwrap_or_default().to_owned(),
            model: plan
                .name_of(*endpoint)
                .map_or("", |name| name.model)
                .to_owned(),
            selected: false,
        });
        metadata.endpoints.available = available.collect();
        let region = |endpoint: &usize| plan.region_of(*endpoint).map(str::to_owned);
        Self {
            metadata,
            regions: endpoints.iter().map(region).collect(),
            endpoints,
        }
    }
}

/// What the caller of a request could see of its plan, if it asked, before anybody was tried.
#[must_use]
pub fn preview(plan: &Plan, request: &Request) -> RouterMetadata {
    let mut routed = Routed {
        is_shown: true,
        ..Routed::default()
    };
    routed.note(plan, request);
    let shown = routed.shown(&[], None);
    shown.map(|shown| *shown).unwrap_or_default()
}

/// What is known of a request that excludes everybody who might serve it.
pub(super) fn of_nobody(requested: &[String], total: usize) -> Box<RouterMetadata> {
    let mut metadata = Box::new(blank(requested, total));
    "available=0, selected=none".clone_into(&mut metadata.summary);
    if requested.len() > 1 {
        metadata.strategy = Strategy::Fallback;
    }
    metadata
}

fn blank(requested: &[String], total: usize) -> RouterMetadata {
    let mut metadata = RouterMetadata {
        requested: requested.first().cloned().unwrap_or_default(),
        ..RouterMetadata::default()
    };
    metadata.endpoints.total = u32::try_from(total).unwrap_or(u32::MAX);
    metadata
}

/// How a model was found, where no router chose it.
fn strategy_of(plan: &Plan) -> Strategy {
    let first = plan.order().targets.first();
    let model = first.and_then(|target| plan.name_of(target.endpoint));
    match plan.requested.as_slice() {
        [_, _, ..] => Strategy::Fallback,
        [only] if only.starts_with('~') => Strategy::Latest,
        [only] => {
            let stem = only.split(':').next().unwrap_or(only);
            let own = model.is_some_and(|name| name.model == stem);
            if own {
                Strategy::Direct
            } else {
                Strategy::Alias
            }
        }
        [] => Strategy::Direct,
    }
}

/// What decided it beside the model; `None` for a request that wants nothing in particular.
fn wish_of(plan: &Plan, request: &Request) -> Option<Box<RouteWish>> {
    let parameters = parameters_of(request);
    let preferences = &request.routing.preferences;
    let is_plain = plan.requested.len() < 2
        && parameters.is_empty()
        && request.service_tier.is_none()
        && *preferences == Preferences::default();
    if is_plain {
        return None;
    }
    let mut uses = String::with_capacity(32);
    for parameter in parameters.iter() {
        if !uses.is_empty() {
            uses.push(' ');
        }
        uses.push_str(parameter.name());
    }
    Some(Box::new(RouteWish {
        models: plan.requested.iter().skip(1).cloned().collect(),
        provider: dialects::openrouter::render_preferences(preferences),
        service_tier: request.service_tier.clone(),
        max_tokens: request.sampling.max_tokens,
        uses,
    }))
}
