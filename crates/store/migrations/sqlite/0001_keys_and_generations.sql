-- Money is BIGINT nano-USD, time is BIGINT microseconds since 1970 (UTC).

CREATE TABLE keys (
    id               TEXT    NOT NULL PRIMARY KEY,
    digest           BLOB    NOT NULL UNIQUE,
    name             TEXT    NOT NULL,
    label            TEXT    NOT NULL,
    disabled         BOOLEAN NOT NULL,
    management       BOOLEAN NOT NULL,
    limit_nano       BIGINT,
    limit_reset      TEXT,
    byok_in_limit    BOOLEAN NOT NULL,
    workspace        TEXT    NOT NULL,
    creator          TEXT,
    created_at       BIGINT  NOT NULL,
    updated_at       BIGINT,
    expires_at       BIGINT
);

CREATE INDEX keys_by_workspace ON keys (workspace, created_at);

-- What other processes must forget. Versions only grow; old rows are removed.
CREATE TABLE key_changes (
    version INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    digest  BLOB    NOT NULL
);

-- One row a served request. The record is whole in `record`; the other columns are for finding it. Ids begin with
-- their second, so rows come nearly in order and the one tree grows at its end.
CREATE TABLE generations (
    id         TEXT   NOT NULL PRIMARY KEY,
    workspace  TEXT   NOT NULL,
    key_id     TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    record     TEXT   NOT NULL
) WITHOUT ROWID;

-- How far a journal's entries have been shipped into this database.
CREATE TABLE shipped (
    journal TEXT   NOT NULL PRIMARY KEY,
    entry   BIGINT NOT NULL
);
