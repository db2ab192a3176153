-- Accounts, for a module that issues its tokens itself. They stay empty where
-- another service does.
--
-- Every key of user data starts with user_id, as in the tables of todos, and
-- whatever is looked up without knowing the user carries the user's id in its
-- token. The one exception is authtodo_emails, which is what makes an address
-- unique and a sign-in find its user. A sign-in writes a session and nothing
-- into authtodo_users, so that table can be one that is dear to write.

CREATE TABLE authtodo_users (
    user_id        text COLLATE "C" NOT NULL PRIMARY KEY CHECK (user_id <> ''),
    email          text COLLATE "C" NOT NULL,
    email_verified boolean NOT NULL,
    name           text NOT NULL,
    image          text,
    password       text NOT NULL, -- a hash; '' if there is none
    disabled       boolean NOT NULL,
    created_at     timestamptz(3) NOT NULL,
    updated_at     timestamptz(3) NOT NULL
);

-- Written with the row of the user in one transaction, which has locked that row
-- first.
CREATE TABLE authtodo_emails (
    email   text COLLATE "C" NOT NULL PRIMARY KEY CHECK (email <> ''),
    user_id text COLLATE "C" NOT NULL CHECK (user_id <> '')
);

-- Of secrets there are only digests; null is no secret.
CREATE TABLE authtodo_sessions (
    user_id    text COLLATE "C" NOT NULL CHECK (user_id <> ''),
    id         text COLLATE "C" NOT NULL,
    secret     bytea,
    refresh    bytea,
    parent     bytea,
    rotated_at timestamptz(3),
    created_at timestamptz(3) NOT NULL,
    updated_at timestamptz(3) NOT NULL,
    expires_at timestamptz(3) NOT NULL,
    ends_at    timestamptz(3) NOT NULL,
    temporary  boolean NOT NULL,
    address    text NOT NULL,
    user_agent text NOT NULL,
    PRIMARY KEY (user_id, id)
);

CREATE TABLE authtodo_codes (
    user_id    text COLLATE "C" NOT NULL CHECK (user_id <> ''),
    purpose    text COLLATE "C" NOT NULL,
    secret     bytea NOT NULL,
    email      text COLLATE "C" NOT NULL,
    proven     boolean NOT NULL,
    session_id text COLLATE "C" NOT NULL, -- that asked; '' if none had to
    created_at timestamptz(3) NOT NULL,
    expires_at timestamptz(3) NOT NULL,
    PRIMARY KEY (user_id, purpose, secret)
);

-- The keys of access tokens belong to no user. private is encrypted.
CREATE TABLE authtodo_signing_keys (
    number     bigint NOT NULL PRIMARY KEY CHECK (number > 0),
    id         text COLLATE "C" NOT NULL,
    public     bytea NOT NULL,
    private    bytea NOT NULL,
    created_at timestamptz(3) NOT NULL,
    signs_from timestamptz(3) NOT NULL,
    dead_at    timestamptz(3) NOT NULL
);

-- Row-level security as for todos, forced and fail-closed.
ALTER TABLE authtodo_users ENABLE ROW LEVEL SECURITY;
ALTER TABLE authtodo_users FORCE ROW LEVEL SECURITY;
CREATE POLICY authtodo_owner ON authtodo_users
    USING (user_id = nullif(current_setting('authtodo.user_id', true), ''))
    WITH CHECK (user_id = nullif(current_setting('authtodo.user_id', true), ''));

ALTER TABLE authtodo_sessions ENABLE ROW LEVEL SECURITY;
ALTER TABLE authtodo_sessions FORCE ROW LEVEL SECURITY;
CREATE POLICY authtodo_owner ON authtodo_sessions
    USING (user_id = nullif(current_setting('authtodo.user_id', true), ''))
    WITH CHECK (user_id = nullif(current_setting('authtodo.user_id', true), ''));

ALTER TABLE authtodo_codes ENABLE ROW LEVEL SECURITY;
ALTER TABLE authtodo_codes FORCE ROW LEVEL SECURITY;
CREATE POLICY authtodo_owner ON authtodo_codes
    USING (user_id = nullif(current_setting('authtodo.user_id', true), ''))
    WITH CHECK (user_id = nullif(current_setting('authtodo.user_id', true), ''));

-- Whoever signs in knows an address and not yet the user. So the one address that
-- the setting authtodo.email names can be seen, too, and no other; only the user
-- can write.
ALTER TABLE authtodo_emails ENABLE ROW LEVEL SECURITY;
ALTER TABLE authtodo_emails FORCE ROW LEVEL SECURITY;
CREATE POLICY authtodo_owner ON authtodo_emails
    USING (user_id = nullif(current_setting('authtodo.user_id', true), ''))
    WITH CHECK (user_id = nullif(current_setting('authtodo.user_id', true), ''));
CREATE POLICY authtodo_address ON authtodo_emails FOR SELECT
    USING (email = (SELECT nullif(current_setting('authtodo.email', true), '')));
