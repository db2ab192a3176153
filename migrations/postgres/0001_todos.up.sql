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

-- The change counter of each owner's list, raised by every write.
CREATE TABLE authtodo_lists (
    user_id  text COLLATE "C" NOT NULL PRIMARY KEY CHECK (user_id <> ''),
    epoch    text NOT NULL,
    revision bigint NOT NULL CHECK (revision > 0)
);

-- The answers to creations that may be sent again. position is apart from the
-- rest of the answer because the server finds it.
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
-- is left as '' and not as null. It is no sub-select, which would be a plan of
-- its own in each statement: nearly all of them compare user_id with the owner,
-- too, so the planner compares the owner with the setting instead, once.
ALTER TABLE authtodo_todos ENABLE ROW LEVEL SECURITY;
ALTER TABLE authtodo_todos FORCE ROW LEVEL SECURITY;
CREATE POLICY authtodo_owner ON authtodo_todos
    USING (user_id = nullif(current_setting('authtodo.user_id', true), ''))
    WITH CHECK (user_id = nullif(current_setting('authtodo.user_id', true), ''));

ALTER TABLE authtodo_lists ENABLE ROW LEVEL SECURITY;
ALTER TABLE authtodo_lists FORCE ROW LEVEL SECURITY;
CREATE POLICY authtodo_owner ON authtodo_lists
    USING (user_id = nullif(current_setting('authtodo.user_id', true), ''))
    WITH CHECK (user_id = nullif(current_setting('authtodo.user_id', true), ''));

ALTER TABLE authtodo_retries ENABLE ROW LEVEL SECURITY;
ALTER TABLE authtodo_retries FORCE ROW LEVEL SECURITY;
CREATE POLICY authtodo_owner ON authtodo_retries
    USING (user_id = nullif(current_setting('authtodo.user_id', true), ''))
    WITH CHECK (user_id = nullif(current_setting('authtodo.user_id', true), ''));

-- The operations on single todos, and the list as most ask for it. They are
-- functions, because the server keeps
-- the plans of what is in a function for as long as a connection lasts, behind a
-- pooler too. With an index for each order and a policy for each table, planning
-- takes it longer than the work. And a function is one round trip, whatever it
-- comes to.
--
-- They run as whoever calls them and so are bound by row-level security: each
-- begins by saying for whom it is, which holds to the end of the transaction.
-- The statements name the owner all the same.
--
-- All of them write in one order, so that they cannot wait for one another in a
-- circle: the record of a retry, the todo, the list.
--
-- A service may be older than its tables. So a migration that wants other
-- arguments makes a function of another name and leaves the one that is here.

CREATE FUNCTION authtodo_get_todo(owner text, todo uuid)
RETURNS authtodo_todos LANGUAGE plpgsql AS $$
DECLARE
    t authtodo_todos;
BEGIN
    owner := set_config('authtodo.user_id', owner, true);
    SELECT * INTO t FROM authtodo_todos
    WHERE user_id = owner AND id = todo AND deleted_at IS NULL;
    RETURN t;
END $$;

-- A page of the list by position, the order that most ask for: of all todos or, if
-- done is not null, of those that are completed or not; from behind a place; and no
-- todos if the list still is in the known revision. Before it comes a row of the
-- list itself, without an id: title is the epoch, position the revision. Both have
-- to be read at the same moment: so it is one statement. An owner without a list
-- has no rows. Times are in milliseconds, because words have to be parsed.
--
-- The server is told to keep the plan: it would think that one which does not know
-- the limit costs too much for owners of many todos, and plan each time. And that
-- no plan may read the whole table: one that was made while that was empty would
-- be kept until it is analyzed.
CREATE FUNCTION authtodo_list_todos(
    owner text, done boolean, after_position bigint, after_id uuid, page bigint,
    known_epoch text, known_revision bigint
)
RETURNS TABLE (
    id uuid, title text, description text, completed boolean, completed_at bigint,
    "position" bigint, created_at bigint, updated_at bigint, version bigint
) LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
#variable_conflict use_column -- so no column may have the name of an argument
BEGIN
    owner := set_config('authtodo.user_id', owner, true);
    IF done IS NULL THEN
        RETURN QUERY
        WITH list AS MATERIALIZED (
            SELECT epoch, revision FROM authtodo_lists WHERE user_id = owner
        )
        SELECT NULL, epoch, NULL, NULL, NULL, revision, NULL, NULL, 0 FROM list
        UNION ALL (
            SELECT id, title, description, completed,
                CAST(date_part('epoch', completed_at) * 1000 AS bigint), position,
                CAST(date_part('epoch', created_at) * 1000 AS bigint),
                CAST(date_part('epoch', updated_at) * 1000 AS bigint), version
            FROM authtodo_todos
            WHERE user_id = owner AND deleted_at IS NULL
                AND (SELECT epoch <> known_epoch OR revision <> known_revision FROM list)
                AND (position, id) > (after_position, after_id)
            ORDER BY position, id LIMIT page
        );
    ELSE -- another index: a plan has to be good for all arguments
        RETURN QUERY
        WITH list AS MATERIALIZED (
            SELECT epoch, revision FROM authtodo_lists WHERE user_id = owner
        )
        SELECT NULL, epoch, NULL, NULL, NULL, revision, NULL, NULL, 0 FROM list
        UNION ALL (
            SELECT id, title, description, completed,
                CAST(date_part('epoch', completed_at) * 1000 AS bigint), position,
                CAST(date_part('epoch', created_at) * 1000 AS bigint),
                CAST(date_part('epoch', updated_at) * 1000 AS bigint), version
            FROM authtodo_todos
            WHERE user_id = owner AND deleted_at IS NULL AND completed = done
                AND (SELECT epoch <> known_epoch OR revision <> known_revision FROM list)
                AND (position, id) > (after_position, after_id)
            ORDER BY position, id LIMIT page
        );
    END IF;
END $$;

-- What a write does when an UPDATE of authtodo_lists has found no list to raise.
-- The UPDATE comes first because it costs half of an INSERT with ON CONFLICT.
CREATE FUNCTION authtodo_start_list(owner text)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO authtodo_lists AS l (user_id, epoch, revision)
    VALUES (owner, replace(CAST(gen_random_uuid() AS text), '-', ''), 1)
    ON CONFLICT (user_id) DO UPDATE SET revision = l.revision + 1;
END $$;

-- Returns the position of the todo: place or else one step behind the last, as in
-- authtodo_create_todo_once.
CREATE FUNCTION authtodo_create_todo(
    owner text, todo uuid, new_title text, new_description text, new_search_text text,
    new_completed_at timestamptz, place bigint, at timestamptz
)
RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    owner := set_config('authtodo.user_id', owner, true);
    INSERT INTO authtodo_todos (user_id, id, title, description, search_text,
        completed, completed_at, position, created_at, updated_at, version)
    VALUES (owner, todo, new_title, new_description, new_search_text,
        new_completed_at IS NOT NULL, new_completed_at,
        COALESCE(place, LEAST(9007199254740991, 65536 + COALESCE((
            SELECT position FROM authtodo_todos
            WHERE user_id = owner AND deleted_at IS NULL
            ORDER BY position DESC LIMIT 1), 0))), at, at, 1)
    RETURNING position INTO place;
    UPDATE authtodo_lists SET revision = revision + 1 WHERE user_id = owner;
    IF NOT FOUND THEN
        PERFORM authtodo_start_list(owner);
    END IF;
    RETURN place;
END $$;

-- Returns the record of the key: with the id of this todo if it has been created
-- now, with that of another one if the key was used before, after expired_at.
-- Whoever comes with a key that another call has just used waits for that one to
-- end. The position is found here, because the record needs it.
CREATE FUNCTION authtodo_create_todo_once(
    owner text, todo uuid, new_title text, new_description text, new_search_text text,
    new_completed_at timestamptz, place bigint, at timestamptz,
    retry_key text, new_fingerprint text, new_answer text, expired_at timestamptz
)
RETURNS authtodo_retries LANGUAGE plpgsql AS $$
DECLARE
    retry authtodo_retries;
BEGIN
    owner := set_config('authtodo.user_id', owner, true);
    place := COALESCE(place, LEAST(9007199254740991, 65536 + COALESCE((
        SELECT position FROM authtodo_todos
        WHERE user_id = owner AND deleted_at IS NULL
        ORDER BY position DESC LIMIT 1), 0)));
    INSERT INTO authtodo_retries AS r
        (user_id, key, fingerprint, todo_id, position, answer, created_at)
    VALUES (owner, retry_key, new_fingerprint, todo, place, new_answer, at)
    ON CONFLICT (user_id, key) DO UPDATE SET
        fingerprint = excluded.fingerprint,
        todo_id = excluded.todo_id,
        position = excluded.position,
        answer = excluded.answer,
        created_at = excluded.created_at
    WHERE r.created_at < expired_at
    RETURNING * INTO retry;
    IF NOT FOUND THEN -- it still counts, and is locked, so that nobody can take it away
        SELECT * INTO retry FROM authtodo_retries WHERE user_id = owner AND key = retry_key;
        RETURN retry;
    END IF;
    -- Others that have expired go at this occasion, except those that other calls
    -- hold, for which these might be waiting.
    DELETE FROM authtodo_retries
    WHERE user_id = owner AND key IN (
        SELECT key FROM authtodo_retries
        WHERE user_id = owner AND created_at < expired_at AND key <> retry_key
        ORDER BY created_at LIMIT 100
        FOR UPDATE SKIP LOCKED);
    PERFORM authtodo_create_todo(owner, todo, new_title, new_description, new_search_text,
        new_completed_at, place, at);
    RETURN retry;
END $$;

-- Merges into the todo what is not null (with describes, the description too), if
-- that makes a difference. Returns the todo as it is then, nothing if there is
-- none, and no more than its version if that is not among versions. X stands in
-- search_text between the title and the description and is in neither, which are
-- folded.
--
-- To lock the row first would be as good and costs more: an UPDATE that has to
-- wait compares and computes with what the one before has left. That it finds
-- nothing is no answer by itself. Then the row is locked and looked at, and what
-- the second UPDATE does not change is as it was asked for.
CREATE FUNCTION authtodo_update_todo(
    owner text, todo uuid, versions bigint[], at timestamptz,
    new_title text, folded_title text,
    describes boolean, new_description text, folded_description text,
    new_completed boolean, new_position bigint
)
RETURNS authtodo_todos LANGUAGE plpgsql AS $$
DECLARE
    changed authtodo_todos;
    locked authtodo_todos;
    refused authtodo_todos;
BEGIN
    owner := set_config('authtodo.user_id', owner, true);
    LOOP
        UPDATE authtodo_todos SET
            title = COALESCE(new_title, title),
            description = CASE WHEN describes THEN new_description ELSE description END,
            search_text = COALESCE(folded_title, split_part(search_text, 'X', 1))
                || CASE WHEN describes THEN folded_description
                ELSE substr(search_text, length(split_part(search_text, 'X', 1)) + 1) END,
            completed = COALESCE(new_completed, completed),
            completed_at = CASE
                WHEN COALESCE(new_completed, completed) = completed THEN completed_at
                WHEN new_completed THEN at END,
            position = COALESCE(new_position, position),
            updated_at = at,
            version = version + 1
        WHERE user_id = owner AND id = todo AND deleted_at IS NULL
            AND (version = ANY (versions)) IS NOT FALSE
            AND (title <> new_title
                OR describes AND description IS DISTINCT FROM new_description
                OR completed <> new_completed
                OR position <> new_position)
        RETURNING * INTO changed;
        EXIT WHEN FOUND;
        IF locked.id IS NOT NULL THEN
            RETURN locked;
        END IF;
        SELECT * INTO locked FROM authtodo_todos
        WHERE user_id = owner AND id = todo AND deleted_at IS NULL FOR UPDATE;
        IF NOT FOUND THEN
            RETURN NULL;
        END IF;
        IF NOT locked.version = ANY (versions) THEN
            refused.version := locked.version;
            RETURN refused;
        END IF;
    END LOOP;
    UPDATE authtodo_lists SET revision = revision + 1 WHERE user_id = owner;
    IF NOT FOUND THEN
        PERFORM authtodo_start_list(owner);
    END IF;
    RETURN changed;
END $$;

-- Returns 0 if the todo has been deleted, null if there is none, and its version
-- if that is not among versions. It looks only if need be, as the function above.
CREATE FUNCTION authtodo_delete_todo(owner text, todo uuid, versions bigint[])
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    locked_version bigint;
BEGIN
    owner := set_config('authtodo.user_id', owner, true);
    DELETE FROM authtodo_todos
    WHERE user_id = owner AND id = todo AND deleted_at IS NULL
        AND (version = ANY (versions)) IS NOT FALSE;
    IF NOT FOUND THEN
        SELECT version INTO locked_version FROM authtodo_todos
        WHERE user_id = owner AND id = todo AND deleted_at IS NULL FOR UPDATE;
        IF NOT FOUND OR NOT locked_version = ANY (versions) THEN
            RETURN locked_version;
        END IF;
        DELETE FROM authtodo_todos WHERE user_id = owner AND id = todo;
    END IF;
    UPDATE authtodo_lists SET revision = revision + 1 WHERE user_id = owner;
    IF NOT FOUND THEN
        PERFORM authtodo_start_list(owner);
    END IF;
    RETURN 0;
END $$;
