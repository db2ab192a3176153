package accounts_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/authtodo/authtodo/auth/accounts"
	"github.com/authtodo/authtodo/todos"
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

// TestSlowBody has a request that a thief began before they were turned out, and
// that has a body only now. It does nothing.
func TestSlowBody(t *testing.T) {
	t.Parallel()
	for path, body := range map[string]object{
		"/update-user":     {"name": "Eve"},
		"/change-email":    {"newEmail": "eve@example.com"},
		"/change-password": {"currentPassword": goodPassword, "newPassword": betterPassword},
		"/verify-password": {"password": goodPassword},
		"/delete-user":     {},
		"/revoke-session":  {"token": "theirs"},
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			mail := &postman{}
			h := newHouse(t, all(unlimited, withMail(mail, false)))
			owner := h.browser(t)
			signUp(owner, "ada@example.com", nil)
			mail.next(t, accounts.MailVerify)
			handle := owner.must(200, "GET", "/api/auth/get-session", nil).text("session", "token")
			if body["token"] != nil {
				body["token"] = handle
			}
			for name, header := range thieves(t, h) {
				w := h.slowly(t, header, "POST", "/api/auth"+path, body, func() {
					owner.must(200, "POST", "/api/auth/revoke-other-sessions", object{})
				})
				if w.Code != 401 {
					t.Errorf("with %s: %d %s", name, w.Code, w.Body)
				}
			}
			a := owner.must(200, "GET", "/api/auth/get-session", nil)
			if a.text("user", "name") != "Ada" || a.text("user", "email") != "ada@example.com" {
				t.Errorf("the account is %s", a.Text)
			}
			if a := signIn(h.browser(t), "ada@example.com", goodPassword); a.Status != 200 {
				t.Errorf("the owner signs in: %d %s", a.Status, a.Text)
			}
			mail.none(t, h)
		})
	}
}

// thieves are the header fields of requests with a session of each kind of the
// user Ada.
func thieves(t *testing.T, h *house) map[string]http.Header {
	t.Helper()
	in := object{"email": "ada@example.com", "password": goodPassword}
	cookie := h.browser(t).must(200, "POST", "/api/auth/sign-in/email", in).text("token")
	session := h.browser(t).must(200, "POST", "/api/auth/sign-in/email", in).text("token")
	in["tokens"] = true
	access := h.app(t, "").must(200, "POST", "/api/auth/sign-in/email", in).text("access_token")
	return map[string]http.Header{
		"a cookie": {
			"Cookie": {"better-auth.session_token=" + cookie}, "Sec-Fetch-Site": {"same-origin"},
		},
		"a session token": {"Authorization": {"Bearer " + session}},
		"an access token": {"Authorization": {"Bearer " + access}},
	}
}

// TestSlowBodyOfNobody: whoever is nobody is told that, and not what is wrong with
// what they say.
func TestSlowBodyOfNobody(t *testing.T) {
	t.Parallel()
	h := newHouse(t, unlimited)
	for _, path := range []string{
		"/update-user", "/change-email", "/change-password", "/verify-password", "/delete-user", "/revoke-session",
	} {
		for _, body := range []string{"", "{", "[]", `{"name":1}`, `{"a":1,"a":2}`} {
			if a := h.app(t, "").send("POST", "/api/auth"+path, "application/json", body); a.Status != 401 {
				t.Errorf("%s %s: %d %s", path, body, a.Status, a.Text)
			}
		}
		if a := h.app(t, "").send("POST", "/api/auth"+path, "text/plain", "x"); a.Status != 401 {
			t.Errorf("%s with a text: %d %s", path, a.Status, a.Text)
		}
	}
}

// TestDeletionBehindAReset has a thief who knows the password of before, and whose
// request was waiting for it to be compared.
func TestDeletionBehindAReset(t *testing.T) {
	t.Parallel()
	mail := &postman{}
	var store moments
	h := newHouse(t, all(unlimited, withMail(mail, false), store.behind))
	owner, thief := h.browser(t), h.browser(t)
	signUp(owner, "ada@example.com", nil)
	mail.next(t, accounts.MailVerify)
	signIn(thief, "ada@example.com", goodPassword)
	owner.must(201, "POST", "/api/todos", object{"title": "mine"})
	store.looked.Store(new(func() {
		owner.must(200, "POST", "/api/auth/change-password",
			object{"currentPassword": goodPassword, "newPassword": betterPassword})
	}))
	thief.must(401, "POST", "/api/auth/delete-user", object{"password": goodPassword})
	if list := owner.must(200, "GET", "/api/todos", nil).Text; !strings.Contains(list, "mine") {
		t.Errorf("the owner has %s", list)
	}
}

// TestQueuedChangeBehindAReset: a change of address that waits behind other mails
// is not one of somebody who is signed in any more.
func TestQueuedChangeBehindAReset(t *testing.T) {
	t.Parallel()
	mail := &postman{}
	var store moments
	h := newHouse(t, all(unlimited, withMail(mail, false), store.behind))
	owner, thief := h.browser(t), h.browser(t)
	signUp(owner, "ada@example.com", nil)
	mail.next(t, accounts.MailVerify)
	signIn(thief, "ada@example.com", goodPassword)
	owner.must(200, "POST", "/api/auth/request-password-reset", object{"email": "ada@example.com"})
	reset := tokenOf(t, mail.next(t, accounts.MailReset))
	store.put.Store(new(func(accounts.Purpose) {
		h.app(t, "").must(200, "POST", "/api/auth/reset-password", object{"token": reset, "newPassword": betterPassword})
	}))
	thief.must(200, "POST", "/api/auth/change-email", object{"newEmail": "eve@example.com"})
	change := tokenOf(t, mail.one(t, accounts.MailChange)) // the notice of the reset is beside it
	h.app(t, "").must(401, "POST", "/api/auth/verify-email", object{"token": change})
}

// TestResetOfTheAddressBefore: whoever reads an address that the account had a
// moment ago, when the reset was asked for, cannot use the link.
func TestResetOfTheAddressBefore(t *testing.T) {
	t.Parallel()
	mail := &postman{}
	var store moments
	h := newHouse(t, all(unlimited, withMail(mail, false), store.behind))
	owner, reader := h.browser(t), h.app(t, "")
	signUp(owner, "ada@example.com", nil)
	mail.next(t, accounts.MailVerify)
	owner.must(200, "POST", "/api/auth/change-email", object{"newEmail": "lovelace@example.com"})
	change := tokenOf(t, mail.next(t, accounts.MailChange))
	store.put.Store(new(func(accounts.Purpose) {
		owner.must(200, "POST", "/api/auth/verify-email", object{"token": change})
	}))
	reader.must(200, "POST", "/api/auth/request-password-reset", object{"email": "ada@example.com"})
	reset := mail.one(t, accounts.MailReset)
	if reset.To != "ada@example.com" {
		t.Fatalf("the mail goes to %s", reset.To)
	}
	reader.must(400, "POST", "/api/auth/reset-password",
		object{"token": tokenOf(t, reset), "newPassword": betterPassword})
	owner.must(200, "GET", "/api/todos", nil)
	if a := signIn(h.browser(t), "lovelace@example.com", goodPassword); a.Status != 200 {
		t.Errorf("the owner signs in: %d %s", a.Status, a.Text)
	}
}

// TestSlowTodo: a todo whose body comes after the account has gone is written for
// nobody, and one after a sign-out neither.
func TestSlowTodo(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(owner *visitor){
		"the end of the account": func(owner *visitor) {
			owner.must(200, "POST", "/api/auth/delete-user", object{})
		},
		"the end of all sessions": func(owner *visitor) {
			owner.must(200, "POST", "/api/auth/revoke-sessions", object{})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var clock frozen
			var store todos.Store
			h := newHouse(t, all(clock.set, unlimited, func(o *options) { store = o.Storage.Todos }))
			owner := h.browser(t)
			up := signUp(owner, "ada@example.com", nil)
			id := up.text("user", "id")
			todo := owner.must(201, "POST", "/api/todos", object{"title": "kept"}).text("id")
			headers := thieves(t, h)
			late := func(header http.Header, method, path string, happen func()) {
				t.Helper()
				w := h.slowly(t, header, method, path, object{"title": "late"}, happen)
				if w.Code != 401 {
					t.Errorf("%s %s: %d %s", method, path, w.Code, w.Body)
				}
			}
			slow := func(happen func()) func() {
				return func() {
					clock.pass(2 * time.Second)
					happen()
				}
			}
			// Both have been let in before the end, the second one by its session in
			// the cache.
			late(headers["an access token"], "PATCH", "/api/todos/"+todo, slow(func() {
				late(headers["a cookie"], "POST", "/api/todos", slow(func() { end(owner) }))
			}))
			page, err := store.ListTodos(t.Context(), id, todos.Query{Limit: 10})
			if err != nil || len(page.Todos) > 0 && page.Todos[0].Title != "kept" || len(page.Todos) > 1 {
				t.Errorf("there are %v, %v", page.Todos, err)
			}
		})
	}
}
