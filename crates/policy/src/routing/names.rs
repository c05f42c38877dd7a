//! Whether a name that somebody wrote means an endpoint.
//!
//! A base slug (`google-vertex`) means every region and variant of a provider, a full one (`google-vertex/us-east5`,
//! `deepinfra/turbo`) exactly that endpoint; display names count as base slugs. A base slug does not *admit* a tier
//! (`openai/priority`), but covers it once something else did.

use crate::catalog::Lane;

use super::{Ask, Candidate, Tier};

/// Whether a name means this endpoint.
pub(super) fn is_named(name: &str, candidate: &Candidate<'_>) -> bool {
    name.eq_ignore_ascii_case(candidate.tag)
        || name.eq_ignore_ascii_case(candidate.provider)
        || name.eq_ignore_ascii_case(candidate.provider_name)
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
        names.any(|name| name.eq_ignore_ascii_case(candidate.tag))
    };
    let by_suffix = || {
        let wish = ask.wishes.get(candidate.rank);
        let revoked = !preferences.order.is_empty() || ask.tier == Tier::Default;
        !revoked && wish.is_some_and(|wish| wish.admits == Some(candidate.lane))
    };
    asked || named() || by_suffix()
}
