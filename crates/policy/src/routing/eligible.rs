//! Who may serve at all: the hard filters. What the house says and what the caller says both hold, so `only`
//! intersects, `ignore` unites, and privacy only tightens.

use canon::{PicoUsd, Preferences};

use super::{
    Ask, Candidate, Excluded, Reason, Tier,
    names::{is_admitted, is_among},
};
use crate::catalog::{Lane, Parameter, Quantization};

/// Parameters that an endpoint must have where another of its model does (spec/inference.md §7.3); any other
/// that it lacks is left out towards it.
const PREFERRED: [Parameter; 4] = [
    Parameter::Tools,
    Parameter::ResponseFormat,
    Parameter::StructuredOutputs,
    Parameter::Verbosity,
];

/// Leaves those that may serve, and says why the others may not.
pub(super) fn retain(ask: &Ask<'_>, candidates: &mut Vec<Candidate<'_>>) -> Vec<Excluded> {
    let mut excluded = Vec::new();
    candidates.retain(|candidate| match reason_against(ask, candidate) {
        None => true,
        Some((reason, by_house)) => {
            excluded.push(Excluded {
                endpoint: candidate.endpoint,
                reason,
                by_house,
            });
            false
        }
    });
    narrow(ask, candidates, &mut excluded);
    excluded
}

/// What leaves out an endpoint only where another of its model is left: these never empty a model's pool.
fn narrow(ask: &Ask<'_>, candidates: &mut Vec<Candidate<'_>>, excluded: &mut Vec<Excluded>) {
    if ask.tier == Tier::Flex {
        let fits = |candidate: &Candidate<'_>| candidate.lane == Lane::Flex;
        prefer(candidates, excluded, Reason::NotFlex, fits);
    }
    for parameter in PREFERRED {
        if candidates.iter().any(|one| one.lacks.contains(parameter)) {
            let fits = |candidate: &Candidate<'_>| !candidate.lacks.contains(parameter);
            let reason = Reason::LacksPreferred(parameter.name());
            prefer(candidates, excluded, reason, fits);
        }
    }
}

/// Leaves those that fit, of each model of which any does.
fn prefer(
    candidates: &mut Vec<Candidate<'_>>,
    excluded: &mut Vec<Excluded>,
    reason: Reason,
    fits: impl Fn(&Candidate<'_>) -> bool,
) {
    // Models stand in the order of their ranks; one bit a model is enough, for there are at most 32.
    let bit = |candidate: &Candidate<'_>| 1_u64 << (candidate.rank % 64);
    let fitting = candidates
        .iter()
        .filter(|candidate| fits(candidate))
        .fold(0, |models, candidate| models | bit(candidate));
    candidates.retain(|candidate| {
        let stays = fits(candidate) || fitting & bit(candidate) == 0;
        if !stays {
            excluded.push(Excluded {
                endpoint: candidate.endpoint,
                reason,
                by_house: false,
            });
        }
        stays
    });
}

pub(super) fn reason_against(ask: &Ask<'_>, candidate: &Candidate<'_>) -> Option<(Reason, bool)> {
    let own = || {
        if candidate.is_past {
            return Some(Reason::Ended);
        }
        if candidate.term.disabled {
            return Some(Reason::Disabled);
        }
        if !is_admitted(ask, candidate) {
            return Some(Reason::NotAdmitted(candidate.lane));
        }
        candidate.cannot
    };
    let of =
        |preferences, by_house| refused_by(preferences, candidate).map(|reason| (reason, by_house));
    own()
        .map(|reason| (reason, reason == Reason::Disabled))
        .or_else(|| of(ask.house, true))
        .or_else(|| of(ask.preferences, false))
        .or_else(|| too_short(ask, candidate).map(|reason| (reason, false)))
        // Last, so that a caller is told to come again only where that helps.
        .or_else(|| candidate.term.full.map(|full| (Reason::Full(full), true)))
}

/// What one set of preferences has against an endpoint.
fn refused_by(preferences: &Preferences, candidate: &Candidate<'_>) -> Option<Reason> {
    let only = preferences.only.as_ref();
    if only.is_some_and(|only| !is_among(only, candidate)) {
        return Some(Reason::NotInOnly);
    }
    if is_among(&preferences.ignore, candidate) {
        return Some(Reason::Ignored);
    }
    let closed = preferences.allow_fallbacks == Some(false) && !preferences.order.is_empty();
    if closed && !is_among(&preferences.order, candidate) {
        return Some(Reason::NotInOrder);
    }
    if preferences.require_parameters == Some(true)
        && let Some(lacking) = candidate.lacks.iter().next()
    {
        return Some(Reason::LacksParameter(lacking.name()));
    }
    if preferences.deny_data_collection == Some(true) && candidate.trains != Some(false) {
        return Some(Reason::MayTrain);
    }
    if preferences.zdr == Some(true) && candidate.retains != Some(false) {
        return Some(Reason::MayRetain);
    }
    if preferences.enforce_distillable_text == Some(true) && !candidate.distillable {
        return Some(Reason::NotDistillable);
    }
    if !preferences.quantizations.is_empty() && !has_quantization(preferences, candidate) {
        return Some(Reason::Quantization);
    }
    too_dear(preferences, candidate)
}

/// `fp8` includes `mxfp8`, `fp4` includes `mxfp4` and `nvfp4` (spec/inference.md §7.2).
fn has_quantization(preferences: &Preferences, candidate: &Candidate<'_>) -> bool {
    let own = candidate.quantization;
    let family = match own {
        Quantization::Mxfp8 => Some("fp8"),
        Quantization::Mxfp4 | Quantization::Nvfp4 => Some("fp4"),
        Quantization::Int4
        | Quantization::Int8
        | Quantization::Fp4
        | Quantization::Fp6
        | Quantization::Fp8
        | Quantization::Fp16
        | Quantization::Bf16
        | Quantization::Fp32
        | Quantization::Unknown => None,
    };
    let mut wanted = preferences.quantizations.iter();
    wanted.any(|wanted| wanted == own.name() || Some(wanted.as_str()) == family)
}

fn too_short(ask: &Ask<'_>, candidate: &Candidate<'_>) -> Option<Reason> {
    let answer = ask.max_tokens.unwrap_or(0);
    if let Some(most) = candidate.max_output_tokens
        && answer > most
    {
        return Some(Reason::OutputTooShort(most));
    }
    if let Some(most) = candidate.max_prompt_tokens
        && ask.prompt_tokens > most
    {
        return Some(Reason::ContextTooShort(most));
    }
    let most = candidate.context_length?;
    (ask.prompt_tokens.saturating_add(answer) > most).then_some(Reason::ContextTooShort(most))
}

fn too_dear(preferences: &Preferences, candidate: &Candidate<'_>) -> Option<Reason> {
    preferences.max_price.iter().find_map(|(name, most)| {
        let price = |prices: &super::Prices| -> Option<(&'static str, PicoUsd)> {
            Some(match name.as_str() {
                "prompt" => ("prompt", prices.prompt),
                "completion" => ("completion", prices.completion),
                "request" => ("request", prices.request),
                "image" => ("image", prices.image),
                "audio" => ("audio", prices.audio),
                _ => return None,
            })
        };
        match &candidate.price {
            Some(prices) => {
                let (kind, own) = price(prices)?;
                (own > *most).then_some(Reason::TooDear(kind))
            }
            None => price(&super::Prices::default()).map(|(kind, _)| Reason::PriceUnknown(kind)),
        }
    })
}
