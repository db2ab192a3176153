package accounts_test

import (
	"context"
	"sync/atomic"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth/accounts"
)

// moments is a store that has something happen right before it does one thing for
// the first time.
type moments struct {
	accounts.Store
	signIn, end atomic.Pointer[func()]
	put         atomic.Pointer[func(accounts.Purpose)]
}

func (m *moments) behind(o *authtodo.Options) {
	m.Store = o.Storage.Accounts
	o.Storage.Accounts = m
}

func (m *moments) CreateSession(
	ctx context.Context, session accounts.Session, password string, limit int,
) error {
	if happen := m.signIn.Swap(nil); happen != nil {
		(*happen)()
	}
	return m.Store.CreateSession(ctx, session, password, limit)
}

func (m *moments) EndSession(ctx context.Context, userID, id string) error {
	if happen := m.end.Swap(nil); happen != nil {
		(*happen)()
	}
	return m.Store.EndSession(ctx, userID, id)
}

func (m *moments) PutCode(ctx context.Context, userID string, code accounts.Code, limit int) error {
	if happen := m.put.Swap(nil); happen != nil {
		(*happen)(code.Purpose)
	}
	return m.Store.PutCode(ctx, userID, code, limit)
}
