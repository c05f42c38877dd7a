//! In which order: what the caller ordered, then those that are well, sorted or drawn, then the slow, the shaky and
//! the resting.
//!
//! Each candidate gets a key; one sort puts them in order, and those runs that are drawn are drawn in place.

use canon::Sort;

use super::{
    Ask, Candidate, Stay, Target, Tier, Why, Wish,
    draw::{Chance, draw, weight},
    exacto::{Grade, Norm},
    figures::Thresholds,
    names::is_named,
    stay,
};
use crate::{catalog::Lane, health::Standing};

/// What decides a place, most important first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    /// The model's place in the caller's list; 0 where all are sorted together.
    model: usize,
    group: Group,
    /// Within its group: the place in `order`, the tier, the grade.
    place: usize,
    /// What is sorted by, smaller first.
    score: u64,
    /// Unknown prices come last.
    price: i64,
    endpoint: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    Ordered,
    Home,
    Preferred,
    Well,
    Slow,
    Shaky,
    Resting,
}

struct Entry {
    key: Key,
    rank: usize,
    weight: u128,
    why: Why,
}

/// How one model's endpoints, or all, are ordered.
#[derive(Clone, Copy)]
struct Manner {
    sort: Option<Sort>,
    /// Whether the operator's preferred endpoints come first: not where the caller sorts.
    prefers: bool,
    /// Put those that call tools badly behind, and draw all the same.
    by_grade: bool,
    norm: Norm,
    /// The conversation's past with this model.
    past: Option<(stay::Turn, Stay)>,
}

pub(super) fn order(
    ask: &Ask<'_>,
    candidates: &[Candidate<'_>],
    seed: u64,
) -> (Vec<Target>, Option<Stay>) {
    let preferences = ask.preferences;
    let across = preferences.across_models;
    let thresholds = Thresholds::of(preferences);
    let mut entries: Vec<Entry> = Vec::with_capacity(candidates.len());
    let mut of_model: Option<(usize, Manner)> = None;
    let mut stayed: Option<Stay> = None;
    for candidate in candidates {
        let model = if across { 0 } else { candidate.rank };
        let manner = match of_model {
            Some((known, manner)) if known == model => manner,
            Some(_) | None => manner_of(ask, candidates, candidate.rank, across),
        };
        of_model = Some((model, manner));
        stayed = stayed.or(manner.past.map(|(_, stay)| stay));
        entries.push(entry(ask, &thresholds, (&manner, model), candidate));
    }
    entries.sort_unstable_by_key(|entry| entry.key);
    let mut chance = Chance(seed);
    for run in entries.chunk_by_mut(|one, next| {
        let place = |entry: &Entry| (entry.key.model, entry.key.group, entry.key.place);
        matches!(one.why, Why::Drawn { .. }) && place(one) == place(next)
    }) {
        if run
            .first()
            .is_some_and(|one| matches!(one.why, Why::Drawn { .. }))
        {
            let place = |entry: &mut Entry, per_mille| entry.why = Why::Drawn { per_mille };
            draw(run, &mut chance, |entry| entry.weight, place);
        }
    }
    if preferences.allow_fallbacks == Some(false) && preferences.order.is_empty() {
        // Only the first choice of each model.
        entries.dedup_by_key(|entry| entry.key.model);
    }
    let target = |entry: &Entry| Target {
        endpoint: entry.key.endpoint,
        rank: entry.rank,
        why: entry.why,
    };
    let targets: Vec<Target> = entries.iter().map(target).collect();
    if let Some(stay) = &mut stayed {
        // Where it is slow or bad at tools it is as any other.
        stay.stays &= targets
            .iter()
            .any(|one| one.endpoint == stay.endpoint && matches!(one.why, Why::Stays { .. }));
    }
    (targets, stayed)
}

/// How the endpoints of a model are ordered; of all models, where they are sorted together.
fn manner_of(ask: &Ask<'_>, candidates: &[Candidate<'_>], rank: usize, across: bool) -> Manner {
    let wished = |wish: &Wish| wish.sort;
    let by_suffix = if across {
        // A suffix holds for its model only: for all together only where all have it.
        let mut all = ask.wishes.iter().map(wished);
        let first = all.next().flatten();
        first.filter(|_| all.all(|sort| sort == first))
    } else {
        ask.wishes.get(rank).and_then(wished)
    };
    let by_tier = match ask.tier {
        Tier::Flex => Some(Sort::Price),
        Tier::Priority => Some(Sort::Throughput),
        Tier::Any | Tier::Default => None,
    };
    // The house's sort is a default of load balancing; `order` switches that off.
    let house = ask.house.sort.filter(|_| ask.preferences.order.is_empty());
    let asked = ask.preferences.sort.or(by_suffix);
    let sort = asked.or(by_tier).or(house);
    let by_grade = sort == Some(Sort::Exacto) || (sort.is_none() && ask.has_tools);
    let norm = if by_grade {
        Norm::of(candidates.iter().filter(|one| across || one.rank == rank))
    } else {
        Norm::default()
    };
    let of_model = candidates.iter().filter(|one| across || one.rank == rank);
    let knows = candidates.iter().any(|one| one.warm.is_some());
    Manner {
        sort,
        prefers: asked.is_none() && ask.preferences.order.is_empty(),
        by_grade,
        norm,
        past: knows.then(|| stay::of(ask, of_model, sort)).flatten(),
    }
}

fn entry(
    ask: &Ask<'_>,
    thresholds: &Thresholds,
    (manner, model): (&Manner, usize),
    candidate: &Candidate<'_>,
) -> Entry {
    let price = match &manner.past {
        Some((turn, stay)) if !stay.stays => turn.price(candidate),
        Some(_) | None => blended(candidate),
    };
    let orders = &ask.preferences.order;
    let ordered = orders.iter().position(|name| is_named(name, candidate));
    let group = match candidate.standing {
        Standing::Resting { .. } => Group::Resting,
        Standing::Well | Standing::Shaky if ordered.is_some() => Group::Ordered,
        Standing::Shaky if !stays(ask, manner, candidate) => Group::Shaky,
        Standing::Well | Standing::Shaky if thresholds.are_missed_by(&candidate.figures) => {
            Group::Slow
        }
        Standing::Well | Standing::Shaky if stays(ask, manner, candidate) => Group::Home,
        Standing::Well | Standing::Shaky if manner.prefers && candidate.term.prefer => {
            Group::Preferred
        }
        Standing::Well | Standing::Shaky => Group::Well,
    };
    let (score, measured) = score(manner.sort, candidate);
    let (place, why) = match (group, manner.sort) {
        (Group::Ordered, _) => (ordered.unwrap_or(0), Why::Ordered),
        (Group::Home, _) => {
            let warm_tokens = candidate.warm.map_or(0, |warm| warm.tokens);
            (0, Why::Stays { warm_tokens })
        }
        (Group::Resting, _) => (0, Why::Resting),
        (Group::Shaky, _) => (0, Why::Shaky),
        (Group::Slow, _) => (place_of(ask, manner, candidate), Why::Slow),
        (Group::Preferred | Group::Well, Some(sort)) => {
            let sorted = if measured {
                Why::Sorted(sort)
            } else {
                Why::Unmeasured(sort)
            };
            (place_of(ask, manner, candidate), sorted)
        }
        // `order` switches load balancing off: the rest follow by price.
        (Group::Preferred | Group::Well, None) if !orders.is_empty() => {
            (0, Why::Sorted(Sort::Price))
        }
        (Group::Preferred | Group::Well, None) => (
            place_of(ask, manner, candidate),
            Why::Drawn { per_mille: 0 },
        ),
    };
    Entry {
        key: Key {
            model,
            group,
            place,
            score: if group == Group::Ordered { 0 } else { score },
            price: price.unwrap_or(i64::MAX),
            endpoint: candidate.endpoint,
        },
        rank: candidate.rank,
        weight: weight(price).saturating_mul(u128::from(candidate.term.weight)),
        why,
    }
}

/// Whether a conversation stays at this endpoint: not at one that calls tools badly, nor outside the tier that was asked
/// for.
fn stays(ask: &Ask<'_>, manner: &Manner, candidate: &Candidate<'_>) -> bool {
    let is_home =
        |(_, stay): &(stay::Turn, Stay)| stay.stays && stay.endpoint == candidate.endpoint;
    manner.past.as_ref().is_some_and(is_home)
        && (ask.tier != Tier::Priority || candidate.lane == Lane::Priority)
        && !(manner.by_grade && manner.norm.grade(candidate) == Grade::Poor)
}

/// What stands before the score: the tier that was asked for, and how well tools are called.
fn place_of(ask: &Ask<'_>, manner: &Manner, candidate: &Candidate<'_>) -> usize {
    let behind = ask.tier == Tier::Priority && candidate.lane != Lane::Priority;
    let grade = if manner.by_grade {
        manner.norm.grade(candidate)
    } else {
        Grade::Good
    };
    let grade = match grade {
        Grade::Good => 0,
        Grade::Unknown => 1,
        Grade::Poor => 2,
    };
    usize::from(behind) * 3 + grade
}

/// What is sorted by, smaller first, and whether it is known.
fn score(sort: Option<Sort>, candidate: &Candidate<'_>) -> (u64, bool) {
    let figures = &candidate.figures;
    let score = match sort {
        None | Some(Sort::Price) => Some(0),
        Some(Sort::Latency) => figures.latency.map(|own| u64::from(own.p50)),
        Some(Sort::Throughput) => figures
            .throughput
            .map(|own| u64::MAX - 1 - u64::from(own.p50)),
        Some(Sort::Exacto) => figures.tools.map(|own| 1_000 - u64::from(own.per_mille())),
    };
    (score.unwrap_or(u64::MAX), score.is_some())
}

/// Prompt and completion price together, in pico-USD a token; `None` where nobody says.
fn blended(candidate: &Candidate<'_>) -> Option<i64> {
    let price = candidate.price.as_ref()?;
    Some(
        price
            .prompt
            .get()
            .saturating_add(price.completion.get())
            .max(0),
    )
}
