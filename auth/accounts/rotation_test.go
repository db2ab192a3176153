package accounts_test

import (
	"strings"
	"testing"
	"time"

	"github.com/authtodo/authtodo/auth/accounts"
)

// TestSecretIsExchanged: with the old secret listed, nobody is signed out; while
// instances have the two in another order, they agree; without it, everybody is,
// and signs in again.
func TestSecretIsExchanged(t *testing.T) {
	t.Parallel()
	const next = accounts.Secret("Zr8fV2mKq6YwXs4LtBn7Jd0Gh5Pc3Ue1")
	var first *options
	h := newHouse(t, all(unlimited, func(o *options) {
		o.Accounts.PreviousSecrets = []accounts.Secret{next}
		first = o
	}))
	with := func(secret accounts.Secret, previous ...accounts.Secret) *house {
		return newHouse(t, all(unlimited, func(o *options) {
			o.Storage, o.Accounts.BaseURL = first.Storage, first.Accounts.BaseURL
			o.Accounts.Secret, o.Accounts.PreviousSecrets = secret, previous
		}))
	}
	newer, lost := with(next, accountsSecret), with(next)
	v := h.browser(t)
	session := signUp(v, "ada@example.com", nil).text("token")
	in := h.app(t, "").must(200, "POST", "/api/auth/sign-in/email",
		object{"email": "ada@example.com", "password": goodPassword, "tokens": true})
	newer.withCookie(t, "better-auth.session_token", session).must(200, "GET", "/api/todos", nil)
	newer.app(t, in.text("access_token")).must(200, "GET", "/api/todos", nil)

	one := refresh(h.app(t, ""), in.text("refresh_token"))
	two := refresh(newer.app(t, ""), in.text("refresh_token")) // the answer was lost, and another instance asked
	if one.Status != 200 || two.Status != 200 || refresh(h.app(t, ""), two.text("refresh_token")).Status != 200 {
		t.Errorf("the successors are\n%s\n%s", one.Text, two.Text)
	}

	lost.withCookie(t, "better-auth.session_token", session).must(401, "GET", "/api/todos", nil)
	lost.app(t, in.text("access_token")).must(401, "GET", "/api/todos", nil)
	lost.app(t, in.text("access_token")).must(401, "POST", "/api/auth/update-user", object{"name": "Eve"})
	if a := refresh(lost.app(t, ""), in.text("refresh_token")); a.Status != 401 {
		t.Errorf("with another secret: %d %s", a.Status, a.Text)
	}
	again := lost.browser(t)
	if a := signIn(again, "ada@example.com", goodPassword); a.Status != 200 {
		t.Fatalf("sign-in: %d %s", a.Status, a.Text)
	}
	token := again.must(200, "GET", "/api/auth/token", nil).text("token")
	lost.app(t, token).must(200, "GET", "/api/todos", nil)
	newer.app(t, token).must(200, "GET", "/api/todos", nil)
}

// TestWithdrawnKeyIsNoticed by an instance that only guards: after a leak, whoever
// takes the keys out of the store waits for no restart.
func TestWithdrawnKeyIsNoticed(t *testing.T) {
	t.Parallel()
	var clock frozen
	var store moments
	h := newHouse(t, all(clock.set, unlimited, store.behind, func(o *options) { o.Accounts.Access = time.Hour }))
	v := h.browser(t)
	signUp(v, "ada@example.com", nil)
	app := h.app(t, v.must(200, "GET", "/api/auth/token", nil).text("token"))
	app.must(200, "GET", "/api/todos", nil)
	store.noKeys.Store(true)
	app.must(200, "GET", "/api/todos", nil)
	clock.pass(time.Minute + time.Millisecond)
	app.must(401, "GET", "/api/todos", nil)
	app.must(401, "POST", "/api/auth/update-user", object{"name": "Eve"})
	v.must(200, "GET", "/api/todos", nil) // the cookie needs no key
	store.noKeys.Store(false)
	if set := h.app(t, "").must(200, "GET", "/api/auth/jwks", nil).Text; !strings.Contains(set, `"kid"`) {
		t.Errorf("the keys are %s", set)
	}
}
