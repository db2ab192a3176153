package faulttest

import (
	"strings"
	"sync"
	"testing"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth/accounts"
	"github.com/authtodo/authtodo/internal/faultproxy"
	"github.com/authtodo/authtodo/internal/pgtest"
)

// TestAccountsInFaults: while the server cannot be asked, nobody is let in, told
// that a password or a token is wrong, or signed out. An exchange of a refresh
// token whose answer was lost is made once, and answered when it comes again.
func TestAccountsInFaults(t *testing.T) {
	server := pgtest.Migrated(t)
	leavesNothing(t, "accounts", func(t *testing.T) {
		proxy, url := through(t, server)
		o := own{serve(t, authtodo.Options{
			Storage: onPostgres(t, server, url), Timeout: 3 * timeout, // hashing included
			Accounts: &accounts.Options{
				BaseURL: "http://localhost:8080", Secret: "kN3vQ8xT1mZ7pLc5rW2yB9dF6gH4jS0a", Recheck: accounts.Always,
			},
		}), t}
		mine := o.signUp()
		lists := func() answer { return o.lists(mine.Access) }
		lists().is(t, 200)

		for _, fault := range []faultproxy.Fault{faultproxy.Refuse, faultproxy.Reset, faultproxy.BlackHole} {
			disturb(t, proxy, fault, 0)
			requests := []func() answer{
				lists,
				func() answer { return o.refresh(mine.Refresh) },
				func() answer { return o.post("/sign-in/email", signIn) },
				func() answer { return o.post("/sign-in/email", strings.Replace(signIn, "correct", "wrong", 1)) },
				func() answer {
					return o.post("/sign-up/email", strings.Replace(`{"name":"Bob",`+signIn[1:], "ada", "bob", 1))
				},
				func() answer { return o.with(mine.Access).send(t.Context(), "GET", "/api/auth/get-session", "") },
			}
			var wait sync.WaitGroup
			for _, request := range requests {
				wait.Go(func() {
					if a := request(); a.status != 503 || a.header.Get("Retry-After") == "" {
						t.Errorf("%s: got %s, %v", a.what, a, a.header)
					}
				})
			}
			wait.Wait()
			disturb(t, proxy, faultproxy.Pass, 0)
			until(t, "a good answer", func() bool { return lists().status == 200 })
			mine = o.tokens(o.refresh(mine.Refresh))
			lists().is(t, 200)
		}

		// "COMMIT" is in front of the end of what its answer is.
		proxy.Cut(faultproxy.Cut{Before: "COMMIT\x00", By: faultproxy.Close})
		o.refresh(mine.Refresh).is(t, 503)
		if proxy.Cuts() != 1 {
			t.Fatal("no answer was lost")
		}
		next := o.tokens(o.refresh(mine.Refresh))
		if again := o.tokens(o.refresh(mine.Refresh)); again.Refresh != next.Refresh {
			t.Error("a token was exchanged for two")
		}
		o.tokens(o.refresh(next.Refresh))
		if n := number(t, look(t, server), `SELECT count(*) FROM authtodo_sessions`); n != 1 {
			t.Errorf("there are %d sessions, want 1", n)
		}
	})
}
