//! Whether a name that somebody wrote means an endpoint.
//!
//! A base slug (`google-vertex`) means every region and variant of a provider, a full one (`google-vertex/us-east5`,
//! `deepinfra/turbo`) exactly that endpoint; display names count as base slugs. A base slug does not *admit* a tier
//! (`openai/priority`), but covers it once something else did.
//!
//! A tier or a variant in a region has both behind the provider (`amazon-bedrock/eu-west-1/priority`). The region alone
//! is a base slug for it, and the tier alone (`amazon-bedrock/priority`) means it in every region.

use crate::catalog::Lane;

use super::{Ask, Candidate, Tier};

/// Whether a name means this endpoint.
pub(super) fn is_named(name: &str, candidate: &Candidate<'_>) -> bool {
    name.eq_ignore_ascii_case(candidate.tag)
        || name.eq_ignore_ascii_case(candidate.provider)
        || name.eq_ignore_ascii_case(candidate.provider_name)
        || is_region_of(name, candidate.tag)
        || is_variant_of(name, candidate.tag)
}

/// The three parts of `provider/region/variant`.
fn parts(tag: &str) -> Option<(&str, &str, &str)> {
    let (provider, rest) = tag.split_once('/')?;
    let (region, variant) = rest.split_once('/')?;
    Some((provider, region, variant))
}

/// Whether a name is `provider/region` of a tag with a variant behind it.
fn is_region_of(name: &str, tag: &str) -> bool {
    parts(tag).is_some_and(|(provider, region, _)| joins(name, provider, region))
}

/// Whether a name is `provider/variant` of a tag with a region between the two.
fn is_variant_of(name: &str, tag: &str) -> bool {
    parts(tag).is_some_and(|(provider, _, variant)| joins(name, provider, variant))
}

fn joins(name: &str, provider: &str, behind: &str) -> bool {
    name.split_once('/').is_some_and(|(start, end)| {
        start.eq_ignore_ascii_case(provider) && end.eq_ignore_ascii_case(behind)
    })
}

/// Whether one of these names means this endpoint.
pub(super) fn is_among(names: &[String], candidate: &Candidate<'_>) -> bool {
    names.iter().any(|name| is_named(name, candidate))
}

/// Whether an endpoint takes part at all: a tier only where it was opted into (spec/inference.md §7.2, §7.5, §7.8).
pub(super) fn is_admitted(ask: &Ask<'_>, candidate: &Candidate<'_>) -> bool {
    let asked = match candidate.lane {
        Lane::Standard | Lane::Free | Lane::Extended | Lane::Thinking => return true,
        Lane::Flex => ask.tier == Tier::Flex,
        Lane::Priority => ask.tier == Tier::Priority,
        // A batch is no conversation.
        Lane::Batch => return false,
    };
    let preferences = ask.preferences;
    let named = || {
        let only = preferences.only.iter().flatten();
        let mut names = preferences.order.iter().chain(only);
        names.any(|name| {
            name.eq_ignore_ascii_case(candidate.tag) || is_variant_of(name, candidate.tag)
        })
    };
    let by_suffix = || {
        let wish = ask.wishes.get(candidate.rank);
        let revoked = !preferences.order.is_empty() || ask.tier == Tier::Default;
        !revoked && wish.is_some_and(|wish| wish.admits == Some(candidate.lane))
    };
    asked || named() || by_suffix()
}
