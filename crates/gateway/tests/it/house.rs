//! A gateway without a listener: the real router over a real store, in a folder of its own.

use std::sync::Arc;

use axum::{Router, body::Body};
use canon::{Key, WorkspaceId};
use gateway::{
    app::{App, Core},
    config::Config,
    keyring::NewKey,
    routes,
};
use http::{Request, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use serde_json::Value;
use tempfile::TempDir;

/// A gateway without a listener.
pub(crate) struct House {
    pub(crate) app: Arc<App>,
    /// The plaintext of a management key.
    pub(crate) manager: String,
    /// A key that may infer, and its plaintext.
    pub(crate) key: (Key, String),
    router: Router,
    _folder: TempDir,
}

pub(crate) fn new_key(name: &str, management: bool) -> NewKey {
    NewKey {
        name: name.to_owned(),
        management,
        limit: None,
        limit_reset: None,
        include_byok_in_limit: false,
        workspace: WorkspaceId::new("default"),
        creator: None,
        expires_at: None,
    }
}

impl House {
    /// With these lines as its configuration, and no search for model servers.
    pub(crate) async fn open(config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let variables = std::collections::BTreeMap::new();
        let parsed = Config::parse(config, std::path::Path::new("weir.toml"), &variables);
        let mut config = parsed.unwrap().config;
        config.local.discover = false;
        config.data.folder = folder.path().join("data");
        let app = Arc::new(App::open(config).await.unwrap());
        let made = app.keyring.create(new_key("boss", true)).await.unwrap();
        let manager = made.1.expose().clone();
        let (key, secret) = app.keyring.create(new_key("worker", false)).await.unwrap();
        let router = routes::router(Core::new(Arc::clone(&app)).unwrap());
        let key = (key, secret.expose().clone());
        Self {
            app,
            manager,
            key,
            router,
            _folder: folder,
        }
    }

    /// One request with a key (none where empty) and a JSON body (none where null).
    pub(crate) async fn ask(
        &self,
        key: &str,
        method: &str,
        path: &str,
        body: Value,
    ) -> (StatusCode, Value) {
        let mut request = Request::builder().method(method).uri(path);
        if !key.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {key}"));
        }
        let body = match (&body, body.as_str()) {
            (Value::Null, _) => Body::empty(),
            (_, Some(text)) => Body::from(text.to_owned()),
            (_, None) => Body::from(body.to_string()),
        };
        let response = self.call(request.body(body).unwrap()).await;
        let status = response.status();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap())
    }

    /// One request as it is; the answer may still be on its way.
    pub(crate) async fn call(&self, request: Request<Body>) -> Response<Body> {
        let service = TowerToHyperService::new(self.router.clone());
        service.call(request).await.unwrap()
    }

    /// What a GET without a key gives.
    pub(crate) async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.ask("", "GET", path, Value::Null).await
    }

    /// What the manager gets.
    pub(crate) async fn manage(
        &self,
        method: &str,
        path: &str,
        body: Value,
    ) -> (StatusCode, Value) {
        self.ask(&self.manager, method, path, body).await
    }
}
