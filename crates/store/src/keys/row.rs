//! A key as a row.

use canon::{Key, KeyId, LimitReset, NanoUsd, WorkspaceId};
use sqlx::{Row, Sqlite, Transaction, sqlite::SqliteRow};

use crate::{Error, query};

use super::KeyPatch;

pub(super) async fn insert(
    transaction: &mut Transaction<'_, Sqlite>,
    key: &Key,
    digest: &[u8; 32],
) -> Result<(), Error> {
    let inserted = sqlx::query(
        "INSERT INTO keys (id, digest, name, label, disabled, management, limit_nano, limit_reset,
                           byok_in_limit, workspace, creator, created_at, updated_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
    )
    .bind(key.id.as_str())
    .bind(digest.as_slice())
    .bind(&key.name)
    .bind(&key.label)
    .bind(key.disabled)
    .bind(key.management)
    .bind(key.limit.map(NanoUsd::get))
    .bind(key.limit_reset.map(LimitReset::name))
    .bind(key.include_byok_in_limit)
    .bind(key.workspace.as_str())
    .bind(&key.creator)
    .bind(key.created_at)
    .bind(key.updated_at)
    .bind(key.expires_at)
    .execute(&mut **transaction)
    .await;
    match inserted {
        Ok(_) => Ok(()),
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Err(Error::Exists),
        Err(source) => Err(query("create a key")(source)),
    }
}

/// Changes the row and gives it as it is then.
pub(super) async fn patch(
    transaction: &mut Transaction<'_, Sqlite>,
    id: &KeyId,
    patch: &KeyPatch,
    now: i64,
) -> Result<Option<SqliteRow>, Error> {
    sqlx::query(
        "UPDATE keys SET
            name = COALESCE($2, name),
            disabled = COALESCE($3, disabled),
            limit_nano = CASE WHEN $4 THEN $5 ELSE limit_nano END,
            limit_reset = CASE WHEN $6 THEN $7 ELSE limit_reset END,
            byok_in_limit = COALESCE($8, byok_in_limit),
            updated_at = $9
         WHERE id = $1 RETURNING *",
    )
    .bind(id.as_str())
    .bind(&patch.name)
    .bind(patch.disabled)
    .bind(patch.limit.is_some())
    .bind(patch.limit.flatten().map(NanoUsd::get))
    .bind(patch.limit_reset.is_some())
    .bind(patch.limit_reset.flatten().map(LimitReset::name))
    .bind(patch.include_byok_in_limit)
    .bind(now)
    .fetch_optional(&mut **transaction)
    .await
    .map_err(query("change a key"))
}

pub(super) fn parse(row: &SqliteRow) -> Result<Key, Error> {
    let id: String = row.try_get("id").map_err(query("read a key"))?;
    let limit_reset = match row
        .try_get::<Option<String>, _>("limit_reset")
        .map_err(query("read a key"))?
    {
        None => None,
        Some(name) => Some(LimitReset::named(&name).ok_or_else(|| Error::Unreadable {
            what: "key",
            id: id.clone(),
            why: format!("limit_reset is {name:?}"),
        })?),
    };
    read(row, &id, limit_reset).map_err(query("read a key"))
}

fn read(row: &SqliteRow, id: &str, limit_reset: Option<LimitReset>) -> Result<Key, sqlx::Error> {
    Ok(Key {
        id: KeyId::new(id),
        name: row.try_get("name")?,
        label: row.try_get("label")?,
        disabled: row.try_get("disabled")?,
        management: row.try_get("management")?,
        limit: row
            .try_get::<Option<i64>, _>("limit_nano")?
            .map(NanoUsd::new),
        limit_reset,
        include_byok_in_limit: row.try_get("byok_in_limit")?,
        workspace: WorkspaceId::new(row.try_get("workspace")?),
        creator: row.try_get("creator")?,
        created_at: row.try_get("created_at")?,
        updated_at: row.try_get("updated_at")?,
        expires_at: row.try_get("expires_at")?,
    })
}
