package accounts_test

import (
	"net/http"
	"testing"
)

// TestCrossSite: nothing that a cookie authenticates can be done by the page of
// somebody else, on the routes of the host neither.
func TestCrossSite(t *testing.T) {
	t.Parallel()
	mail := &postman{}
	h := newHouse(t, all(unlimited, withMail(mail, false)))
	v := h.browser(t)
	signUp(v, "ada@example.com", nil)
	todo := v.must(201, "POST", "/api/todos", object{"title": "mine"}).text("id")
	requests := []struct {
		method, path string
		body         any
	}{
		{"POST", "/api/todos", object{"title": "theirs"}},
		{"PATCH", "/api/todos/" + todo, object{"title": "theirs"}},
		{"PUT", "/api/todos/" + todo, object{"title": "theirs"}},
		{"DELETE", "/api/todos/" + todo, nil},
		{"POST", "/reports", nil},
		{"POST", "/api/auth/sign-out", object{}},
		{"POST", "/api/auth/revoke-session", object{"token": "x"}},
		{"POST", "/api/auth/revoke-sessions", object{}},
		{"POST", "/api/auth/revoke-other-sessions", object{}},
		{"POST", "/api/auth/update-user", object{"name": "Eve"}},
		{"POST", "/api/auth/change-email", object{"newEmail": "eve@example.com"}},
		{"POST", "/api/auth/change-password", object{"currentPassword": goodPassword, "newPassword": "another good one"}},
		{"POST", "/api/auth/verify-password", object{"password": goodPassword}},
		{"POST", "/api/auth/delete-user", object{}},
		{"POST", "/api/auth/send-verification-email", object{"email": "ada@example.com"}},
		{"POST", "/api/auth/sign-in/email", object{"email": "ada@example.com", "password": goodPassword}},
		{"POST", "/api/auth/sign-up/email", object{"name": "E", "email": "eve@example.com", "password": goodPassword}},
	}
	foreign := map[string]http.Header{
		"a newer browser":          {"Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://evil.example"}},
		"a neighbouring host":      {"Sec-Fetch-Site": {"same-site"}, "Origin": {"https://evil.example.com"}},
		"an older browser":         {"Origin": {"https://evil.example"}},
		"a page without an origin": {"Origin": {"null"}},
		"the same host over https": {"Origin": {"https" + h.URL[len("http"):] + "0"}},
	}
	for name, header := range foreign {
		for _, r := range requests {
			v.header = header.Clone()
			if a := v.ask(r.method, r.path, r.body); a.Status != 403 || a.text("error_code") != "AUTH_ERROR" ||
				a.Header.Get("Set-Cookie") != "" {
				t.Errorf("%s: %s %s: %d %s %v", name, r.method, r.path, a.Status, a.Text, a.Header["Set-Cookie"])
			}
		}
	}
	// Sign-in and sign-up without a cookie are refused, too: a page must not sign
	// its visitors in as somebody.
	fresh := h.browser(t)
	fresh.header = foreign["a newer browser"].Clone()
	fresh.must(403, "POST", "/api/auth/sign-in/email", object{"email": "ada@example.com", "password": goodPassword})
	// So is a sign-out that no cookie comes along with, as browsers have it from
	// other sites: its answer would take the cookie away.
	if a := fresh.send("POST", "/api/auth/sign-out", "", ""); a.Status != 403 || a.Header.Get("Set-Cookie") != "" {
		t.Errorf("a sign-out without a cookie: %d %s %v", a.Status, a.Text, a.Header["Set-Cookie"])
	}
	tokens := h.app(t, "").must(200, "POST", "/api/auth/sign-in/email",
		object{"email": "ada@example.com", "password": goodPassword, "tokens": true})
	out := fresh.must(200, "POST", "/api/auth/sign-out", object{"refresh_token": tokens.text("refresh_token")})
	if out.Header.Get("Set-Cookie") != "" {
		t.Errorf("a sign-out by a refresh token sets %v", out.Header["Set-Cookie"])
	}
	// With a token there is nothing that a browser adds by itself.
	in := h.app(t, "").must(200, "POST", "/api/auth/sign-in/email",
		object{"email": "ada@example.com", "password": goodPassword, "tokens": true})
	app := h.app(t, in.text("access_token"))
	app.header.Set("Origin", "https://spa.example")
	app.header.Set("Sec-Fetch-Site", "cross-site")
	app.must(201, "POST", "/api/todos", object{"title": "by token"})

	for name, header := range map[string]http.Header{
		"a page of the house": {"Sec-Fetch-Site": {"same-origin"}, "Origin": {h.URL}},
		"an older browser":    {"Origin": {h.URL}},
		"typed by the user":   {"Sec-Fetch-Site": {"none"}},
		"no browser":          {},
	} {
		v.header = header
		if a := v.ask("POST", "/api/todos", object{"title": "mine"}); a.Status != 201 {
			t.Errorf("%s: %d %s", name, a.Status, a.Text)
		}
	}
	v.header = foreign["a newer browser"].Clone()
	v.must(200, "GET", "/api/todos", nil) // a link that somebody follows
	// A header decides alone, also one that is not good.
	v.header = http.Header{"Authorization": {"Bearer x"}}
	v.must(401, "GET", "/api/todos", nil)
	v.must(401, "POST", "/api/auth/update-user", object{"name": "Eve"})
	v.header = http.Header{"Authorization": {""}}
	v.must(401, "GET", "/api/todos", nil)
	if a := v.must(401, "GET", "/api/todos", nil); a.Header.Get("WWW-Authenticate") == "" {
		t.Error("no challenge")
	}
	v.header = http.Header{}
	if got := v.must(200, "GET", "/api/auth/get-session", nil).text("user", "name"); got != "Ada" {
		t.Errorf("the user is called %q", got)
	}
}

// TestCookies checks what a cookie is made of, and that several that differ
// count for none.
func TestCookies(t *testing.T) {
	t.Parallel()
	var time frozen
	h := newHouse(t, time.set)
	v := h.browser(t)
	up := signUp(v, "ada@example.com", nil)
	cookie := func(a answer) *http.Cookie {
		for _, line := range a.Header["Set-Cookie"] {
			if c, err := http.ParseSetCookie(line); err == nil && c.Name == "better-auth.session_token" {
				return c
			}
		}
		return &http.Cookie{}
	}
	c := cookie(up)
	if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Secure || c.Domain != "" ||
		c.MaxAge != 604800 || len(c.String()) > 400 {
		t.Errorf("the cookie is %s", c)
	}
	brief := v.must(200, "POST", "/api/auth/sign-in/email",
		object{"email": "ada@example.com", "password": goodPassword, "rememberMe": false})
	if c := cookie(brief); c.MaxAge != 0 || !c.Expires.IsZero() || c.Value == "" {
		t.Errorf("the cookie of a browser session is %s", c)
	}
	h.app(t, up.text("token")).must(401, "GET", "/api/auth/token", nil) // that it had before is gone
	both := h.withCookie(t, "better-auth.session_token", brief.text("token")+"; better-auth.session_token=x")
	both.must(401, "GET", "/api/todos", nil)
	h.withCookie(t, "better-auth.session_token", brief.text("token")).must(200, "GET", "/api/todos", nil)

	secure := newHouse(t, all(func(o *options) { o.Accounts.BaseURL = "https://app.example.com" }))
	for _, line := range signUp(secure.browser(t), "ada@example.com", nil).Header["Set-Cookie"] {
		c, err := http.ParseSetCookie(line)
		if err != nil || !c.Secure || c.Name[:9] != "__Secure-" || !c.HttpOnly {
			t.Errorf("over https: %s", line)
		}
	}
}
