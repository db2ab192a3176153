DROP FUNCTION authtodo_delete_todo, authtodo_update_todo, authtodo_create_todo_once,
    authtodo_create_todo, authtodo_start_list, authtodo_list_todos, authtodo_get_todo;
DROP TABLE authtodo_settings;
DROP TABLE authtodo_retries;
DROP TABLE authtodo_lists;
DROP TABLE authtodo_todos;
