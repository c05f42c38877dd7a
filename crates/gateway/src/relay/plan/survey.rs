//! What a router sees of the ground: every endpoint, weighed as for a plan.

use canon::Request;
use policy::{
    catalog::{Endpoint, Model, PriceSheet, Resolved, Unit},
    health::Standing,
    routing::{self, Ask, Candidate, Figures, Prices, Tier, Wish},
    terms::Term,
};
use providers::Upstream;

use super::{Needs, Scene, speaks, wish_of};
use crate::{
    affinity::Turn, chance, health::Doing, routers::Settings, snapshot::Snapshot, terms::View,
};

/// All that a choice among models is made from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Survey<'a> {
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) health: &'a dyn Doing,
    pub(crate) terms: &'a View,
    /// What the operator says of routers.
    pub(crate) settings: &'a Settings,
    pub(crate) request: &'a Request,
    pub(crate) needs: &'a Needs,
    /// The conversation that the request is a turn of, and where it was answered.
    pub(crate) past: Option<&'a Turn<'a>>,
    /// Microseconds since 1970.
    pub(crate) now: i64,
    pub(crate) seed: u64,
}

impl<'a> Survey<'a> {
    /// What a plan is made from.
    pub(super) fn of(
        scene: Scene<'a>,
        (snapshot, request): (&'a Snapshot, &'a Request),
        (needs, turn): (&'a Needs, &'a Turn<'a>),
        now: i64,
    ) -> Self {
        let drawn = |moment: super::Moment| moment.seed;
        Self {
            snapshot,
            health: scene.health,
            terms: scene.terms,
            settings: scene.routers,
            request,
            needs,
            past: Some(turn),
            now,
            seed: scene.moment.map_or_else(chance::draw, drawn),
        }
    }

    /// The model that a router chose for this conversation the last time.
    pub(crate) fn remembered(&self, router: &str) -> Option<&'a str> {
        let endpoint = self.past?.remembered(router, self.now)?;
        let endpoint = self.snapshot.catalog.all_endpoints().get(endpoint)?;
        Some(endpoint.model.as_str())
    }

    /// What the suffixes of a name ask for.
    pub(crate) fn wish_of(&self, resolved: &Resolved<'_>) -> Wish {
        wish_of(resolved)
    }

    /// What the request demands of one model.
    pub(crate) fn ask<'b>(&self, wishes: &'b [Wish]) -> Ask<'b>
    where
        'a: 'b,
    {
        Ask {
            preferences: &self.request.routing.preferences,
            house: self.terms.preferences(),
            wishes,
            tier: Tier::named(self.request.service_tier.as_deref()),
            prompt_tokens: self.needs.prompt_tokens,
            max_tokens: self.request.sampling.max_tokens,
            has_tools: !self.request.tools.is_empty(),
        }
    }

    /// An endpoint with what is known of it; `None` where nobody can be asked.
    pub(crate) fn weigh(&self, model: &Model, endpoint: &'a Endpoint) -> Option<Candidate<'a>> {
        let upstream = self.snapshot.upstream(endpoint)?;
        let answer = self.request.sampling.max_tokens.unwrap_or(0);
        let tokens = self.needs.prompt_tokens.saturating_add(answer);
        speaks(upstream, endpoint).then(|| Candidate {
            standing: self.health.standing(endpoint.index, self.now),
            figures: self.health.figures(endpoint.index, self.now),
            is_past: has_ended(model, endpoint, self.now),
            term: self.terms.term(endpoint.index, tokens, self.now),
            ..candidate(0, model, endpoint, upstream, self.needs)
        })
    }
}

/// Whether the last day of a model or of this endpoint of it has passed.
fn has_ended(model: &Model, endpoint: &Endpoint, now: i64) -> bool {
    let mut last_days = model.expires.iter().chain(&endpoint.expires);
    last_days.any(|day| routing::is_past(day, now))
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
        cannot: needs.not_met(model, endpoint, upstream),
        trains: policy.training,
        retains: policy.retains_days.map(|days| days > 0),
        distillable: routing::is_distillable(model.slug.as_str()),
        is_past: false,
        standing: Standing::Well,
        figures: Figures::default(),
        warm: None,
        term: Term::default(),
    }
}
