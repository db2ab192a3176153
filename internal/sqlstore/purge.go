package sqlstore

import (
	"context"
	"database/sql"
	"time"
)

// Purge implements storage.Purger.
func (s *Accounts) Purge(ctx context.Context, now time.Time) (removed int64, err error) {
	err = s.DB.Transact(ctx, func(tx *sql.Tx) (err error) {
		removed, err = PurgeTables(ctx, tx, s.Dialect.Purge, s.Dialect.Time(now),
			`DELETE FROM authtodo_sessions WHERE expires_at < $1`,
			`DELETE FROM authtodo_codes WHERE expires_at < $1`)
		return err
	})
	return removed, err
}

// PurgeTables runs statements that remove what is older than their $1, in a
// transaction. name is a statement before them that names this time to row-level
// security; empty where there is none.
func PurgeTables(ctx context.Context, tx *sql.Tx, name string, before any, statements ...string) (
	removed int64, err error) {
	if name != "" {
		if _, err := tx.ExecContext(ctx, name, before); err != nil {
			return 0, err
		}
	}
	for _, statement := range statements {
		result, err := tx.ExecContext(ctx, statement, before)
		if err != nil {
			return 0, err
		}
		n, err := result.RowsAffected()
		if err != nil {
			return 0, err
		}
		removed += n
	}
	return removed, nil
}
