//! What a request needs of an endpoint: parameters, kinds of input, room.

use canon::{Format, MediaKind, Part, Request};
use policy::{
    catalog::{Endpoint, Modalities, Modality, Model, Parameter, Parameters},
    routing::Reason,
};
use providers::Upstream;

use super::search;

/// What a request needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Needs {
    parameters: Parameters,
    inputs: Modalities,
    searches: bool,
    /// Tokens of the prompt, estimated low: an endpoint is only ruled out where the prompt surely does not fit.
    pub(crate) prompt_tokens: u64,
}

/// No tokenizer makes fewer tokens of ordinary text than one for so many bytes.
const BYTES_A_TOKEN_MOST: u64 = 6;

impl Needs {
    pub(crate) fn of(request: &Request) -> Self {
        let mut inputs = Modalities::EMPTY;
        let mut bytes = 0;
        for message in &request.messages {
            count(&message.parts, &mut inputs, &mut bytes);
        }
        let prompt_tokens = bytes / BYTES_A_TOKEN_MOST;
        Self {
            parameters: parameters_of(request),
            inputs,
            searches: request.search.is_some(),
            prompt_tokens,
        }
    }

    /// The parameters of the request that an endpoint does not support.
    pub(super) fn lacking(&self, endpoint: &Endpoint) -> Parameters {
        self.parameters.without(endpoint.parameters)
    }

    /// What the model or its vendor cannot do at all.
    pub(super) fn not_met(
        &self,
        model: &Model,
        endpoint: &Endpoint,
        upstream: &Upstream,
    ) -> Option<Reason> {
        let mut not_taken = self.inputs.without(model.input).iter();
        if let Some(kind) = not_taken.next() {
            return Some(Reason::CannotTake(kind.name()));
        }
        let searches = || search::is_known(upstream, endpoint);
        (self.searches && !searches()).then_some(Reason::CannotSearch)
    }
}

fn count(parts: &[Part], inputs: &mut Modalities, bytes: &mut u64) {
    for part in parts {
        match part {
            Part::Text(text) => *bytes += length(&text.text),
            Part::Refusal(text) => *bytes += length(text),
            Part::ToolCall(call) => *bytes += length(&call.arguments),
            Part::ToolResult(result) => count(&result.parts, inputs, bytes),
            Part::Media { media, .. } => {
                *inputs = inputs.with(match media.kind {
                    MediaKind::Image => Modality::Image,
                    MediaKind::Audio => Modality::Audio,
                    MediaKind::Video => Modality::Video,
                    MediaKind::File => Modality::File,
                });
            }
            Part::Reasoning(_) | Part::Other { .. } => {}
        }
    }
}

fn length(text: &str) -> u64 {
    u64::try_from(text.len()).unwrap_or(u64::MAX)
}

pub(in crate::relay) fn parameters_of(request: &Request) -> Parameters {
    let sampling = &request.sampling;
    let structured = matches!(request.format, Some(Format::JsonSchema { .. }));
    let formatted = matches!(
        request.format,
        Some(Format::JsonObject | Format::JsonSchema { .. })
    );
    let thinking = request
        .reasoning
        .as_ref()
        .is_some_and(|reasoning| reasoning.enabled != Some(false));
    let uses = [
        (Parameter::Temperature, sampling.temperature.is_some()),
        (Parameter::TopP, sampling.top_p.is_some()),
        (Parameter::TopK, sampling.top_k.is_some()),
        (Parameter::MinP, sampling.min_p.is_some()),
        (Parameter::TopA, sampling.top_a.is_some()),
        (
            Parameter::FrequencyPenalty,
            sampling.frequency_penalty.is_some(),
        ),
        (
            Parameter::PresencePenalty,
            sampling.presence_penalty.is_some(),
        ),
        (
            Parameter::RepetitionPenalty,
            sampling.repetition_penalty.is_some(),
        ),
        (Parameter::MaxTokens, sampling.max_tokens.is_some()),
        (Parameter::LogitBias, sampling.logit_bias.is_some()),
        (Parameter::Logprobs, sampling.logprobs == Some(true)),
        (Parameter::TopLogprobs, sampling.top_logprobs.is_some()),
        (Parameter::Seed, sampling.seed.is_some()),
        (Parameter::Stop, !sampling.stop.is_empty()),
        (Parameter::ResponseFormat, formatted),
        (Parameter::StructuredOutputs, structured),
        (Parameter::Tools, !request.tools.is_empty()),
        (Parameter::ToolChoice, request.tool_choice.is_some()),
        (Parameter::Reasoning, thinking),
        (Parameter::Verbosity, request.verbosity.is_some()),
    ];
    let used = uses.into_iter().filter(|(_, used)| *used);
    used.fold(Parameters::EMPTY, |parameters, (parameter, _)| {
        parameters.with(parameter)
    })
}
