//! Who may serve at all: the hard filters, each with the reason that the caller hears.

use canon::PicoUsd;

use super::{Ask, Candidate};

/// An endpoint that may not serve this request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excluded {
    /// Its index in the catalogue.
    pub endpoint: usize,
    /// Why not.
    pub reason: Reason,
}

/// Why an endpoint may not serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Not in `provider.only`.
    NotInOnly,
    /// In `provider.ignore`.
    Ignored,
    /// Not in `provider.order` while `allow_fallbacks` is false.
    NotInOrder,
    /// `require_parameters`, and it lacks this one.
    LacksParameter(&'static str),
    /// It cannot take this kind of input.
    CannotTake(&'static str),
    /// The prompt and the answer do not fit; its context length.
    ContextTooShort(u64),
    /// The answer may not be so long; its limit.
    OutputTooShort(u64),
    /// `data_collection: deny`, and it may train on or publish what it sees.
    MayTrain,
    /// `zdr`, and it may keep what it sees.
    MayRetain,
    /// `quantizations`, and its own is another or unknown.
    Quantization,
    /// `max_price` of this kind is lower.
    TooDear(&'static str),
}

impl Reason {
    /// The word of `availability.excluded_by` (spec/inference.md §6.7).
    #[must_use]
    pub const fn vocabulary(&self) -> &'static str {
        match self {
            Self::NotInOnly | Self::Ignored | Self::NotInOrder => "allowed_providers",
            Self::LacksParameter(_) | Self::CannotTake(_) => "require_parameters",
            Self::ContextTooShort(_) | Self::OutputTooShort(_) => "context_length",
            Self::MayTrain => "data_policy:training",
            Self::MayRetain => "data_policy:zdr",
            Self::Quantization => "quantization",
            Self::TooDear(_) => "max_price",
        }
    }

    /// The field of the request that excluded it, and how to change it.
    #[must_use]
    pub fn constraint(&self) -> (&'static str, String) {
        match self {
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
            Self::CannotTake(kind) => ("messages", format!("the model takes no {kind} here")),
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
            Self::Quantization => (
                "provider.quantizations",
                "allow more quantizations".to_owned(),
            ),
            Self::TooDear(kind) => (
                "provider.max_price",
                format!("raise `provider.max_price.{kind}`"),
            ),
        }
    }
}

/// Whether a name a caller wrote means this endpoint: a base slug means all of a provider's endpoints, a full
/// slug exactly one; display names count too.
pub(super) fn is_named(name: &str, candidate: &Candidate<'_>) -> bool {
    name.eq_ignore_ascii_case(candidate.tag)
        || name.eq_ignore_ascii_case(candidate.provider)
        || name.eq_ignore_ascii_case(candidate.provider_name)
}

pub(super) fn split<'a>(
    ask: &Ask<'_>,
    candidates: Vec<Candidate<'a>>,
) -> (Vec<Candidate<'a>>, Vec<Excluded>) {
    let mut eligible = Vec::with_capacity(candidates.len());
    let mut excluded = Vec::new();
    for candidate in candidates {
        match reason_against(ask, &candidate) {
            None => eligible.push(candidate),
            Some(reason) => excluded.push(Excluded {
                endpoint: candidate.endpoint,
                reason,
            }),
        }
    }
    (eligible, excluded)
}

fn reason_against(ask: &Ask<'_>, candidate: &Candidate<'_>) -> Option<Reason> {
    let preferences = ask.preferences;
    let named_in = |names: &[String]| names.iter().any(|name| is_named(name, candidate));
    if preferences
        .only
        .as_ref()
        .is_some_and(|only| !named_in(only))
    {
        return Some(Reason::NotInOnly);
    }
    if named_in(&preferences.ignore) {
        return Some(Reason::Ignored);
    }
    let closed = preferences.allow_fallbacks == Some(false) && !preferences.order.is_empty();
    if closed && !named_in(&preferences.order) {
        return Some(Reason::NotInOrder);
    }
    if let Some(kind) = candidate.cannot_take {
        return Some(Reason::CannotTake(kind));
    }
    if preferences.require_parameters == Some(true)
        && let Some(name) = candidate.lacks.first()
    {
        return Some(Reason::LacksParameter(name));
    }
    if preferences.deny_data_collection == Some(true) && candidate.trains != Some(false) {
        return Some(Reason::MayTrain);
    }
    if preferences.zdr == Some(true) && candidate.retains != Some(false) {
        return Some(Reason::MayRetain);
    }
    if !preferences.quantizations.is_empty() && !has_quantization(preferences, candidate) {
        return Some(Reason::Quantization);
    }
    too_short(ask, candidate).or_else(|| too_dear(ask, candidate))
}

/// `fp8` includes `mxfp8`, `fp4` includes `mxfp4` and `nvfp4` (spec/inference.md §7.2).
fn has_quantization(preferences: &canon::Preferences, candidate: &Candidate<'_>) -> bool {
    let own = candidate.quantization.unwrap_or("unknown");
    preferences.quantizations.iter().any(|wanted| {
        wanted == own
            || (wanted == "fp8" && own == "mxfp8")
            || (wanted == "fp4" && matches!(own, "mxfp4" | "nvfp4"))
    })
}

fn too_short(ask: &Ask<'_>, candidate: &Candidate<'_>) -> Option<Reason> {
    let answer = ask.max_tokens.unwrap_or(0);
    if let Some(most) = candidate.max_output_tokens
        && answer > most
    {
        return Some(Reason::OutputTooShort(most));
    }
    let most = candidate.context_length?;
    (ask.prompt_tokens.saturating_add(answer) > most).then_some(Reason::ContextTooShort(most))
}

fn too_dear(ask: &Ask<'_>, candidate: &Candidate<'_>) -> Option<Reason> {
    let price = candidate.price;
    let kinds: [(&'static str, PicoUsd); 5] = [
        ("prompt", price.prompt),
        ("completion", price.completion),
        ("request", price.request),
        ("image", price.image),
        ("audio", price.audio),
    ];
    ask.preferences.max_price.iter().find_map(|(name, most)| {
        let (kind, own) = kinds.iter().find(|(kind, _)| kind == name)?;
        (own > most).then_some(Reason::TooDear(kind))
    })
}
