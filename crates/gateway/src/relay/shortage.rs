//! Nobody who was asked served: which of the availability codes says so, and what the caller may do
//! (spec/inference.md §6.7).

use std::collections::BTreeSet;

use canon::{Again, Attempt, Availability, Blame, Fault, Kind};

use super::plan::Plan;
use crate::{app::App, clock};

/// OpenAI's own code for a country that it does not serve.
const REGION_CODE: &str = "unsupported_country_region_territory";

/// What was tried in vain.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tried<'a> {
    pub(super) attempts: &'a [Attempt],
    pub(super) requested: &'a [String],
    /// The shortest time after which one of them may be asked again.
    pub(super) hint_ms: Option<u64>,
}

/// Says in the last fault why nobody served, where that is known.
pub(super) fn explain(fault: &mut Fault, tried: Tried<'_>) {
    let Some((code, kind)) = code_of(fault, tried.attempts) else {
        return;
    };
    fault.kind = kind;
    if code == "model_unavailable_upstream" {
        let models = tried.requested.join(", ");
        fault.say = format!("{models}: no provider has this model at the moment").into();
    } else if code == "region_restricted" {
        fault.say = "The provider does not serve the region of this gateway".into();
    }
    let busy = matches!(kind, Kind::RateLimitExceeded | Kind::ProviderOverloaded);
    let providers = tried.attempts.iter().map(|attempt| &attempt.provider);
    let affected: BTreeSet<&String> = providers.collect();
    let seconds = tried.hint_ms.map(|ms| ms.div_ceil(1_000).max(1));
    fault.availability = Some(Box::new(Availability {
        code,
        retryable: busy,
        retry_after_s: seconds.filter(|_| busy),
        requested_models: tried.requested.to_vec(),
        affected_providers: affected.into_iter().cloned().collect(),
        ..Availability::default()
    }));
}

/// Nobody may be asked now.
pub(super) fn all_rest(app: &App, plan: &Plan) -> Fault {
    let now = clock::now_micros();
    let endpoints = plan.order().targets.iter().map(|target| target.endpoint);
    let of_order = endpoints.map(|at| {
        let (wait, asked) = app.health.again(at, now);
        match plan.full_for_ms(at, now) {
            Some(full) => (wait.max(full), true),
            None => (wait, asked),
        }
    });
    let passed_over = plan.order().excluded.iter();
    let passed_over =
        passed_over.filter_map(|one| one.reason.full().map(|full| (full.after_ms, true)));
    let waits: Vec<(u64, bool)> = of_order.chain(passed_over).collect();
    let after_ms = waits.iter().map(|(wait, _)| *wait).min();
    let limited = !waits.is_empty() && waits.iter().all(|(_, asked)| *asked);
    let (kind, code, say) = if limited {
        let say = "Every provider of this model is rate-limited. Please retry shortly.";
        (Kind::RateLimitExceeded, "capacity_exhausted", say)
    } else {
        let say = "Every provider of this model fails at the moment. Please retry shortly.";
        (Kind::ProviderOverloaded, "temporarily_unavailable", say)
    };
    let mut fault = Fault::new(kind, Blame::Us, Again::Elsewhere { after_ms }, say);
    fault.availability = Some(Box::new(Availability {
        code,
        retryable: true,
        retry_after_s: after_ms.map(|ms| ms.div_ceil(1_000).max(1)),
        requested_models: plan.requested.clone(),
        ..Availability::default()
    }));
    fault
}

fn code_of(fault: &Fault, attempts: &[Attempt]) -> Option<(&'static str, Kind)> {
    let gone = |attempt: &Attempt| matches!(attempt.status, Some(404 | 410));
    if fault.provider_code.as_deref() == Some(REGION_CODE) {
        Some(("region_restricted", Kind::PermissionDenied))
    } else if !attempts.is_empty() && attempts.iter().all(gone) {
        Some(("model_unavailable_upstream", Kind::NotFound))
    } else if fault.kind == Kind::RateLimitExceeded {
        Some(("capacity_exhausted", fault.kind))
    } else if fault.kind == Kind::ProviderOverloaded {
        Some(("temporarily_unavailable", fault.kind))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_that_a_vendor_does_not_serve_is_no_fault_of_the_key() {
        let blame = Blame::Upstream("openai".parse().unwrap());
        let kind = Kind::ProviderUnavailable;
        let mut fault = Fault::new(kind, blame, Again::OtherAccount, "Provider returned error");
        fault.provider_code = Some(REGION_CODE.into());
        let requested = ["openai/gpt-4o".to_owned()];
        let tried = Tried {
            attempts: &[],
            requested: &requested,
            hint_ms: Some(1),
        };
        explain(&mut fault, tried);
        assert_eq!(fault.kind, Kind::PermissionDenied);
        let availability = fault.availability.unwrap();
        assert_eq!(availability.code, "region_restricted");
        assert!(!availability.retryable && availability.retry_after_s.is_none());
    }
}
