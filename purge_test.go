package authtodo_test

import (
	"context"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth/accounts"
	"github.com/authtodo/authtodo/storage"
	"github.com/authtodo/authtodo/todos"
)

// TestPurge: what has ended goes, of users who never come back, and nothing that
// is still good. The clock starts long ago, because a database may compare with
// its own.
func TestPurge(t *testing.T) {
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mails := make(mailbox, 10)
			var clock atomic.Int64
			clock.Store(time.Date(2021, 3, 2, 8, 0, 0, 0, time.UTC).UnixMilli())
			pass := func(d time.Duration) { clock.Add(d.Milliseconds()) }
			engine := gin.New()
			module, err := authtodo.Register(engine.Group("/api"), authtodo.Options{
				Storage: open(t),
				Logger:  slog.New(slog.DiscardHandler),
				Now:     func() time.Time { return time.UnixMilli(clock.Load()) },
				Timeout: time.Minute,
				Accounts: &accounts.Options{
					BaseURL: "https://app.example.com", Secret: "Wm5x0KcP7vT2qZ9rB4nL8yD1gH6jS3aF",
					Mailer: mails, Limiter: accounts.Unlimited{},
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { module.Close() })
			s := listen(t, engine, module)
			signUp := func(email string) string {
				t.Helper()
				a := s.request("", "POST", "/api/auth/sign-up/email",
					`{"name":"x","email":"`+email+`","password":"correct horse battery","tokens":true}`).is(200)
				var in struct{ Access_token string }
				a.into(&in)
				return "Authorization: Bearer " + in.Access_token
			}
			purge := func(want int64) {
				t.Helper()
				if n, err := module.Purge(t.Context()); n != want || err != nil {
					t.Errorf("%d rows are gone, %v, want %d", n, err, want)
				}
			}
			gone := signUp("gone@example.com")
			s.request("", "POST", "/api/todos", `{"title":"kept"}`, gone, "Idempotency-Key: k").is(201)
			s.request("", "POST", "/api/auth/request-password-reset", `{"email":"gone@example.com"}`).is(200)
			mails.await(2) // whose codes are kept by then
			purge(0)
			pass(todos.RetryWindow + time.Second)
			here := signUp("here@example.com")
			mails.await(1)
			s.request("", "POST", "/api/todos", `{"title":"kept"}`, here, "Idempotency-Key: k").is(201).has("Idempotency-Replayed", "")
			purge(1 + 2) // the key, and the mails of sign-up and reset
			pass(accounts.DefaultIdle - todos.RetryWindow)
			purge(1 + 1 + 1) // the other key and mail, and the session that is not used
			purge(0)
			in := s.request("", "POST", "/api/auth/sign-in/email",
				`{"email":"gone@example.com","password":"correct horse battery","tokens":true}`).is(200)
			if !strings.Contains(in.body, "access_token") {
				t.Errorf("nobody can sign in any more: %s", in.body)
			}
		})
	}
}

// mailbox is a mailer.
type mailbox chan accounts.Mail

func (m mailbox) Send(_ context.Context, mail accounts.Mail) error { m <- mail; return nil }

func (m mailbox) await(n int) {
	for range n {
		<-m
	}
}

// TestPurgeOfAnother: a store that cannot be purged is no fault.
func TestPurgeOfAnother(t *testing.T) {
	s := serve(t, authtodo.Options{Storage: storage.Backend{Todos: struct{ todos.Store }{options(authtodo.Options{}).Storage.Todos}}})
	if n, err := s.module.Purge(t.Context()); n != 0 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}
