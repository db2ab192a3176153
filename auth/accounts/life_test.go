package accounts_test

import (
	"context"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth/accounts"
)

// postman is a Mailer that keeps what it gets.
type postman struct {
	mu    sync.Mutex
	mails []accounts.Mail
	taken int
}

func (p *postman) Send(_ context.Context, mail accounts.Mail) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mails = append(p.mails, mail)
	return nil
}

// next is the next mail that nobody has taken.
func (p *postman) next(t *testing.T, kind accounts.MailKind) accounts.Mail {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		p.mu.Lock()
		if p.taken < len(p.mails) {
			mail := p.mails[p.taken]
			p.taken++
			p.mu.Unlock()
			if mail.Kind != kind {
				t.Fatalf("the mail is %+v, want one of the kind %s", mail, kind)
			}
			return mail
		}
		p.mu.Unlock()
	}
	t.Fatalf("no mail of the kind %s came", kind)
	return accounts.Mail{}
}

// none fails if there is a mail that nobody has taken, once all of the module's
// are sent.
func (p *postman) none(t *testing.T, h *house) {
	t.Helper()
	h.module.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, mail := range p.mails[p.taken:] {
		t.Errorf("there is a mail %+v", mail)
	}
}

// tokenOf is the token in the link of a mail.
func tokenOf(t *testing.T, mail accounts.Mail) string {
	t.Helper()
	u, err := url.Parse(mail.Link)
	if err != nil || u.Query().Get("token") == "" {
		t.Fatalf("the link is %q", mail.Link)
	}
	watch.Token("a token in a mail", u.Query().Get("token"))
	return u.Query().Get("token")
}

// withMail adds a Mailer, and has addresses verified if asked.
func withMail(p *postman, verify bool) func(*authtodo.Options) {
	return func(o *authtodo.Options) {
		o.Accounts.Mailer, o.Accounts.RequireVerification = p, verify
	}
}

func signIn(v *visitor, email, password string) answer {
	v.t.Helper()
	return v.ask("POST", "/api/auth/sign-in/email", object{"email": email, "password": password})
}

// TestLife is one whole life of an account that has its address verified.
func TestLife(t *testing.T) {
	t.Parallel()
	mail := &postman{}
	h := newHouse(t, withMail(mail, true))
	v := h.browser(t)
	up := signUp(v, "ada@example.com", nil)
	if up.at("token") != nil || up.text("user", "email") != "ada@example.com" || len(v.cookies()) != 0 {
		t.Fatalf("sign-up answers %s and sets %v", up.Text, v.cookies())
	}
	if a := signIn(v, "ada@example.com", goodPassword); a.Status != 401 || a.text("code") != "INVALID_EMAIL_OR_PASSWORD" {
		t.Errorf("sign-in without a verified address: %d %s", a.Status, a.Text)
	}
	first := mail.next(t, accounts.MailVerify)
	second := mail.next(t, accounts.MailVerify)
	if !strings.HasPrefix(first.Link, h.URL+"/api/auth/verify-email?token=") || !strings.Contains(first.Text, first.Link) {
		t.Errorf("the mail is %+v", first)
	}
	link := strings.TrimPrefix(first.Link, h.URL)
	for range 3 { // what scanners of mail do
		if page := v.must(200, "GET", link, nil); !strings.Contains(page.Text, `<form method="post">`) {
			t.Errorf("the page is %s", page.Text)
		}
	}
	v.must(200, "POST", "/api/auth/verify-email", object{"token": tokenOf(t, first)})
	for _, used := range []accounts.Mail{first, second} {
		a := v.must(401, "POST", "/api/auth/verify-email?token="+tokenOf(t, used), object{})
		if a.text("code") != "INVALID_TOKEN" {
			t.Errorf("a used link: %s", a.Text)
		}
	}
	in := signIn(v, "ada@example.com", goodPassword)
	if in.Status != 200 || in.at("user", "emailVerified") != true {
		t.Fatalf("sign-in: %d %s", in.Status, in.Text)
	}
	v.must(201, "POST", "/api/todos", object{"title": "mine"})

	v.must(200, "POST", "/api/auth/update-user", object{"name": "Ada L.", "image": "https://example.com/a.png"})
	v.must(200, "POST", "/api/auth/update-user", object{"image": nil})
	session := v.must(200, "GET", "/api/auth/get-session", nil)
	if session.text("user", "name") != "Ada L." || session.at("user", "image") != nil {
		t.Errorf("the profile is %s", session.Text)
	}

	v.must(400, "POST", "/api/auth/change-password", object{"currentPassword": "wrong one", "newPassword": "another good one"})
	changed := v.must(200, "POST", "/api/auth/change-password",
		object{"currentPassword": goodPassword, "newPassword": "another good one"})
	if changed.text("token") == in.text("token") || v.cookies()["better-auth.session_token"] != changed.text("token") {
		t.Errorf("the password was changed, and the session not: %s", changed.Text)
	}
	mail.next(t, accounts.MailPassword)
	v.must(200, "POST", "/api/auth/verify-password", object{"password": "another good one"})
	v.must(400, "POST", "/api/auth/verify-password", object{"password": goodPassword})

	v.must(200, "POST", "/api/auth/change-email", object{"newEmail": "lovelace@example.com"})
	change := mail.next(t, accounts.MailChange)
	if change.To != "lovelace@example.com" {
		t.Errorf("the mail goes to %s", change.To)
	}
	moved := v.must(200, "POST", "/api/auth/verify-email", object{"token": tokenOf(t, change)})
	if moved.text("user", "email") != "lovelace@example.com" {
		t.Errorf("the address is %s", moved.Text)
	}
	if old := mail.next(t, accounts.MailChanged); old.To != "ada@example.com" {
		t.Errorf("the old address is not told: %+v", old)
	}

	v.must(200, "POST", "/api/auth/request-password-reset", object{"email": "lovelace@example.com"})
	reset := mail.next(t, accounts.MailReset)
	v.must(400, "POST", "/api/auth/reset-password", object{"token": tokenOf(t, reset), "newPassword": "short"})
	v.must(200, "POST", "/api/auth/reset-password", object{"token": tokenOf(t, reset), "newPassword": "the third good one"})
	mail.next(t, accounts.MailPassword)
	v.must(400, "POST", "/api/auth/reset-password", object{"token": tokenOf(t, reset), "newPassword": "the fourth good one"})
	v.must(401, "GET", "/api/todos", nil)
	if a := signIn(v, "lovelace@example.com", "the third good one"); a.Status != 200 {
		t.Fatalf("sign-in after the reset: %d %s", a.Status, a.Text)
	}

	export, err := h.module.Accounts().Export(t.Context(), in.text("user", "id"))
	if err != nil || export.User.Email != "lovelace@example.com" || len(export.Todos) != 1 || len(export.Sessions) != 1 ||
		export.Sessions[0].Secret != (accounts.Digest{}) {
		t.Errorf("the export is %+v, %v", export, err)
	}
	v.must(200, "POST", "/api/auth/delete-user", object{"password": "the third good one"})
	v.must(401, "GET", "/api/todos", nil)
	if a := signIn(v, "lovelace@example.com", "the third good one"); a.Status != 401 {
		t.Errorf("sign-in after the deletion: %d %s", a.Status, a.Text)
	}
	if _, err := h.module.Accounts().Export(t.Context(), in.text("user", "id")); err == nil {
		t.Error("the account is still there")
	}
	mail.none(t, h)
}

// TestPages goes the ways of mails without a front end.
func TestPages(t *testing.T) {
	t.Parallel()
	mail := &postman{}
	h := newHouse(t, withMail(mail, true))
	v := h.browser(t)
	signUp(v, "ada@example.com", nil)
	link := strings.TrimPrefix(mail.next(t, accounts.MailVerify).Link, h.URL)
	page := v.must(200, "GET", link, nil)
	if policy := page.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") ||
		strings.Contains(page.Text, "<script") || page.Header.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("the page has the policy %q", policy)
	}
	if a := v.post(link, url.Values{}); a.Status != 200 || !strings.Contains(a.Text, "confirmed") {
		t.Errorf("the button: %d %s", a.Status, a.Text)
	}
	if a := v.post(link, url.Values{}); a.Status != 401 || !strings.Contains(a.Text, "does not work") {
		t.Errorf("the button again: %d %s", a.Status, a.Text)
	}
	v.must(200, "POST", "/api/auth/request-password-reset", object{"email": "ada@example.com"})
	link = strings.TrimPrefix(mail.next(t, accounts.MailReset).Link, h.URL)
	v.must(200, "GET", link, nil)
	if a := v.post(link, url.Values{"newPassword": {"12345678"}}); a.Status != 400 || !strings.Contains(a.Text, "<form") {
		t.Errorf("a weak password: %d %s", a.Status, a.Text)
	}
	if a := v.post(link, url.Values{"newPassword": {"a much better one"}}); a.Status != 200 {
		t.Errorf("a good password: %d %s", a.Status, a.Text)
	}
	mail.next(t, accounts.MailPassword)
	if a := signIn(v, "ada@example.com", "a much better one"); a.Status != 200 {
		t.Errorf("sign-in: %d %s", a.Status, a.Text)
	}
	v.must(400, "GET", "/api/auth/verify-email?token=junk", nil)
	v.header.Set("Accept", "application/json")
	v.must(405, "GET", "/api/auth/verify-email?token=junk", nil)
}

// TestPreHijack: whoever signs up first with the address of somebody else has
// nothing of the account once its owner verifies it.
func TestPreHijack(t *testing.T) {
	t.Parallel()
	const owners, attackers = "owners very own", "attackers own"
	for name, test := range map[string]struct {
		first, second string // passwords
		opens         int    // which mail the owner opens
	}{
		"the owner signs up, too, and opens that mail": {attackers, owners, 1},
		"the owner signs up, too, and opens the other": {attackers, owners, 0},
		"the owner was first, and opens that mail":     {owners, attackers, 0},
		"the owner was first, and opens the other":     {owners, attackers, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mail := &postman{}
			h := newHouse(t, withMail(mail, true))
			attacker, owner := h.browser(t), h.browser(t)
			var links []accounts.Mail
			for _, password := range []string{test.first, test.second} {
				if up := signUp(h.browser(t), "victim@example.com", object{"password": password}); up.at("token") != nil {
					t.Errorf("sign-up answers %s", up.Text)
				}
				links = append(links, mail.next(t, accounts.MailVerify))
			}
			signIn(attacker, "victim@example.com", attackers) // mails nothing by which the password would count again
			owner.must(200, "POST", "/api/auth/verify-email", object{"token": tokenOf(t, links[test.opens])})
			if a := signIn(attacker, "victim@example.com", attackers); a.Status != 401 {
				t.Errorf("the attacker's password: %d %s", a.Status, a.Text)
			}
			token := tokenOf(t, mail.next(t, accounts.MailReset))
			signUp(attacker, "victim@example.com", object{"password": attackers}) // takes the link away from nobody
			mail.next(t, accounts.MailExisting)
			owner.must(200, "POST", "/api/auth/reset-password", object{"token": token, "newPassword": owners})
			mail.next(t, accounts.MailPassword)
			if a := signIn(attacker, "victim@example.com", attackers); a.Status != 401 {
				t.Errorf("the attacker's password: %d %s", a.Status, a.Text)
			}
			if a := signIn(owner, "victim@example.com", owners); a.Status != 200 {
				t.Errorf("the owner's password: %d %s", a.Status, a.Text)
			}
			mail.none(t, h)
		})
	}
	t.Run("the owner asks for a link", func(t *testing.T) {
		t.Parallel()
		mail := &postman{}
		h := newHouse(t, withMail(mail, false))
		attacker, owner := h.browser(t), h.browser(t)
		signUp(attacker, "victim@example.com", object{"password": "attackers own"})
		mail.next(t, accounts.MailVerify)
		jwt := attacker.must(200, "GET", "/api/auth/token", nil).text("token")
		owner.must(200, "POST", "/api/auth/send-verification-email", object{"email": "victim@example.com"})
		owner.must(200, "POST", "/api/auth/verify-email", object{"token": tokenOf(t, mail.next(t, accounts.MailVerify))})
		attacker.must(401, "GET", "/api/todos", nil)
		h.app(t, jwt).must(401, "GET", "/api/todos", nil)
		if a := signIn(attacker, "victim@example.com", "attackers own"); a.Status != 401 {
			t.Errorf("the attacker's password: %d %s", a.Status, a.Text)
		}
		token := tokenOf(t, mail.next(t, accounts.MailReset))
		owner.must(200, "POST", "/api/auth/reset-password", object{"token": token, "newPassword": "owners very own"})
		if a := signIn(owner, "victim@example.com", "owners very own"); a.Status != 200 {
			t.Errorf("the owner's password: %d %s", a.Status, a.Text)
		}
	})
	t.Run("the link of who is signed in keeps the password", func(t *testing.T) {
		t.Parallel()
		mail := &postman{}
		h := newHouse(t, withMail(mail, false))
		v := h.browser(t)
		signUp(v, "ada@example.com", nil)
		mail.next(t, accounts.MailVerify)
		v.must(200, "POST", "/api/auth/send-verification-email", object{"email": "ada@example.com"})
		v.must(200, "POST", "/api/auth/verify-email", object{"token": tokenOf(t, mail.next(t, accounts.MailVerify))})
		v.must(200, "GET", "/api/todos", nil)
		mail.none(t, h)
	})
	t.Run("a verified address is told", func(t *testing.T) {
		t.Parallel()
		mail := &postman{}
		h := newHouse(t, withMail(mail, true))
		v := h.browser(t)
		signUp(v, "ada@example.com", nil)
		v.must(200, "POST", "/api/auth/verify-email", object{"token": tokenOf(t, mail.next(t, accounts.MailVerify))})
		fresh := signUp(v, "grace@example.com", nil)
		mail.next(t, accounts.MailVerify) // two at once may come in any order
		known := signUp(v, "ada@example.com", object{"password": "something else"})
		if existing := mail.next(t, accounts.MailExisting); existing.To != "ada@example.com" || existing.Link != "" {
			t.Errorf("the mail is %+v", existing)
		}
		if shape(fresh) != shape(known) {
			t.Errorf("a new address answers\n%s and one with an account\n%s", shape(fresh), shape(known))
		}
		mail.none(t, h)
	})
}
