//! Step 6: one endpoint after the other, until one answers or none is left.
//!
//! Returns only once the first event of an answer is in hand: before that, another endpoint may be tried without a
//! word; after that, never. So that rule lives in one place.

use std::borrow::Cow;

use canon::{Again, Blame, Dialect, Fault, OnLoss, Request};
use dialects::{Loss, Thinking};
use http::HeaderValue;
use policy::{
    catalog::{Endpoint, Lane, Model},
    health::Class,
};
use providers::{Failure, Outgoing, Reply, Sent, Way};
use serde_json::{Value, json};
use tracing::debug;

use super::{
    Admitted, loss,
    loss::Guard,
    meter::Meter,
    plan::{Plan, Target},
    shortage::{self, Tried},
};
use crate::{app::Core, clock, health::Entry, refusal};

/// An answer has begun: what it says, and the meter that runs on it.
#[derive(Debug)]
pub(super) struct Won {
    pub(super) reply: Reply,
    pub(super) meter: Meter,
    /// What the vendor could not be told, for the caller who asks.
    pub(super) loss: Option<HeaderValue>,
}

/// Tries the plan's targets in order. Dropping the future ends the call under way; the prompt is then charged, by an
/// estimate.
pub(super) async fn attempt(
    core: Core,
    mut admitted: Box<Admitted>,
    mut plan: Plan,
) -> Result<Won, Fault> {
    let attempts_max = usize::from(core.app().config.upstream.attempts_max);
    let asked = admitted.request.sampling.max_tokens;
    let mut guard = Guard::of(&admitted.request, admitted.dialect);
    let Some(first) = guard.next(&mut plan, &mut admitted.request, None) else {
        return Err(guard.nobody(&plan.requested));
    };
    let meter = Meter::new(core.app(), admitted, first.clone());
    let mut run = Run {
        core,
        plan,
        guard,
        meter,
        losses: Vec::new(),
        hint_ms: None,
    };
    let mut target = Some(first);
    let mut last = None;
    while let Some(current) = target.take() {
        let Some(current) = run.enter(current).await else {
            run.meter.gave_up();
            break;
        };
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
                let streamed = matches!(reply, Reply::Stream(_));
                run.meter.passage().answered(reply.rest_ms(), streamed);
                return Ok(run.won(reply));
            }
            Err(failure) => {
                run.meter.tried(failure.status, Some(failure.fault.kind));
                run.judge(&failure);
                if run.meter.attempts().len() < attempts_max {
                    target = run.next(&failure.fault);
                }
                run.meter.failed(failure.sent, target.is_none());
                let generation = &run.meter.admitted().generation;
                refusal::note(&failure.fault, Some(generation.as_str()));
                last = Some(*failure.fault);
            }
        }
    }
    let fault = last.unwrap_or_else(|| shortage::all_rest(run.core.app(), &run.plan));
    Err(run.give_up(fault))
}

/// The attempts at one request.
struct Run {
    core: Core,
    plan: Plan,
    guard: Guard,
    meter: Meter,
    /// What the vendor that is tried could not be told.
    losses: Vec<Loss>,
    /// The shortest time after which one of them may be asked again.
    hint_ms: Option<u64>,
}

impl Run {
    /// The first from this target on that may be asked now.
    async fn enter(&mut self, mut target: Target) -> Option<Target> {
        loop {
            let (endpoint, rests) = (target.index(), target.rests());
            match self.meter.passage().enter(endpoint, rests).await {
                Entry::Go => return Some(target),
                Entry::Stop => return None,
                Entry::Skip => {
                    let request = self.meter.request_mut();
                    target = self.guard.next(&mut self.plan, request, None)?;
                }
            }
        }
    }

    /// Who is tried after a fault.
    fn next(&mut self, fault: &Fault) -> Option<Target> {
        let request = self.meter.request_mut();
        self.guard.next(&mut self.plan, request, Some(fault))
    }

    fn won(self, reply: Reply) -> Won {
        let wish = self.meter.admitted().request.routing.loss;
        Won {
            reply,
            loss: (wish != OnLoss::Silent).then(|| loss::header(&self.losses)),
            meter: self.meter,
        }
    }

    async fn call(&mut self) -> Result<Reply, Failure> {
        let ours = |fault| Failure {
            fault: Box::new(fault),
            status: None,
            sent: Sent::Nothing,
        };
        let tier = self.meter.request_mut().service_tier.take();
        let endpoint = self.meter.target().endpoint().map_err(ours)?;
        let fitting = fitting_tier(endpoint, tier.as_deref());
        self.meter.request_mut().service_tier = fitting;
        let (admitted, target) = (self.meter.admitted(), self.meter.target());
        let way = target.way(admitted.dialect).map_err(ours)?;
        self.losses.clear();
        let class = Class::of(target.model(), &admitted.request);
        let outgoing = Outgoing {
            upstream: &target.upstream,
            way,
            target: aim(target, way).map_err(ours)?,
            request: &admitted.request,
            limits: self.core.limits(class),
            request_id: admitted.generation.as_str(),
            now_s: clock::now_micros() / 1_000_000,
            loss: &mut self.losses,
        };
        let called = providers::call(self.core.client(), outgoing).await;
        for Loss { what, why } in &self.losses {
            debug!(generation = %admitted.generation, %what, why, "not sent");
        }
        self.meter.request_mut().service_tier = tier;
        called
    }

    /// Remembers what a failure says about the endpoint. A fault of the request says nothing about it.
    fn judge(&mut self, failure: &Failure) {
        let passage = self.meter.passage();
        passage.failed(&failure.fault, failure.status);
        if let Again::Elsewhere { after_ms } = failure.fault.again {
            self.hint_ms = self.hint_ms.into_iter().chain(after_ms).min();
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
            *after_ms = self.hint_ms.or(*after_ms);
        }
        if let Blame::Upstream(_) = &fault.blame {
            let tried = Tried {
                attempts: self.meter.attempts(),
                requested: &self.plan.requested,
                hint_ms: self.hint_ms,
            };
            shortage::explain(&mut fault, tried);
        }
        if fault.say.is_empty() {
            fault.say = Cow::Borrowed("Provider returned error");
        }
        fault
    }
}

/// Whom a request is written for.
pub(super) fn aim<'a>(target: &'a Target, way: &'a Way) -> Result<dialects::Target<'a>, Fault> {
    let endpoint = target.endpoint()?;
    Ok(dialects::Target {
        upstream_model: &endpoint.upstream_id,
        model: endpoint.model.as_str(),
        form: way.form(),
        max_output_tokens: endpoint.max_output_tokens,
        thinking: thinking_of(target.model(), endpoint),
    })
}

/// What a target cannot be told of a request. A request that cannot be written at all loses nothing here: the attempt
/// says why.
pub(super) fn losses(request: &mut Request, target: &Target, caller: Dialect) -> Vec<Loss> {
    let mut losses = Vec::new();
    let (Ok(endpoint), Ok(way)) = (target.endpoint(), target.way(caller)) else {
        return losses;
    };
    let (Some(call), Ok(aim)) = (dialects::called(way.dialect()), aim(target, way)) else {
        return losses;
    };
    let tier = request.service_tier.take();
    request.service_tier = fitting_tier(endpoint, tier.as_deref());
    let written = dialects::render(call, request, &aim, &mut losses);
    request.service_tier = tier;
    if written.is_err() {
        losses.clear();
    }
    losses
}

/// The service tier to ask an endpoint for: its own, or what the caller wants of those that have none.
fn fitting_tier(endpoint: &Endpoint, wanted: Option<&str>) -> Option<String> {
    match endpoint.lane {
        Lane::Flex => Some("flex".to_owned()),
        Lane::Priority => Some("priority".to_owned()),
        Lane::Standard | Lane::Free | Lane::Extended | Lane::Thinking | Lane::Batch => wanted
            .filter(|tier| !matches!(*tier, "flex" | "priority" | "fast"))
            .map(str::to_owned),
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
