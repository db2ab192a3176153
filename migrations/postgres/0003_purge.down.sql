DROP POLICY authtodo_ended ON authtodo_codes;
DROP POLICY authtodo_ended_read ON authtodo_codes;
DROP POLICY authtodo_ended ON authtodo_sessions;
DROP POLICY authtodo_ended_read ON authtodo_sessions;
DROP POLICY authtodo_ended ON authtodo_retries;
DROP POLICY authtodo_ended_read ON authtodo_retries;
