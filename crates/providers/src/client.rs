//! The HTTP client: one per core, with its own kept connections.
//!
//! HTTP/1.1 only, one request a connection at a time: a slow answer holds up nobody else's, and there is no limit
//! of streams to run into. A connection goes back to the pool when its answer begins; it is taken again once that
//! answer was read to its end. One that is left in the middle of an answer closes itself.

use std::{
    error::Error,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use foldhash::HashMap;
use http::{HeaderValue, Request, Response, Uri, header, uri::Authority};
use http_body_util::Full;
use hyper::{
    body::Incoming,
    client::conn::http1::{self, SendRequest},
    service::Service as _,
};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{client::legacy::connect::HttpConnector, service::TowerToHyperService};
use tokio::time::{Instant, timeout};

/// Kept connections to one host, per core.
const KEPT_MAX: usize = 256;
/// How long a connection is kept without use. Shorter would waste handshakes; much longer meets connections that the
/// other side has closed.
const KEPT: Duration = Duration::from_secs(55);
/// Between two probes of a connection that says nothing.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// Calls vendors. Never follows a redirect: a key belongs to the address it was configured for. Made for one
/// single-threaded runtime; clones share the connections.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    connector: TowerToHyperService<HttpsConnector<HttpConnector>>,
    /// One core's own, so the lock is never waited for.
    kept: Mutex<HashMap<Host, Vec<Kept>>>,
}

/// Whom a connection leads to: with TLS or without, and where.
type Host = (bool, Authority);

/// A connection whose last answer has at least begun.
struct Kept {
    sender: SendRequest<Full<Bytes>>,
    since: Instant,
}

/// TLS could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("set up TLS")]
pub struct TlsError(#[source] rustls::Error);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// No connection could be made: not a byte was sent.
    #[error("cannot connect")]
    Connect(#[source] Box<dyn Error + Send + Sync>),
    /// No connection stood in time: not a byte was sent.
    #[error("no connection in time")]
    ConnectTimedOut,
    /// It broke before the head of the answer was there; the request may have arrived.
    #[error("the connection broke")]
    Broken(#[source] hyper::Error),
}

impl Client {
    /// A client without connections. Trusts the roots of Mozilla's list.
    ///
    /// # Errors
    /// TLS could not be set up.
    pub fn new() -> Result<Self, TlsError> {
        let mut tcp = HttpConnector::new();
        tcp.set_nodelay(true);
        tcp.enforce_http(false);
        tcp.set_keepalive(Some(KEEPALIVE));
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .map_err(TlsError)?
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let connector = TowerToHyperService::new(connector);
        Ok(Self(Arc::new(Inner {
            connector,
            kept: Mutex::default(),
        })))
    }

    /// Sends a request to its absolute address; the answer's head, or why not. A kept connection that turns out
    /// closed before anything was sent on it is replaced silently. `connect` is how long a new connection may take.
    ///
    /// Dropping the future closes the connection.
    ///
    /// # Errors
    /// No connection could be made, or it broke before the head of the answer was there.
    pub async fn send(
        &self,
        mut request: Request<Full<Bytes>>,
        connect: Duration,
    ) -> Result<Response<Incoming>, SendError> {
        let address = std::mem::take(request.uri_mut());
        let host = host_of(&address)?;
        *request.uri_mut() = origin_form(&address);
        if !request.headers().contains_key(header::HOST) {
            let value = HeaderValue::from_str(host.1.as_str());
            request.headers_mut().insert(
                header::HOST,
                value.map_err(|error| SendError::Connect(error.into()))?,
            );
        }
        while let Some(mut sender) = self.take(&host) {
            match sender.try_send_request(request).await {
                Ok(response) => {
                    self.keep(host, sender);
                    return Ok(response);
                }
                Err(mut error) => match error.take_message() {
                    Some(unsent) => request = unsent,
                    None => return Err(SendError::Broken(error.into_error())),
                },
            }
        }
        // Boxed, for it is large and seldom: without it, every request would be as large.
        let connected = timeout(connect, Box::pin(self.connect(address))).await;
        let mut sender = connected.map_err(|_| SendError::ConnectTimedOut)??;
        let response = sender
            .send_request(request)
            .await
            .map_err(SendError::Broken)?;
        self.keep(host, sender);
        Ok(response)
    }

    /// Opens a connection; its reading and writing is done in the background of this core.
    async fn connect(&self, address: Uri) -> Result<SendRequest<Full<Bytes>>, SendError> {
        let stream = self
            .0
            .connector
            .call(address)
            .await
            .map_err(SendError::Connect)?;
        let handshake = http1::handshake(stream).await;
        let (sender, connection) = handshake.map_err(|error| SendError::Connect(error.into()))?;
        #[expect(
            clippy::disallowed_methods,
            reason = "it ends with its last request; shutdown waits for those"
        )]
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a vendor's connection ended");
            }
        });
        Ok(sender)
    }

    /// A kept connection that is free. Those that ended or were kept too long are let go.
    fn take(&self, host: &Host) -> Option<SendRequest<Full<Bytes>>> {
        let mut kept = self.0.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let connections = kept.get_mut(host)?;
        let mut place = connections.len();
        while let Some(next) = place.checked_sub(1) {
            place = next;
            let Some(connection) = connections.get(place) else {
                continue;
            };
            if connection.sender.is_closed() {
                connections.swap_remove(place);
            } else if connection.sender.is_ready() {
                let connection = connections.swap_remove(place);
                // The clock is only asked where the connection would be used.
                if connection.since.elapsed() < KEPT {
                    return Some(connection.sender);
                }
            }
        }
        None
    }

    fn keep(&self, host: Host, sender: SendRequest<Full<Bytes>>) {
        let mut kept = self.0.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let connections = kept.entry(host).or_default();
        if connections.len() < KEPT_MAX {
            connections.push(Kept {
                sender,
                since: Instant::now(),
            });
        } else {
            // Dropping a sender lets its answer end: only the next request is not sent on it.
            drop(sender);
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

fn host_of(address: &Uri) -> Result<Host, SendError> {
    let secure = address.scheme() == Some(&http::uri::Scheme::HTTPS);
    let authority = address
        .authority()
        .ok_or_else(|| SendError::Connect("an address without a host".into()))?;
    Ok((secure, authority.clone()))
}

/// The part of an address that goes into the request line.
fn origin_form(address: &Uri) -> Uri {
    address
        .path_and_query()
        .cloned()
        .map_or_else(|| Uri::from_static("/"), Uri::from)
}
