//! Opening the database and bringing its tables up to date.

use std::{str::FromStr, time::Duration};

use sqlx::{
    SqlSafeStr, SqlitePool,
    migrate::{Migration, MigrationType, Migrator},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::Error;

/// SQLite writes one at a time; more connections only help readers.
const CONNECTIONS_MAX: u32 = 4;
/// Size of a page in bytes: some twenty records.
const PAGE_BYTES: u32 = 16 * 1024;
/// After so many pages the log is written back: 32 MiB.
const WAL_PAGES: &str = "2048";
/// How long a writer waits for another.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Every change of the tables, in order. Never edit one that was released: add another.
const MIGRATIONS: &[(i64, &str, &str)] = &[(
    1,
    "keys and generations",
    include_str!("../migrations/sqlite/0001_keys_and_generations.sql"),
)];

/// Opens a database, makes it where absent and brings its tables up to date.
///
/// # Errors
/// It cannot be opened, or is of a later version.
pub(crate) async fn open(url_or_path: &str) -> Result<SqlitePool, Error> {
    let path = path_of(url_or_path)?;
    let open = |source| Error::Open {
        path: path.to_owned(),
        source,
    };
    let options = SqliteConnectOptions::from_str("sqlite:")
        .map_err(open)?
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(BUSY_TIMEOUT)
        // Records come in batches of some MiB: few large pages are written instead of many small ones (in a database that
        // is new), are kept and written back once, not for every statement.
        .page_size(PAGE_BYTES)
        .pragma("cache_size", "-8192")
        .pragma("wal_autocheckpoint", WAL_PAGES)
        .foreign_keys(true);
    let pool = SqlitePoolOptions::new()
        .max_connections(CONNECTIONS_MAX)
        .connect_with(options)
        .await
        .map_err(open)?;
    migrator()
        .run(&pool)
        .await
        .map_err(|source| Error::Migrate {
            path: path.to_owned(),
            source,
        })?;
    Ok(pool)
}

/// The path in an address. A letter alone before `:` is no scheme but a path.
fn path_of(url_or_path: &str) -> Result<&str, Error> {
    match url_or_path.split_once(':') {
        Some(("sqlite", path)) => Ok(path.strip_prefix("//").unwrap_or(path)),
        Some((scheme, _)) if scheme.len() > 1 && scheme.bytes().all(|b| b.is_ascii_lowercase()) => {
            Err(Error::UnknownKind {
                scheme: scheme.to_owned(),
            })
        }
        Some(_) | None => Ok(url_or_path),
    }
}

fn migrator() -> Migrator {
    let migrations = MIGRATIONS
        .iter()
        .map(|(version, description, sql)| {
            Migration::new(
                *version,
                (*description).into(),
                MigrationType::Simple,
                sql.into_sql_str(),
                false,
            )
        })
        .collect();
    Migrator::with_migrations(migrations)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_path_or_names_sqlite() {
        for (address, path) in [
            ("weir.db", "weir.db"),
            ("/data/weir.db", "/data/weir.db"),
            ("sqlite:weir.db", "weir.db"),
            ("sqlite:///data/weir.db", "/data/weir.db"),
            ("./odd:name.db", "./odd:name.db"),
        ] {
            assert_eq!(path_of(address).unwrap(), path, "{address}");
        }
        assert!(matches!(
            path_of("postgres://db/weir"),
            Err(Error::UnknownKind { scheme }) if scheme == "postgres"
        ));
    }
}
