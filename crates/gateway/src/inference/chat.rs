//! Conversations, in every dialect that is served: one handler, told apart by the route.

use axum::{
    extract::{Request, State},
    response::Response,
};
use canon::{Dialect, Fault};

use crate::{
    app::Core,
    refusal,
    relay::{self, Head, Inbound},
};

/// `POST /chat/completions`.
pub async fn completions(State(core): State<Core>, request: Request) -> Response {
    serve(&core, Dialect::OpenAiChat, request).await
}

/// `POST /messages`.
pub async fn messages(State(core): State<Core>, request: Request) -> Response {
    serve(&core, Dialect::Anthropic, request).await
}

/// Either, told apart by the dialect of the route.
pub async fn serve(core: &Core, dialect: Dialect, request: Request) -> Response {
    let Some(serve) = dialects::served(dialect) else {
        let fault = Fault::ours("a route of a dialect not served");
        return refusal::respond(&fault, dialect, None);
    };
    let (head, body) = request.into_parts();
    let inbound = Inbound {
        head: Head {
            serve,
            headers: head.headers,
        },
        body,
    };
    relay::relay(core, inbound).await
}
