package accounts_test

import (
	"strings"
	"testing"

	"github.com/authtodo/authtodo/auth/accounts"
)

// TestContextWords is ASVS 6.2.11: a password is more than names that whoever
// knows the service or the user tries first, at each of the three places where one
// is chosen.
func TestContextWords(t *testing.T) {
	t.Parallel()
	mail := &postman{}
	h := newHouse(t, all(unlimited, withMail(mail, false), func(o *options) {
		o.Accounts.BaseURL = "https://todo.wonderland.example"
		o.Accounts.ContextWords = []string{"Jabberwock", "Cheshire Cat"}
	}))
	const email = "alice.liddell@oxford.example"
	words := map[string]bool{
		"jabberwock2026":             false, // listed
		"JABBERWOCK!!":               false,
		"cheshire cat 1":             false,
		"Wonderland":                 false, // the host
		"wonderland-todo":            false,
		"Liddell1":                   false, // the address
		"alice liddell":              false, // name and address
		"Pleasance26":                false,
		"ｊａｂｂｅｒｗｏｃｋ":                 false, // in full width
		"beware the jabberwock":      true,
		"wonderland is not oxford":   true,
		"alice in a looking glass":   true,
		"example1":                   true, // the top level is not of the service
		"todotodotodo and much more": true,
	}
	change := func(path string, body object, password string, good bool) {
		t.Helper()
		a := h.browser(t).ask("POST", path, body)
		if refused := a.text("code") == "PASSWORD_COMPROMISED"; refused == good || !good && a.Status != 400 {
			t.Errorf("%s with %q: %d %s", path, password, a.Status, a.Text)
		}
	}
	for password, good := range words {
		change("/api/auth/sign-up/email", object{"name": "Alice Pleasance", "email": email, "password": password, "tokens": true}, password, good)
	}
	app := h.app(t, "")
	app.must(422, "POST", "/api/auth/sign-up/email", object{"name": "Alice", "email": email, "password": goodPassword, "tokens": true}) // one of them was good
	eve := signUp(app, "dormouse@oxford.example", object{"name": "Eve", "tokens": true})
	app = h.app(t, eve.text("access_token"))
	for _, password := range []string{"dormouse 1", "jabberwock1"} {
		a := app.must(400, "POST", "/api/auth/change-password", object{"currentPassword": goodPassword, "newPassword": password})
		if a.text("code") != "PASSWORD_COMPROMISED" {
			t.Errorf("change-password with %q: %s", password, a.Text)
		}
	}
	for { // before the next is asked for: two at once may come in any order
		next := mail.next(t, accounts.MailVerify)
		if next.To == "dormouse@oxford.example" {
			break
		}
	}
	app.must(200, "POST", "/api/auth/request-password-reset", object{"email": "dormouse@oxford.example"})
	token := tokenOf(t, mail.next(t, accounts.MailReset))
	change("/api/auth/reset-password", object{"token": token, "newPassword": "dormouse 1"}, "dormouse 1", false)
	change("/api/auth/reset-password", object{"token": token, "newPassword": "the dormouse sleeps"}, "the dormouse sleeps", true)
}

func TestContextWordsFaults(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		words []string
		want  string
	}{
		"none":         {nil, ""},
		"good ones":    {[]string{"Acme Corp", "日本語版"}, ""},
		"a short one":  {[]string{"good one", "app"}, `Accounts.ContextWords: "app" has 3 characters`},
		"only blanks":  {[]string{"     "}, "has 0 characters"},
		"a long one":   {[]string{strings.Repeat("x", 65)}, "has 65 characters"},
		"too many":     {make([]string, 257), "are 257, want at most 256"},
		"an empty one": {[]string{""}, "has 0 characters"},
	} {
		got := faultsOf(func(o *options) { o.Accounts.ContextWords = test.words })
		if !strings.Contains(got, test.want) || test.want == "" && got != "" {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
