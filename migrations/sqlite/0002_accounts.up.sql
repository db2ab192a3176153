-- Accounts, for a module that issues its tokens itself: the same tables as on
-- Postgres, without row-level security, which SQLite has not. Times are
-- milliseconds since 1970.

CREATE TABLE authtodo_users (
    user_id        TEXT NOT NULL PRIMARY KEY CHECK (user_id <> ''),
    email          TEXT NOT NULL,
    email_verified INTEGER NOT NULL CHECK (email_verified IN (0, 1)),
    name           TEXT NOT NULL,
    image          TEXT,
    password       TEXT NOT NULL, -- a hash; '' if there is none
    disabled       INTEGER NOT NULL CHECK (disabled IN (0, 1)),
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL
) STRICT;

-- Written with the row of the user in one transaction.
CREATE TABLE authtodo_emails (
    email   TEXT NOT NULL PRIMARY KEY CHECK (email <> ''),
    user_id TEXT NOT NULL CHECK (user_id <> '')
) STRICT, WITHOUT ROWID;

-- Of secrets there are only digests; null is no secret.
CREATE TABLE authtodo_sessions (
    user_id    TEXT NOT NULL CHECK (user_id <> ''),
    id         TEXT NOT NULL,
    secret     BLOB,
    refresh    BLOB,
    parent     BLOB,
    rotated_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    ends_at    INTEGER NOT NULL,
    temporary  INTEGER NOT NULL CHECK (temporary IN (0, 1)),
    address    TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    PRIMARY KEY (user_id, id)
) STRICT;

CREATE TABLE authtodo_codes (
    user_id    TEXT NOT NULL CHECK (user_id <> ''),
    purpose    TEXT NOT NULL,
    secret     BLOB NOT NULL,
    email      TEXT NOT NULL,
    proven     INTEGER NOT NULL CHECK (proven IN (0, 1)),
    session_id TEXT NOT NULL, -- that asked; '' if none had to
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, purpose, secret)
) STRICT;

-- The keys of access tokens belong to no user. private is encrypted.
CREATE TABLE authtodo_signing_keys (
    number     INTEGER NOT NULL PRIMARY KEY CHECK (number > 0),
    id         TEXT NOT NULL,
    public     BLOB NOT NULL,
    private    BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    signs_from INTEGER NOT NULL,
    dead_at    INTEGER NOT NULL
) STRICT;
