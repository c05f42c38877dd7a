//! The operator's terms for endpoints: which are switched off, which come first, how much of the traffic they get, and how
//! much they may be asked (docs/routing.md, "Terms").
//!
//! A rule names endpoints by a [`Pattern`]. Rules are read from top to bottom, and what a later one says of an endpoint
//! holds; caps are the exception, for each rule with caps has its own counters, and all of them hold. So a rule for a
//! whole provider and one for a model there are two limits, as they are at the vendor.

mod cap;
mod pattern;

use std::num::NonZeroU16;

use crate::catalog::{Catalog, Endpoint};

pub use cap::{Cap, Full, Limit, Limits};
pub use pattern::Pattern;

/// What an operator says of some endpoints. What is absent is as usual.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// Which endpoints.
    pub pattern: Pattern,
    /// How often it is drawn, in multiples of what its price gives it.
    pub weight: Option<NonZeroU16>,
    /// Whether it comes before those that are not preferred, as long as it is well.
    pub prefer: Option<bool>,
    /// Whether it serves nobody.
    pub disabled: Option<bool>,
    /// How much all that match may be asked together.
    pub limits: Limits,
}

/// The terms of one endpoint, as far as they bear on its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    /// As in [`Rule`]; 1 is usual.
    pub weight: u16,
    /// As in [`Rule`].
    pub prefer: bool,
    /// As in [`Rule`].
    pub disabled: bool,
    /// A cap that it is at now.
    pub full: Option<Full>,
}

/// The terms for every endpoint of a catalogue, and the counters of their caps. Shared by all threads.
#[derive(Debug, Default)]
pub struct Terms {
    /// By index of the endpoint; empty where there are no rules.
    rows: Box<[Row]>,
    caps: Box<[Cap]>,
}

#[derive(Clone, Debug)]
struct Row {
    term: Term,
    /// Places in `caps`.
    caps: Box<[usize]>,
}

/// A place under the caps of one endpoint. It must be given back with [`Terms::leave`].
#[derive(Debug)]
#[must_use = "what is taken must be given back"]
pub struct Ticket {
    endpoint: usize,
    taken: cap::Taken,
}

impl Default for Term {
    fn default() -> Self {
        Self {
            weight: 1,
            prefer: false,
            disabled: false,
            full: None,
        }
    }
}

impl Terms {
    /// The terms that these rules make for the endpoints of a catalogue.
    #[must_use]
    pub fn of(rules: &[Rule], catalog: &Catalog) -> Self {
        if rules.is_empty() {
            return Self::default();
        }
        let capped: Vec<&Rule> = rules.iter().filter(|rule| rule.limits.is_any()).collect();
        let endpoints = catalog.all_endpoints().iter();
        Self {
            rows: endpoints
                .map(|endpoint| row(endpoint, rules, &capped))
                .collect(),
            caps: capped.iter().map(|rule| Cap::new(rule.limits)).collect(),
        }
    }

    /// The terms of an endpoint now, for a request of so many tokens. `now` in microseconds since 1970.
    #[must_use]
    pub fn term(&self, endpoint: usize, tokens: u64, now: i64) -> Term {
        let Some(row) = self.rows.get(endpoint) else {
            return Term::default();
        };
        Term {
            full: self.caps(row).find_map(|cap| cap.full(tokens, now)),
            ..row.term
        }
    }

    /// Takes a place for a request of so many tokens under all caps of an endpoint, or under none.
    ///
    /// # Errors
    /// A cap is reached.
    pub fn take(&self, endpoint: usize, tokens: u64, now: i64) -> Result<Option<Ticket>, Full> {
        let Some(row) = self.rows.get(endpoint).filter(|row| !row.caps.is_empty()) else {
            return Ok(None);
        };
        let taken = cap::Taken::new(tokens, now);
        for (count, cap) in self.caps(row).enumerate() {
            if let Err(full) = cap.take(taken) {
                for cap in self.caps(row).take(count) {
                    cap.undo(taken);
                }
                return Err(full);
            }
        }
        Ok(Some(Ticket { endpoint, taken }))
    }

    /// Gives back a place of which nothing was made: as if it had never been taken.
    pub fn undo(&self, ticket: Ticket) {
        if let Some(row) = self.rows.get(ticket.endpoint) {
            for cap in self.caps(row) {
                cap.undo(ticket.taken);
            }
        }
    }

    /// Gives a place back. The tokens that were really used take the place of those that were expected.
    pub fn leave(&self, ticket: Ticket, used_tokens: u64) {
        if let Some(row) = self.rows.get(ticket.endpoint) {
            for cap in self.caps(row) {
                cap.leave(ticket.taken, used_tokens);
            }
        }
    }

    fn caps<'a>(&'a self, row: &'a Row) -> impl Iterator<Item = &'a Cap> {
        row.caps.iter().filter_map(|at| self.caps.get(*at))
    }
}

fn row(endpoint: &Endpoint, rules: &[Rule], capped: &[&Rule]) -> Row {
    let mut term = Term::default();
    for rule in rules.iter().filter(|rule| rule.pattern.is_of(endpoint)) {
        term.weight = rule.weight.map_or(term.weight, NonZeroU16::get);
        term.prefer = rule.prefer.unwrap_or(term.prefer);
        term.disabled = rule.disabled.unwrap_or(term.disabled);
    }
    let matching = capped.iter().enumerate();
    let matching = matching.filter(|(_, rule)| rule.pattern.is_of(endpoint));
    Row {
        term,
        caps: matching.map(|(at, _)| at).collect(),
    }
}
