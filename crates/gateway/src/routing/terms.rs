//! The operator's terms, bound to a catalogue: `policy::terms` for the gateway and for each workspace that has its own.

mod check;

use std::sync::Arc;

use canon::Preferences;
use foldhash::HashMap;
use policy::{
    catalog::Catalog,
    terms::{self, Full, Limits, Rule, Term, Ticket},
};

use crate::config::{Aliases, Config, EndpointRule};

pub use check::{Checked, check};

/// All terms. Shared; the counters of the caps live here.
#[derive(Debug, Default)]
pub struct Terms {
    house: Arc<Own>,
    workspaces: HashMap<Box<str>, Arc<Own>>,
}

/// The terms that hold for one workspace. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct View {
    house: Arc<Own>,
    own: Option<Arc<Own>>,
}

/// Places under the caps of an endpoint, of the gateway and of a workspace. Given back when dropped.
#[derive(Debug)]
pub(crate) struct Places {
    view: View,
    house: Option<Ticket>,
    own: Option<Ticket>,
    /// Whether the endpoint was asked; else it is as if nothing had been taken.
    is_asked: bool,
    used_tokens: u64,
}

/// The terms of the gateway, or those of a workspace.
#[derive(Debug, Default)]
struct Own {
    terms: terms::Terms,
    aliases: HashMap<Box<str>, Box<[String]>>,
    /// What holds for every request, the gateway's and the workspace's put together.
    preferences: Preferences,
}

impl Terms {
    /// The terms of a configuration for the endpoints of a catalogue.
    #[must_use]
    pub fn of(config: &Config, catalog: &Catalog) -> Self {
        let routing = &config.routing;
        let house = Own {
            terms: terms::Terms::of(&rules(&routing.endpoints), catalog),
            aliases: models_of(&routing.aliases),
            preferences: routing.preferences.clone(),
        };
        let workspaces = config.workspaces.iter().map(|(name, workspace)| {
            // The gateway's rules are read first; its caps count on their own.
            let mut all = rules(&routing.endpoints);
            for rule in &mut all {
                rule.limits = Limits::default();
            }
            all.extend(rules(&workspace.endpoints));
            let own = Own {
                terms: terms::Terms::of(&all, catalog),
                aliases: models_of(&workspace.aliases),
                preferences: together(&routing.preferences, &workspace.preferences),
            };
            (name.as_str().into(), Arc::new(own))
        });
        Self {
            workspaces: workspaces.collect(),
            house: Arc::new(house),
        }
    }

    /// Those that hold for a workspace.
    #[must_use]
    pub fn in_workspace(&self, workspace: &str) -> View {
        View {
            house: Arc::clone(&self.house),
            own: self.workspaces.get(workspace).cloned(),
        }
    }
}

impl View {
    /// What holds for every request.
    #[must_use]
    pub fn preferences(&self) -> &Preferences {
        &self.narrow().preferences
    }

    /// The models that a name of the operator's stands for, with the suffixes that stand behind the name.
    #[must_use]
    pub fn models_of(&self, name: &str) -> Option<Vec<String>> {
        let (stem, suffixes) = name.split_at(name.find(':').unwrap_or(name.len()));
        let own = self.own.iter().find_map(|own| own.aliases.get(stem));
        let models = own.or_else(|| self.house.aliases.get(stem))?;
        Some(
            models
                .iter()
                .map(|model| format!("{model}{suffixes}"))
                .collect(),
        )
    }

    /// The terms of an endpoint now, for a request of so many tokens.
    #[must_use]
    pub fn term(&self, endpoint: usize, tokens: u64, now: i64) -> Term {
        let house = self.house.terms.term(endpoint, tokens, now);
        match &self.own {
            None => house,
            Some(own) => {
                let own = own.terms.term(endpoint, tokens, now);
                Term {
                    full: house.full.or(own.full),
                    ..own
                }
            }
        }
    }

    /// Takes a place under all caps of an endpoint, or under none.
    pub(crate) fn take(&self, endpoint: usize, tokens: u64, now: i64) -> Result<Places, Full> {
        let mut places = Places {
            house: self.house.terms.take(endpoint, tokens, now)?,
            view: self.clone(),
            own: None,
            is_asked: false,
            used_tokens: 0,
        };
        if let Some(own) = &self.own {
            // Where this one is full, the other one is given back by the drop.
            places.own = own.terms.take(endpoint, tokens, now)?;
        }
        Ok(places)
    }

    fn narrow(&self) -> &Own {
        self.own.as_ref().unwrap_or(&self.house)
    }
}

impl Places {
    /// The endpoint is asked.
    pub(crate) const fn asked(mut self) -> Self {
        self.is_asked = true;
        self
    }

    /// So many tokens were really used.
    pub(crate) const fn used(&mut self, tokens: u64) {
        self.used_tokens = tokens;
    }
}

impl Drop for Places {
    fn drop(&mut self) {
        let give_back = |terms: &terms::Terms, ticket| {
            if self.is_asked {
                terms.leave(ticket, self.used_tokens);
            } else {
                terms.undo(ticket);
            }
        };
        if let Some(ticket) = self.house.take() {
            give_back(&self.view.house.terms, ticket);
        }
        if let (Some(own), Some(ticket)) = (&self.view.own, self.own.take()) {
            give_back(&own.terms, ticket);
        }
    }
}

fn rules(endpoints: &[EndpointRule]) -> Vec<Rule> {
    endpoints
        .iter()
        .map(|endpoint| endpoint.rule.clone())
        .collect()
}

fn models_of(aliases: &Aliases) -> HashMap<Box<str>, Box<[String]>> {
    let models = aliases.iter().map(|(name, alias)| {
        let models = alias.models.iter().map(|(model, _)| model.clone());
        (name.as_str().into(), models.collect())
    });
    models.collect()
}

/// What both say: `only` intersects, `ignore` unites, privacy tightens, and the workspace sorts.
fn together(house: &Preferences, own: &Preferences) -> Preferences {
    let only = match (&house.only, &own.only) {
        (Some(one), Some(other)) => Some(in_both(one, other)),
        (one, other) => one.clone().or_else(|| other.clone()),
    };
    let either = |one: Option<bool>, other: Option<bool>| match (one, other) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (one, other) => one.or(other),
    };
    Preferences {
        only,
        ignore: house.ignore.iter().chain(&own.ignore).cloned().collect(),
        deny_data_collection: either(house.deny_data_collection, own.deny_data_collection),
        zdr: either(house.zdr, own.zdr),
        sort: own.sort.or(house.sort),
        ..house.clone()
    }
}

/// The names that both lists allow; a provider's name allows all its endpoints.
fn in_both(one: &[String], other: &[String]) -> Vec<String> {
    let allows = |list: &[String], name: &String| {
        let base = name.split_once('/').map_or(name.as_str(), |(base, _)| base);
        let mut list = list.iter();
        list.any(|own| own.eq_ignore_ascii_case(name) || own.eq_ignore_ascii_case(base))
    };
    let first = one.iter().filter(|name| allows(other, name));
    let second = other
        .iter()
        .filter(|name| allows(one, name) && !one.contains(name));
    first.chain(second).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_workspace_narrows_what_the_gateway_allows_and_widens_nothing() {
        let house = Preferences {
            only: Some(names(&["openai", "azure/eastus", "groq"])),
            ignore: names(&["a"]),
            zdr: Some(true),
            sort: Some(canon::Sort::Price),
            ..Preferences::default()
        };
        let own = Preferences {
            only: Some(names(&["openai/priority", "Azure", "together"])),
            ignore: names(&["b"]),
            zdr: Some(false),
            deny_data_collection: Some(true),
            ..Preferences::default()
        };
        let both = together(&house, &own);
        assert_eq!(both.only, Some(names(&["azure/eastus", "openai/priority"])));
        assert_eq!(both.ignore, names(&["a", "b"]));
        assert_eq!(
            (both.zdr, both.deny_data_collection),
            (Some(true), Some(true))
        );
        assert_eq!(both.sort, Some(canon::Sort::Price));
        let nothing = together(&house, &Preferences::default());
        assert_eq!(nothing.only, house.only);
    }
}
