//! Which endpoints serve a request, in which order, and why (spec/inference.md §7).
//!
//! Pure: the candidates, what is known of their health and the seed are arguments, so that a decision can be explained,
//! replayed and simulated. `plan` filters ([`eligible`]), then orders ([`rank`]); [`Plan::next`] says what to try after
//! a fault.

mod distillable;
mod draw;
mod eligible;
mod exacto;
mod expiry;
mod figures;
mod names;
mod next;
mod rank;
mod reason;
mod stay;
pub mod trail;

use canon::{PicoUsd, Preferences, Sort};

use crate::{
    catalog::{Lane, Parameters, Quantization},
    health::Standing,
    terms::Term,
};

pub use distillable::is_distillable;
pub(crate) use draw::Chance;
pub use expiry::is_past;
pub use figures::{Figures, Quantiles, Ratio};
pub use next::Next;
pub use reason::{Excluded, Reason};
pub use stay::{Stay, Warm};

/// An endpoint that might serve, with what is known of it.
#[derive(Clone, Debug)]
pub struct Candidate<'a> {
    /// Its index in the catalogue.
    pub endpoint: usize,
    /// The place of its model in the caller's list, 0 first.
    pub rank: usize,
    /// Slug of its provider: `deepinfra`.
    pub provider: &'a str,
    /// Display name of its provider: `DeepInfra`.
    pub provider_name: &'a str,
    /// Its own name: `deepinfra/turbo`. A provider's plain endpoint has the provider's slug.
    pub tag: &'a str,
    /// How it is opted into.
    pub lane: Lane,
    /// Its prices a unit; `None` where nobody says.
    pub price: Option<Prices>,
    /// The most tokens of prompt and answer together; unknown where absent.
    pub context_length: Option<u64>,
    /// The most tokens of a prompt, where that is less.
    pub max_prompt_tokens: Option<u64>,
    /// The most tokens of an answer; unknown where absent.
    pub max_output_tokens: Option<u64>,
    /// How its weights are stored.
    pub quantization: Quantization,
    /// Parameters of the request that it does not support.
    pub lacks: Parameters,
    /// What of the request its model or its vendor cannot do at all.
    pub cannot: Option<Reason>,
    /// Whether it may train on what it sees; unknown counts as yes.
    pub trains: Option<bool>,
    /// Whether it keeps what it sees; unknown counts as yes.
    pub retains: Option<bool>,
    /// Whether the model's author lets others learn from its answers; unknown counts as no.
    pub distillable: bool,
    /// Whether the day on which it ends has passed.
    pub is_past: bool,
    /// How it is doing.
    pub standing: Standing,
    /// How fast and how reliable it is, as far as that is measured.
    pub figures: Figures,
    /// What is warm of this conversation in its prompt cache, where reading that costs less than a prompt.
    pub warm: Option<Warm>,
    /// The operator's terms for it.
    pub term: Term,
}

/// Prices a unit, of those kinds that a caller can cap.
#[derive(Clone, Copy, Debug, Default)]
pub struct Prices {
    /// A token of the prompt.
    pub prompt: PicoUsd,
    /// A token of the answer.
    pub completion: PicoUsd,
    /// A request.
    pub request: PicoUsd,
    /// An image of the prompt.
    pub image: PicoUsd,
    /// A unit of audio.
    pub audio: PicoUsd,
}

impl Prices {
    /// Whether nothing of it costs anything.
    #[must_use]
    pub fn are_nothing(&self) -> bool {
        let kinds = [
            self.prompt,
            self.completion,
            self.request,
            self.image,
            self.audio,
        ];
        kinds.iter().all(|price| *price == PicoUsd::ZERO)
    }
}

/// What a request demands and prefers.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// The `provider` object.
    pub preferences: &'a Preferences,
    /// The house's own: what it forbids is forbidden, what it prefers yields to the caller.
    pub house: &'a Preferences,
    /// What the suffixes of each model of the list ask for, by its place there.
    pub wishes: &'a [Wish],
    /// The service tier.
    pub tier: Tier,
    /// What of the prompt surely is there, in tokens, for context windows.
    pub prompt_tokens: u64,
    /// The caller's limit of the answer.
    pub max_tokens: Option<u64>,
    /// Whether tools are offered: then those endpoints that call them well come first.
    pub has_tools: bool,
}

/// What the suffixes of a model's name ask for; they hold for that model only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// `:nitro`, `:floor` and `:exacto` sort; a sort that the caller wrote goes before them.
    pub sort: Option<Sort>,
    /// `:nitro` lets priority endpoints compete, `:floor` flex endpoints.
    pub admits: Option<Lane>,
}

/// The service tier that a caller asks for (spec/inference.md §7.8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tier {
    /// None in particular.
    #[default]
    Any,
    /// The usual one, whatever a suffix says.
    Default,
    /// Flex endpoints only, where the model has any.
    Flex,
    /// Priority endpoints first.
    Priority,
}

/// Who is tried, in which order.
#[derive(Clone, Debug)]
pub struct Plan {
    /// In the order in which they are tried.
    pub targets: Vec<Target>,
    /// Those that may not serve, with the reason.
    pub excluded: Vec<Excluded>,
    /// What the conversation's past did to the order of the first model that it has one with.
    pub stay: Option<Stay>,
    next: usize,
}

/// One place in the order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The endpoint's index in the catalogue.
    pub endpoint: usize,
    /// The place of its model in the caller's list.
    pub rank: usize,
    /// Why it stands here.
    pub why: Why,
}

/// Why an endpoint has its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Named in `provider.order`.
    Ordered,
    /// The conversation stays here, where its prompt cache is warm.
    Stays {
        /// Tokens that are expected in the cache.
        warm_tokens: u64,
    },
    /// Drawn with a probability of one over the square of its price; its share in thousandths.
    Drawn {
        /// Its share among those drawn from, in thousandths.
        per_mille: u32,
    },
    /// Sorted, by what was measured or by price.
    Sorted(Sort),
    /// Sorted by what is not measured yet, so behind those that are; price decides.
    Unmeasured(Sort),
    /// Misses a preferred throughput or latency: behind those that do not.
    Slow,
    /// Failed a moment ago, or fails often: behind those that do not.
    Shaky,
    /// Left alone for a while: behind all others.
    Resting,
}

impl Tier {
    /// The tier of that name. A name that means nothing here is passed on to the vendor.
    #[must_use]
    pub fn named(name: Option<&str>) -> Self {
        match name {
            Some("default" | "standard") => Self::Default,
            Some("flex") => Self::Flex,
            Some("priority" | "fast") => Self::Priority,
            Some(_) | None => Self::Any,
        }
    }
}

/// Whether nothing that a request demands speaks against an endpoint of one model.
#[must_use]
pub fn admits(ask: &Ask<'_>, candidate: &Candidate<'_>) -> bool {
    eligible::reason_against(ask, candidate).is_none()
}

/// Orders the endpoints that may serve. An empty plan says why in `excluded`.
#[must_use]
pub fn plan(ask: &Ask<'_>, mut candidates: Vec<Candidate<'_>>, seed: u64) -> Plan {
    let excluded = eligible::retain(ask, &mut candidates);
    let (targets, stay) = rank::order(ask, &candidates, seed);
    Plan {
        targets,
        excluded,
        stay,
        next: 0,
    }
}
