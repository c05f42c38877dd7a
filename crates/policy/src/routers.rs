//! Routers: names that stand for a choice among models (spec/inference.md §7.6).
//!
//! A router turns what a request is into a list of models; `routing` then orders their endpoints as for any other list.
//! Pure: what is known of the models, what is measured of them and the seed are arguments. A router never fails for want
//! of knowledge: what cannot be classified is ranked by the general figures, what nobody rated by an estimate that says
//! so. Only where nothing is left does it say [`Nothing`].

mod auto;
mod band;
mod classify;
mod cues;
mod free;
mod merit;
mod pareto;
mod pattern;
mod scores;
mod settings;
mod task;

use canon::PicoUsd;

use crate::{health::Standing, routing::Figures};

pub use auto::{Choice, Pick, Place, Wish, choose};
pub use band::Band;
pub use classify::{Sight, classify};
pub use free::choose_free;
pub use merit::{Merit, Needs, merits};
pub use pareto::{Level, choose_pareto, coding_score};
pub use pattern::Patterns;
pub use scores::{Board, Rated, Skill};
pub use settings::{AutoSettings, Error, ParetoSettings};
pub use task::Task;

/// How many models a choice has: the first, and those behind it.
pub const CHOSEN_MAX: usize = 3;

/// A name that stands for a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Router {
    /// `openrouter/auto`: by task, quality and cost.
    Auto,
    /// `openrouter/auto-beta`: the same, with settings of its own.
    AutoBeta,
    /// `openrouter/free`: any free model that can serve.
    Free,
    /// `openrouter/pareto-code`: the cheapest of those that write code well enough.
    Pareto,
    /// `openrouter/bodybuilder`: writes requests.
    Bodybuilder,
}

impl Router {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Auto,
        Self::AutoBeta,
        Self::Free,
        Self::Pareto,
        Self::Bodybuilder,
    ];

    /// The router of that slug, without suffixes.
    #[must_use]
    pub fn named(slug: &str) -> Option<Self> {
        let rest = slug.strip_prefix("openrouter/")?;
        Self::ALL.into_iter().find(|router| router.name() == rest)
    }

    /// `openrouter/auto`.
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Auto => "openrouter/auto",
            Self::AutoBeta => "openrouter/auto-beta",
            Self::Free => "openrouter/free",
            Self::Pareto => "openrouter/pareto-code",
            Self::Bodybuilder => "openrouter/bodybuilder",
        }
    }

    /// `auto`: what it is called where nobody doubts whose it is.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::AutoBeta => "auto-beta",
            Self::Free => "free",
            Self::Pareto => "pareto-code",
            Self::Bodybuilder => "bodybuilder",
        }
    }

    /// The plugin that has its settings. Each slug reads its own only.
    #[must_use]
    pub const fn plugin(self) -> Option<&'static str> {
        match self {
            Self::Auto => Some("auto-router"),
            Self::AutoBeta => Some("auto-beta-router"),
            Self::Pareto => Some("pareto-router"),
            Self::Free | Self::Bodybuilder => None,
        }
    }
}

/// A model that can serve the request, with what is known of it.
#[derive(Clone, Debug)]
pub struct Candidate<'a> {
    /// `author/name`, with the suffix by which it is reached.
    pub slug: &'a str,
    /// When it was made public, in seconds since 1970.
    pub created: Option<i64>,
    /// Whether it can think.
    pub reasons: bool,
    /// What its cheapest endpoint charges for a token of the prompt and of the answer; `None` where nobody says.
    pub price: Option<(PicoUsd, PicoUsd)>,
    /// What others say of its quality.
    pub rated: Option<&'a Rated>,
    /// How the best of its endpoints is doing.
    pub standing: Standing,
    /// What is measured of that endpoint.
    pub figures: Figures,
}

/// No model is left that a router may choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("No models match your request and model restrictions")]
pub struct Nothing;
