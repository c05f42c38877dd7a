//! API keys: made, found by the digest of their secret, changed, removed.
//!
//! A key that was found once is found again without SQL, until it changes here or in another
//! process.

mod cache;
mod row;

use std::sync::Arc;

use canon::{Key, KeyId, LimitReset, NanoUsd, WorkspaceId};
use sqlx::{Row, Sqlite, SqlitePool, Transaction, sqlite::SqliteRow};

use crate::{Error, query};
use cache::Cache;

/// How many changes other processes have time to notice; beyond that they forget all they know.
const CHANGES_KEPT: i64 = 10_000;
/// The most keys on one page.
const PAGE_MAX: u32 = 100;

/// The keys.
#[derive(Clone, Debug)]
pub struct Keys {
    pool: SqlitePool,
    cache: Arc<Cache>,
}

/// Which keys to list: never management keys, the newest first.
#[derive(Clone, Debug)]
pub struct ListFilter {
    /// Of this workspace.
    pub workspace: WorkspaceId,
    /// Also those switched off.
    pub include_disabled: bool,
    /// Also those that ended before `now`.
    pub include_expired: bool,
    /// Microseconds since 1970.
    pub now: i64,
    /// How many to pass over.
    pub offset: u64,
    /// How many at most; never more than 100.
    pub limit: u32,
}

/// What to change of a key. An absent field stays; an inner `None` clears.
#[derive(Clone, Debug, Default)]
pub struct KeyPatch {
    /// Its name.
    pub name: Option<String>,
    /// Whether it is switched off.
    pub disabled: Option<bool>,
    /// The most it may spend in a window.
    pub limit: Option<Option<NanoUsd>>,
    /// When the window starts anew.
    pub limit_reset: Option<Option<LimitReset>>,
    /// Whether spending on own provider keys counts.
    pub include_byok_in_limit: Option<bool>,
}

impl Keys {
    pub(crate) async fn new(pool: SqlitePool) -> Result<Self, Error> {
        let keys = Self {
            pool,
            cache: Arc::new(Cache::new()),
        };
        let (_, newest) = keys.changes_bounds().await?;
        keys.cache.seen(newest);
        Ok(keys)
    }

    /// Makes a key, findable by the digest of its secret.
    ///
    /// # Errors
    /// Its id or digest exists, or the database could not be asked.
    pub async fn create(&self, key: &Key, digest: &[u8; 32]) -> Result<(), Error> {
        const DOING: &str = "create a key";
        let mut transaction = self.pool.begin().await.map_err(query(DOING))?;
        note_change(&mut transaction, digest).await?;
        row::insert(&mut transaction, key, digest).await?;
        transaction.commit().await.map_err(query(DOING))?;
        self.cache.forget(digest);
        Ok(())
    }

    /// The key of that secret's digest, whatever its state: disabled and expired ones too.
    ///
    /// # Errors
    /// It is not known yet and the database could not be asked.
    pub async fn by_digest(&self, digest: &[u8; 32]) -> Result<Option<Arc<Key>>, Error> {
        if let Some(known) = self.cache.get(digest) {
            return Ok(known);
        }
        let asked = self.cache.moment();
        let key = sqlx::query("SELECT * FROM keys WHERE digest = $1")
            .bind(digest.as_slice())
            .fetch_optional(&self.pool)
            .await
            .map_err(query("find a key"))?
            .map(|row| row::parse(&row).map(Arc::new))
            .transpose()?;
        self.cache.learn(digest, key.clone(), asked);
        Ok(key)
    }

    /// The key of that id.
    ///
    /// # Errors
    /// The database could not be asked.
    pub async fn by_id(&self, id: &KeyId) -> Result<Option<Key>, Error> {
        sqlx::query("SELECT * FROM keys WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(&self.pool)
            .await
            .map_err(query("find a key"))?
            .map(|row| row::parse(&row))
            .transpose()
    }

    /// One page of keys.
    ///
    /// # Errors
    /// The database could not be asked.
    pub async fn list(&self, filter: &ListFilter) -> Result<Vec<Key>, Error> {
        sqlx::query(
            "SELECT * FROM keys
             WHERE workspace = $1 AND NOT management AND (NOT disabled OR $2)
               AND (expires_at IS NULL OR expires_at > $3 OR $4)
             ORDER BY created_at DESC, id DESC LIMIT $5 OFFSET $6",
        )
        .bind(filter.workspace.as_str())
        .bind(filter.include_disabled)
        .bind(filter.now)
        .bind(filter.include_expired)
        .bind(i64::from(filter.limit.min(PAGE_MAX)))
        .bind(i64::try_from(filter.offset).unwrap_or(i64::MAX))
        .fetch_all(&self.pool)
        .await
        .map_err(query("list keys"))?
        .iter()
        .map(row::parse)
        .collect()
    }

    /// Changes a key and gives it as it is then; `None` where there is none of that id. `now` is in
    /// microseconds since 1970.
    ///
    /// # Errors
    /// The database could not be asked.
    pub async fn update(
        &self,
        id: &KeyId,
        patch: &KeyPatch,
        now: i64,
    ) -> Result<Option<Key>, Error> {
        const DOING: &str = "change a key";
        let mut transaction = self.pool.begin().await.map_err(query(DOING))?;
        let Some(row) = row::patch(&mut transaction, id, patch, now).await? else {
            return Ok(None);
        };
        let key = row::parse(&row)?;
        self.change(transaction, &row, DOING).await?;
        Ok(Some(key))
    }

    /// Removes a key for ever. `false` where there is none of that id.
    ///
    /// # Errors
    /// The database could not be asked.
    pub async fn delete(&self, id: &KeyId) -> Result<bool, Error> {
        const DOING: &str = "delete a key";
        let mut transaction = self.pool.begin().await.map_err(query(DOING))?;
        let row = sqlx::query("DELETE FROM keys WHERE id = $1 RETURNING *")
            .bind(id.as_str())
            .fetch_optional(&mut *transaction)
            .await
            .map_err(query(DOING))?;
        let Some(row) = row else { return Ok(false) };
        self.change(transaction, &row, DOING).await?;
        Ok(true)
    }

    /// Forgets what other processes have changed since the last call.
    pub(crate) async fn refresh(&self) -> Result<(), Error> {
        let seen = self.cache.last_seen();
        let (oldest, newest) = self.changes_bounds().await?;
        if newest == seen {
            return Ok(());
        }
        if oldest > seen.saturating_add(1) || newest < seen {
            self.cache.forget_all();
            self.cache.seen(newest);
            return Ok(());
        }
        let rows =
            sqlx::query("SELECT digest FROM key_changes WHERE version > $1 AND version <= $2")
                .bind(seen)
                .bind(newest)
                .fetch_all(&self.pool)
                .await
                .map_err(query("look for changed keys"))?;
        for row in rows {
            self.cache.forget(&digest_of(&row)?);
        }
        self.cache.seen(newest);
        Ok(())
    }

    /// Ends a transaction that changed the key of `row`, and makes everyone forget it.
    async fn change(
        &self,
        mut transaction: Transaction<'_, Sqlite>,
        row: &SqliteRow,
        doing: &'static str,
    ) -> Result<(), Error> {
        let digest = digest_of(row)?;
        note_change(&mut transaction, &digest).await?;
        transaction.commit().await.map_err(query(doing))?;
        self.cache.forget(&digest);
        Ok(())
    }

    /// The oldest and the newest change that is written down, 0 where there is none.
    async fn changes_bounds(&self) -> Result<(i64, i64), Error> {
        let row = sqlx::query(
            "SELECT COALESCE(MIN(version), 0), COALESCE(MAX(version), 0) FROM key_changes",
        )
        .fetch_one(&self.pool)
        .await
        .map_err(query("look for changed keys"))?;
        let bound = |column: usize| {
            row.try_get::<i64, _>(column)
                .map_err(query("look for changed keys"))
        };
        Ok((bound(0)?, bound(1)?))
    }
}

/// Tells other processes which key to forget.
async fn note_change(
    transaction: &mut Transaction<'_, Sqlite>,
    digest: &[u8; 32],
) -> Result<(), Error> {
    const DOING: &str = "note the change of a key";
    let row = sqlx::query("INSERT INTO key_changes (digest) VALUES ($1) RETURNING version")
        .bind(digest.as_slice())
        .fetch_one(&mut **transaction)
        .await
        .map_err(query(DOING))?;
    let version: i64 = row.try_get(0).map_err(query(DOING))?;
    sqlx::query("DELETE FROM key_changes WHERE version <= $1")
        .bind(version.saturating_sub(CHANGES_KEPT))
        .execute(&mut **transaction)
        .await
        .map_err(query(DOING))?;
    Ok(())
}

fn digest_of(row: &SqliteRow) -> Result<[u8; 32], Error> {
    let digest: Vec<u8> = row.try_get("digest").map_err(query("read a digest"))?;
    <[u8; 32]>::try_from(digest).map_err(|digest| Error::Unreadable {
        what: "digest of",
        id: row.try_get("id").unwrap_or_default(),
        why: format!("{} bytes instead of 32", digest.len()),
    })
}
