package authtodo

import (
	"context"
	"errors"

	"github.com/gin-gonic/gin"

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
func newAccounts(router gin.IRouter, opts Options) (*Accounts, error) {
	if opts.Accounts == nil {
		return nil, nil
	}
	a := &Accounts{todos: opts.Storage.Todos, space: opts.Accounts.UserSpace}
	var err error
	deps := accounts.Deps{
		Store: opts.Storage.Accounts, Logger: opts.Logger, Now: opts.Now, Timeout: opts.Timeout,
		Erase: a.eraseTodos,
	}
	if group, ok := router.(interface{ BasePath() string }); ok {
		deps.Path = group.BasePath()
	}
	a.service, err = accounts.New(*opts.Accounts, deps)
	return a, err
}

// Erase deletes a user's account, sessions and todos; a user who is not there
// may have todos left, and is no error. Requests that other instances were at
// meanwhile can leave something behind: another call after accounts.Options.Recheck,
// a second and [Options].Timeout finds it. When Erase fails, some of it may be gone; call it again.
func (a *Accounts) Erase(ctx context.Context, userID string) error {
	return a.service.Erase(ctx, userID)
}

// SetDisabled disables a user, whose sessions all end and who cannot sign in, or
// enables it again. [accounts.ErrNoUser] if there is no such user.
func (a *Accounts) SetDisabled(ctx context.Context, userID string, disabled bool) error {
	return a.service.SetDisabled(ctx, userID, disabled)
}

// EndSessions ends all sessions of a user. One who is not there has none.
func (a *Accounts) EndSessions(ctx context.Context, userID string) error {
	return a.service.EndSessions(ctx, userID)
}

// Export is all that a module keeps for a user, but for what proves who they are.
type Export struct {
	User     accounts.User
	Sessions []accounts.Session // without the digests of their tokens
	Todos    []todos.Todo       // oldest first
}

// Export returns what is kept for a user. [accounts.ErrNoUser] if there is no
// such user. Todos that are made or deleted while it runs may be there or not.
func (a *Accounts) Export(ctx context.Context, userID string) (Export, error) {
	account, err := a.service.Export(ctx, userID)
	if err != nil {
		return Export{}, err
	}
	export := Export{User: account.User, Sessions: account.Sessions}
	query := oldestFirst()
	for {
		page, err := a.todos.ListTodos(ctx, a.owner(userID), query)
		if err != nil {
			return Export{}, err
		}
		export.Todos = append(export.Todos, page.Todos...)
		if !page.More {
			return export, nil
		}
		query.After = todos.AnchorOf(page.Todos[len(page.Todos)-1], query.Sort)
	}
}

func oldestFirst() todos.Query {
	return todos.Query{Sort: todos.Sort{Field: todos.ByCreatedAt}, Limit: todos.MaxLimit}
}

// eraseTodos removes the todos of an owner.
func (a *Accounts) eraseTodos(ctx context.Context, owner string) error {
	if eraser, ok := a.todos.(todos.Eraser); ok {
		return eraser.EraseTodos(ctx, owner)
	}
	for {
		page, err := a.todos.ListTodos(ctx, owner, oldestFirst())
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
