-- Todos of all owners, and what every write of one keeps beside them.
--
-- Every key of user data starts with user_id, and nothing refers to a table of
-- users, who may live elsewhere: so the tables can be partitioned or
-- distributed by user_id without changing a query. Ids and times are made by
-- the application. deleted_at is there for a trash to come; a todo with it set
-- is in no list.

CREATE TABLE authtodo_todos (
    user_id      text COLLATE "C" NOT NULL CHECK (user_id <> ''),
    id           uuid NOT NULL,
    title        text NOT NULL,
    description  text,
    search_text  text NOT NULL,
    completed    boolean NOT NULL,
    completed_at timestamptz(3),
    position     bigint NOT NULL,
    created_at   timestamptz(3) NOT NULL,
    updated_at   timestamptz(3) NOT NULL,
    version      bigint NOT NULL CHECK (version > 0),
    deleted_at   timestamptz(3),

    -- What the orders go by where that is not a column itself: the start of a
    -- long title, and a stand-in for null, which is last in both directions.
    -- They are columns and not expressions in an index, because row-level
    -- security keeps an index over a function that is not leakproof (left,
    -- coalesce) from being used.
    title_key      text COLLATE "C" NOT NULL GENERATED ALWAYS AS (left(title, 64)) STORED,
    completed_asc  timestamptz(3) NOT NULL
        GENERATED ALWAYS AS (coalesce(completed_at, 'infinity')) STORED,
    completed_desc timestamptz(3) NOT NULL
        GENERATED ALWAYS AS (coalesce(completed_at, '-infinity')) STORED,

    PRIMARY KEY (user_id, id),
    CHECK (completed = (completed_at IS NOT NULL))
);

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

-- The change counter of each owner's list, raised in the statement that writes.
CREATE TABLE authtodo_lists (
    user_id  text COLLATE "C" NOT NULL PRIMARY KEY CHECK (user_id <> ''),
    epoch    text NOT NULL,
    revision bigint NOT NULL CHECK (revision > 0)
);

-- The answers to creations that may be sent again. position is apart from the
-- rest of the answer because the inserting statement finds it.
CREATE TABLE authtodo_retries (
    user_id     text COLLATE "C" NOT NULL CHECK (user_id <> ''),
    key         text COLLATE "C" NOT NULL,
    fingerprint text NOT NULL,
    todo_id     uuid NOT NULL,
    position    bigint NOT NULL,
    answer      text NOT NULL,
    created_at  timestamptz(3) NOT NULL,
    PRIMARY KEY (user_id, key)
);
CREATE INDEX authtodo_retries_created_at ON authtodo_retries (user_id, created_at);

-- What belongs to the module and to no user. cursor_key seals list cursors.
CREATE TABLE authtodo_settings (
    name  text NOT NULL PRIMARY KEY,
    value text NOT NULL
);
INSERT INTO authtodo_settings (name, value) VALUES (
    'cursor_key',
    encode(sha256((gen_random_uuid()::text || gen_random_uuid()::text || gen_random_uuid()::text)::bytea), 'hex')
);

-- Row-level security, forced on the owner of the tables too and fail-closed: a
-- connection that has not said which user it acts for sees no rows and can
-- write none. nullif, because a setting that was local to an ended transaction
-- is left as '' and not as null.
ALTER TABLE authtodo_todos ENABLE ROW LEVEL SECURITY;
ALTER TABLE authtodo_todos FORCE ROW LEVEL SECURITY;
CREATE POLICY authtodo_owner ON authtodo_todos
    USING (user_id = (SELECT nullif(current_setting('authtodo.user_id', true), '')))
    WITH CHECK (user_id = (SELECT nullif(current_setting('authtodo.user_id', true), '')));

ALTER TABLE authtodo_lists ENABLE ROW LEVEL SECURITY;
ALTER TABLE authtodo_lists FORCE ROW LEVEL SECURITY;
CREATE POLICY authtodo_owner ON authtodo_lists
    USING (user_id = (SELECT nullif(current_setting('authtodo.user_id', true), '')))
    WITH CHECK (user_id = (SELECT nullif(current_setting('authtodo.user_id', true), '')));

ALTER TABLE authtodo_retries ENABLE ROW LEVEL SECURITY;
ALTER TABLE authtodo_retries FORCE ROW LEVEL SECURITY;
CREATE POLICY authtodo_owner ON authtodo_retries
    USING (user_id = (SELECT nullif(current_setting('authtodo.user_id', true), '')))
    WITH CHECK (user_id = (SELECT nullif(current_setting('authtodo.user_id', true), '')));
