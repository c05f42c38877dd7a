//! Who chooses: the external ranker where there is one and it answers, else the rule where there is one and it holds,
//! else nobody: then the built-in choice.

use policy::routers::{Merit, Task};
use tracing::warn;

use super::{
    Aside, Asked, Pool,
    facts::{ModelFacts, RequestFacts},
};
use crate::relay::Survey;

/// More than anybody tries.
const NAMED_MAX: usize = 8;

/// Who chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// The product.
    BuiltIn,
    /// The operator's rule.
    Rule,
    /// The operator's ranker.
    Ranker,
    /// The product, because the rule or the ranker failed.
    Instead,
}

impl By {
    /// All of them, with their names in metrics.
    pub(crate) const ALL: [(Self, &'static str); 4] = [
        (Self::BuiltIn, "built-in"),
        (Self::Rule, "rule"),
        (Self::Ranker, "ranker"),
        (Self::Instead, "built-in-instead"),
    ];

    /// Its name in metadata and explanations.
    pub(crate) const fn name(self) -> &'static str {
        let [built_in, rule, ranker, instead] = Self::ALL;
        match self {
            Self::BuiltIn => built_in.1,
            Self::Rule => rule.1,
            Self::Ranker => ranker.1,
            Self::Instead => instead.1,
        }
    }
}

/// What the operator's own means chose.
pub(super) struct Vote {
    /// Places in the pool, best first; `None` where the built-in choice holds.
    pub(super) places: Option<Vec<usize>>,
    pub(super) by: By,
}

/// Asks the operator's own means.
pub(super) fn vote(
    survey: &Survey<'_>,
    asked: &Asked<'_>,
    (name, aside): (&str, &Aside),
    (pool, merits, task): (&Pool<'_>, &[Merit], Option<Task>),
) -> Vote {
    let Some(setting) = asked.setting else {
        return Vote {
            places: None,
            by: By::BuiltIn,
        };
    };
    let mut by = By::BuiltIn;
    if let Some(advice) = aside.advice_for(name) {
        if let Some(places) = advice.and_then(|names| places(pool, names)) {
            return Vote {
                places: Some(places),
                by: By::Ranker,
            };
        }
        by = By::Instead;
    }
    if let Some(rule) = &setting.rule {
        let tokens = survey.needs.prompt_tokens;
        let request = RequestFacts::of(survey.request, asked.slug, aside, (task, tokens));
        match rule.choose(&request, facts(pool, merits)) {
            Ok(names) => {
                if let Some(places) = places(pool, &names) {
                    return Vote {
                        places: Some(places),
                        by: By::Rule,
                    };
                }
                warn!(
                    router = asked.slug,
                    "the rule chose none of the models that can serve"
                );
            }
            Err(error) => warn!(router = asked.slug, %error, "the rule was not followed"),
        }
        by = By::Instead;
    }
    Vote { places: None, by }
}

/// Each model with what is known of it, the best for the task first.
pub(super) fn facts<'a>(pool: &'a Pool<'_>, merits: &[Merit]) -> Vec<ModelFacts<'a>> {
    let mut order: Vec<usize> = (0..pool.models.len()).collect();
    let score = |place: &usize| merits.get(*place).map_or(0, |merit| merit.score);
    order.sort_by_key(|place| std::cmp::Reverse(score(place)));
    let facts = order.iter().filter_map(|place| {
        let merit = merits.get(*place)?;
        Some(ModelFacts::of(pool.models.get(*place)?, merit))
    });
    facts.collect()
}

/// The places of names, each once; `None` where nobody of them can serve.
fn places(pool: &Pool<'_>, names: &[String]) -> Option<Vec<usize>> {
    let mut places: Vec<usize> = Vec::new();
    for place in names.iter().filter_map(|name| pool.place(name)) {
        if !places.contains(&place) {
            places.push(place);
        }
        if places.len() == NAMED_MAX {
            break;
        }
    }
    (!places.is_empty()).then_some(places)
}
