//! Who serves which model, under which id, with which abilities, for what price.
//!
//! The facts are data (`crates/policy/data`, written by `cargo x catalog`), embedded in the binary and
//! parsed once. Models of one's own vendors are added from the configuration. A catalogue does not
//! change: a reload makes another one.

mod model;
mod nearest;
mod own;
mod parse;
mod place;
mod sheet;
mod suffix;
mod words;

use std::{collections::HashSet, sync::Arc};

use foldhash::HashMap;

pub use self::{
    model::{Endpoint, Model, Reasoning, Source},
    own::Own,
    place::Place,
    sheet::{Above, PriceSheet},
    suffix::Suffix,
    words::{
        Lane, Lanes, Modalities, Modality, Parameter, Parameters, Quantization, Quantizations,
        Unit, Units,
    },
};
use self::{parse::Tables, place::Regional};

/// All models and endpoints.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// By slug.
    models: Vec<Model>,
    /// Those of one model stand together, in the order of `models`.
    endpoints: Vec<Endpoint>,
    /// What differs in one area of a vendor.
    regional: Vec<Regional>,
    sources: Vec<Source>,
    /// Slugs and aliases, to places in `models`.
    names: HashMap<Box<str>, usize>,
}

/// A model's name as a caller wrote it, found.
#[derive(Clone, Debug)]
pub struct Resolved<'a> {
    /// The model.
    pub model: &'a Model,
    /// What the suffixes ask for, in the order in which they were written.
    pub suffixes: Vec<Suffix>,
    /// The alias by which it was found, if it was not the slug.
    pub alias: Option<&'a str>,
    endpoints: &'a [Endpoint],
}

/// Why there is no catalogue, or not this one.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A line of the data is not what it should be.
    #[error("cannot read line {line} of {file}")]
    Row {
        /// The file's name without its ending.
        file: &'static str,
        /// Counted from 1.
        line: usize,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// A word that is not in its vocabulary.
    #[error("unknown word {word:?}")]
    Word {
        /// The word.
        word: Box<str>,
    },
    /// A price below zero.
    #[error("the price of {unit} is below zero")]
    Negative {
        /// What it is the price of.
        unit: Unit,
    },
    /// An endpoint of a model that is not there.
    #[error("an endpoint names the unknown model {model}")]
    Homeless {
        /// The model's slug.
        model: Box<str>,
    },
    /// One name for two models.
    #[error("two models are called {name}")]
    Twice {
        /// The name.
        name: Box<str>,
    },
    /// A vendor of one's own names a model twice.
    #[error("the provider {provider} has the model {model} twice")]
    OwnTwice {
        /// The vendor.
        provider: Box<str>,
        /// The model's slug.
        model: Box<str>,
    },
}

impl PartialEq for Error {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

const EMBEDDED: parse::Data<'static> = parse::Data {
    models: include_str!("../data/models.jsonl"),
    endpoints: include_str!("../data/endpoints.jsonl"),
    regions: include_str!("../data/regions.jsonl"),
    parameters: include_str!("../data/parameters.jsonl"),
    sources: include_str!("../data/sources.jsonl"),
};

impl Catalog {
    /// The catalogue that is compiled in. Takes milliseconds: call it once.
    #[must_use]
    #[expect(
        clippy::expect_used,
        reason = "the data is a constant of this build; a test parses it"
    )]
    pub fn embedded() -> Self {
        Self::parse(EMBEDDED).expect("the embedded catalogue parses")
    }

    fn parse(data: parse::Data<'_>) -> Result<Self, Error> {
        Self::build(parse::parse(data)?)
    }

    /// This catalogue with the models of one's own vendors. A vendor's own entry for a model takes the
    /// place of what the catalogue had for that vendor and model.
    ///
    /// # Errors
    /// One vendor names one model twice.
    pub fn with_own(self, own: Vec<Own>) -> Result<Self, Error> {
        let Self {
            mut models,
            mut endpoints,
            regional,
            sources,
            names,
        } = self;
        let mut known: HashMap<Box<str>, usize> = names;
        let mut seen = HashSet::new();
        for mut own in own {
            if let Some(place) = known.get(own.model.as_str())
                && let Some(model) = models.get(*place)
            {
                own.model = model.slug.clone();
            }
            if !seen.insert((own.provider.clone(), own.model.clone())) {
                let (provider, model) = (own.provider.as_str().into(), own.model.as_str().into());
                return Err(Error::OwnTwice { provider, model });
            }
            endpoints.retain(|endpoint| {
                endpoint.provider != own.provider || endpoint.model != own.model
            });
            endpoints.push(own.endpoint());
            if !known.contains_key(own.model.as_str()) {
                known.insert(own.model.as_str().into(), models.len());
                models.push(own.into_model());
            }
        }
        Self::build(Tables {
            models,
            endpoints,
            regional,
            sources,
        })
    }

    /// This catalogue with each endpoint of these places' vendors once for every place at which the vendor serves it.
    /// Vendors without a place stay as they are.
    ///
    /// # Errors
    /// None that a catalogue which stands could give.
    pub fn with_places(self, places: &[Arc<Place>]) -> Result<Self, Error> {
        let Self {
            models,
            endpoints,
            regional,
            sources,
            names: _,
        } = self;
        Self::build(Tables {
            endpoints: place::placed(endpoints, &regional, places),
            models,
            regional,
            sources,
        })
    }

    /// Puts the endpoints of each model together, counts them and makes the index of names.
    fn build(tables: Tables) -> Result<Self, Error> {
        let Tables {
            mut models,
            mut endpoints,
            regional,
            sources,
        } = tables;
        models.sort_by(|one, other| one.slug.cmp(&other.slug));
        // Stable: a model's endpoints keep the order they came in.
        endpoints.sort_by(|one, other| one.model.cmp(&other.model));
        let mut next = 0;
        let mut rest = endpoints.as_mut_slice();
        for model in &mut models {
            let count = rest
                .iter()
                .take_while(|endpoint| endpoint.model == model.slug)
                .count();
            let (own, behind) = std::mem::take(&mut rest).split_at_mut(count);
            rest = behind;
            model.endpoints = next..next + count;
            for endpoint in own {
                endpoint.index = next;
                endpoint.model = model.slug.clone();
                model.parameters = model.parameters.union(endpoint.parameters);
                next += 1;
            }
        }
        if let Some(endpoint) = rest.first() {
            return Err(Error::Homeless {
                model: endpoint.model.as_str().into(),
            });
        }
        let names = names(&models)?;
        Ok(Self {
            models,
            endpoints,
            regional,
            sources,
            names,
        })
    }

    /// Every model, by slug.
    #[must_use]
    pub fn models(&self) -> &[Model] {
        &self.models
    }

    /// Every endpoint; `endpoint.index` is its place here.
    #[must_use]
    pub fn all_endpoints(&self) -> &[Endpoint] {
        &self.endpoints
    }

    /// The endpoints of a model of this catalogue, of every lane.
    #[must_use]
    pub fn endpoints(&self, model: &Model) -> &[Endpoint] {
        self.endpoints
            .get(model.endpoints.clone())
            .unwrap_or_default()
    }

    /// The model of that slug or alias, suffixes set aside.
    #[must_use]
    pub fn model(&self, name: &str) -> Option<&Model> {
        self.resolve(name).map(|resolved| resolved.model)
    }

    /// Finds a model by slug or alias, with suffixes behind it. An unknown suffix, or one that asks for
    /// a variant that nobody serves, is an unknown model.
    #[must_use]
    pub fn resolve(&self, name: &str) -> Option<Resolved<'_>> {
        /// No name is so long. Each suffix costs a look at all that stands before it, so that work must have an end.
        const NAME_BYTES_MAX: usize = 512;
        if name.len() > NAME_BYTES_MAX {
            return None;
        }
        let mut stem = name;
        let mut suffixes = Vec::new();
        let (found, place) = loop {
            if let Some(found) = self.names.get_key_value(stem) {
                break found;
            }
            let (before, suffix) = stem.rsplit_once(':')?;
            suffixes.push(Suffix::named(suffix)?);
            stem = before;
        };
        suffixes.reverse();
        let model = self.models.get(*place)?;
        let alias = (**found != *model.slug.as_str()).then_some(&**found);
        let resolved = Resolved {
            model,
            suffixes,
            alias,
            endpoints: self.endpoints(model),
        };
        let served = resolved.lane() == Lane::Standard || resolved.endpoints().next().is_some();
        served.then_some(resolved)
    }

    /// Every alias with the model it leads to.
    pub fn aliases(&self) -> impl Iterator<Item = (&str, &Model)> {
        self.models
            .iter()
            .flat_map(|model| model.aliases.iter().map(move |alias| (&**alias, model)))
    }

    /// The names most like one that is not there, best first.
    #[must_use]
    pub fn nearest(&self, name: &str, count: usize) -> Vec<&str> {
        nearest::nearest(
            name,
            self.models.iter().map(|model| model.slug.as_str()),
            count,
        )
    }

    /// The package and version that an endpoint's price is from; `None` for prices of one's own.
    #[must_use]
    pub fn source(&self, endpoint: &Endpoint, unit: Unit) -> Option<&Source> {
        let filled = endpoint.filled.iter().find(|(found, _)| *found == unit);
        self.sources
            .get(filled.map(|(_, place)| *place).or(endpoint.source)?)
    }
}

impl<'a> Resolved<'a> {
    /// The lane that the suffixes ask for: the last variant among them, or the standard one.
    #[must_use]
    pub fn lane(&self) -> Lane {
        let mut variants = self.suffixes.iter().filter_map(|suffix| match suffix {
            Suffix::Variant(lane) => Some(*lane),
            Suffix::Nitro | Suffix::Floor | Suffix::Exacto | Suffix::Online => None,
        });
        variants.next_back().unwrap_or(Lane::Standard)
    }

    /// Whether a suffix was written.
    #[must_use]
    pub fn has(&self, suffix: Suffix) -> bool {
        self.suffixes.contains(&suffix)
    }

    /// The endpoints that the name reaches: those of the variant it asks for, or all that belong to no
    /// variant. Flex and priority endpoints are among these: routing admits them only when asked.
    pub fn endpoints(&self) -> impl Iterator<Item = &'a Endpoint> + use<'a> {
        let lane = self.lane();
        let plain = lane == Lane::Standard;
        self.endpoints.iter().filter(move |endpoint| {
            if plain {
                !endpoint.lane.is_variant()
            } else {
                endpoint.lane == lane
            }
        })
    }
}

fn names(models: &[Model]) -> Result<HashMap<Box<str>, usize>, Error> {
    let mut names: HashMap<Box<str>, usize> = HashMap::default();
    for (place, model) in models.iter().enumerate() {
        if names.insert(model.slug.as_str().into(), place).is_some() {
            return Err(Error::Twice {
                name: model.slug.as_str().into(),
            });
        }
    }
    for (place, model) in models.iter().enumerate() {
        for alias in &model.aliases {
            // A model's own name goes before another one's alias.
            names.entry(alias.clone()).or_insert(place);
        }
    }
    Ok(names)
}
