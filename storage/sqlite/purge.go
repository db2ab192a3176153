package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/authtodo/authtodo/internal/sqlstore"
	"github.com/authtodo/authtodo/todos"
)

// Purge implements storage.Purger.
func (s todoStore) Purge(ctx context.Context, now time.Time) (removed int64, err error) {
	err = s.transact(ctx, func(tx *sql.Tx) (err error) {
		removed, err = sqlstore.PurgeTables(ctx, tx, "", now.Add(-todos.RetryWindow).UnixMilli(),
			`DELETE FROM authtodo_retries WHERE created_at < $1`)
		return err
	})
	return removed, failure(ctx, err)
}
