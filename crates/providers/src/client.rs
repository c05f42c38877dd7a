//! The HTTP client: one per core, with its own kept connections.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{self, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};

/// Kept connections to one host, per core.
const IDLE_CONNECTIONS_MAX: usize = 64;
/// How long a connection is kept without use. Shorter than the usual 60 s on the other side would
/// waste handshakes; much longer meets connections that the other side has closed.
const IDLE_S: u64 = 55;
/// Between two probes of a connection that says nothing.
const KEEPALIVE_S: u64 = 30;

/// Calls vendors over HTTP/1.1 or, where TLS agrees on it, HTTP/2. Never follows a redirect: a key
/// belongs to the address it was configured for. Made for one single-threaded runtime; clones share
/// the connections.
#[derive(Clone, Debug)]
pub struct Client {
    http: legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

/// TLS could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("set up TLS")]
pub struct TlsError(#[source] rustls::Error);

impl Client {
    /// A client without connections. Trusts the roots of Mozilla's list.
    ///
    /// # Errors
    /// TLS could not be set up.
    pub fn new() -> Result<Self, TlsError> {
        let mut tcp = HttpConnector::new();
        tcp.set_nodelay(true);
        tcp.enforce_http(false);
        tcp.set_keepalive(Some(Duration::from_secs(KEEPALIVE_S)));
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .map_err(TlsError)?
            .https_or_http()
            .enable_all_versions()
            .wrap_connector(tcp);
        let http = legacy::Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(IDLE_S))
            .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
            .http2_keep_alive_interval(Duration::from_secs(KEEPALIVE_S))
            .http2_adaptive_window(true)
            .build(connector);
        Ok(Self { http })
    }

    /// Sends a request; the answer's head, or why not. A kept connection that turns out closed
    /// before anything was sent on it is replaced silently. Dropping the future closes what it
    /// opened.
    ///
    /// # Errors
    /// No connection could be made, or it broke before the head of the answer was there.
    pub async fn send(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, legacy::Error> {
        self.http.request(request).await
    }
}
