package accounts_test

import (
	"context"
	"fmt"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/authtodo/authtodo/auth/accounts"
)

// behindProxy has visitors come from wherever they say.
func behindProxy(o *options) {
	o.Accounts.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
}

func from(v *visitor, address string) *visitor {
	v.header.Set("X-Forwarded-For", address)
	return v
}

// crowd are clients that have nothing in common.
type crowd struct {
	house *house
	n     int
}

func (c *crowd) next(t *testing.T) *visitor {
	c.n++
	return from(c.house.browser(t), fmt.Sprintf("198.51.%d.%d", c.n/250, c.n%250))
}

// inquiries is a store that counts what it is asked about accounts.
type inquiries struct {
	accounts.Store
	asked atomic.Int64
}

func (s *inquiries) behind(o *options) { s.Store = o.Storage.Accounts; o.Storage.Accounts = s }

func (s *inquiries) Account(ctx context.Context, id string) (accounts.Account, error) {
	s.asked.Add(1)
	return s.Store.Account(ctx, id)
}

func (s *inquiries) AccountByEmail(ctx context.Context, email string) (accounts.Account, error) {
	s.asked.Add(1)
	return s.Store.AccountByEmail(ctx, email)
}

func (s *inquiries) Sessions(ctx context.Context, id string) ([]accounts.Session, error) {
	s.asked.Add(1)
	return s.Store.Sessions(ctx, id)
}

// easy is a store whose accounts have hashes, when it is told to, that no password
// matches and that take no time, so that many guesses can be made.
type easy struct {
	accounts.Store
	on atomic.Bool
}

func (e *easy) behind(o *options) { e.Store = o.Storage.Accounts; o.Storage.Accounts = e }

func (e *easy) AccountByEmail(ctx context.Context, email string) (accounts.Account, error) {
	account, err := e.Store.AccountByEmail(ctx, email)
	if e.on.Load() {
		account.Password = "$2a$04$h3QEP5a9ZjP14NRwqTpOZeEi5btJc/yAjeMQbzFU/CWoKGx1SOavq"
	}
	return account, err
}

// guesses does something while guesses are easy.
func (e *easy) guesses(do func()) {
	e.on.Store(true)
	defer e.on.Store(false)
	do()
}

// TestRefusalsTellNoTime: a client that is refused makes no work that depends on
// the address, and one that is not makes the same for every address.
func TestRefusalsTellNoTime(t *testing.T) {
	t.Parallel()
	var time frozen
	store := &inquiries{}
	h := newHouse(t, all(time.set, behindProxy, store.behind))
	signUp(from(h.browser(t), "192.0.2.1"), "ada@example.com", nil)
	asked := func(v *visitor, email string) int64 {
		before := store.asked.Load()
		if a := signIn(v, email, "wrong password"); a.Status != 429 {
			t.Errorf("%s: %d", email, a.Status)
		}
		return store.asked.Load() - before
	}
	strangers := crowd{house: h}
	for _, email := range []string{"ada@example.com", "nobody@example.com"} {
		for range 10 { // as many as an account has
			signIn(strangers.next(t), email, "wrong password")
		}
	}
	ada, nobody := asked(strangers.next(t), "ada@example.com"), asked(strangers.next(t), "nobody@example.com")
	if ada != nobody {
		t.Errorf("%d questions about an account, %d about none", ada, nobody)
	}
	eve := from(h.browser(t), "203.0.113.66")
	for range 20 { // as many as a client has
		signIn(eve, "ada@example.com", "wrong password")
	}
	for _, email := range []string{"ada@example.com", "nobody@example.com", "new@example.com"} {
		if n := asked(eve, email); n != 0 {
			t.Errorf("%s: %d questions", email, n)
		}
	}
	// A browser that is known for one account learns nothing about another.
	signUp(from(eve, "203.0.113.67"), "eve@example.com", nil)
	from(eve, "203.0.113.66")
	if ada, nobody := asked(eve, "ada@example.com"), asked(eve, "nobody@example.com"); ada != nobody {
		t.Errorf("of a known browser: %d questions about an account, %d about none", ada, nobody)
	}
}

// TestNeighbours: who shares an address with somebody who guesses gets in with a
// browser that is known.
func TestNeighbours(t *testing.T) {
	t.Parallel()
	var time frozen
	h := newHouse(t, time.set)
	owner := h.browser(t)
	signUp(owner, "ada@example.com", nil)
	owner.must(200, "POST", "/api/auth/sign-out", object{})
	for range 20 { // as many as a client has
		signIn(h.browser(t), "nobody@example.com", "wrong password")
	}
	if a := signIn(h.browser(t), "other@example.com", "wrong password"); a.Status != 429 {
		t.Fatalf("the neighbour: %d", a.Status)
	}
	if a := signIn(owner, "ada@example.com", goodPassword); a.Status != 200 {
		t.Errorf("the known browser: %d %s", a.Status, a.Text)
	}
	if a := signIn(h.browser(t), "ada@example.com", goodPassword); a.Status != 429 {
		t.Errorf("another browser: %d %s", a.Status, a.Text)
	}
}

// TestResetLetsIn: an owner whom guesses keep out where nobody knows them gets in
// by a reset, whatever they use.
func TestResetLetsIn(t *testing.T) {
	t.Parallel()
	mail := &postman{}
	var time frozen
	var store easy
	h := newHouse(t, all(time.set, behindProxy, withMail(mail, false), store.behind))
	first := from(h.browser(t), "192.0.2.1")
	signUp(first, "ada@example.com", nil)
	mail.next(t, accounts.MailVerify)
	first.must(200, "POST", "/api/auth/sign-out", object{})
	strangers := crowd{house: h}
	exhaust := func() {
		t.Helper()
		last := 0
		store.guesses(func() {
			for range 11 {
				last = signIn(strangers.next(t), "ada@example.com", "wrong password").Status
			}
		})
		if last != 429 {
			t.Fatalf("the last guess: %d", last)
		}
	}
	reset := func(v *visitor, password string) {
		t.Helper()
		v.must(200, "POST", "/api/auth/request-password-reset", object{"email": "ada@example.com"})
		token := tokenOf(t, mail.next(t, accounts.MailReset))
		v.must(200, "POST", "/api/auth/reset-password", object{"token": token, "newPassword": password})
		mail.next(t, accounts.MailPassword)
	}
	exhaust()
	laptop := from(h.browser(t), "203.0.113.9")
	reset(laptop, "the second good one")
	exhaust() // who guesses does not stop because of that
	if a := signIn(laptop, "ada@example.com", "the second good one"); a.Status != 200 {
		t.Errorf("the browser of the reset: %d %s", a.Status, a.Text)
	}
	phone := from(h.app(t, ""), "203.0.113.10")
	reset(phone, "the third good one")
	a := phone.ask("POST", "/api/auth/sign-in/email", object{"email": "ada@example.com", "password": "the third good one", "tokens": true})
	if a.Status != 200 {
		t.Errorf("the phone: %d %s", a.Status, a.Text)
	}
	// The page of another site does not have a browser remember somebody.
	exhaust()
	laptop.must(200, "POST", "/api/auth/request-password-reset", object{"email": "ada@example.com"})
	token := tokenOf(t, mail.next(t, accounts.MailReset))
	laptop.header.Set("Sec-Fetch-Site", "cross-site")
	if a := laptop.ask("POST", "/api/auth/reset-password", object{"token": token, "newPassword": "the fourth good one"}); a.Header.Get("Set-Cookie") != "" {
		t.Errorf("another site sets %v", a.Header["Set-Cookie"])
	}
}

// TestDevicesEndWithThePassword: whoever knew it and has collected devices has no
// guesses more than others once it is another.
func TestDevicesEndWithThePassword(t *testing.T) {
	t.Parallel()
	mail := &postman{}
	var now frozen
	h := newHouse(t, all(now.set, behindProxy, withMail(mail, false)))
	const name = "better-auth.known_device"
	thieves := crowd{house: h}
	owner := from(h.browser(t), "192.0.2.1")
	signUp(owner, "ada@example.com", nil)
	mail.next(t, accounts.MailVerify)
	var devices []string
	collect := func(password string) {
		for range 3 {
			v := thieves.next(t)
			if a := signIn(v, "ada@example.com", password); a.Status != 200 {
				t.Fatalf("a thief: %d", a.Status)
			}
			devices = append(devices, v.cookies()[name])
		}
	}
	collect(goodPassword)
	kept := owner.cookies()[name]
	owner.must(200, "POST", "/api/auth/change-password", object{"currentPassword": goodPassword, "newPassword": "the second good one"})
	mail.next(t, accounts.MailPassword)
	if now := owner.cookies()[name]; now == kept || now == "" {
		t.Error("the owner's browser is not known by the new password")
	}
	collect("the second good one")
	owner.must(200, "POST", "/api/auth/change-password",
		object{"currentPassword": "the second good one", "newPassword": "the third good one", "revokeOtherSessions": false})
	mail.next(t, accounts.MailPassword)
	owner.must(200, "POST", "/api/auth/revoke-other-sessions", object{})
	now.pass(time.Hour) // until the account can be tried as often as ever
	looked := 0
	for _, device := range devices {
		for range 4 {
			v := thieves.next(t)
			v.header.Set("Cookie", name+"="+device)
			if signIn(v, "ada@example.com", "wrong password").Status == 401 {
				looked++
			}
		}
	}
	if looked != 10 {
		t.Errorf("%d guesses at once with devices of before, want the 10 that everybody has", looked)
	}
	if a := signIn(from(owner, "192.0.2.99"), "ada@example.com", "the third good one"); a.Status != 200 {
		t.Errorf("the owner's browser: %d %s", a.Status, a.Text)
	}
}

// TestSites: who has many networks of IPv6 is counted as one, too.
func TestSites(t *testing.T) {
	t.Parallel()
	var time frozen
	var events book
	h := newHouse(t, all(time.set, behindProxy, func(o *options) { o.Accounts.OnEvent = events.keep }))
	through := func(prefix string) (n int) {
		for i := range 130 {
			v := from(h.browser(t), fmt.Sprintf(prefix, i))
			if v.ask("POST", "/api/auth/verify-email", object{"token": "atv_x"}).Status != 429 {
				n++
			}
		}
		return n
	}
	for prefix, want := range map[string]int{
		"2001:db8:1:%x::1": 100, // one site
		"2001:db9:%x::1":   130, // many
		"2001:db8:2::%x":   20,  // one customer
		"192.0.2.%d":       130,
	} {
		if n := through(prefix); n != want {
			t.Errorf("%s: %d of 130 came through, want %d", prefix, n, want)
		}
	}
	for i := range 101 { // most of them are too many for the account, too
		signIn(from(h.browser(t), fmt.Sprintf("2001:db8:3:%x::1", i)), "nobody@example.com", "wrong password")
	}
	last := events.events[len(events.events)-1]
	if last.Kind != accounts.EventLimited || last.Reason != "sign-in by client, of a site" {
		t.Errorf("the last of the sign-ins is %s: %s", last.Kind, last.Reason)
	}
}

// TestFailuresInARow: a password is tried a hundred times without a success, from
// wherever, and then it is not before its owner shows up.
func TestFailuresInARow(t *testing.T) {
	t.Parallel()
	mail := &postman{}
	var now frozen
	var store easy
	h := newHouse(t, all(now.set, behindProxy, withMail(mail, false), store.behind))
	owner, home := from(h.browser(t), "192.0.2.1"), func() *visitor { return from(h.browser(t), "192.0.2.1") }
	signUp(owner, "ada@example.com", nil)
	mail.next(t, accounts.MailVerify)
	strangers := crowd{house: h}
	tries := func(who func() *visitor) (n int) {
		store.guesses(func() {
			for range 60 {
				if signIn(who(), "ada@example.com", "wrong password").Status == 401 {
					n++
				}
				now.pass(time.Minute)
			}
		})
		return n
	}
	stranger := func() *visitor { return strangers.next(t) }
	known := func() *visitor { return from(owner, stranger().header.Get("X-Forwarded-For")) }
	if n := tries(stranger); n != 40 {
		t.Errorf("strangers have %d failures", n)
	}
	if n := tries(home); n != 10 {
		t.Errorf("at the owner's address there are %d", n)
	}
	if n := tries(known); n != 30 {
		t.Errorf("known browsers have %d", n)
	}
	n := 0
	for range 30 {
		if owner.ask("POST", "/api/auth/verify-password", object{"password": "wrong password"}).Status == 400 {
			n++
		}
		now.pass(time.Minute)
	}
	if n != 20 {
		t.Errorf("who is signed in has %d", n)
	}
	laptop := stranger()
	if a := signIn(laptop, "ada@example.com", goodPassword); a.Status != 429 {
		t.Errorf("after a hundred: %d %s", a.Status, a.Text)
	}
	laptop.must(200, "POST", "/api/auth/request-password-reset", object{"email": "ada@example.com"})
	token := tokenOf(t, mail.next(t, accounts.MailReset))
	laptop.must(200, "POST", "/api/auth/reset-password", object{"token": token, "newPassword": "the second good one"})
	if a := signIn(stranger(), "ada@example.com", "the second good one"); a.Status != 200 {
		t.Errorf("after a reset: %d %s", a.Status, a.Text)
	}
	// A success lifts what there was before.
	if n := tries(stranger); n != 40 {
		t.Errorf("after a success strangers have %d", n)
	}
	if a := signIn(laptop, "ada@example.com", "the second good one"); a.Status != 200 {
		t.Errorf("a browser that is known: %d %s", a.Status, a.Text)
	}
	if a := signIn(stranger(), "ada@example.com", "the second good one"); a.Status != 200 {
		t.Errorf("after that a new one: %d %s", a.Status, a.Text)
	}
}

// TestFailuresOfNobody: an address without an account is counted alike.
func TestFailuresOfNobody(t *testing.T) {
	t.Parallel()
	var now frozen
	h := newHouse(t, all(now.set, behindProxy))
	strangers := crowd{house: h}
	n := 0
	for range 42 {
		if signIn(strangers.next(t), "nobody@example.com", "wrong password").Status == 401 {
			n++
		}
		now.pass(time.Minute)
	}
	if n != 40 {
		t.Errorf("%d failures", n)
	}
	now.pass(24 * time.Hour) // nobody can ask for a reset here, so that time lifts it
	if a := signIn(strangers.next(t), "nobody@example.com", "wrong password"); a.Status != 401 {
		t.Errorf("a day later: %d", a.Status)
	}
}

// forgetful is a limiter that counts nothing and can lift nothing.
type forgetful struct{ accounts.Limiter }

func (forgetful) Take(context.Context, string, accounts.Rate) (time.Duration, error) { return 0, nil }

// TestFailuresBesideALimiter: one that cannot forget is asked about none.
func TestFailuresBesideALimiter(t *testing.T) {
	t.Parallel()
	var store easy
	h := newHouse(t, all(store.behind, func(o *options) { o.Accounts.Limiter = forgetful{} }))
	signUp(h.browser(t), "ada@example.com", nil)
	n := 0
	store.guesses(func() {
		for range 60 {
			if signIn(h.browser(t), "ada@example.com", "wrong password").Status == 401 {
				n++
			}
		}
	})
	if n != 50 { // 40 of strangers, and 10 at the owner's address
		t.Errorf("%d failures", n)
	}
	if a := signIn(h.browser(t), "ada@example.com", goodPassword); a.Status != 429 {
		t.Errorf("after that: %d", a.Status)
	}
}
