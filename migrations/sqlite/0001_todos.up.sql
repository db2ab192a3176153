-- Todos of all owners, and what every write of one keeps beside them: the same
-- tables as on Postgres, without row-level security, which SQLite has not.
-- Times are milliseconds since 1970.

CREATE TABLE authtodo_todos (
    user_id      TEXT NOT NULL CHECK (user_id <> ''),
    id           TEXT NOT NULL,
    title        TEXT NOT NULL,
    description  TEXT,
    search_text  TEXT NOT NULL,
    completed    INTEGER NOT NULL CHECK (completed IN (0, 1)),
    completed_at INTEGER,
    position     INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    version      INTEGER NOT NULL CHECK (version > 0),
    deleted_at   INTEGER,

    -- What the orders go by where that is not a column itself: the start of a
    -- long title, and a stand-in for null, which is last in both directions.
    title_key      TEXT NOT NULL GENERATED ALWAYS AS (substr(title, 1, 64)) VIRTUAL,
    completed_asc  INTEGER NOT NULL
        GENERATED ALWAYS AS (coalesce(completed_at, 9223372036854775807)) VIRTUAL,
    completed_desc INTEGER NOT NULL
        GENERATED ALWAYS AS (coalesce(completed_at, -9223372036854775807)) VIRTUAL,

    PRIMARY KEY (user_id, id),
    CHECK (completed = (completed_at IS NOT NULL))
) STRICT;

-- One index an order, so that a page costs the same wherever in a list it is.
CREATE INDEX authtodo_todos_position ON authtodo_todos (user_id, position, id)
    WHERE deleted_at IS NULL;
CREATE INDEX authtodo_todos_completed ON authtodo_todos (user_id, completed, position, id)
    WHERE deleted_at IS NULL;
CREATE INDEX authtodo_todos_created_at ON authtodo_todos (user_id, created_at, id)
    WHERE deleted_at IS NULL;
CREATE INDEX authtodo_todos_updated_at ON authtodo_todos (user_id, updated_at, id)
    WHERE deleted_at IS NULL;
CREATE INDEX authtodo_todos_title ON authtodo_todos (user_id, title_key, id)
    WHERE deleted_at IS NULL;
CREATE INDEX authtodo_todos_completed_asc ON authtodo_todos (user_id, completed_asc, id)
    WHERE deleted_at IS NULL;
CREATE INDEX authtodo_todos_completed_desc ON authtodo_todos (user_id, completed_desc, id)
    WHERE deleted_at IS NULL;

-- The change counter of each owner's list, raised in the transaction that writes.
CREATE TABLE authtodo_lists (
    user_id  TEXT NOT NULL PRIMARY KEY CHECK (user_id <> ''),
    epoch    TEXT NOT NULL,
    revision INTEGER NOT NULL CHECK (revision > 0)
) STRICT, WITHOUT ROWID;

-- The answers to creations that may be sent again. position is apart from the
-- rest of the answer because on Postgres the inserting statement finds it.
CREATE TABLE authtodo_retries (
    user_id     TEXT NOT NULL CHECK (user_id <> ''),
    key         TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    todo_id     TEXT NOT NULL,
    position    INTEGER NOT NULL,
    answer      TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (user_id, key)
) STRICT;
CREATE INDEX authtodo_retries_created_at ON authtodo_retries (user_id, created_at);

-- What belongs to the module and to no user. cursor_key seals list cursors.
CREATE TABLE authtodo_settings (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO authtodo_settings (name, value) VALUES ('cursor_key', lower(hex(randomblob(32))));
