package accounts_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// routes are all there are, with their methods.
func routes() map[string]string {
	return map[string]string{
		"/sign-up/email": "POST", "/sign-in/email": "POST", "/sign-out": "POST",
		"/get-session": "GET, HEAD", "/token": "GET, HEAD", "/jwks": "GET, HEAD", "/ok": "GET, HEAD",
		"/refresh": "POST", "/list-sessions": "GET, HEAD", "/revoke-session": "POST",
		"/revoke-other-sessions": "POST", "/revoke-sessions": "POST", "/update-user": "POST",
		"/change-email": "POST", "/change-password": "POST", "/verify-password": "POST",
		"/delete-user": "POST", "/send-verification-email": "POST", "/verify-email": "GET, HEAD, POST",
		"/request-password-reset": "POST", "/reset-password": "GET, HEAD, POST",
	}
}

// TestEveryAnswer: header fields, methods and both spellings, on every route.
func TestEveryAnswer(t *testing.T) {
	t.Parallel()
	h := newHouse(t, all(unlimited, withMail(&postman{}, false)))
	v := h.browser(t)
	for path, allowed := range routes() {
		for _, slash := range []string{"", "/"} {
			for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE"} {
				a := v.ask(method, "/api/auth"+path+slash, nil)
				switch {
				case slices.Contains(strings.Split(allowed, ", "), method):
					if a.Status == 404 || a.Status == 405 || a.Status >= 500 {
						t.Errorf("%s %s%s: %d", method, path, slash, a.Status)
					}
				case a.Status != 405 || a.Header.Get("Allow") != allowed:
					t.Errorf("%s %s%s: %d, Allow: %s", method, path, slash, a.Status, a.Header.Get("Allow"))
				}
				cache := "no-store"
				if path == "/jwks" && a.Status == 200 {
					cache = "public, max-age=300"
				}
				if a.Header.Get("Cache-Control") != cache || a.Header.Get("X-Content-Type-Options") != "nosniff" ||
					a.Header.Get("Referrer-Policy") != "no-referrer" || a.Header.Get("Content-Security-Policy") == "" ||
					a.Header.Get("Location") != "" {
					t.Errorf("%s %s%s: %v", method, path, slash, a.Header)
				}
				if method != "HEAD" && a.Status >= 400 && !strings.Contains(a.Header.Get("Content-Type"), "html") &&
					(a.text("code") == "" || a.text("message") == "" || a.text("error_code") == "" || a.text("detail") == "") {
					t.Errorf("%s %s%s: %s", method, path, slash, a.Text)
				}
				if a.Status == 401 && a.Header.Get("WWW-Authenticate") == "" {
					t.Errorf("%s %s%s: no challenge", method, path, slash)
				}
			}
		}
	}
	v.must(404, "GET", "/api/auth/nothing", nil)
}

// TestBodies sends every route what it does not want. Nothing of it is a 5xx, and
// nobody is signed in, changed or told anything by it.
func TestBodies(t *testing.T) {
	t.Parallel()
	h := newHouse(t, all(unlimited, withMail(&postman{}, false)))
	owner := h.browser(t)
	before := signUp(owner, "ada@example.com", nil).text("user", "id")
	profile := owner.must(200, "GET", "/api/auth/get-session", nil).at("user")
	anonymous := h.browser(t)
	members := []string{"name", "email", "password", "token", "refresh_token", "newPassword", "currentPassword", "newEmail", "image"}
	values := []string{`null`, `1`, `true`, `[]`, `{}`, `""`, `"\u0000"`, `"\ud800"`, `"` + strings.Repeat("x", 3000) + `"`,
		`"a@b.c\r\nBcc: x@y.z"`, `1e999`, `["a"]`}
	media := map[string]int{
		"": 415, "text/plain": 415, "application/x-www-form-urlencoded": 415, "application/json; charset=latin1": 415,
		"multipart/form-data; boundary=x": 415, "application/json, application/json": 415,
	}
	for path, methods := range routes() {
		if !strings.Contains(methods, "POST") {
			continue
		}
		for _, client := range []*visitor{owner, anonymous} {
			if client == owner && path == "/sign-out" || strings.HasPrefix(path, "/revoke-") || client == owner && path == "/delete-user" {
				continue // with an empty body they do what they are for
			}
			send := func(media, text string) answer {
				a := client.send("POST", "/api/auth"+path, media, text)
				if a.Status >= 500 {
					t.Errorf("%s: %q: %d %s", path, text, a.Status, a.Text)
				}
				return a
			}
			for _, member := range members {
				for _, value := range values {
					if member == "name" && (value == `""` || strings.Contains(value, "xxx")) || member == "image" {
						continue
					}
					a := send("application/json", `{"`+member+`":`+value+`}`)
					if a.Status < 400 && path != "/sign-out" && path != "/update-user" {
						t.Errorf("%s: %s is %s: %d %s", path, member, value, a.Status, a.Text)
					}
				}
			}
			for _, text := range []string{`[]`, `"x"`, `{`, `{}{}`, `{"email":"a","email":"b"}`, "{\"name\":\"\xff\"}", `null`,
				strings.Repeat("[", 9000), strings.Repeat(" ", 70_000)} {
				if a := send("application/json", text); a.Status < 400 {
					t.Errorf("%s: %.20q: %d %s", path, text, a.Status, a.Text)
				}
			}
			for kind, status := range media {
				if strings.HasPrefix(kind, "application/x-www") && (path == "/verify-email" || path == "/reset-password") {
					status = 401
					if path == "/reset-password" {
						status = 400
					}
				}
				want := []int{status, 401}
				if a := send(kind, `{"email":"ada@example.com","password":"`+goodPassword+`"}`); !slices.Contains(want, a.Status) {
					t.Errorf("%s: of the type %q: %d %s", path, kind, a.Status, a.Text)
				}
			}
		}
	}
	after := owner.must(200, "GET", "/api/auth/get-session", nil)
	if after.text("user", "id") != before || shape(answer{Text: sprint(after.at("user"))}) != shape(answer{Text: sprint(profile)}) {
		t.Errorf("the user is %v, and was %v", after.at("user"), profile)
	}
	if a := anonymous.must(200, "GET", "/api/auth/get-session", nil); a.Text != "null" {
		t.Errorf("somebody is signed in: %s", a.Text)
	}
}

// TestPrivilegedMembers: what a client may not say does nothing.
func TestPrivilegedMembers(t *testing.T) {
	t.Parallel()
	h := newHouse(t, unlimited)
	victim := h.browser(t)
	id := signUp(victim, "victim@example.com", nil).text("user", "id")
	more := object{
		"id": "root", "userId": id, "user_id": id, "sub": id, "role": "admin", "emailVerified": true, "email_verified": true,
		"disabled": false, "createdAt": "2020-01-01T00:00:00.000Z", "callbackURL": "https://evil.example", "redirectTo": "//evil",
		"token": "x", "session": object{"userId": id}, "fetchOptions": object{}, "__proto__": object{"admin": true},
	}
	v := h.browser(t)
	up := signUp(v, "eve@example.com", more)
	if up.text("user", "id") == id || up.text("user", "id") == "root" || up.at("user", "emailVerified") != false ||
		up.at("user", "role") != nil || strings.HasPrefix(up.text("user", "createdAt"), "2020") {
		t.Errorf("sign-up answers %s", up.Text)
	}
	in := object{"email": "eve@example.com", "password": goodPassword}
	for name, value := range more {
		in[name] = value
	}
	if a := v.must(200, "POST", "/api/auth/sign-in/email", in); a.at("redirect") != false || a.text("user", "id") != up.text("user", "id") {
		t.Errorf("sign-in answers %s", a.Text)
	}
	more["name"] = "Eve"
	delete(more, "email")
	v.must(200, "POST", "/api/auth/update-user", more)
	v.must(400, "POST", "/api/auth/update-user", object{"name": "x", "email": "victim2@example.com"})
	if a := v.must(200, "GET", "/api/auth/get-session", nil); a.at("user", "emailVerified") != false || a.text("user", "name") != "Eve" {
		t.Errorf("the user is %s", a.Text)
	}
	v.must(200, "POST", "/api/auth/delete-user", object{"userId": id, "user_id": id})
	victim.must(200, "GET", "/api/todos", nil)
}

// TestCodes are statuses and codes of Better Auth's.
func TestCodes(t *testing.T) {
	t.Parallel()
	h := newHouse(t, unlimited)
	v := h.browser(t)
	signUp(v, "ada@example.com", nil)
	for name, test := range map[string]struct {
		path   string
		body   object
		status int
		code   string
	}{
		"taken":               {"/sign-up/email", object{"name": "x", "email": "ADA@example.com", "password": goodPassword}, 422, "USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL"},
		"short":               {"/sign-up/email", object{"name": "x", "email": "b@example.com", "password": "short"}, 400, "PASSWORD_TOO_SHORT"},
		"long":                {"/sign-up/email", object{"name": "x", "email": "b@example.com", "password": strings.Repeat("x1", 65)}, 400, "PASSWORD_TOO_LONG"},
		"common":              {"/sign-up/email", object{"name": "x", "email": "b@example.com", "password": "password1"}, 400, "PASSWORD_COMPROMISED"},
		"the address":         {"/sign-up/email", object{"name": "x", "email": "bertrand@example.com", "password": "Bertrand@Example.com"}, 400, "PASSWORD_COMPROMISED"},
		"no address":          {"/sign-up/email", object{"name": "x", "email": "nope", "password": goodPassword}, 400, "VALIDATION_ERROR"},
		"no name":             {"/sign-up/email", object{"email": "b@example.com", "password": goodPassword}, 400, "VALIDATION_ERROR"},
		"a name of two lines": {"/sign-up/email", object{"name": "x\r\nBcc: y", "email": "b@example.com", "password": goodPassword}, 400, "VALIDATION_ERROR"},
		"wrong":               {"/sign-in/email", object{"email": "ada@example.com", "password": "wrong"}, 401, "INVALID_EMAIL_OR_PASSWORD"},
		"unknown":             {"/sign-in/email", object{"email": "b@example.com", "password": "wrong"}, 401, "INVALID_EMAIL_OR_PASSWORD"},
		"sign-in, no address": {"/sign-in/email", object{"email": "nope", "password": "wrong"}, 400, "INVALID_EMAIL"},
		"sign-in, long":       {"/sign-in/email", object{"email": "b@example.com", "password": strings.Repeat("x1", 65)}, 400, "PASSWORD_TOO_LONG"},
		"no mailer, reset":    {"/request-password-reset", object{"email": "ada@example.com"}, 400, "RESET_PASSWORD_DISABLED"},
		"no mailer, verify":   {"/send-verification-email", object{"email": "ada@example.com"}, 400, "VERIFICATION_EMAIL_NOT_ENABLED"},
		"no mailer, change":   {"/change-email", object{"newEmail": "b@example.com"}, 400, "VERIFICATION_EMAIL_NOT_ENABLED"},
		"the same address":    {"/change-email", object{"newEmail": "Ada@Example.com"}, 400, "EMAIL_IS_THE_SAME"},
		"a junk link":         {"/verify-email", object{"token": "x"}, 401, "INVALID_TOKEN"},
		"a junk reset":        {"/reset-password", object{"token": "x", "newPassword": goodPassword}, 400, "INVALID_TOKEN"},
		"the wrong password":  {"/change-password", object{"currentPassword": "wrong", "newPassword": "another good one"}, 400, "INVALID_PASSWORD"},
		"a weak new one":      {"/change-password", object{"currentPassword": goodPassword, "newPassword": "short"}, 400, "PASSWORD_TOO_SHORT"},
		"delete, wrong":       {"/delete-user", object{"password": "wrong"}, 400, "INVALID_PASSWORD"},
		"nothing to update":   {"/update-user", object{"role": "admin"}, 400, "NO_FIELDS_TO_UPDATE"},
		"malformed":           {"/sign-in/email", nil, 400, "VALIDATION_ERROR"},
	} {
		t.Run(name, func(t *testing.T) {
			visitor := *v
			visitor.t = t
			a := visitor.ask("POST", "/api/auth"+test.path, test.body)
			if a.Status != test.status || a.text("code") != test.code {
				t.Errorf("%d %s, want %d %s", a.Status, a.Text, test.status, test.code)
			}
		})
	}
}

// TestFresh: what a stolen session must not do wants the password, once the
// sign-in is a day old.
func TestFresh(t *testing.T) {
	t.Parallel()
	var time clock
	h := newHouse(t, all(time.set, unlimited, withMail(&postman{}, false)))
	v := h.browser(t)
	signUp(v, "ada@example.com", nil)
	v.must(200, "POST", "/api/auth/change-email", object{"newEmail": "b@example.com"})
	time.pass(25 * 60 * 60 * 1e9)
	if a := v.must(403, "POST", "/api/auth/change-email", object{"newEmail": "b@example.com"}); a.text("code") != "SESSION_NOT_FRESH" {
		t.Error(a.Text)
	}
	if a := v.must(400, "POST", "/api/auth/delete-user", object{}); a.text("code") != "SESSION_EXPIRED" {
		t.Error(a.Text)
	}
	v.must(200, "POST", "/api/auth/change-email", object{"newEmail": "b@example.com", "password": goodPassword})
	v.must(200, "POST", "/api/auth/delete-user", object{"password": goodPassword})
}

func TestKeepOtherSessions(t *testing.T) {
	t.Parallel()
	h := newHouse(t, unlimited)
	one, two := h.browser(t), h.browser(t)
	signUp(one, "ada@example.com", nil)
	signIn(two, "ada@example.com", goodPassword)
	a := one.must(200, "POST", "/api/auth/change-password",
		object{"currentPassword": goodPassword, "newPassword": "another good one", "revokeOtherSessions": false})
	if a.at("token") != nil {
		t.Errorf("the answer is %s", a.Text)
	}
	two.must(200, "GET", "/api/todos", nil)
	one.must(200, "POST", "/api/auth/change-password",
		object{"currentPassword": "another good one", "newPassword": "the third good one"})
	two.must(401, "GET", "/api/todos", nil)
	one.must(200, "GET", "/api/todos", nil)
}

func TestJWKS(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	r, err := http.Get(h.URL + "/api/auth/jwks")
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	a := h.app(t, "").must(200, "GET", "/api/auth/jwks", nil)
	if strings.Count(a.Text, `"kid"`) != 1 || !strings.Contains(a.Text, `"alg":"EdDSA","crv":"Ed25519"`) || strings.Contains(a.Text, `"d"`) {
		t.Errorf("the set is %s", a.Text)
	}
}
