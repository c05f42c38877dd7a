//! How many tokens a prompt has: asked of a vendor who counts, else estimated. Costs nobody anything, so nothing of it
//! is written down.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use canon::{Again, Blame, Dialect, Fault, GenerationId, Key, Kind, NanoUsd, Request};
use dialects::Loss;
use http::{HeaderName, HeaderValue, header};
use policy::health::Class;
use providers::Outgoing;

use super::{Inbound, admit, ask, plan, price, receive};
use crate::{app::Core, chance, clock, refusal, routers::Aside};

/// Who counted: `vendor`, or nobody (`estimate`).
const COUNTED_BY: HeaderName = HeaderName::from_static("x-weir-token-count");

/// Serves one request for a count: the count in the caller's dialect, or an error in it.
pub async fn count(core: &Core, inbound: Inbound) -> Response {
    let dialect = inbound.head.serve.dialect();
    match path(core, inbound).await {
        Ok(response) => response,
        Err(fault) => refusal::respond(&fault, dialect, None),
    }
}

/// The steps: as for an answer, but for the money.
async fn path(core: &Core, inbound: Inbound) -> Result<Response, Fault> {
    let server = &core.app().config.server;
    let Inbound { head, body } = inbound;
    let known = match admit::identify(core, &head).await {
        Ok(known) => known,
        Err(fault) => {
            receive::discard(server, body).await;
            return Err(fault);
        }
    };
    let body: Bytes = receive::receive(server, body).await?;
    let counting = head.serve.counting();
    let counting = counting.ok_or_else(|| Fault::ours("a count in a dialect without counts"))?;
    let request = counting.parse_count(&body);
    let request = request.map_err(|error| admit::unreadable(&error))?;
    let mut request = admit::addressed(core, &head, request);
    request.stream = false;
    if core.app().books.headroom(&known.key, known.arrived_at) <= Some(NanoUsd::ZERO)
        && known.key.limit.is_some()
    {
        let say = "Insufficient credits: the key's limit is spent, and counts are for keys that may infer";
        return Err(Fault::caller(Kind::PaymentRequired, say));
    }
    let (tokens, by) = match asked(core, &known.key, (&mut request, head.serve.dialect())).await? {
        Some(tokens) => (tokens, "vendor"),
        None => (price::estimated(&request), "estimate"),
    };
    let mut bytes = Vec::with_capacity(64);
    counting.render_count(tokens, &mut bytes);
    let mut response = Body::from(bytes).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    headers.insert(COUNTED_BY, HeaderValue::from_static(by));
    Ok(response)
}

/// What a vendor of the first model says, where one counts and answers. Other models count otherwise.
async fn asked(
    core: &Core,
    key: &Key,
    (request, dialect): (&mut Request, Dialect),
) -> Result<Option<u64>, Fault> {
    let id: GenerationId = chance::generation_id(clock::now_micros());
    let attempts_max = core.app().config.upstream.attempts_max;
    let mut plan = plan::plan(core.app(), &key.workspace, request, &Aside::default())?;
    let mut first = None;
    let mut attempts = 0;
    while attempts < attempts_max
        && let Some(target) = plan.next(None)
    {
        let endpoint = target.endpoint()?;
        let model = first.get_or_insert_with(|| endpoint.model.clone());
        let way = target.way(dialect)?;
        if *model != endpoint.model || !way.counts() {
            continue;
        }
        attempts += 1;
        let mut loss: Vec<Loss> = Vec::new();
        let outgoing = Outgoing {
            upstream: &target.upstream,
            way,
            target: ask::aim(&target, way)?,
            request,
            limits: core.limits(Class::Normal),
            request_id: id.as_str(),
            now_s: clock::now_micros() / 1_000_000,
            loss: &mut loss,
        };
        match providers::count(core.client(), outgoing).await {
            Ok(tokens) => return Ok(Some(tokens)),
            // The prompt itself is at fault: an estimate would hide that. What one wire has no words for is no fault.
            Err(failure)
                if matches!(
                    (&failure.fault.blame, failure.fault.again),
                    (Blame::Caller, Again::Never)
                ) =>
            {
                return Err(*failure.fault);
            }
            Err(failure) => refusal::note(&failure.fault, Some(id.as_str())),
        }
    }
    Ok(None)
}
