//! Step 4: where it may go. The caller's models are found, their endpoints weighed by `policy::routing`.

mod needs;
mod nobody;

use std::sync::Arc;

use canon::{Dialect, Fault, Request, Sort};
use policy::{
    catalog::{Endpoint, Lane, Modality, Model, PriceSheet, Resolved, Suffix, Unit},
    health::Standing,
    routing::{self, Ask, Candidate, Figures, Next, Prices, Tier, Why, Wish},
};
use providers::{Upstream, Way};

use crate::{app::App, chance, clock, config::Config, health::Board, snapshot::Snapshot};
use needs::Needs;

/// Who is tried, in which order, bound to the snapshot in which the order was found.
#[derive(Debug)]
pub struct Plan {
    snapshot: Arc<Snapshot>,
    order: routing::Plan,
    /// The models asked for, in order, as the caller wrote them.
    pub requested: Vec<String>,
}

/// One endpoint to call.
#[derive(Clone, Debug)]
pub struct Target {
    snapshot: Arc<Snapshot>,
    endpoint: usize,
    rests: bool,
    /// The provider behind it.
    pub upstream: Arc<Upstream>,
}

impl Target {
    /// The endpoint as the catalogue knows it.
    ///
    /// # Errors
    /// It is not in the catalogue; a fault of ours.
    pub fn endpoint(&self) -> Result<&Endpoint, Fault> {
        let endpoint = self.snapshot.catalog.all_endpoints().get(self.endpoint);
        endpoint.ok_or_else(|| Fault::ours("a plan names an endpoint that is not in its catalogue"))
    }

    /// The model as the catalogue knows it.
    #[must_use]
    pub fn model(&self) -> Option<&Model> {
        let endpoint = self.snapshot.catalog.all_endpoints().get(self.endpoint)?;
        self.snapshot.catalog.model(endpoint.model.as_str())
    }

    /// The wire to ask it on, for a caller of this dialect.
    ///
    /// # Errors
    /// As of [`Target::endpoint`].
    pub fn way(&self, caller: Dialect) -> Result<&Way, Fault> {
        let endpoint = self.endpoint()?;
        let wanted = if endpoint.responses_only {
            Dialect::OpenAiResponses
        } else {
            caller
        };
        Ok(self.upstream.way(wanted, endpoint.model.as_str()))
    }

    /// Whether it rested when the plan was made: then it is the last resort.
    #[must_use]
    pub const fn rests(&self) -> bool {
        self.rests
    }

    /// Its index in the catalogue.
    #[must_use]
    pub const fn index(&self) -> usize {
        self.endpoint
    }
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
        let upstream = self.snapshot.upstreams.get(&endpoint.provider)?;
        Some(Target {
            snapshot: Arc::clone(&self.snapshot),
            endpoint: target.endpoint,
            rests: false,
            upstream: Arc::clone(upstream),
        })
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
pub fn plan(app: &App, request: &Request) -> Result<Plan, Fault> {
    plan_in(app.snapshot.load_full(), &app.health, &app.config, request)
}

/// The same without a gateway that runs: for explanations.
///
/// # Errors
/// As [`plan`].
pub fn plan_in(
    snapshot: Arc<Snapshot>,
    health: &Board,
    config: &Config,
    request: &Request,
) -> Result<Plan, Fault> {
    let requested = requested(request)?;
    let now = clock::now_micros();
    let needs = Needs::of(request);
    let mut wishes = Vec::with_capacity(requested.len());
    let mut candidates = Vec::new();
    let mut unconfigured = Vec::new();
    for (rank, name) in requested.iter().enumerate() {
        let found = snapshot.catalog.resolve(name);
        let resolved = found.ok_or_else(|| nobody::unknown_model(&snapshot.catalog, name))?;
        if resolved.has(Suffix::Online) {
            return Err(nobody::no_search(name));
        }
        if let Some(right) = other_route(resolved.model) {
            return Err(nobody::wrong_endpoint(&requested, name, right));
        }
        wishes.push(wish_of(&resolved));
        for endpoint in resolved.endpoints() {
            match snapshot.upstream(endpoint) {
                Some(upstream) if !speaks(upstream, endpoint) => {}
                Some(upstream) => {
                    let candidate = candidate(rank, resolved.model, endpoint, upstream, &needs);
                    candidates.push(Candidate {
                        standing: health.standing(endpoint.index, now),
                        figures: health.figures(endpoint.index, now),
                        is_past: has_ended(resolved.model, endpoint, now),
                        ..candidate
                    });
                }
                None => unconfigured.push(endpoint.provider.clone()),
            }
        }
    }
    if candidates.is_empty() {
        return Err(nobody::unconfigured(&requested, &unconfigured));
    }
    let ask = Ask {
        preferences: &request.routing.preferences,
        house: &config.routing.preferences,
        wishes: &wishes,
        tier: Tier::named(request.service_tier.as_deref()),
        prompt_tokens: needs.prompt_tokens,
        max_tokens: request.sampling.max_tokens,
        has_tools: !request.tools.is_empty(),
    };
    let order = routing::plan(&ask, candidates, chance::draw());
    if order.targets.is_empty() {
        return Err(nobody::excluded(
            &requested,
            &order.excluded,
            (&snapshot, now),
        ));
    }
    Ok(Plan {
        snapshot,
        order,
        requested,
    })
}

/// The models that the caller names, each once.
fn requested(request: &Request) -> Result<Vec<String>, Fault> {
    /// More than anybody tries; it bounds the work of a request that nobody means well.
    const MODELS_MAX: usize = 32;
    let mut requested: Vec<String> = Vec::new();
    for name in request.model.iter().chain(&request.routing.models) {
        if requested.contains(name) {
            continue;
        }
        if requested.len() == MODELS_MAX {
            return Err(nobody::too_many_models(MODELS_MAX));
        }
        requested.push(name.clone());
    }
    if requested.is_empty() {
        return Err(nobody::no_model());
    }
    Ok(requested)
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

/// Whether the last day of a model or of this endpoint of it has passed.
fn has_ended(model: &Model, endpoint: &Endpoint, now: i64) -> bool {
    let mut last_days = model.expires.iter().chain(&endpoint.expires);
    last_days.any(|day| routing::is_past(day, now))
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

fn candidate<'a>(
    rank: usize,
    model: &Model,
    endpoint: &'a Endpoint,
    upstream: &'a Upstream,
    needs: &Needs,
) -> Candidate<'a> {
    let prices = |sheet: &PriceSheet| {
        let price = |unit| sheet.price(unit).unwrap_or_default();
        Prices {
            prompt: price(Unit::Prompt),
            completion: price(Unit::Completion),
            request: price(Unit::Request),
            image: price(Unit::Image),
            audio: price(Unit::Audio),
        }
    };
    let policy = upstream.data_policy();
    Candidate {
        endpoint: endpoint.index,
        rank,
        provider: endpoint.provider.as_str(),
        provider_name: upstream.name(),
        tag: &endpoint.tag,
        lane: endpoint.lane,
        price: endpoint.prices.as_ref().map(prices),
        context_length: endpoint.context_length.or(model.context_length),
        max_prompt_tokens: endpoint.max_prompt_tokens,
        max_output_tokens: endpoint.max_output_tokens,
        quantization: endpoint.quantization,
        lacks: needs.lacking(endpoint),
        cannot_take: needs.not_taken(model),
        trains: policy.training,
        retains: policy.retains_days.map(|days| days > 0),
        distillable: routing::is_distillable(model.slug.as_str()),
        is_past: false,
        standing: Standing::Well,
        figures: Figures::default(),
    }
}
