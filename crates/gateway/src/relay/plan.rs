//! Step 4: where it may go. The caller's models are found, their endpoints weighed by `policy::routing`.

mod needs;
mod nobody;
pub(super) mod search;
mod survey;
mod target;

use std::sync::Arc;

use canon::{Dialect, Fault, Request, Route, Sort, Strategy, WorkspaceId};
use policy::{
    affinity::Memory,
    catalog::{Endpoint, Lane, Modality, Model, Resolved, Suffix},
    routing::{self, Candidate, Next, Prices, Warm, Why, Wish, trail::Name},
    terms::Term,
};
use providers::Upstream;

use crate::{
    affinity::{self, Affinity, Kept, Turn},
    app::App,
    clock,
    health::Doing,
    routers::{self, Aside, By, Ranking},
    snapshot::Snapshot,
    terms::View,
};
pub(crate) use needs::Needs;
pub(super) use needs::parameters_of;
pub(crate) use survey::Survey;
pub use target::Target;

use super::metadata::of_nobody;

/// Who is tried, in which order, bound to the snapshot in which the order was found.
#[derive(Debug)]
pub struct Plan {
    snapshot: Arc<Snapshot>,
    order: routing::Plan,
    /// The web is to be searched.
    searches: bool,
    /// The conversation that this is a turn of, as far as one is to stay where it is.
    kept: Option<Kept>,
    /// The operator's terms for whoever asks.
    terms: View,
    /// Tokens that the request is expected to use, for caps.
    tokens: u64,
    /// The models asked for, in order, as the caller wrote them; names of the operator's in the words they stand for.
    pub requested: Vec<String>,
    /// How the model was found, where something chose it; the rest is noted behind the plan.
    pub route: Route,
    /// How a router ranked the models, where that was asked for.
    pub ranking: Option<Box<Ranking>>,
    /// What chose the model, where a router did.
    pub(super) chosen_by: Option<By>,
}

/// What a plan depends on besides the request.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// How the endpoints are doing.
    pub health: &'a dyn Doing,
    /// The operator's terms for whoever asks.
    pub terms: &'a View,
    /// Where conversations stay; `None` where nobody remembers any.
    pub affinity: Option<&'a Affinity>,
    /// Whose conversations.
    pub workspace: &'a WorkspaceId,
    /// When, and by which chance, where it is not now and by any.
    pub moment: Option<Moment>,
    /// What the operator says of routers.
    pub routers: &'a routers::Settings,
    /// What is known beside the request.
    pub aside: &'a Aside,
}

/// A moment that is told, and the chance that is drawn in it.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// In microseconds since 1970; now where absent.
    pub now: Option<i64>,
    /// The same seed draws the same order.
    pub seed: u64,
}

impl Plan {
    /// The first to try, or the next one after a fault; `None` where nothing is left or would help.
    pub fn next(&mut self, fault: Option<&Fault>) -> Option<Target> {
        loop {
            let Next::Try(target) = self.order.next(fault) else {
                return None;
            };
            let endpoint = self.snapshot.catalog.all_endpoints().get(target.endpoint)?;
            if let Some(upstream) = self.snapshot.upstream(endpoint) {
                return Some(Target {
                    snapshot: Arc::clone(&self.snapshot),
                    endpoint: target.endpoint,
                    rests: target.why == Why::Resting,
                    searches: self.searches,
                    kept: self.kept.clone(),
                    tokens: self.tokens,
                    upstream: Arc::clone(upstream),
                });
            }
        }
    }

    /// Who would be tried next, where it serves the same model as the last one and does not rest: to be asked beside
    /// it. [`Plan::next`] takes it.
    #[must_use]
    pub fn beside(&self) -> Option<Target> {
        let target = self.order.beside()?;
        let endpoint = self.snapshot.catalog.all_endpoints().get(target.endpoint)?;
        let upstream = self.snapshot.upstream(endpoint)?;
        Some(Target {
            snapshot: Arc::clone(&self.snapshot),
            endpoint: target.endpoint,
            rests: false,
            searches: self.searches,
            kept: self.kept.clone(),
            tokens: self.tokens,
            upstream: Arc::clone(upstream),
        })
    }

    /// What names an endpoint of the catalogue.
    #[must_use]
    pub fn name_of(&self, endpoint: usize) -> Option<Name<'_>> {
        let endpoint = self.snapshot.catalog.all_endpoints().get(endpoint)?;
        Some(Name {
            tag: &endpoint.tag,
            model: endpoint.model.as_str(),
        })
    }

    /// Display name of the provider of an endpoint of the catalogue.
    #[must_use]
    pub fn provider_of(&self, endpoint: usize) -> Option<&str> {
        let endpoint = self.snapshot.catalog.all_endpoints().get(endpoint)?;
        Some(self.snapshot.upstream(endpoint)?.name())
    }

    /// The region in which an endpoint of the catalogue is asked, where it has one.
    #[must_use]
    pub fn region_of(&self, endpoint: usize) -> Option<&str> {
        self.snapshot
            .catalog
            .all_endpoints()
            .get(endpoint)?
            .region()
    }

    /// The operator's terms for an endpoint.
    #[must_use]
    pub fn term_of(&self, endpoint: usize) -> Term {
        self.terms.term(endpoint, self.tokens, clock::now_micros())
    }

    /// Milliseconds until a cap of the operator's has room at an endpoint; `None` where it has now.
    pub(super) fn full_for_ms(&self, endpoint: usize, now: i64) -> Option<u64> {
        let full = self.terms.term(endpoint, self.tokens, now).full;
        full.map(|full| full.after_ms)
    }

    /// The order itself, for explanations.
    #[must_use]
    pub const fn order(&self) -> &routing::Plan {
        &self.order
    }
}

/// Plans a request.
///
/// # Errors
/// A model is unknown, nobody who serves it is configured, or the request excludes everybody.
pub fn plan(
    app: &App,
    workspace: &WorkspaceId,
    request: &Request,
    aside: &Aside,
) -> Result<Plan, Fault> {
    let scene = Scene {
        health: &app.health,
        terms: &app.terms.in_workspace(workspace.as_str()),
        affinity: Some(&app.affinity),
        workspace,
        moment: None,
        routers: &app.config.routing.routers,
        aside,
    };
    plan_in(app.snapshot.load_full(), scene, request)
}

/// The same without a gateway that runs: for explanations.
///
/// # Errors
/// As [`plan`].
pub fn plan_in(
    snapshot: Arc<Snapshot>,
    scene: Scene<'_>,
    request: &Request,
) -> Result<Plan, Fault> {
    let Scene { health, terms, .. } = scene;
    let (requested, aliased) = requested(terms, request)?;
    let told = scene.moment.and_then(|moment| moment.now);
    let now = told.unwrap_or_else(clock::now_micros);
    let needs = Needs::of(request);
    let answer = request.sampling.max_tokens.unwrap_or(0);
    let tokens = needs.prompt_tokens.saturating_add(answer);
    let turn = Turn::of(scene.affinity, (scene.workspace, request));
    let survey = Survey::of(scene, (&snapshot, request), (&needs, &turn), now);
    let named = routers::resolve(&survey, &requested, scene.aside)?;
    let mut wishes = Vec::with_capacity(requested.len());
    let mut candidates = Vec::new();
    let mut unconfigured = Vec::new();
    let mut stays = named.route.router.is_some();
    for (rank, name) in named.names.iter().enumerate() {
        let found = snapshot.catalog.resolve(name);
        let resolved = found.ok_or_else(|| nobody::unknown_model(&snapshot.catalog, name))?;
        if let Some(right) = other_route(resolved.model) {
            return Err(nobody::wrong_endpoint(&requested, name, right));
        }
        wishes.push(wish_of(&resolved));
        let matters = resolved.endpoints().any(affinity::matters);
        stays |= matters;
        let past = Past::of(matters.then_some(&turn), resolved.model, now);
        for endpoint in resolved.endpoints() {
            if snapshot.upstream(endpoint).is_none() {
                unconfigured.push(endpoint.provider.clone());
            } else if let Some(candidate) = survey.weigh(resolved.model, endpoint) {
                candidates.push(Candidate {
                    rank,
                    warm: past.warm(health, endpoint, now),
                    ..candidate
                });
            }
        }
    }
    if candidates.is_empty() {
        return Err(nobody::unconfigured(&requested, &unconfigured));
    }
    keep_free(named.route.strategy, &mut candidates);
    let order = routing::plan(&survey.ask(&wishes), candidates, survey.seed);
    if order.targets.is_empty() {
        let mut fault = nobody::excluded(&requested, &order.excluded, (&snapshot, now));
        fault.router = Some(of_nobody(&requested, order.excluded.len()));
        return Err(fault);
    }
    Ok(Plan {
        snapshot,
        order,
        searches: request.search.is_some(),
        requested,
        kept: if stays {
            turn.kept(named.route.router.as_deref())
        } else {
            None
        },
        terms: terms.clone(),
        tokens,
        route: match named.route.router {
            None if aliased => Route {
                strategy: Strategy::Alias,
                ..named.route
            },
            Some(_) | None => named.route,
        },
        ranking: named.ranking,
        chosen_by: named.by,
    })
}

/// Leaves what costs nothing, where that is what was asked for: the dear endpoints of a free model are no fallbacks.
fn keep_free(strategy: Strategy, candidates: &mut Vec<Candidate<'_>>) {
    if strategy == Strategy::Free {
        let is_free = |prices: Prices| prices.are_nothing();
        candidates.retain(|candidate| candidate.price.is_some_and(is_free));
    }
}

/// Where a conversation was answered with one model.
struct Past<'a>(Option<(&'a Kept, [Option<Memory>; 2])>);

impl<'a> Past<'a> {
    fn of(turn: Option<&'a Turn<'_>>, model: &Model, now: i64) -> Self {
        Self(turn.and_then(|turn| turn.recall(model.slug.as_str(), now)))
    }

    /// What is warm at an endpoint. Whoever waits already at one that has stalled is enough.
    fn warm(&self, health: &dyn Doing, endpoint: &Endpoint, now: i64) -> Option<Warm> {
        let (kept, known) = self.0.as_ref()?;
        let warm = affinity::warm(kept, known, endpoint)?;
        (!health.has_stalled(endpoint.index, now)).then_some(warm)
    }
}

/// The models that the caller names, each once; and whether one of the names is the operator's own.
fn requested(terms: &View, request: &Request) -> Result<(Vec<String>, bool), Fault> {
    use routers::MODELS_MAX;

    let mut requested: Vec<String> = Vec::new();
    let mut aliased = false;
    for name in request.model.iter().chain(&request.routing.models) {
        let models = terms.models_of(name);
        aliased |= models.is_some();
        for name in models.as_deref().unwrap_or(std::slice::from_ref(name)) {
            if requested.contains(name) {
                continue;
            }
            if requested.len() == MODELS_MAX {
                return Err(nobody::too_many_models(MODELS_MAX));
            }
            requested.push(name.clone());
        }
    }
    if requested.is_empty() {
        return Err(nobody::no_model());
    }
    Ok((requested, aliased))
}

/// What the suffixes of a name ask for: the first that sorts.
fn wish_of(resolved: &Resolved<'_>) -> Wish {
    let wish = |sort, admits| Wish {
        sort: Some(sort),
        admits,
    };
    let mut wishes = resolved.suffixes.iter().filter_map(|suffix| match suffix {
        Suffix::Nitro => Some(wish(Sort::Throughput, Some(Lane::Priority))),
        Suffix::Floor => Some(wish(Sort::Price, Some(Lane::Flex))),
        Suffix::Exacto => Some(wish(Sort::Exacto, None)),
        Suffix::Online | Suffix::Variant(_) => None,
    });
    wishes.next().unwrap_or_default()
}

/// Whether a provider can be asked on the wire that an endpoint wants.
pub(crate) fn speaks(upstream: &Upstream, endpoint: &Endpoint) -> bool {
    let responses = || {
        let way = upstream.way(Dialect::OpenAiResponses, endpoint.model.as_str());
        way.dialect() == Dialect::OpenAiResponses
    };
    !endpoint.responses_only || responses()
}

/// The route of a model that takes no part in conversations.
fn other_route(model: &Model) -> Option<&'static str> {
    const ROUTES: [(Modality, &str); 5] = [
        (Modality::Embeddings, "/embeddings"),
        (Modality::Rerank, "/rerank"),
        (Modality::Speech, "/audio/speech"),
        (Modality::Transcription, "/audio/transcriptions"),
        (Modality::Video, "/videos"),
    ];
    let converses = [Modality::Text, Modality::Image, Modality::Audio];
    if converses.iter().any(|kind| model.output.contains(*kind)) {
        return None;
    }
    let mut others = ROUTES
        .iter()
        .filter(|(kind, _)| model.output.contains(*kind));
    others.next().map(|(_, route)| *route)
}
