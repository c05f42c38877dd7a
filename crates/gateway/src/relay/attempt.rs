//! Step 6: one endpoint after the other, until one answers or none is left.
//!
//! Returns only once the first event of an answer is in hand: before that, another endpoint may be tried without a
//! word; after that, only where the caller wants an answer that broke off gone on with ([`super::continuation`]). So
//! that rule lives in one place.

use std::{borrow::Cow, time::Duration};

use canon::{Again, Blame, Fault, OnLoss};
use dialects::Loss;
use http::HeaderValue;
use providers::{EventStream, Failure, Reply, Sent};
use serde_json::{Value, json};

use super::{
    Admitted,
    ask::{self, ask},
    continuation::{Seam, Told, sequel},
    detached::Waiter,
    hedge, loss,
    loss::Guard,
    meter::Meter,
    plan::{Plan, Target},
    shortage::{self, Tried},
};
use crate::{
    app::Core,
    clock,
    health::{Entry, Seat},
    refusal,
};

/// An answer has begun: what it says, and the run that led to it.
#[derive(Debug)]
pub(super) struct Won {
    pub(super) reply: Reply,
    pub(super) run: Box<Run>,
    /// What the vendor could not be told, for the caller who asks.
    pub(super) loss: Option<HeaderValue>,
}

/// Tries the plan's targets in order. Dropping the future ends the call under way; the prompt is then charged, by an
/// estimate.
pub(super) async fn attempt(
    core: Core,
    waiter: Waiter,
    mut admitted: Box<Admitted>,
    mut plan: Plan,
) -> Result<Won, Fault> {
    let mut guard = Guard::of(&admitted.request, admitted.dialect);
    let Some(first) = guard.next(&mut plan, &mut admitted.request, None) else {
        return Err(guard.nobody(&plan.requested));
    };
    let asked = admitted.request.sampling.max_tokens;
    let hedge = hedge::wanted(&core, &admitted.request);
    let wish = admitted.request.routing.loss;
    let mut run = Box::new(Run {
        meter: Meter::new(core.app(), admitted, first.clone()),
        core,
        waiter,
        plan,
        guard,
        asked,
        hedge,
        told: None,
        losses: Vec::new(),
        hint_ms: None,
    });
    let reply = run.go(Some(first)).await?;
    Ok(Won {
        reply,
        loss: (wish != OnLoss::Silent).then(|| loss::header(&run.losses)),
        run,
    })
}

/// The attempts at one request.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) core: Core,
    pub(super) waiter: Waiter,
    pub(super) plan: Plan,
    pub(super) guard: Guard,
    pub(super) meter: Meter,
    /// The caller's limit of the answer.
    pub(super) asked: Option<u64>,
    /// After how long without a first token a second endpoint is asked, once.
    hedge: Option<Duration>,
    /// What the caller was told so far, where somebody shall go on with it.
    told: Option<Told>,
    /// What the vendor that answers could not be told.
    pub(super) losses: Vec<Loss>,
    /// The shortest time after which one of them may be asked again.
    hint_ms: Option<u64>,
}

impl Run {
    /// Tries one target after the other, from this one on.
    async fn go(&mut self, mut target: Option<Target>) -> Result<Reply, Fault> {
        let mut last = None;
        while let Some(current) = target.take() {
            let Some((current, seat)) = self.enter(current).await else {
                self.meter.gave_up(false);
                break;
            };
            if let Err(fault) = self.reserve(current, seat).await {
                // A fallback that the key cannot pay for does not hide why the first choice failed.
                last = last.or(Some(fault));
                self.meter.gave_up(false);
                break;
            }
            match self.call().await {
                Ok(reply) => {
                    let streamed = matches!(reply, Reply::Stream(_));
                    self.meter.answered(reply.rest_ms(), streamed);
                    return Ok(reply);
                }
                Err(failure) => {
                    self.judge(&failure);
                    target = self.next(&failure.fault);
                    self.meter.failed(&failure, target.is_none());
                    let generation = &self.meter.admitted().generation;
                    refusal::note(&failure.fault, Some(generation.as_str()));
                    last = Some(*failure.fault);
                }
            }
        }
        let fault = last.unwrap_or_else(|| shortage::all_rest(self.core.app(), &self.plan));
        Err(self.give_up(fault))
    }

    /// The vendor broke off in the middle of its answer: finds somebody who goes on with what was told. Gives the run
    /// back with the stream and how it joins what was told, or with why nobody does.
    pub(super) async fn go_on(
        mut self: Box<Self>,
        fault: Fault,
        told: Told,
    ) -> (Box<Self>, Result<(EventStream, Seam), Fault>) {
        let target = self.next(&fault);
        if target.is_none() {
            self.meter.gave_up(false);
            return (self, Err(fault));
        }
        self.told = Some(told);
        let changed = self.go(target).await;
        let seam = self.meter.take_seam();
        match (changed, seam) {
            (Ok(Reply::Stream(events)), Some(seam)) => (self, Ok((events, seam))),
            // The caller hears why the answer broke off, not why nobody could go on.
            (Ok(_) | Err(_), _) => (self, Err(fault)),
        }
    }

    /// Whether there is time to ask somebody else: all attempts together take no longer than one may.
    pub(super) fn has_time(&self) -> bool {
        let total_ms = self.core.app().config.upstream.total_ms;
        let since = clock::now_micros().saturating_sub(self.meter.admitted().arrived_at);
        since < i64::try_from(total_ms.saturating_mul(1_000)).unwrap_or(i64::MAX)
    }

    /// The first from this target on that may be asked now.
    async fn enter(&mut self, mut target: Target) -> Option<(Target, Seat)> {
        loop {
            let (endpoint, rests) = (target.index(), target.rests());
            match self.meter.passage().enter(endpoint, rests).await {
                Entry::Go(seat) => return Some((target, seat)),
                Entry::Stop => return None,
                Entry::Skip => {
                    let request = self.meter.request_mut();
                    target = self.guard.next(&mut self.plan, request, None)?;
                }
            }
        }
    }

    /// Sets money aside for the attempt at this target, and says what it will be asked.
    async fn reserve(&mut self, target: Target, seat: Seat) -> Result<(), Fault> {
        if let Some(told) = &self.told {
            let sequel = sequel(self.meter.admitted(), told, &target, self.asked)?;
            self.meter.go_on_with(sequel);
        } else {
            self.meter.request_mut().sampling.max_tokens = self.asked;
        }
        self.meter.reserve(target, seat).await
    }

    /// Who is tried after a fault; nobody for a caller who left.
    fn next(&mut self, fault: &Fault) -> Option<Target> {
        if self.meter.made() >= self.core.app().config.upstream.attempts_max
            || self.waiter.has_left()
        {
            return None;
        }
        let request = self.meter.request_mut();
        self.guard.next(&mut self.plan, request, Some(fault))
    }

    async fn call(&mut self) -> Result<Reply, Failure> {
        if let Some(after) = self.hedge.take() {
            return hedge::race(self, after).await;
        }
        let fitted = self.meter.fit();
        let tier = fitted.map_err(unsent)?;
        self.meter.leg().try_now();
        let called = ask(&self.core, self.meter.asking(), &mut self.losses).await;
        let request = self.meter.request_mut();
        let untold = ask::untold_tier(tier.as_deref(), request);
        request.service_tier = tier;
        self.losses.extend(untold);
        called
    }

    /// Remembers what a failure says about the endpoint. A fault of the request says nothing about it.
    fn judge(&mut self, failure: &Failure) {
        self.hint(&failure.fault);
        if let Some(seat) = &mut self.meter.leg().seat {
            seat.failed(&failure.fault, failure.status);
        }
    }

    /// Remembers when somebody may be asked again.
    pub(super) fn hint(&mut self, fault: &Fault) {
        if let Again::Elsewhere { after_ms } = fault.again {
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
        fault.router = self.meter.routed(false);
        fault
    }
}

/// A fault of ours: nothing was sent.
pub(super) fn unsent(fault: Fault) -> Failure {
    Failure {
        fault: Box::new(fault),
        status: None,
        sent: Sent::Nothing,
    }
}
