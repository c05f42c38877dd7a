//! Step 6: one endpoint after the other, until one answers or none is left.
//!
//! Returns only once the first event of an answer is in hand: before that, another endpoint may be tried without a
//! word; after that, never. So that rule lives in one place.

use std::borrow::Cow;

use canon::{Again, Availability, Blame, Fault, Kind};
use dialects::{Loss, Thinking};
use policy::catalog::{Endpoint, Lane, Model};
use providers::{Failure, Outgoing, Reply, Sent};
use serde_json::{Value, json};
use tracing::debug;

use super::{Admitted, meter::Meter, plan::Plan};
use crate::{app::Core, clock, refusal};

/// An answer has begun: what it says, and the meter that runs on it.
#[derive(Debug)]
pub(super) struct Won {
    pub(super) reply: Reply,
    pub(super) meter: Meter,
}

/// Tries the plan's targets in order. Dropping the future ends the call under way; the prompt is then charged, by an
/// estimate.
pub(super) async fn attempt(
    core: Core,
    admitted: Box<Admitted>,
    mut plan: Plan,
) -> Result<Won, Fault> {
    let attempts_max = usize::from(core.app().config.upstream.attempts_max);
    let asked = admitted.request.sampling.max_tokens;
    let Some(first) = plan.next(None) else {
        return Err(Fault::ours("a plan without a target"));
    };
    let meter = Meter::new(core.app(), admitted, first.clone());
    let mut run = Run {
        core,
        plan,
        meter,
        hint_ms: None,
    };
    let mut target = Some(first);
    let mut last = None;
    while let Some(current) = target.take() {
        run.meter.request_mut().sampling.max_tokens = asked;
        if let Err(fault) = run.meter.reserve(current).await {
            // A fallback that the key cannot pay for does not hide why the first choice failed.
            last = last.or(Some(fault));
            run.meter.gave_up();
            break;
        }
        if let Some(limit) = run.meter.clamped_to() {
            run.meter.request_mut().sampling.max_tokens = Some(limit);
        }
        run.meter.try_now();
        match run.call().await {
            Ok(reply) => {
                run.meter.answered();
                let meter = run.meter;
                return Ok(Won { reply, meter });
            }
            Err(failure) => {
                run.meter.tried(failure.status, Some(failure.fault.kind));
                run.judge(&failure);
                if run.meter.attempts().len() < attempts_max {
                    target = run.plan.next(Some(&failure.fault));
                }
                run.meter.failed(failure.sent, target.is_none());
                let generation = &run.meter.admitted().generation;
                refusal::note(&failure.fault, Some(generation.as_str()));
                last = Some(*failure.fault);
            }
        }
    }
    Err(run.give_up(last.unwrap_or_else(|| Fault::ours("nothing was tried"))))
}

/// The attempts at one request.
struct Run {
    core: Core,
    plan: Plan,
    meter: Meter,
    /// The shortest time after which one of them may be asked again.
    hint_ms: Option<u64>,
}

impl Run {
    async fn call(&mut self) -> Result<Reply, Failure> {
        let ours = |fault| Failure {
            fault: Box::new(fault),
            status: None,
            sent: Sent::Nothing,
        };
        let tier = self.meter.request_mut().service_tier.take();
        let endpoint = self.meter.target().endpoint().map_err(ours)?;
        let fitting = match endpoint.lane {
            Lane::Flex => Some("flex".to_owned()),
            Lane::Priority => Some("priority".to_owned()),
            Lane::Standard | Lane::Free | Lane::Extended | Lane::Thinking | Lane::Batch => tier
                .clone()
                .filter(|tier| !matches!(tier.as_str(), "flex" | "priority" | "fast")),
        };
        self.meter.request_mut().service_tier = fitting;
        let mut loss: Vec<Loss> = Vec::new();
        let (admitted, target) = (self.meter.admitted(), self.meter.target());
        let endpoint = target.endpoint().map_err(ours)?;
        let way = target.upstream.way(admitted.dialect, endpoint.model.as_str());
        let outgoing = Outgoing {
            upstream: &target.upstream,
            way,
            target: dialects::Target {
                upstream_model: &endpoint.upstream_id,
                model: endpoint.model.as_str(),
                form: way.form(),
                max_output_tokens: endpoint.max_output_tokens,
                thinking: thinking_of(target.model(), endpoint),
            },
            request: &admitted.request,
            limits: self.core.limits(),
            request_id: admitted.generation.as_str(),
            now_s: clock::now_micros() / 1_000_000,
            loss: &mut loss,
        };
        let called = providers::call(self.core.client(), outgoing).await;
        for Loss { what, why } in loss {
            debug!(generation = %admitted.generation, %what, why, "not sent");
        }
        self.meter.request_mut().service_tier = tier;
        called
    }

    /// Remembers what a failure says about the endpoint. A fault of the request says nothing about it.
    fn judge(&mut self, failure: &Failure) {
        /// An account that is out of order stays so until somebody acts.
        const ACCOUNT_COOL_MS: u64 = 60_000;
        let now = clock::now_micros();
        let (health, endpoint) = (&self.core.app().health, self.meter.target().index());
        match (&failure.fault.blame, failure.fault.again) {
            (Blame::Upstream(_), Again::Elsewhere { after_ms }) => {
                health.failed(endpoint, now, after_ms);
                self.hint_ms = self.hint_ms.into_iter().chain(after_ms).min();
            }
            (Blame::Upstream(_), Again::OtherAccount) => {
                health.failed(endpoint, now, Some(ACCOUNT_COOL_MS));
            }
            (Blame::Upstream(_), Again::Never) | (Blame::Caller | Blame::Us, _) => {}
        }
    }

    /// What the caller hears when nobody answered: the last fault, with what was tried before it.
    fn give_up(&self, mut fault: Fault) -> Fault {
        if self.meter.attempts().len() > 1 {
            let errors = self.meter.attempts().iter().map(|attempt| {
                let code = attempt.error.as_deref().unwrap_or("unmapped");
                json!({ "provider": attempt.provider, "code": code, "status": attempt.status })
            });
            let errors: Vec<Value> = errors.collect();
            fault = fault.with_metadata("previous_errors", errors);
        }
        if let Blame::Upstream(_) = &fault.blame
            && let Some(attempt) = self.meter.attempts().last()
        {
            fault = fault.with_metadata("provider_name", attempt.provider.clone());
        }
        if let Again::Elsewhere { after_ms } = &mut fault.again {
            *after_ms = self.hint_ms;
            fault.availability = self.shortage(fault.kind).map(Box::new);
        }
        if fault.say.is_empty() {
            fault.say = Cow::Borrowed("Provider returned error");
        }
        fault
    }
}

impl Run {
    /// Everybody is busy: what the caller may do about it (spec/inference.md §6.7).
    fn shortage(&self, kind: Kind) -> Option<Availability> {
        let code = if kind == Kind::RateLimitExceeded {
            "capacity_exhausted"
        } else if kind == Kind::ProviderOverloaded {
            "temporarily_unavailable"
        } else {
            return None;
        };
        let providers = self.meter.attempts().iter();
        let mut affected_providers: Vec<String> =
            providers.map(|attempt| attempt.provider.clone()).collect();
        affected_providers.sort_unstable();
        affected_providers.dedup();
        Some(Availability {
            code,
            retryable: true,
            retry_after_s: self.hint_ms.map(|ms| ms.div_ceil(1_000).max(1)),
            requested_models: self.plan.requested.clone(),
            affected_providers,
            ..Availability::default()
        })
    }
}

/// How a model is told to think, by what the catalogue knows of it.
fn thinking_of(model: Option<&Model>, endpoint: &Endpoint) -> Thinking {
    use policy::catalog::Parameter;
    match model.and_then(|model| model.reasoning.as_ref()) {
        Some(reasoning) if reasoning.adaptive => Thinking::Adaptive,
        Some(reasoning) if !reasoning.efforts.is_empty() && !reasoning.takes_budget => {
            Thinking::Effort
        }
        Some(reasoning) if reasoning.takes_budget => Thinking::Budget,
        Some(_) => Thinking::Effort,
        None if endpoint.parameters.contains(Parameter::ReasoningEffort) => Thinking::Effort,
        None => Thinking::Unknown,
    }
}
