//! How one endpoint is asked: the request is fitted to it, written for it and sent.

use canon::{Dialect, Fault, Format, GenerationId, Request};
use dialects::{Loss, Thinking};
use policy::{
    catalog::{Endpoint, Lane, Model},
    health::Class,
};
use providers::{Failure, Outgoing, Reply, Sent, Way};
use tracing::debug;

use super::plan::Target;
use crate::{affinity::takes_cache_key, app::Core, clock};

/// Whom is asked what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asking<'a> {
    pub(super) target: &'a Target,
    pub(super) request: &'a Request,
    /// The caller's dialect.
    pub(super) dialect: Dialect,
    pub(super) generation: &'a GenerationId,
}

/// Asks; the losses of the request are left in `losses`. Dropping the future hangs up.
///
/// # Errors
/// As of [`providers::call`].
pub(super) async fn ask(
    core: &Core,
    asking: Asking<'_>,
    losses: &mut Vec<Loss>,
) -> Result<Reply, Failure> {
    let Asking {
        target,
        request,
        dialect,
        generation,
    } = asking;
    let way = target.way(dialect).map_err(ours)?;
    losses.clear();
    let outgoing = Outgoing {
        upstream: &target.upstream,
        way,
        target: aim(target, way).map_err(ours)?,
        request,
        limits: core.limits(Class::of(target.model(), request)),
        request_id: generation.as_str(),
        now_s: clock::now_micros() / 1_000_000,
        loss: losses,
    };
    let called = providers::call_for(core.client(), outgoing, passed_on(request, dialect)).await;
    for Loss { what, why } in &*losses {
        debug!(%generation, %what, why, "not sent");
    }
    called
}

/// The caller's dialect, where an answer in it may go on unread: nothing of what it says is judged or left out.
fn passed_on(request: &Request, caller: Dialect) -> Option<Dialect> {
    let is_formed = matches!(
        request.format,
        Some(Format::JsonObject | Format::JsonSchema { .. })
    );
    let reasoning = request.reasoning.as_ref();
    let is_cut = reasoning.is_some_and(|reasoning| reasoning.exclude == Some(true));
    (!is_formed && !is_cut).then_some(caller)
}

fn ours(fault: Fault) -> Failure {
    Failure {
        fault: Box::new(fault),
        status: None,
        sent: Sent::Nothing,
    }
}

/// A request that is fitted to a target: the limit of its answer, and its service tier. Gives back the tier that it
/// had.
///
/// # Errors
/// As of [`Target::endpoint`].
pub(super) fn fit(
    request: &mut Request,
    target: &Target,
    max_tokens: Option<u64>,
) -> Result<Option<String>, Fault> {
    let endpoint = target.endpoint()?;
    request.sampling.max_tokens = max_tokens;
    let tier = request.service_tier.take();
    request.service_tier = fitting_tier(endpoint, tier.as_deref());
    lend_cache_key(request, target, endpoint);
    Ok(tier)
}

/// Names the conversation to a vendor whose caches are shared by whoever asks with the same key, where the caller did
/// not: a name of ours, that no other workspace has (docs/decisions/2026-11-22-affinity.md).
fn lend_cache_key(request: &mut Request, target: &Target, endpoint: &Endpoint) {
    let Some(kept) = &target.kept else { return };
    // The last vendor that was asked may have got one.
    let is_ours = |key: &mut String| *key == kept.conversation.label();
    request.prompt_cache_key.take_if(is_ours);
    if request.prompt_cache_key.is_none() && takes_cache_key(endpoint) {
        request.prompt_cache_key = Some(kept.conversation.label());
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
    losses.extend(untold_tier(tier.as_deref(), request));
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

/// The loss of a tier that the caller wants and the endpoint, which the request is fitted to, has not.
pub(super) fn untold_tier(wanted: Option<&str>, fitted: &Request) -> Option<Loss> {
    let is_lost = wanted.is_some() && fitted.service_tier.is_none();
    is_lost.then(|| Loss::new("service_tier", "this endpoint has no such tier"))
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
