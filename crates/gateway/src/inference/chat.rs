//! Conversations, in every dialect that is served: one handler, told apart by the route.

use axum::{
    body::Body,
    extract::{Request, State},
    response::Response,
};
use bytes::Bytes;
use canon::{Dialect, Fault, Kind};
use dialects::Serve;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::{
    app::Core,
    refusal,
    relay::{self, Inbound},
};

/// `POST /chat/completions`.
pub async fn completions(State(core): State<Core>, request: Request) -> Response {
    serve(&core, Dialect::OpenAiChat, request).await
}

/// `POST /messages`.
pub async fn messages(State(core): State<Core>, request: Request) -> Response {
    serve(&core, Dialect::Anthropic, request).await
}

async fn serve(core: &Core, dialect: Dialect, request: Request) -> Response {
    match inbound(core, dialect, request).await {
        Ok(inbound) => relay::relay(core, inbound).await,
        Err(fault) => refusal::respond(&fault, dialect, None),
    }
}

/// The request with its whole body, up to the limit.
async fn inbound(core: &Core, dialect: Dialect, request: Request) -> Result<Inbound, Fault> {
    let serve: &'static dyn Serve =
        dialects::served(dialect).ok_or_else(|| Fault::ours("a route of a dialect not served"))?;
    let (parts, body) = request.into_parts();
    let body = whole(body, core.app().config.server.body_bytes_max).await?;
    Ok(Inbound {
        serve,
        headers: parts.headers,
        body,
    })
}

async fn whole(body: Body, bytes_max: usize) -> Result<Bytes, Fault> {
    match Limited::new(body, bytes_max).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            let say =
                format!("Request payload too large: a body may have at most {bytes_max} bytes");
            Err(Fault::caller(Kind::PayloadTooLarge, say))
        }
        Err(error) => {
            Err(Fault::caller(Kind::InvalidRequest, "The body broke off").with_source(error))
        }
    }
}
