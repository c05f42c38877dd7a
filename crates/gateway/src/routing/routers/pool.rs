//! The models that a router may choose from: those that a configured provider serves, that can do what the request
//! needs, and that nothing in the request or in this gateway's settings speaks against.

use canon::{Effort, PicoUsd, Reasoning};
use policy::{
    catalog::{Lane, Modality, Model, Parameter, Parameters, Resolved},
    health::Standing,
    routers::{Candidate, Patterns},
    routing::{self, Figures},
};

use super::BOARD;
use crate::relay::Survey;

/// A model that can serve, as its best endpoint shows it.
#[derive(Clone, Debug)]
pub(crate) struct Known<'a> {
    /// The name by which it is asked for: the slug, and the suffix behind the router's name.
    pub(crate) name: String,
    pub(crate) model: &'a Model,
    /// Of a token of the prompt and of the answer, at its cheapest endpoint.
    pub(crate) price: Option<(PicoUsd, PicoUsd)>,
    pub(crate) standing: Standing,
    pub(crate) figures: Figures,
    pub(crate) context_length: Option<u64>,
}

/// The models that can serve.
#[derive(Debug)]
pub(crate) struct Pool<'a> {
    pub(crate) models: Vec<Known<'a>>,
}

impl<'a> Pool<'a> {
    /// Those that can serve a request, by the names that the suffix makes of them. `:free` variants are among them where
    /// `with_free`.
    pub(crate) fn of(
        survey: &Survey<'a>,
        suffix: &str,
        models: Option<&Patterns>,
        with_free: bool,
    ) -> Self {
        let mut found = Vec::new();
        let mut lacking = Vec::new();
        let suffixes: &[&str] = if with_free { &["", ":free"] } else { &[""] };
        for model in survey.snapshot.catalog.models() {
            let slug = model.slug.as_str();
            let is_meant = models.is_none_or(|models| models.match_slug(slug));
            if !is_meant || !may_be_chosen(survey, model) {
                continue;
            }
            for more in suffixes {
                let name = format!("{slug}{suffix}{more}");
                let Some(resolved) = survey.snapshot.catalog.resolve(&name) else {
                    continue;
                };
                if *more == ":free" && resolved.lane() != Lane::Free {
                    continue;
                }
                let (known, lacks) = known(survey, &resolved, name);
                match known {
                    Some(known) if lacks => lacking.push(known),
                    Some(known) => found.push(known),
                    None => {}
                }
            }
        }
        // Tools that nobody has are no reason to answer nobody: the same holds of endpoints.
        let models = if found.is_empty() { lacking } else { found };
        Self { models }
    }

    /// As `policy::routers` reads them.
    pub(crate) fn candidates(&self) -> Vec<Candidate<'_>> {
        let candidate = |known: &'_ Known<'a>| Candidate {
            slug: known.model.slug.as_str(),
            created: known.model.created,
            reasons: known.model.reasoning.is_some(),
            price: known.price,
            rated: BOARD.of(known.model.slug.as_str()),
            standing: known.standing,
            figures: known.figures,
        };
        self.models.iter().map(candidate).collect()
    }

    /// The name of the model at a place.
    pub(crate) fn name(&self, place: usize) -> Option<&str> {
        self.models.get(place).map(|known| known.name.as_str())
    }

    /// The place of a model that a rule or a ranker names, with or without the suffix.
    pub(crate) fn place(&self, name: &str) -> Option<usize> {
        let is_meant = |known: &Known<'_>| known.name == name || known.model.slug.as_str() == name;
        self.models.iter().position(is_meant)
    }
}

/// Words in the names of models that judge texts instead of answering them.
const JUDGES: [&str; 3] = ["safety", "guard", "moderation"];

/// A router is no model, and a model that writes no text answers no conversation. Who must think is not asked not to.
fn may_be_chosen(survey: &Survey<'_>, model: &Model) -> bool {
    let slug = model.slug.as_str();
    let is_router = slug.starts_with("openrouter/");
    let judges = JUDGES.iter().any(|word| slug.contains(word));
    let must_think = model.reasoning.as_ref().is_some_and(|own| own.mandatory);
    let unthinking = must_think && survey.request.reasoning.as_ref().is_some_and(is_off);
    // What must draw or speak does so unasked.
    let wants = |word: &str| {
        survey
            .request
            .modalities
            .iter()
            .any(|wanted| wanted == word)
    };
    let extra = [(Modality::Image, "image"), (Modality::Audio, "audio")];
    let draws = |(kind, word): (Modality, &str)| model.output.contains(kind) == wants(word);
    let fits = extra.into_iter().all(draws);
    !is_router && !judges && !unthinking && fits && model.output.contains(Modality::Text)
}

/// Whether a request asks the model not to think.
pub(super) fn is_off(reasoning: &Reasoning) -> bool {
    reasoning.enabled == Some(false)
        || reasoning.effort == Some(Effort::None)
        || reasoning.max_tokens == Some(0)
}

/// What of a request a model should have where any has it.
fn wanted() -> Parameters {
    [
        Parameter::Tools,
        Parameter::ResponseFormat,
        Parameter::StructuredOutputs,
    ]
    .into_iter()
    .fold(Parameters::EMPTY, Parameters::with)
}

/// A model with what its best endpoint shows, where any of its endpoints can serve; and whether the best of them lacks
/// what the request uses.
fn known<'a>(
    survey: &Survey<'a>,
    resolved: &Resolved<'a>,
    name: String,
) -> (Option<Known<'a>>, bool) {
    let wishes = [survey.wish_of(resolved)];
    let ask = survey.ask(&wishes);
    let mut best: Option<(bool, Known<'a>)> = None;
    for endpoint in resolved.endpoints() {
        let Some(candidate) = survey.weigh(resolved.model, endpoint) else {
            continue;
        };
        if !routing::admits(&ask, &candidate) {
            continue;
        }
        let lacks = candidate.lacks.without(wanted()) != candidate.lacks;
        let price = candidate.price.map(|own| (own.prompt, own.completion));
        let is_better = best.as_ref().is_none_or(|(other_lacks, other)| {
            let rank = |lacks: bool, standing, price: Option<(PicoUsd, PicoUsd)>| {
                (lacks, severity(standing), price.is_none(), price)
            };
            rank(lacks, candidate.standing, price) < rank(*other_lacks, other.standing, other.price)
        });
        if is_better {
            let known = Known {
                name: String::new(),
                model: resolved.model,
                price,
                standing: candidate.standing,
                figures: candidate.figures,
                context_length: candidate.context_length,
            };
            best = Some((lacks, known));
        }
    }
    match best {
        Some((lacks, known)) => (Some(Known { name, ..known }), lacks),
        None => (None, false),
    }
}

const fn severity(standing: Standing) -> u8 {
    match standing {
        Standing::Well => 0,
        Standing::Shaky => 1,
        Standing::Resting { .. } => 2,
    }
}
