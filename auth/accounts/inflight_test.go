package accounts_test

import (
	"testing"

	"github.com/authtodo/authtodo/auth/accounts"
)

const betterPassword = "the owners new one"

// TestSignInBehindANewPassword has a sign-in whose password was right, and is not
// any more when the session is about to be stored.
func TestSignInBehindANewPassword(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(t *testing.T, h *house, mail *postman, owner *visitor){
		"a reset": func(t *testing.T, h *house, mail *postman, owner *visitor) {
			owner.must(200, "POST", "/api/auth/request-password-reset", object{"email": "ada@example.com"})
			token := tokenOf(t, mail.next(t, accounts.MailReset))
			h.app(t, "").must(200, "POST", "/api/auth/reset-password",
				object{"token": token, "newPassword": betterPassword})
		},
		"a change": func(_ *testing.T, _ *house, _ *postman, owner *visitor) {
			owner.must(200, "POST", "/api/auth/change-password",
				object{"currentPassword": goodPassword, "newPassword": betterPassword})
		},
		"a link that anybody may have asked for": func(t *testing.T, h *house, mail *postman, _ *visitor) {
			reader := h.app(t, "")
			reader.must(200, "POST", "/api/auth/send-verification-email", object{"email": "ada@example.com"})
			token := tokenOf(t, mail.next(t, accounts.MailVerify))
			reader.must(200, "POST", "/api/auth/verify-email", object{"token": token})
		},
		"the end of the account": func(_ *testing.T, _ *house, _ *postman, owner *visitor) {
			owner.must(200, "POST", "/api/auth/delete-user", object{})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mail, events := &postman{}, &book{}
			var store moments
			h := newHouse(t, all(unlimited, withMail(mail, false), store.behind, func(o *options) {
				o.Accounts.OnEvent = events.keep
			}))
			owner, thief := h.browser(t), h.browser(t)
			signUp(owner, "ada@example.com", nil)
			mail.next(t, accounts.MailVerify)
			store.signIn.Store(new(func() { change(t, h, mail, owner) }))
			a := signIn(thief, "ada@example.com", goodPassword)
			if a.Status != 401 || a.text("code") != "INVALID_EMAIL_OR_PASSWORD" || a.Header.Get("Set-Cookie") != "" {
				t.Errorf("sign-in: %d %s %v", a.Status, a.Text, a.Header["Set-Cookie"])
			}
			thief.must(401, "GET", "/api/todos", nil)
			if events.count(accounts.EventSignIn) != 0 || events.count(accounts.EventSignInFailed) != 1 {
				t.Errorf("the events are %v", events.kinds())
			}
		})
	}
}

// TestSignInBehindABetterHash: that a sign-in beside this one has renewed the hash
// refuses nobody.
func TestSignInBehindABetterHash(t *testing.T) {
	t.Parallel()
	var store moments
	h := newHouse(t, all(unlimited, store.behind))
	v := h.browser(t)
	ada := signUp(v, "ada@example.com", nil).text("user", "id")
	grace := signUp(h.browser(t), "grace@example.com", nil).text("user", "id") // with the same password
	store.signIn.Store(new(func() {
		old, err := store.Account(t.Context(), ada)
		if err != nil {
			t.Fatal(err)
		}
		other, err := store.Account(t.Context(), grace)
		if err != nil {
			t.Fatal(err)
		}
		if err := store.RenewHash(t.Context(), ada, old.Password, other.Password); err != nil {
			t.Fatal(err)
		}
	}))
	if a := signIn(v, "ada@example.com", goodPassword); a.Status != 200 {
		t.Fatalf("sign-in: %d %s", a.Status, a.Text)
	}
	v.must(200, "GET", "/api/todos", nil)
	if store.signIn.Load() != nil {
		t.Error("nothing has happened in between")
	}
}
