package accounts_test

import (
	"testing"

	"github.com/authtodo/authtodo/auth/accounts"
)

// TestPendingChangeEndsWithItsSession: a change of address that a thief has asked
// for while they were signed in does not take place once the owner has turned
// them out, in whichever way.
func TestPendingChangeEndsWithItsSession(t *testing.T) {
	t.Parallel()
	const better = "the owners new one"
	for name, turnOut := range map[string]func(h *house, owner, thief *visitor, id string){
		"a change of the password": func(_ *house, owner, _ *visitor, _ string) {
			owner.must(200, "POST", "/api/auth/change-password",
				object{"currentPassword": goodPassword, "newPassword": better})
		},
		"the end of all other sessions": func(_ *house, owner, _ *visitor, _ string) {
			owner.must(200, "POST", "/api/auth/revoke-other-sessions", object{})
		},
		"the end of all sessions": func(_ *house, owner, _ *visitor, _ string) {
			owner.must(200, "POST", "/api/auth/revoke-sessions", object{})
		},
		"the end of the session": func(_ *house, owner, thief *visitor, _ string) {
			handle := thief.must(200, "GET", "/api/auth/get-session", nil).text("session", "token")
			owner.must(200, "POST", "/api/auth/revoke-session", object{"token": handle})
		},
		"a sign-out": func(_ *house, _, thief *visitor, _ string) {
			thief.must(200, "POST", "/api/auth/sign-out", object{})
		},
		"the host": func(h *house, owner, _ *visitor, id string) {
			if err := h.module.Accounts().EndSessions(owner.t.Context(), id); err != nil {
				owner.t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mail := &postman{}
			h := newHouse(t, all(unlimited, withMail(mail, false)))
			owner, thief := h.browser(t), h.browser(t)
			id := signUp(owner, "ada@example.com", nil).text("user", "id")
			mail.next(t, accounts.MailVerify)
			signIn(thief, "ada@example.com", goodPassword)
			thief.must(200, "POST", "/api/auth/change-email", object{"newEmail": "eve@example.com"})
			code := tokenOf(t, mail.next(t, accounts.MailChange))
			turnOut(h, owner, thief, id)
			thief.must(401, "GET", "/api/todos", nil)
			a := h.app(t, "").must(401, "POST", "/api/auth/verify-email", object{"token": code})
			if a.text("code") != "INVALID_TOKEN" {
				t.Errorf("the link answers %s", a.Text)
			}
			if a := signIn(h.browser(t), "eve@example.com", goodPassword); a.Status != 401 {
				t.Errorf("the address of the thief: %d %s", a.Status, a.Text)
			}
		})
	}
}
