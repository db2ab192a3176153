package accounts_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/authtodo/authtodo/auth/accounts"
)

// faulty is a store with a bug.
type faulty struct{ accounts.Store }

func (faulty) AccountByEmail(context.Context, string) (accounts.Account, error) {
	panic("a bug in a store")
}

// TestPanics: a panic of a store ends one request, and one of a callback not even
// that; the log has both, with where the first came from (ASVS 16.5.4).
func TestPanics(t *testing.T) {
	t.Parallel()
	var log safeBuffer
	h := newHouse(t, all(unlimited, func(o *options) {
		o.Logger = slog.New(slog.NewJSONHandler(&log, nil))
		o.Storage.Accounts = faulty{o.Storage.Accounts}
		o.Accounts.OnEvent = func(context.Context, accounts.Event) { panic("a bug in a callback") }
	}))
	v := h.browser(t)
	signUp(v, "ada@example.com", nil)
	a := signIn(v, "ada@example.com", goodPassword)
	if a.Status != 500 || a.text("error_code") != "INTERNAL_ERROR" || a.text("code") == "" || strings.Contains(a.Text, "bug") {
		t.Errorf("the answer is %d %s", a.Status, a.Text)
	}
	v.must(200, "GET", "/api/todos", nil)
	for _, want := range []string{"OnEvent panicked", "a bug in a callback", "a bug in a store", "AccountByEmail", a.text("instance")} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("%q is not in the log: %s", want, log.String())
		}
	}
}
