//! Which models are listed, in which order, and which page of them.

use std::cmp::Reverse;

use canon::{Fault, Kind, PicoUsd};
use http::Uri;
use policy::catalog::{Modalities, Modality, Parameter, Parameters, Unit};

use super::row::{Row, weight};
use crate::{
    query::{self, Query},
    snapshot::Snapshot,
};

/// Models on one page where a page is asked for without its size.
const PAGE_DEFAULT: u64 = 500;
const PAGE_MAX: u64 = 1_000;
const DAY_MICROS: i64 = 86_400_000_000;

/// What a row must have to be listed, and in which order rows come.
#[derive(Debug, Default)]
pub(super) struct Filter {
    text: Option<String>,
    parameters: Parameters,
    input: Modalities,
    /// Any of them; all where empty.
    output: Modalities,
    context_min: u64,
    prompt_usd_per_million: Bounds,
    completion_usd_per_million: Bounds,
    tokenizer: Option<String>,
    authors: Vec<String>,
    providers: Vec<String>,
    zdr: bool,
    created: CreatedBounds,
    order: Order,
}

/// Amounts from the one to the other, both allowed.
#[derive(Debug, Default)]
struct Bounds {
    min: Option<PicoUsd>,
    max: Option<PicoUsd>,
}

/// Seconds since 1970, both allowed.
#[derive(Debug, Default)]
struct CreatedBounds {
    min: Option<i64>,
    max: Option<i64>,
}

/// In which order rows come; what lacks the value comes last, newest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Order {
    #[default]
    Newest,
    Cheapest,
    Dearest,
    LongestContext,
}

/// Every order of the wire. Those by what is not measured here leave all rows without a value, so the default
/// order holds.
const ORDERS: &[(&str, Order)] = &[
    ("newest", Order::Newest),
    ("pricing-low-to-high", Order::Cheapest),
    ("pricing-high-to-low", Order::Dearest),
    ("context-high-to-low", Order::LongestContext),
    ("most-popular", Order::Newest),
    ("top-weekly", Order::Newest),
    ("throughput-high-to-low", Order::Newest),
    ("latency-low-to-high", Order::Newest),
    ("intelligence-high-to-low", Order::Newest),
    ("coding-high-to-low", Order::Newest),
    ("agentic-high-to-low", Order::Newest),
    ("design-arena-elo-high-to-low", Order::Newest),
];

/// Filters of the wire by facts that the catalogue does not have. To ignore them would list what was filtered out.
const NOT_THERE: &[&str] = &[
    "category",
    "distillable",
    "region",
    "min_intelligence_index",
    "max_intelligence_index",
    "min_coding_index",
    "max_coding_index",
    "min_agentic_index",
    "max_agentic_index",
    "min_tool_success_rate",
    "max_tool_success_rate",
    "use_rss",
    "use_rss_chat_links",
];

impl Filter {
    /// Reads all filters. `now` is in microseconds since 1970.
    ///
    /// # Errors
    /// A value is not allowed, or the filter is not there yet.
    pub(super) fn parse(query: &Query, now: i64) -> Result<Self, Fault> {
        for name in NOT_THERE {
            // Written out as off, they ask for nothing.
            if query.text(name).is_some_and(|value| value != "false") {
                let say =
                    format!("query parameter `{name}`: this is not supported yet; leave it out");
                let fault = Fault::caller(Kind::InvalidRequest, say);
                return Err(fault.with_metadata("param", *name));
            }
        }
        let bounds = |min, max| -> Result<Bounds, Fault> {
            let (min, max) = (query.usd(min)?, query.usd(max)?);
            Ok(Bounds { min, max })
        };
        let ago = |days: Option<u64>| {
            let days = i64::try_from(days?).unwrap_or(i64::MAX);
            Some(now.saturating_sub(days.saturating_mul(DAY_MICROS)) / 1_000_000)
        };
        let texts = |name| query.list(name).map(str::to_lowercase).collect();
        Ok(Self {
            text: query.text("q").map(str::to_lowercase),
            parameters: parameters(query)?,
            input: modalities(query, "input_modalities")?.unwrap_or(Modalities::EMPTY),
            context_min: query.whole("context", 1..=u64::MAX)?.unwrap_or(0),
            prompt_usd_per_million: bounds("min_price", "max_price")?,
            completion_usd_per_million: bounds("min_output_price", "max_output_price")?,
            tokenizer: query.text("arch").map(str::to_lowercase),
            authors: texts("model_authors"),
            providers: texts("providers"),
            zdr: query.flag("zdr")?.unwrap_or(false),
            created: CreatedBounds {
                min: ago(query.whole("max_age_days", 0..=u64::MAX)?),
                max: ago(query.whole("min_age_days", 0..=u64::MAX)?),
            },
            order: order(query)?,
            ..Self::of_outputs(query)?
        })
    }

    /// Reads the filter by what comes out, which is `text` unless said otherwise.
    ///
    /// # Errors
    /// There is no such modality.
    pub(super) fn of_outputs(query: &Query) -> Result<Self, Fault> {
        let text = Modalities::EMPTY.with(Modality::Text);
        let output = match query.text("output_modalities") {
            Some("all") => Modalities::EMPTY,
            _ => modalities(query, "output_modalities")?.unwrap_or(text),
        };
        Ok(Self {
            output,
            ..Self::default()
        })
    }

    /// The rows that pass, in order.
    pub(super) fn apply<'a>(&self, snapshot: &Snapshot, rows: Vec<Row<'a>>) -> Vec<Row<'a>> {
        let mut rows: Vec<_> = rows
            .into_iter()
            .filter(|row| self.passes(row) && self.is_served(snapshot, row))
            .collect();
        let newest = |row: &Row<'_>| (Reverse(row.model.created), row.id());
        let price = |row: &Row<'_>| row.prices().map(weight);
        match self.order {
            Order::Newest => rows.sort_by_cached_key(newest),
            Order::Cheapest => rows.sort_by_cached_key(|row| {
                let price = price(row);
                (price.is_none(), price, newest(row))
            }),
            Order::Dearest => rows.sort_by_cached_key(|row| (Reverse(price(row)), newest(row))),
            Order::LongestContext => rows.sort_by_cached_key(|row| {
                let context = row.top().and_then(|top| top.context_length);
                (Reverse(context.or(row.model.context_length)), newest(row))
            }),
        }
        rows
    }

    /// Whether the model is what is asked for.
    fn passes(&self, row: &Row<'_>) -> bool {
        let model = row.model;
        let named = |text: &String| {
            model.slug.as_str().to_lowercase().contains(text)
                || model.name.to_lowercase().contains(text)
        };
        let priced = |bounds: &Bounds, unit| {
            let price = row
                .prices()
                .map(|sheet| sheet.price(unit).unwrap_or_default());
            bounds.admits(price)
        };
        let context = row.top().and_then(|top| top.context_length);
        self.text.as_ref().is_none_or(named)
            && model.input.contains_all(self.input)
            && (self.output.is_empty() || self.output.iter().any(|out| model.output.contains(out)))
            && context.or(model.context_length).unwrap_or(0) >= self.context_min
            && priced(&self.prompt_usd_per_million, Unit::Prompt)
            && priced(&self.completion_usd_per_million, Unit::Completion)
            && self.created.admits(model.created)
            && is_any(&self.authors, |author| author == model.slug.author())
            && self
                .tokenizer
                .as_ref()
                .is_none_or(|name| model.tokenizer.eq_ignore_ascii_case(name))
    }

    /// Whether one endpoint has all that is asked of endpoints.
    fn is_served(&self, snapshot: &Snapshot, row: &Row<'_>) -> bool {
        // Whom a router chooses is not known beforehand, so it promises no provider and no privacy.
        if row.router().is_some() {
            let parameters = row.model.parameters.contains_all(self.parameters);
            return parameters && !self.zdr && self.providers.is_empty();
        }
        row.endpoints.iter().any(|endpoint| {
            let upstream = snapshot.upstream(endpoint);
            let known = providers::find(endpoint.provider.as_str());
            let name = upstream.map(|upstream| upstream.name());
            let name = name.or(known.map(|known| known.name)).unwrap_or_default();
            let policy = upstream.map(|upstream| upstream.data_policy());
            let policy = policy
                .or(known.map(|known| known.data_policy))
                .unwrap_or_default();
            endpoint.parameters.contains_all(self.parameters)
                && (!self.zdr || policy.retains_days == Some(0))
                && is_any(&self.providers, |wanted| {
                    wanted == endpoint.provider.as_str() || name.eq_ignore_ascii_case(wanted)
                })
        })
    }
}

impl Bounds {
    /// Whether a price a unit is within these amounts for a million units.
    fn admits(&self, price: Option<PicoUsd>) -> bool {
        if self.min.is_none() && self.max.is_none() {
            return true;
        }
        let Some(price) = price else { return false };
        let million = price.times(1_000_000);
        self.min.is_none_or(|min| million >= i128::from(min.get()))
            && self.max.is_none_or(|max| million <= i128::from(max.get()))
    }
}

impl CreatedBounds {
    fn admits(&self, created: Option<i64>) -> bool {
        if self.min.is_none() && self.max.is_none() {
            return true;
        }
        created.is_some_and(|created| {
            self.min.is_none_or(|min| created >= min) && self.max.is_none_or(|max| created <= max)
        })
    }
}

/// Whether any of the wanted fits; none wanted means that all do.
fn is_any(wanted: &[String], fits: impl Fn(&str) -> bool) -> bool {
    wanted.is_empty() || wanted.iter().any(|wanted| fits(wanted))
}

fn modalities(query: &Query, name: &str) -> Result<Option<Modalities>, Fault> {
    let mut set = None;
    for word in query.list(name) {
        let known = Modality::named(word).ok_or_else(|| {
            let names: Vec<_> = Modality::ALL.iter().map(|known| known.name()).collect();
            query::wrong(name, &format!("some of {}", names.join(", ")), word)
        })?;
        set = Some(set.unwrap_or(Modalities::EMPTY).with(known));
    }
    Ok(set)
}

fn parameters(query: &Query) -> Result<Parameters, Fault> {
    let name = "supported_parameters";
    query
        .list(name)
        .map(|word| {
            Parameter::named(word).ok_or_else(|| {
                let names: Vec<_> = Parameter::ALL.iter().map(|known| known.name()).collect();
                query::wrong(name, &format!("some of {}", names.join(", ")), word)
            })
        })
        .collect()
}

fn order(query: &Query) -> Result<Order, Fault> {
    let Some(wanted) = query.text("sort") else {
        return Ok(Order::default());
    };
    let found = ORDERS.iter().find(|(name, _)| *name == wanted);
    found.map(|(_, order)| *order).ok_or_else(|| {
        let names: Vec<_> = ORDERS.iter().map(|(name, _)| *name).collect();
        query::wrong("sort", &format!("one of {}", names.join(", ")), wanted)
    })
}

/// A part of the list.
#[derive(Clone, Copy, Debug)]
pub(super) enum Page {
    /// Nothing was said of pages.
    Everything,
    /// So many, behind so many.
    Part {
        /// How many are passed over.
        offset: usize,
        /// How many at most.
        limit: usize,
    },
}

impl Page {
    /// Reads `offset` and `limit`.
    ///
    /// # Errors
    /// One of them is no number within its bounds.
    pub(super) fn parse(query: &Query) -> Result<Self, Fault> {
        let offset = query.whole("offset", 0..=u64::MAX)?;
        let limit = query.whole("limit", 1..=PAGE_MAX)?;
        if offset.is_none() && limit.is_none() {
            return Ok(Self::Everything);
        }
        let size = |number| usize::try_from(number).unwrap_or(usize::MAX);
        Ok(Self::Part {
            offset: size(offset.unwrap_or(0)),
            limit: size(limit.unwrap_or(PAGE_DEFAULT)),
        })
    }

    /// The rows of this page, and the address of the next one where something is left.
    pub(super) fn cut<'r, 'a>(
        self,
        rows: &'r [Row<'a>],
        uri: &Uri,
    ) -> (&'r [Row<'a>], Option<String>) {
        let Self::Part { offset, limit } = self else {
            return (rows, None);
        };
        let behind = rows.get(offset..).unwrap_or_default();
        let shown = behind.get(..limit).unwrap_or(behind);
        let next = (behind.len() > limit).then(|| next_page(uri, offset + limit, limit));
        (shown, next)
    }
}

/// The same address with another offset.
fn next_page(uri: &Uri, offset: usize, limit: usize) -> String {
    let names_page = |pair: &&str| {
        let name = pair.split('=').next().unwrap_or_default();
        name == "offset" || name == "limit"
    };
    let pairs = uri.query().unwrap_or_default().split('&');
    let mut query: String = pairs
        .filter(|pair| !pair.is_empty() && !names_page(pair))
        .flat_map(|pair| [pair, "&"])
        .collect();
    query.push_str(&format!("offset={offset}&limit={limit}"));
    format!("{}?{query}", uri.path())
}
