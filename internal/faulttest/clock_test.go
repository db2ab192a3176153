package faulttest

import (
	"database/sql"
	"encoding/json"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth/accounts"
	"github.com/authtodo/authtodo/internal/pgtest"
	"github.com/authtodo/authtodo/storage"
	"github.com/authtodo/authtodo/storage/memory"
)

// clock is that of the system, as someone has set it.
type clock struct {
	off     atomic.Int64
	stopped time.Time // or zero
}

// stopped is a clock that only goes on when it is told to.
func stopped() *clock { return &clock{stopped: time.Now()} }

func (c *clock) now() time.Time {
	now := c.stopped
	if now.IsZero() {
		now = time.Now()
	}
	return now.Add(time.Duration(c.off.Load()))
}

func (c *clock) pass(d time.Duration) { c.off.Add(int64(d)) }

// TestClockInTraffic puts the clock back by an hour, by a day and on again a bit in
// the middle of writes. Nobody notices: order is by versions, not by times, and a
// key counts for a day from when it was used. (Put on by a day, the clock makes
// that day pass.)
func TestClockInTraffic(t *testing.T) {
	stores := map[string]func(t *testing.T) (storage.Backend, *sql.DB){
		"postgres": func(t *testing.T) (storage.Backend, *sql.DB) {
			server := pgtest.Migrated(t)
			return onPostgres(t, server, server.URL), look(t, server)
		},
		"sqlite": func(t *testing.T) (storage.Backend, *sql.DB) {
			backend, path := onSQLite(t, t.TempDir())
			return backend, lookInto(t, path)
		},
	}
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			var now clock
			backend, db := open(t)
			h := serve(t, authtodo.Options{Storage: backend, Now: now.now})
			steps := []time.Duration{-time.Hour, -24 * time.Hour, 12 * time.Hour}
			c := campaign{base: func() string { return h.url }, writes: 120, kills: len(steps)}
			c.kill = func() error {
				now.pass(steps[0])
				steps = steps[1:]
				return nil
			}
			l := c.run(t)
			l.audit(t, db)
			if n := l.statuses[503].Load(); n != 0 {
				t.Errorf("%d requests were 503", n)
			}
			// One who comes again after the step, with the same key.
			now.pass(-24 * time.Hour)
			for title, told := range l.created {
				if told.UserID != "writer-0" {
					continue
				}
				a := h.as("writer-0").create(t.Context(), title, title)
				if again := a.todo(t, 201); again.ID != told.ID || a.header.Get("Idempotency-Replayed") != "true" {
					t.Errorf("%q was made as %s and again as %s", title, told.ID, again.ID)
				}
			}
			l.audit(t, db)
		})
	}
}

// TestClockAndTodos: times are what the clock said, so a todo may have been
// updated before it was made. Its version and the revision of its list go on.
func TestClockAndTodos(t *testing.T) {
	var now clock
	h := serve(t, authtodo.Options{Storage: memory.New().Backend(), Now: now.now})
	anna := h.as("anna")
	made := anna.create(t.Context(), "made", "").todo(t, 201)
	list := anna.send(t.Context(), "GET", "/api/todos", "").is(t, 200).header.Get("ETag")
	now.pass(-time.Hour)
	a := anna.send(t.Context(), "PATCH", "/api/todos/"+made.ID, `{"title":"changed"}`, `If-Match: "1"`)
	changed := a.todo(t, 200)
	if changed.Version != 2 || changed.CreatedAt != made.CreatedAt || changed.UpdatedAt >= made.CreatedAt {
		t.Errorf("%+v has become %+v", made, changed)
	}
	a = anna.send(t.Context(), "GET", "/api/todos", "", "If-None-Match: "+list)
	if a.is(t, 200); a.header.Get("ETag") == list {
		t.Error("the list has changed and its tag has not")
	}
	anna.send(t.Context(), "GET", "/api/todos", "", "If-None-Match: "+a.header.Get("ETag")).is(t, 304)
	anna.send(t.Context(), "PATCH", "/api/todos/"+made.ID, `{"title":"lost"}`, `If-Match: "1"`).is(t, 412)
}

// TestClockAndTokens: a token is judged by what the clock says at the moment,
// also one that has been judged before. One that was issued, but must not be used
// before, in what is the future now waits for it, and iat alone says nothing.
func TestClockAndTokens(t *testing.T) {
	var now clock
	h := serve(t, authtodo.Options{Storage: memory.New().Backend(), Now: now.now})
	begun := time.Now()
	ask := func(claims jwt.MapClaims) func(status int) {
		claims["sub"], claims["exp"] = "anna", begun.Add(30*time.Minute).Unix()
		c := h.with(sign(t, claims))
		return func(status int) { t.Helper(); c.send(t.Context(), "GET", "/api/todos", "").is(t, status) }
	}
	plain, issued := ask(jwt.MapClaims{}), ask(jwt.MapClaims{"iat": begun.Unix()})
	begins := ask(jwt.MapClaims{"iat": begun.Unix(), "nbf": begun.Unix()})
	for range 2 { // the second time all of them are remembered
		for _, c := range []struct {
			pass   time.Duration
			plain  int // and with an iat
			begins int
		}{
			{0, 200, 200},
			{time.Hour, 401, 401},
			{-time.Hour, 200, 200},
			{-time.Hour, 200, 401},
			{-23 * time.Hour, 200, 401},
			{24 * time.Hour, 200, 200},
			{time.Hour, 401, 401}, // not alive again because it was for a while
			{-time.Hour, 200, 200},
		} {
			now.pass(c.pass)
			plain(c.plain)
			issued(c.plain)
			begins(c.begins)
		}
	}
}

// own is a module with accounts in memory, and a way to its routes.
type own struct {
	*host
	t *testing.T
}

func withAccounts(t *testing.T, now func() time.Time) own {
	t.Helper()
	return own{serve(t, authtodo.Options{
		Storage: memory.New().Backend(), Now: now,
		Accounts: &accounts.Options{BaseURL: "http://localhost:8080", Secret: "kN3vQ8xT1mZ7pLc5rW2yB9dF6gH4jS0a"},
	}), t}
}

const signIn = `{"email":"ada@example.com","password":"correct horse battery","tokens":true}`

type tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
}

func (o own) post(path, body string) answer {
	return o.with("").send(o.t.Context(), "POST", "/api/auth"+path, body)
}

func (o own) refresh(token string) answer { return o.post("/refresh", `{"refresh_token":"`+token+`"}`) }

// tokens are those of an answer that must be good.
func (o own) tokens(a answer) (answered tokens) {
	o.t.Helper()
	if err := json.Unmarshal([]byte(a.is(o.t, 200).body), &answered); err != nil {
		o.t.Error(err)
	}
	return answered
}

func (o own) signUp() tokens {
	o.t.Helper()
	return o.tokens(o.post("/sign-up/email", `{"name":"Ada",`+signIn[1:]))
}

func (o own) lists(access string) answer {
	return o.with(access).send(o.t.Context(), "GET", "/api/todos", "")
}

// TestClockAndAccounts: sessions that began in what is the future now are live,
// and their tokens can be exchanged. When the clock goes on, they end as they
// would have.
func TestClockAndAccounts(t *testing.T) {
	for _, back := range []time.Duration{time.Hour, 24 * time.Hour} {
		now := stopped()
		o := withAccounts(t, now.now)
		up := o.signUp()
		o.lists(up.Access).is(t, 200)

		now.pass(-back)
		o.lists(up.Access).is(t, 200) // of a key that does not sign yet
		second := o.tokens(o.refresh(up.Refresh))
		o.lists(second.Access).is(t, 200)
		third := o.tokens(o.refresh(second.Refresh))
		other := o.tokens(o.post("/sign-in/email", signIn))
		o.lists(other.Access).is(t, 200)

		now.pass(back)
		fourth := o.tokens(o.refresh(third.Refresh))
		o.lists(fourth.Access).is(t, 200)
		now.pass(time.Hour)
		o.lists(up.Access).is(t, 401)
		o.lists(other.Access).is(t, 401)
		now.pass(accounts.DefaultLife)
		o.refresh(fourth.Refresh).is(t, 401)
		now.pass(-accounts.DefaultLife - time.Hour)
		o.lists(fourth.Access).is(t, 200) // as the clock has it, this has not ended
	}
}

// TestClockAndLimits: nobody is kept out by a limit for longer than it says.
func TestClockAndLimits(t *testing.T) {
	now := stopped()
	o := withAccounts(t, now.now)
	o.signUp()
	last := answer{}
	for range 21 { // one more than a client has
		last = o.post("/sign-in/email", strings.Replace(signIn, "correct", "wrong", 1))
	}
	last.is(t, 429)
	now.pass(-24 * time.Hour)
	for waited := 0; last.status == 429; last = o.post("/sign-in/email", signIn) {
		wait, err := strconv.Atoi(last.header.Get("Retry-After"))
		if waited += wait; err != nil || waited > 120 {
			t.Fatalf("after %d seconds: %s, %v", waited, last, last.header)
		}
		now.pass(time.Duration(wait) * time.Second)
	}
	last.is(t, 200)
}
