//! Models of one's own vendors, as the configuration names them.

use canon::{ModelSlug, ProviderId};

use super::{Endpoint, Lane, Modalities, Model, Parameters, PriceSheet, Quantization};

/// A model at a vendor of one's own. The model may be a new one or one from the catalogue.
#[derive(Clone, Debug)]
pub struct Own {
    /// The vendor.
    pub provider: ProviderId,
    /// `author/name`.
    pub model: ModelSlug,
    /// The name for people; the slug where absent. A model of the catalogue keeps its own.
    pub name: Option<Box<str>>,
    /// The id that the vendor's API wants.
    pub upstream_id: Box<str>,
    /// Tokens of prompt and answer together.
    pub context_length: Option<u64>,
    /// Tokens of the answer.
    pub max_output_tokens: Option<u64>,
    /// What may go in.
    pub input: Modalities,
    /// What may come out.
    pub output: Modalities,
    /// What the endpoint takes.
    pub parameters: Parameters,
    /// How its weights are stored.
    pub quantization: Quantization,
    /// What it charges; `None` is not known.
    pub prices: Option<PriceSheet>,
}

impl Own {
    pub(super) fn endpoint(&self) -> Endpoint {
        Endpoint {
            index: 0,
            model: self.model.clone(),
            provider: self.provider.clone(),
            tag: self.provider.as_str().into(),
            lane: Lane::Standard,
            upstream_id: self.upstream_id.clone(),
            context_length: self.context_length,
            max_prompt_tokens: None,
            max_output_tokens: self.max_output_tokens,
            parameters: self.parameters,
            quantization: self.quantization,
            responses_only: false,
            expires: None,
            prices: self.prices.clone(),
            place: None,
            source: None,
            filled: Box::default(),
        }
    }

    pub(super) fn into_model(self) -> Model {
        Model {
            name: self.name.unwrap_or_else(|| self.model.as_str().into()),
            slug: self.model,
            created: None,
            input: self.input,
            output: self.output,
            context_length: self.context_length,
            max_output_tokens: self.max_output_tokens,
            tokenizer: "Other",
            reasoning: None,
            expires: None,
            aliases: Box::default(),
            parameters: self.parameters,
            endpoints: 0..0,
        }
    }
}
