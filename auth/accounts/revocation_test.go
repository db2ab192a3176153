package accounts_test

import (
	"strings"
	"testing"
	"time"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth/accounts"
)

// TestNoQuestionWithinTheBound: a session that was seen costs nothing for as
// long as the bound is, and one question afterwards.
func TestNoQuestionWithinTheBound(t *testing.T) {
	t.Parallel()
	var time frozen
	var store witness
	h := newHouse(t, all(time.set, store.behind))
	v := h.browser(t)
	signUp(v, "ada@example.com", nil)
	app := h.app(t, v.must(200, "GET", "/api/auth/token", nil).text("token"))
	ask := func(want int64) {
		t.Helper()
		before := store.asked.Load()
		for range 50 {
			v.must(200, "GET", "/api/todos", nil)
			app.must(200, "GET", "/reports", nil)
		}
		if n := store.asked.Load() - before; n != want {
			t.Errorf("the store was asked %d times, want %d", n, want)
		}
	}
	ask(1)
	time.pass(5e9)
	ask(0)
	time.pass(1e6)
	ask(1)
}

func TestAlways(t *testing.T) {
	t.Parallel()
	var store witness
	h := newHouse(t, all(store.behind, func(o *authtodo.Options) { o.Accounts.Recheck = accounts.Always }))
	v := h.browser(t)
	signUp(v, "ada@example.com", nil)
	before := store.asked.Load()
	for range 5 {
		v.must(200, "GET", "/api/todos", nil)
	}
	if n := store.asked.Load() - before; n != 5 {
		t.Errorf("the store was asked %d times", n)
	}
}

// TestOtherInstance: what ended a session elsewhere is known within the bound.
func TestOtherInstance(t *testing.T) {
	t.Parallel()
	var time frozen
	var here *authtodo.Options
	h := newHouse(t, all(time.set, func(o *authtodo.Options) { here = o }))
	there := newHouse(t, all(time.set, func(o *authtodo.Options) {
		o.Storage, o.Accounts.BaseURL = here.Storage, here.Accounts.BaseURL
	}))
	v := h.browser(t)
	in := signUp(v, "ada@example.com", nil)
	token := v.must(200, "GET", "/api/auth/token", nil).text("token")
	app, elsewhere := h.app(t, token), there.app(t, token)
	app.must(200, "GET", "/api/todos", nil)
	elsewhere.must(200, "GET", "/api/todos", nil) // the key that the other instance has made
	v.must(200, "POST", "/api/auth/sign-out", nil)
	app.must(401, "GET", "/api/todos", nil)
	elsewhere.must(200, "GET", "/api/todos", nil)
	there.app(t, in.text("token")).must(401, "GET", "/api/auth/token", nil) // what changes accounts asks
	time.pass(5e9 + 1e6)
	elsewhere.must(401, "GET", "/api/todos", nil)
}

// TestStoreDown: nobody is signed out because the store does not answer.
func TestStoreDown(t *testing.T) {
	t.Parallel()
	var time frozen
	var store witness
	h := newHouse(t, all(time.set, store.behind))
	v := h.browser(t)
	signUp(v, "ada@example.com", nil)
	app := h.app(t, v.must(200, "GET", "/api/auth/token", nil).text("token"))
	v.must(200, "GET", "/api/todos", nil)
	store.down.Store(true)
	v.must(200, "GET", "/api/todos", nil) // seen within the bound
	time.pass(6e9)
	for _, client := range []*visitor{v, app} {
		a := client.must(503, "GET", "/api/todos", nil)
		if a.Header.Get("Retry-After") == "" || strings.Contains(a.Text, "10.0.0.7") || a.text("error_code") != "UNAVAILABLE" {
			t.Errorf("the answer is %v %s", a.Header, a.Text)
		}
	}
	if a := v.must(503, "GET", "/api/auth/get-session", nil); strings.Contains(a.Text, "10.0.0.7") || a.text("code") == "" {
		t.Errorf("get-session answers %s", a.Text)
	}
	store.down.Store(false)
	v.must(200, "GET", "/api/todos", nil)
	app.must(200, "GET", "/api/todos", nil)
}

// TestLoadRacesSignOut: what was read before a session ended, and comes back
// after it, does not bring it back.
func TestLoadRacesSignOut(t *testing.T) {
	t.Parallel()
	var store witness
	h := newHouse(t, store.behind)
	v := h.browser(t)
	up := signUp(v, "ada@example.com", nil)
	app := h.app(t, v.must(200, "GET", "/api/auth/token", nil).text("token"))
	read, ended := make(chan struct{}), make(chan struct{})
	store.enter = func() {
		store.enter = nil
		close(read)
		<-ended
	}
	done := make(chan answer)
	go func() { done <- app.ask("GET", "/api/todos", nil) }()
	<-read
	if err := h.module.Accounts().EndSessions(t.Context(), up.text("user", "id")); err != nil {
		t.Fatal(err)
	}
	close(ended)
	if a := <-done; a.Status != 200 {
		t.Errorf("the request that came first: %d", a.Status)
	}
	app.must(401, "GET", "/api/todos", nil)
}

func TestSessions(t *testing.T) {
	t.Parallel()
	h := newHouse(t, all(unlimited, func(o *authtodo.Options) { o.Accounts.MaxSessions = 3 }))
	one, two, three := h.browser(t), h.browser(t), h.browser(t)
	signUp(one, "ada@example.com", nil)
	for _, v := range []*visitor{two, three} {
		if a := signIn(v, "ada@example.com", goodPassword); a.Status != 200 {
			t.Fatal(a.Text)
		}
	}
	mine := two.must(200, "GET", "/api/auth/get-session", nil)
	list := func(v *visitor) string { return v.must(200, "GET", "/api/auth/list-sessions", nil).Text }
	if text := list(one); strings.Count(text, `"token":"ath_`) != 3 || !strings.Contains(text, mine.text("session", "token")) ||
		strings.Contains(text, "ats_") {
		t.Fatalf("the sessions are %s", text)
	}
	handle := mine.text("session", "token")
	h.app(t, handle).must(401, "GET", "/api/auth/token", nil)
	h.app(t, handle).must(401, "GET", "/api/todos", nil)

	stranger := h.browser(t)
	signUp(stranger, "eve@example.com", nil)
	stranger.must(200, "POST", "/api/auth/revoke-session", object{"token": handle}) // ends nothing
	two.must(200, "GET", "/api/todos", nil)
	one.must(200, "POST", "/api/auth/revoke-session", object{"token": handle})
	two.must(401, "GET", "/api/todos", nil)

	one.must(200, "POST", "/api/auth/revoke-other-sessions", nil)
	three.must(401, "GET", "/api/todos", nil)
	one.must(200, "GET", "/api/todos", nil)

	for range 3 { // the oldest of four has to go
		time.Sleep(2 * time.Millisecond)
		signIn(h.browser(t), "ada@example.com", goodPassword)
	}
	one.must(401, "GET", "/api/todos", nil)
	last := h.browser(t)
	signIn(last, "ada@example.com", goodPassword)
	last.must(200, "POST", "/api/auth/revoke-sessions", nil)
	if a := last.must(200, "GET", "/api/auth/get-session", nil); a.Text != "null" || last.cookies()["better-auth.session_token"] != "" {
		t.Errorf("get-session answers %s", a.Text)
	}
}

func TestSliding(t *testing.T) {
	t.Parallel()
	var time clock
	h := newHouse(t, time.set)
	v := h.browser(t)
	signUp(v, "ada@example.com", nil)
	const day = 24 * 60 * 60 * 1e9
	if a := v.must(200, "GET", "/api/auth/get-session", nil); a.Header.Get("Set-Cookie") != "" {
		t.Errorf("renewed at once: %v", a.Header)
	}
	for range 6 { // 24 days
		time.pass(4 * day)
		a := v.must(200, "GET", "/api/auth/get-session", nil)
		if a.Text == "null" {
			t.Fatal("it has ended")
		}
		if !strings.Contains(a.Header.Get("Set-Cookie"), "Max-Age=") {
			t.Errorf("the cookie is not renewed: %v", a.Header)
		}
	}
	time.pass(6*day + 1e9)
	if a := v.must(200, "GET", "/api/auth/get-session", nil); a.Text != "null" {
		t.Errorf("after 30 days: %s", a.Text)
	}
	signIn(v, "ada@example.com", goodPassword)
	time.pass(7*day + 1e9)
	if a := v.must(200, "GET", "/api/auth/get-session", nil); a.Text != "null" {
		t.Errorf("unused for 7 days: %s", a.Text)
	}
}
