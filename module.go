// Package authtodo mounts login-guarded, user-scoped todos on any Gin service
// with one call, whoever issues the tokens, wherever the rows are kept.
//
//	db := memory.New()
//	module, err := authtodo.Register(router.Group("/api"), authtodo.Options{
//		Storage: db.Backend(),
//		Auth:    auth.Options{Issuers: []auth.Issuer{{Keys: auth.SharedSecret(secret)}}},
//	})
//
// The routes are /todos, /todos/{id} and /openapi.json below the router that
// was passed; [Module.Guard] protects the host's own handlers with the same
// tokens. Nothing outside of these routes changes.
//
// With Options.Accounts the module issues the tokens itself, below /auth, and
// Better Auth's clients take it for their server.
package authtodo

import (
	"errors"
	"fmt"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo/auth"
	"github.com/authtodo/authtodo/storage"
	"github.com/authtodo/authtodo/todos"
)

// Module is what [Register] has mounted.
type Module struct {
	guard    *auth.Guard
	accounts *Accounts // nil without Options.Accounts
	storage  storage.Backend
	now      func() time.Time
}

// Register mounts the guard and the todo API on router: an engine or a group,
// under any prefix, as often in one process as needed. If the options are not
// valid, nothing is mounted and the error names every fault by its field.
//
// It changes nothing but the routes that it adds: no mode, no binding, no
// NoRoute handler and no other setting of the engine. Middleware that is to
// run before the guard, such as CORS, belongs on router before the call.
//
// Gin panics over a route that is there already; Register returns that as an
// error. A service should not start after it: some of the routes may stand.
func Register(router gin.IRouter, opts Options) (*Module, error) {
	opts, err := opts.withDefaults()
	own, accountsErr := newAccounts(router, opts)
	var cookie string
	deps := auth.Deps{Logger: opts.Logger, Now: opts.Now, Observe: opts.Observe}
	if own != nil {
		deps.Local, cookie = own.service, own.service.SessionCookie()
	}
	guard, authErr := auth.New(opts.Auth, deps)
	if router == nil {
		err = errors.Join(errors.New("the router is missing"), err)
	}
	if err := errors.Join(err, accountsErr, authErr); err != nil {
		return nil, fmt.Errorf("authtodo: options are not valid: %w", err)
	}
	api := todos.NewAPI(todos.APIOptions{
		Store:          opts.Storage.Todos,
		Caller:         caller,
		Again:          func(c *gin.Context) error { _, err := guard.Authenticate(c); return err },
		Logger:         opts.Logger,
		Now:            opts.Now,
		BodyLimit:      opts.BodyLimit,
		Timeout:        opts.Timeout,
		RequireIfMatch: opts.RequireIfMatch,
		Observe:        opts.Observe,
		Cookie:         cookie,
	})
	module := &Module{guard: guard, accounts: own, storage: opts.Storage, now: opts.Now}
	if err := module.mount(router, api); err != nil {
		return nil, err
	}
	return module, nil
}

// caller is the owner of todos that an identity stands for.
func caller(c *gin.Context) todos.Caller {
	identity, _ := auth.From(c)
	return todos.Caller{Owner: identity.Owner(), UserID: identity.UserID}
}

func (m *Module) mount(router gin.IRouter, api *todos.API) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("authtodo: Register: a route is in the way of the module's: %v", v)
		}
	}()
	api.Mount(router, m.guard.Handler())
	if m.accounts != nil {
		m.accounts.service.Mount(router, m.guard)
	}
	return nil
}

// Guard is the module's guard for the host's own handlers: a request without a
// valid credential is answered with 401, and to any other the identity is
// known, by [auth.From] and [auth.UserID].
func (m *Module) Guard() gin.HandlerFunc { return m.guard.Handler() }

// Accounts are the accounts of the module, for the host's own code; nil without
// Options.Accounts.
func (m *Module) Accounts() *Accounts { return m.accounts }

// Close ends what the module runs in the background, the fetching of key sets and
// the sending of mails, and waits for it; with shared secrets there is nothing.
// Call it when the server has shut down: requests that need other keys than are
// there are answered with 503 from then on, and mails are not sent. The storage
// stays open, because the host has opened it. Closing twice is no error.
func (m *Module) Close() error {
	err := m.guard.Close()
	if m.accounts != nil {
		err = errors.Join(err, m.accounts.service.Close())
	}
	return err
}
