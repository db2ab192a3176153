package postgres

import (
	"cmp"
	"context"
	"database/sql"
	"math/rand/v2"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/authtodo/authtodo/internal/pqconn"
	"github.com/authtodo/authtodo/internal/sqlstore"
)

// attempts is how often a statement is run that the server ends because of
// another transaction. That is rare, unless the role or the server has another
// default_transaction_isolation than read committed.
const attempts = 10

// query runs a statement whose first argument is the owner, and returns errors
// of the store. scan may be called more than once: it must set what it returns
// each time.
func (db *DB) query(
	ctx context.Context, statement string, args []any, scan func(sqlstore.Rows) error,
) error {
	return failure(ctx, db.run(ctx, statement, args, scan))
}

// run is query with the errors as they are.
func (db *DB) run(
	ctx context.Context, statement string, args []any, scan func(sqlstore.Rows) error,
) error {
	if err := sqlstore.CheckOwner(args[0].(string)); err != nil {
		return err
	}
	var err error
	for attempt := range attempts {
		if attempt > 0 {
			pause(ctx, attempt)
		}
		if err = db.ask(ctx, statement, args, scan); !conflict(err) {
			break
		}
	}
	return err
}

// ask runs a statement once.
func (db *DB) ask(
	ctx context.Context, statement string, args []any, scan func(sqlstore.Rows) error,
) error {
	if db.owned {
		query := pqconn.Query{Text: statement, Args: args, Kept: db.direct}
		return query.Run(ctx, db.pool.DB, func(rows *pqconn.Rows) error { return scan(rows) })
	}
	return db.within(ctx, func(q sqlx.QueryerContext) error {
		rows, err := q.QueryContext(ctx, statement, args...)
		if err != nil {
			return err
		}
		return read(rows, scan)
	})
}

// read scans rows and closes them, and returns the first error: a statement can
// still fail behind its last row. A panic of a driver keeps no connection.
func read(rows *sql.Rows, scan func(sqlstore.Rows) error) error {
	defer rows.Close()
	scanned := scan(rows)
	closed := rows.Close()
	return cmp.Or(scanned, rows.Err(), closed)
}

// pause keeps those that were in one another's way from meeting again, for 64 ms
// at most.
func pause(ctx context.Context, attempt int) {
	timer := time.NewTimer(rand.N(time.Millisecond << min(attempt, 6)))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// alone runs a statement as it is: one round trip, committed by itself. It is
// right with the connector of this module, which sends the text of a statement
// and its arguments together and never repeats what was sent. lib/pq by itself
// does neither, and gives clients of a pooler one another's answers.
func (db *DB) alone(_ context.Context, do func(sqlx.QueryerContext) error) error { return do(db.pool) }

// transacted runs a statement in a transaction, within which no pooler gives
// the connection to anybody else.
func (db *DB) transacted(ctx context.Context, do func(sqlx.QueryerContext) error) error {
	tx, err := db.pool.BeginTxx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := do(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// prepared runs a statement that stays prepared, on a pool of any driver.
func (db *DB) prepared(_ context.Context, do func(sqlx.QueryerContext) error) error {
	return do(keeper{db.pool, &db.kept})
}

// keeper prepares what is run by QueryContext.
type keeper struct {
	*sqlx.DB
	kept *statements
}

func (k keeper) QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	statement, err := k.kept.get(ctx, text)
	if err != nil {
		return nil, err
	}
	return statement.QueryContext(ctx, args...)
}
