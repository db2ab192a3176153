package hostiletest

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth/accounts"
)

// access is all that somebody has after signing in twice: in a browser and in a
// client without cookies.
type access struct {
	user                    *user
	bearer, refresh, cookie string
}

// ways are the ways in which that can be used, and how each says no.
func (a access) ways() map[string]request {
	cookie := "Cookie: better-auth.session_token=" + a.cookie
	return map[string]request{
		"access token": get("/api/todos").as(a.bearer), "access token at the host": get("/reports").as(a.bearer),
		"access token at accounts": get("/api/auth/list-sessions").as(a.bearer),
		"cookie":                   get("/api/todos", cookie), "cookie at the host": get("/reports", cookie),
		"cookie at accounts": get("/api/auth/list-sessions", cookie), "cookie for a token": get("/api/auth/token", cookie),
		"session token": get("/api/auth/list-sessions").as(a.cookie),
		"refresh token": ask("POST", "/api/auth/refresh").json(`{"refresh_token":` + quote(a.refresh) + `}`),
	}
}

// enter makes an account and signs in.
func (s *site) enter(t *testing.T, email string) access {
	t.Helper()
	u := s.signUp(t, email)
	bearer, refresh := s.tokens(t, u)
	return access{u, bearer, refresh, u.cookie}
}

// endings are what ends every session of a user.
func endings() map[string]func(t *testing.T, s *site, a access) {
	by := func(path, body string) func(t *testing.T, s *site, a access) {
		return func(t *testing.T, s *site, a access) {
			t.Helper()
			if got := s.send(t, ask("POST", "/api/auth"+path, a.user.cookies()...).json(body)); got.status != http.StatusOK {
				t.Fatalf("%s: %d %s", path, got.status, got.body)
			}
		}
	}
	admin := func(do func(ctx context.Context, own *authtodo.Accounts, id string) error) func(t *testing.T, s *site, a access) {
		return func(t *testing.T, s *site, a access) {
			t.Helper()
			if err := do(t.Context(), s.module.Accounts(), a.user.id); err != nil {
				t.Fatal(err)
			}
		}
	}
	return map[string]func(t *testing.T, s *site, a access){
		"revoked":         by("/revoke-sessions", `{}`),
		"deleted":         by("/delete-user", `{}`),
		"password change": by("/change-password", `{"currentPassword":`+quote(goodPassword)+`,"newPassword":"Kanarie7 another good one"}`),
		"password reset": func(t *testing.T, s *site, a access) {
			by("/request-password-reset", `{"email":`+quote(a.user.email)+`}`)(t, s, a)
			token := s.mails.link(t, a.user.email, accounts.MailReset)
			by("/reset-password", `{"token":`+quote(token)+`,"newPassword":"Kanarie7 another good one"}`)(t, s, a)
		},
		"disabled": admin(func(ctx context.Context, own *authtodo.Accounts, id string) error {
			return own.SetDisabled(ctx, id, true)
		}),
		"erased":                    admin(func(ctx context.Context, own *authtodo.Accounts, id string) error { return own.Erase(ctx, id) }),
		"ended by an administrator": admin(func(ctx context.Context, own *authtodo.Accounts, id string) error { return own.EndSessions(ctx, id) }),
		"idle":                      func(_ *testing.T, s *site, _ access) { s.ahead.Add(int64(accounts.DefaultIdle + time.Minute)) },
		"idle for years":            func(_ *testing.T, s *site, _ access) { s.ahead.Add(int64(3 * 365 * 24 * time.Hour)) },
	}
}

// TestEndedSessions: what ends the sessions of a user ends every way in, at once
// and on every storage; and of nobody else.
func TestEndedSessions(t *testing.T) {
	t.Parallel()
	for place, open := range places() {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			shared.watch.Keep("a password", "Kanarie7 another good one")
			s := newSite(t, place, open(t))
			i := 0
			for ending, end := range endings() {
				i++
				a := s.enter(t, fmt.Sprintf("ended%d@example.com", i))
				t.Run(ending, func(t *testing.T) {
					for way, r := range a.ways() {
						if way == "refresh token" {
							continue // changes when it is used
						}
						if got := s.send(t, r); got.status != http.StatusOK {
							t.Errorf("before, by %s: %d %s", way, got.status, got.body)
						}
					}
					end(t, s, a)
					for way, r := range a.ways() {
						shared.counts.add(place, "ended/"+ending+"/"+way)
						s.attack(t, attack{way, r, want{status: []int{401}, host: strings.HasSuffix(way, "at the host")}})
					}
					if ending == "disabled" || ending == "erased" || ending == "deleted" {
						shared.counts.add(place, "ended/"+ending+"/password")
						in := ask("POST", "/api/auth/sign-in/email").json(fmt.Sprintf(`{"email":%q,"password":%q,"tokens":true}`, a.user.email, goodPassword))
						s.attack(t, attack{"password", in, problem(401, "invalid-email-or-password")})
					}
					if a := s.send(t, get("/api/auth/get-session", "Cookie: better-auth.session_token="+a.cookie)); a.body != "null" {
						t.Errorf("get-session: %s", a.body)
					}
				})
				s.ahead.Store(0)
			}
		})
	}
}

// TestSignOutEndsOne: the session that signs out, and no other of the user.
func TestSignOutEndsOne(t *testing.T) {
	t.Parallel()
	onEachPlace(t, func(t *testing.T, s *site) {
		a := s.enter(t, "one@example.com")
		s.send(t, ask("POST", "/api/auth/sign-out", a.user.cookies()...).json(`{}`))
		for way, r := range a.ways() {
			shared.counts.add(s.place, "sign-out/"+way)
			status := 200
			if way == "session token" || strings.HasPrefix(way, "cookie") {
				status = 401
			}
			if got := s.send(t, r); got.status != status {
				t.Errorf("by %s: %d %s, want %d", way, got.status, got.body, status)
			}
		}
	})
}

// TestLinksOfMails: each is good once, for what it is for, and not after what
// makes it out of date.
func TestLinksOfMails(t *testing.T) {
	t.Parallel()
	onEachPlace(t, func(t *testing.T, s *site) {
		u := s.signUp(t, "links@example.com")
		use := func(path, token string) int {
			t.Helper()
			shared.counts.add(s.place, fmt.Sprint("link/", path, len(token)))
			return s.send(t, ask("POST", "/api/auth"+path).json(`{"token":`+quote(token)+`,"newPassword":"Kanarie7 another good one"}`)).status
		}
		reset := func() string {
			t.Helper()
			before := len(s.mails.all(u.email))
			s.send(t, ask("POST", "/api/auth/request-password-reset").json(`{"email":`+quote(u.email)+`}`))
			return s.mails.linkAfter(t, u.email, accounts.MailReset, before)
		}
		verify := s.mails.link(t, u.email, accounts.MailVerify)
		for i, want := range []int{200, 401, 401} {
			if got := use("/verify-email", verify); got != want {
				t.Errorf("verification %d: %d, want %d", i, got, want)
			}
		}
		older, newer := reset(), reset()
		for _, path := range []string{"/reset-password?token=", "/verify-email?token="} { // scanners of mail open links
			for range 3 {
				s.send(t, get("/api/auth"+path+newer, "Accept: text/html"))
			}
		}
		if got := use("/reset-password", newer); got != 200 {
			t.Errorf("reset: %d", got)
		}
		for name, token := range map[string]string{"used": newer, "older than one that was used": older} {
			if got := use("/reset-password", token); got != 400 {
				t.Errorf("%s: %d", name, got)
			}
		}
		late := reset()
		s.ahead.Add(int64(2 * time.Hour))
		if got := use("/reset-password", late); got != 400 {
			t.Errorf("late: %d", got)
		}
	})
}

// TestClock: every kind of token goes by the clock of the options, also when it
// was seen before.
func TestClock(t *testing.T) {
	t.Parallel()
	s := newSite(t, "memory", inMemory(t))
	ring := shared.rings()
	soon := fmt.Sprint(time.Now().Add(time.Hour).Unix())
	named := `{"exp":` + soon + `,"iss":"` + keysURL + `","aud":"` + audience + `","sub":"anna"}`
	tokens := map[string]string{"HS256": mac(hs256, `{"sub":"anna","exp":`+soon+`}`, plainSecret)}
	for _, p := range []*pair{ring.ed, ring.ec, ring.rsa} {
		tokens[p.alg] = p.token(p.header(), named)
	}
	s.state = s.look(t)
	for _, step := range []struct {
		ahead  time.Duration
		status int
	}{{0, 200}, {59 * time.Minute, 200}, {61 * time.Minute, 401}, {24 * time.Hour, 401}, {0, 200}} {
		s.ahead.Store(int64(step.ahead))
		for alg, token := range tokens {
			shared.counts.add("memory", fmt.Sprint("clock/", alg, step.ahead))
			s.attack(t, attack{alg, get("/api/todos").as(token), want{status: []int{step.status}}})
		}
	}
}
