package postgres

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"

	"github.com/authtodo/authtodo/auth/accounts"
	"github.com/authtodo/authtodo/internal/pgtest"
	"github.com/authtodo/authtodo/storage/storagetest"
)

func TestAccounts(t *testing.T) {
	for name, mode := range modes() {
		t.Run(name, func(t *testing.T) {
			server := pgtest.Migrated(t)
			db, admin := mode(t, server), stock(t, server.AdminURL)
			storagetest.AccountsSuite{
				AnswersGetLost: true,
				CancelsBreak:   strings.HasSuffix(name, "through a pooler"),
				Reopen: func(t *testing.T) accounts.Store {
					return open(t, Options{MaxOpenConns: 5}, server.URL).Backend().Accounts
				},
				Start: func(t *testing.T) func(context.Context) (accounts.Store, error) {
					empty := pgtest.Empty(t)
					return func(ctx context.Context) (accounts.Store, error) {
						db, err := Options{MaxOpenConns: 2}.Open(ctx, empty.URL)
						if err != nil {
							return nil, err
						}
						t.Cleanup(func() { db.Close() })
						return db.Backend().Accounts, db.Migrate(ctx)
					}
				},
				Broken: func(t *testing.T) accounts.Store {
					broken := open(t, Options{}, server.URL)
					broken.Close()
					return broken.Backend().Accounts
				},
				Hold: func(ctx context.Context, userID string) (func(), error) {
					return holdUser(ctx, admin, userID)
				},
			}.Run(t, func(*testing.T) accounts.Store { return db.Backend().Accounts })
		})
	}
}

// TestAccountsSerializable has a role whose transactions the server undoes
// whenever they could have met.
func TestAccountsSerializable(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	server := pgtest.Migrated(t)
	db := open(t, Options{}, server.URL+" options='-c default_transaction_isolation=serializable'")
	suite := storagetest.AccountsSuite{AnswersGetLost: true}
	suite.Run(t, func(*testing.T) accounts.Store { return db.Backend().Accounts })
}

// holdUser locks the row that every write for a user comes to first.
func holdUser(ctx context.Context, admin *sql.DB, userID string) (release func(), err error) {
	tx, err := admin.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	_, err = tx.ExecContext(ctx, `SELECT 1 FROM authtodo_users WHERE user_id = $1 FOR UPDATE`, userID)
	if err != nil {
		return nil, errors.Join(err, tx.Rollback())
	}
	return func() { tx.Rollback() }, nil
}
