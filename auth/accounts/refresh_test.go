package accounts_test

import (
	"sync"
	"testing"
	"time"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth/accounts"
)

func refresh(v *visitor, token string) answer {
	v.t.Helper()
	return v.ask("POST", "/api/auth/refresh", object{"refresh_token": token})
}

func TestTokensInsteadOfCookies(t *testing.T) {
	t.Parallel()
	var time clock
	h := newHouse(t, time.set)
	v := h.app(t, "")
	up := signUp(v, "ada@example.com", object{"tokens": true})
	if up.text("token_type") != "Bearer" || up.at("expires_in") != 900.0 || up.at("token") != nil ||
		up.Header.Get("Set-Cookie") != "" || up.text("user", "email") != "ada@example.com" {
		t.Fatalf("sign-up answers %s and %v", up.Text, up.Header)
	}
	h.app(t, up.text("access_token")).must(200, "GET", "/api/todos", nil)
	h.app(t, up.text("refresh_token")).must(401, "GET", "/api/todos", nil)

	time.pass(16 * 60 * 1e9)
	h.app(t, up.text("access_token")).must(401, "GET", "/api/todos", nil)
	expired := h.app(t, up.text("access_token")) // is sent along, and looked at by nobody
	next := refresh(expired, up.text("refresh_token"))
	if next.Status != 200 || next.at("user") != nil || next.at("token_type") != "Bearer" {
		t.Fatalf("refresh answers %d %s", next.Status, next.Text)
	}
	app := h.app(t, next.text("access_token"))
	app.must(200, "GET", "/api/todos", nil)
	app.must(200, "GET", "/api/auth/get-session", nil)
	app.must(401, "GET", "/api/auth/token", nil) // an access token is good for no other
	app.must(400, "POST", "/api/auth/delete-user", object{})
	changed := app.must(200, "POST", "/api/auth/change-password",
		object{"currentPassword": goodPassword, "newPassword": "another good one"})
	app.must(401, "GET", "/api/todos", nil)
	app = h.app(t, changed.text("access_token"))
	app.must(200, "GET", "/api/todos", nil)

	out := h.app(t, "")
	out.must(401, "POST", "/api/auth/sign-out", object{"refresh_token": next.text("refresh_token")})
	out.must(200, "POST", "/api/auth/sign-out", object{"refresh_token": changed.text("refresh_token")})
	app.must(401, "GET", "/api/todos", nil)
	if a := refresh(v, changed.text("refresh_token")); a.Status != 401 {
		t.Errorf("refresh after sign-out: %d %s", a.Status, a.Text)
	}
}

func TestTokensOnly(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(o *authtodo.Options) { o.Accounts.TokensOnly = true })
	v := h.browser(t)
	up := signUp(v, "ada@example.com", nil)
	if up.text("access_token") == "" || up.Header.Get("Set-Cookie") != "" {
		t.Fatalf("sign-up answers %s and %v", up.Text, up.Header)
	}
	h.app(t, up.text("access_token")).must(200, "POST", "/api/auth/sign-out", nil)
}

// TestRefreshRace: of sixteen at once one family lives, and all have it.
func TestRefreshRace(t *testing.T) {
	t.Parallel()
	for range 20 {
		var events book
		h := newHouse(t, all(unlimited, func(o *authtodo.Options) { o.Accounts.OnEvent = events.keep }))
		v := h.app(t, "")
		first := signUp(v, "ada@example.com", object{"tokens": true}).text("refresh_token")
		var wg sync.WaitGroup
		next := make([]string, 16)
		for i := range next {
			wg.Go(func() {
				if a := refresh(v, first); a.Status == 200 {
					next[i] = a.text("refresh_token")
				}
			})
		}
		wg.Wait()
		for _, token := range next {
			if token == "" || token != next[0] {
				t.Fatalf("the successors are %q", next)
			}
		}
		if a := refresh(v, next[0]); a.Status != 200 {
			t.Fatalf("the family is dead: %d %s", a.Status, a.Text)
		}
		if n := events.count(accounts.EventRefreshReused); n != 0 {
			t.Fatalf("%d were taken for theft", n)
		}
	}
}

// TestRefreshReuse: a token that was exchanged long ago is in the hands of two,
// and nobody knows who they are.
func TestRefreshReuse(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		wait   time.Duration
		more   bool // the successor has been exchanged, too
		status int
	}{
		"the answer was lost":       {time.Second, false, 200},
		"the last moment":           {10 * time.Second, false, 200},
		"too late":                  {11 * time.Second, false, 401},
		"the grandparent":           {time.Second, true, 401},
		"the grandparent, too late": {time.Hour, true, 401},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var time frozen
			var events book
			h := newHouse(t, all(time.set, func(o *authtodo.Options) { o.Accounts.OnEvent = events.keep }))
			v := h.app(t, "")
			other := signUp(v, "ada@example.com", object{"tokens": true})
			first := v.must(200, "POST", "/api/auth/sign-in/email",
				object{"email": "ada@example.com", "password": goodPassword, "tokens": true})
			second := refresh(v, first.text("refresh_token"))
			if test.more {
				second = refresh(v, second.text("refresh_token"))
			}
			time.pass(test.wait)
			again := refresh(v, first.text("refresh_token"))
			if again.Status != test.status {
				t.Fatalf("the old token: %d %s", again.Status, again.Text)
			}
			if test.status == 200 {
				if again.text("refresh_token") != second.text("refresh_token") {
					t.Error("it has another successor")
				}
				return
			}
			if a := refresh(v, second.text("refresh_token")); a.Status != 401 {
				t.Errorf("the live token: %d %s", a.Status, a.Text)
			}
			h.app(t, second.text("access_token")).must(401, "GET", "/api/todos", nil)
			if a := refresh(v, other.text("refresh_token")); a.Status != 200 {
				t.Errorf("another session of the user: %d %s", a.Status, a.Text)
			}
			if events.count(accounts.EventRefreshReused) != 1 {
				t.Errorf("the events are %v", events.kinds())
			}
		})
	}
}

// TestRefreshTellsNoTime: whoever has stolen tokens does not see when the owner
// exchanges theirs, so that they cannot hide behind it, and the log has it when a
// token is used twice.
func TestRefreshTellsNoTime(t *testing.T) {
	t.Parallel()
	var now frozen
	var events book
	h := newHouse(t, all(now.set, behindProxy, func(o *authtodo.Options) { o.Accounts.OnEvent = events.keep }))
	owner := from(h.app(t, ""), "192.0.2.1")
	tokens := signUp(owner, "ada@example.com", object{"tokens": true})
	stolen := tokens
	look := func() string {
		v := h.app(t, stolen.text("access_token"))
		return v.must(200, "GET", "/api/auth/get-session", nil).Text + v.must(200, "GET", "/api/auth/list-sessions", nil).Text
	}
	before := look()
	now.pass(14 * time.Minute)
	if tokens = refresh(owner, tokens.text("refresh_token")); tokens.Status != 200 {
		t.Fatalf("the owner: %d %s", tokens.Status, tokens.Text)
	}
	if after := look(); after != before {
		t.Errorf("before the exchange there is\n%s\nand after it\n%s", before, after)
	}
	refresh(owner, stolen.text("refresh_token"))
	refresh(from(h.app(t, ""), "203.0.113.66"), stolen.text("refresh_token"))
	var reasons []string
	for _, e := range events.events {
		if e.Kind == accounts.EventRefreshReplayed {
			reasons = append(reasons, e.Reason)
		}
	}
	if len(reasons) != 2 || reasons[0] != "" || reasons[1] == "" || events.count(accounts.EventRefresh) != 1 {
		t.Errorf("the events are %v, the reasons %q", events.kinds(), reasons)
	}
}

func TestRefreshEnds(t *testing.T) {
	t.Parallel()
	var time clock
	h := newHouse(t, time.set)
	v := h.app(t, "")
	up := signUp(v, "ada@example.com", object{"tokens": true})
	token := up.text("refresh_token")
	const day = 24 * 60 * 60 * 1e9
	for range 5 { // used every six days, it lives beyond seven, and no longer than thirty
		time.pass(6*day - 1e9)
		a := refresh(v, token)
		if a.Status != 200 {
			break
		}
		token = a.text("refresh_token")
	}
	time.pass(day)
	if a := refresh(v, token); a.Status != 401 {
		t.Errorf("after thirty days: %d %s", a.Status, a.Text)
	}
	in := v.must(200, "POST", "/api/auth/sign-in/email",
		object{"email": "ada@example.com", "password": goodPassword, "tokens": true})
	if err := h.module.Accounts().SetDisabled(t.Context(), up.text("user", "id"), true); err != nil {
		t.Fatal(err)
	}
	if a := refresh(v, in.text("refresh_token")); a.Status != 401 {
		t.Errorf("of a user who is disabled: %d %s", a.Status, a.Text)
	}
	h.app(t, in.text("access_token")).must(401, "GET", "/api/todos", nil)
	for _, junk := range []any{"", "x", "atr_", "atr_AAAA", 7, nil, object{}} {
		if a := v.ask("POST", "/api/auth/refresh", object{"refresh_token": junk}); a.Status != 401 && a.Status != 400 {
			t.Errorf("%v: %d %s", junk, a.Status, a.Text)
		}
	}
}
