package memory

import (
	"context"
	"testing"

	"github.com/authtodo/authtodo/auth/accounts"
	"github.com/authtodo/authtodo/storage/storagetest"
)

func TestAccounts(t *testing.T) {
	db := New()
	storagetest.AccountsSuite{
		Reopen: func(*testing.T) accounts.Store { return db.Backend().Accounts },
		Start: func(*testing.T) func(context.Context) (accounts.Store, error) {
			empty := New()
			return func(context.Context) (accounts.Store, error) { return empty.Backend().Accounts, nil }
		},
	}.Run(t, func(*testing.T) accounts.Store { return db.Backend().Accounts })
}
