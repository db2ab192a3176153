package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/authtodo/authtodo/auth/accounts"
	"github.com/authtodo/authtodo/internal/sqlstore"
)

// accountDB runs what [sqlstore.Accounts] asks.
type accountDB struct{ *DB }

// accounts is the store of accounts. There is nothing to lock: a transaction
// that writes holds the only connection there is for it.
func (db *DB) accounts() accounts.Store {
	return &sqlstore.Accounts{
		DB: accountDB{db},
		Dialect: sqlstore.AccountDialect{
			Owner:   `user_id = $1`,
			Address: `email = $1`,
			User:    `$1`,
			Time:    func(at time.Time) any { return at.UnixMilli() },
		},
	}
}

// Select implements [sqlstore.AccountDB].
func (db accountDB) Select(
	ctx context.Context, statement string, args []any, scan func(sqlstore.Rows) error,
) error {
	return accountFailure(ctx, (&reader{db: db.DB}).query(ctx, statement, args, scan))
}

// Transact implements [sqlstore.AccountDB].
func (db accountDB) Transact(ctx context.Context, do func(*sql.Tx) error) error {
	return accountFailure(ctx, db.transact(ctx, do))
}

// accountFailure is failure for accounts.
func accountFailure(ctx context.Context, err error) error {
	if err == nil || sqlstore.IsAccountAnswer(err) {
		return err
	}
	return classify(ctx, err, accounts.ErrUnavailable)
}
