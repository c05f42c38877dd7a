//! A fake vendor: a server on loopback that answers in every called wire as the real ones do, in
//! scripted moods, and keeps its own bill.
//!
//! It waits on the runtime's clock only, so it obeys a paused one where client and vendor share the
//! runtime; [`Vendor::connect`] leaves the network out altogether.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::bill::{BillRule, Delivered, Ledger};
use crate::mood::Mood;
use shared::Shared;

mod answer;
mod anthropic;
mod asked;
mod bedrock;
mod cache;
mod cohere;
mod gemini;
mod meter;
mod ollama;
mod openai;
mod pace;
mod place;
mod replicate;
mod responses;
mod schema;
mod serve;
mod shared;
mod source;
mod sse;
mod wire;

pub use shared::Recorded;
pub use wire::Wire;

/// What a vendor says where nothing else is asked of it.
pub const TEXT: &str = "The quick brown fox jumps over the lazy dog.";
/// Bytes in flight in one direction of a connection made by [`Vendor::connect`].
const DUPLEX_BYTES: usize = 64 << 10;
/// The pause after a failed accept, which means that the process has no more file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// How a vendor is set up. The default listens on a free port and is in good health.
#[derive(Clone)]
pub struct VendorConfig {
    /// The address to listen on.
    pub listen: SocketAddr,
    /// What is said where neither the mood nor the request says otherwise.
    pub text: String,
    /// What `GET …/models` lists; any model can be asked.
    pub models: Vec<String>,
    /// The mood when the script is over.
    pub mood: Mood,
    /// The moods of the first requests, one each.
    pub script: Vec<Mood>,
    /// When the vendor charges.
    pub bill_rule: BillRule,
    /// Where each entry of the bill is appended, one JSON line each.
    pub bill_file: Option<PathBuf>,
    /// The only key accepted; any request is, where there is none.
    pub key: Option<String>,
}

/// A running vendor. Dropped, it stops and breaks its connections.
#[derive(Debug)]
pub struct Vendor {
    address: SocketAddr,
    shared: Arc<Shared>,
    tasks: Arc<Mutex<JoinSet<()>>>,
}

/// Why a vendor did not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address could not be listened on.
    #[error("listen on {address}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The file of the bill could not be opened for appending.
    #[error("open the bill {}", path.display())]
    Bill {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

// === impl VendorConfig ===

impl Default for VendorConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            text: TEXT.to_owned(),
            models: vec!["test-model".to_owned()],
            mood: Mood::default(),
            script: Vec::new(),
            bill_rule: BillRule::default(),
            bill_file: None,
            key: None,
        }
    }
}

impl std::fmt::Debug for VendorConfig {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("VendorConfig")
            .field("listen", &self.listen)
            .field("mood", &self.mood)
            .field("bill_rule", &self.bill_rule)
            .finish_non_exhaustive()
    }
}

// === impl Vendor ===

impl Vendor {
    /// Starts a vendor on the current runtime.
    ///
    /// # Errors
    /// The address is taken, or the file of the bill cannot be opened.
    pub async fn start(config: VendorConfig) -> Result<Self, Error> {
        let address = config.listen;
        let failed = |source| Error::Listen { address, source };
        let file = config.bill_file.clone();
        let ledger =
            Ledger::open(config.bill_rule, file.as_deref()).map_err(|source| Error::Bill {
                path: file.unwrap_or_default(),
                source,
            })?;
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let shared = Arc::new(Shared::new(config, ledger));
        let tasks = Arc::new(Mutex::new(JoinSet::new()));
        let accepting = accept(listener, Arc::clone(&shared), Arc::clone(&tasks));
        tasks.lock().spawn(accepting);
        Ok(Self {
            address,
            shared,
            tasks,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What a client of `wire` is configured with.
    #[must_use]
    pub fn base_url(&self, wire: Wire) -> String {
        format!("http://{}{}", self.address, wire.prefix())
    }

    /// A connection in memory, without the network between. Speak HTTP/1.1 over it.
    #[must_use]
    pub fn connect(&self) -> DuplexStream {
        let (near, far) = tokio::io::duplex(DUPLEX_BYTES);
        attend(&self.shared, &self.tasks, far);
        near
    }

    /// Sets the mood for all requests that the script does not cover.
    pub fn set_mood(&self, mood: Mood) {
        self.shared.set_mood(mood);
    }

    /// Sets the moods of the next requests, one each, in place of those left.
    pub fn script(&self, moods: impl IntoIterator<Item = Mood>) {
        self.shared.set_script(moods.into_iter().collect());
    }

    /// The books: one entry for each request that is over, in the order of their ends.
    #[must_use]
    pub fn bill(&self) -> Vec<Delivered> {
        self.shared.ledger.entries()
    }

    /// The books once `count` requests are over; for a client that left, which the vendor notices a
    /// moment later. Waits for ever if they never are. Cancel safe.
    pub async fn bill_of(&self, count: u64) -> Vec<Delivered> {
        self.shared.ledger.reached(count).await;
        self.bill()
    }

    /// The last 1,000 requests, or 256 MiB of them.
    #[must_use]
    pub fn requests(&self) -> Vec<Recorded> {
        self.shared.requests()
    }

    /// The requests once `count` have arrived. Waits for ever if they never do. Cancel safe.
    pub async fn requests_of(&self, count: u64) -> Vec<Recorded> {
        self.shared.reached(count).await;
        self.requests()
    }

    /// Connections closed as soon as they were accepted.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.shared.refused()
    }

    /// Stops listening, breaks all connections, and returns when that is done.
    pub async fn shutdown(self) {
        let mut tasks = std::mem::take(&mut *self.tasks.lock());
        tasks.shutdown().await;
    }
}

impl Drop for Vendor {
    fn drop(&mut self) {
        self.tasks.lock().abort_all();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, tasks: Arc<Mutex<JoinSet<()>>>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        if shared.refuses() {
            continue;
        }
        // A stream that cannot be set up is one that the client has closed already.
        if stream.set_nodelay(true).is_ok() {
            attend(&shared, &tasks, stream);
        }
    }
}

/// Serves a connection until either side closes it.
fn attend<T>(shared: &Arc<Shared>, tasks: &Mutex<JoinSet<()>>, stream: T)
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let shared = Arc::clone(shared);
    let service = service_fn(move |request| serve::serve(Arc::clone(&shared), request));
    let connection = http1::Builder::new()
        .header_read_timeout(None)
        .serve_connection(TokioIo::new(stream), service);
    let mut tasks = tasks.lock();
    while tasks.try_join_next().is_some() {}
    tasks.spawn(async move {
        // A broken connection is what moods and clients are for; the books say how it ended.
        let _ended = connection.await;
    });
}
