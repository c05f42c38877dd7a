//! Names that stand for a choice among models: `openrouter/auto` and its kin, and routers of one's own (docs/routing.md,
//! "Routers"). What is decided is in `policy::routers`; here is what it is decided from, and by whom else: a rule (CEL)
//! or an external ranker that the operator declares.
//!
//! A rule or a ranker that fails changes nothing but a count and a line of the log: then the built-in choice holds.

mod ballot;
mod bodybuilder;
mod consult;
mod facts;
mod plugins;
mod pool;
mod ranker;
mod ranking;
mod resolve;
mod rule;
mod siblings;

pub(crate) use ballot::By;
pub(crate) use bodybuilder::finish;
pub use consult::Aside;
pub(crate) use consult::{MODELS_MAX, consult};
pub(crate) use plugins::{check_plugins, owns_plugin};
pub(crate) use pool::{Known, Pool};
pub use ranker::Ranker;
pub use ranking::Ranking;
pub(crate) use resolve::{names_router, resolve};
pub use rule::{Error as RuleError, Rule};

use std::{collections::BTreeMap, sync::LazyLock};

use policy::routers::{Board, Patterns, Router};

/// What others say of the models' quality.
pub(crate) static BOARD: LazyLock<Board> = LazyLock::new(Board::embedded);

/// `[routing.routers.…]`, by name: `auto`, or `author/name` for one of one's own.
pub type Settings = BTreeMap<String, Setting>;

/// What an operator says of a router.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Setting {
    /// The models it may choose from; all where absent.
    pub models: Option<Patterns>,
    /// Chooses instead of the built-in choice.
    pub rule: Option<Rule>,
    /// Is asked before the rule.
    pub ranker: Option<Ranker>,
}

/// A router as a caller named it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    /// Which of the built-in ones; `None` for one of the operator's own.
    pub(crate) router: Option<Router>,
    /// Its name without suffixes.
    pub(crate) slug: &'a str,
    /// What was written behind it, with its colon; may be empty.
    pub(crate) suffix: &'a str,
    pub(crate) setting: Option<&'a Setting>,
}

impl<'a> Asked<'a> {
    /// The router that a name means, if it means one.
    pub(crate) fn named(settings: &'a Settings, name: &'a str) -> Option<Self> {
        let (slug, suffix) = name.split_at(name.find(':').unwrap_or(name.len()));
        let router = Router::named(slug);
        let setting = settings.get(router.map_or(slug, |router| router.name()));
        (router.is_some() || setting.is_some()).then_some(Self {
            router,
            slug,
            suffix,
            setting,
        })
    }

    /// Whether it chooses by task, as `openrouter/auto` does.
    pub(crate) const fn is_auto(&self) -> bool {
        matches!(self.router, None | Some(Router::Auto | Router::AutoBeta))
    }
}
