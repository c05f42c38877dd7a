//! The records of served requests, shipped here from the journal in batches.

use std::sync::Arc;

use canon::{EntryId, Generation, GenerationId, Record};
use sqlx::{QueryBuilder, Row, Sqlite, SqlitePool, Transaction, sqlite::SqliteRow};

use crate::{Error, query};

/// Rows in one statement, largest first: few sizes, so that few statements are prepared and kept, and few rounds for
/// any number of rows.
const ROWS: &[usize] = &[64, 16, 4, 1];

/// The records of served requests.
#[derive(Clone, Debug)]
pub struct Generations {
    pool: SqlitePool,
}

impl Generations {
    pub(crate) fn new(pool: SqlitePool) -> Self {
        Self { pool }
    }

    /// Keeps records, and notes that the entries of this journal up to `through` are shipped, all
    /// in one transaction. A record that is there already stays as it is, so a batch may be sent
    /// again.
    ///
    /// # Errors
    /// The database could not be asked; nothing is kept.
    pub async fn ship(
        &self,
        journal: u64,
        through: EntryId,
        generations: &[Arc<Record>],
    ) -> Result<(), Error> {
        const DOING: &str = "ship generations";
        let mut transaction = self.pool.begin().await.map_err(query(DOING))?;
        sqlx::query(
            "INSERT INTO shipped (journal, entry) VALUES ($1, $2)
             ON CONFLICT (journal) DO UPDATE SET entry =
                CASE WHEN excluded.entry > shipped.entry THEN excluded.entry
                     ELSE shipped.entry END",
        )
        .bind(journal_name(journal))
        .bind(count(through.0))
        .execute(&mut *transaction)
        .await
        .map_err(query(DOING))?;
        let mut left = generations;
        for size in ROWS {
            while let Some((rows, behind)) = left.split_at_checked(*size) {
                insert(&mut transaction, rows).await?;
                left = behind;
            }
        }
        transaction.commit().await.map_err(query(DOING))
    }

    /// Up to which entry this journal is shipped; 0 where nothing is.
    ///
    /// # Errors
    /// The database could not be asked.
    pub async fn shipped(&self, journal: u64) -> Result<EntryId, Error> {
        let row = sqlx::query("SELECT entry FROM shipped WHERE journal = $1")
            .bind(journal_name(journal))
            .fetch_optional(&self.pool)
            .await
            .map_err(query("find what is shipped"))?;
        let entry = match row {
            Some(row) => row
                .try_get::<i64, _>(0)
                .map_err(query("find what is shipped"))?,
            None => 0,
        };
        Ok(EntryId(u64::try_from(entry).unwrap_or(0)))
    }

    /// The record of that id.
    ///
    /// # Errors
    /// The database could not be asked, or the record is of another version.
    pub async fn by_id(&self, id: &GenerationId) -> Result<Option<Generation>, Error> {
        const DOING: &str = "find a generation";
        let row = sqlx::query("SELECT record FROM generations WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(&self.pool)
            .await
            .map_err(query(DOING))?;
        let Some(row) = row else { return Ok(None) };
        let record: String = row.try_get(0).map_err(query(DOING))?;
        read(&record, id.as_str()).map(Some)
    }

    /// The records of the requests that came in from this moment on (microseconds since 1970), oldest first, so many at
    /// most, and only those behind this one: the last one of the page before.
    ///
    /// Reads the whole table: for tools, not for the path of a request.
    ///
    /// # Errors
    /// The database could not be asked, or a record is of another version.
    pub async fn since(
        &self,
        from: i64,
        behind: Option<&Generation>,
        count_max: u32,
    ) -> Result<Vec<Generation>, Error> {
        const DOING: &str = "list generations";
        let (at, id) = behind.map_or((from, ""), |last| (last.created_at, last.id.as_str()));
        let rows = sqlx::query(
            "SELECT id, record FROM generations
            WHERE created_at > $1 OR (created_at = $1 AND id > $2)
            ORDER BY created_at, id LIMIT $3",
        )
        .bind(at)
        .bind(id)
        .bind(count_max)
        .fetch_all(&self.pool)
        .await
        .map_err(query(DOING))?;
        let record = |row: &SqliteRow| {
            let id: String = row.try_get(0).map_err(query(DOING))?;
            let record: String = row.try_get(1).map_err(query(DOING))?;
            read(&record, &id)
        };
        rows.iter().map(record).collect()
    }
}

fn read(record: &str, id: &str) -> Result<Generation, Error> {
    serde_json::from_str(record).map_err(|error| Error::Unreadable {
        what: "generation",
        id: id.to_owned(),
        why: error.to_string(),
    })
}

async fn insert(
    transaction: &mut Transaction<'_, Sqlite>,
    generations: &[Arc<Record>],
) -> Result<(), Error> {
    let mut statement = QueryBuilder::<Sqlite>::new(
        "INSERT INTO generations (id, workspace, key_id, created_at, record) ",
    );
    statement.push_values(generations, |mut row, record| {
        row.push_bind(record.id().as_str())
            .push_bind(record.workspace().as_str())
            .push_bind(record.key().as_str())
            .push_bind(record.created_at())
            .push_bind(record.text());
    });
    statement.push(" ON CONFLICT (id) DO NOTHING");
    statement
        .build()
        .execute(&mut **transaction)
        .await
        .map_err(query("ship generations"))?;
    Ok(())
}

/// The largest that fits: databases count in signed numbers.
fn count(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn journal_name(journal: u64) -> String {
    format!("{journal:016x}")
}
