//! What everything shares: built once, passed down.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use arc_swap::ArcSwap;
use policy::health::Class;
use providers::{Client, Limits, TlsError};
use store::Store;
use tokio::sync::Semaphore;
use tracing::warn;

use crate::{
    affinity::Affinity,
    books::{self, Books},
    clock,
    config::{Config, Durability, Problems},
    health::Board,
    keyring::{Keyring, PepperError},
    relay,
    shutdown::Drain,
    snapshot::{self, Snapshot, SnapshotError},
    telemetry::metrics::Metrics,
    terms::{self, Terms},
};

/// The handles that everything shares.
#[derive(Debug)]
pub struct App {
    /// What was configured, checked.
    pub config: Config,
    /// Who may ask.
    pub keyring: Keyring,
    /// What was spent.
    pub books: Arc<Books>,
    /// What is kept.
    pub store: Store,
    /// Who serves what. Read without a lock; replaced whole.
    pub snapshot: ArcSwap<Snapshot>,
    /// How the endpoints are doing.
    pub health: Board,
    /// Where conversations stay.
    pub affinity: Affinity,
    /// The operator's terms for endpoints.
    pub terms: Terms,
    /// What is counted.
    pub metrics: Metrics,
    /// Tells everybody that the end has begun, and waits for what is under way.
    pub drain: Drain,
    /// Places for streams that are read to their end for nobody.
    pub drains: Arc<Semaphore>,
    draining: AtomicBool,
}

/// One core's view: the shared handles, and connection pools of its own. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Core(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    app: Arc<App>,
    client: Client,
    /// By class of model.
    limits: [Limits; 3],
}

/// Why the gateway cannot start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The data folder cannot be made.
    #[error("the data folder {folder} cannot be made")]
    Folder {
        /// Which.
        folder: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The database cannot be opened.
    #[error("the database cannot be opened")]
    Store(#[source] store::Error),
    /// The keys' pepper cannot be had.
    #[error("the keys cannot be read")]
    Pepper(#[source] PepperError),
    /// The journal cannot be opened.
    #[error("the books cannot be opened")]
    Books(#[source] books::Error),
    /// The operator's terms name what is not there.
    #[error("the configured terms cannot be used")]
    Terms(#[source] Problems),
    /// The configured providers make no whole.
    #[error("the configured providers cannot be used")]
    Snapshot(#[source] SnapshotError),
}

impl App {
    /// Opens everything that a configuration names: the data folder, the database, the keys, the books, the
    /// catalogue; and looks for model servers on this machine.
    ///
    /// # Errors
    /// One of them cannot be had.
    pub async fn open(config: Config) -> Result<Self, OpenError> {
        let folder = &config.data.folder;
        std::fs::create_dir_all(folder).map_err(|source| OpenError::Folder {
            folder: folder.display().to_string(),
            source,
        })?;
        let store = Store::open(&config.database_path().to_string_lossy())
            .await
            .map_err(OpenError::Store)?;
        let keyring = Keyring::open(folder, store.clone()).map_err(OpenError::Pepper)?;
        let durability = match config.data.durability {
            Durability::Process => books::Durability::Process,
            Durability::Power => books::Durability::Power,
        };
        let books = Books::open(folder, durability, clock::now_micros(), store.clone());
        let books = books.map_err(OpenError::Books)?;
        let found = snapshot::discover(&config).await;
        let snapshot = Snapshot::of(&config, found).map_err(OpenError::Snapshot)?;
        for problem in terms::check(&config, &snapshot.catalog).map_err(OpenError::Terms)? {
            warn!("{problem}");
        }
        Ok(Self::new(config, keyring, books, store, snapshot))
    }

    /// Puts the handles together.
    #[must_use]
    pub fn new(
        config: Config,
        keyring: Keyring,
        books: Arc<Books>,
        store: Store,
        snapshot: Snapshot,
    ) -> Self {
        let health = Board::new(&snapshot.catalog, config.routing.outage_window_ms);
        let affinity = Affinity::new(config.routing.affinity);
        let terms = Terms::of(&config, &snapshot.catalog);
        let snapshot = ArcSwap::from_pointee(snapshot);
        let (drain, draining) = (Drain::new(), AtomicBool::new(false));
        Self {
            config,
            keyring,
            books,
            store,
            snapshot,
            health,
            affinity,
            terms,
            metrics: Metrics::default(),
            drain,
            drains: Arc::new(Semaphore::new(relay::DRAINS_MAX)),
            draining,
        }
    }

    /// No new traffic is wanted.
    pub fn drain_begins(&self) {
        self.draining.store(true, Ordering::Release);
        self.drain.begin();
    }

    /// Whether new traffic may come.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        !self.draining.load(Ordering::Acquire)
    }
}

impl Core {
    /// A core with fresh pools.
    ///
    /// # Errors
    /// TLS cannot be set up.
    pub fn new(app: Arc<App>) -> Result<Self, TlsError> {
        let upstream = &app.config.upstream;
        let limits = [Class::Fast, Class::Normal, Class::Reasoning].map(|it| upstream.limits(it));
        let client = Client::new()?;
        Ok(Self(Arc::new(Inner {
            app,
            client,
            limits,
        })))
    }

    /// What all cores share.
    #[must_use]
    pub fn app(&self) -> &Arc<App> {
        &self.0.app
    }

    /// This core's connections to vendors.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.0.client
    }

    /// How long and how much vendors may take for a model of this class.
    #[must_use]
    pub fn limits(&self, class: Class) -> &Limits {
        let [fast, normal, reasoning] = &self.0.limits;
        match class {
            Class::Fast => fast,
            Class::Normal => normal,
            Class::Reasoning => reasoning,
        }
    }
}
