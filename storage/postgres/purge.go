package postgres

import (
	"context"
	"database/sql"
	"time"

	"github.com/authtodo/authtodo/internal/sqlstore"
	"github.com/authtodo/authtodo/todos"
)

// namedMoment lets a transaction see and delete what had ended at $1, of all users,
// and only if the server's own clock says so, too: see migration 3.
const namedMoment = `SELECT set_config('authtodo.ended_before', CAST(CAST($1 AS timestamptz) AS text), true)`

// Purge implements storage.Purger.
func (s todoStore) Purge(ctx context.Context, now time.Time) (removed int64, err error) {
	err = s.transact(ctx, func(tx *sql.Tx) (err error) {
		removed, err = sqlstore.PurgeTables(ctx, tx, namedMoment, now.Add(-todos.RetryWindow),
			`DELETE FROM authtodo_retries WHERE created_at < $1`)
		return err
	})
	return removed, failure(ctx, err)
}
