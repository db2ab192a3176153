package accounts_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/authtodo/authtodo/auth/accounts"
)

// leaving sends a request of a client who leaves when leave is called.
func (h *house) leaving(
	t *testing.T, header http.Header, path string, body object, before func(leave func()),
) {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	before(leave)
	r := httptest.NewRequestWithContext(ctx, "POST", h.URL+"/api/auth"+path, strings.NewReader(string(text)))
	r.Header = header.Clone()
	r.Header.Set("Content-Type", "application/json")
	h.Config.Handler.ServeHTTP(httptest.NewRecorder(), r)
	if ctx.Err() == nil {
		t.Error("the client has not left")
	}
}

// TestLeaving: whoever ends sessions and leaves the page before the answer has
// ended them.
func TestLeaving(t *testing.T) {
	t.Parallel()
	for path, body := range map[string]object{
		"/sign-out":              {},
		"/revoke-session":        {"token": "of the other"},
		"/revoke-other-sessions": {},
		"/revoke-sessions":       {},
		"/change-password":       {"currentPassword": goodPassword, "newPassword": betterPassword},
		"/delete-user":           {},
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			var store witness
			h := newHouse(t, all(unlimited, store.behind))
			v, other := h.browser(t), h.browser(t)
			cookie := signUp(v, "ada@example.com", nil).text("token")
			signIn(other, "ada@example.com", goodPassword)
			if body["token"] != nil {
				body["token"] = other.must(200, "GET", "/api/auth/get-session", nil).text("session", "token")
			}
			header := http.Header{
				"Cookie": {"better-auth.session_token=" + cookie}, "Sec-Fetch-Site": {"same-origin"},
			}
			h.leaving(t, header, path, body, func(leave func()) { store.enter = leave })
			store.enter = nil
			ended := other
			if path == "/sign-out" {
				ended = v
			}
			ended.must(401, "GET", "/api/todos", nil)
			ended.must(401, "GET", "/api/auth/token", nil)
		})
	}
}

// TestLeavingAReset is the same for a new password by mail.
func TestLeavingAReset(t *testing.T) {
	t.Parallel()
	mail := &postman{}
	var store moments
	h := newHouse(t, all(unlimited, withMail(mail, false), store.behind))
	v := h.browser(t)
	signUp(v, "ada@example.com", nil)
	mail.next(t, accounts.MailVerify)
	v.must(200, "POST", "/api/auth/request-password-reset", object{"email": "ada@example.com"})
	body := object{"token": tokenOf(t, mail.next(t, accounts.MailReset)), "newPassword": betterPassword}
	h.leaving(t, http.Header{}, "/reset-password", body, func(leave func()) { store.looked.Store(&leave) })
	v.must(401, "GET", "/api/todos", nil)
	if a := signIn(v, "ada@example.com", betterPassword); a.Status != 200 {
		t.Errorf("the new password: %d %s", a.Status, a.Text)
	}
}
