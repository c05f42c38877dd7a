//! The data files that `cargo x catalog` writes, one JSON object a line, into the catalogue's types.

use std::{borrow::Cow, collections::BTreeMap, collections::HashMap};

use canon::{Effort, ModelSlug, PicoUsd, ProviderId};
use serde::Deserialize;

use super::{
    Endpoint, Error, Lane, Modalities, Modality, Model, Parameter, Parameters, PriceSheet,
    Quantization, Reasoning, Source, Unit, place::Regional,
};

/// The text of the data files.
#[derive(Clone, Copy, Debug)]
pub(super) struct Data<'a> {
    pub(super) models: &'a str,
    pub(super) endpoints: &'a str,
    pub(super) regions: &'a str,
    pub(super) parameters: &'a str,
    pub(super) sources: &'a str,
}

#[derive(Deserialize)]
struct ModelRow<'a> {
    model: ModelSlug,
    #[serde(borrow)]
    name: Cow<'a, str>,
    created: Option<i64>,
    input: &'a str,
    output: &'a str,
    context: Option<u64>,
    max_output: Option<u64>,
    tokenizer: &'a str,
    reasoning: Option<ReasoningRow<'a>>,
    expires: Option<&'a str>,
    #[serde(default)]
    aliases: Vec<Box<str>>,
}

#[derive(Deserialize)]
struct ReasoningRow<'a> {
    efforts: &'a str,
    default: Option<&'a str>,
    mandatory: bool,
    #[serde(default)]
    budget: bool,
    #[serde(default)]
    adaptive: bool,
}

#[derive(Deserialize)]
struct EndpointRow<'a> {
    model: &'a str,
    provider: &'a str,
    tag: Box<str>,
    lane: &'a str,
    id: Box<str>,
    context: Option<u64>,
    max_prompt: Option<u64>,
    max_output: Option<u64>,
    parameters: &'a str,
    quantization: Option<&'a str>,
    #[serde(default)]
    responses_only: bool,
    expires: Option<Box<str>>,
    #[serde(borrow)]
    prices: Option<BTreeMap<&'a str, PicoUsd>>,
    #[serde(borrow, default)]
    above: Vec<AboveRow<'a>>,
    source: Option<&'a str>,
    #[serde(borrow, default)]
    filled: BTreeMap<&'a str, &'a str>,
}

#[derive(Deserialize)]
struct RegionRow<'a> {
    model: ModelSlug,
    provider: ProviderId,
    lane: &'a str,
    area: Box<str>,
    id: Option<Box<str>>,
    #[serde(borrow)]
    prices: Option<BTreeMap<&'a str, PicoUsd>>,
    #[serde(borrow, default)]
    above: Vec<AboveRow<'a>>,
    source: Option<&'a str>,
    #[serde(borrow, default)]
    filled: BTreeMap<&'a str, &'a str>,
}

#[derive(Deserialize)]
struct AboveRow<'a> {
    tokens: u64,
    #[serde(borrow)]
    prices: BTreeMap<&'a str, PicoUsd>,
}

#[derive(Deserialize)]
struct SetRow<'a> {
    set: &'a str,
    parameters: &'a str,
}

#[derive(Deserialize)]
struct SourceRow<'a> {
    source: &'a str,
    version: &'a str,
}

/// The tokenizer families of the wire.
const TOKENIZERS: [&str; 20] = [
    "Router", "Media", "Other", "GPT", "Claude", "Gemini", "Gemma", "Grok", "Cohere", "Nova",
    "Qwen", "Yi", "DeepSeek", "Mistral", "Llama2", "Llama3", "Llama4", "PaLM", "RWKV", "Qwen3",
];

/// What the files hold, each in its file's order; endpoints do not know their models yet.
pub(super) struct Tables {
    pub(super) models: Vec<Model>,
    pub(super) endpoints: Vec<Endpoint>,
    pub(super) regional: Vec<Regional>,
    pub(super) sources: Vec<Source>,
}

pub(super) fn parse(data: Data<'_>) -> Result<Tables, Error> {
    let sources: Vec<SourceRow<'_>> = rows("sources", data.sources)?;
    let sets: Vec<SetRow<'_>> = rows("parameters", data.parameters)?;
    let mut names = Names {
        parameters: HashMap::new(),
        sources: sources
            .iter()
            .enumerate()
            .map(|(place, row)| (row.source, place))
            .collect(),
        providers: HashMap::new(),
    };
    for SetRow { set, parameters } in sets {
        names
            .parameters
            .insert(set, parse_words(parameters, Parameter::named)?);
    }
    let mut models = Vec::new();
    for row in rows::<ModelRow<'_>>("models", data.models)? {
        models.push(parse_model(row)?);
    }
    let mut endpoints = Vec::new();
    for row in rows::<EndpointRow<'_>>("endpoints", data.endpoints)? {
        endpoints.push(names.parse_endpoint(row)?);
    }
    let mut regional = Vec::new();
    for row in rows::<RegionRow<'_>>("regions", data.regions)? {
        regional.push(names.parse_regional(row)?);
    }
    let sources = sources
        .into_iter()
        .map(|row| Source {
            package: row.source.into(),
            version: row.version.into(),
        })
        .collect();
    Ok(Tables {
        models,
        endpoints,
        regional,
        sources,
    })
}

fn rows<'a, T: Deserialize<'a>>(file: &'static str, text: &'a str) -> Result<Vec<T>, Error> {
    let lines = text.lines().enumerate();
    lines
        .map(|(line, row)| {
            serde_json::from_str(row).map_err(|source| Error::Row {
                file,
                line: line + 1,
                source,
            })
        })
        .collect()
}

fn parse_model(row: ModelRow<'_>) -> Result<Model, Error> {
    let known = |name: &&&str| **name == row.tokenizer;
    let tokenizer = TOKENIZERS
        .iter()
        .find(known)
        .ok_or_else(|| unknown(row.tokenizer))?;
    let reasoning = row.reasoning.map(parse_reasoning).transpose()?;
    Ok(Model {
        slug: row.model,
        name: row.name.into(),
        created: row.created,
        input: parse_modalities(row.input)?,
        output: parse_modalities(row.output)?,
        context_length: row.context,
        max_output_tokens: row.max_output,
        tokenizer,
        reasoning,
        expires: row.expires.map(Box::from),
        aliases: row.aliases.into(),
        parameters: Parameters::EMPTY,
        endpoints: 0..0,
    })
}

fn parse_reasoning(row: ReasoningRow<'_>) -> Result<Reasoning, Error> {
    Ok(Reasoning {
        efforts: parse_words::<Vec<Effort>, _>(row.efforts, Effort::named)?.into(),
        default_effort: row
            .default
            .map(|name| Effort::named(name).ok_or_else(|| unknown(name)))
            .transpose()?,
        mandatory: row.mandatory,
        takes_budget: row.budget,
        adaptive: row.adaptive,
    })
}

fn parse_modalities(words: &str) -> Result<Modalities, Error> {
    parse_words(words, Modality::named)
}

fn parse_words<S: FromIterator<T>, T>(
    words: &str,
    named: fn(&str) -> Option<T>,
) -> Result<S, Error> {
    words
        .split_ascii_whitespace()
        .map(|word| named(word).ok_or_else(|| unknown(word)))
        .collect()
}

fn unknown(word: &str) -> Error {
    Error::Word { word: word.into() }
}

/// What rows refer to by name.
struct Names<'a> {
    parameters: HashMap<&'a str, Parameters>,
    sources: HashMap<&'a str, usize>,
    /// One id for all endpoints of a vendor.
    providers: HashMap<&'a str, ProviderId>,
}

impl<'a> Names<'a> {
    fn parse_endpoint(&mut self, row: EndpointRow<'a>) -> Result<Endpoint, Error> {
        let provider = match self.providers.get(row.provider) {
            Some(provider) => provider.clone(),
            None => {
                let provider: ProviderId =
                    row.provider.parse().map_err(|_| unknown(row.provider))?;
                self.providers.insert(row.provider, provider.clone());
                provider
            }
        };
        Ok(Endpoint {
            index: 0,
            // Replaced by the model's own slug, which is shared.
            model: row.model.parse().map_err(|_| unknown(row.model))?,
            provider,
            tag: row.tag,
            lane: Lane::named(row.lane).ok_or_else(|| unknown(row.lane))?,
            upstream_id: row.id,
            context_length: row.context,
            max_prompt_tokens: row.max_prompt,
            max_output_tokens: row.max_output,
            parameters: *self
                .parameters
                .get(row.parameters)
                .ok_or_else(|| unknown(row.parameters))?,
            quantization: row.quantization.map_or(Ok(Quantization::Unknown), |name| {
                Quantization::named(name).ok_or_else(|| unknown(name))
            })?,
            responses_only: row.responses_only,
            expires: row.expires,
            prices: row
                .prices
                .map(|base| parse_sheet(&base, &row.above))
                .transpose()?,
            place: None,
            source: row.source.map(|name| self.source(name)).transpose()?,
            filled: self.filled(&row.filled)?,
        })
    }

    fn parse_regional(&self, row: RegionRow<'a>) -> Result<Regional, Error> {
        Ok(Regional {
            model: row.model,
            provider: row.provider,
            lane: Lane::named(row.lane).ok_or_else(|| unknown(row.lane))?,
            area: row.area,
            upstream_id: row.id,
            prices: row
                .prices
                .map(|base| parse_sheet(&base, &row.above))
                .transpose()?,
            source: row.source.map(|name| self.source(name)).transpose()?,
            filled: self.filled(&row.filled)?,
        })
    }

    fn filled(&self, filled: &BTreeMap<&str, &str>) -> Result<Box<[(Unit, usize)]>, Error> {
        let one = |(unit, source): (&&str, &&str)| Ok((parse_unit(unit)?, self.source(source)?));
        filled.iter().map(one).collect()
    }

    fn source(&self, name: &str) -> Result<usize, Error> {
        self.sources.get(name).copied().ok_or_else(|| unknown(name))
    }
}

fn parse_sheet(
    base: &BTreeMap<&str, PicoUsd>,
    above: &[AboveRow<'_>],
) -> Result<PriceSheet, Error> {
    let mut sheet = PriceSheet::new(parse_prices(base)?)?;
    for AboveRow { tokens, prices } in above {
        sheet = sheet.with_above(*tokens, parse_prices(prices)?)?;
    }
    Ok(sheet)
}

fn parse_prices(prices: &BTreeMap<&str, PicoUsd>) -> Result<Vec<(Unit, PicoUsd)>, Error> {
    prices
        .iter()
        .map(|(name, price)| Ok((parse_unit(name)?, *price)))
        .collect()
}

fn parse_unit(name: &str) -> Result<Unit, Error> {
    Unit::named(name).ok_or_else(|| unknown(name))
}
