//! The whole HTTP surface on one page.

use std::{convert::Infallible, pin::Pin};

use axum::{
    Json, Router,
    body::Body,
    extract::{DefaultBodyLimit, OriginalUri, State},
    http::Method,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use canon::{Dialect, Fault, Kind};
use http::{Request, StatusCode, header};
use hyper::{body::Incoming, service::Service};
use hyper_util::service::TowerToHyperService;
use serde_json::json;

use crate::{
    app::Core,
    inference::{chat, models},
    platform::{generations, keys},
    refusal,
};

/// What a connection talks to. The routes that nearly every request takes are found here, past the router and its
/// layers; the router has them too, for every other method. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Front {
    core: Core,
    router: TowerToHyperService<Router>,
}

impl Front {
    /// Everything that is answered, on one core.
    #[must_use]
    pub fn new(core: Core) -> Self {
        let router = TowerToHyperService::new(router(core.clone()));
        Self { core, router }
    }
}

impl Service<Request<Incoming>> for Front {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let dialect = match request.uri().path() {
            "/api/v1/chat/completions" | "/v1/chat/completions" => Dialect::OpenAiChat,
            "/api/v1/messages" | "/v1/messages" => Dialect::Anthropic,
            _ => return Box::pin(self.router.call(request)),
        };
        if request.method() != Method::POST {
            return Box::pin(self.router.call(request));
        }
        let core = self.core.clone();
        Box::pin(async move { Ok(chat::serve(&core, dialect, request.map(Body::new)).await) })
    }
}

/// Everything that is answered, on one core.
pub fn router(core: Core) -> Router {
    let api = api();
    Router::new()
        .nest("/api/v1", api.clone())
        // What OpenAI's and Anthropic's clients append to a bare host.
        .nest("/v1", api)
        .route("/health", get(health))
        .route("/ready", get(ready))
        .route("/docs/errors", get(errors))
        .fallback(not_found)
        .method_not_allowed_fallback(wrong_method)
        // Handlers limit their bodies themselves, with an error in the caller's dialect.
        .layer(DefaultBodyLimit::disable())
        .with_state(core)
}

fn api() -> Router<Core> {
    Router::new()
        // Inference.
        .route("/chat/completions", post(chat::completions))
        .route("/messages", post(chat::messages))
        // Catalogue.
        .route("/models", get(models::list))
        .route("/models/count", get(models::count))
        .route("/model/{author}/{slug}", get(models::one))
        .route("/models/{author}/{slug}/endpoints", get(models::endpoints))
        .route("/providers", get(models::providers))
        // Platform.
        .route("/key", get(keys::current))
        .route("/keys", get(keys::list).post(keys::create))
        .route("/keys/", get(keys::list).post(keys::create))
        .route(
            "/keys/{hash}",
            get(keys::one).patch(keys::update).delete(keys::delete),
        )
        .route("/generation", get(generations::one))
}

/// The process is alive.
async fn health() -> Response {
    Json(json!({ "status": "ok" })).into_response()
}

/// Whether new traffic may come.
async fn ready(State(core): State<Core>) -> Response {
    if core.app().is_ready() {
        Json(json!({ "status": "ready" })).into_response()
    } else {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            Json(json!({ "status": "draining" })),
        )
            .into_response()
    }
}

/// The page that `availability.docs_url` points to.
async fn errors() -> Response {
    const PAGE: &str = include_str!("../../../docs/errors.md");
    (
        [(header::CONTENT_TYPE, "text/markdown; charset=utf-8")],
        PAGE,
    )
        .into_response()
}

async fn not_found(OriginalUri(uri): OriginalUri) -> Response {
    let fault = Fault::caller(Kind::NotFound, format!("There is no route {}", uri.path()));
    refusal::respond(&fault, dialect_of(uri.path()), None)
}

async fn wrong_method(method: Method, OriginalUri(uri): OriginalUri) -> Response {
    let say = format!("{method} is not allowed on {}", uri.path());
    let fault = Fault::caller(Kind::InvalidRequest, say);
    let status = StatusCode::METHOD_NOT_ALLOWED;
    refusal::respond_as(status, &fault, dialect_of(uri.path()), None)
}

/// The dialect in which a path's errors are told.
fn dialect_of(path: &str) -> Dialect {
    if path.trim_end_matches('/').ends_with("/messages") || path.contains("/messages/") {
        Dialect::Anthropic
    } else {
        Dialect::OpenAiChat
    }
}
