//! Where the first token is late, a second endpoint is asked, and whoever answers first answers.
//!
//! Off unless the caller or the gateway's settings say after how long. The one that loses is hung up on; what it may
//! cost is the operator's (`insurance`), and stands in the record. Only an endpoint of the same model is asked, in the
//! order of the plan, past the same breakers, with money set aside for itself; and only while all hedges together stay
//! within a twentieth of all requests ([`policy::health::Extra`]).

use std::time::Duration;

use canon::{Dialect, GenerationId, Hedge, Request};
use dialects::Loss;
use providers::{Failure, Reply};
use tokio::time::sleep;

use super::{
    ask::{self, Asking, ask},
    attempt::{Run, unsent},
    plan::Target,
};
use crate::{app::Core, health::Entry, refusal, telemetry::metrics::HedgeEnd};

/// After how long without a first token a second endpoint is asked for this request.
pub(super) fn wanted(core: &Core, request: &Request) -> Option<Duration> {
    let ms = match request.routing.hedge {
        Some(Hedge::Off) => 0,
        Some(Hedge::After { ms }) => u64::from(ms),
        None => core.app().config.routing.hedge_after_ms,
    };
    (ms > 0).then(|| Duration::from_millis(ms))
}

/// A call that owns what it is about, so that two can be under way while the run goes on.
struct Fork {
    core: Core,
    target: Target,
    request: Box<Request>,
    /// The service tier that the caller wants.
    tier: Option<String>,
    dialect: Dialect,
    generation: GenerationId,
}

/// What a call came to, and what its vendor could not be told.
struct Heard {
    called: Result<Reply, Failure>,
    losses: Vec<Loss>,
}

/// Who was heard first.
enum First {
    Own(Heard),
    Rival(Heard),
}

/// Calls the target of the attempt under way and, where that is late, another one.
pub(super) async fn race(run: &mut Run, after: Duration) -> Result<Reply, Failure> {
    let limit = run.meter.clamped_to();
    let target = run.meter.target().clone();
    let fork = Fork::of(run, target, limit)?;
    run.meter.leg().try_now();
    let mut own = Box::pin(fork.ask());
    tokio::select! {
        biased;
        heard = own.as_mut() => return run.take(heard),
        () = sleep(after) => {}
    }
    let Some(target) = begin(run).await else {
        let heard = own.await;
        return run.take(heard);
    };
    let limit = run.meter.rival().and_then(|rival| rival.clamped_to);
    let Ok(fork) = Fork::of(run, target, limit) else {
        // The first call is under way all the same.
        run.meter.drop_rival();
        let heard = own.await;
        return run.take(heard);
    };
    if let Some(rival) = run.meter.rival() {
        rival.try_now();
    }
    let mut rival = Box::pin(fork.ask());
    let first = tokio::select! {
        biased;
        heard = own.as_mut() => First::Own(heard),
        heard = rival.as_mut() => First::Rival(heard),
    };
    let (heard, other, by_rival) = match first {
        First::Own(heard) => (heard, rival, false),
        First::Rival(heard) => {
            run.meter.swap();
            (heard, own, true)
        }
    };
    let app = run.core.app().clone();
    let end = |won| if won { HedgeEnd::Won } else { HedgeEnd::Lost };
    let Err(failure) = &heard.called else {
        drop(other);
        run.meter.drop_rival();
        app.metrics.hedged(end(by_rival));
        return run.take(heard);
    };
    // The other one is still asked: it is the attempt under way from here on.
    run.meter.swap();
    run.hint(&failure.fault);
    run.meter.rival_failed(failure);
    let generation = run.meter.admitted().generation.as_str();
    refusal::note(&failure.fault, Some(generation));
    let heard = other.await;
    app.metrics.hedged(end(!by_rival && heard.called.is_ok()));
    run.take(heard)
}

/// Finds somebody to ask beside the attempt under way, and sets money aside for it.
async fn begin(run: &mut Run) -> Option<Target> {
    let app = run.core.app().clone();
    if run.waiter.has_left() || run.meter.made() >= app.config.upstream.attempts_max {
        return None;
    }
    if !app.health.extra().take() {
        app.metrics.hedged(HedgeEnd::Refused);
        return None;
    }
    let begun = find(run).await;
    if begun.is_none() {
        app.health.extra().give_back();
    }
    begun
}

async fn find(run: &mut Run) -> Option<Target> {
    loop {
        let target = run.plan.beside()?;
        let request = run.meter.request_mut();
        if !run.guard.admits(request, &target) {
            run.plan.next(None);
            continue;
        }
        let entry = run.meter.passage().try_enter(target.index(), false)?;
        match entry {
            Entry::Stop => return None,
            Entry::Skip => {
                run.plan.next(None);
            }
            Entry::Go(seat) => {
                // For whom there is no money now, there may be once the first has failed.
                if !run.meter.reserve_rival(target.clone(), seat).await {
                    return None;
                }
                run.plan.next(None);
                return Some(target);
            }
        }
    }
}

impl Fork {
    fn of(run: &Run, target: Target, limit: Option<u64>) -> Result<Self, Failure> {
        let admitted = run.meter.admitted();
        let mut request = Box::new(admitted.request.clone());
        let tier = ask::fit(&mut request, &target, limit.or(run.asked)).map_err(unsent)?;
        Ok(Self {
            tier,
            core: run.core.clone(),
            target,
            request,
            dialect: admitted.dialect,
            generation: admitted.generation.clone(),
        })
    }

    async fn ask(self) -> Heard {
        let mut losses = Vec::new();
        let asking = Asking {
            target: &self.target,
            request: &self.request,
            dialect: self.dialect,
            generation: &self.generation,
        };
        let called = ask(&self.core, asking, &mut losses).await;
        losses.extend(ask::untold_tier(self.tier.as_deref(), &self.request));
        Heard { called, losses }
    }
}

impl Run {
    /// The attempt under way was heard.
    fn take(&mut self, heard: Heard) -> Result<Reply, Failure> {
        self.losses = heard.losses;
        heard.called
    }
}
