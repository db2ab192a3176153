package sqlite

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/authtodo/authtodo/auth/accounts"
	"github.com/authtodo/authtodo/storage/storagetest"
)

func TestAccounts(t *testing.T) {
	db, path := migrated(t)
	storagetest.AccountsSuite{
		Reopen: func(t *testing.T) accounts.Store { return open(t, path).Backend().Accounts },
		Start: func(t *testing.T) func(context.Context) (accounts.Store, error) {
			path := filepath.Join(t.TempDir(), "new.db")
			return func(ctx context.Context) (accounts.Store, error) {
				db, err := Open(ctx, path)
				if err != nil {
					return nil, err
				}
				t.Cleanup(func() { db.Close() })
				return db.Backend().Accounts, db.Migrate(ctx)
			}
		},
		Broken: func(t *testing.T) accounts.Store {
			db, _ := migrated(t)
			db.Close()
			return db.Backend().Accounts
		},
		Faults: func(t *testing.T) []storagetest.Fault { return faults(t, path) },
		Hold:   func(ctx context.Context, _ string) (func(), error) { return hold(ctx, path) },
	}.Run(t, func(*testing.T) accounts.Store { return db.Backend().Accounts })
}
