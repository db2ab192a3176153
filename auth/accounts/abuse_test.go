package accounts_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo/auth"
	"github.com/authtodo/authtodo/auth/accounts"
	"github.com/authtodo/authtodo/storage/memory"
)

// bare is a service without a module around it, to look into.
func bare(t *testing.T, change func(*accounts.Options)) (*accounts.Service, *house) {
	t.Helper()
	engine := gin.New()
	server := httptest.NewServer(engine)
	t.Cleanup(server.Close)
	opts := accounts.Options{BaseURL: server.URL, Secret: accountsSecret, Limiter: accounts.Unlimited{}}
	if change != nil {
		change(&opts)
	}
	logger := slog.New(slog.DiscardHandler)
	service, err := accounts.New(opts, accounts.Deps{
		Store: memory.New().Backend().Accounts, Logger: logger, Now: time.Now, Timeout: time.Minute,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { service.Close() })
	guard, err := auth.New(auth.Options{}, auth.Deps{Local: service, Logger: logger})
	if err != nil {
		t.Fatal(err)
	}
	service.Mount(engine, guard)
	return service, &house{Server: server}
}

// TestTwins: of addresses with and without an account, and of accounts that are
// disabled or have no password, nothing tells which is which: not the status,
// not the header, not the body and not the number of hashes.
func TestTwins(t *testing.T) {
	t.Parallel()
	mail := &postman{}
	service, h := bare(t, func(o *accounts.Options) { o.Mailer, o.RequireVerification = mail, true })
	enroll := func(email string) (id string) {
		v := h.browser(t)
		a := v.must(200, "POST", "/auth/sign-up/email", object{"name": "x", "email": email, "password": goodPassword})
		v.must(200, "POST", "/auth/verify-email", object{"token": tokenOf(t, mail.next(t, accounts.MailVerify))})
		return a.text("user", "id")
	}
	enroll("known@example.com")
	v := h.browser(t)
	in := v.must(200, "POST", "/auth/sign-in/email", object{"email": "known@example.com", "password": goodPassword})
	enroll("disabled@example.com")
	v2 := h.browser(t)
	off := v2.must(200, "POST", "/auth/sign-in/email", object{"email": "disabled@example.com", "password": goodPassword})
	if err := service.SetDisabled(t.Context(), off.text("user", "id"), true); err != nil {
		t.Fatal(err)
	}
	_ = in
	compare := func(name, path string, bodies ...object) {
		t.Helper()
		var shapes []string
		for _, body := range bodies {
			before := service.HashesRun()
			a := h.browser(t).ask("POST", path, body)
			shapes = append(shapes, fmt.Sprintf("%s, %d hashes", shape(a), service.HashesRun()-before))
		}
		for i, s := range shapes {
			if s != shapes[0] {
				t.Errorf("%s: %v answers\n%s\nand %v\n%s", name, bodies[0], shapes[0], bodies[i], s)
			}
		}
		t.Log(name, shapes[0])
	}
	compare("sign-in", "/auth/sign-in/email",
		object{"email": "nobody@example.com", "password": "wrong password"},
		object{"email": "known@example.com", "password": "wrong password"},
		object{"email": "disabled@example.com", "password": "wrong password"},
		object{"email": "disabled@example.com", "password": goodPassword})
	// Whoever signs up and then in with one password learns nothing, neither.
	for _, email := range []string{"probed@example.com", "known@example.com", "disabled@example.com"} {
		h.browser(t).must(200, "POST", "/auth/sign-up/email", object{"name": "x", "email": email, "password": "the probing password"})
	}
	compare("sign-in after sign-up", "/auth/sign-in/email",
		object{"email": "probed@example.com", "password": "the probing password"},
		object{"email": "known@example.com", "password": "the probing password"},
		object{"email": "disabled@example.com", "password": "the probing password"})
	compare("sign-up", "/auth/sign-up/email",
		object{"name": "x", "email": "fresh@example.com", "password": goodPassword},
		object{"name": "x", "email": "known@example.com", "password": goodPassword},
		object{"name": "x", "email": "disabled@example.com", "password": goodPassword},
		object{"name": "x", "email": "fresh@example.com", "password": goodPassword})
	for _, path := range []string{"/auth/request-password-reset", "/auth/send-verification-email"} {
		compare(path, path, object{"email": "nobody@example.com"}, object{"email": "known@example.com"},
			object{"email": "disabled@example.com"}, object{"email": "fresh@example.com"})
	}
	signed := func(email string) answer {
		return v.ask("POST", "/auth/change-email", object{"newEmail": email})
	}
	if a, b := signed("taken-by-nobody@example.com"), signed("disabled@example.com"); shape(a) != shape(b) {
		t.Errorf("change-email answers\n%s\nand\n%s", shape(a), shape(b))
	}
}

// TestLimits counts what comes through at once.
func TestLimits(t *testing.T) {
	t.Parallel()
	through := func(v *visitor, path string, bodies func(i int) object) (n int, last answer) {
		for i := range 200 {
			if last = v.ask("POST", path, bodies(i)); last.Status == 429 {
				return i, last
			}
		}
		return 200, last
	}
	for name, test := range map[string]struct {
		path string
		body func(i int) object
		most int
	}{
		"sign-in by account": {"/api/auth/sign-in/email", func(int) object {
			return object{"email": "ada@example.com", "password": "wrong"}
		}, 10},
		"sign-in by client": {"/api/auth/sign-in/email", func(i int) object {
			return object{"email": fmt.Sprintf("u%d@example.com", i), "password": "wrong"}
		}, 20},
		"sign-up by client": {"/api/auth/sign-up/email", func(i int) object {
			return object{"name": "x", "email": fmt.Sprintf("u%d@example.com", i), "password": goodPassword}
		}, 10},
		"codes": {"/api/auth/verify-email", func(int) object { return object{"token": "atv_x"} }, 20},
		"mails": {"/api/auth/request-password-reset", func(i int) object {
			return object{"email": fmt.Sprintf("u%d@example.com", i)}
		}, 20},
		"refresh": {"/api/auth/refresh", func(int) object { return object{"refresh_token": "atr_x"} }, 120},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var time frozen
			var events book
			h := newHouse(t, all(time.set, withMail(&postman{}, false), func(o *options) { o.Accounts.OnEvent = events.keep }))
			v := h.browser(t)
			n, last := through(v, test.path, test.body)
			if n != test.most {
				t.Errorf("%d came through, want %d", n, test.most)
			}
			if last.Header.Get("Retry-After") == "" || last.Header.Get("Retry-After") != last.Header.Get("X-Retry-After") ||
				last.text("error_code") != "RATE_LIMITED" || last.text("message") == "" {
				t.Errorf("the answer is %v %s", last.Header, last.Text)
			}
			if events.count(accounts.EventLimited) != 1 {
				t.Errorf("the events are %v", events.kinds())
			}
			time.pass(90e9)
			if a := v.ask("POST", test.path, test.body(0)); a.Status == 429 {
				t.Error("still limited after a minute and a half")
			}
		})
	}
}

// TestOwnerIsNotLockedOut: whoever guesses at an account from many addresses
// keeps its owner out neither of a browser that they have used before nor of a
// place where they are signed in.
func TestOwnerIsNotLockedOut(t *testing.T) {
	t.Parallel()
	proxies := func(o *options) {
		o.Accounts.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	}
	var time frozen // or buckets fill again while a slow machine hashes
	h := newHouse(t, all(time.set, proxies))
	from := func(v *visitor, address string) *visitor {
		v.header.Set("X-Forwarded-For", address)
		return v
	}
	owner := from(h.browser(t), "192.0.2.1")
	signUp(owner, "ada@example.com", nil)
	limited := 0
	for i := range 100 {
		attacker := from(h.browser(t), fmt.Sprintf("198.51.100.%d", i))
		attacker.header.Set("Cookie", "better-auth.known_device="+strings.Repeat("A", 80))
		if signIn(attacker, "ada@example.com", "wrong").Status == 429 {
			limited++
		}
	}
	if limited < 85 {
		t.Errorf("only %d of 100 guesses were limited", limited)
	}
	if a := signIn(from(h.browser(t), "203.0.113.9"), "ada@example.com", goodPassword); a.Status != 429 {
		t.Errorf("somebody who is unknown: %d %s", a.Status, a.Text)
	}
	if a := signIn(from(h.browser(t), "192.0.2.1"), "ada@example.com", goodPassword); a.Status != 200 {
		t.Errorf("where the owner is signed in: %d %s", a.Status, a.Text)
	}
	if a := signIn(from(owner, "203.0.113.77"), "ada@example.com", goodPassword); a.Status != 200 {
		t.Errorf("the owner's own browser: %d %s", a.Status, a.Text)
	}
	// A browser that is known for one account is not for another.
	eve := from(h.browser(t), "203.0.113.10")
	signUp(eve, "eve@example.com", nil)
	if a := signIn(eve, "ada@example.com", "wrong"); a.Status != 429 {
		t.Errorf("a browser of somebody else: %d %s", a.Status, a.Text)
	}
	// IPv6 is counted by /64.
	n := 0
	for i := range 30 {
		v := from(h.browser(t), fmt.Sprintf("2001:db8::%x:1", i))
		if signIn(v, fmt.Sprintf("u%d@example.com", i), "wrong").Status == 429 {
			n++
		}
	}
	if n < 8 {
		t.Errorf("%d of 30 from one /64 were limited", n)
	}
}

func TestForwardedForIsNotBelieved(t *testing.T) {
	t.Parallel()
	var time frozen
	h := newHouse(t, time.set)
	n := 0
	for i := range 30 {
		v := h.browser(t)
		v.header.Set("X-Forwarded-For", fmt.Sprintf("198.51.100.%d", i))
		v.header.Set("X-Real-Ip", fmt.Sprintf("198.51.100.%d", i))
		if signIn(v, fmt.Sprintf("u%d@example.com", i), "wrong").Status == 429 {
			n++
		}
	}
	if n < 8 {
		t.Errorf("%d of 30 were limited", n)
	}
}

// broken is a limiter that is down.
type broken struct{}

func (broken) Take(context.Context, string, accounts.Rate) (time.Duration, error) {
	return time.Hour, errors.New("the limiter is down")
}

func TestLimiterDown(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(o *options) { o.Accounts.Limiter = broken{} })
	signUp(h.browser(t), "ada@example.com", nil)
}

// TestMailLimit: nobody has the mailbox of somebody else flooded.
func TestMailLimit(t *testing.T) {
	t.Parallel()
	mail := &postman{}
	var time frozen
	h := newHouse(t, all(time.set, withMail(mail, false)))
	v := h.browser(t)
	signUp(v, "ada@example.com", nil)
	for range 15 {
		v.must(200, "POST", "/api/auth/request-password-reset", object{"email": "ada@example.com"})
	}
	h.module.Close()
	if n := len(mail.mails); n != 1+5 { // that of the sign-up, and five of the kind
		t.Errorf("%d mails were sent", n)
	}
}

// TestNoticesToStrangers: who signs up with an address that is not theirs has its
// reader told nothing again and again.
func TestNoticesToStrangers(t *testing.T) {
	t.Parallel()
	mail := &postman{}
	var now frozen
	h := newHouse(t, all(now.set, behindProxy, withMail(mail, false)))
	guests := crowd{house: h}
	to := func(address string) (mails []accounts.Mail) {
		mail.mu.Lock()
		defer mail.mu.Unlock()
		for _, m := range mail.mails {
			if m.To == address {
				mails = append(mails, m)
			}
		}
		return mails
	}
	first, second := goodPassword, "another good one"
	for i := range 8 {
		eve, own := guests.next(t), fmt.Sprintf("e%d@example.com", i)
		signUp(eve, "victim@example.com", nil)
		eve.must(200, "POST", "/api/auth/change-password", object{"currentPassword": first, "newPassword": second})
		eve.must(200, "POST", "/api/auth/change-email", object{"newEmail": own})
		var mails []accounts.Mail
		for len(mails) == 0 {
			runtime.Gosched()
			mails = to(own)
		}
		eve.must(200, "POST", "/api/auth/verify-email", object{"token": tokenOf(t, mails[0])})
	}
	h.module.Close()
	kinds := make(map[accounts.MailKind]int)
	for _, m := range to("victim@example.com") {
		kinds[m.Kind]++
	}
	if fmt.Sprint(kinds) != "map[password-reset:5 verify-email:5]" {
		t.Errorf("the victim has %v", kinds)
	}
}

// TestMailKinds: the mails of one kind that somebody causes keep no other kind
// from the owner.
func TestMailKinds(t *testing.T) {
	t.Parallel()
	mail := &postman{}
	var time frozen
	h := newHouse(t, all(time.set, withMail(mail, true)))
	owner, eve := h.browser(t), h.browser(t)
	signUp(owner, "ada@example.com", nil)
	owner.must(200, "POST", "/api/auth/verify-email", object{"token": tokenOf(t, mail.next(t, accounts.MailVerify))})
	for range 7 {
		signUp(eve, "ada@example.com", nil)
	}
	for range 5 {
		mail.next(t, accounts.MailExisting)
	}
	owner.must(200, "POST", "/api/auth/request-password-reset", object{"email": "ada@example.com"})
	mail.next(t, accounts.MailReset)
	mail.none(t, h)
}

// TestHostHeader: links lead to the base URL, whatever a request says.
func TestHostHeader(t *testing.T) {
	t.Parallel()
	mail := &postman{}
	h := newHouse(t, all(withMail(mail, false), func(o *options) {
		o.Accounts.BaseURL, o.Accounts.ResetPage = "https://app.example.com", "/new-password"
	}))
	r, err := http.NewRequestWithContext(t.Context(), "POST", h.URL+"/api/auth/sign-up/email",
		strings.NewReader(`{"name":"a","email":"ada@example.com","password":"correct horse battery","callbackURL":"https://evil.example"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "evil.example"
	r.Header = http.Header{
		"Content-Type": {"application/json"}, "X-Forwarded-Host": {"evil.example"},
		"X-Forwarded-Proto": {"http"}, "Forwarded": {"host=evil.example"},
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil || response.StatusCode != 200 {
		t.Fatal(response, err)
	}
	response.Body.Close()
	if link := mail.next(t, accounts.MailVerify).Link; !strings.HasPrefix(link, "https://app.example.com/api/auth/verify-email?token=atv_") {
		t.Errorf("the link is %s", link)
	}
	h.browser(t).must(200, "POST", "/api/auth/request-password-reset",
		object{"email": "ada@example.com", "redirectTo": "https://evil.example"})
	if link := mail.next(t, accounts.MailReset).Link; !strings.HasPrefix(link, "https://app.example.com/new-password?token=atp_") {
		t.Errorf("the link is %s", link)
	}
}
