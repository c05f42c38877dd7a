//! A model and its endpoints, as the catalogue knows them.

use std::{ops::Range, sync::Arc};

use canon::{Effort, ModelSlug, ProviderId};

use super::{Lane, Modalities, Parameters, Place, PriceSheet, Quantization, Unit};

/// Facts of one model, whoever serves it.
#[derive(Clone, Debug)]
pub struct Model {
    /// `author/name`.
    pub slug: ModelSlug,
    /// The name for people.
    pub name: Box<str>,
    /// When it was made public, in seconds since 1970.
    pub created: Option<i64>,
    /// What may go in.
    pub input: Modalities,
    /// What may come out.
    pub output: Modalities,
    /// Tokens of prompt and answer together.
    pub context_length: Option<u64>,
    /// Tokens of the answer.
    pub max_output_tokens: Option<u64>,
    /// The family of its tokenizer, in the wire's words; `Other` where nobody says.
    pub tokenizer: &'static str,
    /// How it reasons, if it does.
    pub reasoning: Option<Reasoning>,
    /// The last day on which its maker serves it: `2026-12-11`, UTC.
    pub expires: Option<Box<str>>,
    /// Other names that lead here: snapshots, older spellings, `~author/family-latest`.
    pub aliases: Box<[Box<str>]>,
    /// What at least one of its endpoints takes.
    pub parameters: Parameters,
    /// Its endpoints' places in the catalogue.
    pub(super) endpoints: Range<usize>,
}

/// How a model reasons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reasoning {
    /// The efforts it tells apart, strongest first; empty where nobody says.
    pub efforts: Box<[Effort]>,
    /// The effort it takes unasked.
    pub default_effort: Option<Effort>,
    /// It cannot be asked not to.
    pub mandatory: bool,
    /// Takes a budget of tokens.
    pub takes_budget: bool,
    /// Decides itself how long to think, and wants an effort instead of a budget.
    pub adaptive: bool,
}

/// One way to reach a model: a vendor, its id for the model, its limits and prices.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Its place in the catalogue, dense from 0: an index for arrays of health. Holds for this
    /// catalogue; another one (a reload) counts anew.
    pub index: usize,
    /// The model's slug.
    pub model: ModelSlug,
    /// The vendor.
    pub provider: ProviderId,
    /// `openai`, `openai/flex`, `deepinfra/turbo`: the vendor, and what tells its endpoints apart.
    pub tag: Box<str>,
    /// How it is opted into.
    pub lane: Lane,
    /// The id that the vendor's own API wants.
    pub upstream_id: Box<str>,
    /// Tokens of prompt and answer together.
    pub context_length: Option<u64>,
    /// Tokens of the prompt, where that is less than the context.
    pub max_prompt_tokens: Option<u64>,
    /// Tokens of the answer.
    pub max_output_tokens: Option<u64>,
    /// What it takes.
    pub parameters: Parameters,
    /// How its weights are stored.
    pub quantization: Quantization,
    /// Answers on the Responses API only.
    pub responses_only: bool,
    /// The last day on which it serves: `2026-12-11`, UTC.
    pub expires: Option<Box<str>>,
    /// What it charges; `None` where nobody says. A key with a budget cannot call it then.
    pub prices: Option<PriceSheet>,
    /// Which of the vendor's places it is asked at; `None` where the house knows only one.
    pub place: Option<Arc<Place>>,
    /// Where the prices are from; places in the catalogue's list of sources.
    pub(super) source: Option<usize>,
    pub(super) filled: Box<[(Unit, usize)]>,
}

impl Endpoint {
    /// The region it is asked in, as the vendor writes it: `us-east5`. `None` where the vendor has none, or it is not
    /// known.
    #[must_use]
    pub fn region(&self) -> Option<&str> {
        self.place.as_ref()?.region.as_deref()
    }

    /// The account that pays there. Endpoints of one vendor and one account fail together where the account does.
    #[must_use]
    pub fn account(&self) -> (&ProviderId, u16) {
        let number = self.place.as_ref().map_or(0, |place| place.account);
        (&self.provider, number)
    }
}

/// A package that prices are from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The package's name.
    pub package: Box<str>,
    /// Its version.
    pub version: Box<str>,
}
