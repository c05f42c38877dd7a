//! Conversations, in every dialect that is served: one handler, told apart by the route.

use axum::{extract::Request, response::Response};
use canon::{Dialect, Fault};
use http::request::Parts;

use super::gemini;
use crate::{
    app::Core,
    refusal,
    relay::{self, Address, Head, Inbound},
};

/// What a path asks a model for. All are `POST`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// An answer, in this dialect.
    Answer(Dialect),
    /// How many tokens a prompt has, asked in this dialect.
    Count(Dialect),
    /// Either, in Gemini's dialect: the rest of the path says which, and of which model.
    Gemini,
}

impl Route {
    /// The dialect that is spoken there.
    #[must_use]
    pub const fn dialect(self) -> Dialect {
        match self {
            Self::Answer(dialect) | Self::Count(dialect) => dialect,
            Self::Gemini => Dialect::Gemini,
        }
    }
}

/// Serves a request that came in on a route.
pub async fn serve(core: &Core, route: Route, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    match read(route, parts) {
        // Boxed, for it is seldom and larger than an answer, which would be as large.
        Ok((head, true)) => Box::pin(relay::count(core, Inbound { head, body })).await,
        Ok((head, false)) => relay::relay(core, Inbound { head, body }).await,
        Err(fault) => refusal::respond(&fault, route.dialect(), None),
    }
}

/// What came before the body, and whether it asks for a count.
fn read(route: Route, parts: Parts) -> Result<(Head, bool), Fault> {
    let (address, counts) = match route {
        Route::Answer(_) => (Address::default(), false),
        Route::Count(_) => (Address::default(), true),
        Route::Gemini => gemini::read(&parts.uri)?,
    };
    let serve = dialects::served(route.dialect())
        .ok_or_else(|| Fault::ours("a route of a dialect not served"))?;
    let head = Head {
        serve,
        headers: parts.headers,
        address,
    };
    Ok((head, counts))
}
