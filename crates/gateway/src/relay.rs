//! THE PATH OF ONE REQUEST, in order. Read this page and you have read the product.
//!
//! Each step takes the last step's value, so a step cannot be skipped or taken too early: what is not
//! [`Admitted`] has no plan, what has no plan is not attempted, and no attempt is made without money held for it.

mod admit;
mod answer;
mod ask;
mod attempt;
mod continuation;
mod count;
mod detached;
mod drain;
mod hedge;
mod hold;
mod leg;
mod loss;
mod metadata;
mod meter;
mod plan;
mod price;
mod receive;
mod record;
mod seen;
mod shortage;

use axum::{body::Body, response::Response};
use canon::{Fault, GenerationId, Secret};
use dialects::Serve;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::{app::Core, chance, clock, refusal, routers, telemetry::metrics::Scope};

pub use admit::{Admitted, Caller};
pub use count::count;
pub(crate) use drain::DRAINS_MAX;
pub use metadata::preview;
pub use plan::{Moment, Plan, Scene, Target, plan, plan_in};
pub(crate) use plan::{Needs, Survey, search::wish as wish_search, speaks};

/// Carries the id of the generation on every inference answer, errors included.
const GENERATION_ID: HeaderName = HeaderName::from_static("x-generation-id");

/// A request as it came in.
#[expect(missing_debug_implementations, reason = "it holds a key in the clear")]
pub struct Inbound {
    /// What is here already.
    pub head: Head,
    /// Its body, still on its way.
    pub body: Body,
}

/// What came before the body.
#[expect(missing_debug_implementations, reason = "it holds a key in the clear")]
pub struct Head {
    /// The dialect of the route it came in on.
    pub serve: &'static dyn Serve,
    /// Its headers.
    pub headers: HeaderMap,
    /// What its address says.
    pub address: Address,
}

/// What an address says that other dialects say in the body or the headers (Gemini).
#[derive(Debug, Default)]
pub struct Address {
    /// The model.
    pub model: Option<String>,
    /// How the answer shall come.
    pub delivery: Option<Delivery>,
    /// The caller's key.
    pub key: Option<Secret<String>>,
}

/// How an answer comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// At once.
    Whole,
    /// In pieces, as events.
    Events,
    /// In pieces, as the elements of a JSON array.
    Array,
}

/// Serves one request: an answer in the caller's dialect, or an error in it.
pub async fn relay(core: &Core, inbound: Inbound) -> Response {
    let generation = chance::generation_id(clock::now_micros());
    let dialect = inbound.head.serve.dialect();
    let mut response = match path(core, inbound, &generation).await {
        Ok(response) => response,
        Err(fault) => {
            core.app().metrics.failed(Scope::Request, fault.kind);
            refusal::respond(&fault, dialect, Some(generation.as_str()))
        }
    };
    core.app().metrics.answered(dialect, response.status());
    if let Ok(id) = HeaderValue::from_str(generation.as_str()) {
        response.headers_mut().insert(GENERATION_ID, id);
    }
    response
}

/// The steps.
async fn path(core: &Core, inbound: Inbound, generation: &GenerationId) -> Result<Response, Fault> {
    let server = &core.app().config.server;
    let Inbound { head, body } = inbound;
    let known = match admit::identify(core, &head).await {
        Ok(known) => known,
        Err(fault) => {
            receive::discard(server, body).await;
            return Err(fault);
        }
    };
    let body = receive::receive(server, body).await?;
    let mut admitted = admit::admit(core, known, &head, (&body, generation))?;
    let shape = answer::Shape::of(&admitted);
    let aside = match routers::consult(core, &mut admitted).await {
        Ok(aside) => aside,
        Err(fault) => return shape.cut_short(fault),
    };
    let (workspace, request) = (&admitted.key.workspace, &admitted.request);
    let plan = match plan::plan(core.app(), workspace, request, &aside) {
        Ok(plan) => plan,
        Err(fault) => return shape.cut_short(admitted.routed.refused(fault)),
    };
    if let Some(by) = plan.chosen_by {
        core.app().metrics.chose(by);
    }
    admitted.routed.note(&plan, &admitted.request);
    // Money is held inside, once for each attempt, before a byte goes out.
    // Boxed here, where it is made: it is large, and every step behind would move it.
    let attempting = attempt::attempt(core.clone(), shape.waiter(), admitted, plan);
    let attempting = Box::pin(attempting);
    answer::deliver(core, shape, attempting).await
}
