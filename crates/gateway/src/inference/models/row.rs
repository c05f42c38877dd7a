//! One line of the catalogue: a model, or a variant or an alias of one that is listed by itself.

use policy::{
    catalog::{Endpoint, Lane, Model, PriceSheet, Unit},
    routers::Router,
};

use crate::{relay::speaks, snapshot::Snapshot};

/// One line of the catalogue.
#[derive(Clone, Debug)]
pub(super) struct Row<'a> {
    /// The model behind it.
    pub(super) model: &'a Model,
    /// The variant, or the standard one.
    pub(super) lane: Lane,
    /// The alias that it is listed under (`~author/family-latest`).
    pub(super) alias: Option<&'a str>,
    /// Those that serve it, in the catalogue's order. A router has none: it chooses among other models.
    pub(super) endpoints: Vec<&'a Endpoint>,
}

/// Everything that can be called.
pub(super) fn all(snapshot: &Snapshot) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for model in snapshot.catalog.models() {
        for lane in [Lane::Standard, Lane::Free, Lane::Extended, Lane::Thinking] {
            rows.extend(row(snapshot, model, lane, None));
        }
    }
    let floating = |(alias, _): &(&str, &Model)| alias.starts_with('~');
    for (alias, model) in snapshot.catalog.aliases().filter(floating) {
        rows.extend(row(snapshot, model, Lane::Standard, Some(alias)));
    }
    // Whoever serves anything can choose among it.
    if !rows.is_empty() {
        rows.extend(
            Router::ALL
                .into_iter()
                .filter_map(|router| chooser(snapshot, router)),
        );
    }
    rows
}

/// The row of a router.
fn chooser(snapshot: &Snapshot, router: Router) -> Option<Row<'_>> {
    Some(Row {
        model: snapshot.catalog.model(router.slug())?,
        lane: Lane::Standard,
        alias: None,
        endpoints: Vec::new(),
    })
}

/// The row of a name as a caller writes it, with its suffixes.
pub(super) fn named<'a>(snapshot: &'a Snapshot, name: &str) -> Option<Row<'a>> {
    if let Some(router) = Router::named(name) {
        return chooser(snapshot, router);
    }
    let resolved = snapshot.catalog.resolve(name)?;
    let alias = resolved.alias.filter(|alias| alias.starts_with('~'));
    row(snapshot, resolved.model, resolved.lane(), alias)
}

fn row<'a>(
    snapshot: &'a Snapshot,
    model: &'a Model,
    lane: Lane,
    alias: Option<&'a str>,
) -> Option<Row<'a>> {
    // OpenRouter's own is behind ours, and never asked.
    if Router::named(model.slug.as_str()).is_some() {
        return None;
    }
    let in_lane = |endpoint: &&Endpoint| match lane {
        Lane::Standard => !endpoint.lane.is_variant(),
        Lane::Free
        | Lane::Extended
        | Lane::Thinking
        | Lane::Batch
        | Lane::Flex
        | Lane::Priority => endpoint.lane == lane,
    };
    let endpoints = snapshot.catalog.endpoints(model).iter();
    let endpoints: Vec<_> = endpoints
        .filter(in_lane)
        .filter(|endpoint| can_be_called(snapshot, endpoint))
        .collect();
    (!endpoints.is_empty()).then_some(Row {
        model,
        lane,
        alias,
        endpoints,
    })
}

/// Whether an endpoint could serve: its provider is configured (where any is), and its wire is spoken.
fn can_be_called(snapshot: &Snapshot, endpoint: &Endpoint) -> bool {
    let upstream = snapshot.upstream(endpoint);
    snapshot.upstreams.is_empty() || upstream.is_some_and(|upstream| speaks(upstream, endpoint))
}

impl<'a> Row<'a> {
    /// Its name on the wire: `author/name`, `author/name:free`, `~author/family-latest`.
    pub(super) fn id(&self) -> String {
        match (self.alias, self.lane) {
            (Some(alias), _) => alias.to_owned(),
            (None, Lane::Standard) => self.model.slug.to_string(),
            (None, lane) => format!("{}:{lane}", self.model.slug),
        }
    }

    /// Its name for people.
    pub(super) fn name(&self) -> String {
        match (self.alias, self.lane) {
            (None, Lane::Standard) => self.model.name.to_string(),
            (None, lane) => format!("{} ({lane})", self.model.name),
            (Some(_), _) => format!("{} (latest)", self.model.name),
        }
    }

    /// The router, where it is one.
    pub(super) fn router(&self) -> Option<Router> {
        Router::named(self.model.slug.as_str())
    }

    /// The endpoint whose prices and limits stand for the whole: the cheapest that serves without being opted into.
    pub(super) fn top(&self) -> Option<&'a Endpoint> {
        let plain = |endpoint: &&&Endpoint| !matches!(endpoint.lane, Lane::Flex | Lane::Priority);
        let price = |endpoint: &&&Endpoint| match &endpoint.prices {
            Some(sheet) => (false, weight(sheet)),
            None => (true, 0),
        };
        let cheapest = self.endpoints.iter().filter(plain).min_by_key(price);
        cheapest.or_else(|| self.endpoints.first()).copied()
    }

    /// What its top endpoint charges, where that is known.
    pub(super) fn prices(&self) -> Option<&'a PriceSheet> {
        self.top()?.prices.as_ref()
    }
}

/// What a usual request costs, for comparison only: three tokens in for one out, a thousand tokens, and what is
/// charged for a request as such and for a search.
pub(super) fn weight(sheet: &PriceSheet) -> i128 {
    let price = |unit| i128::from(sheet.price(unit).unwrap_or_default().get());
    let tokens = price(Unit::Prompt) * 750 + price(Unit::Completion) * 250;
    tokens + price(Unit::Request) + price(Unit::WebSearch)
}
