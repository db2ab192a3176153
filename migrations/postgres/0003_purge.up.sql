-- What has ended can be removed for all users at once: a transaction that names a
-- moment sees and deletes what had ended before it, and before now by the clock of
-- the server, whatever moment it names. Nothing that is still good can be seen so.
CREATE POLICY authtodo_ended_read ON authtodo_retries FOR SELECT
    USING (created_at < (SELECT nullif(current_setting('authtodo.ended_before', true), '')::timestamptz)
        AND created_at < now() - interval '24 hours');
CREATE POLICY authtodo_ended ON authtodo_retries FOR DELETE
    USING (created_at < (SELECT nullif(current_setting('authtodo.ended_before', true), '')::timestamptz)
        AND created_at < now() - interval '24 hours');

CREATE POLICY authtodo_ended_read ON authtodo_sessions FOR SELECT
    USING (expires_at < (SELECT nullif(current_setting('authtodo.ended_before', true), '')::timestamptz)
        AND expires_at < now());
CREATE POLICY authtodo_ended ON authtodo_sessions FOR DELETE
    USING (expires_at < (SELECT nullif(current_setting('authtodo.ended_before', true), '')::timestamptz)
        AND expires_at < now());

CREATE POLICY authtodo_ended_read ON authtodo_codes FOR SELECT
    USING (expires_at < (SELECT nullif(current_setting('authtodo.ended_before', true), '')::timestamptz)
        AND expires_at < now());
CREATE POLICY authtodo_ended ON authtodo_codes FOR DELETE
    USING (expires_at < (SELECT nullif(current_setting('authtodo.ended_before', true), '')::timestamptz)
        AND expires_at < now());
