package authtodo

import (
	"context"
	"errors"

	"github.com/authtodo/authtodo/auth"
	"github.com/authtodo/authtodo/auth/accounts"
	"github.com/authtodo/authtodo/todos"
)

// Accounts are the accounts of a module, for the host's own code: an
// administrator's pages, or a request to have everything deleted.
type Accounts struct {
	service *accounts.Service
	todos   todos.Store
	space   string
}

// newAccounts are the accounts that the options ask for; nil if they ask for
// none. Beside an error they are good for what the guard compares only.
func newAccounts(opts Options) (*Accounts, error) {
	if opts.Accounts == nil {
		return nil, nil
	}
	a := &Accounts{todos: opts.Storage.Todos, space: opts.Accounts.UserSpace}
	var err error
	a.service, err = accounts.New(*opts.Accounts, accounts.Deps{
		Store: opts.Storage.Accounts, Logger: opts.Logger, Now: opts.Now, Timeout: opts.Timeout,
		Erase: a.eraseTodos,
	})
	return a, err
}

// eraseTodos removes the todos of an owner.
func (a *Accounts) eraseTodos(ctx context.Context, owner string) error {
	if eraser, ok := a.todos.(todos.Eraser); ok {
		return eraser.EraseTodos(ctx, owner)
	}
	for {
		page, err := a.todos.ListTodos(ctx, owner, todos.Query{Sort: todos.Sort{Field: todos.ByCreatedAt}, Limit: todos.MaxLimit})
		if err != nil || len(page.Todos) == 0 {
			return err
		}
		for _, todo := range page.Todos {
			err := a.todos.DeleteTodo(ctx, owner, todo.ID, nil)
			if err != nil && !errors.Is(err, todos.ErrNotFound) {
				return err
			}
		}
	}
}

// owner is what the todos of a user are kept under.
func (a *Accounts) owner(userID string) string {
	return auth.Identity{UserID: userID, UserSpace: a.space}.Owner()
}
