//! `[[providers.….models]]`: models at a provider, beyond those that the catalogue knows there.

use canon::{ModelSlug, PicoUsd, ProviderId};
use policy::catalog::{
    Catalog, Modalities, Modality, Own, Parameter, Parameters, PriceSheet, Quantization, Unit,
};

use super::{
    nearest::nearest,
    raw::{Raw, RawValue},
    section::Section,
};

/// A model at a provider. Absent members mean as the catalogue has the model, where it has it.
#[derive(Clone, Debug)]
pub struct Model {
    /// Its slug here.
    pub model: ModelSlug,
    /// Its name there; by default the part of the slug behind the slash.
    pub upstream_id: String,
    /// How it is shown.
    pub name: Option<String>,
    /// Tokens of prompt and answer together.
    pub context_length: Option<u64>,
    /// Tokens of an answer.
    pub max_output_tokens: Option<u64>,
    /// What it reads: `text`, `image` …
    pub input_modalities: Option<Modalities>,
    /// What it writes.
    pub output_modalities: Option<Modalities>,
    /// What it costs; unknown where absent, and then a key with a limit cannot call it.
    pub price: Option<PriceSheet>,
    /// The parameters it obeys.
    pub supported_parameters: Option<Parameters>,
    /// The quantization of its weights.
    pub quantization: Option<Quantization>,
}

/// What a model obeys of which nothing is said: what every server of models has.
const USUAL_PARAMETERS: Parameters = Parameters::EMPTY
    .with(Parameter::Temperature)
    .with(Parameter::TopP)
    .with(Parameter::FrequencyPenalty)
    .with(Parameter::PresencePenalty)
    .with(Parameter::MaxTokens)
    .with(Parameter::Stop)
    .with(Parameter::Seed)
    .with(Parameter::Tools)
    .with(Parameter::ToolChoice)
    .with(Parameter::ResponseFormat);

impl Model {
    pub(super) fn own(&self, provider: &ProviderId, catalog: &Catalog) -> Own {
        let known = catalog.model(self.model.as_str());
        let text = Modalities::EMPTY.with(Modality::Text);
        let input = self.input_modalities.or(known.map(|known| known.input));
        let output = self.output_modalities.or(known.map(|known| known.output));
        let parameters = self
            .supported_parameters
            .or(known.map(|known| known.parameters));
        Own {
            provider: provider.clone(),
            model: self.model.clone(),
            name: self.name.as_deref().map(Into::into),
            upstream_id: self.upstream_id.as_str().into(),
            context_length: self
                .context_length
                .or(known.and_then(|known| known.context_length)),
            max_output_tokens: self
                .max_output_tokens
                .or(known.and_then(|known| known.max_output_tokens)),
            input: input.unwrap_or(text),
            output: output.unwrap_or(text),
            parameters: parameters.unwrap_or(USUAL_PARAMETERS),
            quantization: self.quantization.unwrap_or(Quantization::Unknown),
            prices: self.price.clone(),
        }
    }
}

/// Reads the models of one provider.
pub(super) fn read(section: &mut Section<'_, '_>) -> Vec<Model> {
    let path = section.path_of("models");
    let tables = section.tables("models");
    let mut models: Vec<Model> = Vec::with_capacity(tables.len());
    for (number, (table, place)) in tables.into_iter().enumerate() {
        let name = format!("{path}[{number}]");
        let mut section = Section::new(section.reading, name, Some(table), place.clone());
        let Some(model) = read_one(&mut section) else {
            section.end();
            continue;
        };
        if models.iter().any(|other| other.model == model.model) {
            section.fault(
                place,
                "model",
                format!("`{}` stands here twice", model.model),
            );
        }
        section.end();
        models.push(model);
    }
    models
}

/// Reads one model; `None` where its slug is missing or wrong. Every other fault is noted too.
fn read_one(section: &mut Section<'_, '_>) -> Option<Model> {
    let slug = match section.text("model", "") {
        None if section.says("model") => None,
        None => {
            let place = section.place();
            section.fault(place, "model", "missing: expected author/name");
            None
        }
        Some((text, place)) => match text.parse::<ModelSlug>() {
            Ok(slug) => Some(slug),
            Err(error) => {
                section.fault(place, "model", error.to_string());
                None
            }
        },
    };
    let upstream_id = section.text("upstream_id", "").map(|(text, _)| text);
    let name = section.text("name", "").map(|(text, _)| text);
    let (mut context_length, mut max_output_tokens) = (None, None);
    section.optional_whole("context_length", 1..=1 << 40, &mut context_length);
    section.optional_whole("max_output_tokens", 1..=1 << 40, &mut max_output_tokens);
    let modalities = |modality: &Modality| (modality.name(), *modality);
    let modalities: Vec<_> = Modality::ALL.iter().map(modalities).collect();
    let input_modalities = words(section, "input_modalities", &modalities);
    let output_modalities = words(section, "output_modalities", &modalities);
    let price = read_price(section);
    let parameter = |parameter: &Parameter| (parameter.name(), *parameter);
    let parameters: Vec<_> = Parameter::ALL.iter().map(parameter).collect();
    let supported_parameters = words(section, "supported_parameters", &parameters);
    let quantizations: Vec<_> = Quantization::ALL
        .iter()
        .map(|word| (word.name(), *word))
        .collect();
    let quantization = section.word("quantization", "", &quantizations);
    let model = slug?;
    Some(Model {
        upstream_id: upstream_id.unwrap_or_else(|| model.name().to_owned()),
        model,
        name,
        context_length,
        max_output_tokens,
        input_modalities,
        output_modalities,
        price,
        supported_parameters,
        quantization,
    })
}

/// A list of words out of a closed vocabulary, as a set.
fn words<T: Copy, Set: FromIterator<T>>(
    section: &mut Section<'_, '_>,
    name: &str,
    allowed: &[(&str, T)],
) -> Option<Set> {
    let texts = section.texts(name)?;
    let mut words = Vec::with_capacity(texts.len());
    for (word, place) in texts {
        if let Some((_, value)) = allowed.iter().find(|(name, _)| *name == word) {
            words.push(*value);
            continue;
        }
        let names: Vec<&str> = allowed.iter().map(|(name, _)| *name).collect();
        let say = match nearest(&word, names.iter().copied()) {
            Some(near) => format!("{word:?} is not known; did you mean {near:?}?"),
            None => format!("{word:?} is not known; allowed: {}", names.join(", ")),
        };
        section.fault(place, name, say);
    }
    Some(words.into_iter().collect())
}

fn read_price(section: &mut Section<'_, '_>) -> Option<PriceSheet> {
    let mut table = section.table("price")?;
    let mut prices = Vec::new();
    for unit in Unit::ALL {
        prices.extend(usd(&mut table, unit.name()).map(|price| (*unit, price)));
    }
    let place = table.place();
    let sheet = PriceSheet::new(prices);
    if let Err(error) = &sheet {
        table.fault(place, "", error.to_string());
    }
    table.end();
    sheet.ok()
}

/// A price, as decimal text: a TOML number with a point would pass through a float.
fn usd(section: &mut Section<'_, '_>, name: &str) -> Option<PicoUsd> {
    let raw: Raw<'_> = section.raw(name, "")?;
    let text = match &raw.value {
        RawValue::File(value) => value.as_str(),
        RawValue::Variable(text) => Some(text.as_str()),
    };
    let fault = match text.map(str::parse::<PicoUsd>) {
        Some(Ok(price)) if price >= PicoUsd::ZERO => return Some(price),
        Some(Ok(_)) => "it is negative".to_owned(),
        Some(Err(error)) => error.to_string(),
        None => "it must stand in quotes, so that no digit is lost".to_owned(),
    };
    let say = format!(
        "expected USD a unit as a decimal string, like \"0.0000025\", got {}: {fault}",
        raw.shown()
    );
    section.fault(raw.place, name, say);
    None
}
