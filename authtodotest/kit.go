// Package authtodotest is for the tests of hosts: a module on memory whose clock
// stands still, whose todos have ids that count up, and whose users need no
// account. A test of a guarded handler takes five lines and no database:
//
//	engine := gin.New()
//	kit := authtodotest.Mount(t, engine.Group("/api"))
//	engine.GET("/reports", kit.Guard(), reports)
//	answer := kit.Serve(engine, kit.Request("ada", "GET", "/reports", ""))
//	...
//
// The guard, the API and the storage are those of the module itself: what a test
// sees is what a service would do.
package authtodotest

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth"
	"github.com/authtodo/authtodo/storage/memory"
	"github.com/authtodo/authtodo/todos"
)

// Life is how long tokens of a [Kit] are good.
const Life = time.Hour

// Kit is a mounted module and what a test drives it with. It is safe for
// concurrent use.
type Kit struct {
	*authtodo.Module

	t      testing.TB
	secret []byte
	clock  atomic.Int64 // milliseconds since 1970
}

// Mount mounts a module on router, as Register does, with its data in memory. Its
// clock stands at 2030-01-01T12:00:00Z. It is closed when t ends.
func Mount(t testing.TB, router gin.IRouter) *Kit {
	t.Helper()
	kit := &Kit{t: t, secret: []byte(rand.Text() + rand.Text())}
	kit.clock.Store(time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC).UnixMilli())
	backend := memory.New().Backend()
	backend.Todos = &counted{Store: backend.Todos}
	module, err := authtodo.Register(router, authtodo.Options{
		Storage: backend,
		Auth:    auth.Options{Issuers: []auth.Issuer{{Keys: auth.SharedSecret(string(kit.secret))}}},
		Logger:  slog.New(slog.DiscardHandler),
		Now:     kit.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { module.Close() })
	kit.Module = module
	return kit
}

// Now is the time of the kit's clock, in UTC and whole milliseconds.
func (k *Kit) Now() time.Time { return time.UnixMilli(k.clock.Load()).UTC() }

// Advance moves the clock, on or back: tokens expire by it, and todos have its
// times.
func (k *Kit) Advance(d time.Duration) { k.clock.Add(d.Milliseconds()) }

// Token is a token of a user, good from now for [Life].
func (k *Kit) Token(userID string) string { return k.TokenWith(userID, nil) }

// TokenWith is [Kit.Token] with further claims, such as roles; they win over
// those that a token has anyway, sub, iat and exp, so that a test can make one
// that is refused.
func (k *Kit) TokenWith(userID string, claims map[string]any) string {
	k.t.Helper()
	all := jwt.MapClaims{"sub": userID, "iat": k.Now().Unix(), "exp": k.Now().Add(Life).Unix()}
	for name, value := range claims {
		all[name] = value
	}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, all).SignedString(k.secret)
	if err != nil {
		k.t.Fatal(err)
	}
	return token
}

// Request is a request of a user, with a body of JSON if that is not empty. For
// the user "" it has no token.
func (k *Kit) Request(userID, method, path, body string) *http.Request {
	k.t.Helper()
	r := httptest.NewRequestWithContext(k.t.Context(), method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if userID != "" {
		r.Header.Set("Authorization", "Bearer "+k.Token(userID))
	}
	return r
}

// Serve has a handler, such as the engine, answer a request.
func (k *Kit) Serve(handler http.Handler, r *http.Request) *httptest.ResponseRecorder {
	k.t.Helper()
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

// counted is a store whose todos have ids that count up: the first one is
// 00000000-0000-7000-8000-000000000001, the next one ends with 2.
type counted struct {
	todos.Store
	n atomic.Int64
}

// CreateTodo implements [todos.Store].
func (c *counted) CreateTodo(ctx context.Context, owner string, draft todos.Draft) (todos.Created, error) {
	draft.ID = fmt.Sprintf("00000000-0000-7000-8000-%012x", c.n.Add(1))
	return c.Store.CreateTodo(ctx, owner, draft)
}
