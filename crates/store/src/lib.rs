//! The outside, at rest: keys and generations in a database, entries of the ledger in the journal.
//!
//! SQL lives here and nowhere else. Nothing here decides: `policy` does, on what is read here. The
//! path of a request touches no SQL for a key that was seen before.

mod backend;
mod generations;
pub mod journal;
mod keys;

use std::time::Duration;

use sqlx::SqlitePool;
use thiserror::Error;

pub use generations::Generations;
pub use keys::{KeyPatch, Keys, ListFilter};

/// How soon a change made by another process is noticed.
const WATCH_INTERVAL: Duration = Duration::from_millis(250);

/// The database. Cheap to clone; usable from any runtime.
#[derive(Clone, Debug)]
pub struct Store {
    pool: SqlitePool,
    keys: Keys,
    generations: Generations,
}

/// Why the database could not be asked.
#[derive(Debug, Error)]
pub enum Error {
    /// The address names a kind of database that is not supported.
    #[error("{scheme:?} databases are not supported; give a path or sqlite:<path>")]
    UnknownKind {
        /// What stands before `:`.
        scheme: String,
    },
    /// The database cannot be opened.
    #[error("cannot open the database {path}")]
    Open {
        /// Where.
        path: String,
        /// What it said.
        #[source]
        source: sqlx::Error,
    },
    /// Its tables cannot be brought up to this version.
    #[error("cannot migrate the database {path}")]
    Migrate {
        /// Where.
        path: String,
        /// What it said.
        #[source]
        source: sqlx::migrate::MigrateError,
    },
    /// A statement failed.
    #[error("cannot {doing}")]
    Query {
        /// What was tried: `create a key`.
        doing: &'static str,
        /// What it said.
        #[source]
        source: sqlx::Error,
    },
    /// A row holds what this version cannot read.
    #[error("{what} {id} is unreadable in the database: {why}")]
    Unreadable {
        /// What it is: `key`.
        what: &'static str,
        /// Which one.
        id: String,
        /// In what way.
        why: String,
    },
    /// There is such a key already.
    #[error("a key with this id or secret exists")]
    Exists,
}

impl Store {
    /// Opens a database (a path, or `sqlite:<path>`), makes it where absent and brings its tables
    /// up to date.
    ///
    /// # Errors
    /// It cannot be opened, or is of a later version.
    pub async fn open(url_or_path: &str) -> Result<Self, Error> {
        let pool = backend::open(url_or_path).await?;
        Ok(Self {
            keys: Keys::new(pool.clone()).await?,
            generations: Generations::new(pool.clone()),
            pool,
        })
    }

    /// The keys.
    #[must_use]
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// The records of served requests.
    #[must_use]
    pub fn generations(&self) -> &Generations {
        &self.generations
    }

    /// Notices, for ever, what other processes change, within half a second. Dropping the future
    /// ends that and loses nothing. While the database cannot be asked, what is cached stays.
    pub async fn watch(&self) {
        let mut ticks = tokio::time::interval(WATCH_INTERVAL);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = self.keys.refresh().await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "cannot look for changed keys"
                );
            }
        }
    }

    /// Closes the connections, after what they are doing.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// Names what was tried when a statement fails.
fn query(doing: &'static str) -> impl FnOnce(sqlx::Error) -> Error {
    move |source| Error::Query { doing, source }
}
