package sqlite

import (
	"context"
	"database/sql"

	"github.com/authtodo/authtodo/internal/sqlstore"
)

// reader runs statements that read.
type reader struct {
	db *DB
	tx *sql.Tx // or nil
}

// query runs a statement.
func (r *reader) query(
	ctx context.Context, statement string, args []any, scan func(sqlstore.Rows) error,
) error {
	run := r.db.readers.QueryContext
	if r.tx != nil {
		run = r.tx.QueryContext
	}
	rows, err := run(ctx, statement, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	return scan(rows)
}

// read runs do with a reader for one statement.
func (db *DB) read(ctx context.Context, owner string, do func(*reader) error) error {
	if err := sqlstore.CheckOwner(owner); err != nil {
		return err
	}
	return failure(ctx, do(&reader{db: db}))
}

// snapshot runs do with a reader whose statements all see the same moment.
func (db *DB) snapshot(ctx context.Context, owner string, do func(*reader) error) error {
	return db.read(ctx, owner, func(r *reader) (err error) {
		if r.tx, err = db.readers.BeginTx(ctx, &sql.TxOptions{ReadOnly: true}); err != nil {
			return err
		}
		defer r.tx.Rollback() // there is nothing to commit
		return do(r)
	})
}

// write runs do in a transaction, which it may share, and commits unless do
// fails: see [group]. The wait for the turn, and for the lock if another process
// has it, ends with ctx.
func (db *DB) write(
	ctx context.Context, owner string, do func(context.Context, *sql.Tx) error,
) error {
	if err := sqlstore.CheckOwner(owner); err != nil {
		return err
	}
	return failure(ctx, db.group.write(ctx, do))
}

// transact runs do in a transaction of its own and commits unless do fails.
func (db *DB) transact(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := db.writer.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := do(tx); err != nil {
		return err
	}
	return tx.Commit()
}
