package accounts_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/authtodo/authtodo/auth/accounts"
)

// tokensOf are a token of every kind, all of one user and all good.
func tokensOf(t *testing.T, h *house, mail *postman) map[string]string {
	t.Helper()
	v := h.browser(t)
	tokens := map[string]string{"session": signUp(v, "ada@example.com", nil).text("token")}
	tokens["verify"] = tokenOf(t, mail.next(t, accounts.MailVerify))
	tokens["device"] = v.cookies()["better-auth.known_device"]
	tokens["handle"] = v.must(200, "GET", "/api/auth/get-session", nil).text("session", "token")
	in := h.app(t, "").must(200, "POST", "/api/auth/sign-in/email",
		object{"email": "ada@example.com", "password": goodPassword, "tokens": true})
	tokens["refresh"], tokens["access"] = in.text("refresh_token"), in.text("access_token")
	v.must(200, "POST", "/api/auth/request-password-reset", object{"email": "ada@example.com"})
	tokens["reset"] = tokenOf(t, mail.next(t, accounts.MailReset))
	v.must(200, "POST", "/api/auth/change-email", object{"newEmail": "lovelace@example.com"})
	tokens["change"] = tokenOf(t, mail.next(t, accounts.MailChange))
	for name, token := range tokens {
		if token == "" {
			t.Fatalf("there is no token %s", name)
		}
	}
	return tokens
}

// withCookie is a browser that has a cookie and nothing else.
func (h *house) withCookie(t *testing.T, name, value string) *visitor {
	v := h.app(t, "")
	v.header = http.Header{"Cookie": {name + "=" + value}, "Sec-Fetch-Site": {"same-origin"}}
	return v
}

// TestPurposes tries every token at every door. Each door has a house of its own,
// because what opens it may use it up.
func TestPurposes(t *testing.T) {
	t.Parallel()
	ok := func(a answer) bool { return a.Status == 200 && a.Text != "null" }
	doors := map[string]struct {
		opens string // the kinds that do
		try   func(t *testing.T, h *house, token string) bool
	}{
		"a todo route, as bearer": {"access", func(t *testing.T, h *house, token string) bool {
			return ok(h.app(t, token).ask("GET", "/api/todos", nil))
		}},
		"a todo route, as cookie": {"session", func(t *testing.T, h *house, token string) bool {
			return ok(h.withCookie(t, "better-auth.session_token", token).ask("GET", "/api/todos", nil))
		}},
		"a route of the host": {"access", func(t *testing.T, h *house, token string) bool {
			return ok(h.app(t, token).ask("POST", "/reports", nil))
		}},
		"get-session, as bearer": {"session access", func(t *testing.T, h *house, token string) bool {
			return ok(h.app(t, token).ask("GET", "/api/auth/get-session", nil))
		}},
		"get-session, as cookie": {"session", func(t *testing.T, h *house, token string) bool {
			return ok(h.withCookie(t, "better-auth.session_token", token).ask("GET", "/api/auth/get-session", nil))
		}},
		"token": {"session", func(t *testing.T, h *house, token string) bool {
			return ok(h.app(t, token).ask("GET", "/api/auth/token", nil))
		}},
		"refresh": {"refresh", func(t *testing.T, h *house, token string) bool {
			return ok(refresh(h.app(t, ""), token))
		}},
		"sign-out, in the body": {"refresh", func(t *testing.T, h *house, token string) bool {
			return ok(h.app(t, "").ask("POST", "/api/auth/sign-out", object{"refresh_token": token}))
		}},
		"revoke-session": {"handle", func(t *testing.T, h *house, token string) bool {
			v := h.browser(t)
			signIn(v, "ada@example.com", goodPassword)
			before := v.must(200, "GET", "/api/auth/list-sessions", nil).Text
			v.must(200, "POST", "/api/auth/revoke-session", object{"token": token})
			after := v.must(200, "GET", "/api/auth/list-sessions", nil).Text
			return strings.Count(before, `"id"`) > strings.Count(after, `"id"`)
		}},
		"verify-email": {"verify change", func(t *testing.T, h *house, token string) bool {
			return ok(h.app(t, "").ask("POST", "/api/auth/verify-email", object{"token": token}))
		}},
		"reset-password": {"reset", func(t *testing.T, h *house, token string) bool {
			return ok(h.app(t, "").ask("POST", "/api/auth/reset-password",
				object{"token": token, "newPassword": "another good one"}))
		}},
	}
	for door, d := range doors {
		t.Run(door, func(t *testing.T) {
			t.Parallel()
			mail := &postman{}
			h := newHouse(t, all(unlimited, withMail(mail, false)))
			tokens := tokensOf(t, h, mail)
			stranger := tokensOf(t, newHouse(t, all(unlimited, withMail(mail, false), otherSecret)), mail)
			opens := strings.Fields(d.opens)
			for name, token := range tokens {
				if !strings.Contains(d.opens, name) && d.try(t, h, token) {
					t.Errorf("the token %s opens it", name)
				}
			}
			for _, name := range opens {
				if d.try(t, h, stranger[name]) {
					t.Errorf("the %s of a service with another secret opens it", name)
				}
				if cut := tokens[name]; d.try(t, h, cut[:len(cut)-1]) || d.try(t, h, cut+"A") {
					t.Errorf("the %s, cut or longer, opens it", name)
				}
			}
			for _, name := range opens {
				if name != "change" && !d.try(t, h, tokens[name]) {
					t.Errorf("the token %s does not open it", name)
				}
			}
		})
	}
}
