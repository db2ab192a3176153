package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/authtodo/authtodo/auth/accounts"
	"github.com/authtodo/authtodo/internal/pqconn"
	"github.com/authtodo/authtodo/internal/sqlstore"
)

// accountDB runs what [sqlstore.Accounts] asks.
type accountDB struct{ *DB }

// Whom a statement is for, as gate has it for todos. In a transaction the first
// statement says so for all, and the setting is gone with the transaction. Who
// signs in has only an address, and then that is named instead.
const (
	namedUser    = `set_config('authtodo.user_id', CAST($1 AS text), true)`
	namedAddress = `set_config('authtodo.email', CAST($1 AS text), true)`
)

// accounts is the store of accounts. Reading a session, which a guard does, is
// one statement. Whatever writes is a transaction in the plain sense, on a pool
// of any kind: within it no pooler gives the connection to anybody else, and no
// statement is kept beyond it.
func (db *DB) accounts() accounts.Store { return accountsOn(accountDB{db}) }

// accountsOn is the store whose statements are run by run.
func accountsOn(run sqlstore.AccountDB) accounts.Store {
	return &sqlstore.Accounts{
		DB: run,
		Dialect: sqlstore.AccountDialect{
			Owner:   `(SELECT ` + namedUser + `) IS NOT NULL AND user_id = CAST($1 AS text)`,
			Address: `(SELECT ` + namedAddress + `) IS NOT NULL AND email = CAST($1 AS text)`,
			User:    namedUser,
			Lock:    ` FOR UPDATE`,
			Purge:   namedMoment,
			Time:    func(at time.Time) any { return at },
		},
	}
}

// Select implements [sqlstore.AccountDB].
func (db accountDB) Select(
	ctx context.Context, statement string, args []any, scan func(sqlstore.Rows) error,
) error {
	return accountFailure(ctx, retry(ctx, func() error {
		return db.ask(ctx, statement, args, scan)
	}))
}

// Transact implements [sqlstore.AccountDB].
func (db accountDB) Transact(ctx context.Context, do func(*sql.Tx) error) error {
	return accountFailure(ctx, db.transact(ctx, do))
}

// transact runs do in a transaction, again if the server has undone it because
// of another one, and commits unless do fails. What writes locks the row of its
// user first, and that is enough: a stricter level, which may be the default of
// the role, would only undo what has waited.
func (db *DB) transact(ctx context.Context, do func(*sql.Tx) error) error {
	level := &sql.TxOptions{Isolation: sql.LevelReadCommitted}
	return retry(ctx, func() error {
		tx, err := db.pool.DB.BeginTx(ctx, level)
		if err != nil {
			return err
		}
		defer tx.Rollback()
		if err := do(tx); err != nil {
			return err
		}
		return tx.Commit()
	})
}

// retry runs do until it ends otherwise than by a conflict.
func retry(ctx context.Context, do func() error) (err error) {
	for attempt := range attempts {
		if attempt > 0 {
			pause(ctx, attempt)
		}
		if err = do(); !conflict(err) {
			break
		}
	}
	return err
}

// accountFailure is failure for accounts.
func accountFailure(ctx context.Context, err error) error {
	if err == nil || sqlstore.IsAccountAnswer(err) {
		return err
	}
	err = withEnd(ctx, err)
	switch code := pqconn.SQLState(err); {
	case code == "42P01" || code == "42703": // no such table, no such column
		return fmt.Errorf("%w: postgres: the schema is behind, migrations.Up has to run: %w",
			accounts.ErrUnavailable, err)
	case len(code) == 5 && (code[:2] == "22" || code[:2] == "23"): // bad data, a constraint
		return fmt.Errorf("postgres: %w", err)
	}
	return fmt.Errorf("%w: postgres: %w", accounts.ErrUnavailable, err)
}
