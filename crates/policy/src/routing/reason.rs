//! Why an endpoint may not serve, in the words that the caller hears, and what to change.

use crate::{catalog::Lane, terms::Full};

/// An endpoint that may not serve this request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excluded {
    /// Its index in the catalogue.
    pub endpoint: usize,
    /// Why not.
    pub reason: Reason,
    /// Whether the house says so, and not the caller.
    pub by_house: bool,
}

/// Why an endpoint may not serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A service tier that nobody asked for.
    NotAdmitted(Lane),
    /// Flex was asked for, and another endpoint of the model is flex.
    NotFlex,
    /// The day on which it ends has passed.
    Ended,
    /// Not in `provider.only`.
    NotInOnly,
    /// In `provider.ignore`.
    Ignored,
    /// Not in `provider.order` while `allow_fallbacks` is false.
    NotInOrder,
    /// `require_parameters`, and it lacks this one.
    LacksParameter(&'static str),
    /// It lacks this parameter, and another endpoint of the model has it.
    LacksPreferred(&'static str),
    /// It cannot take this kind of input.
    CannotTake(&'static str),
    /// The web is to be searched, and the vendor does not search it for this model.
    CannotSearch,
    /// The prompt and the answer do not fit; its context length.
    ContextTooShort(u64),
    /// The answer may not be so long; its limit.
    OutputTooShort(u64),
    /// `data_collection: deny`, and it may train on or publish what it sees.
    MayTrain,
    /// `zdr`, and it may keep what it sees.
    MayRetain,
    /// `enforce_distillable_text`, and the author does not allow it.
    NotDistillable,
    /// `quantizations`, and its own is another or unknown.
    Quantization,
    /// `max_price` of this kind is lower.
    TooDear(&'static str),
    /// `max_price` of this kind is set, and nobody knows its price.
    PriceUnknown(&'static str),
    /// The operator has switched it off.
    Disabled,
    /// A cap of the operator's is reached; nothing else is against it.
    Full(Full),
}

impl Reason {
    /// The word of `availability.excluded_by` (spec/inference.md §6.7), where the vocabulary has one.
    #[must_use]
    pub const fn vocabulary(&self) -> Option<&'static str> {
        Some(match self {
            Self::NotAdmitted(_)
            | Self::NotFlex
            | Self::Ended
            | Self::NotDistillable
            | Self::Disabled
            | Self::Full(_) => return None,
            Self::NotInOnly | Self::Ignored | Self::NotInOrder => "allowed_providers",
            Self::LacksParameter(_)
            | Self::LacksPreferred(_)
            | Self::CannotTake(_)
            | Self::CannotSearch => "require_parameters",
            Self::ContextTooShort(_) | Self::OutputTooShort(_) => "context_length",
            Self::MayTrain => "data_policy:training",
            Self::MayRetain => "data_policy:zdr",
            Self::Quantization => "quantization",
            Self::TooDear(_) | Self::PriceUnknown(_) => "max_price",
        })
    }

    /// The cap of the operator's that is reached, where that alone excludes it.
    #[must_use]
    pub const fn full(&self) -> Option<Full> {
        if let Self::Full(full) = self {
            Some(*full)
        } else {
            None
        }
    }

    /// The field of the request that excluded it, and how to change it.
    #[must_use]
    pub fn constraint(&self) -> (&'static str, String) {
        match self {
            Self::NotAdmitted(lane) => not_admitted(*lane),
            Self::NotFlex => (
                "service_tier",
                "\"flex\" leaves flex endpoints only; leave it out".to_owned(),
            ),
            Self::Ended => ("model", "the vendor has ended it".to_owned()),
            Self::NotInOnly => (
                "provider.only",
                "name one of this model's providers".to_owned(),
            ),
            Self::Ignored => (
                "provider.ignore",
                "leave one of this model's providers out of it".to_owned(),
            ),
            Self::NotInOrder => (
                "provider.allow_fallbacks",
                "name one of this model's providers in `provider.order`, or allow fallbacks"
                    .to_owned(),
            ),
            Self::LacksParameter(name) => (
                "provider.require_parameters",
                format!("leave out `{name}`, or do not require parameters"),
            ),
            Self::LacksPreferred(name) => (
                "provider",
                format!("leave out `{name}`: others of the model support it"),
            ),
            Self::CannotTake(kind) => ("messages", format!("the model takes no {kind} here")),
            Self::CannotSearch => (
                "plugins",
                "leave out the plugin `web` and `:online`, or choose a model whose vendor searches the web by itself"
                    .to_owned(),
            ),
            Self::ContextTooShort(most) => (
                "messages",
                format!("prompt and answer may have {most} tokens together"),
            ),
            Self::OutputTooShort(most) => (
                "max_tokens",
                format!("the answer may have at most {most} tokens"),
            ),
            Self::MayTrain => (
                "provider.data_collection",
                "allow data collection, or choose a provider known not to train".to_owned(),
            ),
            Self::MayRetain => (
                "provider.zdr",
                "do without zero data retention, or choose a provider known to keep nothing"
                    .to_owned(),
            ),
            Self::NotDistillable => (
                "provider.enforce_distillable_text",
                "do without it, or choose a model whose licence is known to allow it".to_owned(),
            ),
            Self::Quantization => (
                "provider.quantizations",
                "allow more quantizations".to_owned(),
            ),
            Self::TooDear(kind) => (
                "provider.max_price",
                format!("raise `provider.max_price.{kind}`"),
            ),
            Self::PriceUnknown(kind) => (
                "provider.max_price",
                format!("its price is not known: leave out `provider.max_price.{kind}`"),
            ),
            Self::Disabled | Self::Full(_) => ("routing.endpoints", self.by_terms()),
        }
    }

    /// How to change what the operator's terms exclude.
    fn by_terms(&self) -> String {
        if let Self::Full(full) = self {
            format!("`{}` is reached; come again later", full.limit.name())
        } else {
            "it is switched off; ask for another one".to_owned()
        }
    }
}

fn not_admitted(lane: Lane) -> (&'static str, String) {
    match lane {
        Lane::Flex | Lane::Priority => (
            "service_tier",
            format!("ask for \"{lane}\", or name the endpoint in full in `provider.only`"),
        ),
        Lane::Standard | Lane::Free | Lane::Extended | Lane::Thinking | Lane::Batch => {
            ("model", format!("{lane} endpoints take no part here"))
        }
    }
}
