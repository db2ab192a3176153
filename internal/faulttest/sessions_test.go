package faulttest

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth/accounts"
	"github.com/authtodo/authtodo/internal/pgtest"
)

// TestKillServerUnderSessions kills the server of PostgreSQL while people sign up,
// in and out and exchange refresh tokens. Nobody is signed out by it, nobody stays
// signed in who was told to be out, and nobody has two accounts.
func TestKillServerUnderSessions(t *testing.T) {
	mortal := pgtest.NewMortal(t)
	server := mortal.Migrated(t)
	db := look(t, server)
	if err := db.PingContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	people, rounds := 3, 12
	if soak() {
		people, rounds = 8, 250
	}
	leavesNothing(t, "sessions", func(t *testing.T) {
		clock := stopped() // or else who comes again after a long start has come too late
		o := own{serve(t, authtodo.Options{
			Storage: onPostgres(t, server, server.URL), Now: clock.now,
			Accounts: &accounts.Options{
				BaseURL: "http://localhost:8080", Secret: "kN3vQ8xT1mZ7pLc5rW2yB9dF6gH4jS0a",
				Recheck: accounts.Always, Limiter: accounts.Unlimited{},
			},
		}), t}
		acks := make(chan struct{}, people*rounds)
		var killer, running sync.WaitGroup
		kills := 0
		killer.Go(func() {
			for n := 0; ; n++ {
				if _, ok := <-acks; !ok {
					return
				}
				if n%(people*rounds/5) != 3 {
					continue
				}
				if err := mortal.Kill(); err != nil {
					t.Error(err)
				}
				if err := mortal.Start(t.Context()); err != nil {
					t.Error(err)
				}
				kills++
			}
		})
		for i := range people {
			running.Go(func() {
				p := person{own: o, address: fmt.Sprintf("ada-%d@example.com", i)}
				p.live(rounds, acks)
			})
		}
		running.Wait()
		close(acks)
		killer.Wait()
		users := number(t, db, `SELECT count(*) FROM authtodo_users`)
		sessions := number(t, db, `SELECT count(*) FROM authtodo_sessions`)
		if users != int64(people) {
			t.Errorf("%d people have %d accounts", people, users)
		}
		t.Logf("%d kills under %d people with %d exchanges each; %d accounts and %d sessions are there",
			kills, people, rounds, users, sessions)
	})
}

// person is one who uses an account.
type person struct {
	own
	address string
}

// again repeats a request for as long as the answer is 503.
func (p person) again(request func() answer) answer {
	for {
		a := request()
		if a.status != 503 || p.t.Failed() {
			return a
		}
		if a.header.Get("Retry-After") == "" {
			p.t.Errorf("%s: there is no Retry-After: %s", a.what, a)
		}
		pause()
	}
}

func (p person) as(body string) string { return strings.Replace(body, "ada@example.com", p.address, 1) }

func (p person) signIn() tokens {
	return p.tokens(p.again(func() answer { return p.post("/sign-in/email", p.as(signIn)) }))
}

// live is a life with exchanges of tokens. What was told once has to stay so.
func (p person) live(exchanges int, acks chan<- struct{}) {
	up := p.again(func() answer { return p.post("/sign-up/email", p.as(`{"name":"Ada",`+signIn[1:])) })
	if up.status != 200 && up.status != 422 { // there already: the answer was lost
		p.t.Errorf("%s: got %s", up.what, up)
	}
	mine, out := p.signIn(), p.signIn()
	for n := 0; n < exchanges && !p.t.Failed(); n++ {
		mine = p.tokens(p.again(func() answer { return p.refresh(mine.Refresh) }))
		p.again(func() answer { return p.lists(mine.Access) }).is(p.t, 200)
		if n == exchanges/2 {
			p.again(func() answer {
				return p.with("").send(p.t.Context(), "POST", "/api/auth/sign-out", `{"refresh_token":"`+out.Refresh+`"}`)
			}).is(p.t, 200)
		}
		if n >= exchanges/2 {
			p.again(func() answer { return p.lists(out.Access) }).is(p.t, 401)
		}
		acks <- struct{}{}
	}
	p.again(func() answer { return p.refresh(out.Refresh) }).is(p.t, 401)
}
