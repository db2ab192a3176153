DROP TABLE authtodo_signing_keys;
DROP TABLE authtodo_codes;
DROP TABLE authtodo_sessions;
DROP TABLE authtodo_emails;
DROP TABLE authtodo_users;
