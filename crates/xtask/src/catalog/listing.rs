//! One model at one vendor, from every source that knows it: facts joined, one source chosen for prices.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    parameters,
    quote::{Abilities, Lane, Quote, Reasoning, STANDARD, Sheet},
    review::Review,
    sources::{GENAI, LITELLM, PI_AI, RATES, TOKENCOST},
    vendors::{OPENROUTER, Profile},
};

/// What the sources say together about one model at one vendor.
#[derive(Debug)]
pub(super) struct Listing {
    pub(super) vendor: &'static str,
    pub(super) upstream: String,
    pub(super) quotes: Vec<Quote>,
    /// A second opinion on the standard prices.
    pub(super) opinion: Option<Sheet>,
}

/// The price sheet that was chosen, with its origin.
#[derive(Clone, Debug)]
pub(super) struct Priced {
    pub(super) sheet: Sheet,
    pub(super) source: &'static str,
    /// Prices that the chosen source lacks, from one that agrees with it on the rest.
    pub(super) filled: BTreeMap<&'static str, &'static str>,
}

/// In this order a limit or a name is believed.
const FACTS: [&str; 4] = [PI_AI, RATES, LITELLM, TOKENCOST];

impl Listing {
    fn by_rank(&self) -> impl Iterator<Item = &Quote> {
        FACTS.iter().flat_map(|source| {
            self.quotes
                .iter()
                .filter(move |quote| quote.source == *source)
        })
    }

    fn first<T>(&self, fact: impl Fn(&Quote) -> Option<T>) -> Option<T> {
        self.by_rank().find_map(fact)
    }

    pub(super) fn name(&self) -> Option<String> {
        self.first(|quote| quote.name.clone())
    }

    pub(super) fn created(&self) -> Option<String> {
        self.first(|quote| quote.created.clone())
    }

    pub(super) fn expires(&self) -> Option<String> {
        self.first(|quote| quote.expires.clone())
    }

    pub(super) fn context(&self) -> Option<u64> {
        self.first(|quote| quote.context)
    }

    /// The prompt's own limit, where it is narrower than the context.
    pub(super) fn prompt_max(&self) -> Option<u64> {
        self.first(|quote| quote.prompt_max)
            .filter(|max| Some(*max) < self.context())
    }

    pub(super) fn output_max(&self) -> Option<u64> {
        self.first(|quote| quote.output_max)
    }

    pub(super) fn responses_only(&self) -> bool {
        self.quotes.iter().any(|quote| quote.responses_only)
    }

    pub(super) fn input(&self) -> BTreeSet<&'static str> {
        self.quotes
            .iter()
            .flat_map(|quote| quote.input.iter().copied())
            .collect()
    }

    pub(super) fn output(&self) -> BTreeSet<&'static str> {
        let mut output: BTreeSet<_> = self
            .quotes
            .iter()
            .flat_map(|quote| quote.output.iter().copied())
            .collect();
        // A list that knows only "text" does not know that an embedding model answers with vectors.
        if output.iter().any(|word| {
            matches!(
                *word,
                "embeddings" | "rerank" | "transcription" | "speech" | "video"
            )
        }) {
            output.remove("text");
        }
        if output.contains("speech") {
            output.remove("audio");
        }
        output
    }

    pub(super) fn abilities(&self) -> Abilities {
        let any = |fact: fn(&Abilities) -> Option<bool>| {
            let known = self
                .quotes
                .iter()
                .filter_map(|quote| fact(&quote.abilities));
            known.reduce(|one, other| one || other)
        };
        let refused = self
            .quotes
            .iter()
            .any(|quote| quote.abilities.sampling == Some(false));
        Abilities {
            tools: any(|abilities| abilities.tools),
            tool_choice: any(|abilities| abilities.tool_choice),
            parallel_tools: any(|abilities| abilities.parallel_tools),
            schema: any(|abilities| abilities.schema),
            reasoning: any(|abilities| abilities.reasoning),
            web_search: any(|abilities| abilities.web_search),
            sampling: refused.then_some(false),
        }
    }

    pub(super) fn reasoning(&self) -> Option<Reasoning> {
        if self.abilities().reasoning != Some(true) {
            return None;
        }
        let known = || self.by_rank().filter_map(|quote| quote.reasoning.as_ref());
        let efforts = [PI_AI, LITELLM, RATES].iter().find_map(|source| {
            let quote = self.quotes.iter().find(|quote| quote.source == *source)?;
            let efforts = &quote.reasoning.as_ref()?.efforts;
            (!efforts.is_empty()).then(|| efforts.clone())
        });
        Some(Reasoning {
            efforts: efforts.unwrap_or_default(),
            default: known().find_map(|reasoning| reasoning.default.clone()),
            mandatory: known().find_map(|reasoning| reasoning.mandatory),
            budget: known().find_map(|reasoning| reasoning.budget),
            adaptive: known().find_map(|reasoning| reasoning.adaptive),
        })
    }

    pub(super) fn parameters(&self, profile: Profile) -> parameters::Set {
        if !self.output().contains("text") {
            return parameters::Set::default();
        }
        let efforts = self
            .reasoning()
            .is_some_and(|reasoning| !reasoning.efforts.is_empty());
        parameters::set(profile, self.abilities(), efforts)
    }

    /// The lanes in which the vendor serves the model.
    pub(super) fn lanes(&self) -> BTreeSet<Lane> {
        let mut lanes: BTreeSet<Lane> = self
            .quotes
            .iter()
            .flat_map(|quote| quote.sheets.keys().copied())
            .collect();
        lanes.insert(STANDARD);
        lanes
    }

    /// The prices of a lane; differences between sources go to the review list.
    pub(super) fn priced(&self, lane: Lane, review: &mut Review) -> Option<Priced> {
        let order = match self.vendor {
            OPENROUTER => [PI_AI, RATES, TOKENCOST, LITELLM],
            _ => [LITELLM, RATES, PI_AI, TOKENCOST],
        };
        let quoted = order.iter().flat_map(|source| {
            let quotes = self
                .quotes
                .iter()
                .filter(move |quote| quote.source == *source);
            quotes.filter_map(|quote| Some((quote.source, quote.sheets.get(lane)?)))
        });
        let opinion = self
            .opinion
            .as_ref()
            .filter(|_| lane == STANDARD)
            .map(|sheet| (GENAI, sheet));
        let sheets: Vec<(&'static str, &Sheet)> = quoted
            .chain(opinion)
            .filter(|(_, sheet)| !sheet.is_empty())
            .collect();
        let zeros = sheets.iter().filter(|(_, sheet)| sheet.is_zero()).count();
        // One source's zero may mean "not known"; two sources' zero is a price.
        let believable = |sheet: &Sheet| !sheet.is_zero() || (zeros >= 2 && zeros == sheets.len());
        let (source, chosen) = *sheets.iter().find(|(_, sheet)| believable(sheet))?;
        let mut priced = Priced {
            sheet: chosen.clone(),
            source,
            filled: BTreeMap::new(),
        };
        for (other, sheet) in sheets
            .iter()
            .filter(|(other, sheet)| *other != source && !sheet.is_zero())
        {
            let place = [self.vendor, self.upstream.as_str(), lane];
            if review.compare(place, (source, chosen), (other, sheet)) {
                priced.fill(other, sheet);
            }
        }
        // OpenRouter's variants are lists of their own; a vendor's lanes are columns beside its standard one.
        let own = self.quotes.iter().find(|quote| quote.source == source);
        if let Some(standard) = own.and_then(|quote| quote.sheets.get(STANDARD))
            && lane != STANDARD
        {
            priced.sheet.inherit(standard);
        }
        Some(priced)
    }
}

impl Priced {
    /// OpenRouter's lists leave out what drawn and spoken tokens cost, which is most of such an answer. The
    /// maker's price is OpenRouter's where the two agree on text; otherwise nobody says, and no price is
    /// better than a tenth of it.
    pub(super) fn complete(
        mut self,
        output: &BTreeSet<&'static str>,
        maker: Option<&Self>,
    ) -> Option<Self> {
        if self.sheet.is_zero() {
            return Some(self);
        }
        for (word, units) in [
            ("image", ["image_output", "picture"]),
            ("audio", ["audio_output", "picture"]),
        ] {
            let priced = |sheet: &Sheet| {
                units
                    .into_iter()
                    .find_map(|unit| Some((unit, *sheet.base.get(unit)?)))
            };
            if !output.contains(word) || priced(&self.sheet).is_some() {
                continue;
            }
            let agrees = |maker: &&Self| {
                ["prompt", "completion"]
                    .iter()
                    .all(|unit| maker.sheet.base.get(unit) == self.sheet.base.get(unit))
            };
            let maker = maker.filter(agrees)?;
            let (unit, price) = priced(&maker.sheet)?;
            self.sheet.base.insert(unit, price);
            self.filled.insert(unit, maker.source);
        }
        Some(self)
    }

    /// Takes over prices that are missing, from a source that agrees on all that both have.
    fn fill(&mut self, source: &'static str, sheet: &Sheet) {
        for (unit, price) in &sheet.base {
            let missing = !self.sheet.base.contains_key(unit);
            // A price for thinking or for a way of asking that the better source does not have is not filled in.
            let fillable = matches!(
                *unit,
                "cache_read"
                    | "cache_write"
                    | "cache_write_1h"
                    | "audio"
                    | "audio_output"
                    | "audio_cache"
                    | "web_search"
            );
            if missing && fillable && *price > 0 {
                self.sheet.base.insert(unit, *price);
                self.filled.insert(unit, source);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quote(source: &'static str, prompt: i64, completion: i64) -> Quote {
        let mut quote = Quote::new(source, "model");
        quote.sheet(STANDARD).base = [("prompt", prompt), ("completion", completion)].into();
        quote
    }

    fn listing(quotes: Vec<Quote>) -> Listing {
        Listing {
            vendor: "openai",
            upstream: "model".to_owned(),
            quotes,
            opinion: None,
        }
    }

    #[test]
    fn a_difference_takes_litellm_for_a_vendor_and_goes_to_the_review_list() {
        let mut review = Review::default();
        let listing = listing(vec![
            quote(RATES, 1_000, 2_000),
            quote(LITELLM, 1_000, 2_100),
        ]);
        let priced = listing.priced(STANDARD, &mut review).unwrap();
        assert_eq!(
            (priced.source, priced.sheet.base["completion"]),
            (LITELLM, 2_100)
        );
        assert_eq!(review.len(), 1);
        assert!(
            review
                .render()
                .contains("| openai | model | standard | completion | 0 | 0.0021 | litellm |")
        );
    }

    #[test]
    fn what_is_missing_is_filled_only_from_a_source_that_agrees() {
        let mut agreeing = quote(RATES, 1_000, 2_000);
        agreeing.sheet(STANDARD).base.insert("cache_read", 100);
        let filled = listing(vec![quote(LITELLM, 1_000, 2_000), agreeing.clone()]);
        let filled = filled.priced(STANDARD, &mut Review::default()).unwrap();
        assert_eq!(filled.sheet.base["cache_read"], 100);
        assert_eq!(filled.filled["cache_read"], RATES);

        let alone = listing(vec![quote(LITELLM, 3_000, 2_000), agreeing]);
        let alone = alone.priced(STANDARD, &mut Review::default()).unwrap();
        assert!(!alone.sheet.base.contains_key("cache_read"));
    }

    #[test]
    fn one_zero_is_not_known_and_two_zeros_are_free() {
        let one = listing(vec![quote(LITELLM, 0, 0)]);
        assert!(one.priced(STANDARD, &mut Review::default()).is_none());
        let two = listing(vec![quote(LITELLM, 0, 0), quote(RATES, 0, 0)]);
        assert!(
            two.priced(STANDARD, &mut Review::default())
                .unwrap()
                .sheet
                .is_zero()
        );
        let paid = listing(vec![quote(LITELLM, 0, 0), quote(RATES, 5, 5)]);
        assert_eq!(
            paid.priced(STANDARD, &mut Review::default())
                .unwrap()
                .source,
            RATES
        );
    }

    #[test]
    fn a_drawing_model_without_a_price_for_drawings_has_no_price() {
        let priced = |prompt| {
            let listing = listing(vec![quote(PI_AI, prompt, 2_000)]);
            listing.priced(STANDARD, &mut Review::default()).unwrap()
        };
        let output = BTreeSet::from(["image", "text"]);
        assert!(priced(1_000).complete(&output, None).is_none());
        let mut maker = priced(1_000);
        maker.sheet.base.insert("image_output", 9_000);
        let complete = priced(1_000).complete(&output, Some(&maker)).unwrap();
        assert_eq!(complete.sheet.base["image_output"], 9_000);
        assert!(priced(3_000).complete(&output, Some(&maker)).is_none());
        assert!(
            priced(3_000)
                .complete(&BTreeSet::from(["text"]), None)
                .is_some()
        );
    }

    #[test]
    fn a_lane_inherits_what_its_list_leaves_out() {
        let mut quote = quote(LITELLM, 1_000, 2_000);
        quote.sheet(STANDARD).base.insert("image_output", 9_000);
        quote.sheet(STANDARD).tiers = [(200_000, [("prompt", 2_000)].into())].into();
        quote.sheet("priority").base = [("prompt", 2_500), ("completion", 4_000)].into();
        let priced = listing(vec![quote])
            .priced("priority", &mut Review::default())
            .unwrap();
        assert_eq!(priced.sheet.base["image_output"], 9_000);
        assert_eq!(
            priced.sheet.tiers[&200_000]["prompt"], 2_500,
            "never less than below the threshold"
        );
    }
}
