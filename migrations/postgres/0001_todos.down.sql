DROP TABLE authtodo_settings;
DROP TABLE authtodo_retries;
DROP TABLE authtodo_lists;
DROP TABLE authtodo_todos;
