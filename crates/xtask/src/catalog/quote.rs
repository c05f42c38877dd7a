//! What one source says about one model at one vendor: the shape that every source is read into.

use std::collections::{BTreeMap, BTreeSet};

/// Prices in pico-USD a unit, by the unit's name in `policy::catalog::Unit`.
pub(super) type Prices = BTreeMap<&'static str, i64>;

/// One price sheet: prices, and other prices above a number of prompt tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sheet {
    pub(super) base: Prices,
    pub(super) tiers: BTreeMap<u64, Prices>,
}

/// The way an endpoint is opted into: `standard`, or what a suffix or a service tier asks for.
pub(super) type Lane = &'static str;

pub(super) const STANDARD: Lane = "standard";

/// What a model can be told, as far as the source says.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Abilities {
    pub(super) tools: Option<bool>,
    pub(super) tool_choice: Option<bool>,
    pub(super) parallel_tools: Option<bool>,
    pub(super) schema: Option<bool>,
    pub(super) reasoning: Option<bool>,
    pub(super) web_search: Option<bool>,
    /// Temperature and its like.
    pub(super) sampling: Option<bool>,
}

/// How a model's reasoning is steered, as far as the source says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reasoning {
    pub(super) efforts: BTreeSet<String>,
    pub(super) default: Option<String>,
    pub(super) mandatory: Option<bool>,
    /// Takes a budget of tokens.
    pub(super) budget: Option<bool>,
    /// Decides itself how long to think, and wants an effort instead of a budget.
    pub(super) adaptive: Option<bool>,
}

/// One row of one source.
#[derive(Clone, Debug)]
pub(super) struct Quote {
    /// The package's name.
    pub(super) source: &'static str,
    /// The vendor's own id of the model.
    pub(super) upstream: String,
    pub(super) name: Option<String>,
    pub(super) input: BTreeSet<&'static str>,
    pub(super) output: BTreeSet<&'static str>,
    pub(super) context: Option<u64>,
    pub(super) prompt_max: Option<u64>,
    pub(super) output_max: Option<u64>,
    pub(super) abilities: Abilities,
    pub(super) reasoning: Option<Reasoning>,
    /// `2026-11-22`.
    pub(super) created: Option<String>,
    pub(super) expires: Option<String>,
    pub(super) sheets: BTreeMap<Lane, Sheet>,
    /// What tokens cost in an area, in percent of these prices.
    pub(super) factors: BTreeMap<&'static str, i64>,
    /// Answers on the Responses API only.
    pub(super) responses_only: bool,
    /// The row names the page it was read from.
    pub(super) cited: bool,
}

impl Quote {
    pub(super) fn new(source: &'static str, upstream: &str) -> Self {
        Self {
            source,
            upstream: upstream.to_owned(),
            name: None,
            input: BTreeSet::new(),
            output: BTreeSet::new(),
            context: None,
            prompt_max: None,
            output_max: None,
            abilities: Abilities::default(),
            reasoning: None,
            created: None,
            expires: None,
            sheets: BTreeMap::new(),
            factors: BTreeMap::new(),
            responses_only: false,
            cited: false,
        }
    }

    /// The sheet of a lane, made where it is not there yet.
    pub(super) fn sheet(&mut self, lane: Lane) -> &mut Sheet {
        self.sheets.entry(lane).or_default()
    }
}

impl Sheet {
    pub(super) fn is_empty(&self) -> bool {
        self.base.is_empty() && self.tiers.is_empty()
    }

    /// Whether every price is zero: free, or not known to the source.
    pub(super) fn is_zero(&self) -> bool {
        self.base
            .values()
            .chain(self.tiers.values().flat_map(BTreeMap::values))
            .all(|price| *price == 0)
    }

    /// Takes over what this lane's list leaves out: a missing price means that nobody repeated it, not that
    /// it is the plain token's. Above a threshold a lane costs no less than below it.
    pub(super) fn inherit(&mut self, standard: &Self) {
        for (unit, price) in &standard.base {
            self.base.entry(unit).or_insert(*price);
        }
        if self.tiers.is_empty() {
            self.tiers.clone_from(&standard.tiers);
            for (unit, price) in self.tiers.values_mut().flatten() {
                *price = (*price).max(self.base.get(unit).copied().unwrap_or_default());
            }
        }
    }

    /// Takes out what says nothing: optional prices of zero, a reasoning price equal to the answer's,
    /// a tier that repeats the base.
    pub(super) fn tidy(&mut self) {
        let base = &mut self.base;
        base.retain(|unit, price| *price > 0 || matches!(*unit, "prompt" | "completion"));
        if base.get("reasoning") == base.get("completion") {
            base.remove("reasoning");
        }
        let (base, single) = (&self.base, self.tiers.len() == 1);
        for tier in self.tiers.values_mut() {
            if tier.get("reasoning") == tier.get("completion") {
                tier.remove("reasoning");
            }
            tier.retain(|unit, price| *price > 0 && !(single && base.get(unit) == Some(price)));
        }
        self.tiers.retain(|_, tier| !tier.is_empty());
    }
}

/// The name of a modality on our wire, from any of the sources' words.
pub(super) fn modality(word: &str) -> Option<&'static str> {
    Some(match word {
        "text" | "code" => "text",
        "image" => "image",
        "file" | "pdf" => "file",
        "audio" => "audio",
        "video" => "video",
        _ => return None,
    })
}
