//! Step 4: one endpoint after the other, until one answers or none is left.
//!
//! Returns only once the first event of an answer is in hand: before that, another endpoint may be tried without a
//! word; after that, never. So that rule lives in one place.

use std::borrow::Cow;

use canon::{Again, Attempt, Blame, Fault, Kind};
use dialects::{Loss, Thinking};
use policy::catalog::{Endpoint, Lane, Model};
use providers::{Failure, Outgoing, Reply, Sent};
use serde_json::{Value, json};
use tracing::debug;

use super::{
    Admitted,
    hold::{Held, hold},
    meter::Meter,
    plan::{Plan, Target},
    record,
};
use crate::{app::Core, books::Settlement, clock, refusal};

/// An answer has begun: what it says, and the meter that runs on it.
#[derive(Debug)]
pub(super) struct Won {
    pub(super) reply: Reply,
    pub(super) meter: Meter,
}

/// Tries the plan's targets in order. Dropping the future ends the call under way; its money is then charged by
/// an estimate.
pub(super) async fn attempt(core: Core, admitted: Admitted, plan: Plan) -> Result<Won, Fault> {
    let attempts_max = usize::from(core.app().config.upstream.attempts_max);
    let asked = admitted.request.sampling.max_tokens;
    let mut run = Run {
        core,
        admitted,
        plan,
        made: Vec::new(),
    };
    let mut target = run.plan.next(None);
    let mut last = Fault::ours("a plan without a target");
    while let Some(current) = target.take() {
        run.admitted.request.sampling.max_tokens = asked;
        let number = u8::try_from(run.made.len()).unwrap_or(u8::MAX);
        let held = match hold(run.core.app(), &run.admitted, &current, number) {
            Ok(held) => held,
            // A fallback that the key cannot pay for does not hide why the first choice failed.
            Err(fault) if run.made.is_empty() => return Err(fault),
            Err(_) => break,
        };
        if let Some(limit) = held.clamped_to {
            run.admitted.request.sampling.max_tokens = Some(limit);
        }
        if let Err(fault) = held.hold.durable().await {
            held.hold.void(clock::now_micros());
            return Err(fault);
        }
        let started = clock::now_micros();
        match run.call(&current).await {
            Ok(reply) => {
                run.note(&current, started, Some(200), None);
                let meter = Meter::new(run.core.app(), run.admitted, current, held, run.made);
                return Ok(Won { reply, meter });
            }
            Err(failure) => {
                run.note(&current, started, failure.status, Some(failure.fault.kind));
                run.judge(&current, &failure);
                target = if run.made.len() < attempts_max {
                    run.plan.next(Some(&failure.fault))
                } else {
                    None
                };
                run.settle(&current, held, &failure, target.is_none());
                refusal::note(&failure.fault, Some(run.admitted.generation.as_str()));
                last = *failure.fault;
            }
        }
    }
    Err(run.give_up(last))
}

/// The attempts at one request.
struct Run {
    core: Core,
    admitted: Admitted,
    plan: Plan,
    made: Vec<Attempt>,
}

impl Run {
    async fn call(&mut self, target: &Target) -> Result<Reply, Failure> {
        let ours = |fault| Failure {
            fault: Box::new(fault),
            status: None,
            sent: Sent::Nothing,
        };
        let endpoint = target.endpoint().map_err(ours)?;
        let tier = self.admitted.request.service_tier.take();
        self.admitted.request.service_tier = match endpoint.lane {
            Lane::Flex => Some("flex".to_owned()),
            Lane::Priority => Some("priority".to_owned()),
            Lane::Standard | Lane::Free | Lane::Extended | Lane::Thinking | Lane::Batch => tier
                .clone()
                .filter(|tier| !matches!(tier.as_str(), "flex" | "priority" | "fast")),
        };
        let mut loss: Vec<Loss> = Vec::new();
        let outgoing = Outgoing {
            upstream: &target.upstream,
            target: dialects::Target {
                upstream_model: &endpoint.upstream_id,
                model: endpoint.model.as_str(),
                form: target.upstream.form(),
                max_output_tokens: endpoint.max_output_tokens,
                thinking: thinking_of(target.model(), endpoint),
            },
            request: &self.admitted.request,
            limits: self.core.limits(),
            request_id: self.admitted.generation.as_str(),
            loss: &mut loss,
        };
        let called = providers::call(self.core.client(), outgoing).await;
        self.admitted.request.service_tier = tier;
        for Loss { what, why } in loss {
            debug!(generation = %self.admitted.generation, %what, why, "not sent");
        }
        called
    }

    /// Writes an attempt down for the record of the request.
    fn note(&mut self, target: &Target, started: i64, status: Option<u16>, error: Option<Kind>) {
        let elapsed = clock::now_micros().saturating_sub(started);
        let model = target.endpoint().map(|endpoint| endpoint.model.to_string());
        self.made.push(Attempt {
            number: u8::try_from(self.made.len()).unwrap_or(u8::MAX),
            provider: target.upstream.name().to_owned(),
            model: model.unwrap_or_default(),
            status,
            error: error.map(|kind| kind.name().to_owned()),
            latency_ms: u64::try_from(elapsed / 1_000).unwrap_or(0),
        });
    }

    /// Remembers what a failure says about the endpoint. A fault of the request says nothing about it.
    fn judge(&self, target: &Target, failure: &Failure) {
        /// An account that is out of order stays so until somebody acts.
        const ACCOUNT_COOL_MS: u64 = 60_000;
        let now = clock::now_micros();
        let health = &self.core.app().health;
        match (&failure.fault.blame, failure.fault.again) {
            (Blame::Upstream(_), Again::Elsewhere { after_ms }) => {
                health.failed(target.index(), now, after_ms)
            }
            (Blame::Upstream(_), Again::OtherAccount) => {
                health.failed(target.index(), now, Some(ACCOUNT_COOL_MS));
            }
            (Blame::Upstream(_), Again::Never) | (Blame::Caller | Blame::Us, _) => {}
        }
    }

    /// Ends the money of an attempt that failed before its first token: the caller pays nothing for it.
    fn settle(&self, target: &Target, held: Held, failure: &Failure, was_last: bool) {
        let now = clock::now_micros();
        let generation = was_last.then(|| {
            let record = record::of_failure(&self.admitted, target, &self.made, now);
            Box::new(record)
        });
        match failure.sent {
            Sent::Nothing if generation.is_none() => held.hold.void(now),
            // An error status is a refusal: nobody bills for it.
            Sent::Nothing | Sent::Maybe => held.hold.settle(
                Settlement {
                    generation,
                    ..Settlement::default()
                },
                now,
            ),
        }
    }

    /// What the caller hears when nobody answered: the last fault, with what was tried before it.
    fn give_up(&self, mut fault: Fault) -> Fault {
        if self.made.len() > 1 {
            let errors = self.made.iter().map(|attempt| {
                let code = attempt.error.as_deref().unwrap_or("unmapped");
                json!({ "provider": attempt.provider, "code": code, "status": attempt.status })
            });
            let errors: Vec<Value> = errors.collect();
            fault = fault.with_metadata("previous_errors", errors);
        }
        if let Blame::Upstream(_) = &fault.blame
            && let Some(attempt) = self.made.last()
        {
            fault = fault.with_metadata("provider_name", attempt.provider.clone());
        }
        if fault.say.is_empty() {
            fault.say = Cow::Borrowed("Provider returned error");
        }
        fault
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
