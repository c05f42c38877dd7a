//! What only the catalogue can tell of the operator's terms: whether the models and providers that they name are there.

use std::collections::BTreeSet;

use policy::catalog::Catalog;

use crate::config::{Aliases, Config, EndpointRule, Place, Problem, Problems, nearest};

/// What was found: allowed, and probably not meant.
pub type Checked = Result<Vec<Problem>, Problems>;

/// Looks for every model and provider that the terms of a configuration name.
///
/// # Errors
/// One of them is nowhere; each with its place and what was probably meant.
pub fn check(config: &Config, catalog: &Catalog) -> Checked {
    let mut check = Check {
        catalog,
        providers: providers_of(config, catalog),
        faults: Vec::new(),
        warnings: Vec::new(),
    };
    let routing = &config.routing;
    check.aliases("routing.aliases", &routing.aliases, &[]);
    check.endpoints(&routing.endpoints);
    for (name, workspace) in &config.workspaces {
        let path = format!("workspaces.{name}.routing.aliases");
        check.aliases(&path, &workspace.aliases, &[&routing.aliases]);
        check.endpoints(&workspace.endpoints);
    }
    if check.faults.is_empty() {
        Ok(check.warnings)
    } else {
        Err(Problems(check.faults))
    }
}

/// Servers that are looked for on this machine.
const LOCAL: [&str; 5] = ["ollama", "llama-cpp", "vllm", "lm-studio", "sglang"];

struct Check<'a> {
    catalog: &'a Catalog,
    providers: BTreeSet<&'a str>,
    faults: Vec<Problem>,
    warnings: Vec<Problem>,
}

/// Every provider that there is: of the catalogue, of the vendors known here, and of the configuration.
fn providers_of<'a>(config: &'a Config, catalog: &'a Catalog) -> BTreeSet<&'a str> {
    let serving = catalog
        .all_endpoints()
        .iter()
        .map(|one| one.provider.as_str());
    let known = providers::ALL.iter().map(|vendor| vendor.id);
    let own = config.providers.keys().map(AsRef::as_ref);
    serving.chain(known).chain(own).collect()
}

impl Check<'_> {
    fn aliases(&mut self, path: &str, aliases: &Aliases, above: &[&Aliases]) {
        for (name, alias) in aliases {
            for (model, place) in &alias.models {
                let (stem, _) = model.split_at(model.find(':').unwrap_or(model.len()));
                let setting = format!("{path}.{name}");
                let is_alias = aliases.contains_key(stem)
                    || above.iter().any(|aliases| aliases.contains_key(stem));
                if self.catalog.resolve(model).is_some() {
                    continue;
                }
                if is_alias {
                    let say = format!("{model:?} is an alias itself: name its models");
                    self.fault(place, setting, say);
                } else {
                    self.unknown_model(model, place, setting);
                }
            }
        }
    }

    fn endpoints(&mut self, endpoints: &[EndpointRule]) {
        for EndpointRule {
            rule,
            place,
            setting,
        } in endpoints
        {
            let before = self.faults.len() + self.warnings.len();
            if let Some(model) = rule.pattern.only_model()
                && self.catalog.model(model).is_none()
            {
                self.unknown_model(model, place, setting.clone());
            }
            if let Some(provider) = rule.pattern.only_provider()
                && !self
                    .providers
                    .contains(provider.to_ascii_lowercase().as_str())
            {
                let near = nearest(provider, self.providers.iter().copied());
                let say = match near {
                    Some(near) => {
                        format!("there is no provider {provider:?}; did you mean {near:?}?")
                    }
                    None => format!("there is no provider {provider:?}"),
                };
                self.fault(place, setting.clone(), say);
            }
            let mut all = self.catalog.all_endpoints().iter();
            if self.faults.len() + self.warnings.len() == before
                && !all.any(|endpoint| rule.pattern.is_of(endpoint))
            {
                let say = format!("{} means no endpoint of the catalogue", rule.pattern);
                self.warn(place, setting.clone(), say);
            }
        }
    }

    /// A model of a server on this machine may come and go with it.
    fn unknown_model(&mut self, model: &str, place: &Place, setting: String) {
        let author = model.split_once('/').map_or("", |(author, _)| author);
        if LOCAL.contains(&author) {
            let say = format!("{model:?} is not offered at the moment");
            self.warn(place, setting, say);
            return;
        }
        let near = self.catalog.nearest(model, 3);
        let say = if near.is_empty() {
            format!("there is no model {model:?}")
        } else {
            format!(
                "there is no model {model:?}; did you mean {}?",
                near.join(", ")
            )
        };
        self.fault(place, setting, say);
    }

    fn fault(&mut self, place: &Place, setting: String, say: String) {
        self.faults.push(problem(place, setting, say));
    }

    fn warn(&mut self, place: &Place, setting: String, say: String) {
        self.warnings.push(problem(place, setting, say));
    }
}

fn problem(place: &Place, setting: String, say: String) -> Problem {
    Problem {
        place: place.clone(),
        setting,
        say,
    }
}
