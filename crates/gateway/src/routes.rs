//! The whole HTTP surface on one page.

use std::{convert::Infallible, pin::Pin};

use axum::{
    Json, Router,
    body::Body,
    extract::{DefaultBodyLimit, OriginalUri, State},
    http::Method,
    response::{IntoResponse, Response},
    routing::get,
};
use canon::{Dialect, Fault, Kind};
use http::{Request, StatusCode, header};
use hyper::{body::Incoming, service::Service};
use hyper_util::service::TowerToHyperService;
use serde_json::json;

use crate::{
    app::Core,
    inference::{
        chat::{self, Route},
        gemini, models,
    },
    platform::{generations, keys},
    refusal,
    telemetry::metrics,
};

/// What a connection talks to. The routes of inference, which nearly every request takes, are found here, past the
/// router and its layers; the router has them too, for every other method. Cheap to clone.
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
        match inference(request.uri().path()) {
            Some(route) if request.method() == Method::POST => {
                let core = self.core.clone();
                Box::pin(async move { Ok(chat::serve(&core, route, request.map(Body::new)).await) })
            }
            Some(_) | None => Box::pin(self.router.call(request)),
        }
    }
}

/// The routes of inference, all `POST`, under `/api` and without it: what OpenAI's, Anthropic's and Google's clients
/// append to a bare host.
fn inference(path: &str) -> Option<Route> {
    Some(match path.strip_prefix("/api").unwrap_or(path) {
        "/v1/chat/completions" => Route::Answer(Dialect::OpenAiChat),
        "/v1/messages" => Route::Answer(Dialect::Anthropic),
        "/v1/responses" => Route::Answer(Dialect::OpenAiResponses),
        "/v1/completions" => Route::Answer(Dialect::OpenAiCompletions),
        "/v1/messages/count_tokens" => Route::Count(Dialect::Anthropic),
        // `/v1beta/models/{model}:generateContent`, `:streamGenerateContent` and `:countTokens`.
        path if gemini::is_method(path) => Route::Gemini,
        _ => return None,
    })
}

/// Everything that is answered, on one core.
pub fn router(core: Core) -> Router {
    let api = api();
    Router::new()
        .nest("/api/v1", api.clone())
        .nest("/v1", api)
        .route("/health", get(health))
        .route("/ready", get(ready))
        .route("/metrics", get(metrics::show))
        .route("/docs/errors", get(errors))
        .fallback(elsewhere)
        .method_not_allowed_fallback(wrong_method)
        // Handlers limit their bodies themselves, with an error in the caller's dialect.
        .layer(DefaultBodyLimit::disable())
        .with_state(core)
}

fn api() -> Router<Core> {
    Router::new()
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

/// Inference, and what there is not.
async fn elsewhere(
    State(core): State<Core>,
    OriginalUri(uri): OriginalUri,
    request: Request<Body>,
) -> Response {
    let path = uri.path();
    match inference(path) {
        Some(route) if request.method() == Method::POST => chat::serve(&core, route, request).await,
        Some(_) => {
            let wrong = wrong_method(request.method().clone(), OriginalUri(uri)).await;
            ([(header::ALLOW, "POST")], wrong).into_response()
        }
        None => not_found(path),
    }
}

fn not_found(path: &str) -> Response {
    let fault = Fault::caller(Kind::NotFound, format!("There is no route {path}"));
    refusal::respond(&fault, dialect_of(path), None)
}

async fn wrong_method(method: Method, OriginalUri(uri): OriginalUri) -> Response {
    let say = format!("{method} is not allowed on {}", uri.path());
    let fault = Fault::caller(Kind::InvalidRequest, say);
    let status = StatusCode::METHOD_NOT_ALLOWED;
    refusal::respond_as(status, &fault, dialect_of(uri.path()), None)
}

/// The dialect in which a path's errors are told.
fn dialect_of(path: &str) -> Dialect {
    let path = path.strip_prefix("/api").unwrap_or(path);
    if let Some(route) = inference(path) {
        return route.dialect();
    }
    let under = |root| {
        let rest: Option<&str> = path.strip_prefix(root);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if under("/v1/messages") {
        Dialect::Anthropic
    } else if under("/v1/responses") {
        Dialect::OpenAiResponses
    } else if under("/v1beta") {
        Dialect::Gemini
    } else {
        Dialect::OpenAiChat
    }
}
